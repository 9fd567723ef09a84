"""Every combination that a target offers for some tasks, with what it costs them and the model.

The effect on the model is exact: what `resolve` gives for the recipe and one more rule, `action_of`
an option on the tasks, less what it gives for the recipe alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from engine.compile import Compilation
from engine.cost import Floats, Ints, Mask
from engine.recipe.combine import Offer, Squeeze, known, offer
from engine.recipe.model import Action, Recipe
from engine.recipe.plan import Plan
from engine.recipe.prepare import REAL
from engine.recipe.rank import dominated, extremes
from engine.recipe.resolve import plan as plan_of
from engine.recipe.variants import TOTALS, effects
from engine.targets import Target

FIGURES = ("latency_s", "memory_energy_j", "energy_j", "size_bytes")
OPTION_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "option": pl.Int32,  # its place in the list
    "input_format": pl.String,  # "" where no task of the selection has such numbers
    "output_format": pl.String,
    "kernel_format": pl.String,
    "sparsity": pl.Float64,
    "pattern": pl.String,  # "2:4", "channels", "" for single weights or none
    "palette_bits": pl.Int32,  # 0: none
    "latency_s": pl.Float64,  # of the tasks together, handing over included; null = unknown
    "memory_energy_j": pl.Float64,
    "energy_j": pl.Float64,
    "size_bytes": pl.Float64,
    "model_latency_s": pl.Float64,  # change of the model's total against the recipe as it is
    "model_memory_energy_j": pl.Float64,
    "model_energy_j": pl.Float64,
    "model_size_bytes": pl.Float64,
    "touched": pl.Int32,  # other tasks that it changes
    "conversions": pl.Int32,  # how many more the model needs
    "pareto": pl.Boolean,  # no other option is as good in latency, memory energy and size
    "best": pl.List(pl.String),  # figures of the tasks in which no option is better
    "worst": pl.List(pl.String),
    "current": pl.Boolean,  # the tasks are so already
}


def options(
    compilation: Compilation,
    recipe: Recipe,
    task_ids: Sequence[int],
    target: Target | None = None,
) -> pl.DataFrame:
    """All options of a task, or those that several tasks have in common; `OPTION_SCHEMA`.

    No rows when nothing can be chosen for any of the tasks.

    Args:
        compilation: what the model was compiled to.
        recipe: what is chosen so far; an option is put after it, as a rule on the tasks.
        task_ids: tasks, each once or more.
        target: hardware in place of the catalogue's.

    Raises:
        EngineError: no such task, or the recipe means nothing here.
    """
    made = plan_of(compilation, recipe, target)
    p = made.prepared
    tasks = known(p, task_ids)
    own = np.unique(made.choice.sparsity[tasks]).tolist()
    extra = tuple(s for s in own if 0 < s < 1)
    found = offer(p, tasks, extra)
    if not found.all:
        return pl.DataFrame(schema=OPTION_SCHEMA)
    costs = effects(made, tasks, found)
    return _frame(found, costs, _current(made, tasks, found))


def action_of(option: Mapping[str, Any]) -> Action:
    """The action that makes a row of `options` true for its tasks."""
    squeeze = Squeeze(option["sparsity"], option["pattern"], option["palette_bits"])
    reads, makes, kernel = (option[f"{n}_format"] for n in ("input", "output", "kernel"))
    return squeeze.action((reads, makes, kernel))


def _frame(found: Offer, costs: dict[str, Floats], current: Mask) -> pl.DataFrame:
    three = np.stack([costs[f] for f in ("latency_s", "memory_energy_j", "size_bytes")], axis=1)
    best, worst = extremes({name: costs[name] for name in FIGURES})
    further: dict[str, pl.Series] = {
        **{name: pl.Series(name, costs[name], nan_to_null=True) for name in (*FIGURES, *TOTALS)},
        "touched": pl.Series("touched", costs["touched"].astype(np.int32)),
        "conversions": pl.Series("conversions", costs["conversions"].astype(np.int32)),
        "pareto": pl.Series("pareto", ~dominated(three)),
        "best": _words("best", best),
        "worst": _words("worst", worst),
        "current": pl.Series("current", current),
    }
    return found.frame.hstack(list(further.values()))


def _words(name: str, bits: Ints) -> pl.Series:
    """Lists of the figures whose bits are set."""
    return _lists()[pl.Series(bits.astype(np.uint32))].alias(name)


@cache
def _lists() -> pl.Series:
    codes = range(2 ** len(FIGURES))
    lists = [[f for i, f in enumerate(FIGURES) if code >> i & 1] for code in codes]
    return pl.Series(lists, dtype=pl.List(pl.String))


def _current(made: Plan, tasks: Ints, found: Offer) -> Mask:
    """Which option the tasks have, all of them, already; [options]."""
    p, c = made.prepared, made.choice
    real = [np.array([k[i] in REAL for k in p.kinds], bool)[p.kind[tasks]] for i in (0, 1, 2, 3)]
    same = np.ones(len(found.all), bool)
    stored = tasks[real[3]]
    for values, asked, rows in (
        (c.in_fmt, found.formats[:, 0], tasks[real[1]]),
        (c.out_fmt, found.formats[:, 1], tasks[real[2]]),
        (c.kernel_fmt, found.formats[:, 2], stored),
        (c.sparsity, found.sparsity, stored),
        (c.pattern, found.pattern, stored),
        (c.structured, found.channels, stored),
        (c.palette, found.palette, stored),
    ):
        here = np.unique(values[rows])
        if len(here):
            same &= (asked == here[0]) & (len(here) == 1)
    return same
