"""What a page can be asked about its own looks, as scripts that run inside it.

`WATCH` goes in before the page loads; `RULES` returns [rule, element, what] of each fault that can
be seen now.  Both only read.
"""

from __future__ import annotations

# Layout shift without a person's doing, and the first and last box of what must not move.
WATCH = """(() => {
  const seen = (window.looked = { shift: 0, moved: [], first: {}, last: {} });
  const name = (n) => !n || !n.tagName ? "text" : n.tagName.toLowerCase() + (n.id ? "#" + n.id
    : n.classList && n.classList.length ? "." + [...n.classList].slice(0, 2).join(".") : "");
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.hadRecentInput) continue;
      seen.shift += entry.value;
      seen.moved.push([entry.value, [...new Set((entry.sources || []).map((s) => name(s.node)))]]);
    }
  }).observe({ type: "layout-shift", buffered: true });
  const kept = ["model--totals", "model--triage", "model--docks", "models--list"];
  let waits = {};
  const look = () => {
    for (const id of kept) {
      const found = document.getElementById(id);
      if (!found || !found.offsetParent) continue;
      waits[id] = (waits[id] || 0) + 1;
      if (waits[id] < 2) continue;
      const b = found.getBoundingClientRect(), box = [b.x, b.y, b.width, b.height];
      seen.first[id] = seen.first[id] || box;
      seen.last[id] = box;
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})()"""

RULES = """() => {
  const faults = [], told = new Set();
  const squeeze = (text) => (text || "").replace(/\\s+/g, " ").trim();
  const name = (e) => {
    let text = e.tagName.toLowerCase();
    if (e.id) return `${text}#${e.id}`;
    const own = typeof e.className === "string" ? e.className.trim().split(/\\s+/) : [];
    const classes = own.filter((c) => c && !/^m_|^mantine-/.test(c));
    text += classes.slice(0, 2).map((c) => "." + c).join("");
    const home = e.parentElement && e.parentElement.closest("[id]");
    return home ? `#${home.id} ${text}` : text;
  };
  const fault = (rule, e, what) => {
    const key = rule + name(e) + (rule === "clipped" || rule === "number" ? what : "");
    if (told.has(key)) return;
    told.add(key);
    faults.push([rule, name(e), what]);
  };
  const seen = (e) => e.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const e = node.parentElement, text = squeeze(node.data);
    if (!text || !e || e.closest("script, style, noscript, title, desc") || !seen(e)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const r = range.getBoundingClientRect(), b = e.getBoundingClientRect();
    if (!r.width || b.width <= 1 || b.height <= 1) continue;
    if (r.right < 0 || r.left > innerWidth || r.bottom < 0 || r.top > innerHeight) continue;
    texts.push({ e, text, r });
  }

  /* no horizontal page scroll */
  const wide = Math.max(document.documentElement.scrollWidth, document.body.scrollWidth);
  if (wide > innerWidth) {
    const out = [...document.body.querySelectorAll("*")]
      .filter((e) => seen(e) && e.getBoundingClientRect().right > innerWidth + 1);
    fault("page scroll", out[out.length - 1] || document.body, `${wide} px in ${innerWidth} px`);
  }

  /* no clipped text without a tooltip that says it */
  const column = (e, header) => {
    const cell = e.closest(header ? ".ag-header-cell" : ".ag-cell");
    const grid = cell && cell.closest("[id]:not(.ag-cell):has(.ag-root-wrapper)");
    try {
      const api = window.dash_ag_grid.getApi(grid.id);
      return api.getColumn(cell.getAttribute("col-id")).getColDef();
    } catch { return null; }
  };
  const tells = (e, text) => {
    const short = squeeze(text).toLowerCase();
    for (let up = e; up && up !== document.body; up = up.parentElement) {
      const tip = squeeze(up.getAttribute("title") || up.dataset.tip || "").toLowerCase();
      if (tip && (tip.includes(short) || short.includes(tip))) return true;
    }
    const own = e.closest(".ag-cell") && column(e, false);
    if (own && (own.tooltipField || own.tooltipValueGetter)) return true;
    const head = e.closest(".ag-header-cell") && column(e, true);
    return !!(head && head.headerTooltip);
  };
  const clips = (value) => value === "hidden" || value === "clip";
  for (const { e, text, r } of texts) {
    if (e.closest("svg")) continue;
    let x = true, y = true, cut = null;
    for (let up = e; up && up !== document.body && !cut; up = up.parentElement) {
      if (up.matches(".ag-header-viewport, .ag-center-cols-viewport, .ag-body-viewport")) break;
      const style = getComputedStyle(up), b = up.getBoundingClientRect();
      if (style.display === "contents" || style.display === "inline") continue;
      if (!b.width || !b.height) break;
      if (x && clips(style.overflowX) && (r.right > b.right + 1 || r.left < b.left - 1)) cut = "x";
      if (y && clips(style.overflowY) && (r.bottom > b.bottom + 3 || r.top < b.top - 3)) cut = "y";
      x = x && !/auto|scroll/.test(style.overflowX);
      y = y && !/auto|scroll/.test(style.overflowY);
      if (style.position === "fixed") break;
    }
    if (cut && !tells(e, text)) fault("clipped", e, `“${text.slice(0, 60)}” cut along ${cut}`);
  }
  for (const e of document.querySelectorAll("input, select, textarea")) {
    if (!seen(e) || !e.clientWidth || e.scrollWidth <= e.clientWidth + 1) continue;
    const text = e.value || e.placeholder;
    if (text && !tells(e, text)) fault("clipped", e, `“${text.slice(0, 60)}” in a field`);
  }

  /* numbers: one right edge, tabular, unit in the header */
  const number = /^[▲▼~≈<>≤≥]?\\s*[−–+-]?\\s*\\d[\\d,]*(\\.\\d+)?\\s*(%|×|[a-zA-Zµμ/]{1,5})?$/;
  const check = (header, cells, unit) => {
    const filled = cells.map((c) => ({ c, own: texts.filter((t) => c.contains(t.e)) }))
      .filter(({ own }) => own.length);
    const figures = filled.map(({ c, own }) => ({ c, t: own[own.length - 1],
      text: squeeze(own.map((t) => t.text).join(" ")) })).filter(({ text }) => number.test(text));
    if (figures.length < 2 || figures.length < 0.6 * filled.length) return;
    const edges = figures.map(({ t }) => t.r.right);
    const where = `column “${squeeze(header.textContent).slice(0, 40)}”`;
    const apart = Math.max(...edges) - Math.min(...edges);
    if (apart > 2) fault("number", header, `${where}: right edges ${apart.toFixed(0)} px apart`);
    const style = getComputedStyle(figures[0].t.e);
    if (!`${style.fontVariantNumeric} ${style.fontFeatureSettings}`.match(/tabular-nums|tnum/))
      fault("number", header, `${where}: figures are not tabular`);
    const units = new Set(figures.map(({ text }) => (text.match(number)[2] || "").trim()));
    const written = [...units].filter(Boolean);
    if (written.length) fault("number", header, `${where}: ${written.join(", ")} in the cells`);
    if (unit && !written.length && !squeeze(header.textContent).includes(unit))
      fault("number", header, `${where}: ${unit} is not in the header`);
  };
  const glossary = (document.getElementById("model--page") || {}).glossary || {};
  for (const header of document.querySelectorAll(".ag-header-cell[col-id]")) {
    const grid = header.closest(".ag-root-wrapper"), id = header.getAttribute("col-id");
    const cells = [...grid.querySelectorAll(`.ag-row .ag-cell[col-id="${CSS.escape(id)}"]`)];
    check(header, cells, glossary[id] && glossary[id].unit);
  }
  for (const table of document.querySelectorAll("table")) {
    const heads = [...table.querySelectorAll("thead th")];
    const rows = [...table.querySelectorAll("tbody tr")];
    heads.forEach((head, k) => seen(head)
      && check(head, rows.map((row) => row.cells[k]).filter((c) => c && c.colSpan === 1), ""));
  }

  /* letters of 12 px or more */
  for (const { e, text } of texts) {
    const size = parseFloat(getComputedStyle(e).fontSize);
    if (size < 11.99) fault("font", e, `${size} px: “${text.slice(0, 40)}”`);
  }

  /* targets of 24 px or more; a link inside a sentence may be smaller */
  const targets = "a[href], button, input:not([type=hidden]), select, textarea, summary, " +
    "[role=button], [role=tab], [role=checkbox], [role=switch], [role=radio], [role=slider], " +
    "[role=menuitem], [role=option], [role=link]";
  for (const e of document.querySelectorAll(targets)) {
    const named = e.id && document.querySelector(`label[for="${CSS.escape(e.id)}"]`);
    const label = e.closest("label") || named;
    const b = e.getBoundingClientRect();
    const [cx, cy] = [b.x + b.width / 2, b.y + b.height / 2];
    const own = (x, y) => {
      const hit = document.elementFromPoint(x, y);
      return !!hit && (e.contains(hit) || !!(label && label.contains(hit)));
    };
    if (!seen(e) || !b.width || !own(cx, cy)) continue;
    const whole = e.innerText || "", around = (e.parentElement.innerText || "").length;
    const inline = e.matches("a") && getComputedStyle(e).display === "inline";
    if (inline && around > whole.length + 2) continue;
    const wide = b.width >= 24 || (own(cx - 11.5, cy) && own(cx + 11.5, cy));
    const high = b.height >= 24 || (own(cx, cy - 11.5) && own(cx, cy + 11.5));
    if (!wide || !high)
      fault("target", e, `${b.width.toFixed(0)}×${b.height.toFixed(0)} px: “${squeeze(
        whole || e.getAttribute("aria-label") || e.title).slice(0, 40)}”`);
  }

  /* what moved while loading */
  if (looked.shift >= 0.05) {
    const [most, which] = looked.moved.sort((a, b) => b[0] - a[0])[0];
    const sum = `${looked.shift.toFixed(3)}, most ${most.toFixed(3)}`;
    faults.push(["shift", which.join(", "), sum]);
  }
  for (const [id, first] of Object.entries(looked.first)) {
    const last = looked.last[id];
    const moved = last.some((v, k) => Math.abs(v - first[k]) > 2);
    const boxes = `[${first.map(Math.round)}] became [${last.map(Math.round)}]`;
    if (moved) faults.push(["skeleton", `#${id}`, boxes]);
  }
  return faults;
}"""

# Pixels drawn on the canvases of an element, of those that are in sight.
INK = """(selector) => {
  let count = 0;
  for (const canvas of document.querySelectorAll(selector)) {
    if (!canvas.width || !canvas.checkVisibility({ visibilityProperty: true })) continue;
    const copy = new OffscreenCanvas(canvas.width, canvas.height), to = copy.getContext("2d");
    to.drawImage(canvas, 0, 0);
    const data = new Uint32Array(to.getImageData(0, 0, copy.width, copy.height).data.buffer);
    const ground = data[0];
    for (let i = 0; i < data.length; i++) if (data[i] !== ground && data[i] >>> 24) count++;
  }
  return count;
}"""
