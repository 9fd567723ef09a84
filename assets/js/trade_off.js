/* The trade-off charts: marks on the frames that Plotly has drawn, and what the server found: the
   front, its knee; and the bounds as lines, beyond which the ground is shaded. */
(function () {
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const MOST = 3; // charts side by side
  const SPOTS = [26, 52, 90, 130].flatMap((dy) => [[26, dy], [-26, dy], [26, -dy], [-26, -dy]]); // px from the knee to its name
  const view = () => clientside.view;
  const page = () => document.getElementById("experiment--page");
  const pair = (k) => (page() && page().state && page().state.charts[k]) || null;
  const plot = (k) => document.querySelector(`[id="experiment--trade-${k}"] .js-plotly-plot`);
  const metric = (id) => page().glossary[id];
  const isLog = (axis) => page().state.log.includes(axis);
  const fitted = [], data = [];
  let answer = null;

  function values(k) {
    const [x, y] = pair(k), key = [page().rows, x, y];
    if (!data[k] || !key.every((part, i) => part === data[k].key[i])) {
      const column = (id) => view().column(id).map((v) => v * metric(id).scale);
      data[k] = { key, n: page().rows.size, ids: [...page().rows.keys()], x: column(x), y: column(y) };
    }
    data[k].step = view().steps(page().state.colour).of;
    const found = answer && answer.fronts[k], on = found && found.x === x && found.y === y && found.rows;
    if (data[k].on !== on) [data[k].on, data[k].bright] = [on, on && on.length ? new Set(on) : null]; // the beaten are dimmed
    return data[k];
  }

  const layers = Array.from({ length: MOST }, (_, k) => clientside.marks.layer(`experiment--trade-${k}`, {
    word: "models", data: () => ({ ...values(k) }), reset: () => fit(k, true),
  }));

  /* How far an axis reaches: over what passes, and the bound that is near. */
  function reach(k, axis) {
    const d = values(k), other = axis === "x" ? d.y : d.x, { shown } = view().masks(), log = isLog(axis);
    let low = Infinity, high = -Infinity;
    const take = (every) => d[axis].forEach((v, i) => {
      if ((every || shown[i]) && v === v && other[i] === other[i] && (!log || v > 0)) [low, high] = [Math.min(low, v), Math.max(high, v)];
    });
    take(true); // those that do not pass stay in sight, dimmed
    if (high < low) return log ? [0, 1] : [0, 1];
    if (log) [low, high] = [Math.log10(low), Math.log10(high)];
    const pad = (high - low || Math.abs(high) || 1) * 0.06;
    return [low - pad, high + pad];
  }

  /* Ticks of a logarithmic axis: as many within a decade as have room. */
  function decades(k, axis) {
    const [low, high] = reach(k, axis), per = plot(k)._fullLayout[`${axis}axis`]._length / (high - low);
    return per > 260 ? "D1" : per > 90 ? "D2" : 1;
  }

  /* The lines of the bounds on one axis, with their names. */
  function limits(k, axis) {
    const id = pair(k)[axis === "x" ? 0 : 1], token = clientside.canvas.ink(), shapes = [], notes = [], across = axis === "x" ? "y" : "x";
    for (const [column, side, value] of page().state.where) {
      if (column !== id) continue;
      const at = value * metric(id).scale, span = { [`${across}ref`]: "paper", [`${across}0`]: 0, [`${across}1`]: 1, [`${axis}ref`]: axis };
      const place = isLog(axis) && at > 0 ? Math.log10(at) : at, range = plot(k)._fullLayout[`${axis}axis`].range;
      const inside = place > Math.min(...range) && place < Math.max(...range);
      shapes.push({ type: "line", ...span, [`${axis}0`]: at, [`${axis}1`]: at, line: { color: token.budget, width: 1.5, dash: "dash" } });
      const end = side === "le" ? Math.max(...range) : Math.min(...range), far = isLog(axis) ? 10 ** end : end;
      if (inside) shapes.push({ type: "rect", ...span, [`${axis}0`]: at, [`${axis}1`]: far, fillcolor: token.ground, opacity: 1, line: { width: 0 }, layer: "below" });
      if (!inside) continue;
      const text = `${side === "le" ? "at most" : "at least"} ${view().figure(metric(id), value)}`, note = { text, showarrow: false, font: { color: token.budget, size: 12 } };
      const share = (place - range[0]) / (range[1] - range[0]); // beside the title of the y axis, unless that is there
      if (axis === "x") notes.push({ ...note, xref: "x", yref: "paper", x: place, y: share < 0.3 ? 0 : 1, yanchor: "bottom", xanchor: share > 0.8 ? "right" : share < 0.3 ? "left" : "center", yshift: share < 0.3 ? 2 : 0 });
      else notes.push({ ...note, xref: "paper", yref: "y", x: 1, y: place, xanchor: "right", yanchor: side === "le" ? "bottom" : "top" });
    }
    return { shapes, notes };
  }

  /* Front and knee, as long as the answer is about this chart. */
  function front(k) {
    const found = answer && answer.fronts[k], [x, y] = pair(k);
    if (!found || found.x !== x || found.y !== y) return { x: [], y: [], shape: "hv", notes: [] };
    const d = values(k), rows = [...found.rows].sort((a, b) => d.x[a] - d.x[b]), g = plot(k), notes = [];
    if (found.knee !== null && found.knee !== undefined) {
      const { xaxis: xa, yaxis: ya } = g._fullLayout, at = [xa.d2p(d.x[found.knee]), ya.d2p(d.y[found.knee])];
      const marks = d.ids.map((_, i) => [xa.d2p(d.x[i]), ya.d2p(d.y[i])]).filter(([x, y]) => x === x && y === y);
      const spots = [`knee: ${short(page().rows.get(found.knee).name)}`, "knee"].flatMap((text, last) => SPOTS.map(([dx, dy]) => {
        const long = 6.6 * text.length, [x, y] = [at[0] + dx, at[1] + dy], [l, r] = dx > 0 ? [x, x + long] : [x - long, x];
        const out = l < 0 || r > xa._length || y < 8 || y > ya._length - 8; // the spot where the fewest marks are written over
        return { text, dx, dy, cost: (out ? 1e6 : 0) + 50 * last + marks.filter(([mx, my]) => mx > l - 6 && mx < r + 6 && Math.abs(my - y) < 13).length };
      }));
      const best = spots.sort((a, b) => a.cost - b.cost)[0];
      const [px, py] = [["x", d.x], ["y", d.y]].map(([axis, of]) => (isLog(axis) ? Math.log10(of[found.knee]) : of[found.knee]));
      notes.push({
        xref: "x", yref: "y", x: px, y: py, text: best.text, showarrow: true, arrowhead: 0, arrowwidth: 1, arrowcolor: clientside.canvas.ink().muted,
        ax: best.dx, ay: best.dy, xanchor: best.dx > 0 ? "left" : "right", font: { color: clientside.canvas.ink().ink, size: 12 },
      });
    }
    return { x: rows.map((i) => d.x[i]), y: rows.map((i) => d.y[i]), shape: metric(x).better === "higher" ? "vh" : "hv", notes };
  }
  /* The last steps of a name. */
  function short(text) {
    const steps = text.split(" → ");
    let kept = steps.pop().slice(0, 34);
    while (steps.length && kept.length + steps[steps.length - 1].length < 30) kept = `${steps.pop()} → ${kept}`;
    return (steps.length ? `… → ${kept}` : kept).replace(/[<>&]/g, " ");
  }

  /* Axes, titles, front and bounds of one chart; nothing when they already are. */
  function fit(k, force) {
    const g = plot(k);
    if (!g || !pair(k) || !page().rows || !g.offsetParent || !g._fullLayout) return;
    const { state } = page(), [x, y] = pair(k), key = JSON.stringify([x, y, state.log]);
    if (g.fits !== fit) { // Dash draws the frame once more when its size settles
      g.fits = fit;
      g.on("plotly_afterplot", () => setTimeout(() => fit(k, false)));
    }
    const again = [page().rows, answer, state.where, g.layout.template, key], told = metric(x).header + (metric(x).better ? ` · ${metric(x).better} is better` : "");
    const whole = g.layout.annotations.length && g.layout.annotations[0].text === told;
    if (!force && whole && fitted[k] && again.every((part, i) => part === fitted[k][i])) return;
    if (force || !fitted[k] || fitted[k][4] !== key || fitted[k][0] !== page().rows || fitted[k][3] !== g.layout.template) {
      const change = {};
      for (const axis of ["x", "y"]) Object.assign(change, {
        [`${axis}axis.type`]: isLog(axis) ? "log" : "linear", [`${axis}axis.range`]: reach(k, axis), [`${axis}axis.nticks`]: 5,
        [`${axis}axis.dtick`]: isLog(axis) ? decades(k, axis) : null,
      });
      window.Plotly.relayout(g, change);
    }
    fitted[k] = again;
    const titles = g.layout.annotations.slice(0, 2);
    titles[0] = { ...titles[0], text: told };
    titles[1] = { ...titles[1], text: metric(y).header };
    const line = front(k), [a, b] = [limits(k, "x"), limits(k, "y")];
    window.Plotly.update(g, { x: [line.x], y: [line.y], "line.shape": line.shape },
      { shapes: [...a.shapes, ...b.shapes], annotations: [...titles, ...line.notes, ...a.notes, ...b.notes] }, [0]);
  }

  function show(state) {
    const slots = document.querySelectorAll("#experiment--trades > .trade");
    slots.forEach((slot, k) => (slot.hidden = !state.charts[k]));
    for (const button of document.querySelectorAll("#experiment--page [data-log]")) button.setAttribute("aria-pressed", isLog(button.dataset.log));
    document.querySelector("[data-chart=add]").disabled = state.charts.length >= MOST;
    for (let k = 0; k < state.charts.length; k++) {
      fit(k, false);
      layers[k].draw();
    }
    note(state);
  }

  function note(state) {
    const [x, y] = pair(0) || [], { list } = view().table(), missing = x ? list.filter((row) => typeof row[x] !== "number" || typeof row[y] !== "number").length : 0;
    const guess = [...new Set(state.charts.flat())].filter((id) => metric(id) && !metric(id).better).map((id) => metric(id).label);
    document.getElementById("experiment--trade-note").textContent = [
      missing && `${missing.toLocaleString("en-US")} without a value`, guess.length && `taken as lower is better: ${guess.join(", ")}`,
    ].filter(Boolean).join(" · ");
  }

  function numbers() {
    show(page().state);
    layers.forEach((layer, k) => pair(k) && layer.refit());
  }

  function answered(found) {
    answer = found;
    if (!page() || !page().rows) return;
    page().state.charts.forEach((_, k) => (fit(k, false), layers[k].draw()));
    page().dataset.answered = Number(page().dataset.answered || 0) + 1;
  }

  /* What the selects say, two for each chart. */
  function metrics(...given) {
    const state = page() && page().state;
    if (!state) return;
    const charts = state.charts.map((old, k) => [given[2 * k] || old[0], given[2 * k + 1] || old[1]]);
    if (JSON.stringify(charts) !== JSON.stringify(state.charts)) view().change({ charts }, "menu");
  }

  function chosen(charts) {
    charts.forEach((pair, k) => pair.forEach((value, i) =>
      clientside.set_props({ index: String(k), type: `experiment--trade-${"xy"[i]}` }, { value })));
    view().change({ charts }, "menu");
  }

  document.addEventListener("click", (event) => {
    if (!page() || !page().state) return;
    const { state, glossary, data: sent } = page(), button = event.target.closest("[data-chart]"), log = event.target.closest("[data-log]");
    if (log) view().change({ log: ["x", "y"].filter((axis) => isLog(axis) !== (axis === log.dataset.log)).join("") }, "choice");
    if (button && button.dataset.chart === "add") {
      const used = state.charts.map(([x]) => x), next = Object.values(glossary).find((m) => m.primary && !used.includes(m.id) && m.id !== sent.quality && m.span[0] < m.span[1]);
      chosen([...state.charts, [(next || glossary[sent.cost]).id, sent.quality]].slice(0, MOST));
    } else if (button) chosen(state.charts.filter((_, k) => k !== Number(button.dataset.chart)));
    const reset = event.target.closest("[id^='experiment--trade-'][id$='-fit']");
    if (reset) fit(Number(reset.id.match(/\d/)[0]), true);
  });

  const drawn = () => layers.forEach((layer, k) => layer.ready().then(() => page() && page().rows && pair(k) && (fit(k, true), layer.refit())));
  const each = (act) => layers.forEach((layer, k) => page().rows && pair(k) && act(layer, k));
  (clientside.parts = clientside.parts || []).push({
    desk: "experiment", numbers, show, filtered: () => each((layer) => layer.draw()), near: (id) => each((layer) => layer.near(id)),
  });
  clientside.trade_off = { drawn, metrics, answered };
})();
