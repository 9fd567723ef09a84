"""Lines 2 and 5: a large upload until it can be used; 50,000 rows; a long chain at every zoom."""

from __future__ import annotations

import gzip
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboard.ids import Model, Models
from tests import large
from tests.acceptance import corpus
from tests.acceptance.browser import chromium, listed, open_page, ready, served
from tests.acceptance.line import NotRun
from tests.browser.look_rules import INK

EXPORT = "llama_36l_10k_nodes"
ROWS, CHAIN = 50_000, 3_000
ZOOMS = (0.04, 0.08, 0.15, 0.3, 0.6, 1.0, 1.5, 2.0)
CANVAS, BLOCKS = f"#{Model.TASKS_CANVAS}", f"#{Model.GRAPH} canvas"
ROW = f"#{Model.TABLE} .ag-center-cols-container .ag-row"

# When the last byte left, in ms of the wall clock; survives a new page.
LAST_BYTE = """(() => {
  const send = XMLHttpRequest.prototype.send;
  XMLHttpRequest.prototype.send = function (...given) {
    this.upload.addEventListener("load", () => sessionStorage.setItem("sent", Date.now()));
    return send.apply(this, given);
  };
})()"""
# Rows in the table, figures in the totals, ink in the drawing in sight.
USABLE = f"""() => document.querySelector("{ROW}")
  && document.querySelector("#{Model.TOTALS} .total") && !document.querySelector(
    "#{Model.TOTALS} .total .bone") && ({INK})("{BLOCKS}, {CANVAS}") > 500"""
# Each frame: how much of the table's viewport no row covers, in rows.
BLANKS = f"""() => {{
  const view = document.querySelector("#{Model.TABLE} .ag-body-viewport");
  const gaps = [], times = []; window.watching = true;
  window.watched = new Promise((done) => {{
    const look = (now) => {{
      const seen = view.getBoundingClientRect(); let covered = 0;
      for (const row of document.querySelectorAll("{ROW}")) {{
        const b = row.getBoundingClientRect();
        if (row.textContent)
          covered += Math.max(0, Math.min(b.bottom, seen.bottom) - Math.max(b.top, seen.top));
      }}
      times.push(now); gaps.push(Math.max(0, (view.clientHeight - covered) / 29));
      window.watching ? requestAnimationFrame(look) : done([times, gaps]);
    }};
    requestAnimationFrame(look);
  }});
}}"""


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload.

    Args:
        file: its name; mb: its size.
        usable_s: from the last byte to rows, figures and ink; clicked_s: to a click's effect.
    """

    file: str
    mb: float
    usable_s: float
    clicked_s: float


@dataclass(frozen=True, slots=True)
class Scrolled:
    """The table under a fast wheel and a dragged scroll bar.

    Args:
        rows: of the table.
        frames: seen; blank: of them with a gap of a row or more.
        longest_ms: the longest time that a gap stayed.
        settled: frames that a gap stayed after the scrolling had stopped, each time.
    """

    rows: int
    frames: int
    blank: int
    longest_ms: float
    settled: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """Ink of a chain, as (zoom, pixels) in each mode; what went wrong otherwise."""

    tasks: int
    blocks: tuple[tuple[float, int], ...]
    all_tasks: tuple[tuple[float, int], ...]
    fault: str = ""


def upload() -> tuple[Upload, ...]:
    """The large export as a person has it, and in gzip, each into a new dashboard.

    Raises:
        NotRun: the export is not here.
    """
    packed = [p for p in corpus.exports() if EXPORT in p.name]
    if not packed:
        raise NotRun(f"{EXPORT} is not among the exports.")
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / f"{EXPORT}.onnx"
        with gzip.open(packed[0]) as source, plain.open("wb") as sink:
            shutil.copyfileobj(source, sink)
        return tuple(_upload(file) for file in (plain, packed[0]))


def _upload(file: Path) -> Upload:
    with served() as url, chromium() as browser:
        page = open_page(browser, [])
        page.add_init_script(LAST_BYTE)
        page.goto(url)
        page.wait_for_selector(f"#{Models.CHOOSE}")
        page.wait_for_timeout(1500)
        with page.expect_file_chooser() as chooser:
            page.click(f"#{Models.CHOOSE}")
        chooser.value.set_files(str(file))
        page.wait_for_url("**/model/**", timeout=90_000)
        page.wait_for_function(USABLE, timeout=90_000, polling="raf")
        sent = float(page.evaluate("() => sessionStorage.getItem('sent')"))
        usable = page.evaluate("() => Date.now()") - sent
        box = page.locator(ROW).nth(1).bounding_box()
        page.mouse.click(box["x"] + 60, box["y"] + box["height"] / 2)
        page.wait_for_function(
            f"() => document.getElementById('{Model.PAGE}').state.selected.length", polling="raf"
        )
        clicked = page.evaluate("() => Date.now()") - sent
    return Upload(file.name, file.stat().st_size / 1e6, usable / 1e3, clicked / 1e3)


def table(rows: int = ROWS, turns: int = 12) -> Scrolled:
    """Turn the wheel hard, drag the scroll bar, and watch every frame.

    Args:
        rows: tasks of the model.
        turns: bursts of scrolling, each with a stop after it.
    """
    with served(large.file(large.branched, rows)) as url, chromium() as browser:
        page = open_page(browser, [])
        page.set_default_timeout(120_000)
        page.goto(next(iter(listed(url).values())))
        page.wait_for_selector(ROW)
        page.wait_for_timeout(1000 + rows / 12)
        count = int(page.evaluate(f"() => document.getElementById('{Model.PAGE}').rows.size"))
        view = page.locator(f"#{Model.TABLE} .ag-body-viewport").bounding_box()
        x, y = view["x"] + view["width"] / 2, view["y"] + view["height"] / 2
        page.mouse.move(x, y)
        frames = blank = 0
        longest, settled = 0.0, []
        for turn in range(turns):
            page.evaluate(BLANKS)
            for _ in range(15):  # about a thousand rows each time
                page.mouse.wheel(0, 2000 if turn % 4 < 3 else -2000)
            if turn % 3 == 2:  # as the scroll bar does when dragged: far at once
                page.evaluate(f"""(part) => {{
                  const view = document.querySelector("#{Model.TABLE} .ag-body-viewport");
                  view.scrollTop = part * view.scrollHeight;
                }}""", (turn * 7 % 12) / 12)  # fmt: skip
            stopped = float(page.evaluate("() => performance.now()"))
            page.wait_for_timeout(400)
            times, gaps = page.evaluate("() => { window.watching = false; return window.watched; }")
            frames += len(gaps)
            blank += sum(gap >= 1 for gap in gaps)
            longest = max([longest, *_stays(times, gaps)])
            settled.append(sum(g >= 1 for t, g in zip(times, gaps, strict=True) if t > stopped))
    return Scrolled(count, frames, blank, longest, tuple(settled))


def _stays(times: list[float], gaps: list[float]) -> Iterator[float]:
    """How long each run of blank frames lasted, ms."""
    since = None
    for now, gap in zip(times, gaps, strict=True):
        if gap >= 1 and since is None:
            since = now
        elif gap < 1 and since is not None:
            yield now - since
            since = None
    if since is not None:
        yield times[-1] - since


def chain(tasks: int = CHAIN) -> Chain:
    """Ink of a pure chain at every zoom, in both modes, with real turns of the wheel."""
    found: dict[str, tuple[tuple[float, int], ...]] = {"blocks": (), "all_tasks": ()}
    fault = ""
    with served(large.file(large.chain, tasks)) as url, chromium() as browser:
        address = next(iter(listed(url).values()))
        for mode, show in (("blocks", "blocks"), ("all_tasks", "all")):
            page = open_page(browser, [])
            try:
                page.goto(f"{address}?show={show}")
                ready(page)
                selector = BLOCKS if show == "blocks" else CANVAS
                page.wait_for_selector(f"{selector}{'' if show == 'blocks' else '[data-drawn]'}")
                page.wait_for_timeout(1000)
                found[mode] = tuple(_zooms(page, show, selector))
            except Exception as error:  # the mode that fails has no ink
                fault += f"{show}: {type(error).__name__}: {str(error).splitlines()[0][:150]} "
            page.context.close()
    return Chain(tasks, fault=fault, **found)


def _zooms(page: Any, show: str, selector: str) -> Iterator[tuple[float, int]]:
    """From where it opens outwards, then inwards, over what is drawn; one sample a zoom wanted."""
    scale = f"document.getElementById('{Model.GRAPH}')._cyreg.cy.zoom()"
    if show == "all":
        scale = "dash_clientside.task_canvas.view().k"
    box = page.locator(selector).first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    left = set(ZOOMS)

    def sample() -> tuple[float, int]:
        page.wait_for_timeout(150)
        return float(page.evaluate(f"() => {scale}")), int(page.evaluate(INK, selector))

    yield sample()
    for way in (1, -1):
        for _ in range(80):
            before = float(page.evaluate(f"() => {scale}"))
            page.mouse.wheel(0, 80 * way)
            page.wait_for_timeout(40)
            zoom = float(page.evaluate(f"() => {scale}"))
            passed = {z for z in left if min(before, zoom) <= z <= max(before, zoom)}
            if passed:
                left -= passed
                yield sample()
            if abs(zoom - before) < 1e-6 * zoom or zoom > max(ZOOMS) * 1.2:
                break
        yield sample()
