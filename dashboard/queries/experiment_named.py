"""What people name in an experiment: budgets (bounds that belong together), metrics by formula.

They stand in the row's edits beside notes and flags, are written with the file, and come from a
browser: all of them are checked here.  A budget is the filter of the page under a name, nothing
else; one that the file brought can be replaced and removed like the others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.queries.experiment_answer import bounds_of
from engine import experiments
from engine.errors import EngineError
from engine.experiments import BudgetSet, Experiment
from engine.store import clean_name

MAX_NAME = 60  # characters
MAX_FORMULAS = 20
DIRECTIONS = ("higher", "lower", "")


def applied(experiment: Experiment, edits: Mapping[str, Any]) -> Experiment:
    """The experiment with the formula metrics and budgets of some edits; unsound ones are left."""
    formulas = edits.get("formulas")
    for entry in formulas[:MAX_FORMULAS] if isinstance(formulas, list) else ():
        try:
            experiment = experiments.with_formula(experiment, *entry)
        except (EngineError, TypeError):
            continue  # the file brings a metric of this name by now
    kept = edits.get("budgets")
    if isinstance(kept, list):
        sets = experiments.read_sets({"budgets": kept}, experiment)
        experiment = experiments.with_sets(experiment, sets)
    return experiment


def budgets(experiment: Experiment) -> list[dict[str, Any]]:
    """The named budgets as filters of the page: {"name", "where": [[column, side, value] …]}."""
    columns = {m.name: m.column for m in experiment.metrics}
    told = []
    for one in experiments.read_sets(experiment.document, experiment):
        where: list[list[Any]] = []
        for b in one.bounds:
            for side, value in (("ge", b.low), ("le", b.high)):
                if value is not None:
                    where.append([columns[b.metric], side, value])
        told.append({"name": one.name, "where": where})
    return told


def with_budget(edits: Mapping[str, Any], found: Experiment, name: object, where: object) -> str:
    """The edits with the bounds of a filter under a name; a budget of that name is replaced.

    Raises:
        EngineError: no name, no bound, or bounds that contradict each other.
    """
    called = _named(name, "the budget")
    bounds = bounds_of(found, where)
    if not bounds:
        raise EngineError(
            "there is no bound to keep",
            try_this="dragging on a histogram, or typing a bound, and keeping that",
        )
    rest = [s for s in experiments.read_sets(found.document, found) if s.name != called]
    return _written(edits, found, [*rest, BudgetSet(called, bounds)])


def without_budget(edits: Mapping[str, Any], found: Experiment, name: object) -> str:
    """The edits without a budget.

    Raises:
        EngineError: there is none of that name.
    """
    sets = experiments.read_sets(found.document, found)
    rest = [s for s in sets if s.name != name]
    if len(rest) == len(sets):
        raise EngineError("there is no budget of that name", found=repr(str(name)[:80]))
    return _written(edits, found, rest)


def _written(edits: Mapping[str, Any], found: Experiment, sets: Sequence[BudgetSet]) -> str:
    document = experiments.with_sets(found, sets).document
    return json.dumps({**edits, "budgets": document.get("budgets", [])})


def with_formula(edits: Mapping[str, Any], found: Experiment, *given: object) -> str:
    """The edits with one more metric.

    Args:
        edits: those that stand.
        found: the experiment as the page shows it.
        given: name, formula, direction ("higher", "lower" or ""), unit.

    Raises:
        EngineError: the name is taken, the formula cannot be read, or there are too many.
    """
    name, text, direction, unit = (str(part or "").strip() for part in given)
    entry = [_named(name, "the metric"), text, direction if direction in DIRECTIONS else "",
             clean_name(unit)[:12] if unit else ""]  # fmt: skip
    made = experiments.with_formula(found, *entry)  # type: ignore[arg-type]
    values = made.frame[next(m.column for m in made.metrics if m.name == entry[0])]
    if values.null_count() == len(values):
        raise EngineError(
            "the formula gives no model a value", "metric", found=repr(text[:80]),
            try_this="metrics that the same models have",
        )  # fmt: skip
    rest = [f for f in formulas(edits) if f[0] != entry[0]]
    if len(rest) >= MAX_FORMULAS:
        raise EngineError("no more metrics fit", expected=f"at most {MAX_FORMULAS} by formula")
    return json.dumps({**edits, "formulas": [*rest, entry]})


def formulas(edits: Mapping[str, Any]) -> list[list[str]]:
    """The metrics that people added: [name, formula, direction, unit]."""
    kept = edits.get("formulas")
    return [f for f in kept if isinstance(f, list) and f] if isinstance(kept, list) else []


def without_formula(edits: Mapping[str, Any], name: object) -> str:
    """The edits without a metric; budgets that bound it lose that bound.

    Raises:
        EngineError: no metric of that name was added on the page.
    """
    rest = [f for f in formulas(edits) if f[0] != name]
    if len(rest) == len(formulas(edits)):
        raise EngineError("there is no such metric by formula", found=repr(str(name)[:80]))
    kept = {**edits, "formulas": rest}
    if isinstance(edits.get("budgets"), list):
        kept["budgets"] = [
            one | {"bounds": bounds}
            for one in edits["budgets"]
            if (bounds := [b for b in one["bounds"] if b["metric"] != name])
        ]
    return json.dumps(kept)


def _named(name: object, what: str) -> str:
    found = clean_name(str(name or "").strip()) if str(name or "").strip() else ""
    if not found or len(found) > MAX_NAME:
        raise EngineError(
            f"{what} needs a name", expected=f"1 to {MAX_NAME} characters",
            try_this="such as watch face",
        )  # fmt: skip
    return found
