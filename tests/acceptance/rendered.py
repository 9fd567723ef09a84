"""Text drawn with the fonts of this machine, upright or upside down: data with exact labels.

What the text-direction model of an OCR package was trained for; a browser is the renderer that is
here anyhow.  The same seed gives the same words, sizes and colours; fonts are what is installed.
"""

from __future__ import annotations

import base64
import random
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.acceptance.browser import chromium

HIGH, WIDE = 48, 192  # pixels of a crop, as the package resizes them
FONTS = ("DejaVu Sans", "DejaVu Serif", "DejaVu Sans Mono", "DejaVu Sans Condensed",
         "DejaVu Serif Condensed")  # fmt: skip
_TEXT = """
    about after again air animal answer back because been between book both boy came change city
    close country cover does earth example eye face family father food found garden give good
    great group hand hard head help high house idea important into just kind know large leave
    letter life light line list live long made make many might mother mountain move much music
    name near never night number often open order other page paper part people picture place
    plant point quick read river road school second sentence should side small song sound spell
    start state still story street study table thing think thought through together tree under
    until water while white window with word work world write year young
"""
STYLES = ("", "bold ", "italic ", "italic bold ")
_DRAW = """([wide, high, list]) => {
  const canvas = document.createElement("canvas");
  canvas.width = wide; canvas.height = high;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  let out = "";
  for (const [text, font, size, ink, paper, x, turned, tilt] of list) {
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.fillStyle = `rgb(${paper},${paper},${paper})`;
    pen.fillRect(0, 0, canvas.width, canvas.height);
    if (turned) { pen.translate(canvas.width, canvas.height); pen.rotate(Math.PI); }
    pen.translate(x, canvas.height / 2); pen.rotate(tilt);
    pen.font = font; pen.textBaseline = "middle";
    pen.fillStyle = `rgb(${ink},${ink},${ink})`;
    pen.fillText(text, 0, 0);
    const all = pen.getImageData(0, 0, canvas.width, canvas.height).data;
    for (let i = 0; i < all.length; i += 4) out += String.fromCharCode(all[i]);
  }
  return btoa(out);
}"""


def _crops(count: int, seed: int) -> list[list[Any]]:
    """[text, font, size, ink, paper, x, upside down, tilt] of each crop."""
    dice, found = random.Random(seed), []
    for i in range(count):
        text = " ".join(dice.choices(_TEXT.split(), k=dice.randint(1, 2)))
        if dice.random() < 0.3:
            text = f"{text.split()[0]} {dice.randint(2, 9999)}"
        text = dice.choice((text, text.title(), text.title(), text.upper()))
        size = min(34, int(1.75 * WIDE / max(5, len(text)))) - dice.randint(0, 4)
        dark, light = dice.randint(0, 90), dice.randint(150, 255)
        ink, paper = (dark, light) if dice.random() < 0.7 else (light, dark)
        font = f"{dice.choice(STYLES)}{size}px '{dice.choice(FONTS)}'"
        found.append([text, font, size, ink, paper, dice.randint(2, 30), i % 2,
                      dice.uniform(-0.04, 0.04)])  # fmt: skip
    return found


@cache
def lines_of_text(count: int = 600, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[Any]]:
    """Crops [count, 3, 48, 192] of -1..1, and labels: 0 upright, 1 upside down.

    Raises:
        NotRun: there is no browser.
    """
    wanted, parts = _crops(count, seed), []
    noise = np.random.default_rng(seed)
    with chromium() as browser:
        page = browser.new_page()
        for start in range(0, count, 50):
            parts.append(page.evaluate(_DRAW, [WIDE, HIGH, wanted[start : start + 50]]))
    raw = b"".join(base64.b64decode(p) for p in parts)
    gray = np.frombuffer(raw, np.uint8).reshape(count, 1, HIGH, WIDE).astype(np.float32)
    gray += noise.normal(0, 6, gray.shape).astype(np.float32)
    made = np.clip(gray, 0, 255) / 127.5 - 1
    return np.repeat(made, 3, axis=1).astype(np.float32), np.arange(count) % 2


PAGE = 224  # pixels of a page, as the orientation model reads them
_DRAW_PAGE = """([size, list]) => {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  let out = "";
  for (const [lines, font, high, ink, paper, x] of list) {
    pen.fillStyle = `rgb(${paper},${paper},${paper})`;
    pen.fillRect(0, 0, size, size);
    pen.font = font; pen.textBaseline = "middle"; pen.fillStyle = `rgb(${ink},${ink},${ink})`;
    lines.forEach((text, i) => pen.fillText(text, x, (i + 0.7) * high));
    const all = pen.getImageData(0, 0, size, size).data;
    for (let i = 0; i < all.length; i += 4) out += String.fromCharCode(all[i]);
  }
  return btoa(out);
}"""


def _pages(count: int, seed: int) -> list[list[Any]]:
    """[lines, font, line height, ink, paper, x] of each page."""
    dice, found = random.Random(seed), []
    words = _TEXT.split()
    for _ in range(count):
        size = dice.randint(11, 20)
        high = round(size * dice.uniform(1.3, 1.8))
        lines = []
        for i in range(PAGE // high):
            length = dice.randint(2, 8) if dice.random() < 0.85 else 0
            text = " ".join(dice.choices(words, k=length))
            lines.append(text.capitalize() if i % 2 == 0 else text)
        dark, light = dice.randint(0, 90), dice.randint(170, 255)
        font = f"{dice.choice(STYLES)}{size}px '{dice.choice(FONTS)}'"
        found.append([lines, font, high, dark, light, dice.randint(2, 24)])
    return found


@cache
def pages_of_text(count: int = 400, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[Any]]:
    """Pages [count, 3, 224, 224], normalized as is usual, and quarter turns clockwise.

    Raises:
        NotRun: there is no browser.
    """
    wanted, parts = _pages(count, seed), []
    with chromium() as browser:
        page = browser.new_page()
        for start in range(0, count, 50):
            parts.append(page.evaluate(_DRAW_PAGE, [PAGE, wanted[start : start + 50]]))
    raw = b"".join(base64.b64decode(p) for p in parts)
    gray = np.frombuffer(raw, np.uint8).reshape(count, PAGE, PAGE).astype(np.float32)
    gray += np.random.default_rng(seed).normal(0, 6, gray.shape).astype(np.float32)
    turns = np.arange(count) % 4
    turned = np.stack([np.rot90(g, -t) for g, t in zip(gray, turns, strict=True)]) / 255
    mean, spread = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    made = (np.clip(turned, 0, 1)[:, None] - mean[:, None, None]) / spread[:, None, None]
    return made.astype(np.float32), turns
