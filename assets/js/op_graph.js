/* The drawing of blocks: boxes, colours, selection, where one looks.  Boxes are placed by the server
   (dashboard/figures/op_graph.py); everything is a class, cytoscape's own selection is off.
   op_hand.js has pointer and keyboard. */
(function (clientside) {
  const { view, canvas, graph_pane: hub } = clientside, { page } = view;
  const on = () => hub.shown() === "blocks";
  let anchor = null, pending = null; // where one looked: before the boxes changed, in the other mode
  let wanted = null; // the address of the boxes asked for

  function graph() {
    const host = document.getElementById("model--graph");
    return host && host._cyreg ? host._cyreg.cy : null;
  }

  const opened = () => (page() && page().opened) || [];
  const address = (blocks) => hub.url("blocks", blocks);
  const elements = (of) => hub.fetched(of, (answer) => answer.json());

  /* Opens or folds blocks; what holds the tasks of `nodes` afterwards comes where they were. */
  function ask(blocks, nodes, at, top) {
    if (anchor && anchor.opened) return; // the last one is on its way
    const tasks = nodes.toArray().flatMap((n) => n.data("tasks"));
    anchor = { ...now(graph()), tasks, at, top, opened: true };
    page().opened = blocks;
    renew();
  }

  /* Ask for the boxes that target, sizes, direction and opened blocks call for; draw what comes. */
  async function renew() {
    const own = (wanted = address(opened()));
    try {
      const found = await elements(own);
      for (let k = 0; k < 600 && own === wanted && !(page() && graph()); k++) await new Promise(requestAnimationFrame);
      if (own === wanted && graph()) draw(found, own);
    } catch (fault) {
      if (own !== wanted) return;
      if (graph()) page().opened = graph().scratch("opened") || [];
      [wanted, anchor] = [null, null];
      if (on()) hub.fault(fault);
    }
  }

  function draw(found, own) {
    const cy = graph(), base = address([]);
    if (cy.scratch("address") === own) return;
    clientside.op_hand.listen(cy);
    if (cy.scratch("base") !== base) cy.elements().remove(); // other tasks, or another direction
    cy.scratch("base", base).scratch("address", own).scratch("opened", opened()).scratch("picture", null);
    patch(cy, found);
    const boxes = cy.nodes(".box"), of = new Map(), old = cy.scratch("cursor");
    boxes.forEach((node) => node.data("tasks").forEach((i) => of.set(i, node)));
    cy.scratch("of", of).scratch("boxes", boxes);
    if (old && old.removed()) clientside.op_hand.cursor(cy, of.get(old.data("tasks")[0]) || null, false);
    hub.pane().classList.add("drawn");
    if (cy.scratch("placed")) paint(cy);
    else numbers();
    if (anchor && cy.scratch("placed")) settle(anchor);
    anchor = null;
    hub.folds();
  }

  /* What is gone goes, what stays moves, what is new comes.  Frames and edges that changed are new. */
  function patch(cy, found) {
    const made = (one) => (one.classes.startsWith("box") ? "" : JSON.stringify(one));
    const fresh = found.map((one) => ({ ...one, data: { ...one.data }, scratch: { made: made(one) } }));
    const want = new Map(fresh.map((one) => [one.data.id, one]));
    cy.batch(() => {
      cy.remove(cy.elements().filter((old) => {
        const one = want.get(old.id());
        return !one || one.scratch.made !== old.scratch("made");
      }));
      cy.add(fresh.filter(({ data, position }) => {
        const old = cy.getElementById(data.id);
        if (old.length && position) old.position(position);
        return !old.length;
      }));
    });
  }

  /* The rows have new figures, or the boxes are new. */
  function numbers() {
    const cy = graph();
    if (!cy || !cy.scratch("of")) return;
    cy.resize();
    if (!cy.scratch("placed") && cy.width()) {
      cy.scratch("placed", true);
      pending ? settle(pending) : look(cy, fitted(cy), true);
      pending = null;
    }
    paint(cy);
  }

  function paint(cy) {
    if (!page().rows) return;
    colour(cy, page().state.colour, page().glossary);
    mark(cy, page().state);
    filtered(false);
    if (wanted !== address(opened())) flow();
  }

  function colour(cy, id, glossary) {
    const metric = glossary[id];
    const boxes = cy.scratch("boxes");
    if (!metric || !boxes) return;
    const values = boxes.map((node) => view.total(node.data("tasks"), id, metric.aggregate));
    const most = Math.max(0, ...values.filter((v) => v !== null));
    cy.batch(() => {
      boxes.forEach((node, k) => {
        const step = values[k] === null ? "unknown" : `s${view.step(values[k], most)}`;
        if (node.scratch("step") === step) return;
        node.removeClass("s0 s1 s2 s3 s4 s5 unknown").addClass(step).scratch("step", step);
      });
      cy.nodes(".sum").forEach((node) => {
        const none = metric.aggregate === "none" && id !== "share";
        const sum = none ? null : view.total(node.data("tasks"), id, metric.aggregate);
        node.data("label", sum === null ? "" : view.figure({ ...metric, digits: 2 }, sum));
      });
    });
    if (on()) hub.legend(metric, boxes.some((n) => n.data("block")) ? "per box" : "per task", most);
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
  const [WIDE, HIGH] = [112, 26]; // of a box, as in dashboard/figures/layered.py
  const whole = (cy) => cy.elements().boundingBox({ includeLabels: false }); // with every edge, which takes a while

  const bounds = (boxes) => hub.bounds(boxes.map((node) => [node.position("x"), node.position("y")]), WIDE, HIGH);
  const room = (cy) => ({ w: cy.width(), h: cy.height() });

  function look(cy, to, instant) {
    if (!to) return; // it is seen well enough
    const viewport = { zoom: to.k, pan: { x: to.x, y: to.y } };
    cy.stop(true);
    if (hub.still() || instant) cy.viewport(viewport);
    else cy.animate(viewport, { duration: 180, easing: "ease-out" });
  }

  const fitted = (cy) => hub.aim(whole(cy), room(cy), now(cy), true);

  /* Bring boxes into view. */
  function reach(cy, boxes) {
    if (boxes.length) look(cy, hub.aim(bounds(boxes), room(cy), now(cy), false, 0.7));
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
    const of = cy.scratch("of");
    const boxes = [...new Set(old.tasks.map((i) => of.get(i)))].filter(Boolean);
    const same = old.single && of.size === cy.scratch("boxes").length && old.tasks.every((i) => {
      const p = of.has(i) && of.get(i).position(), [x, y] = old.point(i) || [];
      return p && Math.abs(p.x - x) < 2 && Math.abs(p.y - y) < 2;
    });
    if (same) return look(cy, old, true);
    if (!boxes.length || (old.whole && !old.opened)) return look(cy, fitted(cy), true);
    const box = bounds(cy.collection(boxes));
    if (!old.opened) return look(cy, hub.beside(old, box, room(cy), fitted(cy)), true);
    // a block that opened stays where it was as far as it is in sight there; what is too large begins in sight
    const x = old.at[0] - (old.k * (box.x1 + box.x2)) / 2, y = old.top - old.k * box.y1;
    const inner = (v, low, high, most) => Math.max(12 - low, Math.min(v, most - 12 - high));
    const [w, h] = [cy.width(), cy.height() - 52], k = old.k;
    look(cy, { k, x: inner(x, box.x1 * k, box.x2 * k, w), y: inner(y, box.y1 * k, box.y2 * k, h) }, true);
  }

  function show(state) {
    const cy = graph();
    if (!cy || !state || !page().rows || !cy.scratch("of")) return;
    if (wanted !== address(opened())) flow();
    if (page().dataset.colour !== state.colour) colour(cy, state.colour, page().glossary);
    const key = state.selected.join();
    if (cy.scratch("key") === key) return;
    cy.scratch("key", key);
    const chosen = mark(cy, state);
    if (state.from !== "graph") reach(cy, chosen);
  }

  /* Another direction, or what was asked for did not come. */
  function flow() {
    anchor = here();
    renew();
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

  /* The boxes as a picture for the overview. */
  function picture() {
    const cy = graph(), boxes = cy && cy.scratch("boxes");
    if (!boxes || !boxes.length || cy.scratch("picture")) return cy && cy.scratch("picture");
    const all = bounds(boxes), t = canvas.ink();
    const [w, h] = [all.x2 - all.x1, all.y2 - all.y1], k = Math.min(600 / w, 440 / h, 1);
    const sheet = canvas.blank(Math.ceil(w * k), Math.ceil(h * k)), pen = sheet.getContext("2d");
    boxes.forEach((node) => {
      const p = node.position(), step = node.scratch("step") || "";
      pen.fillStyle = step[0] === "s" ? t[`seq-${Math.max(1, Number(step[1]))}`] : t.faint;
      pen.fillRect((p.x - WIDE / 2 - all.x1) * k, (p.y - HIGH / 2 - all.y1) * k,
        Math.max(6, WIDE * k), Math.max(4, HIGH * k));
    });
    cy.scratch("all", all);
    return cy.scratch("picture", { canvas: sheet, k, x: all.x1, y: all.y1 }).scratch("picture");
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

  const step = (cy, factor) =>
    cy.zoom({ level: cy.zoom() * factor, renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } });

  function fold() {
    page().opened = [];
    flow();
  }

  /* cytoscape cannot read CSS variables: it gets the stylesheet of the current scheme. */
  let styles;
  const styled = () => styles[document.documentElement.dataset.mantineColorScheme === "dark" ? "dark" : "light"];
  function scheme(both) {
    styles = both;
    return styled();
  }

  hub.modes.blocks = {
    here, settle, fold,
    source: () => (on() ? renew() : window.requestIdleCallback(renew, { timeout: 3000 })),
    scheme: () => {
      if (styles) clientside.set_props("model--graph", { stylesheet: styled() });
      if (graph()) graph().scratch("picture", null);
    },
    step: (factor) => step(graph(), factor),
    fit: () => look(graph(), fitted(graph())),
  };
  clientside.op_graph = { graph, on, map, opened, address, elements, ask, nodeOf, numbers, show, filtered, scheme };
  if (hub.early("blocks")) renew();
})(window.dash_clientside);
