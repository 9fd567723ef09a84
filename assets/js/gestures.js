/* A box or a lasso drawn over any host with the pointer.  While one is drawn a sheet lies over the
   host and takes the pointer; what lies beneath hears nothing.
   attach(host, {start(event), done(polygon, event), click(event)}): `start` answers "box", "lasso"
   or nothing; `done` gets [[x, y], …] in pixels of the host; `click` (optional) a press that did
   not move.  Escape drops it. */
(function () {
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const SVG = "http://www.w3.org/2000/svg";
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
    const sheet = document.createElementNS(SVG, "svg"), shape = document.createElementNS(SVG, "path");
    const edge = host.getBoundingClientRect();
    const at = (event) => [event.clientX - edge.left, event.clientY - edge.top];
    const from = at(first), trail = [from];
    let moved = false;
    sheet.setAttribute("class", "gesture");
    sheet.append(shape);
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

  clientside.gestures = { attach, inside };
})();
