/* The page Layers: what the view is stays here until it needs other rows; keys walk the rows. */
(function (clientside) {
  const page = () => document.getElementById("layers--page");
  const { typed, modified } = clientside.dom;
  const all = () => [...page().querySelectorAll("tr[data-row]")];
  let at = 0; // the row that keys start from

  function change(part) {
    const root = page(), turn = "page" in part ? part : { ...part, page: 0 };
    root.ask = { ...root.ask, ...turn };
    clientside.set_props("layers--ask", { data: root.ask });
  }

  function fold(row) {
    const id = Number(row.dataset.row), old = page().ask.opened;
    const opened = old.includes(id) ? old.filter((k) => k !== id) : [...old, id].sort((a, b) => a - b);
    change({ opened, page: page().ask.page });
  }

  function select(name) {
    const root = page();
    root.picked = { name };
    clientside.set_props("layers--picked", { data: root.picked });
    mark();
  }

  /* One row is in the tab order; the selected one is marked; both survive another table. */
  function mark(focus) {
    const root = page(), rows = all(), name = root.picked && root.picked.name;
    if (!rows.length) return;
    at = Math.max(0, Math.min(at, rows.length - 1));
    rows.forEach((row, k) => {
      row.tabIndex = k === at ? 0 : -1;
      row.classList.toggle("selected", row.dataset.name === name);
      row.setAttribute("aria-selected", row.dataset.name === name);
    });
    if (focus) rows[at].focus();
  }

  /* The view as the server last had it. */
  function asked(ask) {
    const root = page();
    if (!root || !ask) return;
    root.ask = { ...ask, opened: [...ask.opened] };
    root.querySelector(".layers-tools").dataset.show = ask.show;
    for (const [id, value] of [["layers--show", ask.show], ["layers--bins", ask.bins]])
      for (const option of document.getElementById(id).children) option.setAttribute("aria-pressed", option.dataset.value === value);
  }

  function drawn(known, _table, picked, ask) {
    const root = page();
    if (!root || !known) return;
    if (!root.ask) asked(ask);
    root.picked = root.picked || picked;
    const layer = root.picked && root.picked.name ? `&layer=${encodeURIComponent(root.picked.name)}` : "";
    window.history.replaceState(window.history.state, "", known.address + layer);
    requestAnimationFrame(() => {
      if (!page()) return;
      const box = document.getElementById("layers--search"), wrong = !!page().querySelector("#layers--note [role=alert]");
      box.classList.toggle("wrong", wrong);
      box.setAttribute("aria-invalid", wrong);
      mark(document.activeElement === document.body && root.walking);
    });
  }

  const search = (text) => { if (page() && page().ask && (text || "") !== page().ask.search) change({ search: text || "" }); };
  const figure = (key) => { if (page() && page().ask && key && key !== page().ask.key) change({ key }); };

  document.addEventListener("click", (event) => {
    if (!page() || !page().contains(event.target)) return;
    const hit = (selector) => event.target.closest(selector);
    const option = hit("#layers--show .option, #layers--bins .option"), sort = hit("[data-sort]"), turn = hit("[data-page]");
    if (option) { // other tensors are another tree, whose rows have other numbers
      const bins = option.dataset.choice.endsWith("bins");
      return change(bins ? { bins: option.dataset.value, page: page().ask.page } : { show: option.dataset.value, key: "", by: null, opened: [] });
    }
    if (turn) return change({ page: Number(turn.dataset.page) });
    if (sort) {
      const by = sort.dataset.sort, key = sort.dataset.key || page().ask.key;
      if (sort.dataset.key) clientside.set_props("layers--figure", { value: key });
      return change({ by: by ? Number(by.replace("-", "")) : null, up: !by.startsWith("-"), key });
    }
    const row = hit("tr[data-row]"), found = hit("[data-find]");
    if (found) { // a stored tensor, which activations do not have
      select(found.dataset.find);
      return page().ask.show === "activations" && change({ show: "weights", key: "", by: null, opened: [] });
    }
    if (!row) return;
    at = all().indexOf(row);
    if (hit("[data-fold]")) return fold(row);
    select(row.dataset.name);
    if (row.getAttribute("aria-expanded") === "false") fold(row);
  });

  document.addEventListener("keydown", (event) => {
    const root = page(), row = root && event.target.closest("tr[data-row]");
    if (root && event.key === "/" && !typed(event)) {
      event.preventDefault();
      document.getElementById("layers--search").focus();
    }
    if (!row || event.target.closest("button") || modified(event)) return;
    const rows = all(), open = row.getAttribute("aria-expanded"), level = Number(row.getAttribute("aria-level"));
    at = rows.indexOf(row);
    root.walking = true;
    if (event.key === "ArrowDown") at += 1;
    else if (event.key === "ArrowUp") at -= 1;
    else if (event.key === "Home") at = 0;
    else if (event.key === "End") at = rows.length - 1;
    else if (event.key === "ArrowRight") open === "false" ? fold(row) : open === "true" && (at += 1);
    else if (event.key === "ArrowLeft") {
      if (open === "true") fold(row);
      else while (at > 0 && Number(rows[at].getAttribute("aria-level")) >= level) at -= 1;
    } else if (event.key === "Enter" || event.key === " ") select(row.dataset.name);
    else return;
    event.preventDefault();
    mark(true);
  });

  clientside.layers = { asked, drawn, search, figure };
})(window.dash_clientside);
