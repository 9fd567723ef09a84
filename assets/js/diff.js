/* Both sides of a difference: their graphs on canvases that move together, and the table of pairs.
   A row pairs task `a` of the first with task `b` of the second; `kind` says what became of it. */
(function (clientside) {
  const cells = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  const { canvas: kit, dom } = clientside, three = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });
  const SIGNS = { changed: "~ ", added: "+ ", removed: "− " }, STEP = { same: 0, changed: 2, added: 4, removed: 4 };
  const [TEXT, CLOSEST] = [0.45, 2]; // scales
  const KEYS = {
    ArrowLeft: (side) => pan(side, side.at, 60, 0), ArrowRight: (side) => pan(side, side.at, -60, 0),
    ArrowUp: (side) => pan(side, side.at, 0, 60), ArrowDown: (side) => pan(side, side.at, 0, -60), Home: () => whole(),
    "+": (side, { w, h }) => zoom(side, 1.3, w / 2, h / 2), "-": (side, { w, h }) => zoom(side, 1 / 1.3, w / 2, h / 2),
  };
  const part = (id) => document.getElementById(`diff--${id}`);
  let last = null, only = true, grid = null, sides = [], picked = null, over = null;

  cells.diffNumber = ({ value }) => (value ? three.format(value).replace("-", "−") : "");
  cells.diffSome = () => only;
  cells.diffShown = ({ data }) => ["kind", "kind_2"].some((key) => data[key] && data[key] !== "same");

  /* The colours of the kinds in place of the steps of a metric: fill, outline, words. */
  function tokens(side) {
    const ink = kit.ink(), kind = side === "a" ? ink.worse : ink.better, on = ink.surface;
    const own = { "seq-0": ink["soft-line"], "seq-1": ink.line, "seq-ink-0": ink.muted, "seq-2": ink.budget, "seq-3": ink.budget };
    Object.assign(own, { "seq-ink-2": on, "seq-4": kind, "seq-5": kind, "seq-ink-4": on });
    return new Proxy(own, { get: (all, name) => all[name] || ink[name] });
  }

  async function load(canvas) {
    const read = async (answer) => clientside.task_ink.read(await answer.arrayBuffer());
    const data = await clientside.graph_pane.fetched(kit.root + canvas.dataset.url, read), key = canvas.dataset.side, rows = new Map();
    const name = key === "a" ? "from" : "to", pen = canvas.getContext("2d");
    grid.forEachNode(({ data: row }) => row[name] && rows.set(row[key], row));
    const label = (i) => {
      const row = rows.get(i), words = row ? row[name].replaceAll("/", ".").split(".").filter(Boolean) : [];
      return row ? clientside.task_tiles.shorten(pen, (SIGNS[row.kind] || "") + words.slice(-2).join("."), data.wide - 8) : "";
    };
    const bucket = Uint8Array.from({ length: data.n }, (_, i) => STEP[(rows.get(i) || { kind: "same" }).kind]);
    const side = { canvas, key, data, rows, pen, at: null, look: { bucket, faint: null, tokens: tokens(key), label, version: 0 } };
    side.tiles = clientside.task_tiles.tiles(data, side.look);
    listen(side);
    new ResizeObserver(() => [side.moved || (side.at = null), draw(side)]).observe(canvas);
    return side;
  }

  const size = ({ canvas }) => ({ w: canvas.clientWidth, h: canvas.clientHeight });
  const spot = ({ at, data: { a } }, i) => [a.x[i] * at.k + at.x, a.y[i] * at.k + at.y];
  const beside = ({ data: { a } }, i, k, x, y) => ({ k, x: x - a.x[i] * k, y: y - a.y[i] * k }); // task i at a pixel
  const rowOf = (side, row) => row && side.rows.get(row[side.key]) === row; // whether it has a task there
  const all = () => requestAnimationFrame(() => sides.forEach(draw));
  const fit = (side) => clientside.graph_pane.aim(side.data.all, size(side), { x: 0, y: 0, k: 1 }, true);

  function draw(side) {
    const { canvas, pen, data, look } = side, { w, h } = size(side), ratio = window.devicePixelRatio || 1;
    if (!w || !h) return;
    const { k, x, y } = (side.at = side.at || fit(side));
    [canvas.width, canvas.height] = [Math.round(w * ratio), Math.round(h * ratio)];
    pen.fillStyle = look.tokens.surface;
    pen.fillRect(0, 0, canvas.width, canvas.height);
    const seen = { x1: -x / k, y1: -y / k, x2: (w - x) / k, y2: (h - y) / k };
    if (k < TEXT && !side.tiles.show(pen, side.at, fit(side).k, ratio, seen)) all();
    pen.setTransform(k * ratio, 0, 0, k * ratio, x * ratio, y * ratio);
    Object.assign(pen, { font: "11px Inter, sans-serif", textAlign: "center", textBaseline: "middle" });
    if (k >= TEXT) data.paint(pen, k, seen, look);
    for (const [row, tone] of [[over, look.tokens.ink], [picked, look.tokens.accent]]) {
      if (rowOf(side, row)) kit.line(pen, tone, Math.max(2, 2.5 / k), () => data.shape(pen, row[side.key], 2 / Math.min(1, k)));
    }
    canvas.dataset.drawn = Number(canvas.dataset.drawn || 0) + 1;
  }

  /* The other side shows the counterpart of the paired task nearest to the middle, at the same place. */
  function show(side, at) {
    const other = sides.find((one) => one !== side), { w, h } = size(side), far = ([x, y]) => Math.hypot(x - w / 2, y - h / 2);
    [side.at, side.moved] = [at, true];
    let best = null, least = Infinity;
    for (const [i, row] of side.rows) if (other && rowOf(other, row) && far(spot(side, i)) < least) [best, least] = [row, far(spot(side, i))];
    const [x, y] = best ? spot(side, best[side.key]) : [], within = (v, most) => Math.max(40, Math.min(most - 40, v));
    if (best) Object.assign(other, { at: beside(other, best[other.key], at.k, within(x, w), within(y, h)), moved: true });
    all();
  }
  const pan = (side, from, dx, dy) => show(side, { ...from, x: from.x + dx, y: from.y + dy });
  const whole = () => [sides.forEach((side) => Object.assign(side, { at: fit(side), moved: false })), all()];
  function zoom(side, factor, px, py) {
    const k = Math.max(fit(side).k * 0.6, Math.min(CLOSEST, side.at.k * factor)), f = k / side.at.k;
    show(side, { k, x: px - (px - side.at.x) * f, y: py - (py - side.at.y) * f });
  }

  /* A pair is chosen: ringed on both sides, brought into view where it is not. */
  function pick(row) {
    picked = row;
    const side = sides.find((one) => rowOf(one, row)), [x, y] = side ? spot(side, row[side.key]) : [], { w, h } = side ? size(side) : {};
    if (!side || (x > 20 && y > 20 && x < w - 20 && y < h - 20)) return all();
    show(side, beside(side, row[side.key], Math.max(side.at.k, TEXT), w / 2, h / 2));
  }

  function hover(row, side, x, y) {
    for (const one of sides) kit.tip(one.canvas.parentElement);
    if (row !== over) [(over = row), all()];
    if (!row || !side) return;
    const line = (text, k) => dom.make(k ? "div" : "b", {}, text);
    const ms = [row.before, row.after].map((value) => cells.diffNumber({ value }) || "–").join(" → ") + " ms";
    const names = [...new Set([row.from, row.to])].filter(Boolean).join(" → ");
    kit.tip(side.canvas.parentElement, [x, y], [names, row.kind, ms, row.changes].filter(Boolean).map(line));
  }

  function listen(side) {
    const { canvas } = side, on = (kind, act) => canvas.addEventListener(kind, act, { passive: false });
    const under = ({ offsetX, offsetY }) =>
      side.rows.get(side.data.hit((offsetX - side.at.x) / side.at.k, (offsetY - side.at.y) / side.at.k, 3 / side.at.k)) || null;
    on("wheel", (e) => [e.preventDefault(), zoom(side, clientside.hand.zoom(e), e.offsetX, e.offsetY)]);
    on("pointerdown", (down) => {
      const from = side.at, move = (e) => pan(side, from, e.offsetX - down.offsetX, e.offsetY - down.offsetY);
      kit.drag(down, move, (e, moved) => {
        const row = e && !moved && under(e), node = row && grid.getRowNode(row.key);
        if (node) [node.setSelected(true), grid.ensureNodeVisible(node, "middle")];
      });
    });
    on("pointermove", (e) => e.buttons || hover(under(e), side, e.offsetX, e.offsetY));
    on("pointerleave", () => hover(null));
    on("keydown", (e) => {
      if (!(e.key in KEYS)) return;
      e.preventDefault();
      KEYS[e.key](side, size(side));
    });
  }

  /* The page has a new difference. */
  async function fill() {
    const turn = (last = {});
    [sides, picked, over] = [[], null, null];
    do await new Promise((go) => requestAnimationFrame(go)); while (turn === last && part("page") && !part("table"));
    if (turn !== last || !part("table")) return;
    grid = await window.dash_ag_grid.getApiAsync("diff--table");
    only = part("only").getAttribute("aria-pressed") === "true";
    grid.onFilterChanged();
    grid.addEventListener("selectionChanged", () => pick((grid.getSelectedNodes()[0] || {}).data || null));
    grid.addEventListener("cellFocused", ({ rowIndex }) => rowIndex !== null && grid.getDisplayedRowAtIndex(rowIndex).setSelected(true));
    grid.addEventListener("cellMouseOver", ({ data }) => hover(data));
    sides = await Promise.all([...part("graphs").querySelectorAll("canvas")].map(load));
    all();
  }

  dom.press("#diff--page [data-fit]", whole);
  dom.press("#diff--only", (button) => [button.setAttribute("aria-pressed", (only = !only)), grid.onFilterChanged()]);
  window.addEventListener("paredown:scheme", () => [sides.forEach((side) => Object.assign(side.look, { tokens: tokens(side.key), version: side.look.version + 1 })), all()]);
  clientside.diff = { show: () => void fill(), sides: () => sides };
})(window.dash_clientside);
