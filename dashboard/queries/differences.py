"""Two models, targets or presets beside each other, as the page of differences asks for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

import engine
from dashboard.queries.model import ModelQueries
from dashboard.urls import View
from engine.insight import Difference, Priced, formats

ORDER = {"added": 0, "removed": 1, "changed": 2, "same": 3}
MS = 1e3
MOST_MODULES = 14  # bars of the waterfall; the rest is one


@dataclass(frozen=True, slots=True)
class Compared:
    """What changed from one to the other.

    Args:
        found: task by task, and both totals.
        modules: columns module, before, after, change, added, removed, s; the last row holds what
            is not of a task or of a small module.
        formats: columns before, after, tasks.
        rows: of the table, what differs first: kind, name, was, kernel, before, after, delta
            (ms), changes.
    """

    found: Difference
    modules: pl.DataFrame
    formats: pl.DataFrame
    rows: tuple[dict[str, Any], ...]


def compared(ask: ModelQueries, first: View, second: View) -> Compared:
    """Pair the tasks of two views.

    Raises:
        EngineError: no such model or target.
    """
    sides = [Priced(ask.compilation(view), ask.resolution(view)) for view in (first, second)]
    found = engine.difference(*sides)
    modules = _largest(found, found.split(changed=True))
    return Compared(found, modules, formats(found, *sides), _rows(found))


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


def preset_view(model: str, target: str, preset: str) -> View:
    """A model on a target, with a preset or as the file is.

    Raises:
        EngineError: no such preset.
    """
    recipe = engine.write_recipe(engine.preset(preset).recipe) if preset else ""
    return View(model_id=model, target=target, recipe=recipe)


def _rows(found: Difference) -> tuple[dict[str, Any], ...]:
    """What differs first, same ones at the end, each state in the order of execution."""
    rank = pl.col("state").replace_strict(ORDER, return_dtype=pl.Int8)
    before, after = (pl.col(f"latency_s_{side}") * MS for side in ("before", "after"))
    rows = found.tasks.with_row_index().sort(rank, "index")
    shown = rows.select(
        pl.col("state").alias("kind"), _dotted("name"), _dotted("other_name").alias("was"),
        "kernel", before.alias("before"), after.alias("after"),
        (after.fill_null(0) - before.fill_null(0)).alias("delta"), "changes",
    )  # fmt: skip
    return tuple(shown.to_dicts())


def _dotted(column: str) -> pl.Expr:
    """A module path as the other tables write it."""
    return pl.col(column).str.replace_all("/", ".", literal=True)
