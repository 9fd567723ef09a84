"""How selected models differ: the comparison narrowed by what is kept, its charts, its table.

What to keep comes from a browser: {"<variable>": [places of values]}; odd entries are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import engine
from dashboard.queries.experiment_words import Shown, cost_of, quality_of, shown
from engine import experiments
from engine.experiments import Chart, Comparison, Effect, Experiment, Variable

MOST_CHARTS = 6
MOST_ROWS = 200
MOST_FACETS = 6
MOST_VALUES = 40  # chips of one variable


@dataclass(frozen=True, slots=True)
class Chip:
    """One value of a variable that may be kept: words, how many models, whether it is."""

    key: str
    text: str
    count: int
    kept: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """What the pane shows of several models.

    Args:
        comparison: of what is kept.
        charts: one for each primary metric that is known, at most `MOST_CHARTS`.
        shown: how each chart's metric is shown.
        refine: (variable, its chips) of the whole selection.
        narrowed: something is left out by what is kept.
        rows: of the models that are compared.
    """

    comparison: Comparison
    charts: tuple[Chart, ...]
    shown: tuple[Shown, ...]
    refine: tuple[tuple[str, tuple[Chip, ...]], ...]
    narrowed: bool
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OperationEffect:
    """What an operation did to a metric over all models it was applied to.

    Args:
        operation: its name.
        count: models that it made, with a base.
        by_metric: what it did to each metric, in the order of `effects`.
    """

    operation: str
    count: int
    by_metric: tuple[Effect, ...]


def compared(
    experiment: Experiment, rows: Sequence[int], keep: Mapping[str, Any]
) -> Compared | None:
    """Compare models; None for fewer than two."""
    ids = [experiment.models[k].id for k in rows if 0 <= k < len(experiment.models)]
    if len(ids) < 2:
        return None
    whole = engine.compare_models(experiment, ids)
    refine, rest = _refined(whole, keep)
    narrowed = len(rest) < len(whole.rows)
    enough = len(rest) > 1
    chosen = [experiment.models[k].id for k in rest]
    found = engine.compare_models(experiment, chosen) if narrowed and enough else whole
    specs = [m for m in experiment.primary if experiment.frame[m.column].gather(rest).count()]
    charts = tuple(experiments.chart(experiment, found, m) for m in specs[:MOST_CHARTS])
    how = tuple(shown(c.metric, experiment.frame[c.metric.column].to_list()) for c in charts)
    return Compared(found, charts if enough else (), how, refine, narrowed, tuple(rest))


def _refined(
    whole: Comparison, keep: Mapping[str, Any]
) -> tuple[tuple[tuple[str, tuple[Chip, ...]], ...], list[int]]:
    """The chips of every variable, and the models that pass what is kept.

    A model passes when, of each variable, it has one of the kept values.
    """
    chips, passes = [], [True] * len(whole.rows)
    for n, variable in enumerate(whole.raw):
        wanted = keep.get(str(n))
        places = {k for k in wanted if isinstance(k, int)} if isinstance(wanted, list) else set()
        at = _places(variable)
        row = [
            Chip(f"{n}.{k}", words(value), at.count(k), k in places)
            for k, value in enumerate(variable.values[:MOST_VALUES])
        ]
        chips.append((variable.name, tuple(row)))
        if places:
            passes = [on and p in places for on, p in zip(passes, at, strict=True)]
    return tuple(chips), [r for r, on in zip(whole.rows, passes, strict=True) if on]


def _places(variable: Variable) -> list[int]:
    """Where each model's value stands among the variable's."""
    order = {(type(v) is bool, v): k for k, v in enumerate(variable.values)}
    return [order[type(c) is bool, c] for c in variable.cells]


def words(value: Any) -> str:
    """A value on a chip or an axis: "none" where the variable does not apply."""
    return "none" if value is None else experiments.shown(value)


def effects(experiment: Experiment) -> tuple[tuple[Shown, ...], tuple[OperationEffect, ...]]:
    """What every operation did to quality and cost, the most used first."""
    specs = [m for m in (quality_of(experiment), cost_of(experiment)) if m is not None]
    how = tuple(shown(m, experiment.frame[m.column].to_list()) for m in specs)
    made = []
    used = {m.operation.name for m in experiment.models if m.operation and m.base}
    for operation in experiment.operations[:MOST_VALUES]:
        if operation.name not in used:
            continue
        found = [experiments.effect(experiment, operation.name, m) for m in specs]
        if found and found[0].count:
            made.append(OperationEffect(operation.name, found[0].count, tuple(found)))
    made.sort(key=lambda e: -e.count)
    return how, tuple(made)
