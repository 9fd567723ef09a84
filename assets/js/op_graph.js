/* The drawing of tasks: colours, selection, hover, keyboard.  Boxes are placed by the server
   (dashboard/figures/op_graph.py); everything is a class, cytoscape's own selection is off. */
(function () {
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const view = () => clientside.view;
  const page = () => document.getElementById("model--page");
  const hub = () => clientside.graph_pane;
  const on = () => hub().shown() === "blocks";
  let anchor = null, pending = null; // where one looked: before the boxes changed, in the other mode

  function graph() {
    const host = document.getElementById("model--graph");
    return host && host._cyreg ? host._cyreg.cy : null;
  }

  /* New boxes, or new numbers: wait until cytoscape holds them, then index, colour, fit. */
  async function draw(elements) {
    if (!elements || !elements.length) return;
    let cy = graph();
    const held = () => cy && cy.elements().length === elements.length && cy.getElementById(elements[0].data.id).length;
    for (let k = 0; k < 120 && !held(); k++) {
      await new Promise((done) => requestAnimationFrame(done));
      cy = graph();
    }
    if (!cy || !page()) return;
    listen(cy);
    if (cy.scratch("elements") === elements) return;
    cy.scratch("elements", elements);
    const boxes = cy.nodes(".box"), of = new Map();
    boxes.forEach((node) => node.data("tasks").forEach((i) => of.set(i, node)));
    cy.scratch("of", of).scratch("boxes", boxes).scratch("chosen", new Set());
    boxes.forEach((node) => node.scratch("step", null).scratch("hits", -1));
    cy.elements().removeClass("out near cursor chosen");
    cy.scratch("picture", null);
    hub().pane().classList.add("drawn");
    if (anchor && cy.scratch("placed")) settle(anchor);
    anchor = null;
    document.getElementById("model--fold").hidden = !on() || !(page().opened || []).length;
    numbers();
  }

  /* The rows have new figures, or the boxes are new. */
  function numbers() {
    const cy = graph();
    if (!cy || !cy.scratch("of")) return;
    cy.resize();
    if (!cy.scratch("placed") && cy.width()) {
      cy.scratch("placed", true);
      pending ? settle(pending) : reach(cy, cy.elements(), true);
      pending = null;
    }
    if (!page().rows) return;
    flow(page().state.direction);
    colour(cy, page().state.colour, page().glossary);
    mark(cy, page().state);
    filtered(false);
    if (on()) clientside.minimap.frame(map);
  }

  function colour(cy, id, glossary) {
    const metric = glossary[id];
    const boxes = cy.scratch("boxes");
    if (!metric || !boxes) return;
    const values = boxes.map((node) => view().total(node.data("tasks"), id, metric.aggregate));
    const most = Math.max(0, ...values.filter((v) => v !== null));
    cy.batch(() => {
      boxes.forEach((node, k) => {
        const step = values[k] === null ? "unknown" : `s${view().step(values[k], most)}`;
        if (node.scratch("step") === step) return;
        node.removeClass("s0 s1 s2 s3 s4 s5 unknown").addClass(step).scratch("step", step);
      });
      cy.nodes(".sum").forEach((node) => {
        const none = metric.aggregate === "none" && id !== "share";
        const sum = none ? null : view().total(node.data("tasks"), id, metric.aggregate);
        node.data("label", sum === null ? "" : view().figure({ ...metric, digits: 2 }, sum));
      });
    });
    if (on()) hub().legend(metric, boxes.some((n) => n.data("block")) ? "per box" : "per task", most);
    page().dataset.colour = id;
    cy.scratch("picture", null);
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

  const now = (cy) => ({ k: cy.zoom(), ...cy.pan() });
  const bounds = (boxes) => boxes.boundingBox({ includeLabels: false });
  const room = (cy) => ({ w: cy.width(), h: cy.height() });

  function look(cy, to, instant) {
    if (!to) return; // it is seen well enough
    const viewport = { zoom: to.k, pan: { x: to.x, y: to.y } };
    cy.stop(true);
    if (hub().still() || instant) cy.viewport(viewport);
    else cy.animate(viewport, { duration: 180, easing: "ease-out" });
  }

  /* Bring boxes into view; all: true at once, "soft" on the way. */
  function reach(cy, boxes, all) {
    if (boxes.length) look(cy, hub().aim(bounds(boxes), room(cy), now(cy), all, 0.7), all === true);
  }

  function here() {
    const cy = graph(), boxes = cy && cy.scratch("boxes");
    if (!boxes || !boxes.length || !cy.scratch("placed")) return null;
    const e = cy.extent(), all = bounds(boxes);
    const centre = { x: (e.x1 + e.x2) / 2, y: (e.y1 + e.y2) / 2 };
    const far = (node) => Math.hypot(node.position("x") - centre.x, node.position("y") - centre.y);
    const best = boxes.reduce((one, node) => (far(node) < far(one) ? node : one), boxes[0]);
    const places = new Map();
    cy.scratch("of").forEach((node, i) => places.set(i, [node.position("x"), node.position("y")]));
    const p = best.renderedPosition();
    return {
      ...now(cy), tasks: best.data("tasks"), at: [p.x, p.y],
      single: places.size === boxes.length, point: (i) => places.get(i),
      whole: e.x1 <= all.x1 && e.y1 <= all.y1 && e.x2 >= all.x2 && e.y2 >= all.y2,
    };
  }

  /* Look where one looked before, in this mode or the other. */
  function settle(old) {
    const cy = graph();
    if (!cy || !cy.scratch("of") || !cy.width()) return (pending = old);
    cy.resize();
    cy.scratch("placed", true);
    const of = cy.scratch("of"), whole = hub().aim(bounds(cy.elements()), room(cy), now(cy), true);
    const boxes = [...new Set(old.tasks.map((i) => of.get(i)))].filter(Boolean);
    const same = old.single && of.size === cy.scratch("boxes").length && old.tasks.every((i) => {
      const p = of.has(i) && of.get(i).position(), [x, y] = old.point(i) || [];
      return p && Math.abs(p.x - x) < 2 && Math.abs(p.y - y) < 2;
    });
    if (same) return look(cy, old, true);
    if (!boxes.length || (old.whole && !old.opened)) return look(cy, whole, true);
    const box = bounds(cy.collection(boxes));
    if (!old.opened) return look(cy, hub().beside(old, box, room(cy), whole), true);
    // a block that opened keeps its top where it was, unless what it holds would be cut off
    const x = old.at[0] - (old.k * (box.x1 + box.x2)) / 2, y = old.top - old.k * box.y1;
    const inner = (v, low, high, most) =>
      high - low > most ? (most - low - high) / 2 : Math.min(Math.max(v, 12 - low), most - 12 - high);
    const [w, h] = [cy.width(), cy.height() - 52], k = old.k;
    look(cy, { k, x: inner(x, box.x1 * k, box.x2 * k, w), y: inner(y, box.y1 * k, box.y2 * k, h) }, true);
  }

  function show(state) {
    const cy = graph();
    if (!cy || !state || !page().rows || !cy.scratch("of")) return;
    flow(state.direction);
    if (page().dataset.colour !== state.colour) colour(cy, state.colour, page().glossary);
    const key = state.selected.join();
    if (cy.scratch("key") === key) return;
    cy.scratch("key", key);
    const chosen = mark(cy, state);
    if (state.from !== "graph") reach(cy, chosen);
  }

  /* The server draws the blocks in the direction that the state says. */
  function flow(direction) {
    if (!page().flow) page().flow = new URLSearchParams(location.search).get("dir") || "down";
    if (page().flow === direction) return;
    page().flow = direction;
    anchor = here();
    clientside.set_props("model--flow", { data: direction });
  }

  /* Boxes with no task that passes the filter step back. */
  function filtered(fit) {
    const cy = graph();
    if (!cy || !cy.scratch("boxes")) return;
    const shown = page().shown, kept = [];
    cy.batch(() => {
      cy.scratch("boxes").forEach((node) => {
        const out = Boolean(shown) && !node.data("tasks").some((i) => shown.has(i));
        if (!out) kept.push(node);
        if (out !== node.hasClass("out")) node.toggleClass("out", out);
        badge(node, shown && !out ? node.data("tasks").filter((i) => shown.has(i)).length : 0);
      });
      cy.edges().forEach((edge) => {
        const out = edge.source().hasClass("out") || edge.target().hasClass("out");
        if (out !== edge.hasClass("out")) edge.toggleClass("out", out);
      });
    });
    const seen = cy.extent(), inside = (p) => p.x > seen.x1 && p.x < seen.x2 && p.y > seen.y1 && p.y < seen.y2;
    if (fit && shown && kept.length && !kept.some((node) => inside(node.position()))) reach(cy, cy.collection(kept));
  }

  /* How many of a folded block's tasks pass the filter. */
  function badge(node, hits) {
    if (node.data("tasks").length < 2 || node.scratch("hits") === hits) return;
    node.scratch("hits", hits);
    if (!node.scratch("plain")) node.scratch("plain", node.data("label"));
    const plain = node.scratch("plain");
    node.data("label", hits ? `${plain.split(" · ")[0]} · ${hits} of ${node.data("tasks").length}` : plain);
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
    hub().tipTasks(node.renderedBoundingBox({ includeLabels: false }), node.data("tasks"), node.data("name"),
      "click to select, double-click or Enter to open", node.data("copies"));
  }
  const pick = (node, extend) => hub().pick(node.data("tasks"), extend);

  const within = (frame, p) =>
    Math.abs(frame.position("x") - p.x) < frame.data("width") / 2 &&
    Math.abs(frame.position("y") - p.y) < frame.data("height") / 2;

  function open(block) {
    if (!block) return;
    const node = graph().scratch("boxes").filter((n) => n.data("block") === block)[0];
    const p = node.renderedPosition(), box = node.renderedBoundingBox({ includeLabels: false });
    ask(block, true, node, [p.x, p.y], box.y1);
  }

  /* A frame folds again; its box comes where the pointer is. */
  function close(frame, at) {
    const inside = graph().scratch("boxes").filter((n) => within(frame, n.position()));
    if (frame.data("frame")) ask(frame.data("frame"), false, inside, [at.x, at.y], at.y - 13 * graph().zoom());
  }

  /* Blocks that are not as they were at first: opened, or with "-" before their id, folded.
     What holds the tasks of `nodes` afterwards comes where they were. */
  function ask(block, open, nodes, at, top) {
    if (anchor && performance.now() - anchor.asked < 2000) return; // the last one is on its way
    const tasks = nodes.toArray().flatMap((n) => n.data("tasks"));
    anchor = { ...now(graph()), tasks, at, top, opened: true, asked: performance.now() };
    const old = page().opened || [], other = open ? `-${block}` : block;
    page().opened = old.includes(other) ? old.filter((b) => b !== other) : [...old, open ? block : `-${block}`];
    clientside.set_props("model--opened", { data: page().opened });
  }

  function listen(cy) {
    if (cy.scratch("listening")) return;
    cy.scratch("listening", true);
    cy.on("tap", (event) => {
      hub().pane().focus({ preventScroll: true });
      if (event.target === cy || event.target.isEdge()) {
        if (page().state.selected.length) view().select([], "graph");
      } else if (event.target.hasClass("box")) {
        cursor(cy, event.target, false);
        pick(event.target, event.originalEvent.shiftKey || event.originalEvent.ctrlKey || event.originalEvent.metaKey);
      }
    });
    cy.on("dbltap", "node.box", (event) => open(event.target.data("block")));
    cy.on("dbltap", (event) => {
      const frame = event.target === cy && cy.nodes(".frame").filter((n) => within(n, event.position))[0];
      if (frame) close(frame, event.renderedPosition);
    });
    cy.on("mouseover", "node.box", (event) => {
      view().tell("near", event.target.data("tasks")[0]);
      tip(event.target);
    });
    cy.on("mouseover", "edge", (event) => {
      const edge = event.target, p = event.renderedPosition, name = (node) => {
        const ids = node.data("tasks"), row = ids.length === 1 && page().rows.get(ids[0]);
        return row ? row.name : node.data("name");
      };
      edge.addClass("near");
      if (!edge.data("tensor")) return;
      hub().tipEdge({ x1: p.x - 6, x2: p.x + 6, y1: p.y + 8, y2: p.y }, name(edge.source()), name(edge.target()),
        edge.data("tensor"), edge.data("bytes"), edge.data("count"));
    });
    cy.on("mouseout", "edge", (event) => {
      event.target.removeClass("near");
      hub().tip(null);
    });
    cy.on("mouseout", "node.box", () => {
      view().tell("near", null);
      hub().tip(null);
    });
    cy.on("viewport", () => on() && hub().tip(null));
    cy.on("render", () => on() && page().rows && clientside.minimap.frame(map));
    hub().pane().addEventListener("focus", () => on() && (cy.scratch("cursor") || cursor(cy, firstOf(cy), false)));
    new ResizeObserver(() => graph() === cy && cy.resize()).observe(hub().pane());
  }

  /* The box at a pixel of the pane. */
  function boxAt(cy, [x, y]) {
    return cy.scratch("boxes").filter((node) => {
      const box = node.renderedBoundingBox({ includeLabels: false });
      return x >= box.x1 && x <= box.x2 && y >= box.y1 && y <= box.y2;
    })[0];
  }

  /* The boxes as a picture for the overview. */
  function picture() {
    const cy = graph(), boxes = cy && cy.scratch("boxes");
    if (!boxes || !boxes.length || cy.scratch("picture")) return cy && cy.scratch("picture");
    const all = bounds(boxes), t = hub().tokens(), canvas = document.createElement("canvas");
    const k = Math.min(600 / all.w, 440 / all.h, 1), pen = canvas.getContext("2d");
    [canvas.width, canvas.height] = [Math.ceil(all.w * k), Math.ceil(all.h * k)];
    boxes.forEach((node) => {
      const p = node.position(), step = node.scratch("step") || "";
      pen.fillStyle = step[0] === "s" ? t[`seq-${Math.max(1, Number(step[1]))}`] : t.faint;
      pen.fillRect((p.x - 56 - all.x1) * k, (p.y - 13 - all.y1) * k, Math.max(6, 112 * k), Math.max(4, 26 * k));
    });
    cy.scratch("all", { x1: all.x1, y1: all.y1, x2: all.x2, y2: all.y2 });
    return cy.scratch("picture", { canvas, k, x: all.x1, y: all.y1 }).scratch("picture");
  }
  const map = {
    get all() { return picture() && graph().scratch("all"); },
    get picture() { return picture(); },
    seen: () => graph().extent(),
    centre: (x, y) => {
      const { w, h } = room(graph()), k = graph().zoom();
      graph().pan({ x: w / 2 - x * k, y: h / 2 - y * k });
    },
  };

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

  function walk(way) {
    const cy = graph(), boxes = cy.scratch("boxes"), old = cy.scratch("cursor") || firstOf(cy);
    const side = way === "out" ? old.outgoers(".box") : way === "into" ? old.incomers(".box") : null;
    const [aside, ahead] = page().state.direction === "right" ? ["y", "x"] : ["x", "y"];
    const place = (axis) => (i) => boxes[i].position(axis);
    const k = boxes.toArray().indexOf(old), sign = way === "after" ? 1 : -1;
    cursor(cy, (side ? side[0] : boxes[hub().nearest(boxes.length, k, sign, place(aside), place(ahead))]) || old, true);
  }

  const step = (cy, factor) =>
    cy.zoom({ level: cy.zoom() * factor, renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } });

  function fold(clicks) {
    if (!clicks) return clientside.no_update;
    page().opened = [];
    anchor = here();
    return [];
  }

  /* cytoscape cannot read CSS variables: it gets the stylesheet of the current scheme. */
  let styles;
  const styled = () => styles[document.documentElement.dataset.mantineColorScheme === "dark" ? "dark" : "light"];
  function scheme(both) {
    styles = both;
    return styled();
  }

  (clientside.parts = clientside.parts || []).push({
    active: (state) => state.dock === "graph" && state.show === "blocks",
    numbers, show, filtered, near,
  });
  hub().modes.blocks = {
    here, settle, walk,
    enter: (key, extend) => {
      const old = graph().scratch("cursor") || firstOf(graph());
      key === "Enter" && old.data("block") ? open(old.data("block")) : pick(old, extend);
    },
    scheme: () => {
      if (styles) clientside.set_props("model--graph", { stylesheet: styled() });
      if (graph()) graph().scratch("picture", null);
    },
    step: (factor) => step(graph(), factor),
    fit: () => reach(graph(), graph().elements(), "soft"),
    press: (at, event) => {
      const node = boxAt(graph(), at);
      if (!node) return;
      cursor(graph(), node, false);
      pick(node, event.shiftKey || event.ctrlKey || event.metaKey);
    },
    lasso: (inside) => graph().scratch("boxes").toArray().flatMap((node) => {
      const p = node.renderedPosition();
      return inside(p.x, p.y) ? node.data("tasks") : [];
    }),
  };
  clientside.op_graph = { draw, fold, scheme, graph };
})();
