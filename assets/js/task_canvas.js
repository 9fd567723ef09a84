/* All tasks on one canvas: direct drawing while near, tiles while small, bands while far.
   Selection, hover and cursor are painted over it each frame, never into a tile.
   A view {x, y, k} puts the place p of the drawing at pixel p * k + x of the pane. */
(function () {
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const [ROUND, TEXT, CLOSEST, UNKNOWN] = [0.3, 0.45, 3, 6]; // scales; the bucket behind the six steps
  const NONE = { task: -1, edge: -1, band: -1 };
  const page = () => document.getElementById("model--page");
  const view = () => clientside.view;
  const hub = () => clientside.graph_pane;
  const kit = () => clientside.task_tiles;
  const area = () => document.getElementById("model--tasks-canvas");
  const on = () => area() && hub().shown() === "all";

  let data = null, look = null, tiles = null, pen = null, at = { x: 0, y: 0, k: 1 }, size = { w: 0, h: 0, ratio: 1 };
  let chosen = [], hover = NONE, cursor = -1, labels = [], often = null, told = "";
  let placed = false, pending = null, asked = false, moving = 0, pointer = null, request = null, about = null;

  /* The payload.  It is asked for before anything is mounted when the address wants it. */
  function url(model, target, binds, direction) {
    const query = new URLSearchParams();
    if (target) query.append("target", target);
    for (const bind of binds) query.append("bind", bind);
    if (direction !== "down") query.append("dir", direction);
    return `${location.pathname.split("/model/")[0]}/api/models/${model}/drawing?${query}`;
  }
  const direction = () =>
    ((page() && page().state) || {}).direction || new URLSearchParams(location.search).get("dir") || "down";
  const wanted = () => url(about.model, about.target, about.binds, direction());

  async function load(model, address) {
    if (request && request.address === address) return;
    const own = (request = { model, address });
    try {
      const answer = await fetch(address);
      if (!answer.ok) throw new Error((await answer.json()).error);
      const buffer = await answer.arrayBuffer();
      if (document.readyState === "loading") await new Promise((go) => addEventListener("DOMContentLoaded", go));
      if (own === request) take(clientside.task_ink.read(buffer));
    } catch (fault) {
      if (own !== request) return;
      request = null;
      wait(fault instanceof TypeError ? "The drawing did not arrive. Reload the page to try again." : fault.message);
    }
  }

  function early() {
    const query = new URLSearchParams(location.search), model = /\/model\/([^/]+)\/?$/.exec(location.pathname);
    if (model && query.get("show") === "all")
      load(model[1], url(model[1], query.get("target"), query.getAll("bind"), direction()));
  }

  /* The page is mounted, or its target or sizes changed. */
  function source(target, values, ids, model) {
    const before = about;
    about = { model, target, binds: (ids || []).map((id, k) => `${values[k]}:${id.index}`) };
    if (request && !before && request.model === model) request.address = wanted(); // by the same defaults
    else if (before && before.model !== model) [data, request, placed] = [null, null, false];
    if (on()) renew();
  }

  function renew() {
    listen();
    if (about) load(about.model, wanted());
    if (!data) return wait("");
    wait("");
    colours();
    if (page().rows) {
      sift();
      choose(page().state);
    }
    ask();
  }

  function wait(text) {
    const box = document.querySelector(".graph-wait");
    if (!box) return;
    box.textContent = text || "Drawing the graph…";
    hub().pane().classList.toggle("inked", !text && Boolean(data));
  }

  function take(drawing) {
    const old = on() ? here() : null;
    [data, labels, chosen, hover, cursor] = [drawing, [], [], NONE, -1];
    look = { bucket: new Uint8Array(data.n), faint: null, tokens: hub().tokens(), label, bands: null, hits: null, version: 0 };
    tiles = kit().tiles(data, look);
    if (!on()) return;
    renew();
    if (old) settle(old);
  }

  const members = (b) => Array.from(data.members.items.subarray(data.members.at[b], data.members.at[b + 1]));

  /* The step of each task, and of each band's total; of latency before the rows are there. */
  function colours() {
    const state = page() && page().state, rows = page() && page().rows, step = view().step;
    const known = data.a.latency, max = (values) => values.reduce((m, v) => (v > m ? v : m), 0);
    look.most = rows ? view().steps(state.colour).most : max(known);
    const of = rows && view().steps(state.colour).of, place = rows && view().table().at;
    for (let i = 0; i < data.n; i++) {
      const found = of ? (place.has(i) ? of[place.get(i)] : 255) : isNaN(known[i]) ? 255 : step(known[i], look.most);
      look.bucket[i] = found === 255 ? UNKNOWN : found;
    }
    const way = rows && page().glossary[state.colour].aggregate === "sum" ? "sum" : "max";
    const sums = Array.from(data.head.bands, (_, b) =>
      rows ? view().total(members(b), state.colour, way) : members(b).reduce((sum, i) => sum + known[i], 0));
    const most = max(sums.filter((v) => v !== null));
    const bad = (v) => v === null || isNaN(v), say = (v) => view().figure({ ...page().glossary[state.colour], digits: 2 }, v);
    look.bands = {
      most, step: sums.map((v) => (bad(v) ? UNKNOWN : step(v, most))), says: sums.map((v) => (bad(v) || !rows ? "" : say(v))),
    };
    look.key = rows && state.colour;
    told = "";
    stale();
  }

  /* Tasks that the filter leaves out are faint; bands count the others. */
  function sift() {
    const passing = page().shown;
    look.faint = passing ? Uint8Array.from({ length: data.n }, (_, i) => (passing.has(i) ? 0 : 1)) : null;
    look.hits = passing ? Array.from(data.head.bands, (_, b) => members(b).filter((i) => passing.has(i)).length) : null;
    stale();
  }

  function stale() {
    look.version += 1;
    ask();
  }

  const boxOf = (id) => {
    const row = id < data.n ? null : page().rows.get(id);
    return row === null ? id : row && row.anchor < data.n ? row.anchor : -1;
  };

  function choose(state) {
    chosen = [...new Set(state.selected.map(boxOf))].filter((i) => i >= 0);
    chosen.key = state.selected;
    ask();
  }

  function show(state) {
    if (!data || !page().rows) return renew();
    if (about && request && request.address !== wanted()) load(about.model, wanted());
    if (look.key !== state.colour) colours();
    if (page().shown && !look.hits) sift();
    if (chosen.key && chosen.key.join() === state.selected.join()) return;
    choose(state);
    if (state.from !== "graph") reach(chosen);
  }

  function filtered(fit) {
    if (!data || !page().rows) return;
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
    const [own, longer] = tail(rows.get(i).name), room = data.wide - 10;
    const both = often.count.get(own) > 1 && pen.measureText(longer).width <= room;
    return (labels[i] = both ? longer : kit().shorten(pen, own, room));
  }

  const frame = () => {
    asked = false;
    if (on() && data) draw();
  };
  function ask() {
    if (asked || !on() || !data) return;
    asked = true;
    requestAnimationFrame(frame);
  }

  const fitted = () => hub().aim(data.all, size, at, true);
  const seen = () => ({ x1: -at.x / at.k, y1: -at.y / at.k, x2: (size.w - at.x) / at.k, y2: (size.h - at.y) / at.k });

  function measure() {
    const ratio = window.devicePixelRatio || 1, w = area().clientWidth, h = area().clientHeight;
    if (!w || !h) return false;
    if (w === size.w && h === size.h && ratio === size.ratio && pen && pen.canvas === area()) return true;
    if (size.w && placed) at = { ...at, x: at.x + (w - size.w) / 2, y: at.y + (h - size.h) / 2 };
    size = { w, h, ratio };
    [area().width, area().height] = [Math.round(w * ratio), Math.round(h * ratio)];
    pen = area().getContext("2d", { alpha: false });
    return true;
  }

  function draw() {
    if (!measure()) return;
    if (!placed) {
      placed = true;
      at = fitted();
      if (pending) settle(pending);
      else if (chosen.length) reach(chosen, true);
      pending = null;
    }
    if (pointer) point(...pointer);
    const t = look.tokens;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.globalAlpha = 1;
    pen.fillStyle = t.surface;
    pen.fillRect(0, 0, area().width, area().height);
    let done = true;
    if (at.k >= TEXT) {
      world();
      data.paint(pen, at.k, seen(), look);
    } else if (at.k > kit().FAR) done = tiles.show(pen, at, fitted().k, size.ratio, seen());
    pen.setTransform(size.ratio, 0, 0, size.ratio, 0, 0);
    tiles.bands(pen, at, size);
    over();
    legend();
    clientside.minimap.frame(map);
    if (!done) return ask();
    area().dataset.drawn = Number(area().dataset.drawn || 0) + 1;
  }

  function world() {
    const { ratio } = size;
    pen.setTransform(at.k * ratio, 0, 0, at.k * ratio, at.x * ratio, at.y * ratio);
    pen.font = kit().font(11);
    pen.textAlign = "center";
    pen.textBaseline = "middle";
  }

  function legend() {
    const far = at.k <= kit().FAR, key = `${look.key} ${far}`;
    if (!look.key || told === key) return;
    told = key;
    page().dataset.colour = look.key;
    hub().legend(page().glossary[look.key], far ? "per block" : "per task", far ? look.bands.most : look.most);
  }

  /* What changes with every move of the pointer. */
  function over() {
    const t = look.tokens, s = at.k, r = seen(), near = s >= ROUND, { a } = data;
    const ring = (list, colour, width, grow) => {
      pen.strokeStyle = pen.fillStyle = colour;
      pen.lineWidth = Math.max(width, 1.2 / s);
      const w = Math.max(data.wide, 4 / s), h = Math.max(data.high, 3 / s);
      pen.beginPath();
      for (const i of list) {
        if (a.x[i] < r.x1 - w || a.x[i] > r.x2 + w || a.y[i] < r.y1 - h || a.y[i] > r.y2 + h) continue;
        if (near) data.shape(pen, i, grow);
        else pen.fillRect(a.x[i] - w / 2, a.y[i] - h / 2, w, h);
      }
      if (near) pen.stroke();
    };
    const touching = (i) => [data.out, data.into].flatMap((side) => [...side.items.subarray(side.at[i], side.at[i + 1])]);
    world();
    if (chosen.length && chosen.length <= 100) {
      const far = chosen.flatMap(touching).filter((e) => a.kind[e] === 2);
      data.lines(pen, far, s, t.accent, 1.5);
    }
    if (hover.edge >= 0) data.lines(pen, [hover.edge], s, t.ink, 2);
    if (hover.task >= 0) {
      const edges = touching(hover.task);
      data.lines(pen, edges, s, t.muted, 2);
      ring(edges.map((e) => (a.source[e] === hover.task ? a.target[e] : a.source[e])), t.muted, 1.5, 0);
    }
    if (near) ring(chosen, t["accent-ground"], 3, 3);
    ring(chosen, t.accent, 3, 0);
    if (hover.task >= 0) ring([hover.task], t.ink, 2, 0);
    if (cursor >= 0 && document.activeElement === hub().pane()) ring([cursor], t.ink, 2, near ? 2 : 0);
  }

  function go(to, instant) {
    cancelAnimationFrame(moving);
    if (!to) return;
    if (instant || hub().still()) {
      at = to;
      return ask();
    }
    const from = at, start = performance.now(), mid = (v) => [(size.w / 2 - v.x) / v.k, (size.h / 2 - v.y) / v.k];
    const [ax, ay] = mid(from), [bx, by] = mid(to);
    const tick = (now) => {
      const u = Math.min(1, (now - start) / 180), e = 1 - (1 - u) ** 3, k = from.k * (to.k / from.k) ** e;
      at = u === 1 ? to : { k, x: size.w / 2 - k * (ax + (bx - ax) * e), y: size.h / 2 - k * (ay + (by - ay) * e) };
      if (u < 1) moving = requestAnimationFrame(tick);
      ask();
    };
    moving = requestAnimationFrame(tick);
  }

  function around(ids) {
    const { x, y } = data.a, box = { x1: Infinity, y1: Infinity, x2: -Infinity, y2: -Infinity };
    for (const i of ids) {
      [box.x1, box.x2] = [Math.min(box.x1, x[i] - data.wide / 2), Math.max(box.x2, x[i] + data.wide / 2)];
      [box.y1, box.y2] = [Math.min(box.y1, y[i] - data.high / 2), Math.max(box.y2, y[i] + data.high / 2)];
    }
    return box;
  }

  /* Many tasks need only be in view; a few must be large enough to read. */
  function reach(ids, instant) {
    if (ids.length && measure()) go(hub().aim(around(ids), size, at, false, ids.length > 50 ? 0 : TEXT), instant);
  }

  function here() {
    if (!data || !placed || !size.w) return null;
    const { x, y } = data.a, r = seen(), all = data.all, [cx, cy] = [(r.x1 + r.x2) / 2, (r.y1 + r.y2) / 2];
    let best = 0, least = Infinity;
    for (let i = 0; i < data.n; i++) {
      const far = (x[i] - cx) ** 2 + (y[i] - cy) ** 2;
      if (far < least) [best, least] = [i, far];
    }
    return {
      ...at, tasks: [best], at: [x[best] * at.k + at.x, y[best] * at.k + at.y], single: true, point: (i) => [x[i], y[i]],
      whole: r.x1 <= all.x1 && r.y1 <= all.y1 && r.x2 >= all.x2 && r.y2 >= all.y2,
    };
  }

  function settle(old) {
    if (!data || !measure()) return (pending = old);
    placed = true;
    const same = old.single && [0, data.n >> 1, data.n - 1, old.tasks[0]].every((i) => {
      const [x, y] = old.point(i) || [];
      return Math.abs(x - data.a.x[i]) < 2 && Math.abs(y - data.a.y[i]) < 2;
    });
    go(same ? { x: old.x, y: old.y, k: old.k } : old.whole ? fitted() : hub().beside(old, around(old.tasks), size, fitted()), true);
  }

  function step(factor, x, y) {
    const [px, py] = x === undefined ? [size.w / 2, size.h / 2] : [x, y];
    const k = Math.max(Math.min(fitted().k * 0.6, 0.5), Math.min(CLOSEST, at.k * factor)), f = k / at.k;
    go({ k, x: px - (px - at.x) * f, y: py - (py - at.y) * f }, true);
  }

  function pan(dx, dy) {
    const { all } = data, keep = 60, to = { ...at, x: at.x + dx, y: at.y + dy };
    to.x = Math.max(keep - all.x2 * at.k, Math.min(size.w - keep - all.x1 * at.k, to.x));
    to.y = Math.max(keep - all.y2 * at.k, Math.min(size.h - keep - all.y1 * at.k, to.y));
    go(to, true);
  }

  function find(px, py) {
    const x = (px - at.x) / at.k, y = (py - at.y) / at.k, box = data.a.band_box;
    if (at.k <= kit().FAR) {
      for (let b = 0; b < data.head.bands.length; b++)
        if (x >= box[4 * b] && x <= box[4 * b + 2] && y >= box[4 * b + 1] && y <= box[4 * b + 3]) return { ...NONE, band: b };
      return NONE;
    }
    const task = data.hit(x, y, at.k < ROUND ? 3 / at.k : 0);
    return { ...NONE, task, edge: task < 0 && at.k >= ROUND ? data.edgeAt(x, y, 4 / at.k) : -1 };
  }

  const boxed = (i) => {
    const [x, y, w, h] = [data.a.x[i] * at.k + at.x, data.a.y[i] * at.k + at.y, (data.wide / 2) * at.k, (data.high / 2) * at.k];
    return { x1: x - w, y1: y - h, x2: x + w, y2: y + h };
  };
  const name = (i) => (page().rows.has(i) ? page().rows.get(i).name : `task ${i}`);

  /* What the pointer is on, in the frame that shows it. */
  function point(x, y) {
    pointer = null;
    if (!page().rows) return;
    const found = find(x, y);
    if (found.task === hover.task && found.edge === hover.edge && found.band === hover.band) return;
    area().style.cursor = found.task >= 0 || found.band >= 0 ? "pointer" : "";
    view().tell("near", found.task >= 0 ? found.task : null);
    hover = found;
    tip(x, y);
  }

  function tip(x, y) {
    const { task, edge, band } = hover, { a, head } = data;
    if (task >= 0) return hub().tipTasks(boxed(task), [task], name(task));
    const spot = { x1: x - 6, x2: x + 6, y1: y + 8, y2: y };
    if (band >= 0) return hub().tipTasks(spot, members(band), head.bands[band], "click to select, double-click to come closer");
    if (edge >= 0) return hub().tipEdge(spot, name(a.source[edge]), name(a.target[edge]), head.tensors[a.tensor[edge]], a.bytes[edge], 1);
    hub().tip(null);
  }

  function near(id) {
    if (!data || !page().rows) return;
    hover = id === null ? NONE : { ...NONE, task: boxOf(id) };
    ask();
  }

  function press([x, y], event) {
    const found = find(x, y), extend = event.shiftKey || event.ctrlKey || event.metaKey;
    if (found.task >= 0) cursor = found.task;
    if (found.task >= 0 || found.band >= 0) hub().pick(found.task >= 0 ? [found.task] : members(found.band), extend);
    else if (!extend && page().state.selected.length) view().select([], "graph");
    ask();
  }

  function listen() {
    const canvas = area();
    if (!canvas || canvas.listening) return;
    canvas.listening = true;
    let drag = null;
    const ready = () => on() && data && page().rows;
    const place = (event) => {
      const edge = canvas.getBoundingClientRect();
      return [event.clientX - edge.left, event.clientY - edge.top];
    };
    const leave = () => {
      pointer = null;
      hub().tip(null);
      if (hover === NONE || !data) return;
      view().tell("near", null);
      hover = NONE;
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button > 1 || !data) return;
      drag = { last: place(event), from: place(event), moved: event.button === 1 };
      canvas.setPointerCapture(event.pointerId);
      hub().pane().focus({ preventScroll: true });
    });
    canvas.addEventListener("pointermove", (event) => {
      const [x, y] = place(event);
      if (!drag) {
        pointer = [x, y];
        return ask();
      }
      drag.moved = drag.moved || Math.hypot(x - drag.from[0], y - drag.from[1]) > 3;
      if (!drag.moved) return;
      canvas.classList.add("panning");
      leave();
      pan(x - drag.last[0], y - drag.last[1]);
      drag.last = [x, y];
    });
    const release = (event) => {
      if (drag && !drag.moved && event.type === "pointerup" && ready()) press(place(event), event);
      drag = null;
      canvas.classList.remove("panning");
    };
    canvas.addEventListener("pointerup", release);
    canvas.addEventListener("pointercancel", release);
    canvas.addEventListener("pointerleave", leave);
    canvas.addEventListener("dblclick", (event) => {
      if (!ready()) return;
      const { task, band } = find(...place(event));
      if (band >= 0) go(hub().aim(around(members(band)), size, { ...at, k: 0 }, true));
      else if (task >= 0) go({ k: 1.1, x: size.w / 2 - 1.1 * data.a.x[task], y: size.h / 2 - 1.1 * data.a.y[task] });
    });
    canvas.addEventListener("wheel", (event) => {
      if (!data) return;
      event.preventDefault();
      leave();
      const turn = event.deltaY * [1, 16, 400][event.deltaMode];
      step(Math.exp(-Math.max(-240, Math.min(240, turn)) * (event.ctrlKey ? 0.01 : 0.0022)), ...place(event));
    }, { passive: false });
    new ResizeObserver(() => on() && data && measure() && draw()).observe(canvas);
    document.fonts.load("11px Inter").then(() => [(labels = []), data && stale()]);
  }

  /* Along the flow: over the edges, the least turn first; across it: the nearest beside. */
  function key(event) {
    if (!data) return;
    const { x, y, source, target } = data.a, flow = data.head.direction === "right" ? [x, y] : [y, x];
    const [ahead, aside] = flow, old = cursor >= 0 ? cursor : chosen.length ? chosen[0] : 0;
    const least = (list, cost) => list.reduce((best, i) => (best < 0 || cost(i) < cost(best) ? i : best), -1);
    const along = (side, end) => () =>
      least([...side.items.subarray(side.at[old], side.at[old + 1])].map((e) => end[e]), (i) => Math.abs(aside[i] - aside[old]));
    const beside = (sign) => () => {
      let best = -1, cost = Infinity;
      for (let i = 0; i < data.n; i++) {
        const by = (aside[i] - aside[old]) * sign, all = by + 4 * Math.abs(ahead[i] - ahead[old]);
        if (by > 1 && all < cost) [best, cost] = [i, all];
      }
      return best;
    };
    const ways = [along(data.out, target), along(data.into, source), beside(1), beside(-1)];
    const keys = data.head.direction === "right"
      ? ["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp"] : ["ArrowDown", "ArrowUp", "ArrowRight", "ArrowLeft"];
    const move = ways[keys.indexOf(event.key)];
    if (move) {
      const next = move();
      cursor = next >= 0 ? next : old;
      const b = boxed(cursor);
      if (at.k < TEXT) go(hub().aim(around([cursor]), size, at, false, TEXT), true);
      else if (b.x1 < 20 || b.y1 < 20 || b.x2 > size.w - 20 || b.y2 > size.h - 60)
        go({ ...at, x: size.w / 2 - at.k * x[cursor], y: size.h / 2 - at.k * y[cursor] });
      view().tell("near", cursor);
      hub().tipTasks(boxed(cursor), [cursor], name(cursor));
    } else if (event.key === "Enter" || event.key === " ") hub().pick([old], event.shiftKey);
    else if (event.key === "+" || event.key === "-") step(event.key === "+" ? 1.3 : 1 / 1.3);
    else if (event.key === "Home") go(fitted());
    else return;
    event.preventDefault();
    ask();
  }

  const map = {
    get all() { return data && data.all; },
    get picture() { return data && size.w && placed ? tiles.small(fitted().k, size.ratio) : null; },
    seen,
    centre: (x, y) => go({ ...at, x: size.w / 2 - x * at.k, y: size.h / 2 - y * at.k }, true),
  };

  hub().modes.all = {
    here, settle, step, press, key, map, fit: () => data && go(fitted()),
    lasso: (inside) => {
      const found = [], { x, y } = data.a;
      for (let i = 0; i < data.n; i++) if (inside(x[i] * at.k + at.x, y[i] * at.k + at.y)) found.push(i);
      return found;
    },
    scheme: () => {
      if (!data) return;
      look.tokens = hub().tokens();
      stale();
    },
  };
  (clientside.parts = clientside.parts || []).push({
    active: (state) => state.dock === "graph" && state.show === "all",
    numbers: renew, show, filtered, near,
  });
  clientside.task_canvas = {
    source, find, view: () => at, graph: () => data,
    focus: (id) => go({ k: Math.max(at.k, 1), x: size.w / 2 - Math.max(at.k, 1) * data.a.x[id], y: size.h / 2 - Math.max(at.k, 1) * data.a.y[id] }, true),
    spot: (id) => [data.a.x[id] * at.k + at.x, data.a.y[id] * at.k + at.y],
  };
  early();
})();
