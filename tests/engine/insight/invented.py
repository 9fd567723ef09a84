"""Invented compilations for groups, and real ones without what their files call things."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from engine.compile.compilation import EDGE_SCHEMA, LINEAGE_SCHEMA, TASK_SCHEMA, Compilation
from engine.graph import Graph

EMPTY = Graph("invented", (), {}, (), ())


def compilation(
    kernels: Sequence[str],
    edges: Sequence[tuple[int, int]],
    groups: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
    shapes: Sequence[tuple[str, str]] | None = None,
) -> Compilation:
    """Tasks by kernel class, edges by task id; everything else is the same for all."""
    n = len(kernels)
    rows: dict[str, list[object]] = {column: [None] * n for column in TASK_SCHEMA}
    rows["task_id"] = list(range(n))
    rows["kernel"] = rows["ops"] = list(kernels)
    rows["group"] = list(groups or [""] * n)
    rows["name"] = list(names or map(str, range(n)))
    rows["window"] = [0] * n
    rows["input_shape"] = [a for a, _ in shapes] if shapes else ["?"] * n
    rows["output_shape"] = [b for _, b in shapes] if shapes else ["?"] * n
    ends = {column: [None] * len(edges) for column in EDGE_SCHEMA}
    ends["source"], ends["target"] = [a for a, _ in edges], [b for _, b in edges]
    return Compilation(
        EMPTY, EMPTY, "phone-npu", "0", pl.DataFrame(rows, TASK_SCHEMA),
        pl.DataFrame(ends, EDGE_SCHEMA), pl.DataFrame(schema=LINEAGE_SCHEMA),
    )  # fmt: skip


def stripped(made: Compilation) -> Compilation:
    """Without names and module paths."""
    plain = made.tasks.with_columns(
        pl.lit("").alias("group"), pl.col("task_id").cast(pl.String).alias("name")
    )
    return replace(made, tasks=plain)


def renumbered(made: Compilation, order: Sequence[int]) -> Compilation:
    """The same tasks in another order; `order[k]` is the old id of task k."""
    new = {old: k for k, old in enumerate(order)} | {-1: -1}
    tasks = made.tasks[list(order)].with_columns(pl.Series("task_id", range(len(order)), pl.Int32))
    edges = made.edges.with_columns(
        pl.col("source").replace_strict(new, return_dtype=pl.Int32),
        pl.col("target").replace_strict(new, return_dtype=pl.Int32),
    )
    return replace(made, tasks=tasks, edges=edges)


def tiled(made: Compilation, count: int) -> Compilation:
    """A model of about `count` tasks: copies one after the other, without names."""
    made = stripped(made)
    n = len(made.tasks)
    times = max(1, count // n)
    tasks = pl.concat([made.tasks] * times).with_columns(
        pl.Series("task_id", range(n * times), pl.Int32)
    )
    inner = made.edges.filter(pl.col("target") >= 0)
    parts = []
    for k in range(times):
        source = pl.col("source") + k * n
        first = k * n - 1  # an input of the model is what the copy before made
        parts.append(
            inner.with_columns(
                pl.when(pl.col("source") < 0).then(pl.lit(first)).otherwise(source)
                .cast(pl.Int32).alias("source"),
                (pl.col("target") + k * n).cast(pl.Int32),
            )
        )  # fmt: skip
    return replace(made, tasks=tasks, edges=pl.concat(parts))
