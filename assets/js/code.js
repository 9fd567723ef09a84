/* The Code dock: lines of source with what their tasks cost, and the lines of the selection.
   The server says once which line made which tasks (queries/code.py), and gives texts by file; costs
   are summed here.  A list of thousands of lines draws the rows in sight. */
(function (clientside) {
  const ID = "model--code", HIGH = 24, BEYOND = 10, MOST = 40; // px of a row; rows beyond the window; snippets
  const KINDS = ["", "word", "text", "note", "digit", "name", "other"];
  const { view, canvas } = clientside, { page } = view, { make, button, once } = clientside.dom, pane = () => clientside.graph_pane;
  const { host, soon, on, watch } = canvas.dock(`#${ID}`, () => draw());
  const part = (name) => host().querySelector(`.code-${name}`);
  const count = (n, word) => `${view.say(n)} ${word}${n === 1 ? "" : "s"}`;
  let asked = "", data = null, open = null, rows = [], cursor = -1, chosen = "", most = 0, texts = new Map(), costed = [], listed;

  /* "3-7.9" -> [3, 4, 5, 6, 7, 9] */
  const ids = (text) => (text ? text.split(".") : []).flatMap((run) => {
    const [a, b] = run.split("-").map(Number);
    return Array.from({ length: (b || a) - a + 1 }, (_, k) => a + k);
  });
  const metric = () => {
    const { glossary, state } = page(), found = glossary[state.colour];
    return { id: found && found.aggregate !== "none" ? state.colour : "latency_s", ...(found && found.aggregate !== "none" ? found : glossary.latency_s) };
  };
  const shown = (list) => (page().shown ? list.filter((id) => page().shown.has(id)) : list);
  const sum = (list) => view.total(shown(list), metric().id, metric().aggregate);
  const said = (value) => (value === null ? "unknown" : canvas.si(value, metric().unit));

  /* Of another model, target or size everything is another. */
  function load(address) {
    [asked, data, open, texts] = [address, null, null, new Map()];
    wait("Looking for the lines of source…");
    pane().fetched(address, (answer) => answer.json()).then((found) => {
      if (asked !== address || !host()) return;
      const entry = ([file, n, text, name, own, fused, calls]) => ({ file, n, text, name, own: ids(own), fused: ids(fused), calls: ids(calls) });
      const modules = found.modules.map(([text, depth, tasks]) => ({ text, depth, own: ids(tasks), fused: [], calls: [] }));
      data = { ...found, modules, lines: found.lines.map(entry), merged: new Set(ids(found.merged)) };
      chosen = "";
      cost();
      const first = data.lines.reduce((a, b) => ((b.cost || 0) > ((a && a.cost) || -1) ? b : a), null);
      turn(first ? first.file : modules.length ? -1 : 0, first && first.n);
    }).catch((fault) => {
      asked = "";
      wait(fault instanceof TypeError ? "The lines did not arrive. Reload the page to try again." : fault.message);
    });
  }

  function wait(text) {
    const box = host() && host().querySelector(".drawing-none");
    if (box) [box.hidden, box.textContent] = [!text, text || ""];
  }

  /* What each line costs: its own tasks, and with the tasks that it is fused into or calls. */
  function cost() {
    const now = [data, metric().id, page().shown, page().rows];
    if (now.every((part, k) => part === costed[k])) return;
    [costed, listed] = [now, undefined];
    for (const line of [...data.lines, ...data.modules]) {
      line.cost = line.own.length ? sum(line.own) : 0;
      line.whole = line.fused.length + line.calls.length ? sum([...line.own, ...line.fused, ...line.calls]) : line.cost;
    }
    most = Math.max(0, ...[...data.lines, ...data.modules.filter((m) => !m.depth)].map((line) => line.cost || 0));
  }

  /* Open a file, at a line; without files the modules. */
  function turn(file, n) {
    const { path, text } = data.files[file] || {};
    open = path === undefined ? null : file;
    const known = data.lines.filter((line) => line.file === file).sort((a, b) => a.n - b.n);
    const at = new Map(known.map((line) => [line.n, line]));
    const put = (found) => {
      rows = found;
      const wide = rows.reduce((w, row) => Math.max(w, row.text.length + 2 * (row.depth || 0)), 0);
      part("rows").style.cssText = `height:${rows.length * HIGH}px;width:calc(${wide}ch + 150px)`;
      part("list").scrollTop = 0;
      cursor = -1;
      if (n) reveal(n);
      show();
    };
    if (open === null) return put(data.modules.map((line) => ({ text: line.text, depth: line.depth, line })));
    const sparse = known.flatMap((line, k) => [...(line.n > (k ? known[k - 1].n + 1 : 1) ? [{ text: "", gap: true }] : []), { n: line.n, text: line.text, line }]);
    if (!text || !texts.has(path)) put(sparse);
    if (!text || texts.has(path)) return text && put(texts.get(path).map(([words, marks], k) => ({ n: k + 1, text: words, marks, line: at.get(k + 1) })));
    const address = `${pane().url("source/text")}&file=${encodeURIComponent(path)}`, of = data;
    pane().fetched(address, (answer) => answer.json()).then((found) => {
      texts.set(path, found);
      if (of === data && open === file) turn(file, rows[cursor] ? rows[cursor].n : n);
    }).catch((fault) => wait(fault.message));
  }

  function reveal(n) {
    const k = rows.findIndex((row) => row.n === n), list = part("list");
    if (k < 0) return;
    cursor = k;
    const top = k * HIGH, high = list.clientHeight || 400;
    if (top < list.scrollTop + HIGH || top > list.scrollTop + high - 3 * HIGH) list.scrollTop = Math.max(0, top - high / 3);
  }

  const all = (line) => (line.own.length ? [...line.own, ...line.fused] : [...line.fused, ...line.calls]);
  const marked = () => new Set(page().state.selected);
  /* 2: the line made a selected task, 1: it is fused into one or calls it. */
  const touch = (line, set) => (line.own.some((id) => set.has(id)) ? 2 : set.size && [...line.fused, ...line.calls].some((id) => set.has(id)) ? 1 : 0);

  function about(line) {
    const label = metric().label.toLowerCase(), merged = line.own.filter((id) => data.merged.has(id)).length;
    return [
      line.own.length ? `${count(line.own.length, "task")}, ${label} ${said(line.cost)}` : `Calls what costs ${said(line.whole)} ${label}`,
      line.own.length && line.calls.length ? `calls ${count(line.calls.length, "task")} more, ${said(line.whole)} in all` : "",
      line.fused.length ? `fused into ${count(line.fused.length, "task")} of other lines` : "",
      merged ? `the exporter put a batch norm into ${count(merged, "convolution")} and kept only the norm's line` : "",
    ].filter(Boolean).join("; ");
  }

  function heat(line, words) {
    const own = line.own.length > 0, value = own ? line.cost : line.whole;
    const step = own && value !== null ? view.step(value, most) : 0;
    return make("span", { class: `code-heat ${own ? `heat-${step}` : "heat-call"}` }, words || `${own ? "" : "▸ "}${said(value)}`);
  }

  function ink(row) {
    const parts = [], marks = row.marks || [];
    let at = 0;
    for (let k = 0; k < marks.length; at += marks[k], k += 2) {
      const words = row.text.slice(at, at + marks[k]), kind = KINDS[marks[k + 1]];
      parts.push(kind ? make("span", { class: `code-${kind}` }, words) : words);
    }
    return [...parts, row.text.slice(at)];
  }

  /* The rows in sight. */
  function draw() {
    const list = part("list"), set = marked(), from = Math.max(0, Math.floor(list.scrollTop / HIGH) - BEYOND);
    const to = Math.min(rows.length, from + Math.ceil(list.clientHeight / HIGH) + 2 * BEYOND);
    part("rows").replaceChildren(...rows.slice(from, to).map((row, k) => {
      const i = from + k, style = `top:${i * HIGH}px`, { line } = row;
      if (row.gap) return make("div", { class: "code-row code-gap", style }, "…");
      const on = line ? touch(line, set) : 0, mark = `${on ? ` picked-${on}` : ""}${i === cursor ? " cursor" : ""}`;
      const option = line ? { id: `${ID}-row-${i}`, role: "option", "aria-selected": on > 0, "data-row": i, title: about(line) } : {};
      return make("div", { class: `code-row${line ? " code-live" : ""}${mark}`, style, ...option },
        line ? heat(line) : make("span", { class: "code-heat" }), make("span", { class: "code-n" }, row.n ? `${row.n}` : ""),
        make("code", row.depth ? { style: `padding-left:${2 * row.depth}ch` } : {}, ...ink(row)));
    }));
    if (cursor >= from && cursor < to) list.setAttribute("aria-activedescendant", `${ID}-row-${cursor}`);
    strip(set);
  }

  /* The whole file beside the list: heat, the selection, the window. */
  function strip(set) {
    const list = part("list"), box = part("strip"), h = box.clientHeight, w = box.clientWidth;
    const pen = canvas.pen(box, w, h), ink = canvas.ink(), scale = Math.min(3, h / Math.max(1, rows.length));
    pen.fillStyle = ink["soft-line"];
    pen.fillRect(0, list.scrollTop / HIGH * scale, w, Math.min(h, list.clientHeight / HIGH * scale));
    pen.fillStyle = ink.faint;
    rows.forEach(({ text, line }, k) => {
      const deep = text.length - text.trimStart().length;
      pen.globalAlpha = 0.4;
      if (text && scale >= 1) pen.fillRect(2 + deep / 4, k * scale, Math.min(w - 4, (text.length - deep) / 4), Math.max(0.5, scale - 1));
      pen.globalAlpha = 1;
      if (!line) return;
      pen.fillStyle = touch(line, set) ? ink.accent : canvas.colour(line.own.length && line.cost ? view.step(line.cost, most) : 0);
      pen.fillRect(0, k * scale, w, Math.max(2, scale));
      pen.fillStyle = ink.faint;
    });
  }

  /* The files, by folder, with the sum of their lines. */
  function files() {
    const entry = (text, on, tasks, act, title) => make("button", { class: "code-file", "aria-current": on ? "true" : null, title, onclick: act },
      make("span", {}, text), tasks.length ? make("span", { class: "muted" }, said(sum(tasks))) : null);
    let last = null;
    const order = data.files.map((file, k) => ({ ...file, k, own: data.lines.filter((l) => l.file === k).flatMap((l) => l.own) }));
    order.sort((a, b) => (a.library > b.library) - (a.library < b.library) || (a.path > b.path) - (a.path < b.path));
    part("files").hidden = order.length + (data.modules.length > 0) < 2; // nothing to choose
    part("files").replaceChildren(...order.flatMap(({ path, library, own, k }) => {
      const cut = path.lastIndexOf("/"), folder = path.slice(0, cut + 1);
      const head = folder !== last && folder ? [make("div", { class: "code-folder", title: folder }, folder.slice(0, -1))] : [];
      last = folder;
      return [...head, entry(path.slice(cut + 1), k === open, own, () => turn(k), library ? `${path}, of the package ${library}` : path)];
    }), ...(data.modules.length ? [entry("Modules", open === null, [], () => turn(-1), "The file names modules, not lines")] : []));
  }

  /* What stands above the list: the file, where it opens, and what is not as it seems. */
  function head() {
    const file = data.files[open], words = [...data.notes], line = rows[cursor] && rows[cursor].n;
    const merged = !file || !data.merged.size ? 0 : rows.reduce((n, row) => n + (row.line ? row.line.own.filter((id) => data.merged.has(id)).length : 0), 0);
    if (merged) words.unshift(`${count(merged, "convolution")} stand${merged > 1 ? "" : "s"} at the line of the batch norm that the exporter put into ${merged > 1 ? "them" : "it"}`);
    if (!file) words.unshift("The file says which module an op is part of, but no lines of source");
    else if (!file.text) words.unshift("Only the lines that the model names: upload it in a zip with its sources to see all");
    else if (file.stale) words.unshift(`Not the file that was exported: ${count(file.stale, "line")} differ`);
    document.getElementById(`${ID}-note`).textContent = file ? "A task counts once, at its line" : "A module is the sum of all tasks inside";
    part("head").replaceChildren(make("b", { title: file && file.path }, file ? file.path.split("/").slice(-2).join("/") : "Modules"), make("span", { class: file && file.stale ? "worse" : "muted", title: words.join(". ") }, words.join(". ")),
      make("span", { class: "spring" }), file && file.link ? make("a", { class: "link", href: `${file.link}${line ? `:${line}` : ""}` }, "Open in editor") : "");
  }

  /* The lines of the selected tasks as snippets. */
  function places() {
    const set = marked(), found = data.lines.filter((line) => touch(line, set) === 2);
    const own = (line) => line.own.filter((id) => set.has(id));
    found.sort((a, b) => (sum(own(b)) || 0) - (sum(own(a)) || 0));
    const snippet = (line) => {
      const { path } = data.files[line.file], tasks = own(line), body = texts.get(path), lines = body ? body.slice(Math.max(0, line.n - 3), line.n + 2) : [];
      const with_ = (role, words) => {
        const near = data.lines.filter((other) => other !== line && other[role].some((id) => tasks.includes(id)));
        return near.length ? make("div", { class: "muted" }, words, ...near.slice(0, 6).flatMap((other) => [" ", place(other)])) : null;
      };
      const code = lines.length ? lines.map(([words, marks], k) => make("div", { class: Math.max(0, line.n - 3) + k + 1 === line.n ? "here" : "" }, ...ink({ text: words || " ", marks })))
        : [make("div", { class: "here" }, line.text || "the text is not known")];
      return make("section", { class: "code-place" }, make("div", {}, place(line), line.name ? make("span", { class: "muted" }, ` in ${line.name}`) : null, make("span", { class: "spring" }),
        make("span", { class: "muted" }, `${count(tasks.length, "task")}, ${said(sum(tasks))}`)), make("pre", {}, ...code),
        with_("fused", "Fused into these tasks:"), with_("calls", "Called from:"));
    };
    const to = (line) => () => (view.change({ reading: "file" }, "code"), turn(line.file, line.n));
    const place = (line) => button(`${data.files[line.file].path.split("/").pop()}:${line.n}`, null, to(line), "link");
    const none = !set.size ? "Select tasks to see the lines that made them." : found.length ? "" : "The file does not say which lines made these tasks.";
    part("places").replaceChildren(...(none ? [make("p", { class: "muted" }, none)] : found.slice(0, MOST).map(snippet)),
      found.length > MOST ? make("p", { class: "muted" }, `and ${count(found.length - MOST, "line")} more`) : "");
  }

  function show() {
    if (!host() || !page() || !page().rows) return;
    const address = pane().url("source");
    if (asked !== address) return load(address);
    if (!data) return;
    cost();
    const state = page().state, by = state.reading === "places" && data.lines.length > 0, nothing = !data.lines.length && !data.modules.length && !data.files.length;
    wait(nothing ? "The file does not say where its tasks come from. Export it with torch.onnx.export(…, dynamo=True), or upload it in a zip with a source_map.json, see the README." : "");
    host().classList.toggle("unknown", nothing);
    part("main").hidden = by;
    part("places").hidden = !by;
    const now = state.selected.join(), moved = now !== chosen;
    chosen = now;
    if (moved && now && state.from !== "code") {
      const set = marked(), line = data.lines.filter((l) => touch(l, set) === 2).sort((a, b) => (b.file === open) - (a.file === open) || (b.cost || 0) - (a.cost || 0))[0];
      if (line && line.file !== open) return turn(line.file, line.n);
      if (line) reveal(line.n);
    }
    const { label, unit } = metric();
    document.getElementById(`${ID}-scale`).textContent = nothing ? "" : `${label} of a line 0–${canvas.si(most, unit)}`;
    if (listed !== open) files();
    listed = open;
    head();
    if (by) places();
    watch(), watchList();
    soon();
  }

  function watchList() {
    const list = part("list");
    if (!once(list)) return;
    list.addEventListener("scroll", () => soon());
    new ResizeObserver(() => soon()).observe(list);
    const jump = (e) => e.buttons && (list.scrollTop = (e.offsetY / Math.min(3, part("strip").clientHeight / Math.max(1, rows.length))) * HIGH - list.clientHeight / 2);
    for (const kind of ["pointerdown", "pointermove"]) part("strip").addEventListener(kind, jump);
  }

  on("click", (event) => {
    const row = event.target.closest("[data-row]");
    if (!row || !data) return;
    cursor = Number(row.dataset.row);
    canvas.pick(all(rows[cursor].line), event, "code");
    show();
  });
  on("keydown", (event) => {
    const list = event.target.closest(".code-list"), way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!list || !data) return;
    if (way) {
      let k = cursor + way;
      while (rows[k] && !rows[k].line) k += way;
      if (rows[k]) [cursor, list.scrollTop] = [k, Math.max((k + 2) * HIGH - list.clientHeight, Math.min(list.scrollTop, k * HIGH))];
      head();
      soon();
    } else if (/^(Enter| )$/.test(event.key) && rows[cursor] && rows[cursor].line) canvas.pick(all(rows[cursor].line), event, "code");
    else return;
    event.preventDefault();
  });

  clientside.parts.push({ active: (state) => state.dock === "code", numbers: show, show, filtered: show });
  clientside.code = { rows: () => rows, data: () => data };
})(window.dash_clientside);
