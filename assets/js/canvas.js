/* What the drawings on canvases of their own share: size, colours, words, tooltip, selection.
   A drawing stands in an element of class "drawing" with one or more canvases and a ".tip". */
(function (clientside) {
  const TIP = ["latency_s", "memory_power_w", "energy_j", "size_bytes"];
  const { view } = clientside, { page } = view, { make } = clientside.dom;
  // Where the app stands on its host; whoever has gone to another page meanwhile must not change it.
  const root = JSON.parse(document.getElementById("_dash-config").textContent).requests_pathname_prefix;
  const redraws = [];
  let kept = null;

  /* The tokens of the current scheme: each by its name; the six steps, and what is written on them. */
  function ink() {
    if (kept) return kept;
    const style = getComputedStyle(document.documentElement), of = (name) => style.getPropertyValue(`--${name}`).trim();
    const ramp = (name) => Array.from({ length: 6 }, (_, k) => of(`${name}-${k}`));
    const found = { steps: ramp("seq"), on: ramp("seq-ink"), font: `12px ${of("font")}` };
    return (kept = new Proxy(found, { get: (all, name) => (all[name] = all[name] || of(name)) }));
  }

  /* Draw in the next frame, once, however often it is asked for; again when the scheme changes. */
  function later(draw, shown) {
    let asked = false;
    const ask = () => {
      if (asked) return;
      asked = true;
      requestAnimationFrame(() => {
        asked = false;
        if (page() && page().rows && shown()) draw();
      });
    };
    redraws.push(ask);
    return ask;
  }
  const again = () => {
    kept = null;
    for (const ask of redraws) ask();
  };
  window.addEventListener("paredown:scheme", again);
  document.fonts.ready.then(again);

  /* A drawing in the element of a selector: the element; `soon` draws it in the next frame while it is in
     sight, `watch` also when its size changes; `on` hears events in it, mounted now or later. */
  function dock(selector, draw) {
    const host = () => document.querySelector(selector), soon = later(draw, () => host() && host().clientWidth);
    const on = (kind, act, options) => document.addEventListener(kind, (event) => {
      if (event.target.closest && event.target.closest(selector)) act(event);
    }, options);
    const watch = (act = soon) => host().watched || new ResizeObserver(act).observe((host().watched = host()));
    return { host, soon, on, watch };
  }

  /* A canvas that is not on the page. */
  const blank = (width, height) => Object.assign(document.createElement("canvas"), { width, height });

  /* A context in CSS pixels, cleared. */
  function pen(canvas, w, h) {
    const ratio = window.devicePixelRatio || 1, context = canvas.getContext("2d");
    const [wide, high] = [Math.round(w * ratio), Math.round(h * ratio)];
    if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, w, h);
    context.font = ink().font;
    context.textBaseline = "middle";
    return context;
  }

  /* A stroke along what `path` adds to a pen. */
  function line(pen, tone, width, path, dash = []) {
    [pen.strokeStyle, pen.lineWidth] = [tone, width];
    pen.setLineDash(dash);
    pen.beginPath();
    path();
    pen.stroke();
    pen.setLineDash([]);
  }

  function write(pen, text, x, y, tone, align = "left") {
    [pen.fillStyle, pen.textAlign] = [tone, align];
    pen.fillText(text, x, y);
    pen.textAlign = "left";
  }

  /* The ring or box above a drawing around what the pointer or the keys are on: [left, top, width, height]. */
  function near(host, place) {
    const box = host.querySelector(".near");
    box.hidden = !place;
    ["left", "top", "width", "height"].forEach((name, k) => place && (box.style[name] = `${place[k]}px`));
  }

  /* As much of a text as fits; names of tasks keep their end, which tells them apart. */
  function fit(context, text, room, start) {
    if (context.measureText(text).width <= room) return text;
    const letters = Math.floor(room / 6.8) - 1;
    if (letters < 5) return "";
    return start ? `${text.slice(0, letters)}…` : `…${text.slice(-letters).replace(/^[._/]+/, "")}`;
  }

  const colour = (step) => (step === 255 ? ink()["soft-line"] : ink().steps[step]);

  /* Nice steps of an axis: 1, 2 or 5 times a power of ten. */
  function ticks(from, to, most) {
    const rough = (to - from) / most, power = 10 ** Math.floor(Math.log10(rough));
    const by = power * [1, 2, 5, 10].find((k) => k * power >= rough), found = [];
    for (let k = Math.ceil(from / by); k * by <= to * (1 + 1e-9); k++) found.push(Number((k * by).toPrecision(12)));
    return found;
  }

  /* A value of a column with the prefix that fits it; `unit` is that of its metric. */
  function si(value, unit) {
    const base = (/[sWJB]$/.exec(unit) || [""])[0], least = base && base !== "B" ? 0 : 3;
    let k = 3;
    for (; Math.abs(value) >= 1e3 && k < (base === "s" ? 3 : 7); k++) value /= 1e3;
    for (; Math.abs(value) < 1 && value && k > least; k--) value *= 1e3;
    return `${view.number(value)} ${["n", "µ", "m", "", "k", "M", "G", "T"][k]}${base}`.trim();
  }

  /* What a tooltip says of tasks, of several below a `head`; of a stack of `copies` also the worst one's. */
  function about(ids, head, hint, copies) {
    const desk = clientside.desks[view.kind()];
    if (desk) return desk.about(ids, head, hint);
    const { rows, glossary } = page(), { total, figure } = view, row = ids.length === 1 && rows.get(ids[0]);
    const word = !row ? `${ids.length.toLocaleString("en-US")} tasks`
      : row.conversion ? `convert ${row.name}` : `${row.id} · ${row.name}`;
    const kind = row && [row.kernel, row.unit, row.bound_by && `${row.bound_by}-bound`, row.kernel_format].filter(Boolean);
    const ask = (id, of) => total(of, id, glossary[id].aggregate);
    const say = (id, of) => make("td", {}, ask(id, of) === null ? "unknown" : figure(glossary[id], ask(id, of)));
    const worst = (id) => copies.reduce((most, of) => ((ask(id, of) || 0) > (ask(id, most) || 0) ? of : most));
    const line = (id) => make("tr", {}, make("th", {}, glossary[id].label), say(id, ids), copies ? say(id, worst(id)) : null);
    const heads = copies ? ["all", "worst copy"].map((text) => make("td", { class: "muted" }, text)) : [];
    const metrics = [...new Set([...TIP, page().state.colour])].filter((id) => glossary[id].aggregate !== "none" || row);
    return [
      make("b", {}, head || word),
      make("div", { class: "muted" }, [...(head ? [word] : kind || []), hint].filter(Boolean).join(" · ")),
      make("table", {}, copies ? make("tr", {}, make("th", {}), ...heads) : null, ...metrics.map(line)),
      row && row.unknown ? make("div", { class: "missed" }, row.unknown) : null,
      row && row.refusal ? make("div", { class: "muted" }, row.refusal) : null,
    ].filter(Boolean);
  }

  /* The tooltip of a drawing beside a point [x, y] or a box {x1, x2, y1, y2} of it, below it where there
     is no room; without parts it goes. */
  function tip(host, at, parts) {
    const box = host && host.querySelector(":scope > .tip");
    if (!box) return;
    box.hidden = !parts;
    if (!parts) return;
    box.replaceChildren(...parts);
    const p = Array.isArray(at) ? { x1: at[0] - 4, x2: at[0] + 4, y1: at[1] + 14, y2: at[1] + 6 } : at;
    const [wide, high, room, up] = [box.offsetWidth, box.offsetHeight, host.clientWidth, host.scrollTop];
    const right = Math.min(room, p.x2) + 10, left = p.x1 - 10 - wide, below = right + wide >= room && left < 4;
    box.style.left = `${below ? Math.max(4, Math.min(p.x1, room - wide - 4)) : right + wide < room ? right : left}px`;
    box.style.top = `${Math.max(up + 4, Math.min(below ? p.y2 + 8 : p.y1, up + host.clientHeight - high - 4))}px`;
  }

  /* A press on a canvas: `move` on each step further than 3 px, `stop(event, moved)` at the end;
     Escape ends it with a null. */
  function drag(event, move, stop) {
    const area = event.target, ended = new AbortController(), heard = { signal: ended.signal };
    let moved = false;
    const step = (e) => {
      moved = moved || Math.hypot(e.offsetX - event.offsetX, e.offsetY - event.offsetY) > 3;
      if (moved) move(e);
    };
    const end = (e) => {
      if (e.type === "keydown" && e.key !== "Escape") return;
      if (e.type === "keydown") e.stopPropagation();
      ended.abort();
      stop(e.type === "pointerup" ? e : null, moved);
    };
    area.setPointerCapture(event.pointerId);
    area.addEventListener("pointermove", step, heard);
    for (const kind of ["pointerup", "pointercancel"]) area.addEventListener(kind, end, heard);
    addEventListener("keydown", end, { ...heard, capture: true });
  }

  /* A click selects, with shift or ctrl it adds or takes away; a click on nothing clears. */
  function pick(ids, event, from) {
    const old = new Set(page().state.selected), more = event.shiftKey || event.ctrlKey || event.metaKey;
    if (more) ids.every((i) => old.has(i)) ? ids.forEach((i) => old.delete(i)) : ids.forEach((i) => old.add(i));
    if (ids.length || (old.size && !more)) view.select(more ? old : ids, from);
  }

  /* The words beside a ramp say what the state says. */
  function legend(id) {
    const root = page(), value = root.state.colour, metric = root.glossary[value], say = view.number;
    const most = view.steps(value).most * metric.scale, range = most ? `0–${say(most, 2)} ${metric.unit}` : "none";
    document.getElementById(`${id}-scale`).textContent = `${metric.label} ${range}`.trim();
  }

  clientside.canvas = { root, ink, later, dock, blank, pen, line, write, near, fit, colour, ticks, about, tip, drag, pick, legend, si };
})(window.dash_clientside);
