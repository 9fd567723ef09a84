"""What an operation does to a metric, over all the models it was applied to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from engine.errors import EngineError
from engine.experiments.model import Experiment, MetricSpec

# One row an application: `before` of the base, `after` of the model; `change` is null where either
# is unknown, `relative` also where `before` is 0.
EFFECT_SCHEMA: dict[str, Any] = {
    "row": pl.Int32,
    "base_row": pl.Int32,
    "operation": pl.String,
    "parameters": pl.String,
    "context": pl.String,
    "before": pl.Float64,
    "after": pl.Float64,
    "change": pl.Float64,
    "relative": pl.Float64,
}


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """An operation's effect on a metric.

    Args:
        operation: its name.
        metric: of which.
        cases: one row an application, columns `EFFECT_SCHEMA`, the worst first when the direction
            is known.
        count: applications; `known` of them have both values.
        mean: of the changes; None when none is known.
        median: of the changes.
        low: least change.
        high: greatest change.
        better: in how many the metric got better; None without a direction.
    """

    operation: str
    metric: MetricSpec
    cases: pl.DataFrame
    count: int
    known: int
    mean: float | None
    median: float | None
    low: float | None
    high: float | None
    better: int | None


def effect(experiment: Experiment, operation: str, metric: MetricSpec) -> Effect:
    """The effect of an operation over all its contexts (a context: what was done before it).

    Raises:
        EngineError: no model was made by it.
    """
    forest, models = experiment.forest, experiment.models
    values = experiment.frame[metric.column].to_list()
    rows: list[tuple[Any, ...]] = []
    for model in models:
        parent = forest.parent[model.row]
        if parent < 0 or model.operation is None or model.operation.name != operation:
            continue
        before, after = values[parent], values[model.row]
        change = after - before if before is not None and after is not None else None
        relative = change / abs(before) if change is not None and before else None
        step = models[parent].operation
        rows.append((
            model.row, parent, operation, model.operation.words[len(operation) + 2 : -1],
            step.words if step else models[parent].id, before, after, change, relative,
        ))  # fmt: skip
    if not rows:
        raise EngineError("no model was made by it", "operation", found=repr(operation[:80]))
    cases = pl.DataFrame(rows, EFFECT_SCHEMA, orient="row")
    down = metric.direction == "lower"
    cases = cases.sort("change", "row", descending=[down, False], nulls_last=True)
    known = cases["change"].drop_nulls()
    better = int(((known < 0) if down else (known > 0)).sum()) if metric.direction else None
    mean, median, low, high = (
        float(v) if v is not None else None  # type: ignore[arg-type]
        for v in (known.mean(), known.median(), known.min(), known.max())
    )
    return Effect(
        operation, metric, cases, cases.height, known.len(), mean, median, low, high, better
    )
