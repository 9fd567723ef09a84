/* The table of models: rows of the page, the filter and the selection of the page, what differs. */
(function (clientside) {
  const cells = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  const ID = "experiment--table", ALWAYS = ["name", "flags", "notes"];
  const { view } = clientside;
  const page = () => document.getElementById("experiment--page");
  const grid = () => clientside.grid.get(ID);
  let usual = null, differs = false;

  async function numbers() {
    const root = page(), api = await window.dash_ag_grid.getApiAsync(ID);
    if (page() !== root) return;
    if (root.grid !== api) {
      root.grid = api;
      [usual, columns.key] = [null, false];
      clientside.grid.listen(api, ID, {
        narrowed: () => Boolean(page() && page().shown), passes: (row) => page().shown.has(row.id),
        toggles: (event) => event.key === " " && !event.target.closest("input"),
      });
    }
    api.setGridOption("rowData", [...root.rows.values()]);
    const sort = root.state.sort || (root.data.quality && `-${root.data.quality}`);
    if (sort) api.applyColumnState({ state: [{ colId: sort.replace("-", ""), sort: sort.startsWith("-") ? "desc" : "asc" }], defaultState: { sort: null } });
    show(root.state);
  }

  function show(state) {
    const api = grid();
    if (!api || !page().rows) return;
    clientside.grid.paint(ID);
    columns(api, state);
    if (state.from !== "table" && state.selected.length) clientside.grid.reveal(api, state.selected);
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
    clientside.grid.columns(api, new Set(differs && rows.length ? usual.filter((id) => ALWAYS.includes(id) || varies(id)) : usual));
  }

  const refresh = () => grid() && grid().refreshCells({ columns: ["notes", "flags"], force: true });

  cells.modelFigure = (params) => {
    const metric = page() && page().glossary && page().glossary[params.column.getColId()];
    if (!metric) return "";
    return typeof params.value === "number" ? view.told(metric, params.value) : "unknown";
  };

  clientside.dom.press("#experiment--differs", (button) => {
    differs = !differs;
    button.setAttribute("aria-pressed", differs);
    if (grid()) columns(grid(), page().state);
  });

  const part = { desk: "experiment", active: (state) => state.dock === "table", numbers, show, filtered };
  clientside.parts.push(part);
  clientside.experiment_table = { refresh };
})(window.dash_clientside);
