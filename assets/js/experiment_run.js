/* The sheet of operations: opened and closed here, drawn by the server (pages/experiment/operate.py).
   Models that jobs make are on the map at once: dashed, with how far they are. */
(function (clientside) {
  const { press, typed, modified } = clientside.dom;
  const page = () => document.getElementById("experiment--page");
  const sheet = () => document.getElementById("experiment--run");
  let opener = null;

  function open(row) {
    opener = document.activeElement;
    clientside.set_props("experiment--run-ask", { data: { row, turn: Date.now() } });
    sheet().hidden = false;
    sheet().focus();
  }

  function close() {
    sheet().hidden = true;
    (opener && opener.isConnected ? opener : document.getElementById("experiment--map")).focus();
  }

  /* The children that were asked for are seen as soon as the server tells of them. */
  function done(told) {
    if (told && page()) close();
  }

  function progress(told) {
    const root = page();
    if (!told || !root || !root.rows) return;
    if (told.key !== root.data.key && told.key !== root.loading) { // one is made, or asked for
      root.loading = told.key;
      clientside.set_props("experiment--reload", { data: told.key });
      clientside.set_props("experiment--map-ask", { data: { by: root.state.by, collapsed: root.state.collapsed, turn: told.key } });
      return;
    }
    root.unfinished = told.rows;
    clientside.experiment_map.soon();
  }

  /* A model that is not made yet: dashed, an arc for its share; what to say of it. */
  function mark(pen, k, x, y, r, token) {
    const [state, share] = (page().unfinished || {})[k] || [];
    if (!state) return "";
    const failed = state === "failed", size = Math.max(r, 5) + 2;
    const arc = (tone, to, dash) => clientside.canvas.line(pen, tone, 2, () => pen.arc(x, y, size, -Math.PI / 2, to), dash);
    arc(failed ? token.worse : token.muted, 7, [3, 3]);
    if (!failed && share) arc(token.accent, (2 * share - 0.5) * Math.PI);
    return failed ? "failed" : share ? `${Math.round(100 * share)} %` : "waits";
  }

  press("[data-run]", ({ dataset: { run } }) => page() && (run === "close" ? close() : open(Number(run))));
  document.addEventListener("keydown", (event) => {
    if (!page() || !sheet()) return;
    if (event.key === "Escape" && !sheet().hidden && sheet().contains(event.target) && !event.target.closest("[aria-expanded=true]")) {
      event.stopPropagation();
      return close();
    }
    const { selected } = page().state || { selected: [] }, barred = ["viewer", "forker"].includes(page().dataset.may);
    if (event.key.toLowerCase() !== "o" || typed(event) || barred || modified(event) || selected.length !== 1) return;
    event.preventDefault();
    open(selected[0]);
  }, true);

  clientside.experiment_run = { done, progress, mark };
})(window.dash_clientside);
