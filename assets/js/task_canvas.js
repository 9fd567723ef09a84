/* All tasks on one canvas: direct drawing while near, tiles while small, bands while far.
   Selection, hover and cursor are painted over it each frame, never into a tile.
   A view {x, y, k} puts the place p of the drawing at pixel p * k + x of the pane. */
(function (clientside) {
  const [ROUND, TEXT, CLOSEST, UNKNOWN] = [0.3, 0.45, 3, 6]; // scales; the bucket behind the six steps
  const NONE = { task: -1, edge: -1, band: -1 };
  const { view, canvas, graph_pane: hub } = clientside, { page } = view;
  const kit = () => clientside.task_tiles;
  const area = () => document.getElementById("model--tasks-canvas");
  const on = () => area() && hub.shown() === "all";

  // what the pointer needs too: drawing, view, what is chosen, under the pointer, under the keyboard
  const it = {
    data: null, at: { x: 0, y: 0, k: 1 }, size: { w: 0, h: 0, ratio: 1 },
    chosen: [], hover: NONE, cursor: -1, pointer: null,
  };
  let look = null, tiles = null, pen = null, labels = [], often = null, told = "";
  let placed = false, pending = null, asked = false, moving = 0, request = null;

  /* The payload.  It is asked for before anything is mounted when the address wants it. */
  async function load() {
    const own = hub.url("drawing");
    if (request === own) return;
    request = own;
    try {
      const drawing = await hub.fetched(own, async (answer) => clientside.task_ink.read(await answer.arrayBuffer()));
      if (document.readyState === "loading") await new Promise((go) => addEventListener("DOMContentLoaded", go));
      if (own === request) take(drawing);
    } catch (fault) {
      if (own !== request) return;
      request = null;
      if (on()) hub.fault(fault);
    }
  }

  /* The page is mounted, or its target or sizes changed. */
  function source(other) {
    if (other) [it.data, request, placed] = [null, null, false];
    if (on()) renew();
  }

  function renew() {
    clientside.task_hand.listen();
    load();
    hub.wait("");
    hub.pane().classList.toggle("inked", Boolean(it.data));
    if (!it.data) return;
    colours();
    if (page().rows) {
      sift();
      choose(page().state);
    }
    ask();
  }

  function take(drawing) {
    const old = on() ? here() : null;
    [it.data, labels, it.chosen, it.hover, it.cursor] = [drawing, [], [], NONE, -1];
    look = { bucket: new Uint8Array(it.data.n), tokens: canvas.ink(), label, faint: null, bands: null, hits: null };
    look.version = 0;
    tiles = kit().tiles(it.data, look);
    if (old) settle(old);
    appear();
  }

  /* The first ink does not wait for the callbacks, only for the canvas. */
  function appear() {
    if (on()) renew();
    else if (!page()) requestAnimationFrame(appear);
  }

  const members = (b) => Array.from(it.data.members.items.subarray(it.data.members.at[b], it.data.members.at[b + 1]));

  /* The step of each task, and of each band's total; of latency before the rows are there. */
  function colours() {
    const state = page() && page().state, rows = page() && page().rows, step = view.step;
    const known = it.data.a.latency, max = (values) => values.reduce((m, v) => (v > m ? v : m), 0);
    look.most = rows ? view.steps(state.colour).most : max(known);
    const of = rows && view.steps(state.colour).of, place = rows && view.table().at;
    for (let i = 0; i < it.data.n; i++) {
      const found = of ? (place.has(i) ? of[place.get(i)] : 255) : isNaN(known[i]) ? 255 : step(known[i], look.most);
      look.bucket[i] = found === 255 ? UNKNOWN : found;
    }
    const way = rows && page().glossary[state.colour].aggregate === "sum" ? "sum" : "max";
    const sums = Array.from(it.data.head.bands, (_, b) =>
      rows ? view.total(members(b), state.colour, way) : members(b).reduce((sum, i) => sum + known[i], 0));
    const most = max(sums.filter((v) => v !== null));
    const bad = (v) => v === null || isNaN(v);
    const say = (v) => view.figure({ ...page().glossary[state.colour], digits: 2 }, v);
    look.bands = {
      most, step: sums.map((v) => (bad(v) ? UNKNOWN : step(v, most))),
      says: sums.map((v) => (bad(v) || !rows ? "" : say(v))),
    };
    look.key = rows && state.colour;
    told = "";
    stale();
  }

  /* Tasks that the filter leaves out are faint; bands count the others. */
  function sift() {
    const passing = page().shown;
    look.faint = passing ? Uint8Array.from({ length: it.data.n }, (_, i) => (passing.has(i) ? 0 : 1)) : null;
    const hits = (_, b) => members(b).filter((i) => passing.has(i)).length;
    look.hits = passing ? Array.from(it.data.head.bands, hits) : null;
    stale();
  }

  function stale() {
    look.version += 1;
    ask();
  }

  const boxOf = (id) => {
    const row = id < it.data.n ? null : page().rows.get(id);
    return row === null ? id : row && row.anchor < it.data.n ? row.anchor : -1;
  };

  function choose(state) {
    it.chosen = [...new Set(state.selected.map(boxOf))].filter((i) => i >= 0);
    it.chosen.key = state.selected;
    ask();
  }

  function show(state) {
    if (!it.data || !page().rows) return renew();
    load();
    if (look.key !== state.colour) colours();
    if (page().shown && !look.hits) sift();
    if (it.chosen.key && it.chosen.key.join() === state.selected.join()) return;
    choose(state);
    if (state.from !== "graph") reach(it.chosen);
  }

  function filtered(fit) {
    if (!it.data || !page().rows) return;
    sift();
    if (fit && page().shown) reach([...page().shown].map(boxOf).filter((i) => i >= 0));
  }

  /* The end of a task's name; where many share it, the part before it too if both fit. */
  function label(i) {
    const rows = page() && page().rows;
    if (labels[i] !== undefined || !rows) return labels[i] || "";
    const tail = (name) => {
      const parts = name.replaceAll("/", ".").split(".").filter(Boolean), last = parts.length - 1;
      const from = /^\d+$/.test(parts[last]) ? Math.max(0, last - 1) : last;
      return [parts.slice(from).join(".") || name, parts.slice(Math.max(0, from - 1)).join(".")];
    };
    if (!often || often.rows !== rows) {
      often = { rows, count: new Map() };
      for (const { name } of rows.values()) often.count.set(tail(name)[0], (often.count.get(tail(name)[0]) || 0) + 1);
    }
    if (!rows.has(i)) return "";
    const [own, longer] = tail(rows.get(i).name), room = it.data.wide - 10;
    const both = often.count.get(own) > 1 && pen.measureText(longer).width <= room;
    return (labels[i] = both ? longer : kit().shorten(pen, own, room));
  }

  const frame = () => {
    asked = false;
    if (on() && it.data) draw();
  };
  function ask() {
    if (asked || !on() || !it.data) return;
    asked = true;
    requestAnimationFrame(frame);
  }

  const fitted = () => hub.aim(it.data.all, it.size, it.at, true);
  const seen = () => {
    const { x, y, k } = it.at;
    return { x1: -x / k, y1: -y / k, x2: (it.size.w - x) / k, y2: (it.size.h - y) / k };
  };

  function measure() {
    const ratio = window.devicePixelRatio || 1, w = area().clientWidth, h = area().clientHeight;
    if (!w || !h) return false;
    if (w === it.size.w && h === it.size.h && ratio === it.size.ratio && pen && pen.canvas === area()) return true;
    if (it.size.w && placed) it.at = { ...it.at, x: it.at.x + (w - it.size.w) / 2, y: it.at.y + (h - it.size.h) / 2 };
    it.size = { w, h, ratio };
    [area().width, area().height] = [Math.round(w * ratio), Math.round(h * ratio)];
    pen = area().getContext("2d", { alpha: false });
    return true;
  }

  function draw() {
    if (!measure()) return;
    if (!placed) {
      placed = true;
      it.at = fitted();
      if (pending) settle(pending);
      else if (it.chosen.length) reach(it.chosen, true);
      pending = null;
    }
    if (it.pointer) clientside.task_hand.point(...it.pointer);
    const t = look.tokens;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.globalAlpha = 1;
    pen.fillStyle = t.surface;
    pen.fillRect(0, 0, area().width, area().height);
    let done = true;
    if (it.at.k >= TEXT) {
      world();
      it.data.paint(pen, it.at.k, seen(), look);
    } else if (it.at.k > kit().FAR) done = tiles.show(pen, it.at, fitted().k, it.size.ratio, seen());
    pen.setTransform(it.size.ratio, 0, 0, it.size.ratio, 0, 0);
    tiles.bands(pen, it.at, it.size, it.chosen.length > 0);
    over();
    legend();
    clientside.minimap.frame(map);
    if (!done) return ask();
    if (!area().dataset.drawn) performance.mark("first-ink");
    area().dataset.drawn = Number(area().dataset.drawn || 0) + 1;
  }

  function world() {
    const { ratio } = it.size;
    pen.setTransform(it.at.k * ratio, 0, 0, it.at.k * ratio, it.at.x * ratio, it.at.y * ratio);
    pen.font = kit().font(11);
    pen.textAlign = "center";
    pen.textBaseline = "middle";
  }

  function legend() {
    const far = it.at.k <= kit().FAR, key = `${look.key} ${far}`;
    if (!look.key || told === key) return;
    told = key;
    page().dataset.colour = look.key;
    hub.legend(page().glossary[look.key], far ? "per block" : "per task", far ? look.bands.most : look.most);
  }

  /* What changes with every move of the pointer. */
  function over() {
    const t = look.tokens, s = it.at.k, r = seen(), near = s >= ROUND, { a } = it.data;
    const ring = (list, colour, width, grow) => {
      pen.strokeStyle = pen.fillStyle = colour;
      pen.lineWidth = Math.max(width, 1.2 / s);
      const w = Math.max(it.data.wide, 4 / s), h = Math.max(it.data.high, 3 / s);
      pen.beginPath();
      for (const i of list) {
        if (a.x[i] < r.x1 - w || a.x[i] > r.x2 + w || a.y[i] < r.y1 - h || a.y[i] > r.y2 + h) continue;
        if (near) it.data.shape(pen, i, grow);
        else pen.fillRect(a.x[i] - w / 2, a.y[i] - h / 2, w, h);
      }
      if (near) pen.stroke();
    };
    const touching = (i) =>
      [it.data.out, it.data.into].flatMap((side) => [...side.items.subarray(side.at[i], side.at[i + 1])]);
    world();
    if (it.chosen.length && it.chosen.length <= 100) {
      const far = it.chosen.flatMap(touching).filter((e) => a.kind[e] === 2);
      it.data.lines(pen, far, s, t.accent, 1.5);
    }
    if (it.hover.edge >= 0) it.data.lines(pen, [it.hover.edge], s, t.ink, 2);
    if (it.hover.task >= 0) {
      const edges = touching(it.hover.task);
      it.data.lines(pen, edges, s, t.muted, 2);
      ring(edges.map((e) => (a.source[e] === it.hover.task ? a.target[e] : a.source[e])), t.muted, 1.5, 0);
    }
    if (near) ring(it.chosen, t["accent-ground"], 3, 3);
    ring(it.chosen, t.accent, 3, 0);
    if (it.hover.task >= 0) ring([it.hover.task], t.ink, 2, 0);
    if (it.cursor >= 0 && hub.pane().matches(":focus:not(.by-pointer)")) ring([it.cursor], t.ink, 2, near ? 2 : 0);
  }

  function go(to, instant) {
    cancelAnimationFrame(moving);
    if (!to) return;
    if (instant || hub.still()) {
      it.at = to;
      return ask();
    }
    const from = it.at, start = performance.now(), [cx, cy] = [it.size.w / 2, it.size.h / 2];
    const mid = (v) => [(cx - v.x) / v.k, (cy - v.y) / v.k];
    const [ax, ay] = mid(from), [bx, by] = mid(to);
    const tick = (now) => {
      const u = Math.min(1, (now - start) / 180), e = 1 - (1 - u) ** 3, k = from.k * (to.k / from.k) ** e;
      it.at = u === 1 ? to : { k, x: cx - k * (ax + (bx - ax) * e), y: cy - k * (ay + (by - ay) * e) };
      if (u < 1) moving = requestAnimationFrame(tick);
      ask();
    };
    moving = requestAnimationFrame(tick);
  }

  const around = (ids) => hub.bounds(Array.from(ids, (i) => [it.data.a.x[i], it.data.a.y[i]]), it.data.wide, it.data.high);

  /* Many tasks need only be in view; a few must be large enough to read. */
  function reach(ids, instant) {
    if (ids.length && measure()) go(hub.aim(around(ids), it.size, it.at, false, ids.length > 50 ? 0 : TEXT), instant);
  }

  function here() {
    if (!it.data || !placed || !it.size.w) return null;
    const { x, y } = it.data.a, r = seen(), all = it.data.all, [cx, cy] = [(r.x1 + r.x2) / 2, (r.y1 + r.y2) / 2];
    let best = 0, least = Infinity;
    for (let i = 0; i < it.data.n; i++) {
      const far = (x[i] - cx) ** 2 + (y[i] - cy) ** 2;
      if (far < least) [best, least] = [i, far];
    }
    return {
      ...it.at, tasks: [best], at: [x[best] * it.at.k + it.at.x, y[best] * it.at.k + it.at.y],
      single: true, point: (i) => [x[i], y[i]],
      whole: r.x1 <= all.x1 && r.y1 <= all.y1 && r.x2 >= all.x2 && r.y2 >= all.y2,
    };
  }

  function settle(old) {
    if (!it.data || !measure()) return (pending = old);
    placed = true;
    const same = old.single && [0, it.data.n >> 1, it.data.n - 1, old.tasks[0]].every((i) => {
      const [x, y] = old.point(i) || [];
      return Math.abs(x - it.data.a.x[i]) < 2 && Math.abs(y - it.data.a.y[i]) < 2;
    });
    if (same) go({ x: old.x, y: old.y, k: old.k }, true);
    else go(old.whole ? fitted() : hub.beside(old, around(old.tasks), it.size, fitted()), true);
  }

  function step(factor, x, y) {
    const [px, py] = x === undefined ? [it.size.w / 2, it.size.h / 2] : [x, y];
    const k = Math.max(Math.min(fitted().k * 0.6, 0.5), Math.min(CLOSEST, it.at.k * factor)), f = k / it.at.k;
    go({ k, x: px - (px - it.at.x) * f, y: py - (py - it.at.y) * f }, true);
  }

  const map = {
    get all() { return it.data && it.data.all; },
    get picture() { return it.data && it.size.w && placed ? tiles.small(fitted().k, it.size.ratio) : null; },
    seen,
    centre: (x, y) => go({ ...it.at, x: it.size.w / 2 - x * it.at.k, y: it.size.h / 2 - y * it.at.k }, true),
  };

  hub.modes.all = {
    source, here, settle, step, map, fit: () => it.data && go(fitted()),
    scheme: () => {
      if (!it.data) return;
      look.tokens = canvas.ink();
      stale();
    },
  };
  clientside.parts.push({
    active: (state) => state.dock === "graph" && state.show === "all",
    numbers: renew, show, filtered,
    near: (id) => it.data && clientside.task_hand.near(id === null ? -1 : boxOf(id)),
  });
  clientside.task_canvas = {
    it, area, on, NONE, ROUND, TEXT, members, around, ask, go, step, measure, draw, fitted,
    view: () => it.at,
    fonts: () => [(labels = []), it.data && stale()],
    focus: (id, k) => go({ k, x: it.size.w / 2 - k * it.data.a.x[id], y: it.size.h / 2 - k * it.data.a.y[id] }),
    spot: (id) => [it.data.a.x[id] * it.at.k + it.at.x, it.data.a.y[id] * it.at.k + it.at.y],
  };
  if (hub.early("all")) load();
})(window.dash_clientside);
