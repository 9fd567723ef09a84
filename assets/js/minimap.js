/* The overview in the corner of the drawing: every box as a rectangle, and a window to drag. */
(function () {
  const clientside = (window.dash_clientside = window.dash_clientside || {});
  const canvas = () => document.getElementById("model--minimap");
  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  function mount(cy) {
    if (!canvas()) return;
    if (!cy.scratch("minimap")) {
      cy.scratch("minimap", true);
      let waiting = false;
      cy.on("viewport resize", () => {
        if (waiting) return;
        waiting = true;
        requestAnimationFrame(() => {
          waiting = false;
          if (canvas()) frame(cy);
        });
      });
      const drag = (event) => {
        if (!(event.buttons & 1)) return;
        const s = cy.scratch("scale"), box = canvas().getBoundingClientRect();
        const x = (event.clientX - box.left - s.dx) / s.k, y = (event.clientY - box.top - s.dy) / s.k;
        cy.pan({ x: cy.width() / 2 - x * cy.zoom(), y: cy.height() / 2 - y * cy.zoom() });
      };
      canvas().addEventListener("pointerdown", (event) => {
        canvas().setPointerCapture(event.pointerId);
        drag(event);
      });
      canvas().addEventListener("pointermove", drag);
      document.getElementById("model--minimap-hide").addEventListener("click", () => {
        const box = canvas().parentElement;
        box.classList.toggle("small");
      });
    }
    paint(cy);
  }

  /* The boxes, kept as an image: they change only with the drawing or the colours. */
  function paint(cy) {
    const area = canvas();
    const boxes = cy.scratch("boxes");
    if (!area || !boxes || !boxes.length) return;
    const ratio = window.devicePixelRatio || 1, w = 150, h = 110;
    area.width = w * ratio;
    area.height = h * ratio;
    const all = boxes.boundingBox({ includeLabels: false });
    cy.scratch("all", all);
    const k = Math.min((w - 12) / all.w, (h - 12) / all.h);
    cy.scratch("scale", { k, dx: (w - all.w * k) / 2 - all.x1 * k, dy: (h - all.h * k) / 2 - all.y1 * k, ratio });
    const back = document.createElement("canvas");
    back.width = area.width;
    back.height = area.height;
    const pen = back.getContext("2d"), s = cy.scratch("scale");
    pen.scale(ratio, ratio);
    const colours = Array.from({ length: 6 }, (_, i) => token(`seq-${Math.max(1, i)}`));
    boxes.forEach((node) => {
      const p = node.position(), step = node.scratch("step");
      pen.fillStyle = step && step[0] === "s" ? colours[Number(step[1])] : token("faint");
      pen.fillRect(p.x * k + s.dx - 56 * k, p.y * k + s.dy - 13 * k, Math.max(2, 112 * k), Math.max(1.5, 26 * k));
    });
    cy.scratch("back", back);
    frame(cy);
  }

  function frame(cy) {
    const area = canvas(), back = cy.scratch("back"), s = cy.scratch("scale");
    if (!area || !back) return;
    const pen = area.getContext("2d"), e = cy.extent(), all = cy.scratch("all");
    const whole = e.x1 <= all.x1 && e.y1 <= all.y1 && e.x2 >= all.x2 && e.y2 >= all.y2;
    area.parentElement.classList.toggle("idle", whole);
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, area.width, area.height);
    pen.drawImage(back, 0, 0);
    pen.scale(s.ratio, s.ratio);
    const x1 = Math.max(1, e.x1 * s.k + s.dx), y1 = Math.max(1, e.y1 * s.k + s.dy);
    const x2 = Math.min(149, e.x2 * s.k + s.dx), y2 = Math.min(109, e.y2 * s.k + s.dy);
    pen.strokeStyle = token("accent");
    pen.lineWidth = 1.5;
    pen.strokeRect(x1, y1, Math.max(4, x2 - x1), Math.max(4, y2 - y1));
  }

  clientside.minimap = { mount, paint };
})();
