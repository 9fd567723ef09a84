/* The Share sheet of a model or an experiment: opened and closed here, drawn by the server
   (dashboard/share_sheet.py).  data-shareact: the verb of a message; data-shareform: the fields
   that go with it, by their names. */
(function () {
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const SHEET = "share--sheet";
  const sheet = () => document.getElementById(SHEET), opener = () => document.querySelector(".share-open");
  let about = null, focus = "", turn = 0;

  function show(open) {
    clientside.set_props(SHEET, { hidden: !open });
    if (opener()) opener().setAttribute("aria-expanded", String(open));
    if (!open && opener()) opener().focus();
  }

  function send(message) {
    clientside.set_props("share--ask", { data: { ...about, ...message, turn: ++turn } });
  }

  function start(button) {
    const desk = (document.getElementById("model--page") || {}).desk;
    const view = window.location.pathname + window.location.search;
    about = { on: button.dataset.share, id: button.dataset.id, analysis: (desk && desk.draft.analysis) || "", view };
    focus = "[data-share=close]";
    show(true);
    send({ verb: "show" });
  }

  function copy(button) {
    const text = document.createElement("textarea");
    text.value = button.dataset.path ? window.location.origin + button.dataset.path : window.location.href;
    button.after(text);
    text.select();
    const was = button.textContent, done = document.execCommand("copy"); // works without HTTPS too
    text.remove();
    button.textContent = done ? "Copied" : "Not copied";
    button.focus();
    setTimeout(() => (button.textContent = was), 1500);
  }

  function act(node) {
    const { shareact: verb, sure, grantee, link } = node.dataset, form = node.closest("[data-shareform]");
    if (verb === "copy") return copy(node);
    if (sure && !node.classList.contains("armed")) return node.classList.add("armed");
    const named = [...(form || node.parentNode).querySelectorAll("[name]")].map((field) => [field.name, field.value]);
    const source = Boolean(form && form.querySelector("input[type=checkbox]:checked"));
    focus = verb === "regrant" ? `select[data-grantee="${CSS.escape(grantee)}"]` : form ? `[data-shareact=${verb}]` : "[data-share=close]";
    send({ verb, grantee, link, source, ...Object.fromEntries(named) });
  }

  function drawn() {
    const gone = document.querySelector(".share-gone"), next = focus && sheet() && sheet().querySelector(focus);
    focus = "";
    if (gone) gone.click(show(false)); // nothing here is theirs any more
    if (next) next.focus({ preventScroll: true });
    return clientside.no_update;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-share]"), verb = event.target.closest("button[data-shareact]");
    const of = event.target.closest("[data-choice='share--of']");
    if (button) button.dataset.share === "close" || !sheet().hidden ? show(false) : start(button);
    if (verb) act(verb);
    if (of) send({ verb: "show", whole: (about.whole = of.dataset.value === "model") });
  });
  document.addEventListener("change", (event) => event.target.matches("select[data-shareact]") && act(event.target));
  document.addEventListener("keydown", (event) => {
    if (!sheet() || sheet().hidden) return;
    const form = event.key === "Enter" && event.target.matches("input") && event.target.closest("[data-shareform]");
    if (form && form.querySelector("[data-default]")) form.querySelector("[data-default]").click();
    if (event.key !== "Escape") return;
    event.stopPropagation();
    show(false);
  }, true);
  window.addEventListener("popstate", () => sheet() && !sheet().hidden && show(false));
  clientside.share = { drawn };
})();
