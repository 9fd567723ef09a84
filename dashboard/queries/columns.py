"""The table of a model page as columns: joined, compared, and small enough to travel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from engine.compile.compilation import Compilation
from engine.recipe.model import Resolution

DIGITS = 5  # significant digits sent to the browser
FEW = 8  # values of a column that are sent as they are

TEXTS = (
    "name", "kernel", "ops", "group", "input_shape", "output_shape", "kernel_shape", "unit",
    "unit_reason", "input_format", "output_format", "kernel_format", "bound_by", "unknown",
)  # fmt: skip
PRICED = (
    "latency_s", "energy_j", "memory_energy_j", "compute_energy_j", "compute_s", "memory_s",
    "launch_s", "utilisation", "size_bytes", "read_bytes", "write_bytes", "live_bytes",
)  # fmt: skip
CHANGING = (
    "unit", "unit_reason", "input_format", "output_format", "kernel_format", "bound_by",
    "sparsity", "pattern", "palette_bits", "rule", "cause", "refusal", *PRICED,
)  # fmt: skip

Columns = dict[str, Any]


def display(names: pl.Series) -> pl.Series:
    """Names as Python writes a module path, without the prefix that all of them share.

    "m/model/layers/3/fc1" -> "layers.3.fc1"; a name of the file ("/conv/Conv") stays as it is.
    """
    paths = [n if n.startswith("/") else n.replace("/", ".") for n in names.to_list()]
    cut = ""
    while len(paths) > 1:
        head = paths[0][len(cut) :].partition(".")[0] + "."
        if not all(
            p.startswith(cut + head) and not p[len(cut + head) :][:1].isdigit() for p in paths
        ):
            break
        cut += head
    return pl.Series("name", [p.removeprefix(cut) for p in paths])


def join(compilation: Compilation, resolution: Resolution) -> pl.DataFrame:
    """Priced tasks beside what the compiler knows of them; conversions have only the former."""
    known = [c for c in compilation.tasks.columns if c not in resolution.tasks.columns]
    return resolution.tasks.join(
        compilation.tasks.select("task_id", *(c for c in known if c != "task_id")),
        on="task_id",
        how="left",
        maintain_order="left",
    ).with_columns(
        pl.when(pl.col("origin") == "conversion")
        .then(pl.lit("convert"))
        .otherwise(pl.col("kernel"))
        .alias("kernel"),
        display(resolution.tasks["name"]),
    )


def changes(before: pl.DataFrame, after: pl.DataFrame) -> tuple[list[int], Columns]:
    """Ids of the rows that differ, and for them the columns in which any row does."""
    names = [c for c in CHANGING if c in before.columns]
    both = pl.concat(
        [before.select(names), after.select(pl.col(names).name.suffix("→"))], how="horizontal"
    )
    differs = both.select(pl.col(c).ne_missing(pl.col(f"{c}→")) for c in names)
    rows = after.filter(differs.select(pl.any_horizontal(pl.all())).to_series())
    moved = [c for c, on in differs.select(pl.all().any()).row(0, named=True).items() if on]
    return rows["task_id"].to_list(), plain(rows, moved)


def plain(frame: pl.DataFrame, names: Sequence[str]) -> Columns:
    """Columns as JSON: floats at `DIGITS` significant digits.

    A column of one value is {"all": value, "n": rows}, repeated words are {"words", "codes"}.
    """
    found = frame.select(names).with_columns(
        pl.selectors.float().round_sig_figs(DIGITS)  # all in one go: each call costs as much
    )
    return {c.name: _coded(c) for c in found}


def _coded(column: pl.Series) -> list[Any] | dict[str, Any]:
    words = column.to_list()
    if len(words) <= FEW:
        return words
    if column.null_count() in (0, len(words)) and words.count(words[0]) == len(words):
        return {"all": words[0], "n": len(words)}
    if column.dtype != pl.String:
        return words
    code = {word: k for k, word in enumerate(dict.fromkeys(words))}
    if len(code) >= len(words) / 2:
        return words
    return {"words": list(code), "codes": [code[word] for word in words]}
