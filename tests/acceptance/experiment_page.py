"""Lines 2e and 5 of stage E: a brush at 6,000 models, and pictures of the page.

`python -m tests.acceptance.experiment_page` takes the pictures into shots/experiments.
"""

from __future__ import annotations

import base64
import json
import sys
import urllib.request
from dataclasses import dataclass
from statistics import median
from typing import Any

from dashboard.ids import Experiment
from tests.acceptance import shots
from tests.acceptance.browser import chromium, open_page, p95, served, timed
from tests.acceptance.line import Line, judged
from tests.acceptance.shots import COLOURS, Shot
from tests.engine.experiments.forests import body, generated, model

MODELS, BRUSHES, BRUSH_MS = 6000, 12, 250.0
FEW_COLOURS = 12
ANSWERED = f"document.getElementById('{Experiment.PAGE}').dataset.answered"
FOLDER = shots.FOLDER / "experiments"


@dataclass(frozen=True, slots=True)
class Brushed:
    """Milliseconds from the release of a brush to the second frame after all views follow.

    Args:
        models: of the experiment.
        brush: each time.
        shown: models that passed, after each brush.
        errors: console errors and failed requests.
    """

    models: int
    brush: tuple[float, ...]
    shown: tuple[int, ...]
    errors: tuple[str, ...]


def family() -> dict[str, Any]:
    """A small experiment as people make one: prune, repair, palettize, quantize."""
    made = [model("base", tag="digits", metrics={"Accuracy": 0.948, "Size": 700, "Latency": 9.1})]
    for k, amount in enumerate((0.3, 0.5, 0.7, 0.9)):
        size, loss = 700 * (1 - amount), 0.04 * 6**k / 10
        pruned, repaired = f"p{k}", f"p{k}r"
        some = {"Accuracy": max(0.1, 0.948 - loss), "Size": size, "Latency": 9.0 - k / 4}
        made.append(model(pruned, "base", "prune", amount=amount, metrics=some))
        some = {"Accuracy": 0.95 - 0.004 * 3**k / 2, "Size": size, "Latency": 9.0 - k / 4}
        made.append(model(repaired, pruned, "repair", epochs=3, metrics=some))
        for bits in (8, 4, 2):
            some = {
                "Accuracy": 0.95 - 0.004 * 3**k / 2 - 0.01 * (8 // bits - 1) ** 2,
                "Size": size * bits / 32,
                "Latency": None if bits == 2 else 8.0,
            }
            made.append(model(f"{repaired}b{bits}", repaired, "palettize", bits=bits, metrics=some))
        some = {"Accuracy": 0.945 - 0.004 * 3**k / 2, "Size": size / 4, "Latency": 3.1}
        made.append(model(f"{repaired}q", repaired, "quantize", metrics=some))
    return body(*made)


def put(url: str, document: dict[str, Any], name: str) -> str:
    """Upload an experiment; returns the address of its page."""
    sent = json.dumps(document).encode()
    request = urllib.request.Request(
        f"{url}/upload/experiment", sent, {"X-File-Name": name}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return url + str(json.load(answer)["url"])


def stands(page: Any) -> None:
    """Wait until the map has its columns, the first chart its axes, and the server has judged."""
    page.wait_for_selector(f"#{Experiment.HEADS} .map-head")
    page.wait_for_selector(f"#{Experiment.TRADE}-0 .plotly .xtick", state="attached")
    page.wait_for_selector(f"#{Experiment.PAGE}[data-answered]")
    page.wait_for_timeout(600)


def measure(brushes: int = BRUSHES, models: int = MODELS) -> Brushed:
    """Drag brushes on histograms of a large experiment, one after the other."""
    errors: list[str] = []
    times, shown = [], []
    with served() as url, chromium() as browser:
        page = open_page(browser, errors, "1600x900")
        page.goto(put(url, generated(models), "many.json") + "?dock=budgets")
        stands(page)
        cards = page.locator(f"#{Experiment.HISTOGRAMS} canvas")
        cards.nth(1).wait_for()
        for k in range(brushes):
            box = cards.nth(k % 2).bounding_box()  # quality, and a cost, which has a curve too
            x, y = box["x"] + box["width"] * (0.08 + 0.03 * (k % 5)), box["y"] + 20
            page.keyboard.press("Escape")
            page.mouse.move(x, y)
            page.mouse.down()
            page.mouse.move(x + box["width"] * 0.3, y, steps=4)
            page.mouse.move(x + box["width"] * (0.5 + 0.04 * (k % 4)), y, steps=3)
            times.append(timed(page, "pointerup", ANSWERED, page.mouse.up))
            told = page.locator(f"#{Experiment.FITS} b").inner_text()
            shown.append(int(told.split(" of ")[0].replace(",", "")))
            page.locator(f"#{Experiment.CHIPS} .chip").first.click()
            page.wait_for_timeout(400)
    return Brushed(models, tuple(times), tuple(shown), tuple(errors))


def at_once(found: Brushed) -> tuple[Line, ...]:
    """Judge line 2e."""
    slow = p95(found.brush)
    followed = all(0 < n < found.models for n in found.shown)
    return (
        judged(
            "2e",
            f"brush to all views at {found.models:,} models, in the browser",
            f"median {median(found.brush):.0f} ms, p95 {slow:.0f} ms of {len(found.brush)}",
            f"≤ {BRUSH_MS:.0f} ms, every brush filters, no console error",
            slow <= BRUSH_MS and followed and not found.errors,
            found.errors[:3],
        ),
    )


@dataclass(frozen=True, slots=True)
class Scene:
    """A page of an experiment ("" the list) in a state."""

    name: str
    experiment: str
    query: str = ""
    size: str = "1600x900"
    dark: bool = False


_STATES = (
    ("operation", "family", "?sel=1-6"),
    ("step", "family", "?by=step&sel=2.5"),
    ("scatter", "family", "?chart=m1.m0&chart=m2.m0&log=x&where=m1.le.n150&sel=8.11"),
    ("budgets", "family", "?dock=budgets&where=m1.le.n150&where=m0.ge.n0.93"),
    ("nothing-fits", "family", "?dock=budgets&where=m1.le.n1&where=m0.ge.n0.94"),
    ("details", "family", "?sel=1.2.7.8.13.14.19.20"),
    ("table", "family", "?dock=table&sel=3"),
    ("thousands", "many", "?dock=budgets&where=m0.ge.n0.7"),
    ("list", "", ""),
)
SCENES = (
    *(
        Scene(f"{name}{'-dark' if dark else ''}", experiment, query, dark=dark)
        for name, experiment, query in _STATES
        for dark in (False, True)
    ),
    Scene("operation-1280", "family", "?sel=1-6", "1280x800"),
)


def sheet(scenes: tuple[Scene, ...] = SCENES, models: int = MODELS) -> tuple[Shot, ...]:
    """Take the pictures, and the sheet of all of them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with served() as url, chromium() as browser:
        places = {
            "": f"{url}/experiments",
            "family": put(url, family(), "digits.json"),
            "many": put(url, generated(models), "six_thousand.json"),
        }
        taken = tuple(_shot(browser, scene, places[scene.experiment]) for scene in scenes)
        shots._sheet(browser, FOLDER, [shot.name for shot in taken if shot.colours])
    return taken


def _shot(browser: Any, scene: Scene, address: str) -> Shot:
    errors: list[str] = []
    colours = 0
    page = open_page(browser, errors, scene.size, scene.dark)
    try:
        page.goto(address + scene.query)
        if scene.experiment:
            stands(page)
        else:
            page.wait_for_selector(".experiments-table")
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(900)
        picture = page.screenshot(path=FOLDER / f"{scene.name}.png")
        blank = browser.new_page()
        colours = int(blank.evaluate(COLOURS, base64.b64encode(picture).decode()))
        blank.close()
    except Exception as fault:  # a picture that could not be taken is what the line looks for
        errors.append(f"{type(fault).__name__}: {str(fault).splitlines()[0]}")
    finally:
        page.context.close()
    return Shot(scene.name, colours, tuple(errors))


def pictured(found: tuple[Shot, ...]) -> tuple[Line, ...]:
    """Judge line 5."""
    blank = [s.name for s in found if s.colours < FEW_COLOURS]
    broken = [f"{s.name}: {s.errors[0]}" for s in found if s.errors]
    names = {s.name.removesuffix("-dark") for s in found}
    missing = {name for name, *_ in _STATES} - names
    return (
        judged(
            "5",
            "contact sheet of the experiment pages, light and dark",
            f"{len(found)} pictures, {len(blank)} blank, {len(broken)} with errors",
            f"{len(SCENES)} pictures, none blank, no error",
            len(found) >= len(SCENES) and not blank and not broken and not missing,
            [*blank, *broken, *(f"missing: {m}" for m in sorted(missing))],
        ),
    )


if __name__ == "__main__":
    for line in pictured(sheet()):
        sys.stdout.write(f"{line.verdict} {line.figure}\n" + "\n".join(line.notes) + "\n")
