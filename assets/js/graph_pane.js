/* What both modes of the graph share: which is shown, gestures, tooltip, legend, zoom buttons.
   A mode registers in `graph_pane.modes` as {source(other), here(), settle(here), step(factor), fit(),
   walk(way), enter(event), press(at, event), lasso(inside)}: `source` hears of another model,
   target or size, `here` says where one looks, `settle` makes another mode look there too. */
(function (clientside) {
  const FOOT = 52; // pixels that legend and overview take at the bottom
  const KEPT = 24; // answers of the server
  const modes = {}, asked = new Map();
  const { view, canvas, hand } = clientside, { make, once } = clientside.dom;
  const page = () => document.getElementById("model--page");
  const pane = () => document.getElementById("model--graph-pane");
  const still = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const shown = () => pane() && pane().dataset.show;

  /* What the server is asked to draw: `model`, and `query` for its target and sizes.  As long as the
     page is not mounted the address says so, and the drawing is asked for before there is a place. */
  let about = null;
  const given = new URLSearchParams(location.search), named = /\/model\/([\w-]{22})\/?$/.exec(location.pathname);
  const direction = () => ((page() && page().state) || {}).direction || given.get("dir") || "down";
  if (named) {
    const query = [...given].filter(([key]) => ["target", "bind"].includes(key));
    about = { model: named[1], query, early: true };
  }
  const early = (show) => Boolean(about) && (given.get("show") || "blocks") === show;

  function url(kind, opened) {
    const query = new URLSearchParams(about.query);
    if (direction() !== "down") query.append("dir", direction());
    for (const id of opened || []) query.append("opened", id);
    return `${canvas.root}api/models/${about.model}/${kind}?${query}`;
  }

  function source(target, tasks, values, ids, model) {
    const old = about || {}, kinds = ["drawing", "blocks"];
    const before = old.early && old.model === model && kinds.map((kind) => url(kind));
    about = { model, query: [["target", target], ...(ids || []).map((id, k) => ["bind", `${values[k]}:${id.index}`])] };
    kinds.forEach((kind, k) => { // the server has the same defaults as the page
      if (before && asked.has(before[k])) asked.set(url(kind), asked.get(before[k]));
    });
    for (const mode of Object.values(modes)) mode.source(old.model !== model);
  }

  /* What `read` makes of an answer, which is asked for once. */
  function fetched(address, read) {
    if (!asked.has(address)) {
      const got = fetch(address).then(async (answer) => {
        if (!answer.ok) throw new Error((await answer.json()).error);
        return read(answer);
      });
      asked.set(address, got);
      got.catch(() => asked.delete(address));
      if (asked.size > KEPT) asked.delete(asked.keys().next().value);
    }
    return asked.get(address);
  }

  function wait(text) {
    for (const box of document.querySelectorAll(".graph-wait")) box.textContent = text || "Drawing the graph…";
  }

  function fault(found) {
    const text = found instanceof TypeError ? "The drawing did not arrive. Reload the page to try again." : found.message;
    wait(text);
    if (pane()) tip([0, 0], [text]);
  }

  window.addEventListener("paredown:scheme", () => {
    if (pane()) for (const mode of Object.values(modes)) mode.scheme();
  });

  /* Where to look to see a box {x1, y1, x2, y2} of the drawing, above the legend and never so close
     that its neighbours are lost; null when it is seen well enough, because nothing jumps without need.
     Views are {x, y, k}: pixel = place * k + x. */
  function aim(box, size, now, all, enough) {
    const pad = all ? 16 : 70, high = size.h - FOOT;
    const [x1, y1] = [box.x1 * now.k + now.x, box.y1 * now.k + now.y];
    const [x2, y2] = [box.x2 * now.k + now.x, box.y2 * now.k + now.y];
    if (!all && x1 > 0 && y1 > 0 && x2 < size.w && y2 < high && now.k > enough) return null;
    const closest = all ? 1.15 : Math.max(1.1, Math.min(now.k, 1.6));
    const k = Math.min((size.w - 2 * pad) / (box.x2 - box.x1), (high - 2 * pad) / (box.y2 - box.y1), closest);
    return { k, x: size.w / 2 - (k * (box.x1 + box.x2)) / 2, y: high / 2 - (k * (box.y1 + box.y2)) / 2 };
  }

  /* Around boxes of a size with their middles at these places. */
  function bounds(places, wide, high) {
    const box = { x1: Infinity, y1: Infinity, x2: -Infinity, y2: -Infinity };
    for (const [x, y] of places) {
      [box.x1, box.x2] = [Math.min(box.x1, x - wide / 2), Math.max(box.x2, x + wide / 2)];
      [box.y1, box.y2] = [Math.min(box.y1, y - high / 2), Math.max(box.y2, y + high / 2)];
    }
    return box;
  }

  /* A view that shows `box` where another drawing showed the same tasks, at a like scale. */
  function beside(here, box, size, whole) {
    const pad = 24, high = size.h - FOOT;
    const k = Math.min(
      Math.max(here.k, whole.k), Math.max((size.w - 2 * pad) / (box.x2 - box.x1), 0.3),
      Math.max((high - 2 * pad) / (box.y2 - box.y1), 0.3), 1.6);
    const keep = (at, most) => Math.max(Math.min(60, most / 2), Math.min(at, most - Math.min(60, most / 2)));
    const [x, y] = [keep(here.at[0], size.w), keep(here.at[1], high)];
    return { k, x: x - (k * (box.x1 + box.x2)) / 2, y: y - (k * (box.y1 + box.y2)) / 2 };
  }

  /* The two modes change places; the new one looks where the old one did. */
  function turn(state) {
    const box = pane(), old = box && modes[box.dataset.show], next = modes[state.show];
    if (!box || !next || box.dataset.show === state.show) return;
    const here = old && old.here();
    box.dataset.show = state.show;
    tip(null);
    folds();
    if (here) next.settle(here);
  }

  const folds = () =>
    (document.getElementById("model--fold").hidden = shown() !== "blocks" || !(page().opened || []).length);

  function listen() {
    const host = pane();
    if (!once(host)) return;
    hand.select(host, "graph", {
      lassoing: () => host.classList.contains("lasso"),
      hide: () => tip(null),
      within: (inside) => modes[shown()].lasso(inside).filter((i) => !page().shown || page().shown.has(i)),
      click: (event) => modes[shown()].press(hand.spot(host, event), event),
    });
    const button = document.getElementById("model--lasso");
    button.addEventListener("click", () => button.setAttribute("aria-pressed", host.classList.toggle("lasso")));
    document.getElementById("model--fold").addEventListener("click", modes.blocks.fold);
    // a ring around the pane, and around a box in it, is for the keyboard
    host.addEventListener("pointerdown", () => host.classList.add("by-pointer"), true);
    host.addEventListener("keydown", () => host.classList.remove("by-pointer"), true);
    host.addEventListener("keydown", (event) => event.target === host && page().rows && key(event));
    host.addEventListener("pointerleave", () => tip(null));
  }

  /* Arrows walk: over the edges along the flow, to the nearest beside across it. */
  function key(event) {
    const mode = modes[shown()], arrows = page().state.direction === "right"
      ? ["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp"] : ["ArrowDown", "ArrowUp", "ArrowRight", "ArrowLeft"];
    const way = arrows.indexOf(event.key), factor = { "+": 1.3, "-": 1 / 1.3 }[event.key];
    if (way >= 0) mode.walk(["out", "into", "after", "before"][way]);
    else if (event.key === "Enter" || event.key === " ") mode.enter(event);
    else if (factor) mode.step(factor);
    else if (event.key === "Home") mode.fit();
    else return;
    event.preventDefault();
  }

  /* The nearest of `count` boxes on one side of box `old`; `sign` 1: after it across the flow. */
  function nearest(count, old, sign, aside, ahead) {
    let best = -1, least = Infinity;
    for (let i = 0; i < count; i++) {
      const by = (aside(i) - aside(old)) * sign, cost = by + 4 * Math.abs(ahead(i) - ahead(old));
      if (by > 1 && cost < least) [best, least] = [i, cost];
    }
    return best;
  }

  /* The tooltip beside a box {x1, y1, x2, y2} of the pane. */
  const tip = (at, parts) => canvas.tip(pane(), at, parts);

  function tipTasks(at, ids, name, hint, copies) {
    if (!page().rows || !ids.length) return tip(null);
    tip(at, ids.length > 1 ? canvas.about(ids, name, hint, copies) : canvas.about(ids));
  }

  /* What the tooltip says of an edge: between what, which tensor, how much. */
  function tipEdge(at, from, to, tensor, bytes, count) {
    const what = count > 1 ? `${count} tensors, the largest ${tensor}` : tensor;
    const words = [what, bytes >= 0 && canvas.si(bytes, "B")].filter(Boolean).join(" · ");
    tip(at, [make("b", {}, `${from} → ${to}`), make("div", { class: "muted" }, words)]);
  }

  function legend(metric, what, most) {
    const box = document.getElementById("model--legend"), ends = box.querySelector(".legend-ends").children;
    box.querySelector(".legend-name").textContent = `${metric.header} ${what}`;
    [0, 0.25, 1].forEach((part, k) => (ends[k].textContent = view.number(most * part * metric.scale, 2)));
  }

  function zoom() {
    const { triggered, triggered_id: id } = clientside.callback_context;
    if (!triggered[0].value || !modes[shown()]) return;
    if (id === "model--fit") modes[shown()].fit();
    else modes[shown()].step(id === "model--zoom-in" ? 1.3 : 1 / 1.3);
  }

  clientside.parts.push({ show: turn, numbers: listen });
  clientside.graph_pane = {
    modes, pane, shown, still, aim, bounds, beside, nearest, tip, tipTasks, tipEdge, legend, zoom, folds,
    source, url, early, fetched, wait, fault,
  };
})(window.dash_clientside);
