/* The one selection and the one filter of a page: of a model, or of an experiment, which gives its
   own words and its own bar in `dash_clientside.desks.experiment` (experiment.js).
   State lives in the store <page>--state and, for reading inside event handlers, on the page's
   element: `state`, `rows` (id -> row), `shown` (ids that pass the filter), `glossary`.
   What draws is a part, pushed to `dash_clientside.parts`: {active(state), numbers(), show(state),
   filtered(fit), near(id), desk}, all optional.  `numbers`: the rows have new figures, draw all anew;
   `show`: selection, colour or a setting changed; `filtered`: `shown` changed; `near`: the pointer
   is on a task; `desk`: the page it belongs to, "model" if unsaid.  A part that is not active is told `numbers` once it is again. */
(function (clientside) {
  const OPERATORS = {
    greaterThan: "gt", greaterThanOrEqual: "ge", lessThan: "lt", lessThanOrEqual: "le",
    equals: "eq", notEqual: "ne", contains: "has",
  };
  const SIGNS = { gt: ">", ge: "≥", lt: "<", le: "≤", eq: "=", ne: "≠", has: "has" };
  const STEPS = 6;
  const QUIET = 150; // ms without a change until the store, and so the address, follow
  const { make, button, press, typed } = clientside.dom, { parts, desks } = clientside;
  const formats = [];
  const say = (n) => n.toLocaleString("en-US");
  let pending = null;
  const page = () => document.getElementById("model--page") || document.getElementById("experiment--page");
  const kind = () => page().id.split("--")[0];
  const named = (name) => `${kind()}--${name}`;

  function tell(what, ...args) {
    const state = page().state;
    for (const part of parts) {
      if ((part.desk || "model") !== kind()) continue;
      if (part.active && !part.active(state)) part.stale = part.stale || what !== "near";
      else if (part.stale && part.numbers) {
        part.stale = false;
        part.numbers();
      } else if (part[what]) part[what](...args);
    }
  }

  /* Rows as columns, for what draws thousands: positions 0..n-1 in the order of the rows. */
  function table() {
    const root = page();
    if (!root.columns || root.columns.rows !== root.rows) {
      const list = [...root.rows.values()];
      root.columns = { rows: root.rows, list, at: new Map(list.map((row, k) => [row.id, k])), kept: {} };
    }
    return root.columns;
  }

  /* A metric of every row as numbers; NaN is unknown. */
  function column(id) {
    const { list, kept } = table();
    kept[id] = kept[id] || Float64Array.from(list, (row) => (typeof row[id] === "number" ? row[id] : NaN));
    return kept[id];
  }

  /* Which rows pass the filter, and which are selected, as 0 and 1. */
  function masks() {
    const root = page(), { list, at } = table(), kept = root.columns;
    if (kept.shown !== root.shown || !kept.passing) {
      kept.shown = root.shown;
      kept.passing = Uint8Array.from(list, (row) => (!root.shown || root.shown.has(row.id) ? 1 : 0));
    }
    if (kept.selected !== root.state.selected || !kept.chosen) {
      kept.selected = root.state.selected;
      kept.chosen = new Uint8Array(list.length);
      for (const id of kept.selected) if (at.has(id)) kept.chosen[at.get(id)] = 1;
    }
    return { shown: kept.passing, selected: kept.chosen, some: kept.selected.length > 0, all: !root.shown };
  }

  /* Six steps on a square-root scale: one giant does not paint all others the same. */
  const step = (value, most) => (most > 0 ? Math.min(STEPS - 1, Math.floor(Math.sqrt(Math.max(0, value) / most) * STEPS)) : 0);

  /* The step of every row in a metric, 255 unknown, and the largest value. */
  function steps(id) {
    const kept = table().kept, key = `steps ${id}`, { span } = page().glossary[id] || {};
    if (!kept[key]) {
      const values = column(id), wide = span && span[1] - span[0];
      const most = values.reduce((m, v) => (v > m ? v : m), 0);
      const at = span ? (v) => (wide ? Math.max(0, Math.min(STEPS - 1, Math.floor(((v - span[0]) / wide) * STEPS))) : STEPS - 1) : (v) => step(v, most);
      kept[key] = { most, of: Uint8Array.from(values, (v) => (isNaN(v) ? 255 : at(v))) };
    }
    return kept[key];
  }

  /* Three significant digits, no exponent: the twin of components/numbers.py. */
  function number(value, digits) {
    if (value === null || value === undefined || !isFinite(value)) return "–";
    if (value === 0) return "0";
    const rounded = Number(value.toPrecision(digits || 3));
    const places = Math.min(12, Math.max(0, (digits || 3) - 1 - Math.floor(Math.log10(Math.abs(rounded)))));
    const options = { minimumFractionDigits: places, maximumFractionDigits: places };
    formats[places] = formats[places] || new Intl.NumberFormat("en-US", options); // making one takes long
    return formats[places].format(digits < 3 ? rounded : value);
  }

  const figure = (metric, value) => `${told(metric, value)} ${metric.unit}`.trim();

  /* A value in page units: with so many digits, or so many places. */
  function told(metric, value) {
    if (value === null || value === undefined || !isFinite(value)) return number(null);
    return metric.places === undefined ? number(value * metric.scale, metric.digits) : (value * metric.scale).toFixed(metric.places);
  }

  /* A change by a share of what was, as people read it; nothing where it is the same. */
  function change_text(share) {
    const size = Math.abs(share) * 100, text = size === Infinity ? "∞" : size.toFixed(size >= 9.95 ? 0 : 1);
    return size >= 0.05 ? `${share > 0 ? "▲" : "▼"} ${text} %` : "";
  }

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
    const state = { ...root.state, ...patch, from, turn: (root.state.turn || 0) + 1 };
    apply(state);
    clearTimeout(pending); // the renderer asks every component of the page at each write
    pending = setTimeout(() => page() === root && clientside.set_props(named("state"), { data: root.state }), desks[kind()] ? 3 * QUIET : QUIET);
  }

  /* Everything that shows the state: at once here, then again, as a no-op, when the store says so. */
  function apply(state) {
    const root = page();
    if (!root || !root.rows || !state || root.applied === JSON.stringify(state)) return;
    if (root.state && (state.turn || 0) < (root.state.turn || 0)) return; // the store is behind
    root.applied = JSON.stringify(state);
    root.state = state;
    docks(state); // first: what a part draws into must have its size
    tell("show", state);
    selection(state);
    chips(state);
  }

  /* Tabs, panes and choices say what the state says. */
  function docks(state) {
    for (const tab of document.querySelectorAll(`#${named("right")} [role=tab]`)) {
      const on = tab.id === named(`tab-${state.dock}`);
      tab.setAttribute("aria-selected", on);
      tab.tabIndex = on ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !on;
    }
    for (const option of document.querySelectorAll("[data-choice]"))
      option.setAttribute("aria-pressed", state[option.dataset.choice.split("--")[1]] === option.dataset.value);
    for (const axis of document.querySelectorAll("[data-log]")) axis.setAttribute("aria-pressed", state.log.includes(axis.dataset.log));
  }

  const select = (ids, from) => change({ selected: [...ids].sort((a, b) => a - b) }, from);

  function clear() {
    const s = page().state;
    if (s.selected.length) select([], "bar");
    else if (s.text || s.where.length || s.only) {
      clientside.set_props(named("search"), { value: "" });
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

  /* Conditions [column, operator, value] to the table's filter model and back; up to two a column. */
  function toModel(where, glossary) {
    const model = {};
    for (const [column, operator, value] of where) {
      const type = Object.keys(OPERATORS).find((k) => OPERATORS[k] === operator);
      const scale = glossary[column] ? glossary[column].scale : 1;
      const text = typeof value === "string";
      const shown = text ? value : Number((value * scale).toPrecision(10));
      const one = { filterType: text ? "text" : "number", type, filter: shown };
      const old = model[column];
      model[column] = old ? { filterType: one.filterType, operator: "AND", conditions: [old.conditions ? old.conditions[0] : old, one] } : one;
    }
    return model;
  }

  const toWhere = (model, glossary) =>
    Object.entries(model || {}).flatMap(([column, f]) =>
      (f.conditions || [f]).filter((one) => OPERATORS[one.type]).map((one) => {
        const scale = glossary[column] ? glossary[column].scale : 1;
        const value = typeof one.filter === "number" ? Number((one.filter / scale).toPrecision(10)) : one.filter;
        return [column, OPERATORS[one.type], value];
      }),
    );

  function chips(state) {
    const box = document.getElementById(named("chips")), glossary = page().glossary;
    const chip = (text, remove) => button(`${text} ×`, `Remove the filter ${text}`, remove, "chip");
    const isFrom = (one) => one && one[1] === "ge", isTo = (one) => one && one[1] === "le";
    const found = state.where.flatMap((one, k) => {
      const [column, operator, value] = one, metric = glossary[column], same = (other) => metric && other !== one && other[0] === column;
      const to = isFrom(one) && state.where.find((other) => same(other) && isTo(other)); // a range is one chip
      if (isTo(one) && state.where.some((other) => same(other) && isFrom(other))) return [];
      const name = metric ? metric.label.toLowerCase() : clientside.task_table.header(column);
      const shown = metric ? figure(metric, (to || one)[2]) : value;
      const where = state.where.filter((other) => other !== one && other !== to);
      const words = to ? `${number(value * metric.scale, metric.digits)}–${shown}` : `${SIGNS[operator]} ${shown}`;
      return [chip(`${name} ${words}`, () => change({ where }, "chips"))];
    });
    if (state.only) found.push(chip(`selection of ${state.only.length}`, () => change({ only: null }, "chips")));
    box.replaceChildren(...found);
  }

  /* What the bar of the selection ends with. */
  const narrow = (ids, title) => [
    button("Show only these", title, () => change({ only: ids }, "bar")), button("Clear", "Escape", () => select([], "bar"), "link"),
  ];

  function selection(state) {
    if (desks[kind()]) return desks[kind()].selection(state);
    const box = document.getElementById("model--selection");
    const root = page();
    const ids = state.selected.filter((i) => root.rows.has(i));
    const all = [...root.rows.keys()];
    const passing = root.shown && [...root.shown].filter((id) => !root.rows.get(id).conversion);
    const every = passing && passing.length && !passing.every((id) => ids.includes(id))
      ? [button(`Select all ${say(passing.length)} shown`, "Select every task that passes the filter", () => select(passing, "bar"))] : [];
    const hint = "Click a task to select it, shift-click for a range, shift-drag in the graph";
    if (!ids.length) return box.replaceChildren(make("span", { class: "muted" }, hint), make("span", { class: "spring" }), ...every);
    const share = (id) => {
      const part = total(ids, id, "sum"), whole = total(all, id, "sum");
      return part === null || !whole ? "unknown" : `${number((100 * part) / whole, 2)} %`;
    };
    const tasks = [...root.rows.values()].filter((r) => !r.conversion).length;
    box.replaceChildren(
      make("b", {}, `${say(ids.length)} of ${say(tasks)} tasks`),
      make("span", { class: "part" }, make("b", {}, share("latency_s")), " of latency"),
      make("span", { class: "part" }, make("b", {}, share("memory_power_w")), " of memory power"),
      make("span", { class: "spring" }),
      ...(ids.length === 1
        ? [make("button", { class: "button", id: "model--why-open", onclick: () => ask(ids[0]),
            title: "The formula of this task with its values and their sources" }, "Why?")]
        : []),
      make("button", { class: "button primary", "data-sheet": "model--options", title: "What can be chosen for these tasks (o)" }, "Optimize…"),
      ...every, ...narrow(ids, "Filter the table to the selected tasks"),
    );
    if (ids.length === 1 && !document.getElementById("model--why").hidden) ask(ids[0]);
  }

  const ask = (task) => clientside.set_props("model--why-task", { data: task });

  const DEFAULTS = [
    ["colour", "colour", "latency_s"], ["dock", "dock", "graph"], ["show", "show", "blocks"], ["dir", "direction", "down"],
    ["x", "x", "macs"], ["y", "y", "latency_s"], ["log", "log", "xy"], ["by", "by", "kernel"],
  ];

  /* The twin of dashboard/urls.py `build`; a test compares the two. */
  function address(state, target, fps, recipe, draft, against, dims, ids) {
    if (!state || !page() || !target) return;
    const query = new URLSearchParams();
    query.append("target", target);
    const { analysis, at } = draft || {}, preset = analysis ? "" : clientside.recipe.plain();
    const named = { preset, analysis, at, vs: against && against.id };
    for (const [key, value] of Object.entries(named)) if (value) query.append(key, value);
    if (state.text) query.append("q", state.text);
    if (fps) query.append("fps", fps);
    (ids || []).forEach((id, k) => query.append("bind", `${dims[k]}:${id.index}`));
    if (state.selected.length) query.append("sel", ranges(state.selected));
    for (const [column, operator, value] of state.where)
      query.append("where", `${column}.${operator}.${typeof value === "string" ? "t" : "n"}${value}`);
    if (state.sort) query.append("sort", state.sort);
    for (const [key, field, usual] of DEFAULTS) if (state[field] !== usual) query.append(key, state[field]);
    window.history.replaceState(window.history.state, "", `${window.location.pathname}?${query}`);
  }

  /* Colour by a metric: the menu says so too. */
  function paint(id) {
    clientside.set_props(named("colour"), { value: id });
    change({ colour: id }, "menu");
  }

  /* A field or a menu that the state follows. */
  const follow = (name, value, from) => page() && page().state && value !== page().state[name] && change({ [name]: value }, from);
  const search = (text) => void follow("text", text || "", "search");
  const colour = (metric) => void (metric && follow("colour", metric, "menu"));

  document.addEventListener("keydown", (event) => {
    if (!page()) return;
    const typing = typed(event);
    const tab = event.target.closest("[role=tab]"), way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (tab && way) {
      const tabs = [...tab.parentElement.children], next = tabs[(tabs.indexOf(tab) + way + tabs.length) % tabs.length];
      next.focus();
      next.click();
      return event.preventDefault();
    }
    if (event.key === "/" && !typing) {
      event.preventDefault();
      document.getElementById(named("search")).focus();
    } else if (event.key === "Escape" && !event.defaultPrevented) {
      const menu = event.target.closest("details.menu[open]");
      if (menu) {
        menu.open = false;
        menu.firstElementChild.focus();
      } else if (typing) event.target.blur();
      else if (desks[kind()]) clear();
      else if (!document.getElementById("model--why").hidden) ask(null);
      else if (clientside.sheets.sheet()) clientside.sheets.open("");
      else clear();
    }
  });
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = menu.contains(event.target);
  });
  press("#model--why-close", () => ask(null));
  press("[data-ids]", ({ dataset }) => select(dataset.ids.split(",").map(Number), "strip"));
  press(":is(#model--right, #experiment--right) [role=tab]", (tab) => change({ dock: tab.id.replace(named("tab-"), "") }, "tab"));
  press("[data-log]", ({ dataset: { log } }) => {
    const { state } = page();
    if (state) change({ log: ["x", "y"].filter((axis) => state.log.includes(axis) !== (axis === log)).join("") }, "choice");
  });
  press("[data-choice]", ({ dataset }) => change({ [dataset.choice.split("--")[1]]: dataset.value }, "choice"));

  clientside.view = {
    page, kind, named, ranges, tell, table, column, masks, step, steps, make, number, told, figure, change_text, total, change,
    select, toModel, toWhere, narrow, say, follow, paint, apply, address, again: () => window.location.reload(), search, colour, selection,
  };
})(window.dash_clientside);
