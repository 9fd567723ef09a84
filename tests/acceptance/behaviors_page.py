"""Stage H, line 3: sort, brush and drill-down of 100,000 instances and ten models, and pictures.

Times are from the event in the browser to the second frame after the table is another one.
`python -m tests.acceptance.behaviors_page` prints the medians.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dashboard.queries import Services, open_services
from dashboard.settings import Settings
from engine import behaviors
from engine.store import DataRow, PredictionRow
from tests.acceptance.browser import CHROMIUM, PROBE, served
from tests.acceptance.line import Check, Line, judged

INSTANCES, MODELS, CLASSES = 100_000, 10, 10
TIMES, BOUND = 5, 300.0  # of each gesture; ms
TABLE = "document.querySelector('.behaviors-rows')"
WAYS = ("sort", "brush", "drill")


@dataclass(frozen=True, slots=True)
class Seen:
    """Milliseconds of each gesture, and faults of the console.

    Args:
        instances, models: what was compared; rows: of the table after the last drill-down.
        sort, brush, drill: each time; sent: bytes of the largest answer.
    """

    instances: int
    models: int
    rows: int
    sort: tuple[float, ...]
    brush: tuple[float, ...]
    drill: tuple[float, ...]
    sent: int
    errors: tuple[str, ...] = ()


def fill(folder: Path, instances: int = INSTANCES, models: int = MODELS) -> str:
    """Put an experiment with predictions into a data folder; returns the address of its page."""
    services = open_services(Settings(data=folder, demo=False))
    try:
        return put(services, folder / "many.json", instances, models)
    finally:
        services.close()


def put(services: Services, file: Path, instances: int, models: int) -> str:
    """Make up an experiment and what its models say; returns the address of its page.

    Args:
        services: whose store gets it.
        file: where the experiment is written first.
        instances: how many.
        models: how many.
    """
    random = np.random.default_rng(7)
    labels = random.integers(0, CLASSES, instances)
    clean = random.normal(size=(instances, CLASSES)).astype(np.float32)
    clean[np.arange(instances), labels] += 2.5
    names = [f"class {k}" for k in range(CLASSES)]
    ids = [f"m{k}" for k in range(models)]
    tree = {"models": [{"id": i, "base": ids[0] if k else None, "tag": i,
                        "operation": {"name": "prune", "parameters": {"amount": k / 20}},
                        "metrics": {"accuracy": 0.9 - k / 100}} for k, i in enumerate(ids)],
            "metrics": [{"name": "accuracy", "primary": True}]}  # fmt: skip
    file.write_text(json.dumps(tree))
    key = services.experiments.add(file, "many.json")[0].id
    for k, model in enumerate(ids):
        noise = random.normal(size=clean.shape).astype(np.float32)
        made = behaviors.outputs(None, {"scores": clean + noise * 0.2 * k}, labels.tolist(),
                                 names=names)  # fmt: skip
        shown = behaviors.Instances("", made.ids, made.labels, np.zeros((0, 0)))
        blobs = []
        for body in (behaviors.dump_instances(shown), behaviors.dumps(made)):
            with services.store.blobs.incoming() as path:
                path.write_bytes(body)
                blobs.append(services.store.blobs.keep(path))
        data = DataRow("a" * 64, f"{instances:,} made-up instances", instances, "", blobs[0])
        services.store.predictions.keep(
            key, data, PredictionRow(model, data.data, blobs[1], "file", "made", "", "")
        )
    return f"/experiments/{key}/behaviors?models=0-{models - 1}&base=0"


def timed(page: Any, type: str, act: Callable[[], None]) -> float:
    """Milliseconds from an event until another table is painted.

    Half a second passes before it, as between two gestures of a person: what follows a table, such
    as the counts of pairs, has come by then.
    """
    page.wait_for_timeout(500)
    page.evaluate(PROBE, [type, TABLE])
    act()
    return float(page.evaluate("window.probed"))


def brush(page: Any, to: float) -> None:
    """Drag over the histogram of the third model, from its left end."""
    box = page.locator(".bars").nth(2).bounding_box()
    page.mouse.move(box["x"] + 1, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * to, box["y"] + 20, steps=4)
    page.mouse.up()


def drive(url: str, times: int = TIMES) -> Seen:
    """Sort, brush and drill down in a real browser."""
    from playwright.sync_api import sync_playwright

    errors: list[str] = []
    sizes: list[int] = []
    found: dict[str, list[float]] = {w: [] for w in WAYS}
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = chromium.new_context(viewport={"width": 1600, "height": 900},
                                    bypass_csp=True).new_page()  # fmt: skip
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: errors.append(str(e)))
        page.on("response", lambda r: sizes.append(int(r.headers.get("content-length", 0)))
                if "_dash-update" in r.url else None)  # fmt: skip
        page.goto(url + "&metric=true_confidence")
        page.wait_for_selector(".behaviors-rows tbody tr", timeout=180_000)
        for k in range(times + 1):  # the first of each warms up and does not count
            found["sort"].append(timed(page, "click", page.locator(".sort").nth(2 + k % 3).click))
            found["brush"].append(timed(page, "pointerup", lambda k=k: brush(page, 0.25 + k / 10)))
            into = page.locator(".behaviors-rows tbody a").nth(k % 3)
            found["drill"].append(timed(page, "click", into.click))
            rows = page.locator(".behaviors-rows tbody tr").count()
            timed(page, "click", page.get_by_text("‹ Classes").click)
        models = page.locator(".behaviors-rows thead .names th").count() - 1
        chromium.close()
    ways = {w: tuple(found[w][1:]) for w in WAYS}
    return Seen(INSTANCES, models, rows, **ways, sent=max(sizes), errors=tuple(errors))


def measure() -> Seen:
    """On made-up predictions, in a server of its own."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        address = fill(data)
        with served(data=data) as url:
            return drive(url + address)


def judge(seen: Seen) -> tuple[Line, ...]:
    """The median of each gesture keeps the bound, of the whole set."""
    middle = {w: statistics.median(getattr(seen, w) or (1e4,)) for w in WAYS}
    whole = seen.instances >= INSTANCES and seen.models >= MODELS and seen.rows > 1
    told = ", ".join(f"{w} {ms:.0f}" for w, ms in middle.items())
    met = whole and not seen.errors and max(middle.values()) <= BOUND
    return (judged("3", f"{seen.instances:,} instances × {seen.models} models",
                   f"{told} ms, answers of at most {seen.sent / 1e3:.0f} kB",
                   f"{BOUND:.0f} ms each, median of {TIMES}", met, list(seen.errors)),)  # fmt: skip


CHECK = Check("3", "behaviors of 100,000 instances", measure, judge)

if __name__ == "__main__":
    for line in judge(measure()):
        sys.stdout.write(f"{line}\n")
