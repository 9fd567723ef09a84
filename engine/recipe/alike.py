"""Rows that cost the same, found quickly: one of them is priced and stands for all.

Two rows are alike when two sums of all that they are, each with random factors, agree.  That two
rows which differ agree in both sums does not happen in the lifetime of a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.cost import Floats, Ints, Mask, Work
from engine.recipe.plan import Plan
from engine.recipe.rows import times

Columns = Sequence[NDArray[Any]]
# what a choice for other tasks can change in a row; all else belongs to the task
_MOVING = ("input_bytes", "output_bytes", "unit", "compute", "keep_in", "keep_out",
           "transfer_bytes", "hops", "live_bytes", "macs")  # fmt: skip
_KEPT = 4  # plans whose tasks are remembered


def alike(columns: Columns) -> tuple[Ints, Ints]:
    """Rows of which each stands for those that equal it in all columns, and for how many.

    Returns:
        Rows, ascending, and the number of rows that each stands for, itself included.
    """
    order, new = _sorted(columns)
    starts = np.flatnonzero(new)
    counts = np.diff(starts, append=len(order))
    rows = np.minimum.reduceat(order, starts) if len(starts) else order
    by_row = np.argsort(rows)
    return rows[by_row], counts[by_row]


def kinds(plan: Plan) -> Ints:
    """A number for each task: tasks with one cost the same wherever formats and units are the same.

    Made once for a plan.
    """
    kept: list[tuple[Work, Ints]] = plan.prepared.kept.setdefault("alike", [])
    for work, found in kept:
        if work is plan.work:
            return found
    p, c = plan.prepared, plan.choice
    still = [getattr(plan.work, n)[: p.count] for n in Work.__slots__ if n not in _MOVING]
    own = [p.columns[name] for name in ("input_bytes", "output_bytes", "macs")]
    own += times(p) if p.calibrated is not None else ()
    order, new = _sorted([*still, *own, p.kind, c.pattern, c.structured, c.sparsity])
    found = np.empty(p.count, np.int64)
    found[order] = np.cumsum(new) - 1
    kept[:] = [*kept[1 - _KEPT :], (plan.work, found)]
    return found


def _sorted(columns: Columns) -> tuple[Ints, Mask]:
    """Rows with equal ones side by side, and where another kind of row begins."""
    first, second = np.zeros(len(columns[0])), np.zeros(len(columns[0]))
    factors = np.random.default_rng(0).random((2, len(columns))) + 0.5
    for column, one, other in zip(columns, *factors, strict=True):
        values: Floats = np.asarray(column, np.float64)
        low, high = values.min(initial=np.inf), values.max(initial=-np.inf)
        if np.isnan(low):
            values = np.where(np.isnan(values), -1.0, values)
            low, high = values.min(), values.max()
        if low < high:
            size = max(-low, high)
            first += values * (one / size)
            second += values * (other / size)
    order = np.argsort(first)
    first, second = first[order], second[order]
    new = np.ones(len(order), bool)
    new[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    return order, new
