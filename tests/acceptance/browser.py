"""A served dashboard and a Chromium to look at it; events timed to the second frame after them."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

from dashboard.ids import Model
from tests.acceptance.line import NotRun
from tests.builders import blocks_for, vit

ROOT = Path(__file__).parents[2]
CHROMIUM = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
NODES = 5_000  # nodes of a vision transformer of about 1,000 tasks
TIMES = 30

# The clock starts at the event's own time stamp and stops at the second frame after what `watched`
# reads has changed, so that what the person waited for is on the screen; 5 s is for ever.
PROBE = """([type, watched]) => {
  const read = new Function("return " + watched), before = read();
  window.probed = new Promise((done) => {
    setTimeout(() => done(1e4), 1e4); // no event at all
    document.addEventListener(type, (event) => {
      const start = event.timeStamp;
      const same = () => read() === before && performance.now() - start < 5000;
      const look = () => same() ? requestAnimationFrame(look)
        : requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
      requestAnimationFrame(look);
    }, { capture: true, once: true });
  });
}"""


# The page notes the state that table, graph and selection bar show.
SELECTED = f"document.getElementById('{Model.PAGE}').applied"
COUNT, TRIAGE = (f"document.getElementById('{i}').textContent" for i in (Model.COUNT, Model.TRIAGE))


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds of each event, in the order in which they were made.

    Args:
        tasks: of the model.
        ready_ms: from the address to rows in the table.
        errors: console errors and failed requests.
    """

    tasks: int
    ready_ms: float
    click: tuple[float, ...]
    filter: tuple[float, ...]
    preset: tuple[float, ...]
    errors: tuple[str, ...]


def p95(values: tuple[float, ...]) -> float:
    """95th percentile, between the two nearest."""
    return quantiles(values, n=20, method="inclusive")[-1]


@contextlib.contextmanager
def served(*models: Path, demo: bool = False, data: Path | None = None) -> Iterator[str]:
    """The address of a dashboard with these models, in a data folder of its own or in `data`."""
    with tempfile.TemporaryDirectory() as folder:
        words = [
            sys.executable,
            "-m",
            "dashboard",
            "serve",
            *map(str, models),
            "--port",
            "0",
            "--no-token",
        ]
        told = Path(folder) / "told"
        with told.open("wb") as out:
            process = subprocess.Popen(
                [*words, "--data", str(data or f"{folder}/data")], cwd=ROOT,
                env={"PAREDOWN_DEMO": "1" if demo else "0", "PATH": "/usr/bin:/bin",
                     "HOME": folder},
                stdin=subprocess.DEVNULL, stderr=out, stdout=subprocess.DEVNULL,
            )  # fmt: skip
        try:
            yield _address(process, told)
        finally:
            process.terminate()
            process.wait(timeout=30)


def _address(process: subprocess.Popen[bytes], told: Path, seconds: float = 60) -> str:
    """Where a dashboard is at that chose its port itself, once it says so."""
    end = time.monotonic() + seconds
    while not (found := re.search(r"http://\S+(?=/ )", told.read_text("utf-8"))):
        if process.poll() is not None or time.monotonic() > end:
            raise TimeoutError(f"the dashboard did not answer: {told.read_text('utf-8')[-300:]}")
        time.sleep(0.05)
    return found[0]


def listed(url: str) -> dict[str, str]:
    """Name of each model -> address of its page."""
    with urllib.request.urlopen(f"{url}/api/models", timeout=30) as answer:
        return {row["name"]: url + row["url"] for row in json.load(answer)["models"]}


@contextlib.contextmanager
def chromium(arguments: tuple[str, ...] = ()) -> Iterator[Any]:
    """A headless browser.

    Args:
        arguments: of its command line, besides the usual ones.

    Raises:
        NotRun: no Chromium on this machine.
    """
    path = shutil.which("chromium")
    if not path:
        raise NotRun("no chromium on this machine: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=[*CHROMIUM, *arguments])
        try:
            yield browser
        finally:
            browser.close()


def open_page(browser: Any, errors: list[str], size: str = "1440x900", dark: bool = False) -> Any:
    """A new page that notes console errors, exceptions and failed requests."""
    width, height = map(int, size.split("x"))
    scheme = "dark" if dark else "light"
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.on("console", lambda m: errors.append(f"console: {m.text}") if m.type == "error" else None)
    page.on("pageerror", lambda e: errors.append(f"page error: {e}"))
    page.on(
        "response", lambda r: errors.append(f"HTTP {r.status} {r.url}") if r.status >= 400 else None
    )
    return page


def ready(page: Any) -> None:
    """Wait until a model page has rows, totals and a drawn graph."""
    page.wait_for_selector(f"#{Model.TABLE} .ag-row")
    page.wait_for_selector(f"#{Model.TOTALS} .total:not(:has(.bone))")
    page.wait_for_function("() => !document.querySelector('.graph-wait')?.offsetParent")


def timed(page: Any, event: str, watched: str, act: Callable[[], None]) -> float:
    """Milliseconds from an event to the second frame after `watched` reads differently."""
    page.evaluate(PROBE, [event, watched])
    act()
    return float(page.evaluate("() => window.probed"))


def measure(times: int = TIMES, nodes: int = NODES) -> Timings:
    """Click rows, search, apply presets on a model of about 1,000 tasks."""
    errors: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "vit.onnx"
        file.write_bytes(vit(blocks_for(nodes)).SerializeToString())
        with served(file) as url, chromium() as browser:
            page = open_page(browser, errors)
            start = time.monotonic()
            page.goto(next(iter(listed(url).values())))
            ready(page)
            ready_ms = 1e3 * (time.monotonic() - start)
            page.wait_for_timeout(1500)
            tasks = int(page.evaluate(f"() => document.getElementById('{Model.PAGE}').rows.size"))
            click = [_click(page, i) for i in range(times)]
            filtered = [_search(page, i) for i in range(times)]
            page.click(f"#{Model.OPTIMIZE}")
            page.wait_for_selector(f"#{Model.OFFERS} [data-preset]")
            preset = [_preset(page, i) for i in range(times)]
    return Timings(tasks, ready_ms, tuple(click), tuple(filtered), tuple(preset), tuple(errors))


def _click(page: Any, i: int) -> float:
    row = page.locator(f"#{Model.TABLE} .ag-center-cols-container .ag-row").nth(2 + i % 9)
    return timed(page, "click", SELECTED, lambda: row.click(position={"x": 40, "y": 12}))


def _search(page: Any, i: int) -> float:
    text = ("mlp", "layers.7", "attention", "")[i % 4]
    return timed(page, "input", COUNT, lambda: page.fill(f"#{Model.SEARCH}", text))


def _preset(page: Any, i: int) -> float:
    """Apply one preset after the other; the strip names it, and arrives with the figures."""
    offers = page.locator(f"#{Model.OFFERS} button[data-preset]:enabled:not(.on)")
    if not offers.count() or not offers.first.is_visible():
        page.click(f"#{Model.OPTIMIZE}")
        offers.first.wait_for()
    return timed(page, "click", TRIAGE, offers.nth(i % offers.count()).click)
