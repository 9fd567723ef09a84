"""Stage G, line 4: pictures of code heat, its browser, a difference side by side, a report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from tests.acceptance import shots
from tests.acceptance.line import Check, Line, judged
from tests.acceptance.shots import DIGITS, FOLDER, UNET, Scene, Shot

LEAST, COLOURS = 10, 12  # pictures; colours of one that is not blank
REPORT = """async () => {
  const at = location.pathname.replace("/model/", "/api/models/");
  return (await fetch(`${at}/export?as=report&preset=int8`)).text();
}"""


def wait_for_bars(page: Any) -> None:
    """Both graphs and the waterfall of a difference are drawn."""
    page.wait_for_selector(".js-plotly-plot:visible")  # one a scheme
    page.wait_for_timeout(2500)


def scroll_down(page: Any) -> None:
    """Come to the graphs of a difference."""
    wait_for_bars(page)
    page.mouse.move(700, 600)
    page.mouse.wheel(0, 620)
    page.wait_for_timeout(500)


def open_report(page: Any) -> None:
    """Show the report, as a file without the dashboard around it."""
    text = page.evaluate(REPORT)
    page.goto("about:blank")
    page.set_content(text)


SCENES = (
    Scene("code-heat", UNET, "?dock=code"),
    Scene("code-heat-dark", UNET, "?dock=code", dark=True),
    Scene("code-selection", UNET, "?dock=code", "1920x1080", steps=(shots.select_rows,)),
    Scene("code-selection-1280-dark", UNET, "?dock=code", "1280x800", True, (shots.select_rows,)),
    Scene("code-preset", UNET, "?dock=code&preset=int8&colour=energy_j"),
    Scene("code-digits", DIGITS, "?dock=code"),
    Scene("difference", "", "/diff", steps=(wait_for_bars,)),
    Scene("difference-graphs", "", "/diff", steps=(scroll_down,)),
    Scene("difference-graphs-dark", "", "/diff", "1280x800", True, (scroll_down,)),
    Scene("difference-graphs-1920", "", "/diff", "1920x1080", steps=(scroll_down,)),
    Scene("report", UNET, steps=(open_report,)),
    Scene("report-dark", UNET, dark=True, steps=(open_report,)),
)


def measure(folder: Path = FOLDER / "code", scenes: tuple[Scene, ...] = SCENES) -> tuple[Shot, ...]:
    """Take the pictures; the list is looked at first, which brings the demo's models."""
    return shots.measure(folder, (), (Scene("models"), *scenes))[1:]


def judge(seen: tuple[Shot, ...]) -> tuple[Line, ...]:
    """None is blank, none has an error of the console; a person must still look."""
    bad = [f"{s.name}: {'; '.join(s.errors) or 'blank'}" for s in seen
           if s.errors or s.colours < COLOURS]  # fmt: skip
    return (judged("4", "pictures of code, differences and a report",
                   f"{len(seen) - len(bad)} of {len(seen)}, in shots/code",
                   f"{LEAST} or more, all", not bad and len(seen) >= LEAST, bad),)  # fmt: skip


CHECK = Check("4", "pictures", measure, judge)

if __name__ == "__main__":
    for shot in measure():
        sys.stdout.write(f"{shot.name:<28}{shot.colours:6d} colours  {'; '.join(shot.errors)}\n")
