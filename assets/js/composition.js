/* Composition: what a cost is made of, as a treemap of the tasks that pass the filter.
   Squarified after Bruls, Huizing, van Wijk, "Squarified treemaps" (2000). */
(function (clientside) {
  const HEAD = 20, DUST = 9, PARTS = 48, ENOUGH = 6; // px; px² of the smallest task; parts; parts that make a level of groups
  const { view, canvas } = clientside;
  const { page } = view, { make } = clientside.dom, { host, soon, on, watch } = canvas.dock("#model--composition", () => draw());
  let tiles = [], cursor = -1;

  /* Rectangles for values that descend, each as square as may be: [x, y, w, h]. */
  function squarify(values, x, y, w, h) {
    const found = [], all = values.reduce((a, b) => a + b, 0), scale = all > 0 ? (w * h) / all : 0;
    for (let k = 0; k < values.length; ) {
      const side = Math.min(w, h);
      let n = 0, sum = 0, worst = Infinity;
      for (; k + n < values.length; n++) {
        const area = sum + values[k + n] * scale, square = (area / side) ** 2;
        const now = Math.max(square / (values[k + n] * scale), (values[k] * scale) / square); // longest over shortest side
        if (n && now > worst) break;
        [sum, worst] = [area, now];
      }
      const deep = sum / side || 0;
      for (let i = 0, at = 0; i < n; i++) {
        const long = sum ? (values[k + i] * scale * side) / sum : 0;
        found.push(w >= h ? [x, y + at, deep, long] : [x + at, y, long, deep]);
        at += long;
      }
      w >= h ? ((x += deep), (w -= deep)) : ((y += deep), (h -= deep));
      k += n;
    }
    return found;
  }

  /* The part that a row belongs to.  Groups are paths: as deep as makes a handful of parts. */
  function parting(list, by) {
    if (by === "format") return (row) => row.kernel_format || row.output_format || "unknown";
    if (by !== "group") return (row) => row[by] || "unknown";
    const paths = list.filter((row) => !row.conversion).map((row) => (row.group || "").split("/"));
    let deep = 1;
    for (const most = Math.max(1, ...paths.map((path) => path.length)); deep < most; deep++)
      if (new Set(paths.map((path) => path.slice(0, deep).join("."))).size >= ENOUGH) break;
    const shared = paths.length && paths.every((path) => path[0] === paths[0][0]) && deep > 1 ? 1 : 0;
    const module = ({ group }) => (group || "").split("/").slice(shared, deep).join(".") || group || "no module";
    return (row) => (row.conversion ? "conversions" : module(row));
  }

  /* Values that descend; from the first that is too small on together as one. */
  function largest(items, small, rest) {
    items.sort((a, b) => b.value - a.value);
    const most = items.findIndex(small);
    if (most < 0 || items.length <= most + 1) return items;
    const others = items.splice(most), value = others.reduce((sum, one) => sum + one.value, 0);
    const more = { name: `${others.length.toLocaleString("en-US")} ${rest}`, value, rows: others.flatMap((one) => one.rows), rest: true };
    return [...items, more];
  }

  function draw() {
    const state = page().state, { list } = view.table(), masks = view.masks(), metric = page().glossary[state.area];
    const values = view.column(state.area), part = parting(list, state.by), parts = new Map();
    let unknown = 0, all = 0;
    list.forEach((row, k) => {
      if (!masks.shown[k]) return;
      if (values[k] !== values[k]) return (unknown += 1);
      const name = part(row), old = parts.get(name) || parts.set(name, { name, value: 0, rows: [] }).get(name);
      old.value += values[k];
      old.rows.push(k);
      all += values[k];
    });
    const w = host().clientWidth, h = host().clientHeight, ink = canvas.ink(), pen = canvas.pen(host().querySelector("canvas"), w, h);
    const steps = view.steps(state.colour), colours = view.column(state.colour);
    const classes = largest([...parts.values()], (_, k) => k >= PARTS, "other parts");
    const none = host().querySelector(".drawing-none"), label = metric.label.toLowerCase();
    none.hidden = all > 0;
    none.textContent = masks.shown.some((on) => on) ? `No task here has ${label}.` : none.dataset.usual;
    const chosen = new Set(state.selected);
    tiles = [];
    squarify(classes.map((one) => one.value), 6, 6, w - 12, h - 12).forEach((box, c) => {
      const one = classes[c], [x, y, wide, high] = box, scale = one.value ? (wide * high) / one.value : 0;
      const head = wide > 44 && high > 2 * HEAD ? HEAD : 0;
      const top = { ...one, box, head, ids: one.rows.map((k) => list[k].id) };
      tiles.push(top);
      const called = (row) => (row.conversion ? `convert ${row.name}` : row.name);
      const rows = one.rows.map((k) => ({ name: called(list[k]), value: values[k], rows: [k] }));
      const inner = largest(rows.filter((row) => row.value > 0), (row) => row.value * scale < DUST, "others");
      squarify(inner.map((row) => row.value), x + 1, y + head + 1, wide - 2, high - head - 2).forEach((at, k) => {
        const mean = inner[k].rows.reduce((sum, r) => sum + colours[r], 0) / inner[k].rows.length;
        const tone = isNaN(mean) ? 255 : inner[k].rows.length > 1 ? view.step(mean, steps.most) : steps.of[inner[k].rows[0]];
        tiles.push({ ...inner[k], box: at, part: top, tone, ids: inner[k].rows.map((r) => list[r].id) });
      });
    });
    for (const tile of tiles) {
      const [x, y, wide, high] = tile.box, share = `${view.number((100 * tile.value) / all, 2)} %`;
      tile.share = share;
      if (!tile.part) {
        if (!tile.head) continue;
        const room = wide - 16 - pen.measureText(share).width, fits = pen.measureText(tile.name).width <= room;
        canvas.write(pen, canvas.fit(pen, tile.name, fits ? room : wide - 6, state.by !== "group"), x + 4, y + HEAD / 2 + 1, ink.ink);
        if (fits) canvas.write(pen, share, x + wide - 4, y + HEAD / 2 + 1, ink.muted, "right");
        continue;
      }
      tile.chosen = masks.some ? tile.ids.filter((id) => chosen.has(id)).length : 0;
      const gap = Math.min(1, Math.min(wide, high) / 5), rest = masks.some && !tile.chosen;
      pen.globalAlpha = rest ? 0.45 : 1; // beside a selection the rest is paler
      pen.fillStyle = canvas.colour(tile.tone);
      pen.fillRect(x, y, wide - gap, high - gap);
      pen.globalAlpha = 1;
      if (wide < 34 || high < 16) continue;
      pen.fillStyle = rest ? ink.ink : ink.on[tile.tone === 255 ? 0 : tile.tone];
      const inner = tile.name.startsWith(`${tile.part.name}.`) ? tile.name.slice(tile.part.name.length + 1) : tile.name;
      pen.fillText(canvas.fit(pen, inner, wide - 8), x + 4, y + 10);
      const figure = canvas.si(tile.value, metric.unit);
      if (high > 32 && pen.measureText(figure).width < wide - 8) pen.fillText(figure, x + 4, y + 25);
    }
    for (const { chosen: n, ids, box: [x, y, wide, high] } of tiles) {
      if (!n || Math.min(wide, high) < 6) continue;
      canvas.line(pen, ink.accent, 2, () => pen.rect(x + 1, y + 1, wide - 3, high - 3), n < ids.length ? [3, 3] : []);
    }
    const note = document.getElementById("model--composition-note"), sum = canvas.si(all, metric.unit);
    note.textContent = `Area: ${label}, ${sum} in all${unknown ? `, ${unknown.toLocaleString("en-US")} tasks unknown` : ""}`;
    canvas.legend("model--composition");
    mark(-1);
  }

  const hit = (x, y) => tiles.reduce((best, { box: [l, t, w, h] }, k) => (x >= l && x < l + w && y >= t && y < t + h ? k : best), -1);

  function mark(k) {
    cursor = k;
    canvas.near(host(), k < 0 ? null : tiles[k].box);
  }

  function point(k, x, y) {
    const tile = tiles[k];
    mark(tile ? k : -1);
    view.tell("near", tile && tile.ids.length === 1 ? tile.ids[0] : null);
    mark(tile ? k : -1);
    if (!tile) return canvas.tip(host());
    const label = page().glossary[page().state.area].label.toLowerCase(), one = tile.part && !tile.rest;
    const head = one ? null : tile.part ? `${tile.part.name}: ${tile.name}` : tile.name;
    const share = make("div", { class: "muted" }, `${tile.share} of the ${label} shown`);
    canvas.tip(host(), [x, y], [...canvas.about(tile.ids, head), share]);
  }

  const near = (id) => mark(id === null ? -1 : tiles.findIndex((tile) => tile.part && tile.ids.includes(id)));

  function keys(event) {
    const way = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (way && tiles.length) {
      const k = (cursor + way + tiles.length) % tiles.length, [x, y, , high] = tiles[k].box;
      point(k, x, y + Math.min(high, 30));
    } else if (/^(Enter| )$/.test(event.key) && cursor >= 0) canvas.pick(tiles[cursor].ids, event, "composition");
    else return;
    event.preventDefault();
  }

  function show() {
    watch();
    soon();
  }

  on("pointermove", (event) => point(hit(event.offsetX, event.offsetY), event.offsetX, event.offsetY));
  on("pointerout", () => point(-1));
  on("click", (event) => {
    host().focus({ preventScroll: true });
    const tile = tiles[hit(event.offsetX, event.offsetY)];
    canvas.pick(tile ? tile.ids : [], event, "composition");
  });
  on("keydown", keys);

  clientside.parts.push({
    active: (state) => state.dock === "composition", numbers: show, show, filtered: soon, near,
  });
  clientside.composition = { area: (id) => id && view.follow("area", id, "menu"), tiles: () => tiles };
})(window.dash_clientside);
