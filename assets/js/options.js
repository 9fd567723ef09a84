/* The sheet "Optimize": the options of the selected tasks, filtered, sorted and marked here.
   The server lists them once a selection (model--options-rows) and says what the chosen one touches
   (model--options-pick); applying one adds a rule to the recipe. */
(function (clientside) {
  const cells = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  const ID = "model--options-table", SHEET = "model--options", QUIET = 120; // ms
  const FIGURES = ["latency_s", "memory_power_w", "energy_j", "size_bytes"];
  const SORT = [{ colId: "mark", sort: "desc", sortIndex: 0 }, { colId: "latency_s", sort: "asc", sortIndex: 1 }];
  let asked = { tasks: [], turn: 0 }, found = null, chosen = null, filters = {}, words = {}, ends = {}, back = null, soon = null, later = null;
  const { view } = clientside, { make, once, typed, modified } = clientside.dom;
  const page = () => document.getElementById("model--page");
  const part = (name) => document.getElementById(`model--options-${name}`);
  const sheet = () => document.getElementById(SHEET);
  const open = () => sheet() && !sheet().hidden;
  const grid = () => clientside.grid.get(ID);

  /* Selected tasks; a conversion is no task that anything could be chosen for. */
  const tasks = () => page().state.selected.filter((id) => page().rows.has(id) && !page().rows.get(id).conversion);

  const called = (ids) => (ids.length === 1 ? page().rows.get(ids[0]).name : `${ids.length} tasks`);

  function ask() {
    if (!open() || !page().rows) return;
    const now = tasks();
    if (String(now) !== String(asked.tasks)) {
      choose(null);
      part("back").replaceChildren(...(back && String(back) !== String(now) ? [again(back)] : []));
      back = null;
    }
    asked = { tasks: now, turn: asked.turn + 1 };
    sheet().setAttribute("aria-busy", "true");
    clientside.set_props("model--options-ask", { data: asked });
  }

  /* The way back to the tasks from which a link led away. */
  const again = (ids) => make("button", { class: "link", "data-ids": ids.join(",") }, `← Back to ${called(ids)}`);

  async function fill(rows) {
    if (!rows || !page() || rows.turn !== asked.turn) return;
    const api = await window.dash_ag_grid.getApiAsync(ID);
    listen(api);
    found = { turn: rows.turn, own: rows.own || {}, whole: rows.whole || {}, rows: [] };
    const columns = Object.entries(rows.columns || {}).map(([name, c]) => [name, clientside.task_table.decode(c)]);
    for (let k = 0; k < rows.count; k += 1) {
      const row = {};
      for (const [name, values] of columns) row[name] = values[k];
      row.key = [row.input_format, row.kernel_format, row.output_format, row.squeeze].join();
      row.mark = 2 * row.current + row.pareto;
      row.reach = row.touched + Math.abs(row.conversions) / 1000;
      found.rows.push(row);
    }
    words = clientside.task_table.fitted(page().glossary, found.rows);
    part("filters").hidden = found.rows.length < 2;
    part("table").style.display = found.rows.length < 2 ? "none" : "";
    part("leave").disabled = !asked.tasks.length;
    sheet().removeAttribute("aria-busy");
    choices();
    api.setGridOption("rowData", found.rows);
    if (!api.getColumnState().some((c) => c.sort)) api.applyColumnState({ state: SORT });
    const own = FIGURES.map((name) => `${say(name, found.own[name])} ${words[name].unit}`).join(" · ");
    part("own").replaceChildren(...(found.rows.length ? ["Now ", make("b", {}, own)] : []));
    api.refreshHeader();
    settle(api);
    if (chosen) choose(found.rows.find((row) => row.key === chosen.key) || null); // what it does may be new
  }

  /* The filters hold what these options have; one that they have not is dropped. */
  function choices() {
    for (const box of sheet().querySelectorAll("[data-filter]")) {
      const field = box.dataset.filter, values = [...new Set(found.rows.map((row) => row[field]))];
      if (!values.includes(filters[field])) delete filters[field];
      const options = values.map((v) => make("option", { value: v }, v || "none"));
      box.replaceChildren(make("option", { value: "*" }, "any"), ...options);
      box.value = filters[field] === undefined ? "*" : filters[field];
      box.closest("label").hidden = values.length < 2;
    }
  }

  const pareto = () => sheet().querySelector("[data-pareto]").getAttribute("aria-pressed") === "true";
  const passes = (row) => (!pareto() || row.pareto) && Object.entries(filters).every(([field, v]) => row[field] === v);

  /* After a filter: how many are left, and the best and the worst of them. */
  function settle(api) {
    api.onFilterChanged();
    const rows = found.rows.filter(passes);
    ends = {};
    for (const id of FIGURES) {
      const values = rows.map((row) => row[id]).filter((v) => v !== null);
      const low = Math.min(...values), high = Math.max(...values), close = (Math.abs(low) + Math.abs(high)) * 1e-5;
      ends[id] = high - low > close ? [low + close, high - close] : [-Infinity, Infinity];
    }
    part("count").textContent = `${rows.length} ${rows.length < found.rows.length ? `of ${found.rows.length}` : "options"}`;
    api[rows.length ? "hideOverlay" : "showNoRowsOverlay"]();
    api.refreshCells({ force: true });
  }

  function listen(api) {
    if (!once(api)) return;
    api.setGridOption("isExternalFilterPresent", () => pareto() || Object.keys(filters).length > 0);
    api.setGridOption("doesExternalFilterPass", (node) => passes(node.data));
    api.addEventListener("cellFocused", (event) => {
      const node = event.rowIndex === null ? null : api.getDisplayedRowAtIndex(event.rowIndex);
      if (node && node.data !== chosen) choose(node.data);
    });
    api.addEventListener("cellKeyDown", (event) => event.event.key === "Enter" && applied(event.data));
    api.addEventListener("cellDoubleClicked", (event) => applied(event.data));
  }

  /* Mark an option; a moment later the server says what it touches. */
  function choose(row) {
    chosen = row;
    clearTimeout(soon);
    part("apply").disabled = !row || row.current;
    part("apply").textContent = row && row.current ? "As they are now" : "Apply";
    paint();
    soon = setTimeout(() => {
      if (page()) clientside.set_props("model--options-pick", { data: row && { tasks: asked.tasks, action: row.action } });
    }, row ? QUIET : 0);
  }

  function paint() {
    for (const node of document.querySelectorAll(`#${ID} .ag-row`))
      node.classList.toggle("picked", Boolean(chosen) && node.getAttribute("row-id") === chosen.key);
  }

  function applied(row) {
    if (!row || row.current || found.turn !== asked.turn) return; // still of other tasks
    const what = [row.input_format, row.kernel_format, row.output_format, row.squeeze].filter(Boolean).join(" ");
    clientside.recipe.add({ tasks: asked.tasks }, row.action, `${what} on ${called(asked.tasks)}`);
  }

  /* Functions that the column definitions name. */
  const known = (value) => typeof value === "number";
  const share = (value, base) => (known(value) && base ? view.change_text(value / Math.abs(base)) : "");
  const id = (params) => params.column.getColId();
  const tone = (text) => (text.startsWith("▼") ? "var(--better)" : "var(--worse)");
  const change = (params) => (known(params.value) ? share(params.value - found.own[id(params)], found.own[id(params)]) : "");
  const whole = (params) => share(params.value, found.whole[id(params).slice(6)]);
  const say = (id, value) => view.number(known(value) ? value * words[id].scale : null, words[id].digits);
  const plural = (n, noun) => `${n.toLocaleString("en-US")} ${noun}${n === 1 ? "" : "s"}`;
  cells.optionChosen = (row) => row === chosen;
  cells.optionMark = (params) => ["", "◆ Pareto", "✓ now", "✓ now ◆"][params.value] || "";
  cells.optionWord = (params) => params.value || "–";
  cells.optionNumber = (params) => say(id(params), params.value);
  cells.optionHeader = (params) => {
    const { headerName } = params.colDef, { unit } = words[id(params)] || {};
    return unit ? `${headerName}, ${unit}` : headerName;
  };
  cells.optionBest = (params) => known(params.value) && params.value <= ends[id(params)][0];
  cells.optionWorst = (params) => known(params.value) && params.value >= ends[id(params)][1];
  cells.optionChange = (params) => ({ "--change": `"${change(params)}"`, "--tone": tone(change(params)) });
  cells.optionTip = (params) => (cells.optionBest(params) ? "The best of these" : cells.optionWorst(params) ? "The worst of these" : null);
  cells.optionShare = (params) => whole(params) || (known(params.value) ? "–" : "unknown");
  cells.optionTone = (params) => ({ color: whole(params) ? tone(whole(params)) : "var(--muted)" });
  cells.optionReach = ({ data }) => {
    const n = data.conversions, sign = n > 0 ? "+" : "−";
    const parts = [data.touched ? plural(data.touched, "task") : "", n ? `${sign}${plural(Math.abs(n), "conversion")}` : ""];
    return parts.filter(Boolean).join(", ") || "nothing else";
  };

  document.addEventListener("click", (event) => {
    if (!page() || !open()) return;
    const of = (selector) => event.target.closest(selector);
    if (of("#model--options-apply")) applied(chosen);
    if (of("#model--options-leave")) clientside.recipe.leave(asked.tasks);
    if (of(`#${SHEET} [data-within]`)) back = asked.tasks;
    if (!of(`#${SHEET} [data-pareto]`)) return;
    of("[data-pareto]").setAttribute("aria-pressed", !pareto());
    settle(grid());
  }, true); // before the page selects the tasks of a link
  document.addEventListener("change", (event) => {
    const box = event.target.closest(`#${SHEET} [data-filter]`);
    if (!box) return;
    if (box.value === "*") delete filters[box.dataset.filter];
    else filters[box.dataset.filter] = box.value;
    settle(grid());
  });
  document.addEventListener("keydown", (event) => {
    if (!page() || modified(event)) return;
    if (event.key === "o" && !typed(event)) clientside.sheets.open(SHEET);
    const api = grid();
    if (event.key === "ArrowDown" && event.target === sheet() && api && found && found.rows.length > 1) {
      event.preventDefault();
      api.setFocusedCell(0, "latency_s");
    }
  });

  function follow() {
    clearTimeout(later);
    later = setTimeout(() => page() && String(tasks()) !== String(asked.tasks) && ask(), QUIET);
  }
  const opened = (id) => { if (id === SHEET) ask(); }; // said again when there are new figures
  clientside.parts.push({ active: open, show: follow });
  clientside.options = { opened, fill };
})(window.dash_clientside);
