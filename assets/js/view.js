/* The one selection and the one filter of a model page, its address, chips and selection bar.
   State lives in the store model--state and, for reading inside event handlers, on the page's
   element: `state`, `rows` (id -> row), `shown` (ids that pass the filter), `glossary`. */
(function () {
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const OPERATORS = {
    greaterThan: "gt", greaterThanOrEqual: "ge", lessThan: "lt", lessThanOrEqual: "le",
    equals: "eq", notEqual: "ne", contains: "has",
  };
  const SIGNS = { gt: ">", ge: "≥", lt: "<", le: "≤", eq: "=", ne: "≠", has: "has" };
  const page = () => document.getElementById("model--page");

  /* A DOM element with attributes, listeners (on…) and children as text, never as markup. */
  function make(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else if (key === "class") node.className = value;
      else if (value !== null && value !== undefined) node.setAttribute(key, value);
    }
    node.append(...children.filter((c) => c !== null && c !== undefined));
    return node;
  }

  /* Three significant digits, no exponent: the twin of components/numbers.py. */
  function number(value, digits) {
    if (value === null || value === undefined || !isFinite(value)) return "–";
    if (value === 0) return "0";
    const size = Math.abs(Number(value.toPrecision(digits || 3)));
    const places = Math.max(0, (digits || 3) - 1 - Math.floor(Math.log10(size)));
    return value.toLocaleString("en-US", {
      minimumFractionDigits: Math.min(places, 12), maximumFractionDigits: Math.min(places, 12),
    });
  }

  const figure = (metric, value) =>
    `${number(value === null ? null : value * metric.scale, metric.digits)} ${metric.unit}`.trim();

  /* Sum or maximum of a metric over tasks; null when one of them is unknown. */
  function total(ids, id, aggregate) {
    let sum = 0;
    for (const i of ids) {
      const row = page().rows.get(i);
      if (!row) continue;
      if (row[id] === null || row[id] === undefined) return null;
      sum = aggregate === "max" ? Math.max(sum, row[id]) : sum + row[id];
    }
    return sum;
  }

  function change(patch, from) {
    const root = page();
    if (!root || !root.state) return;
    const state = { ...root.state, ...patch, from };
    apply(state);
    requestAnimationFrame(() => setTimeout(() => clientside.set_props("model--state", { data: state })));
  }

  /* Everything that shows the state: at once here, then again, as a no-op, when the store says so. */
  function apply(state) {
    const root = page();
    if (!root || !root.rows || !state || root.applied === JSON.stringify(state)) return;
    root.applied = JSON.stringify(state);
    root.state = state;
    clientside.task_table.show(state);
    clientside.op_graph.show(state);
    selection(state);
    chips(state);
  }

  const select = (ids, from) => change({ selected: [...ids].sort((a, b) => a - b) }, from);

  function clear() {
    const s = page().state;
    if (s.selected.length) select([], "bar");
    else if (s.text || s.where.length || s.only) {
      clientside.set_props("model--search", { value: "" });
      change({ text: "", where: [], only: null }, "bar");
    }
  }

  function ranges(ids) {
    const runs = [];
    for (const i of ids) {
      const last = runs[runs.length - 1];
      if (last && i === last[1] + 1) last[1] = i;
      else runs.push([i, i]);
    }
    return runs.map(([a, b]) => (a === b ? `${a}` : `${a}-${b}`)).join(".");
  }

  const toModel = (where, glossary) =>
    Object.fromEntries(
      where.map(([column, operator, value]) => {
        const type = Object.keys(OPERATORS).find((k) => OPERATORS[k] === operator);
        const scale = glossary[column] ? glossary[column].scale : 1;
        const text = typeof value === "string";
        const shown = text ? value : Number((value * scale).toPrecision(10));
        return [column, { filterType: text ? "text" : "number", type, filter: shown }];
      }),
    );

  const toWhere = (model, glossary) =>
    Object.entries(model || {}).filter(([, f]) => OPERATORS[f.type]).map(([column, f]) => {
      const scale = glossary[column] ? glossary[column].scale : 1;
      const value = typeof f.filter === "number" ? Number((f.filter / scale).toPrecision(10)) : f.filter;
      return [column, OPERATORS[f.type], value];
    });

  function chips(state) {
    const box = document.getElementById("model--chips"), glossary = page().glossary;
    const chip = (text, remove) =>
      make("button", { class: "chip", title: `Remove the filter ${text}`, onclick: remove }, text, " ×");
    const found = state.where.map(([column, operator, value], k) => {
      const metric = glossary[column];
      const name = metric ? metric.label.toLowerCase() : clientside.task_table.header(column);
      const shown = metric ? figure(metric, value) : value;
      const where = state.where.filter((_, j) => j !== k);
      return chip(`${name} ${SIGNS[operator]} ${shown}`, () => change({ where }, "chips"));
    });
    if (state.only)
      found.push(chip(`selection of ${state.only.length}`, () => change({ only: null }, "chips")));
    box.replaceChildren(...found);
  }

  function selection(state) {
    const box = document.getElementById("model--selection");
    const root = page();
    const ids = state.selected.filter((i) => root.rows.has(i));
    const all = [...root.rows.keys()];
    if (!ids.length) {
      box.replaceChildren(
        make("span", { class: "muted" }, "Click a task to select it, shift-click for a range, shift-drag in the graph"),
      );
      return;
    }
    const share = (id) => {
      const part = total(ids, id, "sum"), whole = total(all, id, "sum");
      return part === null || !whole ? "unknown" : `${number((100 * part) / whole, 2)} %`;
    };
    const tasks = [...root.rows.values()].filter((r) => !r.conversion).length;
    box.replaceChildren(
      make("b", {}, `${ids.length.toLocaleString("en-US")} of ${tasks.toLocaleString("en-US")} tasks`),
      make("span", {}, make("b", {}, share("latency_s")), " of latency"),
      make("span", {}, make("b", {}, share("memory_power_w")), " of memory power"),
      make("span", { class: "spring" }),
      ...(ids.length === 1
        ? [make("button", { class: "button", id: "model--why-open", onclick: () => ask(ids[0]),
            title: "The formula of this task with its values and their sources" }, "Why?")]
        : []),
      make("button", { class: "button", title: "Filter the table to the selected tasks",
        onclick: () => change({ only: ids }, "bar") }, "Show only these"),
      make("button", { class: "link", title: "Escape", onclick: () => select([], "bar") }, "Clear"),
    );
    if (ids.length === 1 && !document.getElementById("model--why").hidden) ask(ids[0]);
  }

  const ask = (task) => clientside.set_props("model--why-task", { data: task });

  /* The twin of dashboard/urls.py `build`; a test compares the two. */
  function address(state, target, fps, preset, dims, ids) {
    if (!state || !page() || !target) return;
    const query = new URLSearchParams();
    query.append("target", target);
    if (preset) query.append("preset", preset);
    if (state.text) query.append("q", state.text);
    if (fps) query.append("fps", fps);
    (ids || []).forEach((id, k) => query.append("bind", `${dims[k]}:${id.index}`));
    if (state.selected.length) query.append("sel", ranges(state.selected));
    for (const [column, operator, value] of state.where)
      query.append("where", `${column}.${operator}.${typeof value === "string" ? "t" : "n"}${value}`);
    if (state.colour !== "latency_s") query.append("colour", state.colour);
    if (state.sort) query.append("sort", state.sort);
    window.history.replaceState(window.history.state, "", `${window.location.pathname}?${query}`);
  }

  function search(text) {
    if (page() && page().state && (text || "") !== page().state.text) change({ text: text || "" }, "search");
  }

  function colour(metric) {
    if (page() && page().state && metric && metric !== page().state.colour) change({ colour: metric }, "menu");
  }

  function sheet(opened, closed, shown) {
    if (!opened && !closed) return [clientside.no_update, clientside.no_update];
    const show = clientside.callback_context.triggered_id === "model--optimize" ? !shown : false;
    if (!show) document.getElementById("model--optimize").focus();
    return [!show, show];
  }

  document.addEventListener("keydown", (event) => {
    if (!page()) return;
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing) {
      event.preventDefault();
      document.getElementById("model--search").focus();
    } else if (event.key === "Escape" && !event.defaultPrevented) {
      if (typing) typing.blur();
      else if (!document.getElementById("model--why").hidden) ask(null);
      else if (!document.getElementById("model--sheet").hidden) document.getElementById("model--sheet-close").click();
      else clear();
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("#model--why-close")) ask(null);
    const link = event.target.closest("[data-ids]");
    if (link && page()) select(link.dataset.ids.split(",").map(Number), "strip");
    const preset = event.target.closest("[data-preset]");
    if (preset && page()) clientside.set_props("model--preset", { data: preset.dataset.preset });
  });

  clientside.view = {
    page, make, number, figure, total, change, select, clear, ranges, toModel, toWhere,
    apply, address, search, colour, sheet, selection,
  };
})();
