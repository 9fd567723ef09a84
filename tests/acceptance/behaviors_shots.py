"""Stage H, line 5: pictures of Behaviors, of the digits that the demo brings."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from tests.acceptance import shots
from tests.acceptance.behaviors_page import brush
from tests.acceptance.layer_shots import DEMO, SLOW, scene
from tests.acceptance.line import Check, Line, judged
from tests.acceptance.shots import FOLDER, Scene, Shot, Step

LEAST, COLOURS = 10, 12  # pictures; colours of one that is not blank
FEW, MANY = "?models=0.18&base=0", "?models=0.2.16-19.29.36.38.40&base=0"
ROWS = ".behaviors-rows tbody tr"


def behaviors(query: str, *steps: Step, state: str = ROWS) -> Step:
    """Open the page, load what is not there yet where a table is waited for, and do the steps.

    Args:
        query: of the address.
        steps: after what is waited for is there.
        state: what is waited for.
    """

    def step(page: Any) -> None:
        page.wait_for_selector("a[href^='/experiments/']", timeout=SLOW)  # the demo's, once it is
        at = page.url.partition("/experiments")[0] + page.evaluate(DEMO) + "/behaviors"
        page.goto(at + query)
        page.wait_for_selector(f"{ROWS}, .behaviors-page .empty", timeout=SLOW)
        page.wait_for_timeout(1500)  # whether some are to be loaded is said a little later
        load = page.locator("#behaviors--load")
        if state in (ROWS, PROGRESS) and load.is_visible():
            load.click()
        if state == ROWS:
            page.wait_for_selector("#behaviors--cancel", state="hidden", timeout=SLOW)
            page.wait_for_selector("#behaviors--load", state="hidden", timeout=SLOW)
        page.wait_for_selector(state, timeout=SLOW)
        for one in steps:
            one(page)

    return step


def drag(page: Any) -> None:
    """Narrow the rows with a brush over the third histogram."""
    brush(page, 0.5)
    page.wait_for_selector(".bars.bounded")
    page.wait_for_timeout(1500)


PROGRESS = ".behaviors-notice progress"
WIDE = "1920x1080"
SCENES = (
    scene("behaviors-empty", behaviors(FEW, state=".behaviors-page .empty")),
    scene("behaviors-loading", behaviors(MANY, state=PROGRESS), size="1280x800"),
    scene("behaviors-10", behaviors(MANY), size=WIDE),
    scene("behaviors-10-dark", behaviors(f"{MANY}&as=change"), size=WIDE, dark=True),
    scene("behaviors-2-1280", behaviors(FEW), size="1280x800"),
    scene("behaviors-2-1280-dark", behaviors(f"{FEW}&as=change"), size="1280x800", dark=True),
    scene("behaviors-brush", behaviors(f"{MANY}&metric=true_confidence", drag), size=WIDE),
    scene("behaviors-instances",
          behaviors(f"{FEW}&rows=instances&inside=8&metric=margin&sort=-18")),
    scene("behaviors-sensitive-dark", behaviors(f"{MANY}&rows=sensitive&metric=kl"), size=WIDE,
          dark=True),
    scene("behaviors-confusion", behaviors(f"{FEW}&sheet=confusion.18", state=".matrix")),
    scene("behaviors-changes-dark", behaviors(f"{FEW}&sheet=changes.18", state=".matrix"),
          dark=True),
    scene("behaviors-instance",
          behaviors(f"{FEW}&rows=instances&sheet=instance.8", state=".instance-head")),
    scene("behaviors-error", behaviors(f"{FEW}&metric=none", state=".empty .worse")),
)  # fmt: skip


def measure(
    folder: Path = FOLDER / "behaviors", scenes: tuple[Scene, ...] = SCENES
) -> tuple[Shot, ...]:
    """Take the pictures; the list of models is looked at first, which brings the demo."""
    return shots.measure(folder, (), (Scene("models"), *scenes))[1:]


def judge(seen: tuple[Shot, ...]) -> tuple[Line, ...]:
    """None is blank, none has an error of the console; a person must still look."""
    bad = [f"{s.name}: {'; '.join(s.errors) or 'blank'}" for s in seen
           if s.errors or s.colours < COLOURS]  # fmt: skip
    return (judged("5a", "pictures of Behaviors",
                   f"{len(seen) - len(bad)} of {len(seen)}, in shots/behaviors",
                   f"{LEAST} or more, all", not bad and len(seen) >= LEAST, bad),)  # fmt: skip


CHECK = Check("5a", "pictures of Behaviors", measure, judge)

if __name__ == "__main__":
    for shot in measure():
        sys.stdout.write(f"{shot.name:<28}{shot.colours:6d} colours  {'; '.join(shot.errors)}\n")
