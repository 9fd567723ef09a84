/* Marks of tasks on a canvas over the axes of a Plotly figure: circles or bars by the thousand,
   with hover, click, box, lasso and keys.  Plotly draws only what is few.
   marks.layer(id of the dcc.Graph, {shape, data, tip, reset}) -> {draw, refit, near}: `draw` on a
   new selection, filter or colour, `refit` on new data.  The graph stands in an element of class
   "chart" (components/chart.py), which takes pointer and focus.  Buttons with data-drag in the same
   pane choose what dragging does.  marks.start(dock) asks the server for the figures. */
(function () {
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const PAD = 24, LANE = 13; // px around the plot area; from an axis to its lane of zeros
  const REACH = 8, MOST = 13; // px: a mark is hit from here; radius of the largest stack
  const TIP = ["latency_s", "memory_power_w", "energy_j"];
  const view = () => clientside.view;
  const layers = [];
  let kept = {}; // colours and drawn circles of the current scheme

  function palette() {
    const scheme = document.documentElement.dataset.mantineColorScheme + devicePixelRatio;
    if (kept.scheme === scheme) return kept;
    const css = getComputedStyle(document.documentElement), of = (name) => css.getPropertyValue(`--${name}`).trim();
    const colours = Object.fromEntries(["surface", "edge", "accent", "accent-ground", "ink", "faint"].map((n) => [n, of(n)]));
    return (kept = { scheme, ...colours, steps: [0, 1, 2, 3, 4, 5].map((k) => of(`seq-${k}`)), circles: new Map() });
  }

  /* A circle, drawn once for each look. */
  function circle(ctx, x, y, r, fill, line, width) {
    const colours = palette(), size = Math.round(r * 4) / 4, key = `${size} ${fill} ${line}`;
    let image = colours.circles.get(key);
    if (!image) {
      const half = Math.ceil(size + width + 1), dpr = devicePixelRatio, c = document.createElement("canvas");
      c.width = c.height = 2 * half * dpr;
      const pen = c.getContext("2d");
      pen.scale(dpr, dpr);
      pen.arc(half, half, size, 0, 7);
      if (fill) { pen.fillStyle = fill; pen.fill(); }
      pen.lineWidth = width; pen.strokeStyle = line; pen.stroke();
      colours.circles.set(key, (image = { c, half }));
    }
    ctx.drawImage(image.c, x - image.half, y - image.half, 2 * image.half, 2 * image.half);
  }

  /* Axis units to px in the plot area, NaN outside; zero on a logarithmic axis goes to its lane. */
  function scale(axis, up, clip) {
    const [from, to] = axis.range.map((r) => Number(axis.r2l(r))), length = axis._length, k = length / (to - from);
    const at = (v) => { const p = (v - from) * k; return clip && !(p > -1 && p < length + 1) ? NaN : up ? length - p : p; };
    if (axis.type !== "log") return at;
    return (v) => (v > 0 ? at(Math.log10(v)) : v === 0 ? (up ? length + LANE : -LANE) : NaN);
  }

  function layer(graphId, spec) {
    const bars = spec.shape === "bar", canvases = [];
    let d = null, m, rows, where, head, stacks, count, tint, px, py, pw, ph, plot, hover = -1, path = null, walk = null, seen = [];
    const gd = () => {
      const g = document.querySelector(`[id="${graphId}"] .js-plotly-plot`);
      return g && g._fullLayout && g._fullLayout.xaxis && g.offsetParent ? g : null;
    };
    const host = () => document.getElementById(graphId).closest(".chart");

    function refit() {
      d = null;
      draw();
    }

    function draw() {
      const g = gd();
      if (!g || !view().page().rows) return;
      listen(g, host());
      if (!d || d.rows !== view().page().rows) {
        d = spec.data();
        d.rows = view().page().rows;
        const { at } = view().table();
        rows = Int32Array.from(d.ids, (id) => at.get(id) ?? -1);
        where = new Map(Array.from(d.ids, (id, k) => [id, k]));
        seen = [];
      } else d.step = spec.data().step;
      m = view().masks();
      if (seen[0] !== m.shown) stack();
      const { xaxis: xa, yaxis: ya } = g._fullLayout;
      const now = [m.shown, d.step, palette(), [xa, ya].map((a) => [a.range, a.type, a._offset, a._length]).join()];
      if (!now.every((v, k) => v === seen[k])) {
        seen = now;
        plot = { x: xa._offset, y: ya._offset, w: xa._length, h: ya._length };
        place(scale(xa, false, !bars), scale(ya, true, !bars));
        base();
      }
      top();
    }

    /* Marks at one place are one stack: its head is drawn, its area grows with their number. */
    function stack() {
      const columns = new Map();
      [head, count, tint, stacks] = [new Int32Array(d.n).fill(-1), new Float32Array(d.n), new Uint8Array(d.n), new Map()];
      for (let k = 0; k < d.n; k++) {
        if (!(d.x[k] === d.x[k] && d.y[k] === d.y[k])) continue;
        const passes = rows[k] < 0 || m.shown[rows[k]];
        let h = k;
        if (!bars && passes) {
          const column = columns.get(d.x[k]) || columns.set(d.x[k], new Map()).get(d.x[k]);
          if (column.has(d.y[k])) {
            h = column.get(d.y[k]);
            if (!stacks.has(h)) stacks.set(h, [h]);
            stacks.get(h).push(k);
          } else column.set(d.y[k], k);
        }
        head[k] = passes ? h : -2; // -1: nowhere, -2: does not pass the filter
        count[h] += 1;
      }
    }

    function place(X, Y) {
      [px, py, pw, ph] = [0, 0, 0, 0].map(() => new Float32Array(d.n));
      const cut = (v, most) => Math.min(most, Math.max(0, v));
      for (let k = 0; k < d.n; k++) {
        if (head[k] === -1) { px[k] = NaN; continue; }
        [px[k], py[k]] = [X(d.x[k]), Y(d.y[k])];
        if (!bars) { px[k] += 0 * py[k]; continue; }
        const x = X(d.x[k] + d.w[k]), y = Y(d.y[k] + d.h[k]);
        const [x1, x2, y1, y2] = [Math.min(px[k], x), Math.max(px[k], x), Math.min(py[k], y), Math.max(py[k], y)];
        if (x2 < 0 || x1 > plot.w || y2 < 0 || y1 > plot.h) { px[k] = NaN; continue; }
        [px[k], py[k]] = [cut(x1, plot.w), cut(y1, plot.h)];
        [pw[k], ph[k]] = [Math.max(1, cut(x2, plot.w) - px[k]), Math.max(1, cut(y2, plot.h) - py[k])];
      }
      walk = null;
    }

    const here = (k) => head[k] === k && px[k] === px[k];
    const members = (k) => stacks.get(k) || [k];
    const least = () => (d.n > 20000 ? 2 : d.n > 1000 ? 3 : 4.5);
    let growth = 0;
    const radius = (k) => least() * Math.sqrt(1 + (count[k] - 1) * growth);

    function pen(which) {
      const c = canvases[which], dpr = devicePixelRatio, w = Math.round(plot.w + 2 * PAD), h = Math.round(plot.h + 2 * PAD);
      c.style.cssText = `left:${plot.x - PAD}px;top:${plot.y - PAD}px;width:${w}px;height:${h}px`;
      [c.width, c.height] = [w * dpr, h * dpr];
      const ctx = c.getContext("2d");
      ctx.setTransform(dpr, 0, 0, dpr, PAD * dpr, PAD * dpr);
      return ctx;
    }

    function mark(ctx, k, fill, line, width) {
      if (!bars) return circle(ctx, px[k], py[k], radius(k) + (fill ? 0 : 1), fill, line, width);
      const gap = pw[k] > 4 ? 1 : 0, room = Math.min(width / 2, pw[k] / 2);
      if (fill) { ctx.fillStyle = fill; ctx.fillRect(px[k], py[k], pw[k] - gap, ph[k]); }
      if (fill && pw[k] < 5) return;
      [ctx.strokeStyle, ctx.lineWidth] = [line, width];
      ctx.strokeRect(px[k] + room, py[k] + room, Math.max(0.5, pw[k] - gap - 2 * room), Math.max(0.5, ph[k] - 2 * room));
    }

    function base() {
      const ctx = pen(0), { steps, surface, edge, faint } = palette();
      const most = count.reduce((a, b) => Math.max(a, b), 1);
      growth = Math.min(1, ((MOST / least()) ** 2 - 1) / Math.max(1, most - 1));
      for (let k = 0; k < d.n; k++) tint[k] = 0;
      for (let k = 0; k < d.n; k++) if (head[k] >= 0) tint[head[k]] = Math.max(tint[head[k]], (d.step[k] + 1) & 255);
      ctx.globalAlpha = 0.15;
      for (let k = 0; k < d.n; k++) if (head[k] === -2 && px[k] === px[k]) mark(ctx, k, steps[d.step[k]] || surface, edge, 1);
      ctx.globalAlpha = 1;
      for (let step = 0; step <= 6; step++) // the largest figures on top
        for (let k = 0; k < d.n; k++) if (tint[k] === step && here(k)) mark(ctx, k, steps[step - 1] || surface, step ? edge : faint, 1);
    }

    function top() {
      if (!seen.length) return;
      const ctx = pen(1), { accent, ink } = palette();
      if (m.some) {
        const done = new Set();
        for (let k = 0; k < d.n; k++) {
          const h = head[k] === -2 ? k : head[k];
          if (h < 0 || rows[k] < 0 || !m.selected[rows[k]] || px[h] !== px[h] || done.has(h)) continue;
          done.add(h);
          mark(ctx, h, null, accent, 2);
        }
      }
      if (hover >= 0 && px[hover] === px[hover]) mark(ctx, hover, null, ink, 2);
      if (path && path.length > 1) {
        [ctx.strokeStyle, ctx.fillStyle, ctx.lineWidth] = [accent, accent, 1];
        ctx.beginPath();
        for (const [x, y] of outline()) ctx.lineTo(x, y);
        ctx.closePath();
        ctx.stroke();
        ctx.globalAlpha = 0.1;
        ctx.fill();
      }
    }

    function hit(x, y) {
      let best = -1, least = bars ? 3 : REACH;
      for (let k = 0; k < d.n; k++) {
        if (!here(k)) continue;
        const dx = bars ? Math.max(px[k] - x, x - px[k] - pw[k], 0) : px[k] - x;
        const dy = bars ? Math.max(py[k] - y, y - py[k] - ph[k], 0) : py[k] - y;
        const away = Math.hypot(dx, dy) - (bars ? 0 : Math.max(0, radius(k) - 4));
        if (away < least) [best, least] = [k, away];
      }
      return best;
    }

    const box = () => host().dataset.drag === "box";
    function outline() {
      const [x1, y1] = path[0], [x2, y2] = path[path.length - 1];
      return box() ? [[x1, y1], [x2, y1], [x2, y2], [x1, y2]] : path;
    }

    function enclosed() {
      const shape = outline(), found = [], [xs, ys] = [0, 1].map((i) => shape.map((p) => p[i]));
      const edge = { l: Math.min(...xs), r: Math.max(...xs), t: Math.min(...ys), b: Math.max(...ys) };
      for (let k = 0; k < d.n; k++) {
        const w = bars ? pw[k] : 0, h = bars ? ph[k] : 0, x = px[k] + w / 2, y = py[k] + h / 2;
        if (!here(k) || px[k] > edge.r || px[k] + w < edge.l || py[k] > edge.b || py[k] + h < edge.t) continue;
        let odd = box();
        if (!odd) for (let i = 0, j = shape.length - 1; i < shape.length; j = i++)
          if (ys[i] > y !== ys[j] > y && x < ((xs[j] - xs[i]) * (y - ys[i])) / (ys[j] - ys[i]) + xs[i]) odd = !odd;
        if (odd) for (const i of members(k)) found.push(d.ids[i]);
      }
      return found;
    }

    function choose(ids, extend) {
      const old = new Set(view().page().state.selected);
      if (extend) ids.every((i) => old.has(i)) ? ids.forEach((i) => old.delete(i)) : ids.forEach((i) => old.add(i));
      if (extend || ids.length || old.size) view().select(extend ? old : ids, graphId);
    }

    const idsOf = (k) => members(k).map((i) => d.ids[i]);

    function tip(k, aloud) {
      const note = host().querySelector(".tip");
      note.hidden = !(k >= 0);
      if (note.hidden) return;
      const { make, figure, total } = view(), { rows: all, glossary } = view().page(), ids = idsOf(k), row = all.get(ids[0]);
      const own = (spec.tip && spec.tip(k)) || [], named = new Set(own.map((line) => line[0])), many = ids.length > 1;
      const usual = TIP.map((id) => [glossary[id].label, id]).filter(([label]) => many || !named.has(label)).map(([label, id]) => {
        const sum = total(ids, id, "sum");
        return [many ? `${label}, all ${ids.length}` : label, sum === null ? "unknown" : figure(glossary[id], sum)];
      });
      const names = ids.slice(0, 3).map((id) => all.get(id).name).join(", ") + (ids.length > 3 ? " …" : "");
      const title = many ? `${ids.length} tasks at one place` : `${row.id} · ${row.name}`;
      const texts = own.filter((line) => typeof line === "string"), pairs = [...own.filter((line) => typeof line !== "string"), ...usual];
      note.replaceChildren(
        make("b", {}, title),
        make("div", { class: "muted" }, many ? names : [row.kernel, row.unit, row.bound_by && `${row.bound_by}-bound`].filter(Boolean).join(" · ")),
        make("table", {}, ...pairs.map(([label, text]) => make("tr", {}, make("th", {}, label), make("td", {}, text)))),
        ...texts.map((text) => make("div", { class: "muted" }, text)),
      );
      const room = host().getBoundingClientRect(), side = bars ? 8 : radius(k) + 10, wide = bars ? pw[k] : 0;
      const right = plot.x + px[k] + Math.min(wide, 200) + side, left = plot.x + px[k] - side - note.offsetWidth;
      note.style.left = `${right + note.offsetWidth < room.width ? right : Math.max(6, left)}px`;
      note.style.top = `${Math.max(6, Math.min(plot.y + py[k] - 12, room.height - note.offsetHeight - 6))}px`;
      if (aloud) host().querySelector("[aria-live]").textContent = [title, ...texts, ...pairs.map((p) => p.join(" "))].join(", ");
    }

    function near(id) {
      if (!d || !where || !seen.length) return;
      const k = id === null || !where.has(id) ? -1 : where.get(id), now = k < 0 ? -1 : head[k] === -2 ? k : head[k];
      if (now === hover) return;
      hover = now;
      if (gd()) top();
    }

    function point(k, aloud) {
      view().tell("near", k < 0 ? null : d.ids[k]);
      near(k < 0 ? null : d.ids[k]);
      tip(k, aloud);
    }

    function keys(event) {
      if (event.target !== host() || !seen.length) return;
      walk = walk || Array.from(d.ids, (_, k) => k).filter(here).sort((a, b) => px[a] - px[b] || py[b] - py[a]);
      const at = walk.indexOf(hover), last = walk.length - 1;
      const to = { ArrowRight: Math.min(last, at + 1), ArrowLeft: at < 0 ? last : Math.max(0, at - 1), Home: 0, End: last }[event.key];
      if (to !== undefined && last >= 0) point(walk[to], true);
      else if ((event.key === "Enter" || event.key === " ") && at >= 0) choose(idsOf(hover), event.shiftKey);
      else return;
      event.preventDefault();
    }

    let queued = 0;
    const soon = () => (queued = queued || requestAnimationFrame(() => { queued = 0; draw(); }));

    /* New figure, or new elements: their events. */
    function listen(g, h) {
      if (g.marks !== me) {
        g.marks = me;
        for (const event of ["plotly_relayouting", "plotly_relayout", "plotly_afterplot"]) g.on(event, soon);
        g.on("plotly_doubleclick", () => {
          if (lost && Date.now() - lost.time < 600) view().select(lost.ids, graphId); // its first click cleared
          if (spec.reset) spec.reset();
        });
      }
      if (h.marks === me) return;
      h.marks = me;
      canvases.splice(0, 2, ...h.querySelectorAll("canvas.marks"));
      h.addEventListener("keydown", keys);
      h.addEventListener("blur", () => point(-1));
      h.addEventListener("pointerleave", () => seen.length && !path && point(-1));
      h.addEventListener("pointermove", (event) => seen.length && !event.buttons && point(hit(...spot(event))));
      h.addEventListener("pointerdown", (event) => seen.length && event.button === 0 && press(event), true);
    }

    let lost = null;
    const spot = (event) => {
      const room = host().getBoundingClientRect();
      return [event.clientX - room.left - plot.x, event.clientY - room.top - plot.y];
    };

    function press(event) {
      const from = spot(event), draws = host().dataset.drag !== "zoom";
      if (!event.target.closest(".plot-container") || from[0] < -PAD || from[0] > plot.w || from[1] < 0 || from[1] > plot.h + PAD) return;
      host().focus({ preventScroll: true });
      const extend = event.shiftKey || event.ctrlKey || event.metaKey;
      let moved = false;
      const move = (e) => {
        const at = spot(e);
        moved = moved || Math.hypot(at[0] - from[0], at[1] - from[1]) > 4;
        if (!moved) return;
        point(-1);
        if (!draws) return;
        (path = path || [from]).push(at);
        top();
      };
      const up = (e) => {
        window.removeEventListener("pointermove", move, true);
        if (!moved) {
          const k = hit(...spot(e)), old = view().page().state.selected;
          if (k >= 0) choose(idsOf(k), extend);
          else if (!extend && old.length) { lost = { ids: old, time: Date.now() }; choose([], false); }
        } else if (path) {
          const ids = enclosed();
          path = null;
          const old = extend ? view().page().state.selected : [];
          view().select(new Set([...old, ...ids]), graphId);
          top();
        }
      };
      window.addEventListener("pointermove", move, true);
      window.addEventListener("pointerup", up, { capture: true, once: true });
    }

    async function ready() {
      for (let k = 0; k < 200 && !gd(); k++) await new Promise((done) => requestAnimationFrame(done));
      refit();
    }

    const me = { draw, refit, near, ready };
    layers.push(me);
    return me;
  }

  /* Figures are asked for once the page stands and rests, or when a person opens one. */
  const scheme = () => document.documentElement.dataset.mantineColorScheme;
  function start() {
    const root = view().page();
    if (!root || root.charts) return;
    root.charts = true;
    clientside.set_props("model--charts", { data: scheme() });
  }
  window.addEventListener("paredown:scheme", () => {
    if (!view() || !view().page()) return; // it also comes before the page
    for (const one of layers) one.draw();
    if (view().page().charts) clientside.set_props("model--charts", { data: scheme() });
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-drag]");
    if (!button) return;
    const pane = button.closest(".dock-pane"), g = pane.querySelector(".js-plotly-plot");
    for (const one of pane.querySelectorAll("button[data-drag]")) one.setAttribute("aria-pressed", one === button);
    pane.querySelector(".chart").dataset.drag = button.dataset.drag;
    if (g) window.Plotly.relayout(g, { dragmode: button.dataset.drag === "zoom" ? "zoom" : false });
  });

  (clientside.parts = clientside.parts || []).push({
    numbers: () => (window.requestIdleCallback || setTimeout)(start, { timeout: 3000 }),
    show: (state) => state.dock !== "graph" && start(),
  });
  clientside.marks = { layer };
})();
