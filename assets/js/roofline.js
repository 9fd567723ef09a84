/* The roofline: tasks under the roofs that Plotly has drawn; where they lie comes from the server. */
(function (clientside) {
  const ID = "model--roofline";
  const GAINS = {
    bytes: "Half its bytes save", format: "A faster format saves", waste: "Without waste it saves",
    launch: "Without launch it saves", transfer: "Without hand-over it saves",
  };
  const { view } = clientside, { page } = view;
  const figure = () => document.querySelector(`#${ID} .js-plotly-plot`);
  const words = (column) => clientside.task_table.decode(column);
  const numbers = (column) => Float64Array.from(words(column), (v) => (v === null ? NaN : v));
  let found = null;

  const layer = clientside.marks.layer(ID, {
    data: () => ({ ...found, step: step() }),
    tip: (ids, k) => {
      const kind = found.kind[k], say = view.number, gain = found.gain[k];
      return [
        ["Intensity", `${say(found.x[k])} ${kind}/B`],
        ["Rate", `${say(found.y[k])} ${found.prefix}${kind}/s`],
        ...(gain ? [[GAINS[gain], view.figure(page().glossary.latency_s, found.gain_s[k])]] : []),
      ];
    },
    reset: fit,
  });

  /* Colour steps in the order of the server's rows. */
  function step() {
    const { colour } = page().state, { at } = view.table();
    const { of } = view.steps(page().glossary[colour] ? colour : "latency_s");
    if (found.of !== of) [found.of, found.steps] = [of, Uint8Array.from(found.ids, (id) => of[at.get(id)] ?? 255)];
    return found.steps;
  }

  function drawn(data) {
    if (!data || !page()) return;
    found = {
      n: data.ids.length, ids: data.ids, x: numbers(data.intensity), y: numbers(data.rate), kind: words(data.kind),
      gain: words(data.gain), gain_s: numbers(data.gain_s), prefix: data.prefix,
    };
    layer.ready();
  }

  function fit() {
    const g = figure();
    const first = g && g.layout.meta;
    if (first) window.Plotly.relayout(g, { "xaxis.range": [...first.x], "yaxis.range": [...first.y] });
  }

  clientside.dom.press(`#${ID}-fit`, fit);
  function draw() {
    clientside.canvas.legend(ID);
    if (found) layer.draw();
  }

  /* New figures: the server says where the tasks lie now, which only this drawing needs. */
  function anew() {
    if (page().charts) clientside.set_props("model--roofline-ask", { data: page().held });
    draw();
  }

  clientside.parts.push({
    active: (state) => state.dock === "roofline", numbers: anew, show: draw, filtered: draw, near: layer.near,
  });
  clientside.roofline = { drawn };
})(window.dash_clientside);
