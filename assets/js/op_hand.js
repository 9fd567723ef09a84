/* Pointer and keyboard on the drawing of blocks: hover, tooltip, selection, opening, walking. */
(function (clientside) {
  const { graph, on, map, opened, address, elements, ask, nodeOf, numbers, show, filtered } = clientside.op_graph;
  const { view, canvas, graph_pane: hub } = clientside, { page } = view;
  let soon = null; // the timer of what is asked for ahead

  function near(id) {
    const cy = graph();
    if (!cy || !page().rows) return;
    const before = cy.scratch("near"), node = id === null ? null : nodeOf(cy, id);
    if (before && before !== node) before.removeClass("near").connectedEdges().removeClass("near");
    if (node) node.addClass("near").connectedEdges().addClass("near");
    cy.scratch("near", node);
  }

  const seen = (node) => node.renderedBoundingBox({ includeLabels: false });
  const tip = (node) => hub.tipTasks(seen(node), node.data("tasks"), node.data("name"),
    "double-click or Enter opens it", node.data("copies"));

  function press(node, event) {
    if (node) cursor(graph(), node, false);
    canvas.pick(node ? node.data("tasks") : [], event, "graph");
  }

  const within = (frame, p) =>
    Math.abs(frame.position("x") - p.x) < frame.data("width") / 2 &&
    Math.abs(frame.position("y") - p.y) < frame.data("height") / 2;

  function open(node) {
    const p = node.renderedPosition();
    if (node.data("block")) ask(after(node.data("block"), true), node, [p.x, p.y], seen(node).y1);
  }

  /* A frame folds again; its box comes where the pointer is. */
  function close(frame, at) {
    const inside = graph().scratch("boxes").filter((n) => within(frame, n.position()));
    if (frame.data("frame")) ask(after(frame.data("frame"), false), inside, [at.x, at.y], at.y - 13 * graph().zoom());
  }

  /* Blocks that are not as they were at first: opened, or with "-" before their id, folded. */
  function after(block, open) {
    const other = open ? `-${block}` : block, old = opened();
    return old.includes(other) ? old.filter((b) => b !== other) : [...old, open ? block : `-${block}`];
  }

  /* What a block holds is asked for when the pointer rests on it. */
  function ahead(node, wait) {
    const block = node.data("block"), own = block && address(after(block, true));
    clearTimeout(soon);
    if (block) soon = setTimeout(() => elements(own).catch(() => null), wait);
  }

  function listen(cy) {
    if (cy.scratch("listening")) return;
    cy.scratch("listening", true);
    // the component tells Dash of each tap, hover and move, which nobody reads and takes longest of all
    cy.removeListener("tap tapstart mouseover mouseout select unselect add remove dragfree resize viewport");
    cy.on("tapstart", "node.box", (event) => ahead(event.target, 0));
    cy.on("tap", (event) => {
      hub.pane().focus({ preventScroll: true });
      const box = event.target !== cy && event.target.hasClass("box");
      if (event.originalEvent.detail < 2) press(box ? event.target : null, event.originalEvent); // else it opens
    });
    cy.on("dbltap", "node.box", (event) => open(event.target));
    cy.on("dbltap", (event) => {
      const frame = event.target === cy && cy.nodes(".frame").filter((n) => within(n, event.position))[0];
      if (frame) close(frame, event.renderedPosition);
    });
    cy.on("mouseover", "node.box", (event) => {
      view.tell("near", event.target.data("tasks")[0]);
      tip(event.target);
      ahead(event.target, 80);
    });
    cy.on("mouseover", "edge", (event) => {
      const edge = event.target, p = event.renderedPosition, name = (node) => {
        const ids = node.data("tasks"), row = ids.length === 1 && page().rows.get(ids[0]);
        return row ? row.name : node.data("name");
      };
      edge.addClass("near");
      if (!edge.data("tensor")) return;
      hub.tipEdge({ x1: p.x - 6, x2: p.x + 6, y1: p.y + 8, y2: p.y }, name(edge.source()), name(edge.target()),
        edge.data("tensor"), edge.data("bytes"), edge.data("count"));
    });
    cy.on("mouseout", "edge", (event) => {
      event.target.removeClass("near");
      hub.tip(null);
    });
    cy.on("mouseout", "node.box", () => {
      view.tell("near", null);
      hub.tip(null);
    });
    cy.on("viewport", () => on() && hub.tip(null));
    cy.on("render", () => on() && page().rows && clientside.minimap.frame(map));
    hub.pane().addEventListener("focus", () => on() && (cy.scratch("cursor") || cursor(cy, firstOf(cy), false)));
    new ResizeObserver(() => graph() === cy && cy.resize()).observe(hub.pane());
  }

  /* The box at a pixel of the pane. */
  function boxAt(cy, [x, y]) {
    return cy.scratch("boxes").filter((node) => {
      const box = seen(node);
      return x >= box.x1 && x <= box.x2 && y >= box.y1 && y <= box.y2;
    })[0];
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

  function walk(way) {
    const cy = graph(), boxes = cy.scratch("boxes"), old = cy.scratch("cursor") || firstOf(cy);
    const side = way === "out" ? old.outgoers(".box") : way === "into" ? old.incomers(".box") : null;
    const [aside, ahead] = page().state.direction === "right" ? ["y", "x"] : ["x", "y"];
    const place = (axis) => (i) => boxes[i].position(axis);
    const k = boxes.toArray().indexOf(old), sign = way === "after" ? 1 : -1;
    cursor(cy, (side ? side[0] : boxes[hub.nearest(boxes.length, k, sign, place(aside), place(ahead))]) || old, true);
  }

  clientside.parts.push({
    active: (state) => state.dock === "graph" && state.show === "blocks",
    numbers, show, filtered, near,
  });
  Object.assign(hub.modes.blocks, {
    walk,
    enter: (event) => {
      const old = graph().scratch("cursor") || firstOf(graph());
      event.key === "Enter" && old.data("block") ? open(old) : press(old, event);
    },
    press: (at, event) => press(boxAt(graph(), at), event),
    lasso: (inside) => graph().scratch("boxes").toArray().flatMap((node) => {
      const p = node.renderedPosition();
      return inside(p.x, p.y) ? node.data("tasks") : [];
    }),
  });
  clientside.op_hand = { listen, cursor };
})(window.dash_clientside);
