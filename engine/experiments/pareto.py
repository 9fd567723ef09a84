"""Trade-offs: which models no other beats, how far the others are, and where the curve bends.

A model dominates another when it is at least as good in every metric and better in one.  Models
with equal values do not dominate each other, so ties stay.  A model with an unknown value takes no
part: nobody knows whether it is beaten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.errors import EngineError
from engine.experiments.model import Direction, Experiment, MetricSpec, metric

MAX_METRICS = 6
_CHUNK = 512  # models that are compared with the front at once
# `beaten_by`: how many dominate it, when asked for; `distance`: how much it lacks, as share of the
# metrics' ranges, to be on the front; all null where a value is unknown.
FRONT_SCHEMA: dict[str, Any] = {
    "row": pl.Int32,
    "front": pl.Boolean,
    "beaten_by": pl.Int32,
    "distance": pl.Float64,
}
_Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Front:
    """The Pareto front of an experiment.

    Args:
        metrics: what was traded off.
        directions: which values are better, for each.
        rows: models on the front, the best of the first metric first.
        knee: row where giving up one metric for the other stops paying; None: the front has fewer
            than three different points.
        models: one row a model, columns `FRONT_SCHEMA`.
        unknown: models left out because a value is unknown.
        assumed: metrics whose direction is a guess.
    """

    metrics: tuple[MetricSpec, ...]
    directions: tuple[Direction, ...]
    rows: tuple[int, ...]
    knee: int | None
    models: pl.DataFrame
    unknown: int
    assumed: tuple[str, ...]


def pareto(
    experiment: Experiment,
    names: Sequence[str],
    directions: Mapping[str, Direction] | None = None,
    among: Sequence[int] | None = None,
    counts: bool = False,
) -> Front:
    """The front of two or more metrics.

    Args:
        experiment: the models.
        names: metrics, each once, 1 to 6.
        directions: metric -> "higher" or "lower", where it shall not be the metric's own; a metric
            whose direction nobody knows is taken as lower is better.
        among: rows that take part; None: all.
        counts: fill `beaten_by` too, which takes longer than all the rest.

    Raises:
        EngineError: no such metric, or too few or too many of them.
    """
    specs, ways = _asked(experiment, names, directions)
    said = directions or {}
    rows = np.arange(len(experiment.models)) if among is None else np.unique(np.asarray(among, int))
    costs = _costs(experiment, specs, ways, rows)
    known = ~np.isnan(costs).any(axis=1)
    part = costs[known]
    best = front_of(part)
    beaten = _beaten(part) if counts else None
    distance = _distance(part, part[best])
    order = np.lexsort([*part[best].T[::-1]])
    front_rows = rows[known][best][order]
    at = np.full(len(rows), -1)
    at[known] = np.arange(len(part))
    frame = pl.DataFrame(
        {
            "row": rows,
            "front": [bool(best[k]) if k >= 0 else None for k in at],
            "beaten_by": [int(beaten[k]) if beaten is not None and k >= 0 else None for k in at],
            "distance": [float(distance[k]) if k >= 0 else None for k in at],
        },
        FRONT_SCHEMA,
        strict=False,
    )
    assumed = tuple(s.name for s in specs if not s.stated and not said.get(s.name))
    knee = _knee(part[best][order])
    return Front(
        specs, ways, tuple(int(r) for r in front_rows),
        int(front_rows[knee]) if knee is not None else None,
        frame, int((~known).sum()), assumed,
    )  # fmt: skip


def beaters(
    experiment: Experiment,
    row: int,
    names: Sequence[str],
    directions: Mapping[str, Direction] | None = None,
    among: Sequence[int] | None = None,
) -> tuple[int, ...]:
    """Rows of the models that dominate one, ascending; () also when a value of it is unknown.

    Args:
        experiment: the models.
        row: of the model that may be beaten.
        names: metrics, as for `pareto`.
        directions: as for `pareto`.
        among: rows that may beat it; None: all.

    Raises:
        EngineError: no such metric, or too few or too many of them.
    """
    specs, ways = _asked(experiment, names, directions)
    costs = _costs(experiment, specs, ways, np.arange(len(experiment.models)))
    own = costs[row]
    beats = (costs <= own).all(axis=1) & (costs < own).any(axis=1)  # false where unknown
    if among is not None:
        part = np.zeros(len(costs), dtype=bool)
        part[np.asarray(among, int)] = True
        beats &= part
    return tuple(np.flatnonzero(beats).tolist())


def _asked(
    experiment: Experiment, names: Sequence[str], directions: Mapping[str, Direction] | None
) -> tuple[tuple[MetricSpec, ...], tuple[Direction, ...]]:
    specs = tuple(metric(experiment, n) for n in dict.fromkeys(names))
    if not 1 <= len(specs) <= MAX_METRICS:
        raise EngineError("takes 1 to 6 metrics", "Pareto front", found=str(len(specs)))
    said = directions or {}
    return specs, tuple(said.get(s.name) or s.direction or "lower" for s in specs)


def _costs(
    experiment: Experiment, specs: Sequence[MetricSpec], ways: Sequence[Direction],
    rows: NDArray[np.int64],
) -> _Matrix:  # fmt: skip
    """(rows, metrics): values of which lower is better, NaN unknown."""
    if not len(rows):
        return np.empty((0, len(specs)))
    return np.stack([
        experiment.frame[s.column].to_numpy()[rows] * (1.0 if way == "lower" else -1.0)
        for s, way in zip(specs, ways, strict=True)
    ], axis=1)  # fmt: skip


def front_of(costs: _Matrix) -> NDArray[np.bool_]:
    """Which rows of (models, metrics) no other row dominates; lower is better.

    Sorted by the sum of ranks a row can only be dominated by one before it.
    """
    best = np.zeros(len(costs), dtype=bool)
    if not len(costs):
        return best
    order = np.lexsort([*costs.T[::-1]])
    kept = np.empty((0, costs.shape[1]))
    for start in range(0, len(order), _CHUNK):
        chunk = order[start : start + _CHUNK]
        values = costs[chunk]
        alive = ~_dominated(values, kept)
        alive[alive] = ~_dominated(values[alive], values[alive])
        best[chunk[alive]] = True
        kept = np.concatenate([kept, np.unique(values[alive], axis=0)])
    return best


def _dominated(values: _Matrix, by: _Matrix) -> NDArray[np.bool_]:
    """Which rows some row of the second dominates."""
    no_worse = np.ones((len(values), len(by)), dtype=bool)
    better = np.zeros_like(no_worse)
    for k in range(values.shape[1]):
        no_worse &= by[None, :, k] <= values[:, None, k]
        better |= by[None, :, k] < values[:, None, k]
    return np.asarray((no_worse & better).any(axis=1))


def _beaten(costs: _Matrix) -> NDArray[np.int64]:
    """By how many each is dominated; in pieces, for 6,000 x 6,000 pairs would take 36 MB each."""
    made = np.zeros(len(costs), dtype=np.int64)
    for start in range(0, len(costs), _CHUNK):
        values = costs[start : start + _CHUNK]
        no_worse = np.ones((len(values), len(costs)), dtype=bool)
        same = np.ones_like(no_worse)
        for k in range(costs.shape[1]):
            no_worse &= costs[None, :, k] <= values[:, None, k]
            same &= costs[None, :, k] == values[:, None, k]
        made[start : start + _CHUNK] = (no_worse & ~same).sum(axis=1)
    return made


def _distance(costs: _Matrix, best: _Matrix) -> _Matrix:
    """How much every metric would have to improve at once for no front model to be better in all.

    In shares of each metric's range: the additive epsilon of the multi-objective literature
    (Zitzler et al., IEEE TEC 7(2), 2003), of one point against the front.
    """
    if not len(costs):
        return np.empty(0)
    span = costs.max(axis=0) - costs.min(axis=0)
    scale = np.where(span > 0, span, 1.0)
    made = np.full(len(costs), -np.inf)
    points = np.unique(best, axis=0) / scale
    for start in range(0, len(costs), _CHUNK):
        values = costs[start : start + _CHUNK] / scale
        least = np.full((len(values), len(points)), np.inf)
        for k in range(costs.shape[1]):
            if span[k] > 0:
                least = np.minimum(least, values[:, None, k] - points[None, :, k])
        made[start : start + _CHUNK] = least.max(axis=1) if span.any() else 0.0
    return np.maximum(made, 0.0)


def _knee(front: _Matrix) -> int | None:
    """The front's point farthest from the plane through its extremes, on unit ranges.

    For two metrics the point of greatest distance from the chord (Branke et al., PPSN VIII, 2004).
    """
    if len(np.unique(front, axis=0)) < 3 or front.shape[1] < 2:
        return None
    low, span = front.min(axis=0), np.ptp(front, axis=0)
    unit = (front - low) / np.where(span > 0, span, 1.0)
    total = unit[:, span > 0].sum(axis=1)
    return int(total.argmin())
