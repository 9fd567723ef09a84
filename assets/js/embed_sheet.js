/* The Embed sheet of a model or an experiment: opened and closed here, drawn by the server
   (dashboard/embed_sheet.py).  data-embedact: the verb of a message. */
(function () {
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const SHEET = "embeds--sheet";
  const sheet = () => document.getElementById(SHEET), opener = () => document.querySelector(".embed-open");
  let turn = 0;

  function show(open) {
    if (open) clientside.set_props("share--sheet", { hidden: true });
    clientside.set_props(SHEET, { hidden: !open });
    if (opener()) opener().setAttribute("aria-expanded", String(open));
    if (!open && opener()) opener().focus();
  }

  /* What is shown is the address of the page, which has the view in it. */
  function send(message) {
    const fields = [...sheet().querySelectorAll("select[name], input[name]")].map((field) => [field.name, field.value]);
    const any = Boolean(sheet().querySelector("input[type=checkbox]:checked"));
    const view = window.location.pathname + window.location.search;
    clientside.set_props("embeds--ask", { data: { ...Object.fromEntries(fields), any, view, ...message, turn: ++turn } });
  }

  function copy(button) {
    sheet().querySelector("textarea").select();
    button.textContent = document.execCommand("copy") ? "Copied" : "Not copied"; // works without HTTPS too
    setTimeout(() => (button.textContent = "Copy"), 1500);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-embeds]"), act = event.target.closest("button[data-embedact]");
    if (button && (button.dataset.embeds === "close" || !sheet().hidden)) show(false);
    else if (button) show(true), send({ verb: "show" });
    else if (event.target.closest("[data-share]") && sheet() && !sheet().hidden) show(false);
    if (act && act.dataset.embedact === "copy") copy(act);
    else if (act) send({ verb: act.dataset.embedact, link: act.dataset.link || "" });
  });
  document.addEventListener("keydown", (event) => {
    if (!sheet() || sheet().hidden) return;
    if (event.key === "Enter" && event.target.matches(`#${SHEET} input[name]`)) send({ verb: "make", link: "" });
    if (event.key !== "Escape") return;
    event.stopPropagation();
    show(false);
  }, true);
  window.addEventListener("popstate", () => sheet() && !sheet().hidden && show(false));
})();
