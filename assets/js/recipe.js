/* The recipe of the page as a document (dashboard/queries/documents.py): rules, undo, redo.
   Every edit writes the store model--recipe, which the server answers with the rows that changed.
   Also the sheets over the drawings: one is open at a time. */
(function (clientside) {
  const MOST = 200; // states that can be undone
  const { press, typed } = clientside.dom;
  let presets = {}, held = null;
  const page = () => document.getElementById("model--page");
  const text = (rule) => JSON.stringify(rule);
  const same = (one, other) => one.length === other.length && one.every((rule, k) => text(rule) === text(other[k]));

  const current = () => held || { pool: [], states: [[]], at: 0 };
  function rules() {
    const { pool, states, at } = current();
    return states[at].map((k) => pool[k]);
  }

  function put(document) {
    held = document;
    // the server sends what differs from the figures that the page holds
    clientside.set_props("model--recipe", { data: { ...document, held: page().held || "" } });
    controls();
  }

  /* Make these the rules; what was undone before is dropped. */
  function edit(next) {
    if (same(next, rules())) return;
    const { pool, states, at } = current(), kept = [], places = new Map();
    const place = (rule) => {
      const key = text(rule);
      if (!places.has(key)) places.set(key, kept.push(rule) - 1);
      return places.get(key);
    };
    const past = states.slice(Math.max(0, at + 2 - MOST), at + 1).map((state) => state.map((k) => place(pool[k])));
    put({ pool: kept, states: [...past, next.map(place)], at: past.length });
  }

  function step(by) {
    const document = current(), at = document.at + by;
    if (document.states[at]) put({ ...document, at });
  }

  /* The preset that the rules begin with, the longest that fits. */
  function begins(list) {
    const fits = Object.entries(presets).filter(([, own]) => same(own, list.slice(0, own.length)));
    return fits.sort((a, b) => b[1].length - a[1].length)[0] || ["", []];
  }

  /* A preset takes the place of the one before; rules on single tasks stay, and have the last word. */
  function preset(id) {
    const list = rules();
    edit([...(presets[id] || []), ...list.slice(begins(list)[1].length)]);
  }

  const add = (select, action) => edit([...rules(), { select, action }]);
  const leave = (ids) => add({ tasks: [...ids].sort((a, b) => a - b) }, {});

  /* The preset that the rules are, and nothing else: it can stand in the address. */
  function plain() {
    const list = rules(), [id, own] = begins(list);
    return own.length === list.length ? id : "";
  }

  /* A document that the page did not write: as it opens, or a checkpoint. */
  function arrived(document, known) {
    presets = known || presets;
    held = document;
    controls();
  }

  function controls() {
    const { states, at } = current(), count = states[at].length;
    const button = (name) => document.getElementById(`model--${name}`);
    if (!button("undo")) return;
    button("undo").disabled = at === 0;
    button("redo").disabled = at === states.length - 1;
    button("rules-open").textContent = count ? `Rules · ${count}` : "Rules";
  }

  const sheet = () => document.querySelector(".sheet:not([hidden]):not(#model--why)");

  /* Open a sheet, or close the open one: `id` "" or the open one's own. */
  function open(id) {
    const was = sheet(), next = was && was.id === id ? "" : id || "";
    for (const one of document.querySelectorAll(".sheet:not(#model--why)")) one.hidden = one.id !== next;
    for (const one of document.querySelectorAll("button[data-sheet]:not([data-sheet=''])"))
      one.setAttribute("aria-expanded", one.dataset.sheet === next);
    const shown = document.getElementById(next);
    if (shown) {
      if (!document.getElementById("model--why").hidden) clientside.set_props("model--why-task", { data: null });
      shown.tabIndex = -1;
      shown.focus({ preventScroll: true });
    } else if (was) {
      const opener = document.querySelector(`button[data-sheet="${was.id}"]`);
      if (opener) opener.focus();
    }
    clientside.set_props("model--sheet-open", { data: next });
  }

  const RULE = { remove: (k) => edit(rules().filter((_, i) => i !== k)), upto: (k) => edit(rules().slice(0, k + 1)), reset: () => edit([]) };

  const react = (selector, act) => press(selector, ({ dataset }) => page() && act(dataset));
  react("button[data-sheet]", (of) => open(of.sheet));
  react("button[data-preset]", (of) => preset(of.preset));
  react("button[data-rule]", (of) => RULE[of.rule](Number(of.k)));
  react("button[data-decides]", ({ decides }) => {
    const own = [...page().rows.values()].filter((row) => row.rule === Number(decides) && !row.refusal);
    clientside.view.select(own.map((row) => row.id), "strip");
  });
  react("#model--undo", () => step(-1));
  react("#model--redo", () => step(1));
  document.addEventListener("keydown", (event) => {
    if (!page() || typed(event) || !(event.ctrlKey || event.metaKey) || !["z", "Z", "y"].includes(event.key)) return;
    event.preventDefault();
    step(event.key === "z" && !event.shiftKey ? -1 : 1);
  });

  /* What an open sheet says is of the figures: it asks again once there are new ones. */
  const numbers = () => sheet() && clientside.set_props("model--sheet-open", { data: sheet().id });
  clientside.parts.push({ numbers });
  clientside.sheets = { open, sheet };
  clientside.recipe = { rules, add, leave, preset, plain, arrived, load: put, current };
})(window.dash_clientside);
