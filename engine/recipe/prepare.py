"""A compilation as arrays, made once, so that every recipe on it is priced in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.compile import KERNELS, Compilation
from engine.cost import FORMAT_IDS, Floats, Ints, Mask, calibration
from engine.formats import tied_channels
from engine.recipe.shared import shared_weights
from engine.recipe.wiring import REAL, Edges, Wiring, carriers, edges_of, ids_of, wiring
from engine.targets import Target, failing

__all__ = ["REAL", "Edges", "Prepared", "prepare"]

# Ops whose work is exponentials, roots and the like: a unit computes them at its special rate.
_SPECIAL = (
    "Sigmoid Tanh Softmax LogSoftmax Gelu FastGelu QuickGelu BiasGelu HardSwish Swish Mish Elu "
    "Celu Selu Softplus Erf Exp Log Pow Sqrt Sin Cos Tan Asin Acos Atan Sinh Cosh Asinh Acosh "
    "Atanh BiasSoftmax QLinearSigmoid QLinearSoftmax"
)
_SPECIAL_OP = rf"(^|\+)({'|'.join(_SPECIAL.split())})(\+|$)"


@dataclass(frozen=True, slots=True)
class Prepared:
    """Arrays of a compilation on a target; the baseline's formats, NaN for unknown numbers.

    Args:
        columns: numeric and text columns of `TASK_SCHEMA`, by name.
        in_fmt, out_fmt, kernel_fmt: format ids in the baseline (the reference format put in).
        file_in, file_out, file_kernel: format ids in the file.
        wiring: tensors between the tasks; `edges` for short.
        reference: the reference format if it replaced fp32 anywhere, else "".
        unpriced: the task cannot be priced.
        kind: tasks with equal kind are treated alike when formats are chosen: class and formats.
        kinds: (class, input, output, kernel format) of each kind; class_of_kind: index of the class
            in `KERNELS`.
        broken: [units, tasks] index in `limits` of the first rule of the unit that a task breaks.
        sharing: tasks with one number read the same kernel weights, -1 nobody else does.
        calibrated: s of one run of each task by the target's calibration, NaN where it has none
            for it; None without a calibration or where the tasks are not a runtime's own.
        error: median |error| of `calibrated` of each task's class, as a share.
        tied: [tasks] index in `ties` of why a layer keeps all its channels, 0 it need not.
        kernels: what `calibrated` follows from, as `compile.KERNEL_SCHEMA`.
        kept: what was found out before: verdicts, masks, plans.  Everything in it can be made
            again, so losing an entry costs only time.
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
    wiring: Wiring
    reference: str
    unpriced: Mask
    special: Mask
    makes_output: Mask
    kind: Ints
    kinds: tuple[tuple[str, str, str, str], ...]
    class_of_kind: Ints
    broken: Ints
    limits: tuple[str, ...]
    sharing: Ints
    tied: Ints
    ties: tuple[str, ...]
    calibrated: Floats | None = None
    error: Floats | None = None
    kernels: pl.DataFrame | None = None
    kept: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def edges(self) -> Edges:
        """Tensors between the tasks."""
        return self.wiring.edges


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
        ids_of(tasks[name]) for name in ("input_format", "output_format", "kernel_format")
    )
    swap = np.arange(len(FORMAT_IDS))
    if target.reference_format:
        swap[FORMAT_IDS["fp32"]] = FORMAT_IDS[target.reference_format]
    in_fmt, out_fmt, kernel_fmt = swap[file_in], swap[file_out], swap[file_kernel]
    changed = (in_fmt != file_in).any() or (out_fmt != file_out).any()
    edges = edges_of(compilation, swap, in_fmt, out_fmt)
    kinds = pl.DataFrame(
        {"class": tasks["kernel"], "in": file_in, "out": file_out, "kernel": file_kernel}
    )
    unique = kinds.unique(maintain_order=True)
    kind = kinds.join(
        unique.with_row_index("kind"), on=kinds.columns, how="left", maintain_order="left"
    )
    words, classes = tuple(FORMAT_IDS), tuple(KERNELS)
    makes_output = np.zeros(len(tasks), bool)
    makes_output[edges.source[(edges.target < 0) & (edges.source >= 0)]] = True
    tied, ties = _tied(compilation, target, makes_output)
    broken, limits = _broken(target, columns, len(tasks))
    kernels = compilation.kernels
    found = calibration(target.id) if kernels is not None and target.runtime else None
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
        wiring=wiring(edges, carriers(tasks, in_fmt, out_fmt)),
        reference=target.reference_format if changed else "",
        unpriced=columns["unknown"] != "",
        special=_special(tasks),
        makes_output=makes_output,
        kind=kind["kind"].to_numpy().astype(np.int64),
        kinds=tuple((c, words[i], words[o], words[k]) for c, i, o, k in unique.iter_rows()),
        class_of_kind=np.array([classes.index(c) for c in unique["class"]], np.int64),
        broken=broken,
        limits=limits,
        sharing=shared_weights(compilation),
        tied=tied,
        ties=ties,
        calibrated=found.seconds(kernels) if found and kernels is not None else None,
        error=found.errors(kernels) if found and kernels is not None else None,
        kernels=kernels,
    )


def _broken(
    target: Target, columns: dict[str, NDArray], count: int
) -> tuple[Ints, tuple[str, ...]]:
    """For each unit and task the first rule of the unit that the task breaks, and the sentences."""
    limits = [""]
    broken = np.zeros((len(target.units), count), np.int64)
    for row, unit in zip(broken, target.units, strict=True):
        for sentence, mask in failing(unit, columns):
            row[(row == 0) & mask] = len(limits)
            limits.append(sentence)
    return broken, tuple(limits)


def _tied(compilation: Compilation, target: Target, ends: Mask) -> tuple[Ints, tuple[str, ...]]:
    """Why layers keep all their channels; where a runtime runs the file, as the file can say it."""
    words = {"": 0, "its channels are an output of the model": 1}
    tied = ends.astype(np.int64)
    if target.runtime:
        found = tied_channels(compilation.source)
        lineage = compilation.lineage
        for op, task in zip(lineage["op"], lineage["task_id"], strict=True):
            if task is not None and (why := found.get(op)) and not tied[task]:
                tied[task] = words.setdefault(why, len(words))
    return tied, tuple(words)


def _special(tasks: pl.DataFrame) -> Mask:
    by_class = tasks["kernel"].is_in(["softmax", "spectral", "random"])
    return (by_class | tasks["ops"].str.contains(_SPECIAL_OP)).to_numpy()
