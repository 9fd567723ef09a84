/* Marks of tasks on a canvas over the axes of a Plotly figure: circles by the thousand, with hover,
   click, box, lasso and keys.  Plotly draws only what is few.
   marks.layer(id of the dcc.Graph, {data, tip, reset}) -> {draw, refit, near, ready}: `draw` on a new
   selection, filter or colour, `refit` on new figures, `ready` once Plotly has drawn.
   data() -> {n, x, y, step, ids, bright}: axis units, NaN is not drawn; colour steps, 255 unknown; task ids;
   a set of those that stand out, others are dimmed, null when none does.
   tip(ids, k) -> [[name, text], …]; reset(): a double click; ground, front and labels (pen) draw under the
   marks, under the bright ones, over all.  The graph stands in an element of class
   "chart" (components/chart.py).  Buttons with data-drag beside it choose what dragging does. */
(function (clientside) {
  const PAD = 30, LANE = 13; // px around the plot area; from an axis to its lane of zeros
  const DIM = 0.5; // of marks that do not stand out
  const REACH = 8, MOST = 13; // px: a mark is hit from here; radius of the largest stack
  const { view, canvas } = clientside;
  const images = new Map();

  /* A circle, drawn once for each look. */
  function circle(pen, x, y, r, fill, line, width) {
    const size = Math.round(r * 4) / 4, dpr = window.devicePixelRatio || 1, key = [size, fill, line, dpr].join();
    let image = images.get(key);
    if (!image) {
      const half = Math.ceil(size + width + 1), edge = Math.round(2 * half * dpr), sheet = canvas.blank(edge, edge), own = sheet.getContext("2d");
      own.scale(dpr, dpr);
      own.arc(half, half, size, 0, 7);
      [own.fillStyle, own.strokeStyle, own.lineWidth] = [fill || line, line, width];
      if (fill) own.fill();
      own.stroke();
      images.set(key, (image = { sheet, half }));
    }
    // whole pixels: nothing is resampled, which is ten times as fast
    const [left, up] = [x, y].map((v) => Math.round((v - image.half) * dpr) / dpr);
    pen.drawImage(image.sheet, left, up, 2 * image.half, 2 * image.half);
  }

  /* Axis units to px in the plot area, NaN outside; zero on a logarithmic axis goes to its lane. */
  function scale(axis, up) {
    const [from, to] = axis.range.map((r) => Number(axis.r2l(r))), length = axis._length;
    const at = (v) => {
      const p = ((v - from) * length) / (to - from);
      return p > -1 && p < length + 1 ? (up ? length - p : p) : NaN;
    };
    if (axis.type !== "log") return at;
    return (v) => (v > 0 ? at(Math.log10(v)) : v === 0 ? (up ? length + LANE : -LANE) : NaN);
  }

  /* Every row in two metrics, in page units; `kept` as long as neither changed. */
  function figures(kept, x, y) {
    const { rows, glossary } = view.page(), key = [rows, x, y];
    if (kept && key.every((part, k) => part === kept.key[k])) return kept;
    const column = (id) => view.column(id).map((v) => v * glossary[id].scale);
    return { key, n: rows.size, ids: [...rows.keys()], x: column(x), y: column(y) };
  }

  /* The range of an axis over what counts(k) of the places on both, and how many zeros its logarithm leaves out. */
  function span({ n, x, y }, axis, log, counts) {
    const values = axis === "x" ? x : y, other = axis === "x" ? y : x;
    let low = Infinity, high = -Infinity, zero = 0;
    for (let k = 0; k < n; k++) {
      const v = values[k];
      if (!counts(k) || v !== v || other[k] !== other[k]) continue;
      if (log && v <= 0) zero += 1;
      else [low, high] = [Math.min(low, v), Math.max(high, v)];
    }
    return log && high > 0 ? { low: Math.log10(low), high: Math.log10(high), zero } : { low, high, zero };
  }

  function layer(graphId, spec) {
    let d = null, table, masks, rows, where, head, stacks, count, px, py, plot; // marks, and their places in px
    let growth = 0, hover = -1, walk = null, seen = [];
    let last = null; // the last press on nothing
    const host = () => document.getElementById(graphId).closest(".chart");
    const figure = () => {
      const g = document.querySelector(`[id="${graphId}"] .js-plotly-plot`);
      return g && g._fullLayout && g._fullLayout.xaxis && g.offsetParent ? g : null;
    };

    function refit() {
      d = null;
      draw();
    }

    function draw() {
      const g = figure(), root = view.page();
      if (!g || !root || !root.rows) return;
      listen(g, host());
      const next = spec.data();
      if (!d || d.x !== next.x || d.y !== next.y || table !== view.table()) {
        table = view.table();
        rows = Int32Array.from(next.ids, (id) => table.at.get(id) ?? -1); // -1: figures are on their way
        where = new Map(Array.from(next.ids, (id, k) => [id, k]));
        [seen, hover] = [[], -1];
      }
      d = next;
      masks = view.masks();
      if (seen[0] !== masks.shown) stack();
      const { xaxis: xa, yaxis: ya } = g._fullLayout;
      const now = [masks.shown, d.step, canvas.ink(), [xa, ya].map((a) => [a.range, a.type, a._offset, a._length]).join(), d.bright];
      const same = now.map((v, k) => v === seen[k]), dimmed = seen[4] && !seen[4].size; // all of them were
      if (same.lastIndexOf(false) === 4 && same.indexOf(false) === 4 && dimmed && d.bright) {
        seen = now;
        paint(host().querySelector("canvas.marks").getContext("2d"), true);
      } else if (same.includes(false)) {
        seen = now;
        plot = { x: xa._offset, y: ya._offset, w: xa._length, h: ya._length };
        const [X, Y] = [scale(xa, false), scale(ya, true)];
        px = Float32Array.from(d.x, (v, k) => (head[k] === -1 ? NaN : X(v) + 0 * Y(d.y[k])));
        py = Float32Array.from(d.y, (v) => Y(v));
        walk = null;
        base();
      }
      top();
    }

    /* Marks at one place are one stack: its first is drawn, its area grows with their number. */
    function stack() {
      const columns = new Map();
      [head, count, stacks] = [new Int32Array(d.n).fill(-1), new Float32Array(d.n), new Map()];
      for (let k = 0; k < d.n; k++) {
        if (rows[k] < 0 || isNaN(d.x[k]) || isNaN(d.y[k])) continue;
        head[k] = masks.shown[rows[k]] ? k : -2; // -1: nowhere, -2: does not pass the filter
        if (head[k] < 0) continue;
        if (!columns.has(d.x[k])) columns.set(d.x[k], new Map());
        const column = columns.get(d.x[k]), h = column.get(d.y[k]) ?? k;
        if (h === k) column.set(d.y[k], k);
        else stacks.has(h) ? stacks.get(h).push(k) : stacks.set(h, [h, k]);
        head[k] = h;
        count[h] += 1;
      }
      const most = count.reduce((a, b) => Math.max(a, b), 1);
      growth = Math.min(1, ((MOST / least()) ** 2 - 1) / Math.max(1, most - 1));
    }

    const here = (k) => head[k] === k && !isNaN(px[k]);
    const heads = () => Array.from(d.ids, (_, k) => k).filter(here);
    const idsOf = (k) => (stacks.get(k) || [k]).map((i) => d.ids[i]);
    const least = () => (d.n > 20000 ? 2 : d.n > 1000 ? 3 : 4.5);
    const radius = (k) => least() * Math.sqrt(1 + Math.max(0, count[k] - 1) * growth);

    function pen(which) {
      const sheet = host().querySelectorAll("canvas.marks")[which], w = plot.w + 2 * PAD, h = plot.h + 2 * PAD;
      sheet.style.cssText = `left:${plot.x - PAD}px;top:${plot.y - PAD}px;width:${w}px;height:${h}px`;
      const found = canvas.pen(sheet, w, h);
      found.translate(PAD, PAD);
      return found;
    }

    function base() {
      const p = pen(0), { steps, faint } = canvas.ink();
      if (spec.ground) spec.ground(p);
      p.globalAlpha = 0.15;
      for (let k = 0; k < d.n; k++) if (head[k] < 0 && !isNaN(px[k])) circle(p, px[k], py[k], least(), steps[3], faint, 1);
      paint(p, false);
    }

    /* Those that pass: the dimmed ones and over them the bright ones, or the bright ones alone. */
    function paint(p, alone) {
      const { steps, surface, faint } = canvas.ink(), bright = (k) => !d.bright || d.bright.has(d.ids[k]);
      const tint = new Uint8Array(d.n); // 0: unknown, else its step + 1; of a stack the largest
      for (let k = 0; k < d.n; k++) if (head[k] >= 0) tint[head[k]] = Math.max(tint[head[k]], (d.step[k] + 1) & 255);
      const order = heads().filter((k) => !alone || bright(k)).sort((a, b) => tint[a] - tint[b] || count[b] - count[a]); // largest figures on top
      for (const on of alone || !d.bright ? [true] : [false, true]) {
        if (on && spec.front) spec.front(p);
        p.globalAlpha = on ? 1 : DIM;
        for (const k of order) if (bright(k) === on) circle(p, px[k], py[k], radius(k), steps[tint[k] - 1] || surface, faint, 1);
      }
      p.globalAlpha = 1;
    }

    function top() {
      const p = pen(1), { accent, surface } = canvas.ink(), chosen = new Set();
      for (let k = 0; masks.some && k < d.n; k++)
        if (masks.selected[rows[k]] && !isNaN(px[k])) chosen.add(head[k] < 0 ? k : head[k]);
      for (const [more, tone] of [[1, surface], [2.5, accent]])
        for (const k of chosen) circle(p, px[k], py[k], radius(k) + more, null, tone, 2);
      if (spec.labels) spec.labels(p);
      pointed();
    }

    /* The ring around what the pointer is on, here or in another dock. */
    function pointed() {
      const r = hover >= 0 && !isNaN(px[hover]) ? radius(hover) + 3 : 0;
      canvas.near(host(), r && [plot.x + px[hover] - r, plot.y + py[hover] - r, 2 * r, 2 * r]);
    }

    function hit([x, y]) {
      let best = -1, nearest = REACH;
      for (let k = 0; k < d.n; k++) {
        if (!here(k)) continue;
        const away = Math.hypot(px[k] - x, py[k] - y) - Math.max(0, radius(k) - 4);
        if (away < nearest) [best, nearest] = [k, away];
      }
      return best;
    }

    function tip(k, aloud) {
      if (k < 0) return canvas.tip(host());
      const ids = idsOf(k), many = ids.length > 1, { make } = clientside.dom, own = spec.tip ? spec.tip(ids, k) : [];
      const parts = canvas.about(ids, many ? `${view.say(ids.length)} ${spec.word || "tasks"} at one place` : null);
      const word = (name) => (many ? `${name}, each` : name);
      const line = ([name, text]) => make("tr", {}, make("th", {}, word(name)), make("td", {}, text));
      for (const tr of [...parts[2].rows]) {
        if (!many && own.some(([name]) => name === tr.cells[0].textContent)) tr.remove();
        else if (many) tr.cells[0].textContent += ", all";
      }
      const names = ids.slice(0, 3).map((id) => view.page().rows.get(id).name).join(", ");
      if (many) parts[1].textContent = ids.length > 3 ? `${names} …` : names;
      parts[2].prepend(...own.map(line));
      canvas.tip(host(), [plot.x + px[k] + radius(k) - 4, plot.y + py[k] - 12], parts);
      const said = [parts[0].textContent, ...own.map((pair) => pair.join(" "))];
      if (aloud) host().querySelector("[aria-live]").textContent = said.join(", ");
    }

    function near(id) {
      const k = !d || !seen.length || id === null ? -1 : (where.get(id) ?? -1), before = hover;
      hover = k < 0 || head[k] < 0 ? k : head[k];
      if (hover === before) return;
      if (figure() && seen.length) pointed();
    }

    function point(k, aloud) {
      if (k !== hover) view.tell("near", k < 0 ? null : d.ids[k]); // tells this layer too
      tip(k, aloud);
    }

    function keys(event) {
      if (event.target !== host() || !seen.length) return;
      walk = walk || heads().sort((a, b) => px[a] - px[b] || py[b] - py[a]);
      const at = walk.indexOf(hover), last = walk.length - 1;
      const back = at < 0 ? last : Math.max(0, at - 1);
      const to = { ArrowRight: Math.min(last, at + 1), ArrowLeft: back, Home: 0, End: last }[event.key];
      if (to !== undefined && last >= 0) point(walk[to], true);
      else if ((event.key === "Enter" || event.key === " ") && at >= 0) canvas.pick(idsOf(hover), event, graphId);
      else return;
      event.preventDefault();
    }

    const spot = (event) => {
      const [x, y] = clientside.hand.spot(host(), event);
      return [x - plot.x, y - plot.y];
    };
    const inside = (event) => {
      const [x, y] = seen.length && event.target.closest(".plot-container") ? spot(event) : [NaN];
      return x > -PAD && x < plot.w + 4 && y > -4 && y < plot.h + PAD;
    };

    /* A press that did not move.  The second of two on nothing shows all, and gives back what the
       first has cleared. */
    function press(event) {
      const { timeStamp: time, clientX: x, clientY: y } = event, k = hit(spot(event));
      const old = view.page().state.selected;
      host().focus({ preventScroll: true });
      if (k < 0 && last && time - last.time < 400 && Math.hypot(x - last.x, y - last.y) < 6) {
        if (last.old.length) view.select(last.old, graphId);
        last = null;
        return spec.reset();
      }
      last = k < 0 ? { time, x, y, old } : null;
      canvas.pick(k < 0 ? [] : idsOf(k), event, graphId);
    }

    function done(polygon, event) {
      const within = clientside.hand.inside(polygon.map(([x, y]) => [x - plot.x, y - plot.y])), ids = [];
      for (let k = 0; k < d.n; k++) if (here(k) && within(px[k], py[k])) ids.push(...idsOf(k));
      clientside.hand.take(host(), ids, event, graphId);
    }

    const soon = canvas.later(draw, figure);

    /* A new figure, or new elements: their events. */
    function listen(g, box) {
      if (g.marked !== me) {
        g.marked = me;
        for (const event of ["plotly_relayouting", "plotly_relayout", "plotly_afterplot"]) g.on(event, soon);
      }
      if (box.marked === me) return;
      box.marked = me;
      clientside.hand.attach(box, {
        start: (first) => {
          if (!inside(first)) return null;
          tip(-1);
          const kind = first.altKey ? "lasso" : first.shiftKey ? "box" : box.dataset.drag;
          if (kind !== "zoom") return kind;
          window.addEventListener("pointerup", (event) => { // Plotly's own drag, unless it did not move
            if (Math.hypot(event.clientX - first.clientX, event.clientY - first.clientY) < 4) press(event);
          }, { capture: true, once: true });
          return null;
        },
        done, click: press,
      });
      box.addEventListener("keydown", keys);
      for (const event of ["blur", "pointerleave"]) box.addEventListener(event, () => seen.length && point(-1));
      box.addEventListener("pointermove", (event) => {
        if (!event.buttons && seen.length) point(inside(event) ? hit(spot(event)) : -1);
      });
    }

    async function ready() {
      for (let k = 0; k < 200 && !figure(); k++) await new Promise((frame) => requestAnimationFrame(frame));
      refit();
    }

    const me = { draw, refit, near, ready };
    return me;
  }

  /* Figures are asked for once the page stands and rests, or when a person opens one. */
  const scheme = () => document.documentElement.dataset.mantineColorScheme;
  const ask = () => clientside.set_props(view.named("charts"), { data: scheme() });
  function start() {
    const root = view.page();
    if (root && !root.charts) ask((root.charts = true));
  }
  window.addEventListener("paredown:scheme", () => view.page() && view.page().charts && ask());
  clientside.dom.press("button[data-drag]", (button) => {
    const box = button.closest(".chart");
    for (const one of box.querySelectorAll("button[data-drag]")) one.setAttribute("aria-pressed", one === button);
    box.dataset.drag = button.dataset.drag;
  });

  clientside.parts.push({
    numbers: () => (window.requestIdleCallback || setTimeout)(start, { timeout: 3000 }),
    show: (state) => ["scatter", "roofline"].includes(state.dock) && start(),
  }, { desk: "experiment", numbers: start });
  clientside.marks = { layer, figures, span };
})(window.dash_clientside);
