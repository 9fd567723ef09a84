"""What a recipe made slower, and which tasks that cost: one sentence, and the tasks to look at."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from engine.compile import KERNELS, Compilation
from engine.recipe.model import Recipe, Resolution
from engine.recipe.resolve import BASELINE, resolve
from engine.targets import Target

LEAST = 0.02  # of the file's latency: what is below is not worth a sentence
_SHARE = 0.08  # of what was added: kinds below it are not named


@dataclass(frozen=True, slots=True)
class Slowed:
    """Tasks of one kind that take longer.

    Args:
        kernel: id of the kernel class; "convert" for conversions that were put in.
        label: the same in words.
        tasks: ids, those that cost most first; conversions have their own, behind the tasks'.
        added_s: what they take more in all, s.
    """

    kernel: str
    label: str
    tasks: tuple[int, ...]
    added_s: float


@dataclass(frozen=True, slots=True)
class Slower:
    """A recipe against the file as it is.

    Args:
        ratio: latency with it / without; 1 where either is unknown.
        kinds: what takes longer, the most first.
    """

    ratio: float = 1.0
    kinds: tuple[Slowed, ...] = ()

    @property
    def matters(self) -> bool:
        """Whether it makes the model slower at all."""
        return self.ratio > 1 + LEAST


def slower(compilation: Compilation, recipe: Recipe, target: Target | None = None) -> Slower:
    """Which tasks a recipe makes slower than they are in the file.

    Args:
        compilation: what the model was compiled to.
        recipe: the rules.
        target: hardware in place of the catalogue's.

    Raises:
        EngineError: the recipe means nothing here.
    """
    before, after = (resolve(compilation, r, target) for r in (BASELINE, recipe))
    return slowed(compilation.tasks["kernel"], before, after)


def slowed(kernels: pl.Series, before: Resolution, after: Resolution) -> Slower:
    """The same of two resolutions.

    Args:
        kernels: class of each task.
        before: the file as it is.
        after: with the recipe.
    """
    base, now = before.totals.latency_s, after.totals.latency_s
    if not base or not now:
        return Slower()
    own, then = after.tasks.head(len(kernels)), before.tasks.head(len(kernels))
    added = pl.DataFrame(
        {"kernel": kernels, "task": own["task_id"],
         "more": own["latency_s"] - then["latency_s"]}
    )  # fmt: skip
    new = after.tasks.slice(len(kernels)).select(
        kernel=pl.lit("convert"), task=pl.col("task_id"), more=pl.col("latency_s")
    )
    rows = pl.concat([added, new], how="vertical_relaxed").filter(pl.col("more") > 0)
    kinds = (
        rows.sort("more", descending=True)
        .group_by("kernel", maintain_order=True)
        .agg(pl.col("task").drop_nulls().unique(maintain_order=True), pl.col("more").sum())
        .sort("more", descending=True)
    )
    whole = float(kinds["more"].sum())
    return Slower(
        now / base,
        tuple(
            Slowed(kernel, KERNELS[kernel].label, tuple(tasks), more)
            for kernel, tasks, more in kinds.iter_rows()
            if more >= _SHARE * whole
        ),
    )
