"""Which tasks a rule selects."""

from __future__ import annotations

import fnmatch
import operator
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import polars as pl

from engine.compile import KERNELS
from engine.cost import Floats, Mask
from engine.errors import EngineError
from engine.metrics import BY_ID
from engine.recipe.model import (
    AllOf,
    AnyOf,
    ByMetric,
    ByName,
    Dynamic,
    InGroup,
    InModule,
    Not,
    OfKernel,
    Selector,
)
from engine.recipe.prepare import Prepared

OPERATORS: Mapping[str, Callable[[Floats, float], Mask]] = MappingProxyType(
    {"gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le,
     "eq": operator.eq, "ne": operator.ne}
)  # fmt: skip
DYNAMIC = ("matmul", "attention")  # products of activations; a stored operand makes it a gemm
DEPTH = 8  # selectors inside selectors
Baseline = Callable[[], pl.DataFrame]  # gives the table of the baseline
_KEPT = 256  # masks that are remembered for a compilation


def selected(prepared: Prepared, selector: Selector, baseline: Baseline, where: str = "") -> Mask:
    """Mask of the tasks that a selector matches; [tasks].

    Args:
        prepared: the compilation.
        selector: as in `Rule`.
        baseline: gives the baseline's table, asked only for a metric.
        where: how to call the selector in an error.

    Raises:
        EngineError: it names a task, class or metric that does not exist.
    """
    kept: dict[Selector, Mask] = prepared.kept.setdefault("masks", {})
    if selector not in kept:
        found = _mask(prepared, selector, baseline, where, DEPTH)
        while len(kept) >= _KEPT:
            kept.pop(next(iter(kept)))
        kept[selector] = found
    return kept[selector]


def _mask(p: Prepared, s: Selector, baseline: Baseline, where: str, depth: int) -> Mask:
    if depth < 0:
        raise EngineError(f"selectors nest deeper than {DEPTH}", where)
    match s:
        case "all":
            return np.ones(p.count, bool)
        case tuple():
            return _tasks(p, s, where)
        case InGroup():
            return _tasks(p, s.tasks, where)
        case OfKernel():
            if s.kernel not in KERNELS:
                raise EngineError("no such kernel class", where, f"one of {', '.join(KERNELS)}",
                                  s.kernel)  # fmt: skip
            return np.asarray(p.columns["kernel"] == s.kernel, bool)
        case Dynamic():
            return np.isin(p.columns["kernel"].astype(str), DYNAMIC)
        case ByName():
            return _glob(p, "name", s.glob)
        case InModule():
            return _glob(p, "group", s.glob)
        case ByMetric():
            return _metric(p, s, baseline(), where)
        case Not():
            return ~_mask(p, s.part, baseline, where, depth - 1)
        case AllOf() | AnyOf():
            masks = [_mask(p, part, baseline, where, depth - 1) for part in s.parts]
            joined = np.logical_and if isinstance(s, AllOf) else np.logical_or
            start = np.full(p.count, isinstance(s, AllOf))
            return np.asarray(joined.reduce([start, *masks]), bool)
    raise EngineError("is no selector", where, '"all", task ids or a selector', str(s)[:80])


def _tasks(p: Prepared, ids: tuple[int, ...], where: str) -> Mask:
    mask = np.zeros(p.count, bool)
    if not ids:
        return mask
    at = np.array(ids)
    strange = at[(at < 0) | (at >= p.count)] if at.dtype.kind in "iu" else at
    if len(strange):
        raise EngineError(
            "names a task that this model does not have",
            where,
            f"ids from 0 to {p.count - 1}",
            str(strange[0])[:40],
            "the recipe may be of another model, or of another target; select by name instead",
        )
    mask[at] = True
    return mask


def _glob(p: Prepared, column: str, glob: str) -> Mask:
    pattern = re.compile(fnmatch.translate(glob))
    texts = p.columns[column]
    unique, inverse = np.unique(texts.astype(str), return_inverse=True)
    return np.array([bool(pattern.match(t)) for t in unique], bool)[inverse.reshape(-1)]


def _metric(p: Prepared, s: ByMetric, frame: pl.DataFrame, where: str) -> Mask:
    if s.metric not in BY_ID:
        raise EngineError("no such metric", where, f"one of {', '.join(BY_ID)}", s.metric[:80])
    if s.op not in OPERATORS:
        raise EngineError("no such comparison", where, f"one of {', '.join(OPERATORS)}", s.op[:80])
    values = _values(p, s.metric, frame.head(p.count))
    with np.errstate(invalid="ignore"):
        return np.asarray(OPERATORS[s.op](values, s.value), bool) & ~np.isnan(values)


def _values(p: Prepared, metric: str, frame: pl.DataFrame) -> Floats:
    """A metric of every task in the baseline, NaN where it is not known."""
    if metric in p.columns and metric not in frame.columns:
        return np.asarray(p.columns[metric], np.float64)
    if metric in frame.columns:
        return frame[metric].cast(pl.Float64).fill_null(np.nan).to_numpy()
    latency = _values(p, "latency_s", frame)
    total = float(np.nansum(latency))
    if metric == "memory_power_w":
        rate = min(p.target.fps.value, 1 / total) if total else 0.0
        return _values(p, "memory_energy_j", frame) * rate
    share = latency / total if total else np.full(p.count, np.nan)
    if metric == "share":
        return share
    order = np.argsort(-np.nan_to_num(share), kind="stable")
    summed = np.empty(p.count)
    summed[order] = np.cumsum(np.nan_to_num(share)[order])
    return np.where(np.isnan(share), np.nan, summed)
