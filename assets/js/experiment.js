/* One experiment: its models as rows, the filter, the strip of budgets in words, the selection.
   The selection and the filter themselves are those of view.js; this file gives them the words of
   models, and asks the server what fits whenever a bound or a chart changes. */
(function (clientside) {
  const FIELDS = ["model", "label", "name", "step", "operation", "parent", "root", "depth", "notes", "flags", "author", "time"];
  const NAMED = 3; // models that the selection bar names
  const MOST_BESIDE = 13; // models whose layers stand beside each other, the base among them
  const { view } = clientside, { say } = view, { make, button, press } = clientside.dom;
  const page = () => document.getElementById("experiment--page");
  const at = (id) => document.getElementById(`experiment--${id}`);
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  let pending = null;

  function fill(data, state) {
    const root = page();
    if (!root || !data) return;
    const columns = { ...data.metrics, ...data.parameters };
    for (const name of FIELDS) columns[name] = data[name];
    const names = Object.keys(columns), rows = new Map(), below = data.model.map(() => []);
    data.model.forEach((_, k) => {
      const row = { id: k, key: String(k), conversion: false };
      for (const name of names) row[name] = columns[name][k];
      rows.set(k, row);
      if (row.parent >= 0) below[row.parent].push(k);
    });
    Object.assign(root, { data, rows, below, glossary: data.glossary, unfinished: data.unfinished, filtered: null, asked: null, compared: null });
    root.querySelector(".experiment-identity span").textContent = `${say(rows.size)} models`;
    if (root.places) clientside.experiment_map.placed(root.places); // they may come first
    root.state = root.state || state;
    view.apply({ ...root.state, turn: (root.state.turn || 0) + 1 });
    view.tell("numbers");
  }

  /* What passes besides the bounds: the search, and "only these". */
  function onlyPass(row) {
    const { text, only } = page().state;
    if (only && !only.includes(row.id)) return false;
    if (!text) return true; // asked of every row at every brush
    const words = text.trim().toLowerCase();
    return !words || [row.name, row.model, row.label, row.notes, row.flags].some((one) => one.toLowerCase().includes(words));
  }

  function show(state) {
    const root = page(), key = [state.where, state.unknown, state.text, state.only];
    const ask = { where: state.where, unknown: state.unknown, charts: state.charts };
    const curves = state.dock === "budgets" && state.where.length ? "1" : "";
    if (!same(root.asked, { ...ask, curves })) judge((root.asked = { ...ask, curves }));
    if (!root.filtered || !same(root.filtered, key)) {
      root.filtered = key;
      const { list } = view.table(), holds = clientside.histograms.holds, shown = new Set();
      for (const row of list) if (onlyPass(row) && state.where.every((one) => holds(row, one))) shown.add(row.id);
      root.shown = shown.size === list.length ? null : shown;
      state.selected = state.selected.filter((k) => shown.has(k)); // what does not pass is not selectable
      strip(state);
      view.tell("filtered", false);
    }
    const rows = { rows: state.selected, about: state.selected.length === 1 ? ask : null };
    clearTimeout(pending);
    if (!root.compared || !same({ ...root.compared, keep: 0 }, { ...rows, keep: 0 }))
      pending = setTimeout(() => page() === root && clientside.set_props("experiment--compare-ask", { data: (root.compared = rows) }), 120);
    for (const button of at("relatives").children) button.disabled = !state.selected.length;
  }

  /* What fits, as the server says: an address like that of the page; only the last question counts. */
  async function judge(ask) {
    const root = page(), query = new URLSearchParams({ curves: ask.curves, unknown: ask.unknown.join(".") });
    for (const [column, operator, value] of ask.where) query.append("where", `${column}.${operator}.n${value}`);
    for (const pair of ask.charts) query.append("chart", pair.join("."));
    root.pending = ask;
    const told = await fetch(`${root.dataset.api || `/api${window.location.pathname}`}/fits?${query}`).then((answer) => answer.json()).catch(() => ({ error: "The server cannot be reached." }));
    if (page() !== root || root.pending !== ask) return;
    root.pending = null;
    const link = (text, row) => make("button", { class: "link", title: `${text}: select this model`, "data-ids": row }, text);
    const known = (value) => value !== null && value !== undefined, [name, figures] = told.best_words || [];
    at("best").replaceChildren(...(told.error ? [make("span", { class: "missed" }, told.error)] : known(told.best) ? ["best: ", link(name, told.best), `, ${figures}`] : []),
      told.unknown ? make("span", { class: "muted" }, ` · ${say(told.unknown)} unknown`) : "");
    at("relax").replaceChildren(known(told.relax_row) ? link(told.relax, told.relax_row) : told.relax || "");
    clientside.trade_off.answered(told);
    clientside.experiment_curves.draw(told.curves || []);
    root.dataset.answered = Number(root.dataset.answered || 0) + 1;
  }

  function strip(state) {
    const root = page(), all = root.rows.size, n = root.shown ? root.shown.size : all;
    const bounded = state.where.length || state.text || state.only;
    const sorted = (where) => where.map(String).sort(), budget = [...document.querySelectorAll("[data-budget]")]
      .find((one) => state.where.length && same(sorted(JSON.parse(one.dataset.budget)), sorted(state.where)));
    const words = !state.where.length ? "models match" : state.text || state.only ? "pass" : `${n === 1 ? "model fits" : "models fit"}${budget ? ` the budget “${budget.textContent}”` : ""}`;
    at("fits").replaceChildren(...(bounded
      ? [make("b", {}, `${say(n)} of ${say(all)}`), ` ${words}`]
      : [make("span", { class: "muted" }, "No bound yet: every model fits. Drag in a histogram of Budgets, or type a bound.")]));
    at("map").querySelector(".drawing-none").hidden = n > 0;
  }

  /* A model and what was made from it, and so on: rows from `from` over `next`. */
  function spread(from, next) {
    const found = new Set(from), waiting = [...from];
    while (waiting.length) for (const k of next(waiting.pop())) if (!found.has(k)) { found.add(k); waiting.push(k); }
    return found;
  }
  const up = (k) => (page().rows.get(k).parent >= 0 ? [page().rows.get(k).parent] : []);
  const down = (k) => page().below[k];
  const RELATIVES = {
    parents: (rows) => rows.flatMap(up), children: (rows) => rows.flatMap(down),
    ancestors: (rows) => [...spread(rows, up)], descendants: (rows) => [...spread(rows, down)],
    siblings: (rows) => rows.flatMap(up).flatMap(down),
  };

  const passing = (ids) => ids.filter((k) => !page().shown || page().shown.has(k));
  const add = (ids, from) => view.select(new Set([...page().state.selected, ...passing(ids)]), from);

  function selection(state) {
    const root = page(), box = at("selection"), ids = state.selected, n = root.shown ? root.shown.size : 0;
    const every = root.shown && n && ids.length < n
      ? [button(`Select all ${say(n)} shown`, null, () => view.select(root.shown, "bar"))] : [];
    if (!ids.length)
      return box.replaceChildren(make("span", { class: "muted" }, "Click a model to select it, shift-click for more, shift-drag for a box"),
        make("span", { class: "spring" }), ...every);
    const names = ids.slice(0, NAMED).map((k) => make("span", { class: "picked-name", title: root.rows.get(k).model }, root.rows.get(k).name));
    const one = ids.length === 1 && root.below[ids[0]].length ? ids[0] : -1, folded = state.collapsed.includes(one);
    box.replaceChildren(
      make("b", {}, `${say(ids.length)} selected`), ...names,
      ids.length > NAMED ? make("span", { class: "muted" }, `and ${say(ids.length - NAMED)} more`) : "",
      make("span", { class: "spring" }),
      ...(ids.length === 1 ? [make("button", { class: "button primary", "data-run": ids[0], title: "Make a child of this model: prune, quantize, repair … (O)" }, "Run an operation…")] : []),
      ...(ids.length > 1 && ids.length <= 100 ? [make("a", { class: "button", href: `${window.location.pathname}/behaviors?models=${view.ranges(ids)}`, title: "What changed in their predictions, class by class and instance by instance" }, "Behaviors")] : []),
      ...(ids.length > 1 && ids.length <= MOST_BESIDE ? [make("a", { class: "button", href: `${window.location.pathname}/layers?models=${ids.join(".")}`, title: "What changed in their weights, module by module" }, "Layers")] : []),
      ...(one >= 0 ? [button(folded ? "Unfold" : "Fold", "What was made from this model (C)", () => fold(one))] : []),
      ...every, ...view.narrow(ids, "Filter to the selected models"),
    );
  }

  function fold(k) {
    const old = page().state.collapsed;
    view.change({ collapsed: old.includes(k) ? old.filter((i) => i !== k) : [...old, k].sort((a, b) => a - b) }, "map");
  }

  /* A change as people read it, with its direction: better, worse, or neither known. */
  function change(metric, value, base) {
    if (typeof value !== "number" || typeof base !== "number") return make("td", { class: "muted" }, "–");
    const by = value - base, text = view.change_text(by && by / Math.abs(base));
    const tone = !metric.better ? "" : (by > 0) === (metric.better === "higher") ? "better" : "worse";
    return make("td", { class: text ? tone : "muted" }, text || "same");
  }

  /* What a tooltip says of models. */
  function about(ids, head, hint) {
    const { rows, glossary, state, data } = page(), { figure } = view;
    const primary = Object.values(glossary).filter((m) => m.primary).map((m) => m.id).slice(0, 7);
    const shown = [...new Set([...primary, state.colour, ...state.charts.flat()])].filter((id) => glossary[id]);
    if (ids.length > 1) {
      const range = (id) => {
        const known = ids.map((k) => rows.get(k)[id]).filter((v) => typeof v === "number");
        if (!known.length) return "unknown";
        const [a, b] = [Math.min(...known), Math.max(...known)].map((v) => view.told(glossary[id], v));
        return `${a === b ? a : `${a} – ${b}`} ${glossary[id].unit}`.trim();
      };
      const line = (id) => make("tr", {}, make("th", {}, glossary[id].label), make("td", {}, range(id)));
      return [make("b", {}, head || `${say(ids.length)} models`), make("div", { class: "muted" }, hint || (head ? `${say(ids.length)} models` : "")), make("table", {}, ...shown.map(line))];
    }
    const row = rows.get(ids[0]), base = rows.get(row.parent), root = rows.get(row.root), two = root && root !== base && root !== row;
    const head_row = base ? [make("tr", {}, make("th", {}), make("td", {}), make("td", { class: "muted" }, "from its base"), two ? make("td", { class: "muted" }, "from the root") : null)] : [];
    const error = (id) => ((data.errors[id] || {})[row.id] ? ` ± ${view.number(data.errors[id][row.id] * glossary[id].scale, 2)}` : "");
    const missed = (id) => state.where.filter(([column]) => column === id && typeof row[id] === "number").map(([, side, limit]) => (side === "le" ? limit - row[id] : row[id] - limit)).sort((a, b) => a - b)[0];
    const room = state.where.length ? (id) => ((by) => make("td", { class: by < 0 ? "worse" : "muted" }, by === undefined ? "" : `${figure(glossary[id], Math.abs(by))} ${by < 0 ? "over" : "spare"}`))(missed(id)) : () => null;
    const line = (id) => make("tr", {}, make("th", {}, glossary[id].label),
      make("td", {}, typeof row[id] === "number" ? figure(glossary[id], row[id]) + error(id) : "unknown"),
      base ? change(glossary[id], row[id], base[id]) : null, two ? change(glossary[id], row[id], root[id]) : null, room(id));
    return [
      make("b", {}, row.name), make("div", { class: "muted" }, [row.model !== row.name && row.model, row.label !== row.model && row.label !== row.name && row.label].filter(Boolean).join(" · ")),
      make("table", {}, ...head_row, ...shown.map(line)),
      row.flags ? make("div", { class: "flagged" }, row.flags) : "", row.notes ? make("div", { class: "muted" }, row.notes) : "",
    ].filter(Boolean);
  }

  /* The twin of `build` in dashboard/urls_experiment.py; a test compares the two. */
  function address(state) {
    const root = page();
    if (!root || !root.data || !state) return;
    const query = new URLSearchParams(), usual = root.data, cost = [[usual.cost, usual.quality]];
    const put = (key, value) => value && query.append(key, value);
    put("q", state.text);
    put("sel", view.ranges(state.selected));
    for (const [column, operator, value] of state.where) query.append("where", `${column}.${operator}.n${value}`);
    put("unknown", state.unknown.join("."));
    put("fold", view.ranges(state.collapsed));
    if (!same(state.charts, cost)) for (const pair of state.charts) query.append("chart", pair.join("."));
    put("sort", state.sort);
    if (state.colour !== usual.quality) put("colour", state.colour);
    if (state.size !== (usual.cost || "none")) put("size", state.size);
    if (state.by !== "operation") put("by", state.by);
    if (state.log !== usual.log) put("log", state.log || "none");
    if (state.dock !== "compare") put("dock", state.dock);
    const text = String(query);
    window.history.replaceState(window.history.state, "", window.location.pathname + (text ? `?${text}` : ""));
  }

  function encode(colour, size) {
    const state = page() && page().state;
    if (state && colour && (colour !== state.colour || size !== state.size)) view.change({ colour, size: size || "none" }, "menu");
  }

  /* Notes and flags as the server has kept them. */
  function saved(cells) {
    for (const { row, notes, flags } of cells || []) Object.assign(page().rows.get(row), { notes, flags });
    if (cells) clientside.experiment_table.refresh();
  }

  /* The bounds as figures to type, one line a bounded metric; a new one is chosen from the rest. */
  function bounds(state) {
    const box = at("bounds"), { glossary } = page();
    const ids = [...new Set(state.where.map(([column]) => column))];
    const value = (id, side) => (state.where.find(([column, operator]) => column === id && operator === side) || [])[2];
    const put = (id, side, text) => {
      const number = Number(text.replace(",", ".")), rest = page().state.where.filter(([c, o]) => c !== id || o !== side);
      const where = text.trim() && isFinite(number) ? [...rest, [id, side, Number((number / glossary[id].scale).toPrecision(10))]] : rest;
      view.change({ where }, "bounds");
    };
    const field = (id, side, word) => {
      const now = value(id, side), shown = now === undefined ? "" : String(Number((now * glossary[id].scale).toPrecision(6)));
      const said = { placeholder: word, "aria-label": `${glossary[id].label} ${word}` }, onchange = (event) => put(id, side, event.target.value);
      return make("input", { class: "entry bound-input", value: shown, inputmode: "decimal", ...said, onchange });
    };
    const line = (id) => {
      const missing = glossary[id].unknown, on = state.unknown.includes(id);
      const toggle = () => view.change({ unknown: on ? state.unknown.filter((k) => k !== id) : [...state.unknown, id] }, "bounds");
      return make("div", { class: "bound" }, make("span", { class: "bound-name", title: glossary[id].help }, glossary[id].label),
        field(id, "ge", "at least"), make("span", { class: "muted" }, "to"), field(id, "le", "at most"), make("span", { class: "muted unit" }, glossary[id].unit),
        missing ? make("label", { class: "unknown-too" }, make("input", { type: "checkbox", onchange: toggle, ...(on ? { checked: "" } : {}) }), `${say(missing)} unknown too`) : "",
        button("×", `Remove the bounds on ${glossary[id].label}`, () => view.change({ where: page().state.where.filter(([c]) => c !== id) }, "bounds"), "icon"));
    };
    const rest = Object.values(glossary).filter((m) => !ids.includes(m.id));
    const more = make("select", { class: "button more", "aria-label": "Bound a metric", onchange: (event) => {
      const id = event.target.value, { better, span } = glossary[id];
      view.change({ where: [...page().state.where, [id, better === "higher" ? "ge" : "le", (span[0] + span[1]) / 2]] }, "bounds");
    } }, make("option", { value: "" }, "+ Bound…"), ...rest.map((m) => make("option", { value: m.id }, m.label)));
    if (!box.contains(document.activeElement) || document.activeElement.tagName === "SELECT" || box.dataset.ids !== ids.join()) {
      box.dataset.ids = ids.join();
      box.replaceChildren(...ids.map(line), rest.length ? more : "");
    }
  }

  /* What is kept under a name is what the store says, which is a little behind. */
  document.addEventListener("focusin", (event) => event.target.id === "experiment--budget-name" && clientside.set_props("experiment--state", { data: page().state }));
  const react = (selector, act) => press(selector, (node) => page() && page().rows && act(node, node.dataset));
  react("[data-relative]", (_, { relative }) => add(RELATIVES[relative](page().state.selected), "bar"));
  react("[data-budget]", (_, { budget }) => view.change({ where: JSON.parse(budget) }, "budget"));
  react("[data-insert]", (_, { insert }) => { // where the formula is being written
    const field = at("formula"), k = field.selectionEnd, name = `[${insert}]`;
    clientside.set_props("experiment--formula", { value: field.value.slice(0, k) + name + field.value.slice(k) });
    field.focus();
    setTimeout(() => field.setSelectionRange(k + name.length, k + name.length), 50);
  });
  react("[data-report]", (link, { report }) => (link.href = report + window.location.search.replace("?", "&"))); // of what the page shows now
  react("#experiment--wide", (wide) => {
    wide.setAttribute("aria-pressed", at("right").classList.toggle("wide"));
    view.tell("show", page().state);
  });

  clientside.desks.experiment = { selection, about, onlyPass };
  const part = { desk: "experiment", show };
  clientside.parts.unshift(part); // first: it knows what passes
  clientside.parts.push({ desk: "experiment", active: (state) => state.dock === "budgets", show: bounds, numbers: () => bounds(page().state) });
  const named = () => setTimeout(() => page() && page().rows && strip(page().state)); // once React has drawn the list
  clientside.experiment = { fill, encode, address, saved, fold, add, passing, named };
})(window.dash_clientside);
