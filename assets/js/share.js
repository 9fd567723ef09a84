/* The Share sheet of a model or an experiment: opened and closed here, drawn by the server
   (dashboard/share_sheet.py).  data-shareact: the verb of a message; data-shareform: the fields
   that go with it, by their names. */
(function (clientside) {
  const { make, press, copy } = clientside.dom;
  const { box: sheet, open, show } = clientside.dom.sheet("share--sheet", () => document.querySelector(".share-open"));
  let about = null, focus = "", turn = 0;

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

  function copied(button) {
    const text = make("textarea", {}, button.dataset.path ? window.location.origin + button.dataset.path : window.location.href);
    button.after(text);
    copy(text, button);
    text.remove();
    button.focus();
  }

  function act(node) {
    const { shareact: verb, sure, grantee, link } = node.dataset, form = node.closest("[data-shareform]");
    if (verb === "copy") return copied(node);
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

  press("[data-share]", (button) => (button.dataset.share === "close" || open() ? show(false) : start(button)));
  press("button[data-shareact]", act);
  press("[data-choice='share--of']", ({ dataset }) => send({ verb: "show", whole: (about.whole = dataset.value === "model") }));
  document.addEventListener("change", (event) => event.target.matches("select[data-shareact]") && act(event.target));
  document.addEventListener("keydown", (event) => {
    const form = open() && event.key === "Enter" && event.target.matches("input") && event.target.closest("[data-shareform]");
    if (form && form.querySelector("[data-default]")) form.querySelector("[data-default]").click();
  }, true);
  window.addEventListener("popstate", () => open() && show(false));
  clientside.share = { drawn };
})(window.dash_clientside);
