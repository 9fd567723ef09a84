"""What is exported: a compiled model with its price before and after a recipe."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from engine.compile import Compilation
from engine.recipe import Recipe, Resolution, Verdict


@dataclass(frozen=True, slots=True)
class Subject:
    """A model on a target, under a recipe.

    Args:
        name: of the model, as people call it.
        compilation: its tasks.
        before: what the recipe is compared with, usually the baseline.
        after: the tasks under the recipe.
        recipe: what is chosen.
        fps: inferences a second that memory power is for.
        verdicts: of its budgets; () without.
        title: of the analysis, "" none.
    """

    name: str
    compilation: Compilation
    before: Resolution
    after: Resolution
    recipe: Recipe
    fps: float
    verdicts: tuple[Verdict, ...] = ()
    title: str = ""


def in_order(resolution: Resolution) -> pl.DataFrame:
    """Rows as they run: each conversion behind the task whose output it converts."""
    when = pl.when(pl.col("origin") == "task").then(pl.col("task_id")).otherwise(pl.col("anchor"))
    return resolution.tasks.sort(when, pl.col("origin") == "conversion", "task_id")
