/* The scatter plot: which metric on which axis, how far the axes reach, what cannot be drawn. */
(function () {
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const ID = "model--scatter", LANE = 26; // px for zeros beside a logarithmic axis
  const view = () => clientside.view;
  const page = () => view().page();
  const plot = () => document.querySelector(`#${ID} .js-plotly-plot`);
  let fitted = null, data = null;

  const USUAL = { x: "macs", y: "latency_s" };
  const idOf = (axis) => (page().glossary[page().state[axis]] ? page().state[axis] : USUAL[axis]);
  const metric = (axis) => page().glossary[idOf(axis)];
  const isLog = (axis) => page().state.log.includes(axis);

  /* Figures of every task in page units. */
  function values() {
    const key = [page().rows, page().state.x, page().state.y];
    if (!data || !key.every((part, k) => part === data.key[k])) {
      const column = (axis) => view().column(idOf(axis)).map((v) => v * metric(axis).scale);
      const ids = view().table().list.map((row) => row.id);
      data = { key, n: ids.length, ids, x: column("x"), y: column("y") };
    }
    data.step = view().steps(page().state.colour in page().glossary ? page().state.colour : "latency_s").of;
    return data;
  }

  const layer = clientside.marks.layer(ID, {
    shape: "circle",
    data: () => ({ ...values() }),
    reset: () => fit(true),
    tip: (ids) => ["x", "y"].map((axis) =>
      [metric(axis).label, view().figure(metric(axis), page().rows.get(ids[0])[idOf(axis)])]),
  });

  /* How far an axis reaches over the tasks that the filter shows, and whether any is zero. */
  function reach(axis, other) {
    const d = values(), { shown } = view().masks(), log = isLog(axis);
    let least = Infinity, most = -Infinity, zero = 0;
    for (let k = 0; k < d.n; k++) {
      const v = d[axis][k];
      if (!shown[k] || v !== v || d[other][k] !== d[other][k]) continue;
      if (log && v <= 0) zero += 1;
      else [least, most] = [Math.min(least, v), Math.max(most, v)];
    }
    if (most === -Infinity) return { range: [0, 1], zero };
    if (!log) return { range: most > 0 ? [-0.02 * most, 1.05 * most] : [-0.02, 1], zero };
    const [from, to] = [Math.log10(least), Math.log10(most)], pad = Math.max(0.12, 0.05 * (to - from));
    return { range: [from - pad, to + pad], zero };
  }

  /* Axes to the metrics and the tasks shown; nothing when they already are. */
  function fit(force) {
    const g = plot(), state = page().state;
    if (!g || !page().rows || !g.offsetParent) return;
    const key = [page().rows, page().shown, state.x, state.y, state.log, g.layout.template];
    if (!force && fitted && key.every((part, k) => part === fitted[k])) return;
    fitted = key;
    const change = {}, size = g._fullLayout._size;
    ["x", "y"].forEach((axis, k) => {
      const { range, zero } = reach(axis, axis === "x" ? "y" : "x"), other = axis === "x" ? "yaxis" : "xaxis";
      Object.assign(change, {
        [`${axis}axis.type`]: isLog(axis) ? "log" : "linear",
        [`${axis}axis.range`]: range,
        [`${axis}axis.nticks`]: isLog(axis) ? 4 : 6, // more, and the labels of a logarithmic axis collide
        [`${axis}axis.domain`]: [zero ? LANE / (axis === "x" ? size.w : size.h) : 0, 1],
        [`${other}.anchor`]: "free", [`${other}.position`]: 0,
        [`annotations[${k}].text`]: metric(axis).header,
        [`annotations[${k + 2}].visible`]: zero > 0,
      });
    });
    window.Plotly.relayout(g, change);
    note();
  }

  function note() {
    const d = values(), { shown } = view().masks(), say = (n) => n.toLocaleString("en-US");
    const unknown = { x: 0, y: 0 };
    let missing = 0, all = 0;
    for (let k = 0; k < d.n; k++) {
      if (!shown[k]) continue;
      const [x, y] = [isNaN(d.x[k]), isNaN(d.y[k])];
      [all, missing, unknown.x, unknown.y] = [all + 1, missing + (x || y), unknown.x + x, unknown.y + y];
    }
    const names = [...new Set(["x", "y"].filter((axis) => unknown[axis]).map((axis) => metric(axis).label))];
    document.getElementById("model--scatter-note").textContent = [
      all > missing ? `${say(all - missing)} tasks` : "No task to show",
      missing && `${say(missing)} without a value for ${names.join(" or ")}`,
    ].filter(Boolean).join(" · ");
  }

  function show() {
    for (const button of document.querySelectorAll("[data-log]"))
      button.setAttribute("aria-pressed", isLog(button.dataset.log));
    fit(false);
    layer.draw();
    clientside.canvas.legend(ID);
  }

  function numbers() {
    fit(false);
    layer.refit();
    clientside.canvas.legend(ID);
  }

  const metrics = (x, y) => {
    const state = page() && page().state;
    if (state && x && y && (x !== state.x || y !== state.y)) view().change({ x, y }, "menu");
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-log]");
    if (button && page()) {
      const on = ["x", "y"].filter((axis) => isLog(axis) !== (axis === button.dataset.log));
      view().change({ log: on.join("") }, "choice");
    }
    if (event.target.closest("#model--scatter-fit")) fit(true);
  });

  (clientside.parts = clientside.parts || []).push({
    active: (state) => state.dock === "scatter", numbers, show, filtered: show, near: layer.near,
  });
  clientside.scatter = { drawn: () => layer.ready().then(() => page() && fit(false)), metrics };
})();
