/* The table of behaviors, drawn from what the server sent, and the histograms over it.  A control is
   a link to another view of the page (`data-go`) or a list of such (`data-pick`).  A brush counts
   at once in all other histograms, from counts of pairs of bars; its release asks for the rows. */
(function (clientside) {
  const at = (name) => document.getElementById(`behaviors--${name}`);
  const { make, press } = clientside.dom, { say } = clientside.view;
  let sent = null, crossed = null, busy = 0;

  /* Another view: the address at once, the rest when the server has answered. */
  function go(search) {
    if (search !== window.location.search) window.history.pushState({}, "", window.location.pathname + search);
    clearTimeout(busy);
    busy = setTimeout(() => at("table") && at("table").setAttribute("aria-busy", "true"), 200);
    clientside.set_props("behaviors--ask", { data: search });
  }

  function draw(data) {
    const box = at("table");
    if (!box) return;
    clearTimeout(busy);
    box.setAttribute("aria-busy", "false");
    if (!data || !sent || sent.pages.text !== data.pages.text) box.scrollTop = 0; // other rows
    sent = data;
    foot(data);
    if (!data) return box.replaceChildren();
    const h = data.histogram, focus = document.activeElement, back = focus.dataset && focus.dataset.keep;
    const first = box.scrollTop ? data.rows.length : Math.ceil(box.clientHeight / 50); // as many as are seen
    const wide = data.rows.some((row) => row.text) ? " texts" : "", body = make("tbody", {}, ...data.rows.slice(0, first).map((row) => line(row, data)));
    const bars = histograms(data, box.querySelector(".bars-row"));
    box.replaceChildren(make("table", { style: `--models:${data.models.length}`, class: `behaviors-rows${data.relative ? " relative" : ""}${wide}` },
      make("thead", {}, heads(data), summary(data), bars), body));
    for (const one of bars.querySelectorAll(".bars")) fill(one, h);
    if (!data.rows.length) box.append(make("p", { class: "muted none" }, "No row is left. Widen or clear the bounds."));
    const refocus = () => back && (at("page").querySelector(`[data-keep="${CSS.escape(back)}"]`) || box).focus({ preventScroll: true });
    refocus();
    if (data.rows.length > first) requestAnimationFrame(() => setTimeout(() => { // once those are on the screen
      body.append(...data.rows.slice(first).map((row) => line(row, data)));
      if (document.activeElement === box) refocus();
    }, 50));
  }

  /* Which rows these are and how they are ordered; the pages. */
  function foot(data) {
    const way = (text, to, css) => (to ? make("a", { href: to, "data-go": to, "data-keep": text, class: css }, text) : null);
    at("foot").replaceChildren(...(data ? [make("b", {}, data.pages.text), make("span", { class: "muted" }, data.words), way("Clear the bounds", data.free, "link"), make("span", { class: "spring" }),
      way("Previous", data.pages.before, "button"), way("Next", data.pages.after, "button")].filter(Boolean) : []));
  }

  const SORTS = { "": ["", "none"], down: ["▼", "descending"], up: ["▲", "ascending"] };

  function heads({ models, what }) {
    return make("tr", { class: "names" }, make("th", { scope: "col" }, what), ...models.map((m, k) =>
      make("th", { scope: "col", class: k ? "" : "base", "aria-sort": SORTS[m.sort][1] },
        make("a", { href: m.go, "data-go": m.go, "data-keep": `sort${k}`, class: "sort", title: `${m.name}: sort the rows by it` },
          make("i", { class: "model-dot", style: m.step < 0 ? "" : `background:var(--seq-${m.step})` }), make("span", {}, m.name), k ? null : make("small", {}, "base"), make("b", {}, SORTS[m.sort][0])))));
  }

  function summary({ models, summary: all }) {
    const often = (k) => all.often[k].map(([words, share]) => make("li", {}, make("span", {}, words), make("span", { class: "muted" }, share)));
    return make("tr", { class: "whole" }, make("th", { scope: "row" }, make("b", {}, "All"), make("small", { class: "muted" }, all.count)),
      ...models.map((m, k) => cell(all.cells[k], k, make("ul", { class: "often" }, ...often(k)),
        make("div", { class: "ways" }, ...m.sheets.map(([text, to]) => make("a", { href: to, "data-go": to, "data-keep": `${text}${k}`, class: "link" }, text))))));
  }

  function cell([text, more, tone, left, width, title], k, ...rest) {
    return make("td", { class: k ? "" : "base", title: title || null },
      make("div", { class: "value" }, make("b", { class: text === "not known" ? "unknown" : sent.relative || tone === "muted" ? tone : "" }, text), more ? make("small", { class: more === "same" ? "muted" : text === more ? "" : tone || "muted" }, more) : null),
      make("div", { class: "track" }, make("i", { class: tone, style: `left:${left}%;width:${width}%` })), ...rest);
  }

  function line(row, { models }) {
    const said = (k) => {
      if (!row.said) return null;
      const [mark, word, was] = row.said[k];
      return make("div", { class: "said" }, make("span", { class: mark === "✗" ? "worse" : mark ? "better" : "" }, mark), make("span", {}, word), was ? make("small", { class: "muted" }, was) : null);
    };
    const open = (...all) => (row.go ? make("a", { href: row.go, "data-go": row.go, "data-keep": `row${row.name}`, class: "link" }, ...all) : make("span", {}, ...all));
    const picture = row.image ? make("img", { src: row.image, alt: "", class: "thumb" }) : row.wave ? make("i", { class: "wave", style: `--wave:url("${row.wave}")` }) : null;
    const flag = row.flag === undefined ? null : make("button", { class: `icon flag${row.flag ? " on" : ""}`, "data-flag": row.name, "data-keep": `flag${row.name}`, "aria-pressed": row.flag, title: row.flag ? "Flagged for review; press to take the flag away" : "Flag for review" }, row.flag ? "⚑" : "⚐");
    return make("tr", {}, make("th", { scope: "row" }, make("div", { class: "what" }, picture ? open(picture) : null,
      make("div", {}, open(row.name), make("small", { class: "muted" }, row.note), row.text ? make("p", {}, row.text) : null), flag)), ...models.map((m, k) => cell(row.cells[k], k, said(k))));
  }

  /* The row of histograms; that from before stays where only what is kept is another. */
  function histograms({ histogram: h, models }, old) {
    const key = JSON.stringify([h.edges, h.total, h.ends, models.map((m) => [m.row, m.name])]);
    if (old && old.key === key) return old;
    const row = make("tr", { class: "bars-row" }, make("th", { scope: "row", class: "muted" }, make("small", {}, "Drag over a histogram to narrow the rows"), make("small", {}, `One scale, ${h.ends[0]} to ${h.ends[1]}; heights are square roots of counts`)),
      ...models.map((m, k) => make("td", {}, bars(h, m, k))));
    return Object.assign(row, { key });
  }

  /* One histogram: grey for all instances, blue for those that the other bounds leave. */
  function bars(h, model, k) {
    const n = h.edges.length - 1, most = Math.max(1, ...h.total.flat());
    const tell = ({ target }, b = [...box.children].indexOf(target)) => b < 0 || (target.title = `${h.said[b]}: ${say(sent.histogram.kept[k][b])} of ${say(h.total[k][b])}`);
    const box = Object.assign(make("div", { class: "bars", tabindex: 0, role: "slider", "data-keep": `bars${k}`, "aria-valuemin": 0, "aria-valuemax": n, "aria-label": `${model.name}: bounds on the values. Arrow keys move them, with Shift the upper end, Delete clears, Enter asks.`, onpointerover: tell },
      ...h.total[k].map((count) => make("i", { style: `--all:${Math.sqrt(count / most)}` }))), { k, most });
    const ends = [h.ends[0], h.unknown[k] ? `${say(h.unknown[k])} not known` : "", h.ends[1]].map((text) => make("span", {}, text));
    return make("div", { class: "histogram-cell" }, box, make("div", { class: "ends muted" }, ...ends));
  }

  function fill(box, h) {
    const bound = h.bounds[box.k];
    box.range = bound ? [near(h.edges, bound[0]), near(h.edges, bound[1])] : null;
    [...box.children].forEach((bar, b) => bar.style.setProperty("--kept", Math.sqrt(h.kept[box.k][b] / box.most)));
    show(box);
  }

  const near = (edges, value) => edges.reduce((best, e, k) => (Math.abs(e - value) < Math.abs(edges[best] - value) ? k : best), 0);

  /* The range of a brush, as it is: marked on the bars, told to who listens. */
  function show(box) {
    const h = sent.histogram, [a, b] = box.range || [0, h.edges.length - 1];
    [...box.children].forEach((bar, i) => bar.classList.toggle("out", i < a || i >= b));
    box.setAttribute("aria-valuenow", a);
    box.setAttribute("aria-valuetext", box.range ? `${h.said[a]} … ${h.said[b - 1]}` : "no bound");
    box.classList.toggle("bounded", !!box.range);
  }

  /* What the brush of one model leaves in all others: sums over its bars of the counts of pairs. */
  function count(box) {
    const h = sent.histogram, m = sent.models.length, n = h.edges.length - 1, [a, b] = box.range || [0, n];
    if (!crossed || crossed.key !== h.key) return;
    for (const other of at("table").querySelectorAll(".bars")) {
      const base = other.k * n;
      for (let c = 0; c < n; c++) {
        let sum = 0;
        for (let r = a; r < b; r++) sum += crossed.counts[(box.k * n + r) * m * n + base + c];
        other.children[c].style.setProperty("--kept", Math.sqrt(sum / other.most));
      }
    }
  }

  function ask(box) {
    const query = new URLSearchParams(window.location.search), { edges } = sent.histogram, row = sent.models[box.k].row;
    const rest = query.getAll("bound").filter((text) => !text.startsWith(`${row}:`));
    for (const name of ["bound", "page"]) query.delete(name);
    for (const text of rest) query.append("bound", text);
    const [a, b] = box.range || [0, edges.length - 1];
    if (a > 0 || b < edges.length - 1) query.append("bound", `${row}:${edges[a]}:${edges[b]}`);
    go(`?${query}`);
  }

  const spot = (box, x) => ((r) => Math.max(0, Math.min(box.children.length, ((x - r.left) / r.width) * box.children.length)))(box.getBoundingClientRect());

  function put(box, range) {
    box.range = range;
    show(box);
    count(box);
  }

  document.addEventListener("pointerdown", (event) => {
    const box = at("page") && event.target.closest && event.target.closest(".bars");
    if (!box || event.button) return;
    const from = spot(box, event.clientX), old = box.range;
    box.focus({ preventScroll: true });
    event.preventDefault();
    clientside.canvas.drag(event, (e) => {
      const to = spot(box, e.clientX), low = Math.floor(Math.min(from, to)), range = [low, Math.max(low + 1, Math.ceil(Math.max(from, to)))];
      if (String(box.range) !== String(range)) put(box, range);
    }, (e, moved) => {
      if (!e || !moved) put(box, e ? null : old); // a click clears, Escape gives back
      if (String(box.range) !== String(old)) ask(box);
    });
  });
  document.addEventListener("keydown", (event) => {
    if (!at("page")) return;
    const box = event.target.closest && event.target.closest(".bars");
    if (event.key === "Escape" && at("page").querySelector("[data-close]")) return at("page").querySelector("[data-close]").click();
    if (!box) return;
    const n = box.children.length, by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Enter") ask(box);
    else if (event.key === "Delete" || event.key === "Backspace") {
      put(box, null);
      ask(box);
    } else if (by) {
      const [a, b] = box.range || [0, n];
      put(box, event.shiftKey ? [a, Math.max(a + 1, Math.min(n, b + by))] : box.range ? (a + by < 0 || b + by > n ? [a, b] : [a + by, b + by]) : by > 0 ? [1, n] : [0, n - 1]);
    } else return;
    event.preventDefault();
  });
  press("[data-go]", (link, event) => {
    if (!at("page") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(link.dataset.go);
  });
  press("[data-flag]", (flag) => {
    clientside.set_props("behaviors--flag", { data: { id: flag.dataset.flag, on: flag.getAttribute("aria-pressed") !== "true" } });
  });
  document.addEventListener("change", (event) => at("page") && event.target.closest("[data-pick]") && go(event.target.value));

  clientside.behaviors = { draw, pairs: (data) => void (crossed = data), ready: () => crossed && sent && crossed.key === sent.histogram.key };
})(window.dash_clientside);
