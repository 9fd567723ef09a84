/* The drawing of tasks: colours, selection, hover, keyboard.  Boxes are placed by the server
   (dashboard/figures/op_graph.py); everything is a class, cytoscape's own selection is off. */
(function () {
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const TIP = ["latency_s", "memory_power_w", "energy_j", "size_bytes"];
  const view = () => clientside.view;
  const page = () => document.getElementById("model--page");
  const pane = () => document.getElementById("model--graph-pane");
  const still = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  function graph() {
    const host = document.getElementById("model--graph");
    return host && host._cyreg ? host._cyreg.cy : null;
  }

  const frame = () => new Promise((done) => requestAnimationFrame(done));

  /* New boxes, or new numbers: wait until cytoscape holds them, then index, colour, fit. */
  async function draw(elements) {
    if (!elements || !elements.length) return;
    let cy = graph();
    for (let k = 0; k < 120 && !(cy && cy.elements().length === elements.length && cy.getElementById(elements[0].data.id).length); k++) {
      await frame();
      cy = graph();
    }
    if (!cy || !page()) return;
    listen(cy);
    if (cy.scratch("elements") === elements) return;
    cy.scratch("elements", elements);
    const boxes = cy.nodes(".box"), of = new Map();
    boxes.forEach((node) => node.data("tasks").forEach((i) => of.set(i, node)));
    cy.scratch("of", of);
    cy.scratch("boxes", boxes);
    cy.scratch("chosen", new Set());
    boxes.forEach((node) => node.scratch("step", null));
    cy.elements().removeClass("out near cursor chosen");
    cy.scratch("placed", false);
    pane().classList.add("drawn");
    document.getElementById("model--fold").hidden = !(page().opened || []).length;
    numbers();
  }

  /* The rows have new figures, or the boxes are new. */
  function numbers() {
    const cy = graph();
    if (!cy || !cy.scratch("of")) return;
    cy.resize();
    if (!cy.scratch("placed") && cy.width()) {
      cy.scratch("placed", true);
      reach(cy, cy.elements(), true);
    }
    if (!page().rows) return;
    colour(cy, page().state.colour, page().glossary);
    mark(cy, page().state);
    filtered(false);
    clientside.minimap.mount(cy);
  }

  function colour(cy, id, glossary) {
    const metric = glossary[id];
    if (!metric || !cy.scratch("boxes")) return;
    const boxes = cy.scratch("boxes");
    const values = boxes.map((node) => view().total(node.data("tasks"), id, metric.aggregate));
    const most = Math.max(0, ...values.filter((v) => v !== null));
    cy.batch(() => {
      boxes.forEach((node, k) => {
        const step = values[k] === null ? "unknown" : `s${view().step(values[k], most)}`;
        if (node.scratch("step") === step) return;
        node.removeClass("s0 s1 s2 s3 s4 s5 unknown").addClass(step).scratch("step", step);
      });
      cy.nodes(".sum").forEach((node) => {
        const sum = metric.aggregate === "none" && id !== "share" ? null : view().total(node.data("tasks"), id, metric.aggregate);
        node.data("label", sum === null ? "" : view().figure({ ...metric, digits: 2 }, sum));
      });
    });
    const legend = document.getElementById("model--legend");
    const what = boxes.length && boxes.some((n) => n.data("block")) ? "per box" : "per task";
    legend.querySelector(".legend-name").textContent = `${metric.header} ${what}`;
    const ends = legend.querySelector(".legend-ends").children;
    [0, 0.25, 1].forEach((part, k) => (ends[k].textContent = view().number(most * part * metric.scale, 2)));
    page().dataset.colour = id;
    if (clientside.minimap) clientside.minimap.paint(cy);
  }

  const nodeOf = (cy, id) => {
    const of = cy.scratch("of"), row = page().rows.get(id);
    return of && (of.get(id) || (row && of.get(row.anchor)));
  };

  function mark(cy, state) {
    const wanted = new Set(state.selected.map((id) => nodeOf(cy, id)).filter(Boolean));
    const before = cy.scratch("chosen") || new Set();
    cy.batch(() => {
      before.forEach((node) => wanted.has(node) || node.removeClass("chosen"));
      wanted.forEach((node) => before.has(node) || node.addClass("chosen"));
    });
    cy.scratch("chosen", wanted);
    return cy.collection([...wanted]);
  }

  /* Bring boxes into view, above the legend; never so close that their neighbours are lost. */
  function reach(cy, boxes, all) {
    if (!boxes.length) return;
    const box = boxes.boundingBox({ includeLabels: false }), pad = all ? 16 : 70, foot = 48;
    const closest = all ? 1.15 : Math.max(1.1, Math.min(cy.zoom(), 1.6));
    const room = { w: cy.width(), h: cy.height() - foot };
    const seen = cy.extent();
    const inside = box.x1 > seen.x1 && box.x2 < seen.x2 && box.y1 > seen.y1 && box.y2 < seen.y2 - foot / cy.zoom();
    if (!all && inside && cy.zoom() > 0.7) return; // nothing jumps without need
    const zoom = Math.min((room.w - 2 * pad) / box.w, (room.h - 2 * pad) / box.h, closest);
    const pan = {
      x: room.w / 2 - (zoom * (box.x1 + box.x2)) / 2,
      y: room.h / 2 - (zoom * (box.y1 + box.y2)) / 2,
    };
    cy.stop(true);
    if (still() || all === true) cy.viewport({ zoom, pan });
    else cy.animate({ zoom, pan }, { duration: 180, easing: "ease-out" });
  }

  function show(state) {
    const cy = graph();
    if (!cy || !state || !page().rows || !cy.scratch("of")) return;
    if (page().dataset.colour !== state.colour) colour(cy, state.colour, page().glossary);
    const key = state.selected.join();
    if (cy.scratch("key") === key) return;
    cy.scratch("key", key);
    const chosen = mark(cy, state);
    if (state.from !== "graph") reach(cy, chosen);
  }

  /* Boxes with no task that passes the filter step back. */
  function filtered(fit) {
    const cy = graph();
    if (!cy || !cy.scratch("boxes")) return;
    const shown = page().shown;
    const kept = [];
    cy.batch(() => {
      cy.scratch("boxes").forEach((node) => {
        const out = Boolean(shown) && !node.data("tasks").some((i) => shown.has(i));
        if (!out) kept.push(node);
        if (out !== node.hasClass("out")) node.toggleClass("out", out);
      });
      cy.edges().forEach((edge) => {
        const out = edge.source().hasClass("out") || edge.target().hasClass("out");
        if (out !== edge.hasClass("out")) edge.toggleClass("out", out);
      });
    });
    if (fit && kept.length) shown ? reach(cy, cy.collection(kept)) : reach(cy, cy.elements(), "soft");
  }

  function near(id) {
    const cy = graph();
    if (!cy || !page().rows) return;
    const before = cy.scratch("near"), node = id === null ? null : nodeOf(cy, id);
    if (before && before !== node) before.removeClass("near").connectedEdges().removeClass("near");
    if (node) node.addClass("near").connectedEdges().addClass("near");
    cy.scratch("near", node);
  }

  function tip(node) {
    const box = document.getElementById("model--tip");
    box.hidden = !node;
    if (!node) return;
    const ids = node.data("tasks"), row = page().rows.get(ids[0]), glossary = page().glossary;
    const make = view().make, one = ids.length === 1;
    const lines = TIP.map((id) => {
      const metric = glossary[id], now = view().total(ids, id, metric.aggregate);
      return make("tr", {}, make("th", {}, metric.label), make("td", {}, now === null ? "unknown" : view().figure(metric, now)));
    });
    box.replaceChildren(
      make("b", {}, one ? `${row.id} · ${row.name}` : `${node.data("name")} · ${ids.length} tasks`),
      make("div", { class: "muted" }, one
        ? [row.kernel, row.unit, row.bound_by && `${row.bound_by}-bound`, row.kernel_format].filter(Boolean).join(" · ")
        : "click to select, double-click or Enter to open"),
      make("table", {}, ...lines),
      ...(one && row.unknown ? [make("div", { class: "missed" }, row.unknown)] : []),
      ...(one && row.refusal ? [make("div", { class: "muted" }, row.refusal)] : []),
    );
    const at = node.renderedBoundingBox({ includeLabels: false }), room = pane().getBoundingClientRect();
    const left = at.x2 + 10 + box.offsetWidth < room.width ? at.x2 + 10 : Math.max(6, at.x1 - 10 - box.offsetWidth);
    box.style.left = `${left}px`;
    box.style.top = `${Math.max(6, Math.min(at.y1, room.height - box.offsetHeight - 6))}px`;
  }

  function pick(node, extend) {
    const ids = node.data("tasks"), old = new Set(page().state.selected);
    if (extend) ids.every((i) => old.has(i)) ? ids.forEach((i) => old.delete(i)) : ids.forEach((i) => old.add(i));
    view().select(extend ? old : ids, "graph");
  }

  function open(block) {
    if (!block) return;
    page().opened = [...(page().opened || []).filter((b) => b !== block), block];
    clientside.set_props("model--opened", { data: page().opened });
  }

  function listen(cy) {
    if (cy.scratch("listening")) return;
    cy.scratch("listening", true);
    cy.on("tap", (event) => {
      pane().focus({ preventScroll: true });
      if (event.target === cy) {
        if (page().state.selected.length) view().select([], "graph");
      } else if (event.target.isNode() && event.target.hasClass("box")) {
        cursor(cy, event.target, false);
        pick(event.target, event.originalEvent.shiftKey || event.originalEvent.ctrlKey || event.originalEvent.metaKey);
      }
    });
    cy.on("dbltap", "node.box", (event) => open(event.target.data("block")));
    cy.on("mouseover", "node.box", (event) => {
      view().tell("near", event.target.data("tasks")[0]);
      tip(event.target);
    });
    cy.on("mouseout", "node.box", () => {
      view().tell("near", null);
      tip(null);
    });
    let corner = null;
    cy.on("boxstart", (event) => (corner = event.position));
    cy.on("boxend", (event) => {
      const to = event.position, ids = new Set(page().state.selected);
      const [x1, x2] = [Math.min(corner.x, to.x), Math.max(corner.x, to.x)];
      const [y1, y2] = [Math.min(corner.y, to.y), Math.max(corner.y, to.y)];
      cy.scratch("boxes").forEach((node) => {
        const p = node.position();
        if (p.x >= x1 && p.x <= x2 && p.y >= y1 && p.y <= y2) node.data("tasks").forEach((i) => ids.add(i));
      });
      view().select(ids, "graph");
    });
    cy.on("viewport", () => tip(null));
    pane().addEventListener("keydown", (event) => keys(cy, event));
    pane().addEventListener("focus", () => cy.scratch("cursor") || cursor(cy, firstOf(cy), false));
    new ResizeObserver(() => cy.resize()).observe(pane());
  }

  const firstOf = (cy) => [...(cy.scratch("chosen") || [])][0] || cy.scratch("boxes")[0];

  function cursor(cy, node, reveal) {
    const old = cy.scratch("cursor");
    if (old) old.removeClass("cursor");
    cy.scratch("cursor", node);
    if (!node) return;
    node.addClass("cursor");
    if (!reveal) return;
    const at = node.renderedPosition();
    if (at.x < 60 || at.y < 30 || at.x > cy.width() - 60 || at.y > cy.height() - 30) cy.center(node);
    tip(node);
  }

  /* Down and up follow the edges; left and right go to the nearest box beside. */
  function keys(cy, event) {
    const old = cy.scratch("cursor") || firstOf(cy);
    if (!old || event.target !== pane()) return;
    const p = old.position();
    const beside = (sign) => {
      let best = null, least = Infinity;
      cy.scratch("boxes").forEach((node) => {
        const q = node.position(), dx = (q.x - p.x) * sign, cost = dx + 4 * Math.abs(q.y - p.y);
        if (dx > 1 && cost < least) [best, least] = [node, cost];
      });
      return best;
    };
    const along = (nodes) => nodes.filter(".box")[0];
    const moves = {
      ArrowDown: () => along(old.outgoers()), ArrowUp: () => along(old.incomers()),
      ArrowLeft: () => beside(-1), ArrowRight: () => beside(1),
    };
    if (moves[event.key]) cursor(cy, moves[event.key]() || old, true);
    else if (event.key === "Enter") old.data("block") ? open(old.data("block")) : pick(old, event.shiftKey);
    else if (event.key === " ") pick(old, event.shiftKey);
    else if (event.key === "+" || event.key === "-") step(cy, event.key === "+" ? 1.3 : 1 / 1.3);
    else return;
    event.preventDefault();
  }

  const step = (cy, factor) =>
    cy.zoom({ level: cy.zoom() * factor, renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } });

  function zoom() {
    const cy = graph(), id = clientside.callback_context.triggered_id;
    if (!cy || !clientside.callback_context.triggered[0].value) return;
    if (id === "model--fit") reach(cy, cy.elements(), "soft");
    else step(cy, id === "model--zoom-in" ? 1.3 : 1 / 1.3);
  }

  function fold(clicks) {
    if (!clicks) return clientside.no_update;
    page().opened = [];
    return [];
  }

  /* cytoscape cannot read CSS variables: it gets the stylesheet of the current scheme. */
  function scheme(styles) {
    const root = document.documentElement;
    const name = () => (root.dataset.mantineColorScheme === "dark" ? "dark" : "light");
    if (!page().watching) {
      page().watching = new MutationObserver(() => {
        if (!page()) return;
        clientside.set_props("model--graph", { stylesheet: styles[name()] });
        setTimeout(() => graph() && clientside.minimap && clientside.minimap.paint(graph()), 60);
      });
      page().watching.observe(root, { attributes: true, attributeFilter: ["data-mantine-color-scheme"] });
    }
    return styles[name()];
  }

  (clientside.parts = clientside.parts || []).push({
    active: (state) => state.dock === "graph" && state.show === "blocks",
    numbers, show, filtered, near,
  });
  clientside.op_graph = { draw, zoom, fold, scheme, graph };
})();
