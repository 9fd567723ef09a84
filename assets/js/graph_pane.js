/* What both modes of the graph share: which is shown, gestures, tooltip, legend, zoom buttons.
   A mode registers in `graph_pane.modes` as {here(), settle(here), step(factor), fit(), walk(way),
   enter(key, extend), press(at, event), lasso(inside)}: `here` says where one looks, `settle` makes
   another mode look there too. */
(function () {
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const TIP = ["latency_s", "memory_power_w", "energy_j", "size_bytes"];
  const FOOT = 52; // pixels that legend and overview take at the bottom
  const modes = {};
  const view = () => clientside.view;
  const page = () => document.getElementById("model--page");
  const pane = () => document.getElementById("model--graph-pane");
  const still = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const shown = () => pane() && pane().dataset.show;

  let inks = null;
  /* The colour tokens of the scheme in use, by name. */
  function tokens() {
    if (inks) return inks;
    const style = getComputedStyle(document.documentElement);
    inks = new Proxy({}, {
      get: (kept, name) => (kept[name] = kept[name] || style.getPropertyValue(`--${name}`).trim()),
    });
    return inks;
  }
  new MutationObserver(() => {
    inks = null;
    if (pane()) for (const mode of Object.values(modes)) if (mode.scheme) mode.scheme();
  }).observe(document.documentElement, { attributes: true, attributeFilter: ["data-mantine-color-scheme"] });

  /* Where to look to see a box {x1, y1, x2, y2} of the drawing, above the legend and never so close
     that its neighbours are lost; null when it is seen well enough, because nothing jumps without need.
     Views are {x, y, k}: pixel = place * k + x. */
  function aim(box, size, now, all, enough) {
    const pad = all ? 16 : 70, high = size.h - FOOT;
    const [x1, y1] = [box.x1 * now.k + now.x, box.y1 * now.k + now.y];
    const [x2, y2] = [box.x2 * now.k + now.x, box.y2 * now.k + now.y];
    if (!all && x1 > 0 && y1 > 0 && x2 < size.w && y2 < high && now.k > enough) return null;
    const closest = all ? 1.15 : Math.max(1.1, Math.min(now.k, 1.6));
    const k = Math.min((size.w - 2 * pad) / (box.x2 - box.x1), (high - 2 * pad) / (box.y2 - box.y1), closest);
    return { k, x: size.w / 2 - (k * (box.x1 + box.x2)) / 2, y: high / 2 - (k * (box.y1 + box.y2)) / 2 };
  }

  /* A view that shows `box` where another drawing showed the same tasks, at a like scale. */
  function beside(here, box, size, whole) {
    const pad = 24, high = size.h - FOOT;
    const k = Math.min(
      Math.max(here.k, whole.k), Math.max((size.w - 2 * pad) / (box.x2 - box.x1), 0.3),
      Math.max((high - 2 * pad) / (box.y2 - box.y1), 0.3), 1.6);
    const keep = (at, most) => Math.max(Math.min(60, most / 2), Math.min(at, most - Math.min(60, most / 2)));
    const [x, y] = [keep(here.at[0], size.w), keep(here.at[1], high)];
    return { k, x: x - (k * (box.x1 + box.x2)) / 2, y: y - (k * (box.y1 + box.y2)) / 2 };
  }

  /* The two modes change places; the new one looks where the old one did. */
  function turn(state) {
    const box = pane(), old = box && modes[box.dataset.show], next = modes[state.show];
    if (!box || !next || box.dataset.show === state.show) return;
    const here = old && old.here();
    box.dataset.show = state.show;
    tip(null);
    document.getElementById("model--fold").hidden = state.show !== "blocks" || !(page().opened || []).length;
    if (here) next.settle(here);
  }

  function listen() {
    const host = pane();
    if (!host || host.listening) return;
    host.listening = true;
    const place = (event) => {
      const edge = host.getBoundingClientRect();
      return [event.clientX - edge.left, event.clientY - edge.top];
    };
    clientside.gestures.attach(host, {
      start: (event) => {
        if (!page().rows || event.target.closest(".minimap, button")) return null;
        const kind = event.altKey || host.classList.contains("lasso") ? "lasso" : event.shiftKey ? "box" : null;
        if (kind) tip(null);
        return kind;
      },
      done: (polygon, event) => {
        const passing = page().shown, found = modes[shown()].lasso(clientside.gestures.inside(polygon));
        const ids = passing ? found.filter((i) => passing.has(i)) : found;
        host.focus({ preventScroll: true });
        view().select(new Set(event.shiftKey ? [...page().state.selected, ...ids] : ids), "graph");
      },
      click: (event) => {
        host.focus({ preventScroll: true });
        modes[shown()].press(place(event), event);
      },
    });
    const button = document.getElementById("model--lasso");
    button.addEventListener("click", () => button.setAttribute("aria-pressed", host.classList.toggle("lasso")));
    // a ring around the pane, and around a box in it, is for the keyboard
    host.addEventListener("pointerdown", () => host.classList.add("by-pointer"), true);
    host.addEventListener("keydown", () => host.classList.remove("by-pointer"), true);
    host.addEventListener("keydown", (event) => event.target === host && page().rows && key(event));
    host.addEventListener("pointerleave", () => tip(null));
  }

  /* Arrows walk: over the edges along the flow, to the nearest beside across it. */
  function key(event) {
    const mode = modes[shown()], arrows = page().state.direction === "right"
      ? ["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp"] : ["ArrowDown", "ArrowUp", "ArrowRight", "ArrowLeft"];
    const way = arrows.indexOf(event.key), factor = { "+": 1.3, "-": 1 / 1.3 }[event.key];
    if (way >= 0) mode.walk(["out", "into", "after", "before"][way]);
    else if (event.key === "Enter" || event.key === " ") mode.enter(event.key, event.shiftKey);
    else if (factor) mode.step(factor);
    else if (event.key === "Home") mode.fit();
    else return;
    event.preventDefault();
  }

  /* The nearest of `count` boxes on one side of box `old`; `sign` 1: after it across the flow. */
  function nearest(count, old, sign, aside, ahead) {
    let best = -1, least = Infinity;
    for (let i = 0; i < count; i++) {
      const by = (aside(i) - aside(old)) * sign, cost = by + 4 * Math.abs(ahead(i) - ahead(old));
      if (by > 1 && cost < least) [best, least] = [i, cost];
    }
    return best;
  }

  /* Selects tasks, or with `extend` toggles them. */
  function pick(ids, extend) {
    const old = new Set(page().state.selected);
    if (extend) ids.every((i) => old.has(i)) ? ids.forEach((i) => old.delete(i)) : ids.forEach((i) => old.add(i));
    view().select(extend ? old : ids, "graph");
  }

  /* The tooltip beside a box {x1, y1, x2, y2} of the pane. */
  function tip(at, ...content) {
    const box = document.getElementById("model--tip");
    if (!box) return;
    box.hidden = !at;
    if (!at) return;
    box.replaceChildren(...content);
    const room = pane().getBoundingClientRect(), x1 = Math.max(0, at.x1), x2 = Math.min(room.width, at.x2);
    const left = x2 + 10 + box.offsetWidth < room.width ? x2 + 10 : Math.max(6, x1 - 10 - box.offsetWidth);
    box.style.left = `${left}px`;
    box.style.top = `${Math.max(6, Math.min(at.y1, room.height - box.offsetHeight - 6))}px`;
  }

  /* What the tooltip says of tasks: their figures; of a stack of `copies` also the worst one's. */
  function tipTasks(at, ids, name, hint, copies) {
    if (!page().rows || !ids.length) return tip(null);
    const row = page().rows.get(ids[0]), { glossary } = page(), { make } = view(), one = ids.length === 1;
    const say = (metric, tasks) => {
      const now = view().total(tasks, metric, glossary[metric].aggregate);
      return now === null ? "unknown" : view().figure(glossary[metric], now);
    };
    const worst = (metric) => copies.reduce((most, tasks) =>
      (view().total(tasks, metric, "sum") || 0) > (view().total(most, metric, "sum") || 0) ? tasks : most);
    const lines = TIP.map((id) =>
      make("tr", {}, make("th", {}, glossary[id].label), make("td", {}, say(id, ids)),
        copies ? make("td", {}, say(id, worst(id))) : null));
    const head = copies
      ? [make("tr", {}, make("th", {}), ...["all", "worst copy"].map((word) => make("td", { class: "muted" }, word)))]
      : [];
    tip(at,
      make("b", {}, one && row ? `${row.id} · ${row.name}` : `${name} · ${ids.length.toLocaleString("en-US")} tasks`),
      make("div", { class: "muted" }, one && row
        ? [row.kernel, row.unit, row.bound_by && `${row.bound_by}-bound`, row.kernel_format]
          .filter(Boolean).join(" · ")
        : hint),
      make("table", {}, ...head, ...lines),
      ...(one && row && row.unknown ? [make("div", { class: "missed" }, row.unknown)] : []),
      ...(one && row && row.refusal ? [make("div", { class: "muted" }, row.refusal)] : []),
    );
  }

  function size(bytes) {
    const at = Math.max(0, Math.min(3, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
    return `${view().number(bytes / 1000 ** at, 3)} ${["B", "kB", "MB", "GB"][at]}`;
  }

  /* What the tooltip says of an edge: between what, which tensor, how much. */
  function tipEdge(at, from, to, tensor, bytes, count) {
    const make = view().make;
    tip(at,
      make("b", {}, `${from} → ${to}`),
      make("div", { class: "muted" }, [
        count > 1 ? `${count} tensors, the largest ${tensor}` : tensor, bytes >= 0 && size(bytes),
      ].filter(Boolean).join(" · ")));
  }

  function legend(metric, what, most) {
    const box = document.getElementById("model--legend"), ends = box.querySelector(".legend-ends").children;
    box.querySelector(".legend-name").textContent = `${metric.header} ${what}`;
    [0, 0.25, 1].forEach((part, k) => (ends[k].textContent = view().number(most * part * metric.scale, 2)));
  }

  function zoom() {
    const { triggered, triggered_id: id } = clientside.callback_context;
    if (!triggered[0].value || !modes[shown()]) return;
    if (id === "model--fit") modes[shown()].fit();
    else modes[shown()].step(id === "model--zoom-in" ? 1.3 : 1 / 1.3);
  }

  (clientside.parts = clientside.parts || []).push({ show: turn, numbers: listen });
  clientside.graph_pane = {
    modes, pane, shown, still, tokens, aim, beside, nearest, listen, pick, tip, tipTasks, tipEdge, legend, zoom,
  };
})();
