"""The bars of a comparison: one for each cell of its variables, replicates with their spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from engine.experiments.comparison import Comparison, Variable, key
from engine.experiments.model import Experiment, MetricSpec

# `x`, `colour`, `facet`: place in `values` of the first, second, third variable, 0 without one.
# `low` and `high` span the replicates, or the stated error of a single value; null without either.
CELL_SCHEMA: dict[str, Any] = {
    "x": pl.Int32,
    "colour": pl.Int32,
    "facet": pl.Int32,
    "mean": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "deviation": pl.Float64,
    "known": pl.Int32,
    "models": pl.List(pl.Int32),
}


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """One metric of a comparison, ready to be drawn.

    Args:
        comparison: what is drawn: its variables and view.
        metric: the metric on the y axis.
        cells: one row a cell, columns `CELL_SCHEMA`.
        reference: value of the nearest common base, for a line; None: unknown or no base.
        low: least value that is drawn, spread and reference included; None: nothing is known.
        high: greatest.
    """

    comparison: Comparison
    metric: MetricSpec
    cells: pl.DataFrame
    reference: float | None
    low: float | None
    high: float | None


def chart(experiment: Experiment, comparison: Comparison, metric: MetricSpec) -> Chart:
    """Group the models of a comparison into its cells.

    The mean of a cell leaves unknown values out; `known` says how many it is of.
    """
    places = [_places(v) for v in comparison.variables[:3]]
    rows: dict[tuple[int, ...], list[int]] = {}
    for k, row in enumerate(comparison.rows):
        place = tuple(p[k] for p in places) + (0,) * (3 - len(places))
        rows.setdefault(place, []).append(row)
    made = [_cell(experiment, metric, place, inside) for place, inside in sorted(rows.items())]
    cells = pl.DataFrame(made, CELL_SCHEMA, orient="row")
    base = comparison.base
    reference = experiment.frame[metric.column][base] if base >= 0 else None
    drawn = [v for c in ("mean", "low", "high") for v in cells[c] if v is not None]
    drawn += [reference] if reference is not None else []
    return Chart(
        comparison, metric, cells, reference, min(drawn, default=None), max(drawn, default=None)
    )


def _places(v: Variable) -> list[int]:
    """Where each model's value stands on the variable's axis."""
    at = {key(value): n for n, value in enumerate(v.values)}
    return [at[key(cell)] for cell in v.cells]


def _cell(
    experiment: Experiment, metric: MetricSpec, place: tuple[int, ...], rows: list[int]
) -> tuple[Any, ...]:
    values = [v for v in experiment.frame[metric.column].gather(rows).to_list() if v is not None]
    if not values:
        return (*place, None, None, None, None, 0, rows)
    mean = float(np.mean(values))
    low = high = deviation = None
    if len(values) > 1:
        low, high = min(values), max(values)
        deviation = float(np.std(values, ddof=1))
    elif len(rows) == 1:
        error = experiment.models[rows[0]].errors.get(metric.name, metric.error)
        if error is not None:
            low, high = mean - error, mean + error
    return (*place, mean, low, high, deviation, len(values), rows)
