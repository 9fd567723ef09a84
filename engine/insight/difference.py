"""What changed from one priced model to another: task by task, module by module, in sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from engine.compile import Compilation
from engine.insight.matching import match
from engine.recipe import Resolution
from engine.recipe.model import Totals

METRICS = ("latency_s", "energy_j", "size_bytes", "read_bytes", "write_bytes")
# What makes a pair of tasks a changed one: of the task, and of what the recipe made of it.
COMPARED = ("kernel", "ops", "input_shape", "output_shape", "kernel_shape")
CHOSEN = ("unit", "input_format", "output_format", "kernel_format", "sparsity", "palette_bits")
DIFFERENCE_SCHEMA = {
    "before": pl.Int32,  # task of the first; null when it was added
    "after": pl.Int32,  # task of the second; null when it was removed
    "state": pl.String,  # "same", "changed", "added", "removed"
    "how": pl.String,  # what paired them: "structure", "name", "order"
    "name": pl.String,
    "other_name": pl.String,  # of the first, where it is another
    "module": pl.String,
    "kernel": pl.String,
    "changes": pl.String,  # "kernel_shape 96×48×3×3 → 96×96×3×3; …"
    **{f"{metric}_before": pl.Float64 for metric in METRICS},
    **{f"{metric}_after": pl.Float64 for metric in METRICS},
}


@dataclass(frozen=True, slots=True)
class Priced:
    """A model as it is priced."""

    compilation: Compilation
    resolution: Resolution


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed.

    Args:
        tasks: see `DIFFERENCE_SCHEMA`; in the order of the second, removed ones where they were.
        before: figures of the first; after: of the second.
    """

    tasks: pl.DataFrame
    before: Totals
    after: Totals

    @property
    def counts(self) -> dict[str, int]:
        """State -> tasks."""
        found = dict(self.tasks.group_by("state").len().iter_rows())
        return {s: int(found.get(s, 0)) for s in ("same", "changed", "added", "removed")}

    def modules(self, depth: int = 1, metric: str = "latency_s") -> pl.DataFrame:
        """The change of a metric by module: what a waterfall shows.

        Args:
            depth: parts of a task's name that tell modules apart; where it has no more, the
                task itself.
            metric: of `METRICS`.

        Returns:
            module, before, after, change (all in the metric's unit), tasks added and removed;
            the largest change first.  What is not of a task (conversions) is not in it.
        """
        path = pl.col("name").str.strip_prefix("/").str.split("/")
        parts = path.list.head(depth).list.join("/").alias("module")
        before, after = pl.col(f"{metric}_before").fill_null(0), pl.col(f"{metric}_after")
        return (
            self.tasks.group_by(parts)
            .agg(
                before.sum().alias("before"),
                after.fill_null(0).sum().alias("after"),
                (pl.col("state") == "added").sum().alias("added"),
                (pl.col("state") == "removed").sum().alias("removed"),
            )
            .with_columns((pl.col("after") - pl.col("before")).alias("change"))
            .sort(pl.col("change").abs(), "module", descending=[True, False])
        )

    def split(self, least: int = 3, changed: bool = False) -> pl.DataFrame:
        """As `modules` by latency, as deep as it takes to see some of them.

        Args:
            least: modules that shall be told apart; fewer where even the leaves are fewer.
            changed: only those count whose latency changed.
        """
        depths = self.tasks["name"].str.strip_prefix("/").str.count_matches("/").to_list()
        for depth in range(1, max(depths, default=0) + 2):
            found = self.modules(depth)
            if (found.filter(pl.col("change") != 0) if changed else found).height >= least:
                break
        return found


def difference(first: Priced, second: Priced) -> Difference:
    """Pair the tasks of two priced models and say what changed."""
    pairs = match(first.compilation, second.compilation)
    of = {j: (i, how) for (i, j), how in zip(pairs.pairs, pairs.how, strict=True)}
    left, right = _rows(first), _rows(second)
    rows = []
    gone = sorted(set(range(len(left))) - {i for i, _ in pairs.pairs})
    last = -1
    for j, now in enumerate(right):
        i, how = of.get(j, (-1, ""))
        if i >= 0:
            while gone and gone[0] < i and last < i:
                rows.append(_row(left[gone[0]], None, ""))
                gone.pop(0)
            last = max(last, i)
        rows.append(_row(left[i] if i >= 0 else None, now, how))
    rows += [_row(left[i], None, "") for i in gone]
    frame = pl.DataFrame(rows, schema=DIFFERENCE_SCHEMA, orient="row")
    return Difference(frame, first.resolution.totals, second.resolution.totals)


def _rows(side: Priced) -> list[dict[str, object]]:
    """Each task with what is compared and what it costs."""
    tasks = side.compilation.tasks.select("task_id", "name", *COMPARED)
    own = side.resolution.tasks.filter(pl.col("origin") == "task")
    priced = own.select("task_id", *CHOSEN, *METRICS)
    return tasks.join(priced, on="task_id", how="left", maintain_order="left").to_dicts()


def _row(
    before: dict[str, object] | None, after: dict[str, object] | None, how: str
) -> Sequence[object]:
    shown = after or before or {}
    changes = _changes(before, after) if before and after else ""
    state = "removed" if after is None else "added" if before is None else "same"
    if changes:
        state = "changed"
    name = str(shown["name"])
    other = str(before["name"]) if before and after else name
    figures = [side[m] if side else None for side in (before, after) for m in METRICS]
    return (
        before["task_id"] if before else None, after["task_id"] if after else None, state,
        how or None, name, other if other != name else None, name.rpartition("/")[0] or name,
        shown["kernel"], changes, *figures,
    )  # fmt: skip


def _changes(before: dict[str, object], after: dict[str, object]) -> str:
    """What differs, in words; where a shape follows from its neighbours it is said too."""
    return "; ".join(
        f"{name} {before[name] or 'none'} → {after[name] or 'none'}"
        for name in (*COMPARED, *CHOSEN)
        if before[name] != after[name]
    )


def formats(found: Difference, first: Priced, second: Priced) -> pl.DataFrame:
    """How many paired tasks went from which kernel format to which, and what they weigh.

    Returns:
        before, after, tasks, before_bytes, after_bytes (stored weights).
    """
    frames = [
        side.resolution.tasks.filter(pl.col("origin") == "task").select(
            pl.col("task_id").alias(key), pl.col("kernel_format").alias(f"{key}_format")
        )
        for side, key in ((first, "before"), (second, "after"))
    ]
    pairs = found.tasks.filter(pl.col("state").is_in(["same", "changed"])).select(
        "before", "after", "size_bytes_before", "size_bytes_after"
    )
    both = pairs.join(frames[0], on="before").join(frames[1], on="after")
    return (
        both.group_by(
            _or_none("before_format").alias("before"),
            _or_none("after_format").alias("after"),
        )
        .agg(
            pl.len().alias("tasks"),
            pl.col("size_bytes_before").sum().alias("before_bytes"),
            pl.col("size_bytes_after").sum().alias("after_bytes"),
        )
        .sort("tasks", "before", "after", descending=[True, False, False])
    )


def _or_none(column: str) -> pl.Expr:
    """A format, or a word for tasks without weights."""
    return pl.col(column).replace("", None).fill_null("no weights")
