"""What fits some bounds: the best of it, what relaxing a bound would buy, the fronts of the charts.

The bounds come from a browser: columns, sides and figures are all checked here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.queries.experiment_words import Shown, quality_of, recipe_words, shown
from dashboard.urls_experiment import CHARTS, ExperimentView
from engine import experiments
from engine.experiments import Bound, Experiment, Feasible, MetricSpec

MAX_BOUNDS = 50


@dataclass(frozen=True, slots=True)
class Answer:
    """What the page shows beside the counts.

    Args:
        best: row of the best model that fits; None: none fits, or nothing says what is best.
        best_words: its name and figures.
        unknown: models that neither fit nor fail, because a value is unknown.
        relax: one sentence on what relaxing a bound buys, or on what is nearest; "".
        relax_row: the model of that sentence; None without one.
        fronts: of the charts, {"x", "y", "rows", "knee"}; None where a chart has none.
    """

    best: int | None
    best_words: tuple[str, str]
    unknown: int
    relax: str
    relax_row: int | None
    fronts: list[dict[str, Any] | None]


def asked(view: ExperimentView) -> dict[str, Any]:
    """What an address asks to be judged."""
    return {
        "where": [[c.column, c.operator, c.value] for c in view.conditions],
        "unknown": list(view.unknown),
        "charts": [list(pair) for pair in view.charts],
    }


def bounds_of(experiment: Experiment, where: object) -> tuple[Bound, ...]:
    """The bounds of a filter, one a metric; what is none is left out.

    Raises:
        EngineError: a lower limit above the upper.
    """
    specs = {m.column: m for m in experiment.metrics}
    found: dict[str, dict[str, float]] = {}
    for one in where[: 2 * MAX_BOUNDS] if isinstance(where, list) else ():
        if not (isinstance(one, list) and len(one) == 3) or not isinstance(one[0], str):
            continue
        column, side, value = one
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if column in specs and side in ("ge", "le") and number and math.isfinite(value):
            found.setdefault(column, {})[side] = float(value)
    return tuple(
        experiments.bound(experiment, specs[c].name, sides.get("ge"), sides.get("le"))
        for c, sides in found.items()
    )


def answer(experiment: Experiment, ask: Mapping[str, Any]) -> Answer:
    """Judge the models.

    Args:
        experiment: of the page.
        ask: {"where": [[column, side, value] …], "unknown": [column …], "charts": [[x, y] …]}.

    Raises:
        EngineError: the bounds contradict each other.
    """
    bounds = bounds_of(experiment, ask.get("where"))
    goal = quality_of(experiment)
    judged = experiments.feasible(experiment, bounds, goal.name if goal else "")
    passing = sorted({*judged.passing, *_let_through(experiment, judged, ask.get("unknown"))})
    best = judged.best if bounds else None
    relax, row = _relaxed(experiment, judged, goal) if bounds and goal else ("", None)
    return Answer(
        best=best,
        best_words=_words(experiment, best, bounds, goal) if best is not None else ("", ""),
        unknown=len(judged.unknown),
        relax=relax,
        relax_row=row,
        fronts=_fronts(experiment, ask.get("charts"), passing),
    )


def _let_through(experiment: Experiment, judged: Feasible, unknown: object) -> list[int]:
    """Models of unknown values that are to pass: those whose unknown metrics were all named."""
    let = {c for c in unknown if isinstance(c, str)} if isinstance(unknown, list) else set()
    specs = {m.name: m.column for m in experiment.metrics}
    columns = [specs[b.metric] for b in judged.bounds]
    return [
        r
        for r in (judged.unknown if let else ())
        if all(c in let or experiment.frame[c][r] is not None for c in columns)
    ]


def _how(experiment: Experiment, name: str) -> Shown:
    spec = next(m for m in experiment.metrics if m.name == name)
    return shown(spec, experiment.frame[spec.column].to_list())


def _value(experiment: Experiment, name: str, row: int) -> float | None:
    how = _how(experiment, name)
    found: float | None = experiment.frame[how.spec.column][row]
    return found


def _words(
    experiment: Experiment, row: int, bounds: Sequence[Bound], goal: MetricSpec | None
) -> tuple[str, str]:
    """The name of a model, and its figures in what is bounded and aimed at."""
    names = dict.fromkeys([*(b.metric for b in bounds), *([goal.name] if goal else [])])
    told = [_how(experiment, n).text(_value(experiment, n, row)) for n in list(names)[:3]]
    error = experiment.models[row].errors.get(goal.name, goal.error) if goal else None
    if goal and error is not None:
        how = _how(experiment, goal.name)
        told[-1] += f" ± {error * how.scale:.2g}"
    return recipe_words(experiment, row), ", ".join(told)


def _relaxed(experiment: Experiment, judged: Feasible, goal: MetricSpec) -> tuple[str, int | None]:
    """What the smallest step of one bound buys; when nothing fits, the least that has to give."""
    now = experiment.frame[goal.column][judged.best] if judged.best is not None else None
    offers: list[tuple[float, str, int]] = []
    for k, b in enumerate(judged.bounds):
        if b.metric == goal.name and judged.best is not None:
            continue  # a lower aim is no gain
        how, aim = _how(experiment, b.metric), _how(experiment, goal.name)
        upper = b.high is not None
        limit = b.high if b.high is not None else b.low
        if limit is None:
            continue
        for at, best, row in experiments.relaxation(
            experiment, judged.bounds, k, goal.name
        ).iter_rows():
            beyond = at > limit if upper else at < limit
            better = now is None or (best > now if goal.direction == "higher" else best < now)
            if beyond and better:
                size = abs(at - limit) / (abs(limit) or 1.0)
                word = "relax" if judged.passing else "nothing fits: relax"
                gain = f"{aim.text(best)} {goal.name}"
                offers.append((size, f"{word} {b.metric} to {how.text(at)} → {gain}", row))
                break
    if not offers:
        return ("", None) if judged.passing else ("no single bound would help", None)
    _, sentence, row = min(offers)
    return sentence, row


def _fronts(
    experiment: Experiment, charts: object, passing: Sequence[int]
) -> list[dict[str, Any] | None]:
    specs = {m.column: m.name for m in experiment.metrics}
    found: list[dict[str, Any] | None] = []
    for pair in charts[:CHARTS] if isinstance(charts, list) else ():
        good = isinstance(pair, list) and len(pair) == 2 and all(isinstance(c, str) for c in pair)
        if not good or pair[0] not in specs or pair[1] not in specs or pair[0] == pair[1]:
            found.append(None)
            continue
        front = experiments.pareto(experiment, [specs[c] for c in pair], among=passing)
        found.append({"x": pair[0], "y": pair[1], "rows": list(front.rows), "knee": front.knee})
    return found
