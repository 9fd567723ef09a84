/* What a pane shows, as a PNG or SVG file: its Plotly figures and canvases, and the words over them. */
(function () {
  const SKIP = ".bar, .tip, .minimap, .js-plotly-plot, button:not(.histogram *), [hidden], .graph-wait";

  /* What is to be seen in a pane: pictures and boxes below, words above, in its own CSS pixels. */
  async function layers(pane, kind) {
    const bar = pane.querySelector(":scope > .bar"), frame = pane.getBoundingClientRect(), found = [], words = [];
    const top = bar ? bar.getBoundingClientRect().bottom : frame.top;
    const place = (box) => ({ x: box.left - frame.left, y: box.top - top, w: box.width, h: box.height });
    for (const part of pane.querySelectorAll(".js-plotly-plot, canvas, .ramp i")) {
      const box = part.getBoundingClientRect();
      if (!box.width || !box.height || (part.parentElement.closest(SKIP) && !part.matches(".ramp i"))) continue;
      if (part.matches("i")) words.push({ ...place(box), fill: getComputedStyle(part).backgroundColor });
      else if (part.matches("canvas")) found.push({ ...place(box), href: part.toDataURL() });
      else found.push({ ...place(box), href: await window.Plotly.toImage(part, { format: kind, width: box.width, height: box.height, scale: kind === "svg" ? 1 : 2 }) });
    }
    const walk = document.createTreeWalker(pane, NodeFilter.SHOW_TEXT), range = document.createRange();
    while (walk.nextNode()) {
      const node = walk.currentNode, of = node.parentElement;
      range.selectNodeContents(node);
      const box = range.getBoundingClientRect();
      if (!node.data.trim() || !box.width || of.closest(SKIP)) continue;
      const style = getComputedStyle(of);
      words.push({ ...place(box), text: node.data, size: parseFloat(style.fontSize), weight: style.fontWeight, fill: style.color });
    }
    const ground = getComputedStyle(pane.closest(".pane") || pane).backgroundColor;
    return { all: [...found, ...words], ground, w: Math.ceil(frame.width), h: Math.ceil(frame.bottom - top) };
  }

  /* The layers as one SVG text. */
  function drawn({ all, ground, w, h }) {
    const safe = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
    const at = (l) => `x="${l.x}" y="${l.y}" width="${l.w}" height="${l.h}"`;
    const tag = (l) => (l.href ? `<image ${at(l)} href="${safe(l.href)}"/>` : !l.text ? `<rect ${at(l)} fill="${l.fill}"/>`
      : `<text x="${l.x}" y="${l.y + l.h * 0.78}" textLength="${l.w}" lengthAdjust="spacingAndGlyphs" font-size="${l.size}" font-weight="${l.weight}" fill="${l.fill}">${safe(l.text)}</text>`);
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}" `
      + `font-family="Inter, system-ui, sans-serif"><rect width="${w}" height="${h}" fill="${ground}"/>${all.map(tag).join("")}</svg>`;
  }

  /* The layers on a canvas of twice the size, as a PNG. */
  async function painted({ all, ground, w, h }) {
    const canvas = window.dash_clientside.canvas.blank(2 * w, 2 * h), pen = canvas.getContext("2d");
    pen.scale(2, 2);
    pen.fillStyle = ground;
    pen.fillRect(0, 0, w, h);
    for (const l of all) {
      pen.fillStyle = l.fill || ground;
      pen.font = `${l.weight} ${l.size}px Inter, system-ui, sans-serif`;
      const image = l.href && Object.assign(new Image(), { src: l.href });
      if (image) await image.decode();
      if (image) pen.drawImage(image, l.x, l.y, l.w, l.h);
      else l.text ? pen.fillText(l.text, l.x, l.y + l.h * 0.78) : pen.fillRect(l.x, l.y, l.w, l.h);
    }
    return new Promise((done) => canvas.toBlob(done));
  }

  window.dash_clientside.dom.press("[data-picture]", async (button) => {
    const kind = button.dataset.picture, seen = await layers(button.closest(".dock-pane, .pane"), kind);
    const href = URL.createObjectURL(kind === "svg" ? new Blob([drawn(seen)], { type: "image/svg+xml" }) : await painted(seen));
    const name = document.title.split(" · ")[0].replace(/[^\w.-]+/g, "_");
    Object.assign(document.createElement("a"), { href, download: `${name}.${kind}` }).click();
    setTimeout(() => URL.revokeObjectURL(href), 1e4);
  });
})();
