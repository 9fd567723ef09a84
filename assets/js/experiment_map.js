/* The model map on two canvases: what changes with the view and the filter, and over it what follows
   the pointer and the selection.  Columns stand at fixed places; rows are as high as the zoom says, so
   that thousands of models fit the pane at first and names appear when one comes closer.
   A ribbon bends in the gap beside its parent and then runs along its own row, which is free. */
(function (clientside) {
  const [HEAD, LEFT, TOP, FOOT] = [40, 44, 16, 88], RIGHT = [44, 150]; // px around the map
  const [NARROW, BROAD, TALL] = [48, 250, 64]; // px: least and most of a column, most of a row at first
  const [BIG, FAR, NAMES, OVER] = [18, 5, 15, 41]; // px: largest radius; rows lower than FAR are dashes; names beside, above
  const BENDS = 30; // pieces of a bend
  const { view, canvas } = clientside;
  const page = () => document.getElementById("experiment--page");
  const it = { at: { x: 0, y: 0, z: 1 }, places: null, hover: -1, size: { w: 0, h: 0 } };
  const { host, soon, watch } = canvas.dock("#experiment--map", () => it.places && page().rows && draw());

  function placed(places) {
    const fresh = !it.places || it.places.by !== places.by || it.root !== page();
    const early = page() && page().rows && page().rows.size < places.lane.length; // models that are on their way
    if (page()) page().places = early ? places : null;
    if (early) return;
    it.places = places;
    it.root = page();
    it.order = places.lane.map((_, k) => k).filter((k) => places.lane[k] >= 0).sort((a, b) => places.lane[a] - places.lane[b]);
    it.inside = places.titles.map(() => []);
    for (const k of it.order) it.inside[places.column[k]].push(k);
    it.picture = null;
    watch(() => measure(false));
    measure(fresh);
    clientside.experiment_hand.heads();
  }

  /* The scales of the pane; `whole` looks at all of it anew. */
  function measure(whole) {
    const box = host(), { titles, lanes } = it.places || {};
    if (!box || !box.clientWidth || !it.places) return;
    it.size = { w: box.clientWidth, h: box.clientHeight };
    const gaps = Math.max(1, titles.length - 1), right = RIGHT[it.size.w - LEFT - RIGHT[1] < NARROW * gaps ? 0 : 1], room = it.size.w - LEFT - right;
    it.right = right; // less beside many columns, so that all of them are seen
    it.kx = Math.max(NARROW, Math.min(BROAD, room / gaps));
    it.left = LEFT + Math.max(0, (room - it.kx * gaps) / 2);
    it.fit = Math.min(TALL, (it.size.h - HEAD - TOP - FOOT) / Math.max(1, lanes));
    if (whole) it.at = { x: 0, y: 0, z: 1 };
    it.picture = null;
    clamp();
    soon();
  }

  const ky = () => it.fit * it.at.z;
  const X = (column) => it.at.x + it.left + column * it.kx;
  const Y = (lane) => it.at.y + HEAD + TOP + (lane + 0.5) * ky();
  const most = () => Math.max(1, TALL / it.fit);

  function clamp() {
    const a = it.at, high = it.places.lanes * ky() + HEAD + TOP + FOOT, wide = it.left + (it.places.titles.length - 1) * it.kx + it.right;
    a.y = Math.min(0, Math.max(Math.min(0, it.size.h - high), a.y));
    a.x = Math.min(0, Math.max(Math.min(0, it.size.w - wide), a.x));
  }

  function step(factor, y) {
    const at = y === undefined ? it.size.h / 2 : y, lane = (at - it.at.y - HEAD - TOP) / ky();
    it.at.z = Math.max(1, Math.min(most(), it.at.z * factor));
    it.at.y = at - HEAD - TOP - lane * ky();
    clamp();
    soon();
  }

  function move(x, y) {
    it.at.x += x;
    it.at.y += y;
    clamp();
    soon();
  }

  /* See a model, without a jump when it is in sight. */
  function reveal(k) {
    if (it.places.lane[k] < 0) return;
    const x = X(it.places.column[k]), y = Y(it.places.lane[k]);
    const by = (v, low, high) => (v < low ? low - v : v > high ? high - v : 0);
    const [dx, dy] = [by(x, 40, it.size.w - 60), by(y, HEAD + 24, it.size.h - FOOT - 10)];
    if (dx || dy) move(dx, dy);
  }

  /* Radius of every model in px, and whether its size is unknown. */
  function radii() {
    const { state, glossary } = page(), top = Math.min(BIG, ky() * 0.34, it.kx * 0.2), metric = glossary[state.size];
    if (!metric) return () => top * 0.8;
    const values = view.column(state.size), [low, high] = metric.span;
    return (k) => top * (isNaN(values[k]) ? 0.4 : 0.4 + 0.6 * Math.sqrt(high > low ? Math.max(0, (values[k] - low) / (high - low)) : 0.5));
  }

  const sheet = (k) => canvas.pen(host().querySelectorAll("canvas")[k], it.size.w, it.size.h);

  function draw() {
    const root = page(), { state } = root, pen = sheet(0), token = canvas.ink(), masks = view.masks();
    const steps = view.steps(root.glossary[state.colour] ? state.colour : Object.keys(root.glossary)[0] || "").of, r = radii();
    it.r = r;
    it.line = (k) => token.steps[Math.max(1, steps[k] === 255 ? 1 : steps[k])]; // pale ones would be lost on the ground
    it.tone = (k) => (steps[k] === 255 || steps[k] === undefined ? token.surface : token.steps[steps[k]]);
    pen.fillStyle = token["soft-line"];
    it.places.titles.forEach((_, c) => pen.fillRect(Math.round(X(c)), HEAD, 1, it.size.h));
    const seen = it.order.filter((k) => Y(it.places.lane[k]) > HEAD - 30 && Y(it.places.lane[k]) < it.size.h + 30);
    edges(pen, masks, token, seen);
    if (ky() < FAR) dashes(pen, masks, token, seen);
    else nodes(pen, masks, token, seen);
    if (!it.picture && it.at.z === 1) picture(pen);
    over();
    legend();
    clientside.experiment_hand.scroll();
    clientside.minimap.frame(map);
  }

  function edges(pen, masks, token, seen) {
    const { lane } = it.places, high = it.size.h, far = ky() < FAR, ribbons = !far && seen.length < 900;
    const groups = new Map();
    for (const k of it.order) {
      const p = page().rows.get(k).parent;
      if (p < 0 || lane[p] < 0) continue;
      const [y1, y2] = [Y(lane[p]), Y(lane[k])];
      if (Math.max(y1, y2) < HEAD || Math.min(y1, y2) > high) continue;
      const faint = !(masks.shown[k] && masks.shown[p]);
      if (ribbons) ribbon(pen, p, k, y1, y2, faint);
      else {
        const key = `${faint ? 1 : 0}${it.line(k)}`;
        (groups.get(key) || groups.set(key, []).get(key)).push([p, k, y1, y2]);
      }
    }
    const alpha = far ? Math.max(0.12, Math.min(0.6, 400 / it.order.length)) : 0.6;
    for (const [key, lines] of groups) {
      pen.globalAlpha = key[0] === "1" ? alpha * 0.25 : alpha;
      canvas.line(pen, key.slice(1), far ? 1 : 1.5, () => lines.forEach(([p, k, y1, y2]) => {
        const { x1, x2, bend, mid } = course(p, k);
        pen.moveTo(x1, y1);
        if (y1 !== y2) pen.bezierCurveTo(mid, y1, mid, y2, bend, y2);
        pen.lineTo(x2, y2);
      }));
    }
    pen.globalAlpha = 1;
  }

  /* Where an edge begins and ends, where its bend ends and where that has its middle. */
  function course(p, k) {
    const x1 = X(it.places.column[p]), x2 = X(it.places.column[k]), bend = Math.min(x2, x1 + it.kx);
    return { x1, x2, bend, mid: (x1 + bend) / 2 };
  }

  function ribbon(pen, p, k, y1, y2, faint) {
    const { x1, x2, bend, mid } = course(p, k);
    const [a, b] = [Math.min(5, it.r(p) / 2), Math.min(5, it.r(k) / 2)], fill = pen.createLinearGradient(x1, 0, x2, 0);
    fill.addColorStop(0, it.line(p));
    fill.addColorStop(1, it.line(k));
    pen.globalAlpha = faint ? 0.12 : 0.72;
    pen.fillStyle = fill;
    pen.beginPath();
    const back = [];
    for (let i = 0; i <= BENDS; i++) { // as broad across a steep bend as along a flat one
      const t = i / BENDS, u = 1 - t, x = u * u * u * x1 + 3 * u * t * mid + t * t * t * bend, y = (u * u * u + 3 * u * u * t) * y1 + (3 * u * t * t + t * t * t) * y2;
      const dx = 3 * u * u * (mid - x1) + 3 * t * t * (bend - mid), dy = 6 * u * t * (y2 - y1), long = Math.hypot(dx, dy) || 1, half = (a + (b - a) * t) / long;
      pen.lineTo(x + dy * half, y - dx * half);
      back.push([x - dy * half, y + dx * half]);
    }
    pen.lineTo(x2, y2 - b);
    pen.lineTo(x2, y2 + b);
    for (const [x, y] of back.reverse()) pen.lineTo(x, y);
    pen.fill();
    pen.globalAlpha = 1;
  }

  /* Far away: a dash each, those that pass on top. */
  function dashes(pen, masks, token, seen) {
    const { column, lane } = it.places, high = Math.max(1.5, ky() * 0.7), wide = Math.min(12, it.kx * 0.12);
    for (const on of [0, 1]) {
      pen.globalAlpha = on ? 1 : 0.18;
      for (const k of seen) {
        if (masks.shown[k] !== on) continue;
        pen.fillStyle = it.tone(k);
        pen.fillRect(X(column[k]) - wide / 2, Y(lane[k]) - high / 2, wide, high);
      }
    }
    pen.globalAlpha = 1;
  }

  function nodes(pen, masks, token, seen) {
    const { column, lane, hidden } = it.places, { rows, below, glossary, state } = page(), metric = glossary[state.colour];
    const values = metric && view.column(metric.id);
    for (const k of seen) {
      const x = X(column[k]), y = Y(lane[k]), r = it.r(k), passes = masks.shown[k];
      pen.globalAlpha = 1;
      pen.beginPath();
      pen.arc(x, y, r, 0, 7);
      pen.fillStyle = token.surface; // the ribbons end behind it
      pen.fill();
      pen.globalAlpha = passes ? 1 : 0.2;
      pen.fillStyle = it.tone(k);
      pen.fill();
      pen.lineWidth = 1;
      pen.strokeStyle = it.tone(k) === token.surface || it.tone(k) === token.steps[0] ? token.faint : token.surface;
      pen.stroke();
      if (hidden[k]) canvas.line(pen, token.ink, 1, () => pen.arc(x, y, r + 3, 0, 7), [2, 2]);
      const leaf = !below[k].length || hidden[k], row = rows.get(k), coming = clientside.experiment_run.mark(pen, k, x, y, r, token);
      if (ky() < NAMES || (!leaf && ky() < OVER)) continue;
      pen.globalAlpha = passes ? 1 : 0.45;
      const value = coming || metric && (isNaN(values[k]) ? "unknown" : view.figure(metric, values[k]));
      const step = it.places.by === "step" && row.parent >= 0 ? `${row.operation} ${row.step}`.trim() : row.step; // else the column says it
      const text = [hidden[k] ? `+${hidden[k]}` : "", step, passes ? value : ""].filter(Boolean).join(" · ");
      const tone = passes ? token.ink : token.muted;
      if (leaf) canvas.write(pen, canvas.fit(pen, text, Math.min(240, it.size.w - x - r - 12), true), x + r + 6, y, tone);
      else {
        const told = canvas.fit(pen, pen.measureText(text).width > it.kx - 8 && step ? step : text, it.kx - 8, true);
        const middle = Math.max(pen.measureText(told).width / 2 + 4, x);
        [pen.lineWidth, pen.strokeStyle, pen.textAlign] = [3, token.surface, "center"];
        pen.strokeText(told, middle, y - r - 8);
        canvas.write(pen, told, middle, y - r - 8, tone, "center");
      }
    }
    pen.globalAlpha = 1;
  }

  /* Above: crosshair and ring of the model under the pointer, rings of the selected ones. */
  function over() {
    const pen = sheet(1), token = canvas.ink(), { column, lane } = it.places, near = it.hover;
    const ring = (k, gap, tone, width) =>
      canvas.line(pen, tone, width, () => pen.arc(X(column[k]), Y(lane[k]), Math.max(2.5, it.r(k)) + gap, 0, 7));
    if (near >= 0 && lane[near] >= 0) {
      const [x, y] = [X(column[near]), Y(lane[near])].map((v) => Math.round(v) + 0.5);
      canvas.line(pen, token.muted, 1, () => {
        pen.moveTo(0, y);
        pen.lineTo(it.size.w, y);
        pen.moveTo(x, HEAD);
        pen.lineTo(x, it.size.h);
      }, [3, 4]);
      ring(near, 2, token.ink, 1.5);
    }
    for (const k of page().state.selected) {
      if (!(lane[k] >= 0)) continue;
      ring(k, 1, token.surface, 2);
      ring(k, 2.5, token.accent, 2.5);
    }
  }

  function legend() {
    const { glossary, state } = page(), box = document.getElementById("experiment--legend"), metric = glossary[state.colour], size = glossary[state.size];
    const say = (m, v) => view.figure(m, v), ends = box.querySelectorAll(".legend-ends span");
    box.hidden = !metric;
    if (!metric) return;
    box.querySelector(".legend-name").textContent = metric.label;
    metric.span.forEach((v, k) => (ends[k].textContent = say(metric, v)));
    box.querySelector(".legend-size").textContent = size ? `Area: ${size.label}, ${view.told(size, size.span[0])} to ${say(size, size.span[1])}` : "";
  }

  /* The overview knows places of the whole map as it is first seen. */
  function picture(pen) {
    const source = pen.canvas, ratio = source.width / it.size.w, top = Math.round(HEAD * ratio);
    const whole = canvas.blank(source.width, source.height - top);
    whole.getContext("2d").drawImage(source, 0, -top);
    it.picture = { canvas: whole, k: ratio, x: 0, y: 0 };
  }
  const map = {
    get all() { return { x1: 0, y1: 0, x2: it.size.w, y2: it.size.h - HEAD }; },
    get picture() { return it.picture; },
    seen() {
      const z = it.at.z, y = (v) => (v - it.at.y - TOP) / z + TOP;
      return { x1: -it.at.x, x2: it.size.w - it.at.x, y1: z === 1 ? 0 : y(0), y2: z === 1 ? it.size.h - HEAD : y(it.size.h - HEAD) };
    },
    centre(x, y) {
      const seen = map.seen();
      move(0, ((seen.y1 + seen.y2) / 2 - y) * it.at.z);
    },
  };

  /* Another arrangement or folding is asked of the server. */
  function show(state) {
    const key = JSON.stringify([state.by, state.collapsed]);
    if (it.key && it.key !== key) clientside.set_props("experiment--map-ask", { data: { by: state.by, collapsed: state.collapsed } });
    it.key = key;
    soon();
  }

  function near(id) {
    it.hover = id === null ? -1 : id;
    if (it.places && page().rows && host().clientWidth && it.r) over();
    clientside.experiment_hand.mark();
  }

  clientside.parts.push({ desk: "experiment", show, numbers: () => (measure(false), clientside.experiment_hand.listen()), filtered: soon, near });
  clientside.experiment_map = { it, placed, host, X, Y, step, move, reveal, soon, whole: () => measure(true) };
})(window.dash_clientside);
