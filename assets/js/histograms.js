/* Histograms: one card a metric.  A brush is two conditions on its metric; every card counts what
   the other filters leave, so that its brush can be moved without seeing only itself. */
(function (clientside) {
  const LOW = 52, TOP = 120, FOOT = 16, PAD = 3, GRIP = 6; // px: bars, least and most; axis; beside it; reach of an edge
  const STEEP = 100; // largest over median value from which an axis is logarithmic
  const { view, canvas } = clientside, { page } = view, { make, button } = clientside.dom;
  const { host, soon, on, watch } = canvas.dock(".histograms", () => host().cards && draw());
  const KEYS = "Arrow keys make or move a filter, with shift resize it, Delete removes it, Enter selects.";
  const SIDES = { ge: 0, gt: 0, le: 1, lt: 1 };
  let high = LOW, wide = 0; // px of the bars, of the cards, now
  let drag = null; // {card, a, b in px, range}: a brush that is being drawn

  /* The range that the conditions on a metric leave; null without any. */
  function brush(id) {
    if (drag && drag.card.id === id) return drag.range;
    const range = [-Infinity, Infinity];
    for (const [column, operator, value] of page().state.where)
      if (column === id && operator in SIDES) range[SIDES[operator]] = value;
    return range[0] > -Infinity || range[1] < Infinity ? range : null;
  }

  /* Does a row meet a condition, as the table decides it? */
  function holds(row, [column, operator, value]) {
    const metric = page().glossary[column], has = column === "formats" ? window.dashAgGridFunctions.formats(row) : row[column];
    if (has === null || has === undefined) return operator === "ne" || (page().state.unknown || []).includes(column);
    if (typeof value === "string") return String(has).toLowerCase().includes(value.toLowerCase());
    let [a, b] = [has * metric.scale, value * metric.scale];
    if (Math.abs(a - b) < 1e-5 * Math.abs(b)) [a, b] = [Number(a.toPrecision(6)), Number(b.toPrecision(10))]; // as they are shown
    return { gt: a > b, ge: a >= b, lt: a < b, le: a <= b, eq: a === b, ne: a !== b }[operator];
  }

  /* Rows that pass every filter but those on some metrics, as 0 and 1. */
  function without(...ids) {
    const { list } = view.table(), state = page().state, shown = view.masks().shown;
    const where = state.where.filter(([column]) => !ids.includes(column));
    if (where.length === state.where.length) return shown;
    const memo = (shown.without = shown.without || {}), key = ids.join();
    const passes = (clientside.desks[view.kind()] || clientside.task_table).onlyPass;
    memo[key] = memo[key] || Uint8Array.from(list, (row) => (passes(row) && where.every((one) => holds(row, one)) ? 1 : 0));
    return memo[key];
  }

  /* Least, most and middle of what a mask leaves of a metric, the zeros and the unknown counted. */
  function extent(id, mask) {
    const kept = view.table().kept, key = `extent ${id}`;
    if (kept[key] && kept[key].mask === mask) return kept[key];
    const values = view.column(id).filter((v, k) => !mask || mask[k]), known = values.filter((v) => v === v).sort();
    const zeros = known[0] < 0 ? 0 : known.findIndex((v) => v > 0), from = zeros < 0 ? known.length : zeros;
    return (kept[key] = {
      mask, known: known.length, unknown: values.length - known.length, zeros: from, lo: known[from], hi: known[known.length - 1],
      median: known[known.length >> 1], middle: known[(from + known.length) >> 1],
    });
  }

  /* Values to px and back: zeros in a bin of their own, then `n` bins, linear or logarithmic. */
  function axis(card, mask, wide) {
    let e = extent(card.id, mask);
    if (!e.known) e = card.whole;
    const zero = e.zeros ? (e.lo === undefined ? wide - 2 * PAD : 9) : 0, x0 = PAD + (zero ? zero + 3 : 0), x1 = wide - PAD;
    const n = Math.max(16, Math.min(32, Math.round((x1 - x0) / 6))), log = card.log && e.hi > e.lo;
    let [lo, hi] = [e.lo, e.hi];
    if (!log && lo > 0 && lo < 0.3 * hi) lo = 0;
    if (hi === lo) [lo, hi] = [lo - 0.5 * Math.abs(lo), hi + 0.5 * Math.abs(hi)];
    const [l, h] = log ? [Math.log(lo), Math.log(hi)] : [lo, hi];
    const px = (v) => (v <= 0 && zero ? PAD + zero / 2 : x0 + ((x1 - x0) * ((log ? Math.log(v) : v) - l)) / (h - l));
    const at = (x) => (x < x0 - 1 && zero ? 0 : ((v) => (log ? Math.exp(v) : v))(l + ((h - l) * (x - x0)) / (x1 - x0)));
    const bin = (v) => (v === 0 && zero ? 0 : 1 + Math.max(0, Math.min(n - 1, Math.floor((n * (px(v) - x0)) / (x1 - x0)))));
    const span = (k) => (k ? [x0 + ((k - 1) * (x1 - x0)) / n, x0 + (k * (x1 - x0)) / n] : [PAD, PAD + zero]);
    return { ...e, n, log, zero, x0, x1, px, at, bin, span, mask };
  }

  /* A range in px as round figures of the page; the ends of the axis are included. */
  function rounded(card, a, b) {
    const { axis: x } = card, { scale } = page().glossary[card.id];
    const near = (p, way) => {
      const fine = 10 ** Math.floor(Math.log10(Math.abs(x.at(p + 0.5) - x.at(p - 0.5)) * scale || 1e-9));
      return Number((Number((way((x.at(p) * scale) / fine) * fine).toPrecision(6)) / scale).toPrecision(10));
    };
    const low = x.zero && a < x.x0 - 1 ? 0 : a <= x.x0 + 1 ? near(x.x0, Math.floor) : near(a, Math.round);
    const zeros = x.lo === undefined || (x.zero && b < x.x0);
    return [x.lo < 0 ? low : Math.max(0, low), zeros ? 0 : b >= x.x1 - 1 ? near(x.x1, Math.ceil) : near(b, Math.round)];
  }

  function set(card, range) {
    const where = page().state.where.filter(([column, operator]) => column !== card.id || !(operator in SIDES));
    if (range) where.push([card.id, "ge", range[0]], [card.id, "le", range[1]]);
    view.change({ where }, "histograms");
  }

  /* A card for every metric that has a value. */
  function build() {
    const { glossary } = page();
    const ids = Object.keys(glossary).filter((id) => view.column(id).some((v) => v === v));
    const key = ids.map((id) => glossary[id].header).join();
    if (host().key !== key) {
      host().key = key;
      host().cards = ids.map((id) => {
        const card = { id, note: make("span", { class: "muted" }), mark: make("i", { class: "near", hidden: "" }) };
        const paint = () => view.paint(id);
        card.title = button(glossary[id].header, `Colour by ${glossary[id].label.toLowerCase()}`, paint, "histogram-title");
        card.canvas = make("canvas", { tabindex: 0, role: "group" });
        card.canvas.card = card;
        card.box = make("div", { class: "histogram" }, make("div", {}, card.title, card.note), card.canvas, card.mark);
        return card;
      });
      host().replaceChildren(host().querySelector(".tip"), host().querySelector(".drawing-none"), ...host().cards.map((card) => card.box));
    }
    for (const card of host().cards) {
      card.whole = extent(card.id, null);
      card.log = !(card.whole.lo < 0) && card.whole.hi > STEEP * card.whole.middle;
    }
    watch(measure);
    measure();
    draw();
  }

  /* Cards as high as the pane lets them be. */
  function measure() {
    if (!host() || !host().clientWidth || !host().cards) return;
    const columns = getComputedStyle(host()).gridTemplateColumns.split(" ").length, rows = Math.ceil(host().cards.length / columns);
    high = Math.round(Math.max(LOW, Math.min(TOP, (host().clientHeight - 16) / rows - 24 - FOOT - 6)));
    host().style.setProperty("--high", `${high}px`);
    wide = host().cards[0].canvas.clientWidth;
    soon();
  }

  function draw() {
    const state = page().state, masks = view.masks(), heights = state.height === "latency" ? view.column("latency_s") : null;
    const live = drag ? without(drag.card.id) : null;
    let pass = masks.shown;
    if (drag) {
      const values = view.column(drag.card.id), [lo, hi] = drag.range;
      pass = live.map((on, k) => (on && values[k] >= lo && values[k] <= hi ? 1 : 0));
    }
    host().querySelector(".drawing-none").hidden = pass.some((on) => on);
    for (const card of host().cards) {
      const context = state.axes === "all" ? null : drag ? without(card.id, drag.card.id) : without(card.id);
      if (!card.axis || card.axis.mask !== context || card.wide !== wide || card.rows !== page().rows)
        Object.assign(card, { axis: axis(card, context, wide), wide, rows: page().rows });
      one(card, context, pass, masks, heights);
    }
  }

  function one(card, context, pass, masks, heights) {
    const x = card.axis, values = view.column(card.id), { list } = view.table(), metric = page().glossary[card.id], say = view.number;
    const [all, on, chosen] = [0, 1, 2].map(() => new Float64Array(x.n + 1));
    let passing = 0, unknown = 0;
    for (let k = 0; k < values.length; k++) {
      if (context && !context[k] && !pass[k]) continue;
      const v = values[k], weight = heights ? heights[k] || 0 : 1;
      if (v !== v) { unknown += pass[k] && !list[k].conversion; continue; }
      const b = x.bin(v);
      all[b] += weight;
      if (!pass[k]) continue;
      passing += 1;
      on[b] += weight;
      if (masks.selected[k]) chosen[b] += weight;
    }
    const tall = (v) => (heights ? v : Math.sqrt(v)), most = tall(Math.max(...all)) || 1, ink = canvas.ink();
    const pen = canvas.pen(card.canvas, wide, high + FOOT);
    const bars = (counts, fill) => {
      pen.fillStyle = fill;
      for (let b = 0; b <= x.n; b++) {
        if (!counts[b]) continue;
        const [a, z] = x.span(b), tip = Math.max(1.5, ((high - 2) * tall(counts[b])) / most);
        pen.fillRect(a, high - tip, Math.max(1, z - a - 1), tip);
      }
    };
    bars(all, ink["line"]);
    bars(on, ink.steps[2]);
    bars(chosen, ink.accent);
    pen.fillStyle = ink.line;
    pen.fillRect(PAD, high, wide - 2 * PAD, 1);
    const end = (v) => say(v * metric.scale, 2), y = high + FOOT / 2 + 1;
    const mid = extent(card.id, pass).median, left = x.lo === undefined || x.zero || (!x.log && x.lo > 0 && x.lo < 0.3 * x.hi) ? "0" : end(x.lo);
    const right = x.lo === undefined || x.hi === x.lo ? "" : end(x.hi), lone = x.hi === x.lo && x.lo !== undefined;
    if (!lone || x.zero) canvas.write(pen, left, PAD, y, ink.muted);
    canvas.write(pen, right, wide - PAD, y, ink.muted, "right");
    const from = PAD + pen.measureText(left).width, to = wide - PAD - pen.measureText(right).width, room = to - from - 12;
    const way = x.log && !lone ? "log, " : "";
    const words = [`${way}median ${end(mid)}`, `${way}${end(mid)}`].find((one) => pen.measureText(one).width < room);
    if (mid !== undefined && words) canvas.write(pen, lone && !x.zero ? `all ${end(x.lo)}` : words, Math.round((from + to) / 2), y, ink.muted, "center");
    if (mid !== undefined && !lone) pen.fillRect(x.px(mid) - 0.5, high, 1, 4);
    const range = brush(card.id);
    const under = (v) => v === -Infinity || (v <= 0 && !(x.lo < 0));
    card.brush = range && [
      under(range[0]) ? PAD : Math.max(PAD, x.px(range[0])), under(range[1]) ? x.x0 - 2 : Math.min(wide - PAD, x.px(range[1])),
    ];
    if (card.brush) {
      const [a, b] = card.brush;
      pen.fillStyle = pen.strokeStyle = ink.accent;
      pen.globalAlpha = 0.12;
      pen.fillRect(a, 0, Math.max(1, b - a), high);
      pen.globalAlpha = 1;
      for (const p of [a, b]) {
        pen.fillRect(p - 0.5, 0, 1, high);
        pen.fillRect(p - 2, high / 2 - 8, 4, 16);
      }
    }
    card.counts = { all, on, chosen, passing };
    const text = range ? view.say(passing) : unknown ? `${view.say(unknown)} unknown` : "";
    if (card.note.textContent !== text) card.note.title = (card.note.textContent = text) + (range ? ` ${view.kind() === "model" ? "tasks" : "models"} pass` : "");
    const told = `${metric.header}, ${end(x.zeros ? 0 : x.lo)} to ${end(x.hi || 0)}, median ${end(mid)} ${text}` +
      `${range ? `, filtered from ${end(range[0])} to ${end(range[1])}` : ""}. ${KEYS}`;
    if (card.told !== told) card.canvas.setAttribute("aria-label", (card.told = told));
    card.title.setAttribute("aria-pressed", page().state.colour === card.id);
  }

  const inBin = (card, b) => {
    const pass = view.masks().shown, values = view.column(card.id);
    return view.table().list.filter((_, k) => pass[k] && values[k] === values[k] && card.axis.bin(values[k]) === b).map((row) => row.id);
  };
  const binAt = ({ axis }, p) => [...Array(axis.n + 1).keys()].findIndex((b) => p >= axis.span(b)[0] && p < axis.span(b)[1]);

  /* What a point of a card would drag: an edge of its brush (0, 1), the brush ("all"), nothing. */
  function grip({ brush: old }, p) {
    const edge = old ? old.findIndex((at) => Math.abs(at - p) <= GRIP) : -1;
    return edge >= 0 ? edge : old && p > old[0] && p < old[1] ? "all" : null;
  }

  function hint(card, event) {
    const box = host().getBoundingClientRect(), p = event.offsetX, b = binAt(card, p), held = grip(card, p);
    card.canvas.style.cursor = held === null ? "crosshair" : held === "all" ? "grab" : "ew-resize";
    const metric = page().glossary[card.id], ids = b < 0 ? [] : inBin(card, b);
    if (!ids.length) return canvas.tip(host());
    const [from, to] = card.axis.span(b).map((x) => view.number(card.axis.at(x) * metric.scale));
    const part = page().glossary.share && view.total(ids, "share", "sum");
    const share = part === null ? "an unknown share of latency; " : part === undefined ? "" : `${view.number(part * 100, 2)} % of latency; `;
    canvas.tip(host(), [event.clientX - box.left, event.clientY - box.top + host().scrollTop], [
      ...canvas.about(ids, b ? `${metric.label} ${from}–${to} ${metric.unit}` : `${metric.label} 0`),
      make("div", { class: "muted" }, `${share}click selects, drag filters`),
    ]);
  }

  function press(card, event) {
    const from = event.offsetX, old = card.brush, held = grip(card, from), most = wide - PAD;
    canvas.tip(host());
    const move = (e) => {
      const by = e.offsetX - from, room = held === "all" ? Math.max(PAD - old[0], Math.min(most - old[1], by)) : 0;
      if (held === "all" && !room) return;
      const p = Math.max(PAD, Math.min(most, e.offsetX));
      const ends = held === "all" ? [old[0] + room, old[1] + room] : [held === null ? from : old[1 - held], p];
      drag = { card, range: rounded(card, Math.min(...ends), Math.max(...ends)) };
      soon();
    };
    canvas.drag(event, move, (e, moved) => {
      const made = drag;
      drag = null;
      if (made && e) set(card, made.range);
      else if (!e || moved) soon();
      else if (old && held === null) set(card, null);
      else canvas.pick(inBin(card, binAt(card, from)), e, "histograms");
    });
  }

  function keys(card, event) {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key], { x0, x1, n, zero } = card.axis, width = (x1 - x0) / n;
    const range = brush(card.id), start = zero ? PAD : x0;
    if (way && !range) set(card, rounded(card, start, x0 + width * Math.round(n / 4)));
    else if (way) {
      let [a, b] = card.brush;
      const by = event.shiftKey ? way * width : Math.max(start - a, Math.min(x1 - b, way * width));
      b = Math.max(a + 1, Math.min(x1, b + by));
      set(card, rounded(card, event.shiftKey ? a : a + by, b));
    } else if (range && /^(Escape|Delete|Backspace)$/.test(event.key)) set(card, null);
    else if (event.key === "Enter" && range) {
      const pass = view.masks().shown;
      canvas.pick(view.table().list.filter((_, k) => pass[k]).map((row) => row.id), event, "histograms");
    } else return;
    event.preventDefault();
  }

  /* The place of the task that the pointer is on, wherever that is. */
  function near(id) {
    const row = id === null ? null : page().rows.get(id);
    for (const card of (host() && host().cards) || []) {
      const known = row && typeof row[card.id] === "number" && card.axis;
      card.mark.hidden = !known;
      if (known) card.mark.style.left = `${Math.max(PAD, Math.min(card.wide - PAD, card.axis.px(row[card.id])))}px`;
    }
  }

  const heard = (kind, act) => on(kind, (event) => event.target.card && act(event.target.card, event), true);
  heard("pointermove", (card, event) => event.buttons || hint(card, event));
  heard("pointerdown", (card, event) => event.button || press(card, event));
  heard("pointerout", () => canvas.tip(host()));
  heard("keydown", keys);

  const part = (desk, dock) => ({ desk, active: (state) => state.dock === dock, numbers: build, show: soon, filtered: soon, near });
  clientside.parts.push(part("model", "histograms"), part("experiment", "budgets"));
  clientside.histograms = { holds };
})(window.dash_clientside);
