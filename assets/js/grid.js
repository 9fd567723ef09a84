/* What the tables of rows that can be selected share: AG Grid beside the selection and the filter of _view.js. */
(function (clientside) {
  const { view } = clientside;
  const cells = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  const get = (id) => (window.dash_ag_grid && document.getElementById(id) ? window.dash_ag_grid.getApi(id) : null);

  /* A table of ours: what passes(row) is shown while narrowed() says so; a press selects, the pointer marks. */
  function listen(api, id, { narrowed, passes, toggles }) {
    const anchor = { key: null };
    // set here, because the component would parse their names anew for each row
    api.setGridOption("isExternalFilterPresent", narrowed);
    api.setGridOption("doesExternalFilterPass", (node) => passes(node.data));
    api.addEventListener("cellClicked", (event) => choose(api, anchor, event.node, event.event, false));
    api.addEventListener("cellKeyDown", ({ event, node }) => {
      if (!toggles(event)) return;
      event.preventDefault();
      choose(api, anchor, node, event, event.key === " ");
    });
    api.addEventListener("bodyScrollEnd", () => paint(id));
    api.addEventListener("cellMouseOver", (event) => view.tell("near", event.data.id));
    api.addEventListener("cellMouseOut", () => view.tell("near", null));
    api.addEventListener("sortChanged", (event) => {
      if (event.source === "api") return;
      const by = api.getColumnState().find((c) => c.sort);
      view.change({ sort: by ? (by.sort === "desc" ? "-" : "") + by.colId : "" }, "table");
    });
  }

  /* A click selects a row, with Ctrl one more or less, with Shift all from the last one clicked. */
  function choose(api, anchor, node, event, toggle) {
    const { id } = node.data, old = view.page().state.selected, last = anchor.key === null ? null : api.getRowNode(anchor.key);
    if (event.shiftKey && last && last.displayed) {
      const [from, to] = [last.rowIndex, node.rowIndex].sort((a, b) => a - b);
      return view.select(Array.from({ length: to - from + 1 }, (_, k) => api.getDisplayedRowAtIndex(from + k).data.id), "table");
    }
    anchor.key = String(id);
    const more = toggle || event.ctrlKey || event.metaKey;
    view.select(!more ? [id] : old.includes(id) ? old.filter((i) => i !== id) : [...old, id], "table");
  }

  /* Selected rows have a class of ours: the grid's own selection copies its rows to Dash. */
  cells.picked = (id) => Boolean(view.page() && view.page().state && view.page().state.selected.includes(id));
  function paint(id) {
    for (const row of document.querySelectorAll(`#${id} .ag-row`)) {
      const on = cells.picked(Number(row.getAttribute("row-id")));
      row.classList.toggle("picked", on);
      row.setAttribute("aria-selected", on);
    }
  }

  /* The first of these rows comes in sight. */
  function reveal(api, ids) {
    const wanted = new Set(ids);
    let first = null;
    api.forEachNodeAfterFilterAndSort((node) => (first = first || (wanted.has(node.data.id) ? node : null)));
    if (first) api.ensureNodeVisible(first, null);
  }

  function columns(api, wanted, always = []) {
    const all = api.getColumns().map((c) => c.getColId()).filter((id) => !always.includes(id));
    for (const on of [true, false]) api.setColumnsVisible(all.filter((id) => wanted.has(id) === on), on);
  }

  clientside.grid = { get, listen, paint, reveal, columns };
})(window.dash_clientside);
