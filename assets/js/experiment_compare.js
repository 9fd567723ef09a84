/* The comparison: a bar selects its models, chips keep only some values. */
(function (clientside) {
  const page = () => document.getElementById("experiment--page");

  function drawn() {
    for (const g of document.querySelectorAll("#experiment--compare .js-plotly-plot")) {
      if (!g.on || !clientside.dom.once(g)) continue;
      g.on("plotly_click", ({ points, event }) => clientside.canvas.pick(points.flatMap((p) => p.customdata), event || {}, "compare"));
      g.on("plotly_hover", ({ points }) => clientside.view.tell("near", points[0].customdata[0]));
      g.on("plotly_unhover", () => clientside.view.tell("near", null));
    }
  }

  clientside.dom.press("[data-keep]", (chip) => {
    if (!page()) return;
    const [name, value] = chip.dataset.keep.split("."), asked = page().compared, keep = { ...(asked.keep || {}) };
    if (name) {
      const old = keep[name] || [], now = old.includes(Number(value)) ? old.filter((k) => k !== Number(value)) : [...old, Number(value)];
      if (now.length) keep[name] = now;
      else delete keep[name];
    }
    page().compared = { ...asked, keep: name ? keep : {} };
    clientside.set_props("experiment--compare-ask", { data: page().compared });
  });

  clientside.experiment_compare = { drawn: () => setTimeout(drawn, 300) };
})(window.dash_clientside);
