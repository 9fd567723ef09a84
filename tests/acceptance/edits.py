"""Stage C, lines 2 and 3: an edit at thousands of tasks, in the engine and on the screen.

The engine is timed in this process, by the thread's own processor time, since the machine is
shared.  On the screen an edit is a key that a person presses, undo or redo of a rule, and its time
runs from the event's own time stamp to the second frame after header and table have new figures.
"""

from __future__ import annotations

import itertools
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import engine
from dashboard.ids import Model
from engine.compile import Compilation
from engine.recipe import Action, Recipe, Rule
from tests import large
from tests.acceptance.browser import TIMES, chromium, listed, open_page, p95, ready, served, timed
from tests.acceptance.line import Line, judged

ROOT = Path(__file__).parents[2]
TASKS, SHOWN, MANY = 10_000, 5_000, 2_000
TARGET = "phone-npu"
EDIT_MS, SCREEN_MS, OPTIONS_MS, MANY_MS, PRESETS_MS = 50.0, 250.0, 5.0, 300.0, 100.0
INT8 = Rule(Action("int8", "int8"))
FIGURES = f"document.getElementById('{Model.PAGE}').dataset.version"
PROPERTIES = (
    "tests/engine/recipe/test_properties.py",
    "tests/engine/recipe/test_flow.py",
    "tests/engine/recipe/test_resolve.py",
)


@dataclass(frozen=True, slots=True)
class Edits:
    """What an edit takes.

    Args:
        tasks: of the model of the engine's figures; shown: of the one on the screen.
        edit, options, many, presets: ms of the engine, each time.
        screen: ms from key to second frame, each time.
        sent: bytes that answered an edit of one task, before compression; whole: of the first
            answer with a preset, which changes every row.
        wrong: totals that were not the sums of their rows, or not the same in a fresh process.
        errors: console errors and failed requests.
        load: load average, before and after.
    """

    tasks: int
    shown: int
    edit: tuple[float, ...]
    options: tuple[float, ...]
    many: tuple[float, ...]
    presets: tuple[float, ...]
    screen: tuple[float, ...]
    sent: int
    whole: int
    wrong: tuple[str, ...]
    errors: tuple[str, ...]
    load: tuple[float, float]


def compiled(tasks: int) -> Compilation:
    """A branched model of so many tasks, compiled for `TARGET`."""
    body = large.file(large.branched, tasks).read_bytes()
    return engine.compile_model(engine.read(body), engine.target(TARGET))


def measure(times: int = TIMES, tasks: int = TASKS, shown: int = SHOWN) -> Edits:
    """Everything of line 2."""
    load = os.getloadavg()[0]
    made = compiled(tasks)
    wrong: list[str] = []
    edit = tuple(_edit(made, i, wrong) for i in range(times))
    base = Recipe((INT8,))
    options = _times(times, lambda i: engine.options(made, base, [(37 * i + 5) % tasks]))
    many = _times(5, lambda i: engine.options(made, base, range(i, MANY + i)))
    presets = _times(5, lambda _: engine.preset_table(made, 30.0))
    screen, sent, whole, count, errors = _on_screen(times, shown)
    return Edits(
        len(made.tasks), count, edit, options, many, presets, screen, sent, whole, tuple(wrong),
        errors, (load, os.getloadavg()[0]),
    )  # fmt: skip


def _times(times: int, act: Callable[[int], Any]) -> tuple[float, ...]:
    """Thread time of each, ms."""
    found = []
    for i in range(times):
        start = time.thread_time()
        act(i)
        found.append(1e3 * (time.thread_time() - start))
    return tuple(found)


def _edit(made: Compilation, i: int, wrong: list[str]) -> float:
    """Milliseconds of one more rule after int8; notes totals that are not those of the rows."""
    ids = tuple((997 * i + 31 * k) % len(made.tasks) for k in range(1 + i % 3))
    recipe = Recipe((INT8, Rule(Action(kernel="int4") if i % 2 else Action(), tuple(set(ids)))))
    start = time.thread_time()
    found = engine.resolve(made, recipe)
    took = 1e3 * (time.thread_time() - start)
    for name in ("latency_s", "energy_j", "memory_energy_j", "size_bytes"):
        total, rows = getattr(found.totals, name), found.tasks[name].sum()
        if total is None or abs(total - rows) > 1e-9 * max(abs(total), 1e-30):
            wrong.append(f"{name} {total} is not {rows} after edit {i}")
    return took


def _on_screen(times: int, tasks: int) -> tuple[tuple[float, ...], int, int, int, tuple[str, ...]]:
    """Undo and redo an edit of one task after int8."""
    errors: list[str] = []
    with served(large.file(large.branched, tasks)) as url, chromium() as browser:
        page = open_page(browser, errors)
        sizes: list[tuple[str, int]] = []

        def note(answer: Any) -> None:
            if "_dash-update-component" in answer.url:
                asked = answer.request.post_data or ""
                sizes.append((asked[:400], int(answer.headers.get("content-length") or 0)))

        page.on("response", note)
        page.goto(next(iter(listed(url).values())) + f"?target={TARGET}&preset=int8")
        ready(page)
        page.wait_for_timeout(1500)
        count = int(page.evaluate(f"() => document.getElementById('{Model.PAGE}').rows.size"))
        whole = max((n for asked, n in sizes if Model.EFFECTS in asked), default=0)
        page.locator(f"#{Model.TABLE} .ag-center-cols-container .ag-row").nth(3).click()
        page.wait_for_timeout(400)
        task = int(page.evaluate(f"document.getElementById('{Model.PAGE}').state.selected[0]"))
        timed(page, "keydown", FIGURES, lambda: _press_after(page, task))
        sizes.clear()
        taken = []
        for i in range(times):
            page.wait_for_timeout(700)  # the page is quiet, as before a person's next step
            key = "Control+Shift+z" if i % 2 else "Control+z"
            taken.append(timed(page, "keydown", FIGURES, lambda key=key: page.keyboard.press(key)))
        sent = max((n for asked, n in sizes if Model.EFFECTS in asked), default=0)
    return tuple(taken), sent, whole, count, tuple(errors)


def _press_after(page: Any, task: int) -> None:
    """Leave a task alone, as the button of its sheet does, and press a key that means nothing."""
    page.evaluate(f"() => dash_clientside.recipe.leave([{task}])")
    page.keyboard.press("Shift")


def at_once(seen: Edits, times: int = TIMES) -> tuple[Line, ...]:
    """Line 2."""
    size = f"{seen.tasks:,} tasks"
    note = f"load average {seen.load[0]:.1f} to {seen.load[1]:.1f}"

    def enough(values: tuple[float, ...], least: int) -> bool:
        return len(values) >= least and seen.tasks >= TASKS

    return (
        judged("2a", f"edit at {size}: one more rule, priced, and every total the sum of its rows",
               f"p95 of {len(seen.edit)}: {p95(seen.edit):.0f} ms of the thread; "
               f"{len(seen.wrong)} wrong totals", f"≤ {EDIT_MS:.0f} ms, 0",
               enough(seen.edit, times) and p95(seen.edit) <= EDIT_MS and not seen.wrong,
               (note, *seen.wrong[:5])),
        judged("2b", f"key to screen at {seen.shown:,} tasks: undo and redo of a rule",
               f"p95 of {len(seen.screen)}: {p95(seen.screen):.0f} ms "
               f"(median {statistics.median(seen.screen):.0f})", f"≤ {SCREEN_MS:.0f} ms",
               len(seen.screen) >= times and seen.shown >= SHOWN and not seen.errors
               and p95(seen.screen) <= SCREEN_MS,
               (note, f"an edit was answered by {seen.sent:,} bytes, the preset by "
                f"{seen.whole:,}", *seen.errors[:5])),
        judged("2c", f"options of one task at {size}", f"p95 of {len(seen.options)}: "
               f"{p95(seen.options):.1f} ms of the thread", f"≤ {OPTIONS_MS:.0f} ms",
               enough(seen.options, times) and p95(seen.options) <= OPTIONS_MS),
        judged("2d", f"options of {MANY:,} tasks together at {size}",
               f"worst of {len(seen.many)}: {max(seen.many):.0f} ms", f"≤ {MANY_MS:.0f} ms",
               enough(seen.many, 5) and max(seen.many) <= MANY_MS),
        judged("2e", f"totals of every preset side by side at {size}",
               f"worst of {len(seen.presets)}, the first one cold: {max(seen.presets):.0f} ms",
               f"≤ {PRESETS_MS:.0f} ms",
               enough(seen.presets, 5) and max(seen.presets) <= PRESETS_MS,
               (f"each: {', '.join(f'{v:.0f}' for v in seen.presets)} ms",)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Properties:
    """A run of the property tests: how many passed and failed, and what pytest said last."""

    passed: int
    failed: int
    said: str


def properties(files: tuple[str, ...] = PROPERTIES) -> Properties:
    """Run the properties and the hand-computed examples of propagation."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *files],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    last = (done.stdout.strip().splitlines() or ["nothing"])[-1]
    words = last.replace(",", "").split()
    count = {word: int(n) for n, word in itertools.pairwise(words) if n.isdigit()}
    return Properties(count.get("passed", 0), count.get("failed", 0), last)


def hold(seen: Properties, least: int = 40) -> tuple[Line, ...]:
    """Line 3."""
    return (
        judged("3", "properties of recipes: sums, replay, undo, order, agreement; propagation by "
               "hand", f"{seen.passed} passed, {seen.failed} failed", f"≥ {least} passed, 0 failed",
               seen.passed >= least and not seen.failed, (seen.said,)),
    )  # fmt: skip
