"""Two sides or more beside each other, as the page of differences asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

import engine
from dashboard.queries.columns import display
from dashboard.queries.model import ModelQueries
from dashboard.urls import View
from engine.insight import Difference, Priced, formats

MS = 1e3
MOST_MODULES = 14  # bars of the waterfall; the rest is one


@dataclass(frozen=True, slots=True)
class Compared:
    """What changed from the first side to each of the others.

    Args:
        found: task by task, and both totals; one for each further side.
        modules: of the first pair: columns module, before, after, change, added, removed, s; the
            last row holds what is not of a task or of a small module.
        formats: of the first pair, see `engine.insight.formats`.
        rows: of the table, in the order of execution: key, kind, from, to (names; "" where there
            is none), a, b (their tasks or None), kernel, before, after, delta (ms), changes; of
            the k-th further side `to_k`, `kind_k`, `after_k`, `delta_k`, from k = 2.
    """

    found: tuple[Difference, ...]
    modules: pl.DataFrame
    formats: pl.DataFrame
    rows: tuple[dict[str, Any], ...]


def compared(ask: ModelQueries, *views: View) -> Compared:
    """Pair the tasks of the first of some views with those of each other.

    Raises:
        EngineError: no such model or target.
    """
    first, *others = (Priced(ask.compilation(view), ask.resolution(view)) for view in views)
    found = tuple(engine.difference(first, other) for other in others)
    modules = _largest(found[0], found[0].split(changed=True))
    rows = _rows(found[0])
    for k, more in enumerate(found[1:], 2):
        rows = _beside(rows, _rows(more), k)
    return Compared(found, modules, formats(found[0], first, others[0]), tuple(rows))


def _largest(found: Difference, modules: pl.DataFrame) -> pl.DataFrame:
    """The modules that changed most, and one row for all else, so that the bars add up."""
    shown = modules.filter(pl.col("change").abs() > 0).head(MOST_MODULES)
    before, after = found.before.latency_s, found.after.latency_s
    if before is None or after is None:
        return shown
    told = {name: float(shown[name].sum()) for name in ("before", "after", "change")}
    rest = after - before - told["change"]
    if abs(rest) < 1e-3 * max(before, after):
        return shown
    row = {"module": "everything else", "before": before - told["before"],
           "after": after - told["after"], "change": rest, "added": 0, "removed": 0}  # fmt: skip
    return pl.concat([shown, pl.DataFrame([row], schema=shown.schema)])


def _rows(found: Difference) -> list[dict[str, Any]]:
    before, after = (pl.col(f"latency_s_{side}") * MS for side in ("before", "after"))
    frame = found.tasks.with_columns(pl.coalesce("other_name", "name").alias("first"))
    names = [display(frame[column]).to_list() for column in ("first", "name")]
    shown = frame.select(
        pl.col("state").alias("kind"), pl.col("before").alias("a"), pl.col("after").alias("b"),
        "kernel", before.alias("before"), after.alias("after"),
        (after.fill_null(0) - before.fill_null(0)).alias("delta"), "changes",
    ).with_row_index("key")  # fmt: skip
    return [
        row | {"key": str(row["key"]), "from": was if row["a"] is not None else "",
               "to": now if row["b"] is not None else ""}
        for row, was, now in zip(shown.to_dicts(), *names, strict=True)
    ]  # fmt: skip


def _beside(
    rows: Sequence[dict[str, Any]], more: Sequence[dict[str, Any]], k: int
) -> list[dict[str, Any]]:
    """Rows with the figures of a further side; what only that has comes at the end."""
    fields = {"kind": f"kind_{k}", "to": f"to_{k}", "after": f"after_{k}", "delta": f"delta_{k}"}
    of = {row["a"]: row for row in more if row["a"] is not None}
    none = dict.fromkeys(fields, None)
    joined = [
        row | {new: of.get(row["a"], none)[old] for old, new in fields.items()} for row in rows
    ]
    own = [row for row in more if row["a"] is None]
    blank = dict.fromkeys(joined[0], None) if joined else {}
    return joined + [
        blank | {"key": f"{k}.{row['key']}", "kind": "added", "from": "", "to": "",
                 "kernel": row["kernel"], "changes": ""}
        | {new: row[old] for old, new in fields.items()}
        for row in own
    ]  # fmt: skip
