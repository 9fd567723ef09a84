"""Stage H, line 5: pictures of the page of behaviors, of the digits that the demo brings."""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.acceptance.behaviors_page import TABLE, brush
from tests.acceptance.browser import CHROMIUM, served
from tests.acceptance.line import Check, Line, judged
from tests.acceptance.shots import FOLDER, Shot, colours

FEW, MANY = "?models=0.18&base=0", "?models=0.2.16-19.29.36.38.40&base=0"
LEAST, COLOURS = 10, 12  # pictures; colours of one that is not blank
SECONDS = 240  # for the predictions of ten models


def drag(page: Any) -> None:
    """Hold a brush over the third histogram."""
    page.evaluate(f"window.before = {TABLE}")
    brush(page, 0.5)
    page.wait_for_function(f"{TABLE} !== window.before")


def idle(_page: Any) -> None:
    """Nothing more."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a picture shows.

    Args:
        name: of its file; query: of the page; size: of the window; dark: scheme.
        wait: for what; step: what is done then.
    """

    name: str
    query: str
    size: tuple[int, int] = (1280, 800)
    dark: bool = False
    wait: str = ".behaviors-rows tbody tr"
    step: Callable[[Any], None] = idle


EMPTY = Scene("behaviors-empty", FEW, wait=".behaviors-page .empty")
LOADING = Scene("behaviors-loading", MANY, wait=".behaviors-notice progress")
SCENES = (
    Scene("behaviors-2", FEW),
    Scene("behaviors-10-1920", MANY, (1920, 1080)),
    Scene("behaviors-10-1920-dark", MANY + "&as=change", (1920, 1080), dark=True),
    Scene("behaviors-change-dark", FEW + "&as=change", dark=True),
    Scene("behaviors-brush", MANY + "&metric=true_confidence", (1920, 1080), step=drag),
    Scene("behaviors-instances", FEW + "&rows=instances&inside=8&metric=margin&sort=-18"),
    Scene("behaviors-sensitive-dark", MANY + "&rows=sensitive&metric=kl", (1920, 1080), True),
    Scene("behaviors-confusion", FEW + "&sheet=confusion.18", wait=".matrix td"),
    Scene("behaviors-changes-dark", FEW + "&sheet=changes.18", dark=True, wait=".matrix td"),
    Scene("behaviors-instance", FEW + "&rows=instances&sheet=instance.8", wait=".instance-head"),
    Scene("behaviors-error", FEW + "&metric=none", wait=".empty .worse"),
)


def measure(folder: Path = FOLDER / "behaviors") -> tuple[Shot, ...]:
    """Take the pictures: first of nothing, then of predictions on their way, then of all else."""
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    with served(demo=True) as url, sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = chromium.new_page()
        page.goto(f"{url}/experiments")
        page.wait_for_selector("table a, .models-table a, [href^='/experiments/']")
        with urllib.request.urlopen(f"{url}/api/experiments", timeout=30) as answer:
            key = json.load(answer)["experiments"][0]["id"]
        at = f"{url}/experiments/{key}/behaviors"
        taken = [_take(chromium, at, EMPTY, folder)]
        page.goto(at + MANY)
        page.click("#behaviors--load")
        taken.append(_take(chromium, at, LOADING, folder))
        page.wait_for_selector(".names th:nth-child(11)", timeout=SECONDS * 1000)
        taken += [_take(chromium, at, scene, folder) for scene in SCENES]
        chromium.close()
    return tuple(taken)


def _take(chromium: Any, at: str, scene: Scene, folder: Path) -> Shot:
    wide, high = scene.size
    context = chromium.new_context(viewport={"width": wide, "height": high}, bypass_csp=True,
                                   color_scheme="dark" if scene.dark else "light")  # fmt: skip
    page, errors = context.new_page(), []
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.goto(at + scene.query)
    page.wait_for_selector(scene.wait, timeout=60_000)
    scene.step(page)
    page.wait_for_timeout(600)
    file = folder / f"{scene.name}.png"
    page.screenshot(path=str(file))
    context.close()
    return Shot(scene.name, colours(file), tuple(errors))


def judge(seen: tuple[Shot, ...]) -> tuple[Line, ...]:
    """None is blank, none has an error of the console; a person must still look."""
    bad = [f"{s.name}: {'; '.join(s.errors) or 'blank'}" for s in seen
           if s.errors or s.colours < COLOURS]  # fmt: skip
    return (judged("5b", "pictures of behaviors",
                   f"{len(seen) - len(bad)} of {len(seen)}, in shots/behaviors",
                   f"{LEAST} or more, all", not bad and len(seen) >= LEAST, bad),)  # fmt: skip


CHECK = Check("5b", "pictures of behaviors", measure, judge)

if __name__ == "__main__":
    for shot in measure():
        sys.stdout.write(f"{shot.name:<28}{shot.colours:6d} colours  {'; '.join(shot.errors)}\n")
