"""Stage C, line 1: Talaria's scenario (section 6 of the paper), by a scripted person in a browser.

She reads the totals, sets a budget, tries int8 everywhere and saves it as a checkpoint, goes back,
searches, filters and colours, puts int8 on the tasks that are left, and saves that.  Every figure
that the page shows her is compared with what the engine says of the rules that the page holds.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import engine
from dashboard.components import quantity
from dashboard.ids import Model
from engine.compile import Compilation
from engine.recipe import Recipe, Rule
from tests.acceptance import plans
from tests.acceptance.browser import chromium, listed, open_page, ready, served
from tests.acceptance.line import Line, judged
from tests.acceptance.plans import PLANS, Plan, Shape
from tests.acceptance.shots import FOLDER

TOTAL = "document.querySelector('#model--totals .total-value')?.textContent"
GAUGE = "document.querySelector('#model--totals .total:first-child .gauge')?.textContent || ''"
RULES = "JSON.stringify({schema: 1, rules: dash_clientside.recipe.rules()})"
SAVED = f"document.getElementById('{Model.ANALYSES_STATE}').textContent"
ROWS = f"#{Model.TABLE} .ag-center-cols-container .ag-row"
SIZE = "1600x1000"  # all rows of the U-Net stand on it
BLUNT, TARGETED = "Model-wide int8", "Targeted int8"


@dataclass(slots=True)
class Person:
    """Who uses the page, and counts what her hands do.

    Args:
        page: of the browser.
        folder: where pictures go; prefix: of their names.
    """

    page: Any
    folder: Path
    prefix: str
    clicks: int = 0
    fields: int = 0
    keys: int = 0
    shots: list[str] = field(default_factory=list)

    def click(self, selector: str, **how: Any) -> None:
        """One click."""
        self.page.locator(selector).first.click(**how)
        self.clicks += 1

    def fill(self, selector: str, text: str) -> None:
        """One text field, and Enter where the field wants it."""
        self.page.locator(selector).first.fill(text)
        self.fields += 1

    def press(self, key: str) -> None:
        """One key, or a chord."""
        self.page.keyboard.press(key)
        self.keys += 1

    def choose(self, selector: str, value: str) -> None:
        """An entry of a menu: one click opens it, one takes the entry."""
        self.page.locator(selector).first.select_option(value)
        self.clicks += 2

    def wait(self, condition: str, seconds: float = 20.0) -> None:
        """Until the page says so; the policy of the page forbids Playwright's own way.

        Raises:
            TimeoutError: it never does.
        """
        end = time.monotonic() + seconds
        while not self.page.evaluate(f"Boolean({condition})"):
            if time.monotonic() > end:
                raise TimeoutError(condition)
            self.page.wait_for_timeout(40)

    def shoot(self, name: str) -> None:
        """A picture, once drawing has come to rest."""
        self.page.wait_for_timeout(600)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.shots.append(f"{self.prefix}-{name}.png")
        self.page.screenshot(path=self.folder / self.shots[-1])


@dataclass(frozen=True, slots=True)
class Told:
    """How the scenario went.

    Args:
        shape: the three latencies by the engine, s.
        limit: budget, s.
        blunt, targeted: what the header said of the budget.
        chosen: tasks of the last rule; tasks: of the model.
        clicks, fields, keys: what the hands did.
        faults: where the page and the engine disagree, or a step that did not work.
        survey: the model on every target, with the best recipe that a plain search finds.
        wider: (tasks, latency in s) of int8 on the whole kernel class of the plan; None without.
    """

    plan: Plan
    shape: Shape
    limit: float
    blunt: str
    targeted: str
    chosen: int
    tasks: int
    clicks: int
    fields: int
    keys: int
    seconds: float
    shots: tuple[str, ...]
    faults: tuple[str, ...]
    survey: tuple[Shape, ...]
    wider: tuple[int, float] | None = None


def measure(chosen: tuple[Plan, ...] = PLANS, folder: Path = FOLDER) -> tuple[Told, ...]:
    """Play every plan; one without a target that it pays off on is told by its survey alone."""
    return tuple(_told(plan, folder) for plan in chosen)


def _told(plan: Plan, folder: Path) -> Told:
    found = plans.survey(plan)
    free = plans.survey(plan, free=True)
    fits = [s for s in found if (s.target == plan.target if plan.target else s.shown)]
    if not fits:
        none = Shape("", "no target", 1.0, 1.0, 1.0)
        return Told(plan, none, 0, "", "", 0, 0, 0, 0, 0, 0, (), ("no target shows it",), free)
    shape, limit = fits[0], plans.limit(plan, fits[0])
    made = engine.compile_model(engine.read(plans.file(plan.model)), engine.target(shape.target))
    errors: list[str] = []
    with served(plans.file(plan.model)) as url, chromium() as browser:
        page = open_page(browser, errors, SIZE)
        person = Person(page, folder, f"scenario-{plan.id}")
        start = time.monotonic()
        said = {"blunt": "", "targeted": ""}
        try:
            page.goto(f"{listed(url)[plan.model]}?target={shape.target}")
            ready(page)
            said = _play(person, plan, made, limit)
            _reopen(open_page(browser, errors, SIZE), page.url, made, errors)
        except Exception as fault:  # what did not work is what the line is about
            person.shoot("fault")
            errors.append(f"{type(fault).__name__}: {' '.join(str(fault).split())[:240]}")
        seconds = time.monotonic() - start
    return Told(
        plan, shape, limit, said["blunt"], said["targeted"], len(plan.chosen(made)),
        len(made.tasks), person.clicks, person.fields, person.keys, seconds, tuple(person.shots),
        tuple(errors), free, _wider(plan, made),
    )  # fmt: skip


def _wider(plan: Plan, made: Compilation) -> tuple[int, float] | None:
    """What int8 on all tasks of the plan's class does."""
    if not plan.wider:
        return None
    every = tuple(i for i, kernel in enumerate(made.tasks["kernel"]) if kernel == plan.wider)
    return len(every), plans.latency(made, Recipe((Rule(plans.INT8, every),))) or 0.0


def _play(person: Person, plan: Plan, made: Compilation, limit: float) -> dict[str, str]:
    """The scenario; what the header says of the budget after each of the two recipes."""
    said = {}
    _shows(person, made, Recipe())
    person.click(f"[data-sheet='{Model.BUDGETS_SHEET}']")
    person.fill(f"#{Model.BUDGET_LIMIT}", f"{limit * 1e6:.6g} µs")
    person.press("Enter")
    person.wait(f"{GAUGE} !== ''")
    person.shoot("1-budget")

    person.click(f"#{Model.OPTIMIZE}")
    person.click(f"#{Model.OFFERS} [data-preset='int8']")
    _shows(person, made, engine.preset("int8").recipe)
    said["blunt"] = person.page.evaluate(GAUGE)
    person.shoot("2-model-wide")
    _save(person, BLUNT)

    person.click(".sheet:not([hidden]) [data-sheet='']")
    person.press("Control+z")
    _shows(person, made, Recipe())
    _narrow(person, plan, made)
    person.shoot("3-bottlenecks")
    person.click("text=Optimize…")
    for name in ("input_format", "kernel_format", "output_format"):
        box = f"#{Model.OPTIONS} [data-filter='{name}']"
        person.page.locator(f"{box} option[value='int8']").wait_for(state="attached")
        person.choose(box, "int8")
    person.choose(f"#{Model.OPTIONS} [data-filter='squeeze']", "none")
    person.click(f"#{Model.OPTIONS_TABLE} .ag-center-cols-container .ag-row .ag-cell")
    person.click(f"#{Model.OPTIONS_APPLY}")
    _shows(person, made, plan.recipe(made))
    said["targeted"] = person.page.evaluate(GAUGE)
    person.shoot("4-targeted")
    _save(person, TARGETED)
    person.shoot("5-analysis")
    return said


def _narrow(person: Person, plan: Plan, made: Compilation) -> None:
    """Colour, search and filter; then select what is left, or all but the slowest."""
    person.click(f"#{Model.COLOUR}")
    person.click("[role=option]:visible >> text=/^Energy$/")
    if plan.leave:  # the slowest row is the first: all below it
        person.fill(f"#{Model.SEARCH}", plan.search)
        person.wait(f"document.querySelector('#{Model.COUNT}').textContent.startsWith('1 of')")
        person.fill(f"#{Model.SEARCH}", "")
        person.wait(f"!document.querySelector('#{Model.COUNT}').textContent.includes(' of ')")
        spot = {"x": 40, "y": 12}
        person.click(f"{ROWS}[row-index='1']", position=spot)
        last = f"{ROWS}[row-index='{len(made.tasks) - 1}']"
        person.click(last, position=spot, modifiers=["Shift"])
        return
    person.fill(f"#{Model.SEARCH}", plan.search)
    if plan.above:
        head = f"#{Model.TABLE} .ag-header-cell[col-id='latency_s']"
        person.page.locator(head).hover()
        person.click(f"{head} .ag-header-cell-filter-button")
        scale = float(person.page.evaluate("document.getElementById('model--page')"
                                           ".glossary.latency_s.scale"))  # fmt: skip
        person.fill(".ag-filter input[type=number]", f"{plan.above * scale:.6g}")
        person.press("Escape")
    left = len(plan.tasks(made))
    person.wait(f"document.querySelector('#{Model.COUNT}').textContent.startsWith('{left} of')")
    person.click(f"text=Select all {left} shown")


def _shows(person: Person, made: Compilation, recipe: Recipe) -> None:
    """Wait until the page holds these rules and the header their latency.

    Raises:
        TimeoutError: it says something else.
    """
    number, unit = quantity(plans.latency(made, recipe) or 0.0, "s")
    person.wait(f"({TOTAL} || '').replace(/\\s/g, '') === '{number}{unit}'")
    held = engine.read_recipe(person.page.evaluate(RULES))
    ours = plans.latency(made, held)
    if ours != plans.latency(made, recipe):
        raise ValueError(f"the page's rules take {ours} s")


def _save(person: Person, name: str) -> None:
    """Keep the recipe as a checkpoint; the first makes the analysis."""
    person.click(f"#{Model.ANALYSES}")
    person.fill(f"#{Model.CHECKPOINT_NAME}", name)
    person.press("Enter")
    person.wait(f"{SAVED}.includes({json.dumps(name)})")


def _reopen(page: Any, address: str, made: Compilation, errors: list[str]) -> None:
    """The address of the analysis, by somebody else: the same rules, the same latency."""
    page.goto(address)
    ready(page)
    held = engine.read_recipe(page.evaluate(RULES))
    number, unit = quantity(plans.latency(made, held) or 0.0, "s")
    if page.evaluate(TOTAL).replace(" ", "") != f"{number}{unit}":
        errors.append("the analysis opens with other figures")
    if "analysis=" not in address or not held.rules:
        errors.append("the address does not hold the analysis")
    page.context.close()


def judge(seen: tuple[Told, ...]) -> tuple[Line, ...]:
    """One line for each plan.

    The plan that names its target only has to be played right, and to say whether the shape of the
    paper is there; one without a target claims the shape, and so must show it.
    """
    return tuple(_line(told) for told in seen)


def _line(told: Told) -> Line:
    shape, plan = told.shape, told.plan
    ms = [f"{1e3 * v:.3g} ms" for v in (shape.base, shape.blunt, shape.targeted, told.limit)]
    missed, met = shape.blunt > told.limit, shape.targeted <= told.limit
    words = ["meets" if v <= told.limit else "misses" for v in (shape.blunt, shape.targeted)]
    figure = (f"{ms[0]}, budget {ms[3]}; int8 everywhere {ms[1]} ({words[0]} it), int8 on "
              f"{told.chosen} of {told.tasks} tasks {ms[2]} ({words[1]} it); {told.clicks} clicks, "
              f"{told.fields} fields, {told.keys} keys")  # fmt: skip
    papers, some = [s for s in told.survey if s.papers], [s for s in told.survey if s.shown]
    if plan.target and not papers:
        figure += f"; NO target of {len(told.survey)} shows the paper's shape at its budget"
    agree = ("▲" in told.blunt) == missed and ("▲" in told.targeted) != met and bool(told.blunt)
    right = not told.faults and agree and len(told.shots) == 5 and len(told.survey) >= 10
    notes = [
        f"the header said: {told.blunt!r}, then {told.targeted!r}; {told.seconds:.0f} s; "
        f"pictures: {', '.join(told.shots)}",
        f"at the paper's budget of {100 * plans.PAPER:.0f} % of the baseline, int8 everywhere "
        f"misses what targeted int8 meets on: {_names(papers)}; at some other budget: "
        f"{_names(some)}",
        "int8 everywhere and the best targeted, % of the baseline: "
        + "; ".join(f"{s.target} {100 * s.blunt / s.base:.1f} {100 * s.targeted / s.base:.1f}"
                    for s in told.survey),
        *_wide(told),
        *told.faults,
    ]  # fmt: skip
    bound = "played right, figures of the engine"
    if not plan.target:
        bound += "; blunt misses, targeted meets"
        right = right and missed and met
    return judged(plan.id, f"Talaria's scenario, {plan.model} on {shape.label}", figure, bound,
                  right, notes)  # fmt: skip


def _wide(told: Told) -> list[str]:
    if not told.wider:
        return []
    count, took = told.wider
    share = 100 * took / told.shape.base
    return [f"int8 on all {count} tasks of class {told.plan.wider}: {1e3 * took:.3g} ms, "
            f"{share:.1f} % of the baseline"]  # fmt: skip


def _names(shapes: list[Shape]) -> str:
    return ", ".join(s.label for s in shapes) or "no target"
