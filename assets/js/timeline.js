/* The timeline: tasks in the order in which they run, one after the other, over the memory that is
   alive meanwhile.  As lanes of units, or task by task; both show the same stretch of time. */
(function (clientside) {
  const TOP = 8, FOOT = 22, RIGHT = 10, LANE = 96, TALL = 26, NAMED = 11; // px; highest lane and row; least row with a name
  const CURVE = { lanes: 0.3, order: 0.2 }; // share of the height that is memory, at least
  const { view, canvas } = clientside;
  const { page } = view, { write } = canvas, { make } = clientside.dom, { host, soon, on, watch } = canvas.dock("#model--timeline", () => draw());
  let d = null; // rows in order: {list, start, time, lane, lanes, end, memory, peak}
  let from = 0, to = 1; // the stretch of time that is shown, s
  let cursor = -1, drawn = null;

  /* A conversion runs right after the task that makes its tensor, or first. */
  function numbers() {
    const { list, at } = view.table();
    const when = (row) => (row.conversion ? row.anchor + 0.5 : row.id);
    const order = [...list].sort((a, b) => when(a) - when(b) || a.id - b.id), n = order.length;
    const start = new Float64Array(n + 1), lanes = [...new Set(order.map((row) => row.unit || "?"))];
    order.forEach((row, k) => (start[k + 1] = start[k] + (row.latency_s || 0)));
    const same = d && d.end === start[n] && d.list.length === n;
    d = {
      rows: page().rows, list: order, start, lanes, end: start[n], at: Int32Array.from(order, (row) => at.get(row.id)),
      lane: Uint8Array.from(order, (row) => lanes.indexOf(row.unit || "?")), place: new Map(order.map((row, k) => [row.id, k])),
      memory: Float64Array.from(order, (row) => (typeof row.live_bytes === "number" ? row.live_bytes : NaN)),
      unknown: order.filter((row) => typeof row.latency_s !== "number").length,
    };
    d.peak = d.memory.reduce((best, v, k) => (v > (d.memory[best] || 0) ? k : best), 0);
    if (!same) [from, to] = [0, d.end || 1];
    const note = document.getElementById("model--timeline-note");
    note.textContent = (d.unknown ? `${d.unknown.toLocaleString("en-US")} tasks of unknown time left out. ` : "") + note.dataset.usual;
    watch();
    draw();
  }

  /* The first row that ends after a time. */
  function rowAt(t) {
    let a = 0, b = d.list.length - 1;
    while (a < b) {
      const mid = (a + b) >> 1;
      d.start[mid + 1] > t ? (b = mid) : (a = mid + 1);
    }
    return a;
  }

  const bytes = (v) => canvas.si(v, "B");

  const time = (v, like) => {
    const [scale, unit] = like >= 0.5 ? [1, "s"] : like >= 5e-4 ? [1e3, "ms"] : [1e6, "µs"];
    return [v * scale, unit];
  };

  function draw() {
    if (!d || d.rows !== page().rows) return numbers();
    const box = host().querySelector("canvas"), w = host().clientWidth, h = host().clientHeight, ink = canvas.ink();
    const pen = canvas.pen(box, w, h), masks = view.masks(), state = page().state, order = state.lanes === "order";
    const left = order ? 12 : 14 + Math.max(...d.lanes.map((lane) => pen.measureText(lane).width));
    const free = h - FOOT - TOP - 12 - Math.max(60, h * CURVE[state.lanes]), wide = w - left - RIGHT;
    const high = order ? free : Math.min(LANE * d.lanes.length, free);
    const low = Math.round(TOP + high + 12);
    const x = (t) => left + ((t - from) * wide) / (to - from || 1);
    const first = rowAt(from), last = Math.max(first, rowAt(to - 1e-12)), step = view.steps(state.colour).of;
    const rise = order ? Math.min(TALL, high / (last - first + 1)) : high / d.lanes.length;
    const y = (k) => TOP + rise * (order ? k - first : d.lane[k]), thick = order ? (rise > 4 ? rise - 2 : Math.max(1, rise)) : rise - 8;
    drawn = { x, y, left, wide, low, high, rise, thick, first, last, order };
    const none = host().querySelector(".drawing-none");
    none.hidden = d.end > 0 && (masks.all || masks.shown.some((on) => on));
    none.textContent = d.end ? none.dataset.usual : "No task here has a known time.";
    ruler(pen, ink, w, h);
    if (!order) {
      d.lanes.forEach((lane, k) => {
        pen.fillStyle = ink.ground;
        pen.fillRect(left, TOP + k * rise, wide, thick);
        write(pen, lane, 6, TOP + k * rise + thick / 2, ink.muted);
      });
    }
    pen.save();
    pen.beginPath();
    pen.rect(left, 0, wide, h);
    pen.clip();
    const bar = (a, b, top, tall, tone, passes, chosen) => {
      const wide = Math.max(b - a > 3 ? b - a - 0.5 : b - a, 1);
      pen.globalAlpha = passes ? 1 : 0.18;
      pen.fillStyle = canvas.colour(tone);
      pen.fillRect(a, top, wide, tall);
      pen.globalAlpha = 1;
      if (!chosen) return;
      [pen.fillStyle, pen.strokeStyle, pen.lineWidth] = [ink.accent, ink.accent, 2];
      if (!order) pen.fillRect(a, top - 4, Math.max(2, b - a), 3);
      if (wide > 5 && tall > 7) pen.strokeRect(a + 1, top + 1, wide - 2, tall - 2);
    };
    pen.fillStyle = ink["accent-ground"];
    for (let k = first; order && masks.some && k <= last; k++)
      if (masks.selected[d.at[k]]) pen.fillRect(left, y(k) - 1, wide, rise + 0.5);
    // what is thinner than a pixel shares its column: as high as the unit is busy, as dark as its darkest task
    const columns = d.lanes.map(() => new Map());
    for (let k = first; k <= last; k++) {
      const a = x(d.start[k]), b = x(d.start[k + 1]), at = d.at[k], tone = step[at], on = masks.shown[at], chosen = masks.selected[at];
      if (order || b - a >= 1.5) {
        bar(a, b, y(k), thick, tone === 0 && b - a < 4 ? 1 : tone, on, chosen);
        if (order ? rise > NAMED : b - a > 42) name(pen, ink, k, a, b, tone, on);
        continue;
      }
      const column = Math.floor((a + b) / 2), old = columns[d.lane[k]].get(column) || { busy: 0, tone: 255, on: 0, chosen: 0 };
      old.busy += b - a;
      if (old.tone === 255 || (tone !== 255 && tone > old.tone && (on || !old.on))) old.tone = tone;
      old.on |= on;
      old.chosen |= chosen;
      columns[d.lane[k]].set(column, old);
    }
    columns.forEach((lane, k) => {
      for (const [a, c] of lane) {
        const tall = thick * Math.max(0.15, Math.min(1, c.busy));
        bar(a, a + 1, TOP + k * rise + thick - tall, tall, c.tone, c.on, c.chosen);
      }
    });
    memory(pen, ink, h);
    pen.restore();
    mark();
    canvas.legend("model--timeline");
  }

  function ruler(pen, ink, w, h) {
    const { x, left, wide, low } = drawn, most = Math.max(2, Math.floor(wide / 90)), [, unit] = time(0, to);
    for (const t of canvas.ticks(from, to, most)) {
      pen.fillStyle = ink["soft-line"];
      pen.fillRect(Math.round(x(t)), TOP, 1, h - FOOT - TOP);
      const text = Number(time(t, to)[0].toPrecision(10)).toLocaleString("en-US", { maximumFractionDigits: 9 });
      const at = x(t) + 4 + pen.measureText(text).width;
      if (at < w - 30) write(pen, text, x(t) + 3, h - FOOT / 2, ink.muted);
    }
    write(pen, unit, w - RIGHT, h - FOOT / 2, ink.muted, "right");
    pen.fillStyle = ink.line;
    pen.fillRect(left, low - 4, wide, 1);
    pen.fillRect(left, h - FOOT, wide, 1);
  }

  function name(pen, ink, k, a, b, tone, on) {
    const { order, thick, y, left, wide } = drawn, row = d.list[k], text = row.conversion ? `convert ${row.name}` : row.name;
    const from = Math.max(a, left), to = Math.min(b, left + wide), width = pen.measureText(text).width, inside = to - from - 10;
    pen.globalAlpha = on ? 1 : 0.4;
    const put = (words, x, colour) => write(pen, words, x, y(k) + thick / 2 + 0.5, colour);
    const within = ink.on[tone === 255 ? 0 : tone];
    if (!order || width < inside) put(canvas.fit(pen, text, inside), from + 5, within);
    else if (left + wide - b > Math.min(width + 8, a - left)) put(canvas.fit(pen, text, left + wide - b - 8), b + 5, ink.muted);
    else put(canvas.fit(pen, text, a - left - 8), Math.max(left + 2, a - 5 - Math.min(width, a - left - 8)), ink.muted);
    pen.globalAlpha = 1;
  }

  /* Bytes alive while each task runs, as steps; columns of many tasks show their most. */
  function memory(pen, ink, h) {
    const { x, first, last, left, wide, low } = drawn, most = d.memory[d.peak], base = h - FOOT, tall = base - low - 20;
    const room = page().room || Infinity, top = room < 3 * most ? Math.max(room, most) : most;
    if (!(most > 0)) return write(pen, "Live memory is not known", left + 4, base - tall / 2, ink.muted);
    const y = (v) => base - (tall * v) / top;
    for (let k = first, column = -1, max = 0, until = 0; k <= last; k++) {
      const a = x(d.start[k]), b = x(d.start[k + 1]), v = d.memory[k] || 0;
      max = Math.floor(a) === column && until - Math.floor(a) < 1 ? Math.max(max, v) : v;
      [column, until] = [Math.floor(a), b];
      const l = Math.floor(a), r = Math.max(l + 1, Math.floor(b)), top = Math.round(y(max));
      const limit = Math.max(top, Math.round(y(Math.min(max, room))));
      pen.fillStyle = ink.steps[1];
      pen.fillRect(l, limit, r - l, base - limit);
      pen.fillStyle = ink["worse-ground"];
      pen.fillRect(l, top, r - l, limit - top);
      pen.fillStyle = max > room ? ink.worse : ink.steps[3];
      pen.fillRect(l, top, r - l, 2);
    }
    const p = d.peak, at = Math.max(left + 3, Math.min(left + wide - 3, x((d.start[p] + d.start[p + 1]) / 2)));
    const of = room < Infinity ? ` ${most > room ? "over the" : "of"} ${bytes(room)}` : "";
    const words = canvas.fit(pen, `peak ${bytes(most)}${of} · ${d.list[p].name}`, wide - 8, true), long = pen.measureText(words).width;
    pen.fillStyle = ink.ink;
    if (p >= first && p <= last) pen.fillRect(at - 3, y(most) - 3, 6, 6);
    write(pen, words, Math.max(left + 2, Math.min(at + 8, left + wide - long - 2)), Math.max(low + 8, y(most) - 12), ink.muted);
    if (room <= top) canvas.line(pen, ink.budget, pen.lineWidth, () => pen.rect(left, y(room), wide, 0), [5, 3]);
  }

  /* Rows at a point: in its lane, or at its time. */
  function hit(px, py) {
    const { x, low, rise, first, last, order, left, wide } = drawn || {};
    if (!drawn || px < left || px > left + wide) return [];
    const per = (to - from) / wide, t = from + (px - left) * per, found = [];
    if (order && py < low - 4) {
      const k = first + Math.floor((py - TOP) / rise);
      return k >= first && k <= last && py >= TOP ? [k] : [];
    }
    const lane = py < low - 4 ? Math.floor((py - TOP) / rise) : -1;
    for (let k = rowAt(t - per); k <= last && d.start[k] <= t + per; k++) {
      const middle = (x(d.start[k]) + x(d.start[k + 1])) / 2, thin = x(d.start[k + 1]) - x(d.start[k]) < 1.5;
      if ((lane < 0 || d.lane[k] === lane) && (thin ? Math.abs(middle - px) <= 1 : d.start[k] <= t && t < d.start[k + 1])) found.push(k);
    }
    return found;
  }

  /* The row that the pointer or the keys are on: an outline above the canvas. */
  function mark() {
    const { first, last, left, wide, thick, x, y } = drawn;
    if (cursor < 0 || cursor < first || cursor > last) return canvas.near(host());
    const a = Math.max(left, x(d.start[cursor])), b = Math.min(left + wide, x(d.start[cursor + 1]));
    canvas.near(host(), [a - 1, y(cursor) - 1, Math.max(2, b - a + 2), Math.max(3, thick + 2)]);
  }

  function point(rows, px, py) {
    const best = rows.reduce((a, b) => (a < 0 || d.start[b + 1] - d.start[b] > d.start[a + 1] - d.start[a] ? b : a), -1);
    const row = d.list[best], ids = rows.map((k) => d.list[k].id);
    view.tell("near", row ? row.id : null);
    if (!row) return canvas.tip(host());
    const many = rows.length > 1 ? `the longest: ${row.name}; wheel to zoom in` : null;
    const [at, unit] = time(d.start[best], to), lines = [`starts at ${view.number(at)} ${unit}`, `${bytes(row.live_bytes)} alive`, many];
    canvas.tip(host(), [px, py], [...canvas.about(ids), ...lines.filter(Boolean).map((l) => make("div", { class: "muted" }, l))]);
  }

  function near(id) {
    cursor = id === null || !d || !d.place.has(id) ? -1 : d.place.get(id);
    if (drawn) mark();
  }

  function stretch(start, span) {
    from = Math.max(0, Math.min(d.end - span, start));
    to = from + span;
    soon();
  }

  function zoom(factor, t) {
    const span = Math.max(d.end * 1e-6, Math.min(d.end, (to - from) * factor)), part = (t - from) / (to - from || 1);
    stretch(t - part * span, span);
  }

  function press(event) {
    const box = host().querySelector(".stretch"), x0 = event.offsetX, was = [from, to], shift = event.shiftKey;
    host().focus({ preventScroll: true });
    const move = (e) => {
      canvas.tip(host());
      box.hidden = !shift;
      if (shift) box.style.cssText = `left:${Math.min(x0, e.offsetX)}px;width:${Math.abs(e.offsetX - x0)}px`;
      else stretch(was[0] - ((e.offsetX - x0) * (was[1] - was[0])) / drawn.wide, was[1] - was[0]);
    };
    canvas.drag(event, move, (e, moved) => {
      box.hidden = true;
      if (e && !moved) return canvas.pick(hit(x0, event.offsetY).map((k) => d.list[k].id), e, "timeline");
      if (!e || !shift) return;
      const [a, b] = [x0, e.offsetX].sort((p, q) => p - q).map((p) => from + ((p - drawn.left) * (to - from)) / drawn.wide);
      const ids = d.list.filter((_, k) => view.masks().shown[d.at[k]] && d.start[k + 1] > a && d.start[k] < b).map((row) => row.id);
      view.select(new Set([...page().state.selected, ...ids]), "timeline");
    });
  }

  function keys(event) {
    const way = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key], middle = (from + to) / 2;
    if (way) {
      const k = Math.max(0, Math.min(d.list.length - 1, cursor < 0 ? drawn.first : cursor + way)), span = to - from;
      if (d.start[k] < from || d.start[k + 1] > to) {
        stretch(d.start[k] - span / 2, span);
        draw();
      }
      point([k], Math.max(drawn.left, drawn.x(d.start[k])), drawn.y(k) + drawn.thick);
    } else if (event.key === "+" || event.key === "-") zoom(event.key === "+" ? 0.6 : 1 / 0.6, cursor < 0 ? middle : d.start[cursor]);
    else if (event.key === "Home") zoom(Infinity, 0);
    else if (/^(Enter| )$/.test(event.key) && cursor >= 0) canvas.pick([d.list[cursor].id], event, "timeline");
    else return;
    event.preventDefault();
  }

  function room(bytes) {
    if (!page()) return;
    page().room = bytes;
    if (host() && host().clientWidth && page().rows) soon();
  }

  on("pointermove", (event) => event.buttons || point(hit(event.offsetX, event.offsetY), event.offsetX, event.offsetY));
  on("pointerout", () => drawn && point([]));
  on("pointerdown", (event) => drawn && event.button === 0 && event.target.matches("canvas") && press(event));
  on("keydown", (event) => drawn && keys(event));
  on("dblclick", () => drawn && zoom(Infinity, 0));
  on("wheel", (event) => {
    event.preventDefault();
    if (!drawn) return;
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) stretch(from + (event.deltaX * (to - from)) / drawn.wide, to - from);
    else zoom(1.0015 ** event.deltaY, from + (Math.max(0, event.offsetX - drawn.left) * (to - from)) / drawn.wide);
  }, { passive: false });
  clientside.dom.press("#model--timeline-fit", () => zoom(Infinity, 0));

  clientside.parts.push({
    active: (state) => state.dock === "timeline", numbers, show: soon, filtered: soon, near,
  });
  clientside.timeline = { room, stretch: () => [from, to, d && d.end], order: () => d.list };
})(window.dash_clientside);
