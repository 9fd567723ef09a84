/* The triage strip: its parts select their tasks, and the least important step back when it is
   too narrow.  data-column with data-value: rows with that word; data-slowest: the n slowest. */
(function (clientside) {
  const strip = () => document.getElementById("model--triage");

  function fit() {
    const box = strip();
    if (!box) return; // the page is gone
    const parts = [...box.querySelectorAll("[data-keep]")];
    for (const part of parts) part.hidden = false;
    const spring = box.querySelector(":scope > .spring");
    if (!spring) return;
    const gap = parseFloat(getComputedStyle(box).columnGap) || 0;
    let over = box.scrollWidth - box.clientWidth;
    const widths = parts.map((part) => part.offsetWidth + gap);
    const least = parts.map((_, k) => k).sort((a, b) => parts[a].dataset.keep - parts[b].dataset.keep);
    for (const k of least) {
      if (over <= 0) break;
      parts[k].hidden = true;
      over -= widths[k];
    }
  }

  function watch() {
    const box = strip();
    if (!box) return;
    if (clientside.dom.once(box)) new ResizeObserver(fit).observe(box);
    requestAnimationFrame(() => box.isConnected && fit());
  }

  clientside.dom.press("#model--triage :is([data-column], [data-slowest])", ({ dataset: { column, value, slowest } }) => {
    if (!clientside.view.page().rows) return;
    const rows = [...clientside.view.page().rows.values()];
    const priced = rows.filter((row) => row.latency_s > 0), slow = (a, b) => b.latency_s - a.latency_s || a.id - b.id;
    const found = slowest ? priced.sort(slow).slice(0, slowest)
      : value ? priced.filter((row) => (row[column] || "other") === value)
        : rows.filter((row) => typeof row[column] !== "number");
    clientside.view.select(found.map((row) => row.id), "strip");
  });

  clientside.triage = { watch };
})(window.dash_clientside);
