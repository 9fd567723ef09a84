/* Pointer and keyboard on the canvas of all tasks: what is under them, and what they do. */
(function (clientside) {
  const { it, area, on, NONE, ROUND, TEXT, members, around, ask, go, step, spot, focus } = clientside.task_canvas;
  const { fonts, measure, draw } = clientside.task_canvas;
  const { view, hand, canvas, graph_pane: hub } = clientside, { page } = view;
  const kit = () => clientside.task_tiles;

  function pan(dx, dy) {
    const { all } = it.data, keep = 60, to = { ...it.at, x: it.at.x + dx, y: it.at.y + dy };
    to.x = Math.max(keep - all.x2 * it.at.k, Math.min(it.size.w - keep - all.x1 * it.at.k, to.x));
    to.y = Math.max(keep - all.y2 * it.at.k, Math.min(it.size.h - keep - all.y1 * it.at.k, to.y));
    go(to, true);
  }

  function find(px, py) {
    const x = (px - it.at.x) / it.at.k, y = (py - it.at.y) / it.at.k, box = it.data.a.band_box;
    if (it.at.k <= kit().FAR) {
      for (let b = 0; b < it.data.head.bands.length; b++)
        if (x >= box[4 * b] && x <= box[4 * b + 2] && y >= box[4 * b + 1] && y <= box[4 * b + 3])
          return { ...NONE, band: b };
      return NONE;
    }
    const task = it.data.hit(x, y, it.at.k < ROUND ? 3 / it.at.k : 0);
    return { ...NONE, task, edge: task < 0 && it.at.k >= ROUND ? it.data.edgeAt(x, y, 4 / it.at.k) : -1 };
  }

  const boxed = (i) => {
    const [x, y] = spot(i), [w, h] = [(it.data.wide / 2) * it.at.k, (it.data.high / 2) * it.at.k];
    return { x1: x - w, y1: y - h, x2: x + w, y2: y + h };
  };
  const name = (i) => (page().rows.has(i) ? page().rows.get(i).name : `task ${i}`);

  /* What the pointer is on, in the frame that shows it. */
  function point(x, y) {
    it.pointer = null;
    if (!page().rows) return;
    const found = find(x, y);
    if (Object.keys(NONE).every((kind) => found[kind] === it.hover[kind])) return;
    area().style.cursor = found.task >= 0 || found.band >= 0 ? "pointer" : "";
    view.tell("near", found.task >= 0 ? found.task : null);
    it.hover = found;
    tip(x, y);
  }

  function tip(x, y) {
    const { task, edge, band } = it.hover, { a, head } = it.data;
    if (task >= 0) return hub.tipTasks(boxed(task), [task], name(task));
    const spot = { x1: x - 6, x2: x + 6, y1: y + 8, y2: y };
    const [from, to] = [a.source[edge], a.target[edge]];
    if (band >= 0) hub.tipTasks(spot, members(band), head.bands[band], "double-click comes closer");
    else if (edge >= 0) hub.tipEdge(spot, name(from), name(to), head.tensors[a.tensor[edge]], a.bytes[edge], 1);
    else hub.tip(null);
  }

  function near(task) {
    it.hover = task < 0 ? NONE : { ...NONE, task };
    ask();
  }

  function press([x, y], event) {
    const { task, band } = find(x, y);
    if (task >= 0) it.cursor = task;
    canvas.pick(task >= 0 ? [task] : band >= 0 ? members(band) : [], event, "graph");
    ask();
  }

  function listen() {
    const sheet = area();
    if (!clientside.dom.once(sheet)) return;
    const ready = () => on() && it.data && page().rows;
    const place = (event) => hand.spot(sheet, event);
    const leave = () => {
      it.pointer = null;
      hub.tip(null);
      if (it.hover === NONE || !it.data) return;
      view.tell("near", null);
      it.hover = NONE;
    };
    sheet.addEventListener("pointerdown", (event) => {
      if (event.button > 1 || !it.data) return;
      let [x, y] = place(event);
      hub.pane().focus({ preventScroll: true });
      canvas.drag(event, (e) => {
        const [px, py] = [x, y];
        [x, y] = place(e);
        sheet.classList.add("panning");
        leave();
        pan(x - px, y - py);
      }, (e, moved) => {
        sheet.classList.remove("panning");
        if (e && !moved && !event.button && ready()) press(place(e), e);
      });
    });
    sheet.addEventListener("pointermove", (event) => {
      if (event.buttons) return;
      it.pointer = place(event);
      ask();
    });
    sheet.addEventListener("pointerleave", leave);
    sheet.addEventListener("dblclick", (event) => {
      if (!ready()) return;
      const { task, band } = find(...place(event));
      if (band >= 0) go(hub.aim(around(members(band)), it.size, { ...it.at, k: 0 }, true));
      else if (task >= 0) focus(task, 1.1);
    });
    sheet.addEventListener("wheel", (event) => {
      if (!it.data) return;
      event.preventDefault();
      leave();
      step(hand.zoom(event), ...place(event));
    }, { passive: false });
    new ResizeObserver(() => on() && it.data && measure() && draw()).observe(sheet);
    document.fonts.load("11px Inter").then(fonts);
  }

  function walk(way) {
    if (!it.data) return;
    const { x, y, source, target } = it.data.a, [ahead, aside] = it.data.head.direction === "right" ? [x, y] : [y, x];
    const old = it.cursor >= 0 ? it.cursor : it.chosen.length ? it.chosen[0] : 0;
    const along = (side, end) => // the least turn
      [...side.items.subarray(side.at[old], side.at[old + 1])].map((e) => end[e])
        .sort((i, j) => Math.abs(aside[i] - aside[old]) - Math.abs(aside[j] - aside[old]))[0];
    const next = way === "out" ? along(it.data.out, target) : way === "into" ? along(it.data.into, source)
      : hub.nearest(it.data.n, old, way === "after" ? 1 : -1, (i) => aside[i], (i) => ahead[i]);
    it.cursor = next >= 0 ? next : old;
    const b = boxed(it.cursor);
    if (it.at.k < TEXT) go(hub.aim(around([it.cursor]), it.size, it.at, false, TEXT), true);
    else if (b.x1 < 20 || b.y1 < 20 || b.x2 > it.size.w - 20 || b.y2 > it.size.h - 60) focus(it.cursor, it.at.k);
    view.tell("near", it.cursor);
    hub.tipTasks(boxed(it.cursor), [it.cursor], name(it.cursor));
    ask();
  }

  Object.assign(hub.modes.all, {
    press, walk,
    enter: (event) => it.cursor >= 0 && canvas.pick([it.cursor], event, "graph"),
    lasso: (inside) => {
      const found = [];
      for (let i = 0; i < it.data.n; i++) if (inside(...spot(i))) found.push(i);
      return found;
    },
  });
  clientside.task_hand = { listen, point, near, find };
})(window.dash_clientside);
