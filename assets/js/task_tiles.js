/* Pictures of the drawing of all tasks, kept: the whole as one, and tiles of it in half octaves.
   And its bands: filled with their names while far, outlines while the boxes can be seen. */
(function (clientside) {
  const [TILE, KEPT, BUDGET] = [512, 120, 8]; // device pixels, tiles, ms of painting tiles in a frame
  const [FAR, BOTH, TITLED, TITLE] = [0.05, 0.075, 0.5, 14]; // scales below which: bands alone, both; above: as Blocks
  const font = (px, weight) => `${weight || 400} ${px}px Inter, sans-serif`;

  const cut = new Map();
  /* A text that fits, with "…" where it was cut. */
  function shorten(pen, text, room) {
    const key = `${Math.round(room)} ${pen.font} ${text}`;
    if (!cut.has(key)) {
      if (cut.size > 20000) cut.clear();
      let end = text.length;
      if (pen.measureText(text).width > room)
        do end -= 1; while (end > 0 && pen.measureText(`${text.slice(0, end)}…`).width > room);
      cut.set(key, end === text.length ? text : end > 1 ? `${text.slice(0, end)}…` : "");
    }
    return cut.get(key);
  }

  /* The pictures of one drawing.  Whoever changes `look` counts up `look.version`. */
  function tiles(data, look) {
    let overview = null, mini = null;
    const kept = new Map();

    function print(canvas, k, x, y, r, ratio) {
      const pen = canvas.getContext("2d", { alpha: false });
      pen.setTransform(1, 0, 0, 1, 0, 0);
      pen.fillStyle = look.tokens.surface;
      pen.fillRect(0, 0, canvas.width, canvas.height);
      pen.setTransform(k, 0, 0, k, -x * k, -y * k);
      data.paint(pen, Math.min(k / ratio, 0.44), r, look); // no labels: these are for near
    }

    const sheet = (w, h) => clientside.canvas.blank(Math.max(1, Math.ceil(w)), Math.max(1, Math.ceil(h)));

    /* The whole drawing at the scale where all of it is in view, and so sharp there. */
    function whole(fit, ratio) {
      const { x1, y1, x2, y2 } = data.all, k = Math.min(fit * ratio, 2048 / Math.max(x2 - x1, y2 - y1));
      if (overview && overview.version === look.version && overview.k === k) return overview;
      const pad = 4 / k, canvas = sheet((x2 - x1 + 2 * pad) * k, (y2 - y1 + 2 * pad) * k);
      print(canvas, k, x1 - pad, y1 - pad, data.all, ratio);
      return (overview = { canvas, k, x: x1 - pad, y: y1 - pad, version: look.version });
    }

    /* Tiles over the picture of the whole; false: some are still missing. */
    function show(pen, at, fit, ratio, r) {
      const o = whole(fit, ratio), k = at.k * ratio, f = k / o.k, all = data.all;
      const [ox, oy] = [at.x * ratio, at.y * ratio];
      const { canvas } = o;
      pen.drawImage(canvas, Math.round(o.x * k + ox), Math.round(o.y * k + oy), canvas.width * f, canvas.height * f);
      if (f < 1.02) return true;
      const z = Math.ceil(2 * Math.log2(k) - 0.001), s = 2 ** (z / 2), unit = TILE / s, slack = 2 / s;
      const cell = (v) => Math.floor(v / unit), wanted = [];
      for (let cy = cell(Math.max(r.y1, all.y1 - 9)); cy <= cell(Math.min(r.y2, all.y2 + 9)); cy++)
        for (let cx = cell(Math.max(r.x1, all.x1 - 9)); cx <= cell(Math.min(r.x2, all.x2 + 9)); cx++)
          wanted.push([cx, cy]);
      const [mx, my] = [(r.x1 + r.x2) / 2 / unit - 0.5, (r.y1 + r.y2) / 2 / unit - 0.5];
      wanted.sort((p, q) => Math.hypot(p[0] - mx, p[1] - my) - Math.hypot(q[0] - mx, q[1] - my));
      const until = performance.now() + BUDGET;
      let missing = false;
      for (const [cx, cy] of wanted) {
        const key = `${z}/${cx}/${cy}/${ratio}`, x = cx * unit, y = cy * unit;
        let tile = kept.get(key);
        if ((!tile || tile.version !== look.version) && performance.now() < until) {
          tile = { canvas: tile ? tile.canvas : sheet(TILE, TILE), version: look.version };
          const inside = { x1: x - slack, y1: y - slack, x2: x + unit + slack, y2: y + unit + slack };
          print(tile.canvas, s, x, y, inside, ratio);
        }
        missing = missing || !tile || tile.version !== look.version;
        if (!tile) continue;
        kept.delete(key); // the last used are at the end
        kept.set(key, tile);
        const px = Math.round(x * k + ox), py = Math.round(y * k + oy); // whole pixels, or seams show
        pen.drawImage(tile.canvas, px, py, Math.round((x + unit) * k + ox) - px, Math.round((y + unit) * k + oy) - py);
      }
      for (const key of kept.keys()) {
        if (kept.size <= Math.max(KEPT, wanted.length)) break;
        kept.delete(key);
      }
      return !missing;
    }

    /* Whether there is room above a band for its title, as there is in Blocks. */
    const rooms = [];
    function room(b) {
      if (rooms[b] !== undefined) return rooms[b];
      const { x, y, band, band_box } = data.a, [w, h] = [data.wide / 2, data.high / 2];
      const [x1, top, x2] = band_box.subarray(4 * b, 4 * b + 4);
      rooms[b] = true;
      data.nodesIn({ x1, x2, y1: top - TITLE, y2: top }, (i) => {
        const above = y[i] + h > top - TITLE && y[i] - h < top && x[i] + w > x1 && x[i] - w < x2;
        if (above && band[i] !== b) rooms[b] = false;
      });
      return rooms[b];
    }

    /* Bands in pixels of the pane: filled while far (`quiet`: pale, so that what is chosen stands out);
       while near their outlines and names, which never hide boxes. */
    function bands(pen, at, size, quiet) {
      const t = look.tokens, box = data.a.band_box, k = at.k, filled = k < (FAR + BOTH) / 2;
      const fill = Math.max(0, Math.min(1, (BOTH - k) / (BOTH - FAR)));
      if (!look.bands) return;
      pen.lineWidth = 1;
      pen.textBaseline = "middle";
      for (let b = 0; b < data.head.bands.length; b++) {
        const titled = k >= TITLED && room(b), lift = titled ? TITLE * k : 0;
        const x = box[4 * b] * k + at.x, y = box[4 * b + 1] * k + at.y - lift;
        const w = (box[4 * b + 2] - box[4 * b]) * k, h = (box[4 * b + 3] - box[4 * b + 1]) * k + lift;
        if (x > size.w || y > size.h || x + w < 0 || y + h < 0 || w < 3 || h < 3) continue;
        const many = data.members.at[b + 1] - data.members.at[b];
        if (!fill && many < (titled ? 2 : 3)) continue; // says nothing that its boxes do not
        const step = look.bands.step[b], says = look.bands.says[b], hits = look.hits ? look.hits[b] : null;
        const pale = quiet || hits === 0, known = step < 6;
        const found = hits ? ` · ${hits}` : "", name = data.head.bands[b] + found;
        pen.beginPath();
        pen.roundRect(x + 0.5, y + 0.5, w - 1, h - 1, Math.min(5, w / 4, h / 4));
        pen.globalAlpha = fill * (pale ? 0.25 : 1);
        pen.fillStyle = known ? t[`seq-${step}`] : t.surface;
        if (fill) pen.fill();
        pen.globalAlpha = hits === 0 ? 0.3 : filled ? fill : k < TITLED ? 1 : 0.55;
        pen.strokeStyle = k < TITLED ? t.line : t.faint;
        if (filled) pen.strokeStyle = known ? t[`seq-${Math.min(5, step + 1)}`] : t.budget;
        pen.setLineDash(k < TITLED ? [] : [4, 2]);
        pen.stroke();
        pen.setLineDash([]);
        pen.globalAlpha = hits === 0 ? 0.5 : 1;
        pen.fillStyle = filled && known && !pale ? t[`seq-ink-${step}`] : t.muted;
        if (titled) {
          pen.font = font(10.5 * k);
          pen.textAlign = "right";
          pen.fillText(says, x + w - 7 * k, y + 10 * k);
          const left = w - 21 * k - pen.measureText(says).width;
          pen.textAlign = "left";
          pen.fillText(shorten(pen, name, left), x + 7 * k, y + 10 * k);
          continue;
        }
        const flat = !filled || w >= h || w > 90, space = (flat ? w : h) - 8;
        if (space < 26 || Math.min(w, h) < 14) continue;
        pen.font = font(11, 600);
        const last = data.head.bands[b].split(" · ").pop() + found; // without the module around it
        const fits = [`${name} · ${says}`, `${last} · ${says}`, last].find((each) => pen.measureText(each).width <= space);
        const text = fits || shorten(pen, last, space);
        const wide = pen.measureText(text).width;
        const hides = k < TITLED ? wide > w / 2 && h < 150 : wide > w / 3;
        if (!text || (!filled && (hides || h < 30))) continue;
        pen.save();
        pen.textAlign = filled ? "center" : "left";
        if (filled) pen.translate(x + w / 2, y + h / 2);
        else pen.translate(Math.max(x, Math.min(6, x + w - wide - 8)) + 4, Math.max(y, Math.min(4, y + h - 20)) + 9);
        if (!flat) pen.rotate(-Math.PI / 2);
        if (!filled) { // over edges: on a ground of its own
          pen.fillStyle = t.surface;
          pen.globalAlpha = 0.85;
          pen.fillRect(-3, -8, wide + 6, 16);
          pen.globalAlpha = 1;
          pen.fillStyle = t.muted;
        }
        pen.fillText(text, 0, 0);
        pen.restore();
      }
      pen.globalAlpha = 1;
    }

    /* What the overview shows: the whole, or its bands where tasks would be a pale grey. */
    function small(fit, ratio) {
      if (fit > BOTH || !look.bands) return whole(fit, ratio);
      if (mini && mini.version === look.version) return mini;
      const { x1, y1, x2, y2 } = data.all, k = 400 / Math.max(x2 - x1, y2 - y1);
      const canvas = sheet((x2 - x1) * k, (y2 - y1) * k);
      const pen = canvas.getContext("2d"), box = data.a.band_box;
      look.bands.step.forEach((step, b) => {
        const [left, top, right, foot] = box.subarray(4 * b, 4 * b + 4);
        pen.fillStyle = step < 6 ? look.tokens[`seq-${Math.max(1, step)}`] : look.tokens.faint;
        const [w, h] = [(right - left) * k - 2, (foot - top) * k - 2];
        pen.fillRect((left - x1) * k, (top - y1) * k, Math.max(2, w), Math.max(2, h));
      });
      return (mini = { canvas, k, x: x1, y: y1, version: look.version });
    }

    return { small, show, bands };
  }

  clientside.task_tiles = { tiles, shorten, font, FAR, BOTH };
})(window.dash_clientside);
