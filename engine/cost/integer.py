"""What kernels of a runtime would take in 8-bit integers, from the same calibration.

A runtime that runs a quantized file has other kernels than for floats: integer convolutions with
the channels last, additions of their own where floats had them inside a convolution, and kernels
that only read floats, with a conversion before and after.  Each float kernel is described here as
what would stand in its place, and priced as that.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from engine.cost.calibrated import Calibration
from engine.cost.work import Floats, Mask

_TILE = 16  # columns of the inner product loop, as where kernels are counted
_CONVS = ("Conv", "FusedConv", "NhwcFusedConv")
_PRODUCTS = ("Gemm", "FusedGemm", "MatMul", "FusedMatMul")
# Kernels that have a twin of their own: type -> (class, code there).
_TWINS = {"Add": ("integer binary", 0.0), "Mul": ("integer binary", 1.0),
          "Sigmoid": ("integer unary", 0.0), "LeakyRelu": ("integer unary", 1.0),
          "Softmax": ("integer softmax", 0.0),
          "AveragePool": ("integer pool", 0.0), "GlobalAveragePool": ("integer pool", 1.0),
          "MaxPool": ("NhwcMaxPool", 0.0), "Concat": ("QLinearConcat", 0.0)}  # fmt: skip
# Float kernels that become integer ones where integers stand on both sides, asked for or not.
TAKEN_IN = ("Softmax", "Sigmoid", "LeakyRelu")
# Kernels that move elements of any size.
_MOVES = frozenset({"Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Dropout",
                    "Transpose", "Split", "Slice", "Pad", "Gather", "Resize", "Upsample", "Expand",
                    "Tile", "DepthToSpace", "SpaceToDepth"})  # fmt: skip
_BLOCKS = frozenset({"ReorderInput", "ReorderOutput"})  # transpositions stand in their place
_VANISH = frozenset({"Relu", "Clip"})  # the least and the largest integer do this
_FUSED = frozenset({"HardSigmoid", "Sigmoid", "Tanh", "HardSwish", "LeakyRelu"})


def integer_seconds(made: Calibration, kernels: pl.DataFrame, ops: Sequence[str]) -> Floats:
    """Time of each float kernel if it read and made 8-bit integers, s; [kernels].

    Args:
        made: of the runtime.
        kernels: columns of `compile.KERNEL_SCHEMA`.
        ops: what was fused into each kernel, "Conv+Add+Relu".
    """
    types = kernels["type"].to_list()
    twin = {c: kernels[c].to_numpy().astype(np.float64) for c in kernels.columns
            if kernels.schema[c] == pl.Float64}  # fmt: skip
    classes = kernels["class"].to_list()
    floats = made.seconds(kernels)
    own = np.zeros(len(types), bool)  # it has a form in integers
    gone = np.zeros(len(types), bool)
    for i, kind in enumerate(types):
        if kind in _CONVS:
            grouped, single = twin["products"][i] > 1, twin["window"][i] == 1
            tail = " depthwise" if grouped else " 1x1" if single else ""
            classes[i], own[i] = f"integer conv{tail}", True
            twin["code"][i], twin["axis"][i], twin["variant"][i] = 9.0, 0.0, 0.0
        elif kind in _PRODUCTS:
            stored = twin["weight_bytes"][i] > 64  # more than scales
            linear = "Gemm" in ops[i].split("+")
            classes[i], own[i] = "QGemm" if linear else "QLinearMatMul", True
            twin["code"][i], twin["pad"][i] = 0.0, 9.0 if linear else 8.0
            twin["variant"][i] = 0.0 if stored else 64.0
        elif kind in _TWINS:
            (classes[i], twin["code"][i]), own[i] = _TWINS[kind], True
        elif kind in _MOVES:
            own[i] = True
        gone[i] = kind in _VANISH
    columns = np.maximum(twin["columns"], 1)
    product = np.array([t in _CONVS or t in _PRODUCTS for t in types], bool)
    fill = np.ceil(columns / _TILE) * _TILE / columns
    twin["column_fill"] = np.where(product, fill, twin["column_fill"])
    for name in ("read_bytes", "write_bytes", "weight_bytes", "item"):
        twin[name] = twin[name] / 4
    frame = kernels.with_columns(
        pl.Series("class", classes, pl.String), *(pl.Series(n, v) for n, v in twin.items())
    )
    seconds = np.where(own, made.seconds(frame), floats)
    blocks = np.array([t in _BLOCKS for t in types], bool)
    around = _between(made, kernels, "read_bytes", True) + _between(
        made, kernels, "write_bytes", False)  # fmt: skip
    seconds = seconds + np.where(own | gone | blocks, 0.0, around)
    seconds += _fused(made, kernels, ops, product)
    return np.where(gone, 0.0, seconds)


def _between(made: Calibration, kernels: pl.DataFrame, column: str, back: bool) -> Floats:
    elements = kernels[column].to_numpy() / np.maximum(kernels["item"].to_numpy(), 1)
    return conversion_seconds(made, elements, np.full(len(elements), back))


def _fused(made: Calibration, kernels: pl.DataFrame, ops: Sequence[str], product: Mask) -> Floats:
    """Time of what floats have inside a convolution or product and integers beside it, s."""
    extra = np.zeros(kernels.height)
    elements = kernels["elements"].to_numpy().astype(np.float64)
    parts = [o.split("+") for o in ops]
    sums = np.array([sum(p in ("Add", "Sum", "Mul") for p in x) for x in parts], np.float64)
    acts = np.array([sum(p in _FUSED for p in x) for x in parts], np.float64)
    zero = np.zeros(kernels.height)
    plain = {c: zero for c in kernels.columns if kernels.schema[c] == pl.Float64}
    if (sums * product).any():
        added = plain | {
            "read_bytes": 2 * elements, "write_bytes": elements, "elements": elements,
            "inner": elements, "outer": zero + 1, "sources": zero + 2, "rank": zero + 4,
            "item": zero + 1, "row_fill": zero + 1, "column_fill": zero + 1,
            "round": kernels["round"].to_numpy() / 4,
        }  # fmt: skip
        frame = kernels.with_columns(
            pl.lit("integer binary").alias("class"), *(pl.Series(n, v) for n, v in added.items())
        )
        extra += np.where(product, sums * made.seconds(frame), 0.0)
    if (acts * product).any():
        there = conversion_seconds(made, elements, np.ones(len(elements), bool))
        back = conversion_seconds(made, elements, np.zeros(len(elements), bool))
        extra += np.where(product, acts * (there + back), 0.0)
    return extra


def conversion_seconds(made: Calibration, elements: Floats, back: Mask) -> Floats:
    """Time of a kernel between fp32 and 8-bit integers, s.

    Args:
        made: of the runtime.
        elements: of the tensor.
        back: from integers to floats.
    """
    n, zero = np.nan_to_num(elements), np.zeros(len(elements))
    wide, narrow = 4 * n, n
    values = {
        "read_bytes": np.where(back, narrow, wide), "write_bytes": np.where(back, wide, narrow),
        "weight_bytes": zero + 5, "elements": n, "inner": n, "outer": zero + 1, "sources": zero + 1,
        "rank": zero + 4, "item": np.where(back, 1.0, 4.0), "row_fill": zero + 1,
        "column_fill": zero + 1, "far": zero, "near": zero,
    }  # fmt: skip
    from engine.compile import COUNTS, KERNEL_SCHEMA

    words = ["DequantizeLinear" if b else "QuantizeLinear" for b in back.tolist()]
    frame = pl.DataFrame(
        {"node": [""] * len(words), "type": words, "class": words}
        | {c: values.get(c, zero) for c in COUNTS},
        schema=KERNEL_SCHEMA,
    )
    return np.nan_to_num(made.seconds(frame))
