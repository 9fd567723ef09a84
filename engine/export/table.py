"""Tasks as a table: one row a task, then one a conversion; columns with their units in the name.

Every unit is SI: `_s` seconds, `_j` joules, `_bytes` bytes.  Names of columns stay from version to
version; new ones come at the end.
"""

from __future__ import annotations

import io
import re

import polars as pl

from engine.export.subject import Subject

# column -> (type, what it says); the order is that of the file
EXPORT_SCHEMA: dict[str, tuple[pl.DataType | type[pl.DataType], str]] = {
    "task_id": (pl.Int32, "number of the row; conversions go on where tasks end"),
    "origin": (pl.String, "task, or conversion that the recipe or the placement needs"),
    "anchor": (pl.Int32, "of a conversion: the task whose output it converts, -1 a model input"),
    "name": (pl.String, "as in the file; of a conversion the two formats"),
    "module": (pl.String, "path of the module, from the names"),
    "kernel": (pl.String, "kernel class: conv, matmul, …"),
    "ops": (pl.String, "ops of the file that it is made of"),
    "unit": (pl.String, "unit of the target that runs it"),
    "unit_reason": (pl.String, "why not the first unit"),
    "input_format": (pl.String, "format of what it reads"),
    "output_format": (pl.String, "format of what it makes"),
    "kernel_format": (pl.String, "format of its weights, empty without"),
    "input_shape": (pl.String, "of the first activation read"),
    "output_shape": (pl.String, "of the first activation made"),
    "kernel_shape": (pl.String, "of the weights"),
    "sparsity": (pl.Float64, "share of weights that are zero, 0 to 1"),
    "pattern": (pl.String, "of the zeros: 2:4, channels, or empty"),
    "palette_bits": (pl.Int32, "bits of a palette index, 0 without"),
    "rule": (pl.Int32, "place of the rule that decided, -1 none"),
    "cause": (pl.String, "what decided if not a rule"),
    "refusal": (pl.String, "why the recipe does not apply"),
    "latency_s": (pl.Float64, "time of the task"),
    "compute_s": (pl.Float64, "time of its arithmetic"),
    "memory_s": (pl.Float64, "time of its traffic"),
    "launch_s": (pl.Float64, "fixed time to start it"),
    "bound_by": (pl.String, "compute, memory, launch, transfer"),
    "utilisation": (pl.Float64, "ideal arithmetic time / latency, 0 to 1"),
    "energy_j": (pl.Float64, "of one inference"),
    "memory_energy_j": (pl.Float64, "of moving data"),
    "compute_energy_j": (pl.Float64, "of arithmetic"),
    "macs": (pl.Int64, "multiply-accumulates; 1 MAC is 2 FLOPs"),
    "operations": (pl.Int64, "other operations"),
    "parameters": (pl.Int64, "weights, where they are first used"),
    "size_bytes": (pl.Float64, "stored weights in the chosen format"),
    "read_bytes": (pl.Float64, "read in one inference"),
    "write_bytes": (pl.Float64, "written in one inference"),
    "live_bytes": (pl.Float64, "activations alive while it runs"),
    "baseline_latency_s": (pl.Float64, "latency without the recipe; empty for a conversion"),
    "baseline_energy_j": (pl.Float64, "energy without the recipe"),
    "baseline_size_bytes": (pl.Float64, "size without the recipe"),
    "unknown": (pl.String, "why it cannot be priced; figures are empty then"),
}
FORMULA = "^[=+\\-@\t\r]"  # what a spreadsheet would run


def tasks(subject: Subject) -> pl.DataFrame:
    """The table; columns as in `EXPORT_SCHEMA`, a null figure is an unknown one."""
    known = subject.compilation.tasks
    own = [c for c in known.columns if c not in subject.after.tasks.columns]
    before = subject.before.tasks.filter(pl.col("origin") == "task").select(
        "task_id", *(pl.col(c).alias(f"baseline_{c}") for c in ("latency_s", "energy_j",
                                                                "size_bytes"))
    )  # fmt: skip
    frame = subject.after.tasks.join(
        known.select("task_id", *own), on="task_id", how="left", maintain_order="left"
    ).join(before, on="task_id", how="left", maintain_order="left")
    parts = pl.col("name").str.split("/")
    path = parts.list.head(parts.list.len() - 1).list.join("/").str.strip_prefix("/")
    task = pl.col("origin") == "task"
    return frame.with_columns(
        pl.when(task).then(path).otherwise(pl.lit("")).alias("module"),
        pl.when(task).then("kernel").otherwise(pl.lit("convert")).alias("kernel"),
    ).select(pl.col(c).cast(dtype) for c, (dtype, _) in EXPORT_SCHEMA.items())


def csv(subject: Subject) -> bytes:
    """The table as CSV, UTF-8."""
    return safe_csv(tasks(subject))


def safe_csv(frame: pl.DataFrame) -> bytes:
    """A table as CSV, UTF-8; a text that a spreadsheet would run as a formula begins with '."""
    text = pl.selectors.string()
    plain = frame.with_columns(
        pl.when(text.str.contains(FORMULA)).then("'" + text).otherwise(text).name.keep()
    )
    heads = {c: f"'{c}" for c in plain.columns if re.match(FORMULA, c)}
    return plain.rename(heads).write_csv().encode()


def parquet(subject: Subject) -> bytes:
    """The table as Parquet, types and unknown figures kept."""
    out = io.BytesIO()
    tasks(subject).write_parquet(out)
    return out.getvalue()
