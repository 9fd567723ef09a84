/* The overview in the corner of the graph: a picture of all of it, and a window to drag.
   A mode hands in its map: {all, picture, seen(), centre(x, y)}; `all` {x1, y1, x2, y2} in places of
   the drawing, `picture` {canvas, k, x, y} with the place x, y in its corner, k of its pixels a unit. */
(function (clientside) {
  const [WIDE, HIGH, PAD] = [150, 110, 6];
  const area = () => document.querySelector(".minimap canvas");
  const alone = document.documentElement.dataset.embed ? {} : sessionStorage; // a frame may have no storage
  const hidden = () => alone.overview === "hidden";
  let kept = {}, current = null;

  function listen() {
    const canvas = area();
    if (!clientside.dom.once(canvas)) return;
    const drag = (event) => {
      if (!(event.buttons & 1) || !current || !kept.k) return;
      const edge = canvas.getBoundingClientRect();
      current.centre((event.clientX - edge.left - kept.dx) / kept.k, (event.clientY - edge.top - kept.dy) / kept.k);
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      drag(event);
    });
    canvas.addEventListener("pointermove", drag);
    canvas.parentElement.classList.toggle("small", hidden());
    canvas.parentElement.querySelector(".icon").addEventListener("click", () => {
      alone.overview = hidden() ? "shown" : "hidden";
      canvas.parentElement.classList.toggle("small", hidden());
      if (current) frame(current);
    });
  }

  /* The picture, made smaller once: it changes only with the drawing or its colours. */
  function shrink(map, ratio) {
    const { canvas, k: fine, x, y } = map.picture, all = map.all, token = clientside.canvas.ink();
    if (kept.canvas === canvas && kept.token === token && kept.ratio === ratio) return;
    const k = Math.min((WIDE - 2 * PAD) / (all.x2 - all.x1), (HIGH - 2 * PAD) / (all.y2 - all.y1));
    const back = clientside.canvas.blank(WIDE * ratio, HIGH * ratio);
    kept = { canvas, token, ratio, back, k };
    kept.dx = (WIDE - (all.x2 - all.x1) * k) / 2 - all.x1 * k;
    kept.dy = (HIGH - (all.y2 - all.y1) * k) / 2 - all.y1 * k;
    const pen = back.getContext("2d");
    pen.scale(ratio, ratio);
    pen.imageSmoothingQuality = "high";
    pen.drawImage(canvas, x * k + kept.dx, y * k + kept.dy, (canvas.width / fine) * k, (canvas.height / fine) * k);
  }

  /* The window, in step with the view. */
  function frame(map) {
    const canvas = area();
    if (!canvas || !map.all) return;
    listen();
    current = map;
    const e = map.seen(), all = map.all, slack = 2 / WIDE;
    const whole = e.x1 <= all.x1 + slack && e.y1 <= all.y1 + slack && e.x2 >= all.x2 - slack && e.y2 >= all.y2 - slack;
    canvas.parentElement.classList.toggle("idle", whole);
    if (whole || hidden() || !map.picture) return;
    const ratio = window.devicePixelRatio || 1;
    shrink(map, ratio);
    if (canvas.width !== WIDE * ratio) [canvas.width, canvas.height] = [WIDE * ratio, HIGH * ratio];
    const pen = canvas.getContext("2d"), { k, dx, dy, token } = kept;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(kept.back, 0, 0);
    pen.scale(ratio, ratio);
    const x1 = Math.max(1, Math.min(WIDE - 5, e.x1 * k + dx)), y1 = Math.max(1, Math.min(HIGH - 5, e.y1 * k + dy));
    const x2 = Math.max(x1 + 4, Math.min(WIDE - 1, e.x2 * k + dx));
    const y2 = Math.max(y1 + 4, Math.min(HIGH - 1, e.y2 * k + dy));
    for (const [colour, width] of [[token.surface, 4], [token.accent, 1.5]]) { // seen on any ground
      [pen.strokeStyle, pen.lineWidth] = [colour, width];
      pen.strokeRect(x1, y1, x2 - x1, y2 - y1);
    }
  }

  clientside.minimap = { frame };
})(window.dash_clientside);
