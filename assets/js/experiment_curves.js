/* What moving one bound would buy: the best reachable quality as stairs, the bound on them; a step
   selects its model.  Drawn here, for a brush must show them at once. */
(function (clientside) {
  const [HIGH, LEFT, RIGHT, TOP, FOOT] = [156, 46, 14, 26, 36]; // px
  const { svg } = clientside.dom, { ticks } = clientside.canvas;
  const box = () => document.getElementById("experiment--curves");

  function range(values, part) {
    const [low, high] = [Math.min(...values), Math.max(...values)], pad = (high - low || Math.abs(high) || 1) * part;
    return [low - pad, high + pad];
  }

  function stairs({ at, best, rows, texts, limit, upper, x_title, y_title }, wide) {
    const [left, right, top, foot] = [LEFT, wide - RIGHT, TOP, HIGH - FOOT], [x0, x1] = range([...at, limit], 0.05), [y0, y1] = range(best, 0.12);
    const X = (v) => left + ((v - x0) / (x1 - x0)) * (right - left), Y = (v) => foot - ((v - y0) / (y1 - y0)) * (foot - top);
    const say = (v) => v.toLocaleString("en-US", { maximumSignificantDigits: 6 }), middle = X(limit) > (left + right) / 2;
    const path = at.map((v, k) => (k ? `H${X(v)}V${Y(best[k])}` : `M${X(v)},${Y(best[k])}`)).join("");
    return [
      ...ticks(y0, y1, 4).flatMap((v) => [svg("path", { class: "grid", d: `M${left},${Y(v)}H${right}` }), svg("text", { x: left - 7, y: Y(v) + 4, "text-anchor": "end" }, say(v))]),
      ...ticks(x0, x1, wide / 90).map((v) => svg("text", { x: X(v), y: foot + 16, "text-anchor": "middle" }, say(v))),
      svg("path", { class: "axis", d: `M${left},${top}V${foot}H${right}` }),
      svg("text", { x: 8, y: 16 }, y_title), svg("text", { x: right, y: HIGH - 5, "text-anchor": "end" }, x_title),
      svg("path", { class: "stairs", d: `${path}H${upper ? right : left}` }),
      svg("path", { class: "now", d: `M${X(limit)},${top}V${foot}` }),
      svg("text", { class: "now", x: X(limit) + (middle ? -5 : 5), y: foot - 6, "text-anchor": middle ? "end" : "start" }, "now"),
      ...at.map((v, k) => svg("circle", { cx: X(v), cy: Y(best[k]), r: 4, class: (upper ? v <= limit : v >= limit) ? "within" : "", "data-ids": rows[k] },
        svg("title", {}, texts[k]))),
    ];
  }

  function draw(curves) {
    if (!box()) return; // a frame that shows something else
    const wide = box().parentElement.clientWidth / Math.max(1, curves.length);
    box().replaceChildren(...curves.map((curve) => {
      const words = `${curve.y_title} for ${curve.x_title}; the strip and the table hold the same models.`;
      return svg("svg", { class: "curve", width: wide, height: HIGH, role: "img", "aria-label": words }, ...stairs(curve, wide));
    }));
  }

  clientside.experiment_curves = { draw };
})(window.dash_clientside);
