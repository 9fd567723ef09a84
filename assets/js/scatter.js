/* The scatter plot: which metric on which axis, how far the axes reach, what cannot be drawn. */
(function (clientside) {
  const ID = "model--scatter", LANE = 26; // px for zeros beside a logarithmic axis
  const { view, marks } = clientside, { page } = view, { press } = clientside.dom;
  const plot = () => document.querySelector(`#${ID} .js-plotly-plot`);
  let fitted = null, data = null;

  const USUAL = { x: "macs", y: "latency_s" };
  const idOf = (axis) => (page().glossary[page().state[axis]] ? page().state[axis] : USUAL[axis]);
  const metric = (axis) => page().glossary[idOf(axis)];
  const isLog = (axis) => page().state.log.includes(axis);

  function values() {
    data = marks.figures(data, idOf("x"), idOf("y"));
    data.step = view.steps(page().state.colour in page().glossary ? page().state.colour : "latency_s").of;
    return data;
  }

  const layer = marks.layer(ID, {
    data: () => ({ ...values() }),
    reset: () => fit(true),
    tip: (ids) => ["x", "y"].map((axis) =>
      [metric(axis).label, view.figure(metric(axis), page().rows.get(ids[0])[idOf(axis)])]),
  });

  /* How far an axis reaches over the tasks that the filter shows, and whether any is zero. */
  function reach(axis) {
    const { shown } = view.masks(), log = isLog(axis), { low, high, zero } = marks.span(values(), axis, log, (k) => shown[k]);
    if (high === -Infinity) return { range: [0, 1], zero };
    if (!log) return { range: high > 0 ? [-0.02 * high, 1.05 * high] : [-0.02, 1], zero };
    const pad = Math.max(0.12, 0.05 * (high - low));
    return { range: [low - pad, high + pad], zero };
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
      const { range, zero } = reach(axis), other = axis === "x" ? "yaxis" : "xaxis";
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
    const d = values(), { shown } = view.masks(), { say } = view;
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
    if (state && x && y && (x !== state.x || y !== state.y)) view.change({ x, y }, "menu");
  };

  press("#model--scatter-fit", () => fit(true));

  clientside.parts.push({
    active: (state) => state.dock === "scatter", numbers, show, filtered: show, near: layer.near,
  });
  clientside.scatter = { drawn: () => layer.ready().then(() => page() && fit(false)), metrics };
})(window.dash_clientside);
