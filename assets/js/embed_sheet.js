/* The Embed sheet of a model or an experiment: opened and closed here, drawn by the server
   (dashboard/embed_sheet.py).  data-embedact: the verb of a message. */
(function (clientside) {
  const SHEET = "embeds--sheet";
  const { press, copy } = clientside.dom;
  const { box: sheet, open, show } = clientside.dom.sheet(SHEET, () => document.querySelector(".embed-open"),
    () => clientside.set_props("share--sheet", { hidden: true }));
  let turn = 0;

  /* What is shown is the address of the page, which has the view in it. */
  function send(message) {
    const fields = [...sheet().querySelectorAll("select[name], input[name]")].map((field) => [field.name, field.value]);
    const any = Boolean(sheet().querySelector("input[type=checkbox]:checked"));
    const view = window.location.pathname + window.location.search;
    clientside.set_props("embeds--ask", { data: { ...Object.fromEntries(fields), any, view, ...message, turn: ++turn } });
  }

  press("button[data-embeds]", (button) => {
    if (button.dataset.embeds === "close" || open()) return show(false);
    show(true);
    send({ verb: "show" });
  });
  press("[data-share]", () => open() && show(false));
  press("button[data-embedact]", (button) => {
    if (button.dataset.embedact === "copy") copy(sheet().querySelector("textarea"), button);
    else send({ verb: button.dataset.embedact, link: button.dataset.link || "" });
  });
  document.addEventListener("keydown", (event) => {
    if (open() && event.key === "Enter" && event.target.matches(`#${SHEET} input[name]`)) send({ verb: "make", link: "" });
  }, true);
  window.addEventListener("popstate", () => open() && show(false));
})(window.dash_clientside);
