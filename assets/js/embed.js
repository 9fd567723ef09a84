/* A page inside a frame of another site: it follows the system's colours, and goes dark when its
   link has ended.  `data-embed` of <html> is the path under which all its requests go. */
(function () {
  const root = document.documentElement, prefix = root.dataset.embed;
  if (!prefix) return;
  const EVERY = 60000; // ms between questions whether the link stands
  const asks = window.fetch.bind(window);
  let dark = false;

  function ended() {
    if (dark) return;
    dark = true;
    const box = document.createElement("main"), say = (tag, text) => box.appendChild(Object.assign(document.createElement(tag), { textContent: text }));
    box.className = "embed-none";
    say("p", "This view is not shown here any more.");
    say("p", "Its link ended. Ask whoever put it here.").className = "muted";
    document.body.replaceChildren(box);
  }

  /* Nothing under the prefix is ever missing while the link stands. */
  window.fetch = async (...given) => {
    const answer = await asks(...given);
    if (answer.status === 404 && new URL(answer.url).pathname.startsWith(prefix)) ended();
    return answer;
  };
  const check = () => dark || document.hidden || window.fetch(`${prefix}_dash-dependencies`, { method: "HEAD" }).catch(() => null);
  setInterval(check, EVERY);
  document.addEventListener("visibilitychange", check);

  if (root.dataset.scheme === "auto")
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) =>
      root.setAttribute("data-mantine-color-scheme", event.matches ? "dark" : "light"));
})();
