"""Line 3: the drawing of all tasks, of blocks, and the same files in the peers.

Ink is there when the drawing says that it is drawn, its canvas has pixels of it, and two more
frames have passed.
"""

from __future__ import annotations

import contextlib
import itertools
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboard.ids import Model
from tests import large
from tests.acceptance import peers
from tests.acceptance.browser import chromium, open_page, ready, served, timed
from tests.acceptance.line import NotRun
from tests.acceptance.peers import Peer
from tests.browser.look import LEAST_INK
from tests.browser.look_rules import INK

SIZES = (5_000, 10_000, 20_000)
RUN_S = 2.5
CANVAS = f"#{Model.TASKS_CANVAS}"
BLOCKS = f"#{Model.GRAPH} canvas"

# Resolves with performance.now() of the second frame after the canvases have ink.
INKED = f"""([selector, least]) => new Promise((done) => {{
  const ink = {INK};
  const drawn = () => [...document.querySelectorAll(selector)].some((c) => c.width
    && (c.dataset.drawn || c.id !== "{Model.TASKS_CANVAS}")) && ink(selector) >= least;
  const look = () => drawn() ? requestAnimationFrame(() => requestAnimationFrame(() =>
    done(performance.now()))) : performance.now() > 90000 ? done(Infinity)
    : requestAnimationFrame(look);
  look();
}})"""
# Frames, and frames in which the view was another one, until `window.rolling` is false.
ROLL = """() => {
  const at = () => JSON.stringify(dash_clientside.task_canvas.view());
  const times = [], seen = []; window.rolling = true;
  window.rolled = new Promise((done) => {
    const look = (now) => {
      times.push(now); seen.push(at());
      window.rolling ? requestAnimationFrame(look) : done([times, seen]);
    };
    requestAnimationFrame(look);
  });
}"""


@dataclass(frozen=True, slots=True)
class Motion:
    """Moving through the drawing for `RUN_S` seconds.

    Args:
        fps: animation frames a second; moved: the share of them with another view.
        worst_ms: the longest frame.
    """

    fps: float
    moved: float
    worst_ms: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """One size.

    Args:
        tasks: of the model.
        stored_s: navigation to ink of all tasks, compilation and drawing stored.
        raw_s: from the first byte of the upload to ink of all tasks.
        upload_s: the part of it until the server has answered the upload.
        pan, zoom: in software rendering.
        heap: bytes of JavaScript in use, after a collection.
        payload: bytes of the drawing, as sent and unpacked.
        open_ms: from the press on Blocks to their second frame, first time.
        expand_ms: the same for opening one block after the other.
        peers: the same file elsewhere; None: not run.
        fault: what could not be measured, "" when all could.
    """

    tasks: int
    stored_s: float
    raw_s: float
    upload_s: float
    pan: Motion
    zoom: Motion
    heap: int
    payload: tuple[int, int]
    open_ms: float
    expand_ms: tuple[float, ...]
    peers: tuple[Peer, ...] | None
    fault: str = ""


NEVER = float("inf")
STILL = Motion(0.0, 0.0, NEVER)


def measure(sizes: tuple[int, ...] = SIZES, beside: bool = True) -> tuple[Drawn, ...]:
    """Each size in a dashboard and a browser of its own, then in the peers."""
    return tuple(_one(large.file(large.branched, tasks), tasks, beside) for tasks in sizes)


def _one(file: Path, tasks: int, beside: bool) -> Drawn:
    found: dict[str, Any] = {
        "tasks": tasks, "stored_s": NEVER, "raw_s": NEVER, "upload_s": NEVER, "pan": STILL,
        "zoom": STILL, "heap": 0, "payload": (0, 0), "open_ms": NEVER, "expand_ms": (),
        "peers": None, "fault": "",
    }  # fmt: skip
    with served() as url, chromium(peers.ARGUMENTS) as browser:
        page = open_page(browser, [])
        page.set_default_timeout(100_000)
        page.goto(url)  # as a visitor who has seen the app: its scripts are in the cache
        page.wait_for_timeout(1500)
        steps: tuple[Callable[[], dict[str, Any]], ...] = (
            lambda: _raw(page, url, file),
            lambda: _stored(page),
            lambda: _moving(page),
            lambda: _blocks(page),
        )
        for step in steps:
            try:
                found |= step()
            except Exception as fault:  # what a step did not measure stays "never"
                found["fault"] += f"{type(fault).__name__}: {str(fault).splitlines()[0][:150]} "
        page.context.close()
    if beside:
        with contextlib.suppress(NotRun):
            found["peers"] = peers.measure(file)
    return Drawn(**found)


def _raw(page: Any, url: str, file: Path) -> dict[str, Any]:
    import json

    start = time.monotonic()
    request = urllib.request.Request(
        f"{url}/upload", file.read_bytes(), {"X-File-Name": file.name}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=100) as answer:
        address = url + json.load(answer)["url"]
    uploaded = time.monotonic() - start
    page.goto(f"{address}?show=all", wait_until="commit")
    _ink(page, CANVAS)
    return {"raw_s": time.monotonic() - start, "upload_s": uploaded}


def _ink(page: Any, selector: str) -> float:
    """Milliseconds from navigation to ink."""
    page.wait_for_selector(selector, state="attached")
    return float(page.evaluate(INKED, [selector, LEAST_INK]))


def _stored(page: Any) -> dict[str, Any]:
    """Load the same address again; then what it weighs."""
    ready(page)
    page.wait_for_timeout(2000)
    address = page.url
    page.goto("about:blank")
    page.goto(address, wait_until="commit")
    seconds = _ink(page, CANVAS) / 1e3
    ready(page)
    page.wait_for_timeout(1500)
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    heap = int(session.send("Runtime.getHeapUsage")["usedSize"])
    sent = page.evaluate(
        "() => performance.getEntriesByType('resource').filter((e) => /\\/drawing/.test(e.name))"
        ".map((e) => [e.encodedBodySize, e.decodedBodySize])"
    )
    return {"stored_s": seconds, "heap": heap, "payload": tuple(sent[-1]) if sent else (0, 0)}


def _moving(page: Any) -> dict[str, Any]:
    """Drag, then turn the wheel, an event after the other for a while each."""
    box = page.locator(CANVAS).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    for _ in range(6):  # nearer, so that there is something to draw and somewhere to go
        page.mouse.wheel(0, -120)
    page.wait_for_timeout(500)

    def drag(i: int) -> None:
        turn = i % 80
        away = (turn if turn < 40 else 80 - turn) * 5 - 100
        page.mouse.move(x + away, y + away / 2)

    def wheel(i: int) -> None:  # the browser's own: a wheel event a frame, without round trips
        far = {"x": x, "y": y, "yDistance": -600 if i % 2 else 600, "speed": 1600}
        session.send("Input.synthesizeScrollGesture", {**far, "gestureSourceType": "mouse"})

    session = page.context.new_cdp_session(page)
    page.mouse.down()
    pan = _rolled(page, drag)
    page.mouse.up()
    page.mouse.move(x, y)
    return {"pan": pan, "zoom": _rolled(page, wheel)}


def _rolled(page: Any, act: Callable[[int], None]) -> Motion:
    page.evaluate(ROLL)
    end, i = time.monotonic() + RUN_S, 0
    while time.monotonic() < end:
        act(i)
        i += 1
    times, seen = page.evaluate("() => { window.rolling = false; return window.rolled; }")
    steps = [b - a for a, b in itertools.pairwise(times)]
    moved = sum(a != b for a, b in itertools.pairwise(seen))
    return Motion(1e3 * len(steps) / (times[-1] - times[0]), moved / len(steps), max(steps))


def _blocks(page: Any, times: int = 5) -> dict[str, Any]:
    """Switch to Blocks for the first time, then open blocks, with the double click that does it."""
    shown = f"document.querySelector('{BLOCKS}')?.width && ({INK})('{BLOCKS}') >= {LEAST_INK}"
    host = f"document.getElementById('{Model.GRAPH}')"
    box = page.locator(f"#{Model.SHOW}-blocks").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    opened = timed(page, "click", f"Boolean({shown})", lambda: page.mouse.click(x, y))
    page.wait_for_timeout(1500)
    expanded = []
    for _ in range(times):
        spot = page.evaluate(f"""() => {{
          const cy = {host}._cyreg.cy, edge = {host}.getBoundingClientRect();
          const inside = (n) => {{
            const p = n.renderedPosition(), [x, y] = [p.x + edge.x, p.y + edge.y];
            return document.elementFromPoint(x, y)?.closest("#{Model.GRAPH}") ? [x, y] : null;
          }};
          return cy.nodes(".box").filter((n) => n.data("block")).map(inside).find(Boolean) || null;
        }}""")
        if not spot:
            break
        count = f"{host}._cyreg.cy.elements().length"
        expanded.append(timed(page, "dblclick", count, lambda at=spot: page.mouse.dblclick(*at)))
        page.wait_for_timeout(600)
    return {"open_ms": opened, "expand_ms": tuple(expanded)}
