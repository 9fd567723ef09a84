/* The drawing of all tasks as it comes from the server (dashboard/figures/atlas.py): typed arrays,
   an index of places, and how boxes and edges are painted at a scale.  Knows nothing of the page. */
(function (clientside) {
  const { canvas } = clientside, CELL = 512; // units of the drawing
  const TYPES = { f4: Float32Array, u4: Uint32Array, u2: Uint16Array, u1: Uint8Array };
  const ROUND = 0.3, TEXT = 0.45; // scales from which boxes are round with arrows, and have labels
  const UNKNOWN = 6; // the bucket behind the six steps

  /* Items by key, as positions and a list: the items of key c are items[at[c]..at[c + 1]].
     `keys(item, put)` puts the keys of an item. */
  function grouped(keyCount, count, keys) {
    const at = new Uint32Array(keyCount + 1), seen = new Int32Array(keyCount).fill(-1);
    let item = 0;
    const tally = (c) => { if (seen[c] !== item) { seen[c] = item; at[c + 1] += 1; } };
    for (item = 0; item < count; item++) keys(item, tally);
    for (let c = 0; c < keyCount; c++) at[c + 1] += at[c];
    const items = new Uint32Array(at[keyCount]), next = at.slice();
    seen.fill(-1);
    const place = (c) => { if (seen[c] !== item) { seen[c] = item; items[next[c]++] = item; } };
    for (item = 0; item < count; item++) keys(item, place);
    return { at, items };
  }

  function read(buffer) {
    const length = new DataView(buffer).getUint32(0, true);
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length))), a = {};
    for (const [name, [type, size, offset]] of Object.entries(head.arrays))
      a[name] = new TYPES[type](buffer, 4 + length + offset, size);
    return index(head, a);
  }

  function index(head, a) {
    const n = head.tasks, m = head.edges, [wide, high] = head.box;
    const { x, y, source, target, kind, ends, bend_at, bend_x, bend_y } = a;
    const [x0, y0, x1, y1] = n ? head.extent : [0, 0, wide, high];
    const all = { x1: x0, y1: y0, x2: x1, y2: y1 };
    const columns = Math.floor((x1 - x0) / CELL) + 1, rows = Math.floor((y1 - y0) / CELL) + 1;
    const column = (v) => Math.max(0, Math.min(columns - 1, Math.floor((v - x0) / CELL)));
    const row = (v) => Math.max(0, Math.min(rows - 1, Math.floor((v - y0) / CELL)));
    const DX = [0, 0, -wide / 2, wide / 2], DY = [high / 2, -high / 2, 0, 0];

    /* Corners of an edge: where it leaves, its control points, where it enters. */
    let px = new Float64Array(64), py = new Float64Array(64);
    function corners(e) {
      const from = bend_at[e], count = bend_at[e + 1] - from, out = ends[e] & 3, into = (ends[e] >> 2) & 3;
      if (count + 2 > px.length) [px, py] = [new Float64Array(2 * count + 4), new Float64Array(2 * count + 4)];
      [px[0], py[0]] = [x[source[e]] + DX[out], y[source[e]] + DY[out]];
      for (let k = 0; k < count; k++) [px[k + 1], py[k + 1]] = [bend_x[from + k], bend_y[from + k]];
      [px[count + 1], py[count + 1]] = [x[target[e]] + DX[into], y[target[e]] + DY[into]];
      return count + 2;
    }

    function cells(ax, ay, bx, by, put) {
      const right = column(Math.max(ax, bx)), low = row(Math.max(ay, by));
      for (let r = row(Math.min(ay, by)); r <= low; r++)
        for (let c = column(Math.min(ax, bx)); c <= right; c++) put(r * columns + c);
    }
    const nodes = grouped(columns * rows, n, (i, put) => put(row(y[i]) * columns + column(x[i])));
    const edges = grouped(columns * rows, m, (e, put) => {
      const count = corners(e), last = count - 1;
      if (kind[e] === 2) { // only its stubs are there
        cells(px[0], py[0], px[0], py[0], put);
        cells(px[last], py[last], px[last], py[last], put);
      } else if (count === 2) cells(px[0], py[0], px[1], py[1], put);
      else for (let k = 1; k < count; k++) cells(px[k - 1], py[k - 1], px[k], py[k], put);
    });
    const out = grouped(n, m, (e, put) => put(source[e])), into = grouped(n, m, (e, put) => put(target[e]));
    const members = grouped(head.bands.length, n, (i, put) => a.band[i] < head.bands.length && put(a.band[i]));

    const stamp = new Uint32Array(m);
    let query = 0;
    /* Calls `each` with the boxes, or edges, that may show in a rectangle. */
    function within(index, r, each) {
      query += 1;
      const right = column(r.x2 + wide / 2), low = row(r.y2 + high / 2), from = column(r.x1 - wide / 2);
      for (let k = row(r.y1 - high / 2); k <= low; k++)
        for (let c = k * columns + from; c <= k * columns + right; c++)
          for (let j = index.at[c]; j < index.at[c + 1]; j++) {
            const item = index.items[j];
            if (index === edges) {
              if (stamp[item] === query) continue;
              stamp[item] = query;
            }
            each(item);
          }
    }

    /* The box at a point, else the nearest not further away than `slack`; -1 none. */
    function hit(px, py, slack) {
      let best = -1, least = slack;
      within(nodes, { x1: px - slack, y1: py - slack, x2: px + slack, y2: py + slack }, (i) => {
        const far = Math.max(Math.abs(px - x[i]) - wide / 2, Math.abs(py - y[i]) - high / 2);
        if (far <= least) [best, least] = [i, far];
      });
      return best;
    }

    /* The edge nearest to a point, not further away than `slack`; -1 none. */
    const ruler = canvas.blank(1, 1).getContext("2d");
    const apart = (places, count, at, slack) => {
      const own = places.subarray(0, count);
      return own.every((v) => v > at + slack) || own.every((v) => v < at - slack);
    };
    function edgeAt(ax, ay, slack) {
      let best = -1;
      ruler.lineWidth = 2 * slack;
      within(edges, { x1: ax - slack, y1: ay - slack, x2: ax + slack, y2: ay + slack }, (e) => {
        const count = corners(e);
        if (kind[e] === 2 || apart(px, count, ax, slack) || apart(py, count, ay, slack)) return;
        ruler.beginPath();
        trace(ruler, e, true);
        for (; ruler.lineWidth > 0.1 && ruler.isPointInStroke(ax, ay); best = e) ruler.lineWidth /= 2; // then only a nearer one is taken
      });
      return best;
    }

    /* Adds an edge to the path: curved as in Blocks where that can be seen, else from corner to corner. */
    function trace(pen, e, curved) {
      const last = corners(e) - 1;
      pen.moveTo(px[0], py[0]);
      if (last === 1 || !curved) for (let k = 1; k <= last; k++) pen.lineTo(px[k], py[k]);
      else
        for (let k = 1; k < last; k++)
          k < last - 1
            ? pen.quadraticCurveTo(px[k], py[k], (px[k] + px[k + 1]) / 2, (py[k] + py[k + 1]) / 2)
            : pen.quadraticCurveTo(px[k], py[k], px[last], py[last]);
    }

    /* A far edge at rest: how it leaves and enters. */
    function stubs(pen, e) {
      const last = corners(e) - 1, out = ends[e] & 3, enter = (ends[e] >> 2) & 3, size = 14;
      for (const [k, side] of [[0, out], [last, enter]]) {
        pen.moveTo(px[k], py[k]);
        pen.lineTo(px[k] + Math.sign(DX[side]) * size, py[k] + Math.sign(DY[side]) * size);
      }
    }

    function arrow(pen, e) {
      const last = corners(e) - 1, dx = px[last] - px[last - 1], dy = py[last] - py[last - 1];
      const d = Math.hypot(dx, dy) || 1;
      const ux = (dx / d) * 6.5, uy = (dy / d) * 6.5;
      pen.moveTo(px[last], py[last]);
      pen.lineTo(px[last] - ux - uy / 2, py[last] - uy + ux / 2);
      pen.lineTo(px[last] - ux + uy / 2, py[last] - uy - ux / 2);
    }

    /* Edges of one look, with their arrows where they can be seen. */
    function lines(pen, list, s, colour, width) {
      if (!list.length) return;
      canvas.line(pen, colour, Math.max(width, 0.5 / s), () => list.forEach((e) => trace(pen, e, s > 0.12)));
      if (s < ROUND) return;
      pen.fillStyle = colour;
      pen.beginPath();
      for (const e of list) arrow(pen, e);
      pen.fill();
    }

    const shape = (pen, i, g) =>
      pen.roundRect(x[i] - wide / 2 - g, y[i] - high / 2 - g, wide + 2 * g, high + 2 * g, 5 + g);

    /* Everything in a rectangle.  The pen's unit is the drawing's; s: CSS pixels of a unit.
       look: {bucket, faint (or null), tokens, label(i)}. */
    function paint(pen, s, r, look) {
      const t = look.tokens, faint = look.faint, lists = Array.from({ length: 2 * (UNKNOWN + 1) }, () => []);
      const links = [[], [], [], [], [], []]; // plain, skip, far; then the same, faint
      within(edges, r, (e) => links[kind[e] + (faint && (faint[source[e]] || faint[target[e]]) ? 3 : 0)].push(e));
      within(nodes, r, (i) => lists[look.bucket[i] + (faint && faint[i] ? UNKNOWN + 1 : 0)].push(i));
      const strength = Math.min(1, 0.4 + 2 * s);
      for (const half of [3, 0]) {
        pen.globalAlpha = half ? 0.18 * strength : strength;
        lines(pen, links[half], s, t.edge, 1);
        lines(pen, links[half + 1], s, t.skip, 1.5);
        if (s >= 0.1) canvas.line(pen, t.skip, 1.5, () => links[half + 2].forEach((e) => stubs(pen, e)));
      }
      const w = Math.max(wide, 2.2 / s), h = Math.max(high, 1.6 / s);
      for (let k = lists.length - 1; k >= 0; k--) {
        if (!lists[k].length) continue;
        const b = k % (UNKNOWN + 1), unknown = b === UNKNOWN;
        const alpha = k > UNKNOWN ? 0.25 : 1;
        pen.globalAlpha = alpha;
        if (s < ROUND) {
          pen.fillStyle = unknown ? t.faint : t[`seq-${s < 0.2 ? Math.max(1, b) : b}`];
          for (const i of lists[k]) pen.fillRect(x[i] - w / 2, y[i] - h / 2, w, h);
          if (s < 0.2) continue;
        }
        pen.beginPath();
        if (s < ROUND) for (const i of lists[k]) pen.rect(x[i] - wide / 2, y[i] - high / 2, wide, high);
        else for (const i of lists[k]) shape(pen, i, 0);
        if (s >= ROUND) {
          pen.fillStyle = unknown ? t.surface : t[`seq-${b}`];
          pen.fill();
        }
        pen.globalAlpha = alpha * (unknown ? 1 : 0.6);
        pen.strokeStyle = unknown ? t.budget : t[`seq-${Math.min(b + 1, UNKNOWN - 1)}`];
        pen.lineWidth = 1;
        pen.setLineDash(unknown ? [3, 2] : []);
        pen.stroke();
        pen.setLineDash([]);
        pen.globalAlpha = alpha;
        if (s < TEXT) continue;
        pen.fillStyle = unknown ? t.muted : t[`seq-ink-${b}`];
        for (const i of lists[k]) pen.fillText(look.label(i), x[i], y[i] + 0.5);
      }
      pen.globalAlpha = 1;
    }

    return {
      n, a, all, wide, high, head, out, into, members, hit, edgeAt, lines, shape, paint,
      nodesIn: (r, each) => within(nodes, r, each),
      corners: (e) => { const last = corners(e) - 1; return [[px[0], py[0]], [px[last], py[last]]]; },
    };
  }

  clientside.task_ink = { read };
})(window.dash_clientside);
