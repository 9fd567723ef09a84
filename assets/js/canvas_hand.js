/* A box or a lasso drawn over any host with the pointer.  While one is drawn a sheet lies over the
   host and takes the pointer; what lies beneath hears nothing.
   attach(host, {start(event), done(polygon, event), click(event)}): `start` answers "box", "lasso"
   or nothing; `done` gets [[x, y], …] in pixels of the host; `click` (optional) a press that did
   not move.  Escape drops it. */
(function (clientside) {
  const { view } = clientside;
  const LEAST = 4; // pixels: less is a click

  function attach(host, options) {
    host.addEventListener("pointerdown", (event) => {
      const kind = event.button === 0 && options.start(event);
      if (!kind) return;
      event.preventDefault(); // no mousedown for what lies beneath
      event.stopPropagation();
      run(host, event, kind, options);
    }, true);
  }

  function run(host, first, kind, { done, click }) {
    const shape = clientside.dom.svg("path"), sheet = clientside.dom.svg("svg", { class: "gesture" }, shape);
    const at = (event) => spot(host, event), from = at(first), trail = [from];
    let moved = false;
    host.append(sheet);
    sheet.setPointerCapture(first.pointerId);
    const outline = () => {
      const [x, y] = trail[trail.length - 1];
      return kind === "box" ? [from, [x, from[1]], [x, y], [from[0], y]] : trail;
    };
    const move = (event) => {
      for (const one of event.getCoalescedEvents ? [...event.getCoalescedEvents(), event] : [event]) {
        const [x, y] = at(one), last = trail[trail.length - 1];
        if (Math.hypot(x - last[0], y - last[1]) >= 2) trail.push([x, y]);
      }
      const [x, y] = trail[trail.length - 1];
      moved = moved || Math.hypot(x - from[0], y - from[1]) >= LEAST;
      if (moved) shape.setAttribute("d", `M${outline().join("L")}Z`);
    };
    const end = (event) => {
      document.removeEventListener("keydown", drop, true);
      sheet.remove();
      if (event.type === "pointerup") moved ? done(outline(), event) : click && click(event);
    };
    const drop = (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      end(event);
    };
    sheet.addEventListener("pointermove", move);
    sheet.addEventListener("pointerup", end);
    sheet.addEventListener("pointercancel", end);
    document.addEventListener("keydown", drop, true);
  }

  /* A box (shift) or a lasso (alt, or where `lassoing`) over a drawing selects what `within` finds, with
     shift also; `hide` takes its tooltip away, `click` hears of a press. */
  function select(host, from, { lassoing = () => false, hide, within, click }) {
    attach(host, {
      start: (event) => {
        if (!view.page().rows || event.target.closest(".minimap, button")) return null;
        const kind = event.altKey || lassoing() ? "lasso" : event.shiftKey ? "box" : null;
        if (kind) hide();
        return kind;
      },
      done: (polygon, event) => take(host, within(inside(polygon)), event, from),
      click: (event) => (host.focus({ preventScroll: true }), click(event)),
    });
  }

  function take(host, ids, event, from) {
    host.focus({ preventScroll: true });
    view.select(new Set(event.shiftKey ? [...view.page().state.selected, ...ids] : ids), from);
  }

  /* Where an event is, in pixels of an element. */
  function spot(host, event) {
    const edge = host.getBoundingClientRect();
    return [event.clientX - edge.left, event.clientY - edge.top];
  }

  /* How far a turn of the wheel goes, and by which factor it zooms. */
  const turn = (event) => event.deltaY * [1, 16, 400][event.deltaMode];
  const zoom = (event) => Math.exp(-Math.max(-240, Math.min(240, turn(event))) * (event.ctrlKey ? 0.01 : 0.0022));

  /* Whether a point lies in a polygon. */
  function inside(polygon) {
    const xs = polygon.map((p) => p[0]), ys = polygon.map((p) => p[1]);
    const x1 = Math.min(...xs), x2 = Math.max(...xs), y1 = Math.min(...ys), y2 = Math.max(...ys);
    return (x, y) => {
      if (x < x1 || x > x2 || y < y1 || y > y2) return false;
      let within = false;
      for (let i = 0, j = xs.length - 1; i < xs.length; j = i++)
        if (ys[i] > y !== ys[j] > y && x < ((xs[j] - xs[i]) * (y - ys[i])) / (ys[j] - ys[i]) + xs[i]) within = !within;
      return within;
    };
  }

  clientside.hand = { attach, select, take, spot, turn, zoom, inside };
})(window.dash_clientside);
