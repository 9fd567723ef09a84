/* The trade-off charts: marks on the frames that Plotly has drawn, and what the server found: the
   front, its knee; and the bounds as lines, beyond which the ground is shaded. */
(function (clientside) {
  const { press } = clientside.dom, NOBODY = new Set();
  const MOST = 3; // charts side by side
  const SPOTS = [26, 52, 90, 130].flatMap((dy) => [[26, dy], [-26, dy], [26, -dy], [-26, -dy]]); // px from the knee to its name
  const { view, canvas } = clientside;
  const page = () => document.getElementById("experiment--page");
  const pair = (k) => (page() && page().state && page().state.charts[k]) || null;
  const plot = (k) => document.querySelector(`[id="experiment--trade-${k}"] .js-plotly-plot`);
  const metric = (id) => page().glossary[id];
  const isLog = (axis) => page().state.log.includes(axis);
  const fitted = [], data = [];
  let answer = null;

  function values(k) {
    data[k] = clientside.marks.figures(data[k], ...pair(k));
    data[k].step = view.steps(page().state.colour).of;
    const on = page().pending ? NOBODY : (found(k) || {}).rows; // nobody: the front is on its way
    if (data[k].on !== on) [data[k].on, data[k].bright] = [on, on === NOBODY ? on : on && on.length ? new Set(on) : null]; // the beaten are dimmed
    return data[k];
  }

  const layers = Array.from({ length: MOST }, (_, k) => clientside.marks.layer(`experiment--trade-${k}`, {
    word: "models", data: () => ({ ...values(k) }), reset: () => fit(k, true), ground: (p) => limits(k, p), front: (p) => front(k, p), labels: (p) => labels(k, p),
  }));

  /* How far an axis reaches: those that do not pass stay in sight, dimmed. */
  function reach(k, axis) {
    const { low, high } = clientside.marks.span(values(k), axis, isLog(axis), () => true);
    if (high < low) return [0, 1];
    const pad = (high - low || Math.abs(high) || 1) * 0.06;
    return [low - pad, high + pad];
  }

  /* Ticks of a logarithmic axis: as many within a decade as have room. */
  function decades(k, axis) {
    const [low, high] = reach(k, axis), per = plot(k)._fullLayout[`${axis}axis`]._length / (high - low);
    return per > 260 ? "D1" : per > 90 ? "D2" : 1;
  }

  /* The bounds on the metrics of a chart: [x or y, px, "le" or "ge", words], those in sight. */
  function bounds(k) {
    const { xaxis, yaxis } = plot(k)._fullLayout, axes = { x: xaxis, y: yaxis };
    return page().state.where.flatMap(([column, side, value]) => {
      const axis = "xy"[pair(k).indexOf(column)], at = axis && axes[axis].d2p(value * metric(column).scale);
      return at > 0 && at < axes[axis]._length ? [[axis, at, side, `${side === "le" ? "at most" : "at least"} ${view.figure(metric(column), value)}`]] : [];
    });
  }

  /* Under the marks: the ground beyond the bounds, and their lines. */
  function limits(k, p) {
    const token = canvas.ink(), { xaxis, yaxis } = plot(k)._fullLayout, [w, h] = [xaxis._length, yaxis._length], found = bounds(k);
    p.fillStyle = token.ground;
    for (const [axis, at, side] of found) {
      if (axis === "x") p.fillRect(side === "le" ? at : 0, 0, side === "le" ? w - at : at, h);
      else p.fillRect(0, side === "le" ? 0 : at, w, side === "le" ? at : h - at);
    }
    canvas.line(p, token.budget, 1.5, () => {
      for (const [axis, at] of found) axis === "x" ? (p.moveTo(at, 0), p.lineTo(at, h)) : (p.moveTo(0, at), p.lineTo(w, at));
    }, [7, 5]);
  }

  /* What the server found for this chart, as long as it is about it. */
  function found(k) {
    const one = !page().pending && answer && answer.fronts[k], [x, y] = pair(k);
    return one && one.x === x && one.y === y ? one : null;
  }

  /* The Pareto front as stairs. */
  function front(k, p) {
    const one = found(k), { xaxis, yaxis } = plot(k)._fullLayout, d = values(k);
    if (!one || one.rows.length < 2) return;
    const rows = [...one.rows].sort((a, b) => d.x[a] - d.x[b]), up = metric(pair(k)[0]).better === "higher";
    let last = null;
    p.save();
    p.beginPath();
    p.rect(0, 0, xaxis._length, yaxis._length);
    p.clip();
    p.globalAlpha = 1;
    canvas.line(p, canvas.ink().accent, 1.5, () => {
      for (const [x, y] of rows.map((i) => [xaxis.d2p(d.x[i]), yaxis.d2p(d.y[i])])) {
        if (last) up ? p.lineTo(last[0], y) : p.lineTo(x, last[1]);
        last ? p.lineTo(x, y) : p.moveTo(x, y);
        last = [x, y];
      }
    });
    p.restore();
  }

  /* Over the marks: the names of the bounds, and of the knee where the fewest marks are written over. */
  function labels(k, p) {
    const token = canvas.ink(), { xaxis, yaxis } = plot(k)._fullLayout, [w, h] = [xaxis._length, yaxis._length], d = values(k);
    const write = (text, x, y, align, tone) => {
      [p.textAlign, p.lineWidth, p.strokeStyle] = [align, 4, token.surface];
      p.strokeText(text, x, y);
      canvas.write(p, text, x, y, tone, align);
    };
    p.lineJoin = "round";
    for (const [axis, at, side, text] of bounds(k)) {
      const wide = p.measureText(text).width, below = at < 0.3 * w; // there the title of the y axis stands
      if (axis === "x") write(text, below ? at + 5 : Math.min(at + wide / 2, w) - wide / 2 , below ? h - 9 : -9, below ? "left" : "center", token.budget);
      else write(text, w - 2, side === "le" ? at - 9 : at + 10, "right", token.budget);
    }
    const one = found(k), near = one && one.knee !== null && [xaxis.d2p(d.x[one.knee]), yaxis.d2p(d.y[one.knee])];
    if (!near || !(near[0] >= 0 && near[0] <= w && near[1] >= 0 && near[1] <= h)) return;
    const marks = d.ids.map((_, i) => [xaxis.d2p(d.x[i]), yaxis.d2p(d.y[i])]).filter(([x, y]) => x === x && y === y);
    const spots = [`knee: ${short(page().rows.get(one.knee).name)}`, "knee"].flatMap((text, last) => SPOTS.map(([dx, dy]) => {
      const wide = p.measureText(text).width, [x, y] = [near[0] + dx, near[1] + dy], [l, r] = dx > 0 ? [x, x + wide] : [x - wide, x];
      const out = l < 0 || r > w || y < 8 || y > h - 8;
      return { text, x, y, align: dx > 0 ? "left" : "right", cost: (out ? 1e6 : 0) + 50 * last + marks.filter(([mx, my]) => mx > l - 6 && mx < r + 6 && Math.abs(my - y) < 13).length };
    }));
    const best = spots.reduce((a, b) => (b.cost < a.cost ? b : a));
    canvas.line(p, token.muted, 1, () => (p.moveTo(...near), p.lineTo(best.x, best.y)));
    write(best.text, best.x + (best.align === "left" ? 3 : -3), best.y, best.align, token.ink);
  }

  /* The last steps of a name. */
  function short(text) {
    const steps = text.split(" → ");
    let kept = steps.pop().slice(0, 34);
    while (steps.length && kept.length + steps[steps.length - 1].length < 30) kept = `${steps.pop()} → ${kept}`;
    return (steps.length ? `… → ${kept}` : kept);
  }

  /* Axes and titles of one chart; nothing when they already are. */
  function fit(k, force) {
    const g = plot(k);
    if (!g || !pair(k) || !page().rows || !g.offsetParent || !g._fullLayout) return;
    const { state } = page(), [x, y] = pair(k), key = JSON.stringify([x, y, state.log]);
    if (g.fits !== fit) { // Dash draws the frame once more when its size settles
      g.fits = fit;
      g.on("plotly_afterplot", () => setTimeout(() => fit(k, false)));
    }
    const again = [page().rows, g.layout.template, key], told = metric(x).header + (metric(x).better ? ` · ${metric(x).better} is better` : "");
    const whole = g.layout.annotations.length && g.layout.annotations[0].text === told;
    if (!force && whole && fitted[k] && again.every((part, i) => part === fitted[k][i])) return;
    fitted[k] = again;
    const titles = g.layout.annotations.slice(0, 2), change = { annotations: [{ ...titles[0], text: told }, { ...titles[1], text: metric(y).header }] };
    for (const axis of ["x", "y"]) Object.assign(change, {
      [`${axis}axis.type`]: isLog(axis) ? "log" : "linear", [`${axis}axis.range`]: reach(k, axis), [`${axis}axis.nticks`]: 5,
      [`${axis}axis.dtick`]: isLog(axis) ? decades(k, axis) : null,
    });
    window.Plotly.relayout(g, change);
  }

  function show(state) {
    const slots = document.querySelectorAll("#experiment--trades > .trade");
    slots.forEach((slot, k) => (slot.hidden = !state.charts[k]));
    document.querySelector("[data-chart=add]").disabled = state.charts.length >= MOST;
    for (let k = 0; k < state.charts.length; k++) {
      fit(k, false);
      layers[k].draw();
    }
    note(state);
  }

  function note(state) {
    const [x, y] = pair(0) || [], { list } = view.table(), missing = x ? list.filter((row) => typeof row[x] !== "number" || typeof row[y] !== "number").length : 0;
    const guess = [...new Set(state.charts.flat())].filter((id) => metric(id) && !metric(id).better).map((id) => metric(id).label);
    document.getElementById("experiment--trade-note").textContent = [
      missing && `${view.say(missing)} without a value`, guess.length && `taken as lower is better: ${guess.join(", ")}`,
    ].filter(Boolean).join(" · ");
  }

  function numbers() {
    show(page().state);
    layers.forEach((layer, k) => pair(k) && layer.refit());
  }

  function answered(found) {
    answer = found.fronts ? found : null;
    page().state.charts.forEach((_, k) => layers[k].draw());
  }

  /* What the selects say, two for each chart. */
  function metrics(...given) {
    const state = page() && page().state;
    if (!state) return;
    const charts = state.charts.map((old, k) => [given[2 * k] || old[0], given[2 * k + 1] || old[1]]);
    if (JSON.stringify(charts) !== JSON.stringify(state.charts)) view.change({ charts }, "menu");
  }

  function chosen(charts) {
    charts.forEach((pair, k) => pair.forEach((value, i) =>
      clientside.set_props({ index: String(k), type: `experiment--trade-${"xy"[i]}` }, { value })));
    view.change({ charts }, "menu");
  }

  press("[data-chart]", ({ dataset: { chart } }) => {
    if (!page().state) return;
    const { state, glossary, data: sent } = page(), used = state.charts.map(([x]) => x);
    if (chart !== "add") return chosen(state.charts.filter((_, k) => k !== Number(chart)));
    const next = Object.values(glossary).find((m) => m.primary && !used.includes(m.id) && m.id !== sent.quality && m.span[0] < m.span[1]);
    chosen([...state.charts, [(next || glossary[sent.cost]).id, sent.quality]].slice(0, MOST));
  });
  press("[id^='experiment--trade-'][id$='-fit']", ({ id }) => fit(Number(id.match(/\d/)[0]), true));

  const drawn = () => layers.forEach((layer, k) => layer.ready().then(() => page() && page().rows && pair(k) && (fit(k, true), layer.refit())));
  const each = (act) => layers.forEach((layer, k) => page().rows && pair(k) && act(layer, k));
  clientside.parts.push({
    desk: "experiment", numbers, show, filtered: () => each((layer) => layer.draw()), near: (id) => each((layer) => layer.near(id)),
  });
  clientside.trade_off = { drawn, metrics, answered };
})(window.dash_clientside);
