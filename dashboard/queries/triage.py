"""Where a model's time goes, in a few figures."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

FOCUS = 0.8  # share of latency that the strip names tasks for
OFFENDERS = 5


@dataclass(frozen=True, slots=True)
class Offender:
    """A row that takes much of the time: its id, name, share of latency, what bounds it."""

    task: int
    name: str
    share: float
    bound: str


@dataclass(frozen=True, slots=True)
class Triage:
    """Where the time goes.  Shares are of the latency that is known.

    Args:
        bound: (what bounds, share), largest first.
        kernels: (kernel class, share), largest first.
        offenders: the slowest rows, the slowest first.
        focus: ids of the fewest rows that make `focus_share` of the latency, the slowest first.
        tasks, conversions: rows of the model, counted apart.
        focus_conversions: how many of `focus` are conversions.
        unknown: rows without a latency.
    """

    bound: tuple[tuple[str, float], ...]
    kernels: tuple[tuple[str, float], ...]
    offenders: tuple[Offender, ...]
    focus: tuple[int, ...]
    focus_share: float
    focus_conversions: int
    tasks: int
    conversions: int
    unknown: int


def triage(frame: pl.DataFrame) -> Triage | None:
    """Where the time goes; None when nothing is priced.

    Args:
        frame: the rows of a model page, one a task or conversion: task_id, name, origin, kernel,
            bound_by, latency_s.
    """
    # equal times in the order of the tasks, as the browser sorts them
    slow = frame.filter(pl.col("latency_s") > 0).sort(
        "latency_s", "task_id", descending=[True, False]
    )
    total = float(slow["latency_s"].sum())
    if not total:
        return None
    running = slow["latency_s"].cum_sum() / total
    take = min(int((running < FOCUS).sum()) + 1, len(slow))
    conversion = frame["origin"] == "conversion"
    first = slow.head(OFFENDERS).select("task_id", "name", "latency_s", "bound_by", "origin")
    return Triage(
        bound=_shares(slow, "bound_by", total),
        kernels=_shares(slow, "kernel", total),
        offenders=tuple(
            Offender(id, f"convert {name}" if origin == "conversion" else name, latency / total,
                     bound or "other")
            for id, name, latency, bound, origin in first.iter_rows()
        ),
        focus=tuple(slow["task_id"][:take].to_list()),
        focus_share=float(running[take - 1]),
        focus_conversions=int((slow["origin"][:take] == "conversion").sum()),
        tasks=len(frame) - int(conversion.sum()),
        conversions=int(conversion.sum()),
        unknown=int(frame["latency_s"].is_null().sum()),
    )  # fmt: skip


def _shares(frame: pl.DataFrame, column: str, total: float) -> tuple[tuple[str, float], ...]:
    sums = (
        frame.group_by(column)
        .agg(pl.col("latency_s").sum())
        .sort("latency_s", column, descending=[True, False])
    )
    return tuple(
        (name or "other", value / total) for name, value in sums.select(column, "latency_s").rows()
    )
