"""A compilation as arrays, made once, so that every recipe on it is priced in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.compile import Compilation
from engine.cost import FORMAT_IDS, Floats, Ints, Mask, bits_of
from engine.targets import Target, is_float

# Formats that a recipe may choose: numbers that a kernel computes with, not indices and masks.
_QUANTIZED = ("int16", "int8", "int4", "int2")
REAL = frozenset(f for f in FORMAT_IDS if f and (is_float(f) or f in _QUANTIZED))
# Ops whose work is exponentials, roots and the like: a unit computes them at its special rate.
_SPECIAL = (
    "Sigmoid Tanh Softmax LogSoftmax Gelu FastGelu QuickGelu BiasGelu HardSwish Swish Mish Elu "
    "Celu Selu Softplus Erf Exp Log Pow Sqrt Sin Cos Tan Asin Acos Atan Sinh Cosh Asinh Acosh "
    "Atanh BiasSoftmax QLinearSigmoid QLinearSoftmax"
)
_SPECIAL_OP = rf"(^|\+)({'|'.join(_SPECIAL.split())})(\+|$)"


@dataclass(frozen=True, slots=True)
class Edges:
    """Tensors between tasks that hold numbers (no indices or masks), one entry an edge.

    Args:
        source, target: task index, -1 for the model's inputs and outputs.
        tensor: tensor as a small integer; names: its name.
        fmt: format id in the baseline.
        elements: of the tensor.
        follows_source: its format is the source's output format; follows_target: the reader takes
            it in its input format.
    """

    source: Ints
    target: Ints
    tensor: Ints
    names: tuple[str, ...]
    fmt: Ints
    elements: Floats
    follows_source: Mask
    follows_target: Mask


@dataclass(frozen=True, slots=True)
class Prepared:
    """Arrays of a compilation on a target; the baseline's formats, NaN for unknown numbers.

    Args:
        columns: numeric and text columns of `TASK_SCHEMA`, by name.
        in_fmt, out_fmt, kernel_fmt: format ids in the baseline (the reference format put in).
        file_in, file_out, file_kernel: format ids in the file.
        producers: for each task the tasks whose number tensors it reads, -1 a model input.
        reference: the reference format if it replaced fp32 anywhere, else "".
        unpriced: the task cannot be priced.
        kind: tasks with equal kind are treated alike when formats are chosen: class and formats.
        kinds: (class, input, output, kernel format) of each kind.
    """

    target: Target
    count: int
    columns: MappingProxyType[str, NDArray]
    in_fmt: Ints
    out_fmt: Ints
    kernel_fmt: Ints
    file_in: Ints
    file_out: Ints
    file_kernel: Ints
    edges: Edges
    producers: tuple[tuple[int, ...], ...]
    reference: str
    unpriced: Mask
    special: Mask
    makes_output: Mask
    kind: Ints
    kinds: tuple[tuple[str, str, str, str], ...]


def prepare(compilation: Compilation, target: Target) -> Prepared:
    """The arrays of a compilation; kept on the compilation, which never changes."""
    kept: dict[str, Prepared] = vars(compilation).setdefault("_prepared", {})
    if target.id not in kept or kept[target.id].target is not target:
        kept[target.id] = _prepare(compilation, target)
    return kept[target.id]


def _prepare(compilation: Compilation, target: Target) -> Prepared:
    tasks = compilation.tasks
    columns: dict[str, NDArray] = {}
    for name, dtype in tasks.schema.items():
        if dtype == pl.String:
            columns[name] = tasks[name].fill_null("").to_numpy()
        else:
            columns[name] = tasks[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
    columns["static"] = ~np.array([shape == "?" for shape in columns["output_shape"]], bool)
    columns["straight"] = columns["region"] == ""
    file_in, file_out, file_kernel = (
        _ids(tasks[name]) for name in ("input_format", "output_format", "kernel_format")
    )
    swap = np.arange(len(FORMAT_IDS))
    if target.reference_format:
        swap[FORMAT_IDS["fp32"]] = FORMAT_IDS[target.reference_format]
    in_fmt, out_fmt, kernel_fmt = swap[file_in], swap[file_out], swap[file_kernel]
    changed = (in_fmt != file_in).any() or (out_fmt != file_out).any()
    edges = _edges(compilation, swap, in_fmt, out_fmt)
    kinds = pl.DataFrame(
        {"class": tasks["kernel"], "in": file_in, "out": file_out, "kernel": file_kernel}
    )
    unique = kinds.unique(maintain_order=True)
    kind = kinds.join(
        unique.with_row_index("kind"), on=kinds.columns, how="left", maintain_order="left"
    )
    words = tuple(FORMAT_IDS)
    producers: list[list[int]] = [[] for _ in range(len(tasks))]
    for source, reader in zip(edges.source.tolist(), edges.target.tolist(), strict=True):
        if reader >= 0:
            producers[reader].append(source)
    makes_output = np.zeros(len(tasks), bool)
    ends = edges.source[(edges.target < 0) & (edges.source >= 0)]
    makes_output[ends] = True
    return Prepared(
        target=target,
        count=len(tasks),
        columns=MappingProxyType(columns),
        in_fmt=in_fmt,
        out_fmt=out_fmt,
        kernel_fmt=kernel_fmt,
        file_in=file_in,
        file_out=file_out,
        file_kernel=file_kernel,
        edges=edges,
        producers=tuple(map(tuple, producers)),
        reference=target.reference_format if changed else "",
        unpriced=columns["unknown"] != "",
        special=_special(tasks),
        makes_output=makes_output,
        kind=kind["kind"].to_numpy().astype(np.int64),
        kinds=tuple((c, words[i], words[o], words[k]) for c, i, o, k in unique.iter_rows()),
    )


def _ids(column: pl.Series) -> Ints:
    ids = column.fill_null("").replace_strict(dict(FORMAT_IDS), return_dtype=pl.Int64, default=0)
    return ids.to_numpy()


def _special(tasks: pl.DataFrame) -> Mask:
    by_class = tasks["kernel"].is_in(["softmax", "spectral", "random"])
    return (by_class | tasks["ops"].str.contains(_SPECIAL_OP)).to_numpy()


def _edges(compilation: Compilation, swap: Ints, in_fmt: Ints, out_fmt: Ints) -> Edges:
    frame = compilation.edges.filter(pl.col("format").is_in(list(REAL)))
    source = frame["source"].cast(pl.Int64).to_numpy()
    target = frame["target"].cast(pl.Int64).to_numpy()
    names = frame["tensor"].unique(maintain_order=True)
    tensor = frame["tensor"].replace_strict(
        names, pl.int_range(len(names), eager=True), return_dtype=pl.Int64
    ) if len(frame) else pl.Series([], dtype=pl.Int64)  # fmt: skip
    fmt = swap[_ids(frame["format"])]
    padded_out, padded_in = np.append(out_fmt, -1), np.append(in_fmt, -1)
    return Edges(
        source=source,
        target=target,
        tensor=tensor.to_numpy(),
        names=tuple(names),
        fmt=fmt,
        elements=frame["elements"].cast(pl.Float64).fill_null(np.nan).to_numpy(),
        follows_source=(source >= 0) & (padded_out[source] == fmt),
        follows_target=(target >= 0) & (padded_in[target] == fmt),
    )


def edge_bytes(edges: Edges, formats: Ints) -> Floats:
    """Bytes of each edge's tensor in given formats."""
    return edges.elements * bits_of(formats) / 8
