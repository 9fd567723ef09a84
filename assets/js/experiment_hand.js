/* The hand on the model map: pointer, keys, heads of the columns, folding. */
(function (clientside) {
  const REACH = 9; // px: a model is hit from here
  const { view, hand } = clientside, { make, once, press: pressed } = clientside.dom;
  const map = () => clientside.experiment_map;
  const page = () => document.getElementById("experiment--page");
  const own = () => clientside.experiment;
  let cursor = -1;

  function find(x, y) {
    const { it, X, Y } = map(), { column, lane } = it.places, masks = view.masks();
    let best = -1, least = REACH;
    for (const k of it.order) {
      const dy = Y(lane[k]) - y;
      if (Math.abs(dy) > 30 || !masks.shown[k]) continue; // what does not pass is not there to hit
      const away = Math.hypot(X(column[k]) - x, dy) - (it.r ? it.r(k) : 0) + 3;
      if (away < least) [best, least] = [k, away];
    }
    return best;
  }

  const spot = (event) => hand.spot(map().host(), event);

  function point(k, aloud) {
    const { it, X, Y, host } = map();
    if (k !== it.hover) view.tell("near", k < 0 ? null : k);
    host().style.cursor = k >= 0 ? "pointer" : "";
    if (k < 0) return clientside.canvas.tip(host());
    const parts = clientside.desks.experiment.about([k]), r = it.r(k);
    const box = { x1: X(it.places.column[k]) - r, x2: X(it.places.column[k]) + r, y1: Y(it.places.lane[k]) - r, y2: Y(it.places.lane[k]) + r };
    clientside.canvas.tip(host(), box, parts);
    if (aloud) host().querySelector("[aria-live]").textContent = parts.slice(0, 2).map((p) => p.textContent).join(", ");
  }

  function press(event) {
    const k = find(...spot(event));
    map().host().focus({ preventScroll: true });
    cursor = k;
    clientside.canvas.pick(k < 0 ? [] : [k], event, "map");
  }

  function listen() {
    const host = map().host();
    if (!once(host)) return;
    const { it, X, Y } = map();
    hand.select(host, "map", {
      hide: () => point(-1),
      within: (inside) => own().passing(it.order.filter((k) => inside(X(it.places.column[k]), Y(it.places.lane[k])))),
      click: press,
    });
    host.addEventListener("pointerdown", (event) => {
      if (event.button || event.defaultPrevented || event.target.closest(".minimap, button") || !page().rows) return;
      let last = spot(event);
      point(-1);
      clientside.canvas.drag(event, (e) => {
        const now = spot(e);
        map().move(now[0] - last[0], now[1] - last[1]);
        last = now;
      }, (e, moved) => e && !moved && press(e));
    });
    host.addEventListener("pointermove", (event) => {
      if (!event.buttons && page().rows && !event.target.closest(".minimap, .map-heads, .map-tools")) point(find(...spot(event)));
    });
    for (const kind of ["pointerleave", "blur"]) host.addEventListener(kind, () => page().rows && point(-1));
    host.addEventListener("dblclick", (event) => {
      const k = find(...spot(event));
      if (k >= 0 && page().below[k].length) own().fold(k);
    });
    host.addEventListener("wheel", (event) => {
      event.preventDefault();
      point(-1);
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) map().move(-(event.deltaX || hand.turn(event)), 0);
      else map().step(hand.zoom(event), spot(event)[1]);
    }, { passive: false });
    host.addEventListener("keydown", (event) => event.target === host && page().rows && keys(event));
  }

  /* Left is the parent, right the first child, up and down the column. */
  function walk(key) {
    const { it } = map(), { column, lane } = it.places, masks = view.masks(), seen = (k) => lane[k] >= 0 && masks.shown[k];
    if (cursor < 0 || !seen(cursor)) {
      cursor = page().state.selected.find(seen) ?? it.order.find(seen) ?? -1;
      return;
    }
    const inside = it.inside[column[cursor]].filter(seen), at = inside.indexOf(cursor), parent = page().rows.get(cursor).parent;
    const first = page().below[cursor].filter(seen).sort((a, b) => lane[a] - lane[b])[0];
    const next = { ArrowLeft: parent >= 0 && seen(parent) ? parent : undefined, ArrowRight: first, ArrowDown: inside[at + 1], ArrowUp: inside[at - 1] }[key];
    if (next !== undefined) cursor = next;
  }

  function keys(event) {
    const { key } = event, factor = { "+": 1.35, "-": 1 / 1.35 }[key];
    if (key.startsWith("Arrow")) {
      walk(key);
      if (cursor < 0) return;
      map().reveal(cursor);
      requestAnimationFrame(() => point(cursor, true));
    } else if ((key === "Enter" || key === " ") && cursor >= 0) clientside.canvas.pick([cursor], { shiftKey: event.shiftKey, ctrlKey: key === " " }, "map");
    else if (key.toLowerCase() === "c" && cursor >= 0 && page().below[cursor].length && !event.ctrlKey && !event.metaKey) own().fold(cursor);
    else if (factor) map().step(factor);
    else if (key === "Home") map().whole();
    else return;
    event.preventDefault();
  }

  /* The titles of the columns are buttons that select what stands in them. */
  function heads() {
    const box = document.getElementById("experiment--heads"), { it } = map();
    box.replaceChildren(...it.places.titles.map((title, c) => {
      const many = it.inside[c].length, press = (event) => {
        const ids = own().passing(it.inside[c]);
        if (event.shiftKey || event.ctrlKey || event.metaKey) own().add(ids, "map");
        else view.select(ids, "map");
      };
      return make("button", { class: "map-head", title: `${title}: select its ${many.toLocaleString("en-US")} models; with shift also`, onclick: press }, title.replaceAll("_", " "));
    }));
    scroll();
  }

  /* Heads stand over their columns. */
  function scroll() {
    const box = document.getElementById("experiment--heads"), { it, X } = map();
    [...box.children].forEach((head, c) => {
      head.style.left = `${X(c) - it.kx / 2 + 1}px`;
      head.style.width = `${it.kx - 2}px`;
    });
  }

  function mark() {
    const box = document.getElementById("experiment--heads"), { it } = map();
    if (box && it.places) [...box.children].forEach((head, c) => head.classList.toggle("here", it.hover >= 0 && it.places.column[it.hover] === c));
  }

  pressed("#experiment--fit", () => map().whole());
  pressed("#experiment--zoom-in", () => map().step(1.5));
  pressed("#experiment--zoom-out", () => map().step(1 / 1.5));

  clientside.experiment_hand = { listen, heads, scroll, mark };
})(window.dash_clientside);
