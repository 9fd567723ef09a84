"""What can be chosen for some tasks, what each choice costs, and what it does to other tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

import engine
from dashboard.queries import columns
from dashboard.queries.documents import recipe_of, rules_of
from dashboard.queries.model import DEFAULT_FPS, ModelQueries
from dashboard.urls import MAX_SELECTED, View
from engine.errors import EngineError
from engine.recipe import Recipe, Rule, Totals, Withheld, action_of

# figures of an option, and what they are compared with: the tasks' own, and the whole model's
FIGURES = ("latency_s", "memory_power_w", "energy_j", "size_bytes")
WHOLE = tuple(f"model_{name}" for name in FIGURES)
_SQUEEZE = ("sparsity", "pattern", "palette_bits")
NAMED = 3  # tasks of a selection that are named
SHOWN = 4  # values that a line lists


@dataclass(frozen=True, slots=True)
class Now:
    """What some tasks are under the recipe as it is.

    Args:
        names: of the tasks, as the table has them; the first few.
        count: how many tasks.
        words: (what, value) pairs: "Class" -> "conv", or "conv (8), gemm (4)".
        notes: why they are not on the first unit or not as asked for, and what decided them.
    """

    names: tuple[str, ...]
    count: int
    words: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Options:
    """All that can be chosen for some tasks.

    Args:
        now: what they are.
        columns: one entry an option, as `columns.plain` makes them; "action" and "squeeze" beside.
        count: how many options.
        own: figures of the tasks now; whole: of the model now.
        withheld: what is not offered, and why.
    """

    now: Now
    columns: dict[str, Any]
    count: int
    own: dict[str, float | None]
    whole: dict[str, float | None]
    withheld: tuple[Withheld, ...]


def chosen(ids: object, count: int) -> tuple[int, ...]:
    """Ids of tasks that the browser sent, ascending, each once.

    Args:
        ids: a list of whole numbers, whatever came.
        count: how many tasks the model has.

    Raises:
        EngineError: not such a list, or a task that is not there.
    """
    if not isinstance(ids, list) or len(ids) > MAX_SELECTED:
        raise EngineError("is no list of tasks", "options", f"at most {MAX_SELECTED:,} ids")
    for i in ids:
        if type(i) is not int:
            raise EngineError("is no number of a task", "options", "whole numbers", repr(i)[:40])
        if not 0 <= i < count:
            raise EngineError("no such task", "options", f"ids from 0 to {count - 1:,}",
                              str(i)[:40])  # fmt: skip
    return tuple(sorted(set(ids)))


def offered(ask: ModelQueries, view: View, ids: object) -> Options:
    """All that can be chosen for some tasks, with what it costs.

    Raises:
        EngineError: no such tasks, model or target.
    """
    compilation, resolution = ask.compilation(view), ask.resolution(view)
    tasks = chosen(ids, len(compilation.tasks))
    found = engine.options(compilation, recipe_of(view.recipe), tasks)
    rows = resolution.tasks.filter(pl.col("task_id").is_in(tasks) & (pl.col("origin") == "task"))
    fps = view.fps or DEFAULT_FPS
    frame = _powers(found, resolution.totals, fps)
    names = [n for n in frame.columns if n not in ("best", "worst")]
    actions = Recipe(tuple(Rule(action_of(row)) for row in found.iter_rows(named=True)))
    return Options(
        now=_now(ask.table(view), tasks),
        columns={
            **columns.plain(frame, names),
            "squeeze": [_squeeze(*row) for row in found.select(*_SQUEEZE).iter_rows()],
            "action": [rule["action"] for rule in rules_of(actions)],
        },
        count=len(found),
        own={
            name: None if value is None else float(f"{value:.{columns.DIGITS}g}")
            for name, value in _sums(rows, _rate(resolution.totals, fps)).items()
        },
        whole={
            "latency_s": resolution.totals.latency_s,
            "memory_power_w": resolution.totals.memory_power(fps),
            "energy_j": resolution.totals.energy_j,
            "size_bytes": resolution.totals.size_bytes,
        },
        withheld=engine.withheld(compilation, tasks),
    )


def _squeeze(sparsity: float, pattern: str, palette: int) -> str:
    """What is done to weights beside their format, in a word."""
    if palette:
        return f"{palette}-bit palette"
    if pattern == "channels":
        return f"−{100 * sparsity:g} % channels"
    if pattern:
        return f"{pattern} sparse"
    return f"{100 * sparsity:g} % sparse" if sparsity else ""


def _rate(totals: Totals, fps: float) -> float:
    """Inferences a second: the frame rate, or what the model reaches of it."""
    return min(fps, 1 / totals.latency_s) if totals.latency_s else fps


def _powers(found: pl.DataFrame, now: Totals, fps: float) -> pl.DataFrame:
    """Options with memory power for memory energy, and the whole model's change of power.

    Power is energy x min(fps, 1 / latency), and the latency is the one that the option leads to.
    """
    latency = pl.lit(now.latency_s, pl.Float64) + pl.col("model_latency_s")
    rate = pl.min_horizontal(pl.lit(fps), 1 / latency)
    energy, before = now.memory_energy_j, now.memory_power(fps)
    after = (pl.lit(energy, pl.Float64) + pl.col("model_memory_energy_j")) * rate
    return found.with_columns(
        (pl.col("memory_energy_j") * rate.fill_null(fps)).alias("memory_power_w"),
        (after + now.memory_idle_w - pl.lit(before, pl.Float64)).alias("model_memory_power_w"),
    ).drop("memory_energy_j", "model_memory_energy_j")


def _sums(rows: pl.DataFrame, rate: float) -> dict[str, float | None]:
    """Figures of tasks together; None where one of them is unknown."""

    def total(name: str) -> float | None:
        return None if rows[name].null_count() else float(rows[name].sum())

    memory = total("memory_energy_j")
    return {
        "latency_s": total("latency_s"),
        "memory_power_w": None if memory is None else memory * rate,
        "energy_j": total("energy_j"),
        "size_bytes": total("size_bytes"),
    }


def _now(table: pl.DataFrame, tasks: Sequence[int]) -> Now:
    """What tasks are, in words."""
    rows = table.filter(pl.col("task_id").is_in(tasks) & (pl.col("origin") == "task"))
    squeezed = [_squeeze(*row) for row in rows.select(*_SQUEEZE).iter_rows()]
    parts = {
        "Class": rows["kernel"],
        "Reads": rows["input_format"],
        "Weights": rows["kernel_format"],
        "Writes": rows["output_format"],
        "Compression": pl.Series(squeezed, dtype=pl.String),
        "Runs on": rows["unit"],
    }
    words = [(name, _listed(values, len(rows))) for name, values in parts.items()]
    notes = [
        *_sentences(rows["unit_reason"], "not on the first unit: "),
        *_sentences(rows["refusal"], "not as the recipe asks: "),
        *_sentences(rows["cause"], ""),
    ]
    return Now(
        tuple(rows["name"].head(NAMED)), len(rows), tuple((n, w) for n, w in words if w),
        tuple(notes),
    )  # fmt: skip


def _listed(values: pl.Series, count: int) -> str:
    """Values with how often they occur, the commonest first; just the value if there is one."""
    found = values.filter(values.fill_null("") != "").value_counts(sort=True).rows()
    if not found:
        return ""
    if len(found) == 1 and found[0][1] == count:
        return str(found[0][0])
    rest = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return ", ".join(f"{value} ({n:,})" for value, n in found[:SHOWN]) + rest


def _sentences(values: pl.Series, lead: str) -> list[str]:
    """The commonest of some reasons, with how many tasks it holds for."""
    found = values.filter(values.fill_null("") != "").value_counts(sort=True).rows()
    if not found:
        return []
    text, n = found[0]
    held = f"{n:,} of {len(values):,} tasks: " if len(values) > 1 else ""
    rest = f" (and {len(found) - 1:,} other reasons)" if len(found) > 1 else ""
    return [f"{held}{lead}{text}{rest}"]
