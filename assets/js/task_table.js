/* The task table: rows from columns, cells, filters, and its half of the shared selection. */
(function (clientside) {
  const cells = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  const parts = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const ID = "model--table";
  let wanted = {};
  const ROOMY = ["energy_j", "bound_by"]; // shown too where the table is wide
  const SPARE = "cumulative_share"; // left out where it is narrow
  const { view } = clientside;
  const page = () => document.getElementById("model--page");
  const grid = () => clientside.grid.get(ID);

  /* Repeated words arrive as codes, a column of one value as that value. */
  function decode(column) {
    if (column.words) return column.codes.map((i) => column.words[i]);
    return column.n ? new Array(column.n).fill(column.all) : column;
  }
  const plain = (columns) => Object.fromEntries(Object.entries(columns).map(([name, c]) => [name, decode(c)]));

  /* The rows without a recipe; `source` keeps their columns, to tell what changed. */
  function begin(root, tasks) {
    const source = plain(tasks.columns), names = Object.keys(source);
    const own = new Set(), place = new Map();
    root.rows = new Map();
    tasks.ids.forEach((id, k) => {
      if (tasks.conversions[k]) return own.add(`${tasks.anchors[k]} ${source.name[k]}`);
      const row = { id, key: String(id), conversion: false, anchor: tasks.anchors[k], base: null };
      for (const name of names) row[name] = source[name][k];
      root.rows.set(id, row);
      place.set(id, k);
    });
    root.origin = { tasks, source, names, own, place };
  }

  /* Figures of the rows that changed, and the conversions: what the grid has to do. */
  function take(root, effects) {
    const { source, names, own, place } = root.origin, changed = plain(effects.columns);
    const moved = Object.keys(changed);
    effects.ids.forEach((id, k) => {
      const row = root.rows.get(id), at = place.get(id);
      for (const name of moved) row[name] = changed[name][k];
      const base = {};
      for (const name of names) if (row[name] !== source[name][at]) base[name] = source[name][at];
      row.base = Object.keys(base).length ? base : null;
    });
    const added = plain(effects.added.columns), had = [...root.rows.values()].filter((row) => row.conversion);
    const put = effects.added.ids.map((id, k) => {
      const row = { id, key: String(id), anchor: effects.added.anchors[k], conversion: true, base: null };
      for (const name of Object.keys(added)) row[name] = added[name][k];
      row.added = !effects.plain && !own.has(`${row.anchor} ${row.name}`);
      return row;
    });
    const before = had.map((row) => ({ ...row, share: undefined, cumulative_share: undefined, memory_power_w: undefined }));
    const kept = JSON.stringify(before) === JSON.stringify(put);
    root.rows = new Map(root.rows); // a new one says that figures changed
    if (!kept) {
      for (const row of had) root.rows.delete(row.id);
      for (const row of put) root.rows.set(row.id, row);
    }
    const update = effects.ids.map((id) => root.rows.get(id));
    return kept ? { update } : { update, remove: had, add: put };
  }

  /* What one change moves in every row: share, cumulative share, slowest first, memory power. */
  function derive(root, effects) {
    const { source, place } = root.origin, rows = [...root.rows.values()];
    const priced = rows.filter((row) => row.latency_s !== null).sort((a, b) => b.latency_s - a.latency_s);
    const sum = priced.reduce((all, row) => all + row.latency_s, 0);
    for (const row of rows) {
      row.share = row.cumulative_share = null;
      row.memory_power_w = row.memory_energy_j === null ? null : row.memory_energy_j * effects.rate;
      if (row.base) row.base.memory_power_w = (source.memory_energy_j[place.get(row.id)] || 0) * effects.base_rate;
    }
    let running = 0;
    for (const row of sum ? priced : []) {
      running += row.latency_s;
      row.share = row.latency_s / sum;
      row.cumulative_share = running / sum;
    }
  }

  /* The glossary with prefixes that fit this model: a table of 0.00302 ms reads better in µs. */
  const STEPS = ["n", "µ", "m", "", "k", "M", "G", "T"];
  function fitted(glossary, rows) {
    const fits = {};
    for (const [id, metric] of Object.entries(glossary)) {
      const [, prefix, base] = /^([µmkM]?)([sWJB]?)$/.exec(metric.unit) || [];
      const most = Math.max(0, ...rows.map((row) => Math.abs(row[id] || 0))) * metric.scale;
      if (base === undefined || !most) continue;
      const low = base === "B" || !base ? 3 : 0;
      let at = STEPS.indexOf(prefix), power = 0;
      while (most * 1000 ** power < 0.1 && at > low) { power += 1; at -= 1; }
      while (most * 1000 ** power >= 1e4 && at < STEPS.length - 1) { power -= 1; at += 1; }
      const unit = STEPS[at] + base;
      if (power) fits[id] = { ...metric, scale: metric.scale * 1000 ** power, unit, header: unit ? `${metric.label}, ${unit}` : metric.label };
    }
    return { ...glossary, ...fits };
  }

  async function fill(tasks, effects, state, glossary, recipe, presets) {
    const root = page();
    if (!root || !tasks || !effects || tasks.key !== effects.key) return;
    const api = await window.dash_ag_grid.getApiAsync(ID);
    const fresh = !root.rows, whole = !effects.from || !root.origin || root.origin.tasks !== tasks;
    // an answer says what is new since `from`; taken twice it changes nothing
    if (whole && effects.from) return ask_anew(root);
    if (!whole && ![effects.from, effects.to].includes(root.held)) return ask_anew(root);
    if (whole) begin(root, tasks);
    const changed = take(root, effects);
    root.held = effects.to;
    derive(root, effects);
    const rows = [...root.rows.values()];
    const units = (words) => JSON.stringify(Object.values(words || {}).map((metric) => metric.unit));
    const before = units(root.glossary || glossary);
    root.glossary = fitted(glossary, rows);
    const moved = units(root.glossary) !== before;
    root.state = root.state || state;
    root.longest = Math.max(1e-30, ...rows.map((row) => row.latency_s || 0));
    root.classList.toggle("with-preset", !effects.plain);
    listen(api);
    if (whole) api.setGridOption("rowData", rows);
    else api.applyTransaction(changed); // sorts and filters these only: what all rows share keeps their order
    if (moved) api.refreshHeader();
    if (fresh) {
      restore(api, state);
      clientside.recipe.arrived(recipe, presets);
    } else if (moved) api.setFilterModel(view.toModel(root.state.where, root.glossary));
    if (whole && !fresh) api.refreshCells({ force: true });
    else if (!fresh) {
      api.refreshCells(); // those whose value is another
      api.refreshCells({ columns: ["latency_s"], force: true }); // its bars are shares of the longest
    }
    settle(api, false);
    if (fresh) view.apply(root.state);
    view.selection(root.state);
    // figures first: the graph repaints in the frame after theirs
    requestAnimationFrame(() => setTimeout(() => page() === root && view.tell("numbers")));
    root.dataset.version = Number(root.dataset.version || 0) + 1;
  }

  /* Answers came in another order than their questions: ask for all rows. */
  function ask_anew(root) {
    root.held = "";
    clientside.recipe.load(clientside.recipe.current());
  }

  /* The state that the address asked for. */
  function restore(api, state) {
    const column = state.sort.replace("-", "") || "latency_s";
    const sort = state.sort && !state.sort.startsWith("-") ? "asc" : "desc";
    const digits = Math.max(2, String(page().rows.size).length), number = { colId: "id", width: 28 + 8 * digits };
    api.applyColumnState({ state: [{ colId: column, sort }, number], defaultState: { sort: null } });
    if (state.where.length) api.setFilterModel(view.toModel(state.where, page().glossary));
    clientside.grid.reveal(api, state.selected);
    const units = new Set([...page().rows.values()].map((row) => row.unit));
    const width = document.getElementById(ID).clientWidth, roomy = width > 900 ? ROOMY : [];
    const fits = (id) => (id !== "unit" || units.size > 1) && (id !== SPARE || width > 720);
    const shown = api.getAllDisplayedColumns().map((c) => c.getColId()).filter(fits);
    clientside.set_props("model--columns", { value: [...shown, ...roomy] });
  }

  function listen(api) {
    if (page().listening === api) return;
    page().listening = api;
    clientside.grid.listen(api, ID, { narrowed, passes, toggles: ({ key }) => key === " " || key === "Enter" });
    api.addEventListener("filterChanged", (event) => {
      settle(api, true);
      if (event.source !== "columnFilter") return;
      view.change({ where: view.toWhere(api.getFilterModel(), page().glossary) }, "table");
    });
    api.addEventListener("displayedColumnsWidthChanged", () => api.refreshCells({ columns: ["name"], force: true }));
  }

  /* The part of the filter that is no column's: the search, and "only these". */
  function narrowed() {
    const state = page() && page().state;
    if (!state || !(state.text || state.only)) return false;
    if (wanted.state !== state) wanted = { state, text: state.text.trim().toLowerCase(), only: state.only && new Set(state.only) };
    return true;
  }

  function passes(row) {
    if (wanted.only && !wanted.only.has(row.id)) return false;
    const text = wanted.text;
    return !text || String(row.id) === text || row.name.toLowerCase().includes(text) || row.kernel === text;
  }

  const onlyPass = (row) => !narrowed() || passes(row);

  /* Which rows pass the filter: the count beside the chips, and the graph. */
  function settle(api, fit) {
    const root = page();
    const shown = new Set();
    api.forEachNodeAfterFilter((node) => shown.add(node.data.id));
    root.shown = shown.size === root.rows.size ? null : shown;
    const count = document.getElementById("model--count"), { say } = view;
    const added = [...root.rows.values()].filter((row) => row.conversion).length;
    const all = `${say(root.rows.size - added)} tasks${added ? ` + ${say(added)} conversion${added > 1 ? "s" : ""}` : ""}`;
    count.textContent = root.shown ? `${say(shown.size)} of ${say(root.rows.size)}` : all;
    if (shown.size) api.hideOverlay();
    else api.showNoRowsOverlay();
    view.tell("filtered", fit);
    if (root.state) view.selection(root.state); // it offers to select what passes
  }

  function show(state) {
    const root = page();
    const api = root && root.rows ? grid() : null;
    if (!api || !state) return;
    const before = root.filtered || {};
    root.filtered = { text: state.text, only: state.only, where: JSON.stringify(state.where) };
    if (root.filtered.where !== before.where && state.from !== "table")
      api.setFilterModel(view.toModel(state.where, root.glossary));
    if (state.text !== (before.text || "") || state.only !== (before.only || null)) api.onFilterChanged();
    clientside.grid.paint(ID);
    if (!["table", "chips", "search"].includes(state.from)) clientside.grid.reveal(api, state.selected);
  }

  const header = (field) => {
    const column = grid() && grid().getColumn(field);
    return column ? column.getColDef().headerName.toLowerCase() : field;
  };

  function columns(fields) {
    const api = page() && page().rows ? grid() : null;
    if (api) clientside.grid.columns(api, new Set(fields), ["id", "name"]);
  }

  function find_column(text) {
    for (const box of document.querySelectorAll(".column-choice"))
      box.hidden = !box.textContent.toLowerCase().includes((text || "").toLowerCase());
  }

  const selected = () => (page().state ? page().state.selected : []).map((id) => page().rows.get(id));

  /* Functions that the column definitions name. */
  const metric = (params) => page().glossary[params.column.getColId()];
  cells.number = (params) => view.told(metric(params), params.value);
  cells.scaled = (params) => {
    const value = params.data[params.column.getColId()];
    return value === null || value === undefined ? null : Number((value * metric(params).scale).toPrecision(6));
  };
  cells.taskNumber = (params) => (params.data.conversion ? "" : params.value);
  /* Long names lose their beginning: the end tells tasks apart. */
  cells.taskName = (params) => {
    if (params.data.conversion) return `↳ convert ${params.value}`;
    const room = Math.floor((params.column.getActualWidth() - 16) / 7.3);
    return params.value.length > room ? `…${params.value.slice(1 - room).replace(/^[._/]+/, "")}` : params.value;
  };
  cells.figure = (params, better) => {
    const field = params.column.getColId(), row = params.data;
    const style = { "--value": 0, "--change": '""', "--tone": "inherit" };
    if (field === "latency_s") style["--value"] = ((row.latency_s || 0) / page().longest).toFixed(3);
    const base = row.base && row.base[field];
    if (base && better && row[field] !== null) {
      const moved = row[field] / base - 1, text = view.change_text(moved);
      if (text) Object.assign(style, { "--change": `"${text}"`, "--tone": (moved < 0) === (better === "lower") ? "var(--better)" : "var(--worse)" });
    } else if (row.added && field === "latency_s") {
      Object.assign(style, { "--change": '"added"', "--tone": "var(--worse)" });
    }
    return style;
  };
  cells.nameTip = (row) => (row.conversion ? `converts what task ${row.anchor} makes` : `${row.name} · ${row.ops}`);
  cells.formats = (row) => `${row.input_format || "?"} → ${row.kernel_format || row.output_format || "?"}`;
  cells.formatsTip = (row) =>
    row.refusal ||
    `reads ${row.input_format || "?"}, ${row.kernel_format ? `weights ${row.kernel_format}, ` : ""}writes ${row.output_format || "?"}`;
  cells.unitTip = (row) => row.unit_reason || row.unknown || `runs on ${row.unit}`;
  parts.Formats = (props) => {
    const row = props.data, base = row.base || {}, create = window.React.createElement;
    const chip = (name, key) => {
      const moved = row.base && base[name] !== undefined && base[name] !== row[name];
      return create("span", { className: moved ? "format moved" : "format", key }, row[name] || "?");
    };
    const second = row.kernel_format ? "kernel_format" : "output_format";
    return create("span", { className: "formats" }, chip("input_format", 0), " → ", chip(second, 1));
  };
  parts.ColourHeader = (props) => {
    const create = window.React.createElement, field = props.column.getColId();
    const paint = (event) => (event.stopPropagation(), view.paint(field));
    const word = page().glossary && page().glossary[field];
    const name = word ? word.header : props.displayName;
    return create("span", { className: "colour-header" },
      create("button", { className: "paint", title: `Colour the graph by ${name}`, onClick: paint, tabIndex: -1 }),
      create("span", null, name));
  };

  clientside.parts.unshift({ show }); // first: it knows what passes the filter
  clientside.task_table = { fill, decode, columns, find_column, header, fitted, onlyPass, selected };
})(window.dash_clientside);
