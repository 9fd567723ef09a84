"""Budgets: limits on metrics, what passes, how far the others are, and what relaxing one buys.

A budget, a brush and a typed bound are one object.  A model with an unknown value neither passes
nor fails: it is its own case.  When nothing passes, nothing passes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from engine.errors import EngineError
from engine.experiments.identity import digest_of
from engine.experiments.model import Direction, Experiment, MetricSpec, metric

MAX_BOUNDS = 50
MAX_SETS = 100
# `passes`: null where a value is unknown and no known one fails.  `worst`: the bound that is missed
# the most, its place, -1 none.  `slack`: of that bound or, when all are met, of the tightest, as
# share of the metric's range; negative: missed.
VERDICT_SCHEMA: dict[str, Any] = {
    "row": pl.Int32,
    "passes": pl.Boolean,
    "missed": pl.Int32,
    "unknown": pl.Int32,
    "worst": pl.Int32,
    "slack": pl.Float64,
}
# The best value of the goal that is within reach when the limit is `limit`.
RELAXATION_SCHEMA: dict[str, Any] = {"limit": pl.Float64, "best": pl.Float64, "row": pl.Int32}


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit on one metric, both ends included.

    Args:
        metric: its name.
        low: least value; None: no limit.
        high: greatest value; None: no limit.
    """

    metric: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class BudgetSet:
    """Named bounds that must all be met."""

    name: str
    bounds: tuple[Bound, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Feasible:
    """What passes some bounds.

    Args:
        bounds: the limits.
        passing: rows of the models that pass.
        unknown: rows of which nobody knows, because a value is missing and no other bound fails.
        best: row of the passing model that is best by the goal; None: none passes, or no goal.
        verdicts: one row a model, columns `VERDICT_SCHEMA`.
        slack: for each bound one column "s0", "s1" ..: distance to the nearer limit in the metric's
            own unit, negative when missed, null when unknown.
    """

    bounds: tuple[Bound, ...]
    passing: tuple[int, ...]
    unknown: tuple[int, ...]
    best: int | None
    verdicts: pl.DataFrame
    slack: pl.DataFrame


def bound(experiment: Experiment, name: str, low: Any = None, high: Any = None) -> Bound:
    """A sound bound.

    Raises:
        EngineError: no such metric, a limit that is no finite number, or low above high.
    """
    metric(experiment, name)
    for value in (low, high):
        if value is not None and (
            isinstance(value, bool) or not isinstance(value, (int, float))
            or not math.isfinite(value)
        ):  # fmt: skip
            raise EngineError("a limit is no number", name, "a finite number", repr(value)[:40])
    if low is not None and high is not None and low > high:
        raise EngineError("the lower limit lies above the upper", name, found=f"{low:g} > {high:g}")
    return Bound(name, None if low is None else float(low), None if high is None else float(high))


def feasible(
    experiment: Experiment, bounds: Sequence[Bound], goal: str = "",
    direction: Direction = "",
) -> Feasible:  # fmt: skip
    """Judge every model against bounds; all of them must hold.

    Args:
        experiment: the models.
        bounds: limits; none: every model passes.
        goal: metric by which the best passing model is named; "" none.
        direction: of the goal, where it shall not be the metric's own.

    Raises:
        EngineError: no such metric, or too many bounds.
    """
    if len(bounds) > MAX_BOUNDS:
        raise EngineError("too many bounds", "budget", f"at most {MAX_BOUNDS}", str(len(bounds)))
    count = len(experiment.models)
    slacks = np.full((count, len(bounds)), np.inf)
    shares = slacks.copy()
    for k, b in enumerate(bounds):
        spec = metric(experiment, b.metric)
        values = experiment.frame[spec.column].to_numpy()
        low = values - b.low if b.low is not None else np.full(count, np.inf)
        high = b.high - values if b.high is not None else np.full(count, np.inf)
        slacks[:, k] = np.where(np.isnan(values), np.nan, np.minimum(low, high))
        shares[:, k] = slacks[:, k] / _range(values)
    blank = np.isnan(slacks)
    missed = (~blank & (slacks < 0)).sum(axis=1)
    unknown = blank.sum(axis=1)
    filled = np.where(blank, np.inf, shares)
    worst = filled.argmin(axis=1) if len(bounds) else np.full(count, -1)
    least = filled.min(axis=1) if len(bounds) else np.full(count, np.inf)
    passing = np.flatnonzero((missed == 0) & (unknown == 0))
    open_ = np.flatnonzero((missed == 0) & (unknown > 0))
    verdicts = pl.DataFrame(
        {
            "row": np.arange(count),
            "passes": [False if m else None if u else True
                       for m, u in zip(missed.tolist(), unknown.tolist(), strict=True)],
            "missed": missed, "unknown": unknown,
            "worst": np.where(np.isfinite(least), worst, -1),
            "slack": [float(v) if math.isfinite(v) else None for v in least],
        },
        VERDICT_SCHEMA, strict=False,
    )  # fmt: skip
    told = pl.DataFrame({
        f"s{k}": pl.Series([v if math.isfinite(v) else None for v in slacks[:, k].tolist()],
                           dtype=pl.Float64)
        for k in range(len(bounds))
    })  # fmt: skip
    best = _best(experiment, passing.tolist(), goal, direction) if goal else None
    return Feasible(
        tuple(bounds), tuple(passing.tolist()), tuple(open_.tolist()), best, verdicts, told
    )  # fmt: skip


def relaxation(
    experiment: Experiment, bounds: Sequence[Bound], which: int, goal: str,
    direction: Direction = "",
) -> pl.DataFrame:  # fmt: skip
    """The best reachable value of a goal as one bound moves and the others stay.

    Only the limits at which the best changes are listed, from the tightest on, so the curve is a
    staircase; columns `RELAXATION_SCHEMA`.  The bound moves at the end that it limits (the upper
    one when it limits both).

    Raises:
        EngineError: there is no such bound or metric.
    """
    if not 0 <= which < len(bounds):
        raise EngineError("no such bound", "budget", f"0 to {len(bounds) - 1}", str(which))
    moved = bounds[which]
    others = [b for k, b in enumerate(bounds) if k != which]
    rows = feasible(experiment, others).passing
    spec, aim = metric(experiment, moved.metric), metric(experiment, goal)
    down = (direction or aim.direction) != "higher"
    upper = moved.high is not None or moved.low is None
    limits, goals = experiment.frame[spec.column].to_list(), experiment.frame[aim.column].to_list()
    known = [r for r in rows if limits[r] is not None and goals[r] is not None
             and (not upper or moved.low is None or limits[r] >= moved.low)]  # fmt: skip
    known.sort(key=lambda r: (limits[r] if upper else -limits[r], goals[r] if down else -goals[r]))
    steps: list[tuple[float, float, int]] = []
    for r in known:
        if not steps or (goals[r] < steps[-1][1] if down else goals[r] > steps[-1][1]):
            steps.append((limits[r], goals[r], r))
    return pl.DataFrame(steps, RELAXATION_SCHEMA, orient="row")


def _best(
    experiment: Experiment, rows: Sequence[int], goal: str, direction: Direction
) -> int | None:
    spec: MetricSpec = metric(experiment, goal)
    values = experiment.frame[spec.column].to_list()
    known = [r for r in rows if values[r] is not None]
    if not known:
        return None
    if (direction or spec.direction) == "higher":
        return max(known, key=lambda r: (values[r], -r))
    return min(known, key=lambda r: (values[r], r))


def _range(values: Any) -> float:
    known = values[~np.isnan(values)]
    span = float(np.ptp(known)) if len(known) else 0.0
    return span or 1.0


def read_sets(document: Mapping[str, Any], experiment: Experiment) -> tuple[BudgetSet, ...]:
    """The named budgets that a file carries (field `budgets`); unsound ones are left out."""
    made = []
    given = document.get("budgets")
    for entry in given[:MAX_SETS] if isinstance(given, list) else []:
        try:
            bounds = tuple(
                bound(experiment, b["metric"], b.get("min"), b.get("max")) for b in entry["bounds"]
            )
            made.append(BudgetSet(str(entry["name"])[:200], bounds[:MAX_BOUNDS]))
        except (EngineError, KeyError, TypeError, AttributeError):
            continue
    return tuple(made)


def with_sets(experiment: Experiment, sets: Sequence[BudgetSet]) -> Experiment:
    """The experiment with these named budgets in its file, in place of those it had.

    Raises:
        EngineError: a name is empty or stands twice, or there are too many.
    """
    names = [s.name.strip() for s in sets]
    if len(sets) > MAX_SETS or "" in names or len(set(names)) < len(names):
        raise EngineError("names must be given and differ", "budgets", f"at most {MAX_SETS}")
    listed = [
        {"name": name, "bounds": [
            {"metric": b.metric} | ({"min": b.low} if b.low is not None else {})
            | ({"max": b.high} if b.high is not None else {}) for b in s.bounds]}
        for name, s in zip(names, sets, strict=True)
    ]  # fmt: skip
    body = {k: v for k, v in experiment.document.items() if k != "budgets"}
    body |= {"budgets": listed} if listed else {}
    return replace(experiment, document=body, digest=digest_of(body))


_TEXT = re.compile(r"(.+?)\s*(<=|>=|≤|≥|<|>|=)\s*([-+\d.eE_]+)\s*([kKMG%]?)\s*\Z", re.DOTALL)
_SCALE = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "%": 0.01}


def read_bound(experiment: Experiment, text: str) -> Bound:
    """A bound as people write it: "Model Size<=5M", "Top-1 Accuracy >= 75%", "Epochs=90".

    The ends belong to it, so < and <= are the same.

    Raises:
        EngineError: it cannot be read, or names no metric.
    """
    found = _TEXT.match(text.strip()[:1000])
    if not found:
        raise EngineError("cannot be read", "budget", "such as Model Size<=5M", repr(text[:80]))
    try:
        limit = float(found[3]) * _SCALE[found[4]]
    except ValueError:
        raise EngineError("the limit is no number", "budget", found=repr(found[3][:40])) from None
    low = limit if found[2] in {">=", "≥", ">", "="} else None
    high = limit if found[2] in {"<=", "≤", "<", "="} else None
    return bound(experiment, found[1], low, high)
