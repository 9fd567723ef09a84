/* The table of models: rows of the page, the filter and the selection of the page, what differs. */
(function () {
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const cells = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  const ID = "experiment--table", ALWAYS = ["name", "flags", "notes"];
  const view = () => clientside.view;
  const page = () => document.getElementById("experiment--page");
  const grid = () => (window.dash_ag_grid && document.getElementById(ID) ? window.dash_ag_grid.getApi(ID) : null);
  let usual = null, differs = false, anchor = null;

  async function numbers() {
    const root = page(), api = await window.dash_ag_grid.getApiAsync(ID);
    if (page() !== root) return;
    if (root.grid !== api) {
      root.grid = api;
      [usual, columns.key] = [null, false];
      api.setGridOption("isExternalFilterPresent", () => Boolean(page() && page().shown));
      api.setGridOption("doesExternalFilterPass", (node) => page().shown.has(node.data.id));
      api.addEventListener("cellClicked", (event) => choose(api, event.node, event.event));
      api.addEventListener("cellKeyDown", ({ event, node }) => {
        if (event.key === " " && !event.target.closest("input")) choose(api, node, { ctrlKey: true }), event.preventDefault();
      });
      api.addEventListener("bodyScrollEnd", paint);
      api.addEventListener("cellMouseOver", (event) => view().tell("near", event.data.id));
      api.addEventListener("cellMouseOut", () => view().tell("near", null));
      api.addEventListener("sortChanged", (event) => {
        if (event.source === "api") return;
        const by = api.getColumnState().find((c) => c.sort);
        view().change({ sort: by ? (by.sort === "desc" ? "-" : "") + by.colId : "" }, "table");
      });
    }
    api.setGridOption("rowData", [...root.rows.values()]);
    const sort = root.state.sort || (root.data.quality && `-${root.data.quality}`);
    if (sort) api.applyColumnState({ state: [{ colId: sort.replace("-", ""), sort: sort.startsWith("-") ? "desc" : "asc" }], defaultState: { sort: null } });
    show(root.state);
  }

  function choose(api, node, event) {
    const last = anchor === null ? null : api.getRowNode(String(anchor));
    if (event.shiftKey && last && last.displayed) {
      const [from, to] = [last.rowIndex, node.rowIndex].sort((a, b) => a - b);
      view().select(Array.from({ length: to - from + 1 }, (_, k) => api.getDisplayedRowAtIndex(from + k).data.id), "table");
      return;
    }
    anchor = node.data.id;
    clientside.canvas.pick([anchor], { ctrlKey: event.ctrlKey || event.metaKey }, "table");
  }

  /* Selected rows have a class of ours: the grid's own selection copies its rows to Dash. */
  function paint() {
    for (const row of document.querySelectorAll(`#${ID} .ag-row`)) {
      const on = cells.modelPicked(Number(row.getAttribute("row-id")));
      row.classList.toggle("picked", on);
      row.setAttribute("aria-selected", on);
    }
  }

  function show(state) {
    const api = grid();
    if (!api || !page().rows) return;
    paint();
    columns(api, state);
    if (state.from === "table" || !state.selected.length) return;
    let first = null;
    api.forEachNodeAfterFilterAndSort((node) => (first = first || (state.selected.includes(node.data.id) ? node : null)));
    if (first) api.ensureNodeVisible(first, null);
  }

  function filtered() {
    const api = grid();
    if (!api || !page().grid) return;
    api.onFilterChanged();
    if (page().shown && !page().shown.size) api.showNoRowsOverlay();
    else api.hideOverlay();
  }

  /* Hide what is the same for the selected models, or for all shown when fewer than two are. */
  function columns(api, state) {
    const key = differs && [state.selected.length > 1 ? state.selected : page().shown, page().rows];
    if (columns.key === key || (key && columns.key && key.every((part, k) => part === columns.key[k]))) return;
    columns.key = key;
    usual = usual || api.getColumnDefs().filter((c) => !c.hide).map((c) => c.field);
    const ids = state.selected.length > 1 ? state.selected : [...(page().shown || page().rows.keys())];
    const rows = ids.map((k) => page().rows.get(k)), varies = (id) => rows.some((row) => row[id] !== rows[0][id]);
    const all = api.getColumns().map((c) => c.getColId());
    const wanted = new Set(differs && rows.length ? usual.filter((id) => ALWAYS.includes(id) || varies(id)) : usual);
    api.setColumnsVisible(all.filter((id) => wanted.has(id)), true);
    api.setColumnsVisible(all.filter((id) => !wanted.has(id)), false);
  }

  const refresh = () => grid() && grid().refreshCells({ columns: ["notes", "flags"], force: true });

  cells.modelPicked = (id) => Boolean(page() && page().state && page().state.selected.includes(id));
  cells.modelFigure = (params) => {
    const metric = page() && page().glossary && page().glossary[params.column.getColId()];
    if (!metric) return "";
    return typeof params.value === "number" ? view().told(metric, params.value) : "unknown";
  };

  document.addEventListener("click", (event) => {
    const button = page() && event.target.closest("#experiment--differs");
    if (!button) return;
    differs = !differs;
    button.setAttribute("aria-pressed", differs);
    if (grid()) columns(grid(), page().state);
  });

  const part = { desk: "experiment", active: (state) => state.dock === "table", numbers, show, filtered };
  (clientside.parts = clientside.parts || []).push(part);
  clientside.experiment_table = { refresh };
})();
