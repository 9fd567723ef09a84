"""Stage H, line 5: pictures of Layers, for a person to look at."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from tests.acceptance import shots
from tests.acceptance.line import Check, Line, judged
from tests.acceptance.shots import FOLDER, Scene, Shot, Step

LEAST, COLOURS = 6, 12  # pictures; colours of one that is not blank
SLOW = 240_000  # ms, of a job on a busy machine
DEMO = "async () => (await (await fetch('/api/experiments')).json()).experiments[0].url"
PRUNED, TEN = "18", "15.16.17.18.19.20.21.22.23.24"  # rows of the demo's experiment
ROWS = ".layers-rows tbody tr"


def layers(query: str, *steps: Step, state: str = ROWS) -> Step:
    """Open the page, load what is not there yet, and do the steps.

    Args:
        query: of the address.
        steps: after the table is there.
        state: what is waited for.
    """

    def step(page: Any) -> None:
        page.goto(page.url.partition("/experiments")[0] + page.evaluate(DEMO) + f"/layers{query}")
        page.wait_for_selector(f"{ROWS}, .layers-table .empty", timeout=SLOW)
        page.wait_for_timeout(1500)  # whether some are to be loaded is said a little later
        load = page.locator("#layers--load")
        if state == ROWS and load.is_visible():
            load.click()
            page.wait_for_selector("#layers--load", state="hidden", timeout=SLOW)
            page.wait_for_selector("#layers--cancel", state="hidden", timeout=SLOW)
        page.wait_for_selector(state, timeout=SLOW)
        for one in steps:
            one(page)

    return step


def select(page: Any) -> None:
    """Select the first row, whose figures stand beside the table then."""
    page.click(f"{ROWS} .layers-text")
    page.wait_for_selector(".layers-large, .layers-details .layers-zeros")


def bad_pattern(page: Any) -> None:
    """Write what is no pattern."""
    page.fill("#layers--search", "([")
    page.wait_for_selector("#layers--note [role=alert]")


def scene(name: str, *steps: Step, size: str = "1440x900", dark: bool = False) -> Scene:
    """A scene that begins at the list of experiments, which brings that of the demo."""
    return Scene(name, "", "/experiments", size, dark, steps)


ONE = f"?models={PRUNED}&base=0"
SCENES = (
    scene("layers", layers(f"{ONE}&open=6-8", select)),
    scene("layers-dark", layers(f"{ONE}&open=6-8", select), dark=True),
    scene("layers-sorted-1280", layers(f"{ONE}&sort=-{PRUNED}"), size="1280x800"),
    scene("layers-one-range-1280-dark", layers(f"{ONE}&bins=all", select), size="1280x800",
          dark=True),
    scene("layers-sparsity", layers(f"{ONE}&show=sparsity", select)),
    scene("layers-ten-1920", layers(f"?models={TEN}&base=0"), size="1920x1080"),
    scene("layers-ten-1920-dark", layers(f"?models={TEN}&base=0&sort=-20"), size="1920x1080",
          dark=True),
    scene("layers-activations", layers(f"?models={PRUNED}.40&base=0&show=activations", select)),
    scene("layers-to-load", layers("?models=1.2&base=0&show=activations",
                                   state=".layers-table .empty")),
    scene("layers-bad-pattern", layers(ONE, bad_pattern)),
    scene("layers-empty", layers("?base=0", state=".layers-table .empty")),
)  # fmt: skip


def measure(
    folder: Path = FOLDER / "layers", scenes: tuple[Scene, ...] = SCENES
) -> tuple[Shot, ...]:
    """Take the pictures; the list of models is looked at first, which brings the demo."""
    return shots.measure(folder, (), (Scene("models"), *scenes))[1:]


def judge(seen: tuple[Shot, ...]) -> tuple[Line, ...]:
    """None is blank, none has an error of the console; a person must still look."""
    bad = [f"{s.name}: {'; '.join(s.errors) or 'blank'}" for s in seen
           if s.errors or s.colours < COLOURS]  # fmt: skip
    return (judged("5b", "pictures of Layers",
                   f"{len(seen) - len(bad)} of {len(seen)}, in shots/layers",
                   f"{LEAST} or more, all", not bad and len(seen) >= LEAST, bad),)  # fmt: skip


CHECK = Check("5b", "pictures of Layers", measure, judge)

if __name__ == "__main__":
    for shot in measure():
        sys.stdout.write(f"{shot.name:<28}{shot.colours:6d} colours  {'; '.join(shot.errors)}\n")
