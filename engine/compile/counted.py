"""What a calibrated time follows from: counts of a kernel of a runtime, from its shapes alone.

Every kernel belongs to a class whose times one model describes; kernels of one class share loops
in the runtime and differ in sizes.  Sizes are the runtime's own (channels padded to a block).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from math import prod

import numpy as np
import polars as pl

from engine.graph import Graph, Op, Tensor
from engine.units import DTYPE_BITS

# Columns of `Compilation.kernels`, one row a task, after the runtime's name and type of the node
# and the class of kernels that it belongs to.
COUNTS = (
    "macs",  # multiply-accumulates
    "read_bytes", "write_bytes", "weight_bytes",
    "rows", "depth", "columns", "products",  # of the matrix product that the kernel is
    "window", "stride", "dilation", "pad",
    "height", "width",  # of what a windowed kernel makes
    "inner",  # elements that are moved or combined in one run
    "outer",  # how many such runs
    "axis",  # length of the axis that is reduced, normed, stepped along
    "code",  # which op of its class
    "variant",  # activation that is fused, or a way to do it (mode, broadcast, transposes)
    "sources",  # activations read
    "rank",
    "item",  # bytes of an element read
    "elements",  # made
    "row_fill", "column_fill",  # work after rounding up to the runtime's tiles / work
    "near",  # bytes touched since the latest input was made
    "far",  # bytes touched since the earliest input was made
    "round",  # bytes that the whole network touches: what its weights must outlive in a cache
)  # fmt: skip
KERNEL_SCHEMA = {"node": pl.String, "type": pl.String, "class": pl.String} | dict.fromkeys(
    COUNTS, pl.Float64
)
ROW_TILE, COLUMN_TILE = 6, 16  # assumption: rows and columns of the inner product loop with AVX2

_CODES: Mapping[str, tuple[str, ...]] = {
    "binary": ("Add", "Sub", "Mul", "Div", "Max", "Min", "Pow", "Sum", "PRelu", "Mod", "BiasAdd"),
    "unary": ("Relu", "Sigmoid", "Tanh", "Exp", "Sqrt", "Erf", "Neg", "Abs", "Reciprocal",
              "HardSigmoid", "LeakyRelu", "Clip", "Softplus", "Log", "Sin", "Cos", "Floor",
              "HardSwish", "Elu", "Gelu", "QuickGelu", "FastGelu", "BiasGelu", "Ceil", "Round",
              "Not", "Selu", "Celu", "Softsign", "Mish", "ThresholdedRelu", "Sign", "Swish"),
    "norm": ("LayerNormalization", "SkipLayerNormalization", "SimplifiedLayerNormalization",
             "SkipSimplifiedLayerNormalization", "EmbedLayerNormalization", "RMSNormalization"),
    "softmax": ("Softmax", "LogSoftmax", "BiasSoftmax"),
    "reduction": ("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL2", "ReduceL1",
                  "ReduceProd", "ReduceSumSquare", "ReduceLogSumExp"),
    "view": ("Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Dropout"),
    "channel norm": ("BatchNormalization", "InstanceNormalization", "GroupNormalization",
                     "LpNormalization"),
    "compare": ("Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual", "And", "Or", "Where"),
    "search": ("ArgMax", "ArgMin", "TopK", "CumSum", "NonZero"),
    "pool": ("MaxPool", "AveragePool"),
    "whole pool": ("GlobalAveragePool", "GlobalMaxPool"),
    "pick": ("Gather", "GatherElements", "GatherND", "ScatterND", "ScatterElements"),
    "spread": ("Expand", "Tile", "ConstantOfShape", "Range"),
    "blocks": ("DepthToSpace", "SpaceToDepth"),
    "integer binary": ("QLinearAdd", "QLinearMul"),
    "integer unary": ("QLinearSigmoid", "QLinearLeakyRelu"),
    "integer softmax": ("QLinearSoftmax",),  # sums and divides: no mere table as the others
    "integer pool": ("QLinearAveragePool", "QLinearGlobalAveragePool"),
    "recurrent": ("LSTM", "GRU", "RNN"),
}  # fmt: skip
_CLASS = {kind: (name, i) for name, kinds in _CODES.items() for i, kind in enumerate(kinds)}
_ACTIVATIONS = ("", "Relu", "Clip", "LeakyRelu", "HardSigmoid", "Sigmoid", "Tanh")
_PRODUCTS = frozenset({"Gemm", "FusedGemm", "MatMul", "FusedMatMul", "MatMulInteger",
                       "MatMulIntegerToFloat", "DynamicQuantizeMatMul", "QLinearMatMul",
                       "QGemm", "MatMulNBits"})  # fmt: skip
_CONVS = frozenset({"Conv", "FusedConv", "QLinearConv", "ConvInteger", "ConvTranspose",
                    "NhwcFusedConv"})  # fmt: skip
_POOLS = frozenset({"MaxPool", "AveragePool", "QLinearAveragePool", "NhwcMaxPool"})
_BLOCKED = "com.microsoft.nchwc"


def kernels_frame(runtime: Graph) -> pl.DataFrame:
    """One row a kernel, in execution order."""
    tensors = runtime.tensors
    touched = [sum(_bytes(tensors[t]) for t in (*op.inputs, *op.outputs) if t)
               for op in runtime.ops]  # fmt: skip
    until = np.concatenate([[0.0], np.cumsum(touched)])
    rows = []
    for i, op in enumerate(runtime.ops):
        name, counts = _counted(op, tensors)
        makers = [runtime.producer.get(t, -1) for t in op.inputs
                  if t and tensors[t].kind != "weight"]  # fmt: skip
        since = [float(until[i] - until[m + 1]) for m in makers] or [float(until[-1])]
        counts |= {"near": min(since), "far": max(since), "round": float(until[-1])}
        rows.append((op.name, op.type, name, *(float(counts.get(c, 0.0)) for c in COUNTS)))
    return pl.DataFrame(rows, schema=KERNEL_SCHEMA, orient="row")


def _bytes(tensor: Tensor) -> float:
    if tensor.shape is None or tensor.dtype not in DTYPE_BITS:
        return 0.0
    return prod(tensor.shape) * DTYPE_BITS[tensor.dtype] / 8


def _shape(tensors: Mapping[str, Tensor], op: Op, at: int) -> tuple[int, ...]:
    name = op.inputs[at] if at < len(op.inputs) else ""
    return (tensors[name].shape or ()) if name else ()


def _counted(op: Op, tensors: Mapping[str, Tensor]) -> tuple[str, dict[str, float]]:
    made = next((t for t in op.outputs if t), "")
    out = (tensors[made].shape or ()) if made else ()
    reads = [t for t in op.inputs if t and tensors[t].kind != "weight"]
    first = tensors[reads[0]] if reads else tensors.get(made, Tensor(""))
    counts: dict[str, float] = {
        "read_bytes": sum(_bytes(tensors[t]) for t in dict.fromkeys(reads)),
        "write_bytes": sum(_bytes(tensors[t]) for t in op.outputs if t),
        "weight_bytes": sum(
            _bytes(tensors[t]) for t in op.inputs if t and tensors[t].kind == "weight"
        ),
        "sources": len(reads), "elements": prod(out), "rank": len(first.shape or ()),
        "item": DTYPE_BITS.get(first.dtype, 32) / 8, "row_fill": 1.0, "column_fill": 1.0,
    }  # fmt: skip
    name, code = _CLASS.get(op.type, (op.type, 0))
    counts["code"] = code
    if op.type in _PRODUCTS:
        name = _product(op, tensors, out, counts)
    elif op.type in _CONVS:
        name = _windowed(op, tensors, out, counts)
    elif op.type in _POOLS:
        _pooled(op, tensors, out, counts)
    else:
        _moved(op, tensors, out, first.shape or (), counts)
    if op.domain == _BLOCKED and op.type not in _CONVS:
        name = f"blocked {name}"
    if name == op.type == "Cast":
        counts["variant"] = _bytes(tensors[made]) / max(1.0, counts["elements"])
    return name, counts


def _number(op: Op, name: str, default: int = 0) -> int:
    value = op.attributes.get(name, default)
    return value if isinstance(value, int) else default


def _list(op: Op, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
    value = op.attributes.get(name)
    return tuple(int(v) for v in value) if isinstance(value, tuple) and value else default


def _activation(op: Op) -> float:
    word = op.attributes.get("activation", "")
    return float(_ACTIVATIONS.index(word)) if word in _ACTIVATIONS else 9.0


def _fill(size: float, tile: int) -> float:
    return float(-(-size // tile) * tile / size) if size else 1.0


def _unsigned(op: Op, tensors: Mapping[str, Tensor], at: int) -> bool:
    """Whether its weights are uint8, for which integer kernels have other loops than for int8."""
    name = op.inputs[at] if at < len(op.inputs) else ""
    return bool(name) and tensors[name].dtype == "uint8"


def _product(
    op: Op, tensors: Mapping[str, Tensor], out: tuple[int, ...], counts: dict[str, float]
) -> str:
    at = 3 if op.type in ("QLinearMatMul", "QGemm") else 1
    a, b = _shape(tensors, op, 0), _shape(tensors, op, at)
    if op.type == "MatMulNBits":
        b = (_number(op, "K"), _number(op, "N"))
    turned_a, turned_b = _number(op, "transA"), _number(op, "transB")
    depth = (a[-2] if turned_a and len(a) > 1 else a[-1]) if a else 1
    columns = (b[-2] if turned_b and len(b) > 1 else b[-1]) if len(b) > 1 else 1
    stored = bool(op.inputs[at]) and tensors[op.inputs[at]].kind == "weight"
    batch = prod(b[:-2]) if len(b) > 2 else 1
    rows = prod(out) / max(1, columns) / max(1, batch)
    batch = max(batch, 1)
    counts |= {
        "rows": rows, "depth": depth, "columns": columns, "products": batch,
        "macs": prod(out) * depth, "code": float(op.type.startswith(("Gemm", "FusedGemm"))),
        "variant": turned_a + 2 * turned_b + 4 * _activation(op) + 64 * _unsigned(op, tensors, at),
        "row_fill": _fill(rows, ROW_TILE), "column_fill": _fill(columns, COLUMN_TILE),
        "pad": float(len(op.inputs)),
    }  # fmt: skip
    if op.type in ("Gemm", "FusedGemm", "MatMul", "FusedMatMul"):
        if not stored or batch > 1:
            return "matmul"
        return "gemm row" if rows == 1 else "gemm"
    return op.type


def _windowed(
    op: Op, tensors: Mapping[str, Tensor], out: tuple[int, ...], counts: dict[str, float]
) -> str:
    at = 3 if op.type == "QLinearConv" else 1
    x, w = _shape(tensors, op, 0), _shape(tensors, op, at)
    last = bool(_number(op, "channels_last"))
    groups = max(1, _number(op, "group", 1))
    space = out[1:-1] if last else out[2:]
    plain = (1,) * len(space)
    kernel = _list(op, "kernel_shape", w[2:])
    window = prod(kernel)
    pads = _list(op, "pads", plain * 0)
    turned = op.type == "ConvTranspose"
    columns = (w[1] if turned else w[0] / groups) if w else 1
    depth = (w[0] / groups if turned else w[1]) if len(w) > 1 else 1
    points = prod(x[2:]) * x[0] if turned and x else prod(space) * (out[0] if out else 1)
    counts |= {
        "rows": points, "depth": depth * window, "columns": columns, "products": groups,
        "window": window, "stride": _list(op, "strides", plain)[-1] if space else 1,
        "dilation": _list(op, "dilations", plain)[-1] if space else 1,
        "pad": float(sum(pads)), "height": prod(space[:-1]), "width": space[-1] if space else 1,
        "macs": points * depth * window * columns * groups, "variant": _activation(op),
        "row_fill": _fill(space[-1] if space else 1, ROW_TILE),
        "column_fill": _fill(columns, COLUMN_TILE * 2 if op.domain == _BLOCKED else COLUMN_TILE),
        "inner": kernel[-1] if kernel else 1, "axis": prod(x[2:]) if len(x) > 2 and not last else 0,
        "code": float(len(op.inputs)) + 16 * _unsigned(op, tensors, at),
    }  # fmt: skip
    family = {"Conv": "conv", "FusedConv": "conv", "QLinearConv": "integer conv"}.get(
        op.type, op.type)  # fmt: skip
    single = groups > 1 and depth == 1 and columns == 1
    if op.domain == _BLOCKED:
        if groups > 1:
            return "blocked depthwise" if depth == 1 else "blocked grouped"
        if len(w) > 1 and w[1] < 8:
            return "blocked first"
        return "blocked 1x1" if window == 1 else "blocked conv"
    if single or (op.type == "QLinearConv" and groups > 1):
        return f"{family} depthwise"
    if op.type in ("Conv", "FusedConv"):
        return "conv grouped" if groups > 1 else "conv line" if len(space) == 1 else "conv"
    if op.type == "ConvInteger" and _unsigned(op, tensors, at):
        return "ConvInteger unsigned"
    return f"{family} 1x1" if window == 1 and family == "integer conv" else family


def _pooled(
    op: Op, tensors: Mapping[str, Tensor], out: tuple[int, ...], counts: dict[str, float]
) -> None:
    space = out[2:]
    plain = (1,) * len(space)
    kernel = _list(op, "kernel_shape", plain)
    counts |= {
        "window": prod(kernel), "stride": _list(op, "strides", plain)[-1] if space else 1,
        "pad": float(sum(_list(op, "pads", ()))), "height": prod(space[:-1]),
        "width": space[-1] if space else 1, "columns": prod(out[:2]), "inner": kernel[-1],
        "macs": prod(out) * prod(kernel), "row_fill": _fill(space[-1] if space else 1, ROW_TILE),
        "variant": float(_number(op, "count_include_pad")),
    }  # fmt: skip


def _moved(
    op: Op, tensors: Mapping[str, Tensor], out: tuple[int, ...], source: tuple[int, ...],
    counts: dict[str, float],
) -> None:  # fmt: skip
    """Runs of elements that stay together, and the axis along which there is a loop."""
    rank = max(1, len(source))
    inner, axis, variant = float(prod(source)), 0.0, 0.0
    if op.type == "Transpose":
        inner, axis, variant = _transposed(source, _list(op, "perm", tuple(range(rank))[::-1]))
    elif op.type in _CLASS and _CLASS[op.type][0] in ("binary", "compare", "integer binary"):
        inner, variant = _broadcast(op, tensors, out)
    elif op.type in ("Concat", "Split", "Gather", "QLinearConcat", "Slice", "Softmax",
                     "LogSoftmax", "ArgMax", "TopK", "CumSum", "QLinearSoftmax"):  # fmt: skip
        default = -1 if op.type in ("Softmax", "LogSoftmax", "TopK", "QLinearSoftmax") else 0
        at = _number(op, "axis", default) % rank
        if op.type == "Slice":
            at = next((i for i, (m, n) in enumerate(zip(source, out, strict=False)) if m != n), 0)
            variant = float(_number(op, "steps") > 1 or _stepped(op, tensors))
        inner, axis = float(prod(source[at + 1 :])), float(source[at]) if source else 0.0
        if op.type in ("Concat", "QLinearConcat"):
            inner *= axis
    elif op.type in _CLASS and _CLASS[op.type][0] == "reduction":
        axes = _axes(op, tensors, source)
        axis = float(prod(source[a] for a in axes)) if source else 0.0
        inner = float(prod(source[max(axes, default=0) + 1 :]))
    elif op.type in ("LSTM", "GRU", "RNN") and len(source) == 3:
        hidden = _number(op, "hidden_size", 1)
        ways = _shape(tensors, op, 1)[0] if _shape(tensors, op, 1) else 1
        gates = {"LSTM": 4, "GRU": 3}.get(op.type, 1)
        axis, inner, variant = float(source[0]), float(hidden), float(ways)
        counts |= {"rows": source[1], "depth": source[2], "columns": gates * hidden,
                   "products": ways,
                   "macs": source[0] * source[1] * ways * gates * hidden
                   * (source[2] + hidden)}  # fmt: skip
    elif op.type in ("Resize", "Upsample"):
        words = (str(op.attributes.get("mode", "")), str(
            op.attributes.get("coordinate_transformation_mode", "")))  # fmt: skip
        variant = 4.0 * ("nearest", "linear", "cubic", "").index(
            words[0] if words[0] in ("nearest", "linear", "cubic") else "") + (
            words[1] == "align_corners") + 2 * (words[1] == "asymmetric")  # fmt: skip
        inner, axis = float(out[-1] if out else 1), float(prod(out[:2]))
        counts["stride"] = prod(out) / max(1, prod(source))
    elif op.type in ("Pad", "Expand", "Tile"):
        same = 0
        while same < min(len(source), len(out)) and source[-1 - same] == out[-1 - same]:
            same += 1
        inner = (
            float(prod(source[len(source) - same :]))
            if same
            else float(source[-1] if source else 1)
        )
        variant = float(str(op.attributes.get("mode", "constant")) != "constant")
    elif "Normalization" in op.type or op.type == "LRN":
        last = _CLASS.get(op.type, ("", 0))[0] == "norm" or op.type == "LpNormalization"
        inner = float(source[-1] if last and source else prod(source[2:]))
        axis = float(_number(op, "size"))
    elif op.type in ("ReorderInput", "ReorderOutput"):
        inner, axis = float(prod(source[2:])), float(source[1] if rank > 1 else 1)
        variant = float(_number(op, "channels_last"))
    elif op.type.startswith("Global"):
        axis = float(prod(source[2:]))
        inner = axis
    counts |= {"inner": inner, "axis": axis, "variant": variant,
               "outer": max(prod(source), prod(out)) / max(1.0, inner)}  # fmt: skip


def _stepped(op: Op, tensors: Mapping[str, Tensor]) -> bool:
    steps = tensors[op.inputs[4]].value if len(op.inputs) > 4 and op.inputs[4] else None
    return bool(steps) and any(s != 1 for s in steps or ())


def _axes(op: Op, tensors: Mapping[str, Tensor], source: tuple[int, ...]) -> tuple[int, ...]:
    axes = _list(op, "axes", ())
    if not axes and len(op.inputs) > 1 and op.inputs[1]:
        axes = tuple(int(v) for v in tensors[op.inputs[1]].value or ())
    return tuple(a % max(1, len(source)) for a in axes) or tuple(range(len(source)))


def _transposed(source: tuple[int, ...], perm: tuple[int, ...]) -> tuple[float, float, float]:
    """(elements moved together, stride of the first moved axis, form) of a Transpose.

    Axes that stay neighbours count as one; form 0 moves nothing, 1 moves whole runs, 2 turns the
    last axis.
    """
    if len(perm) != len(source):
        return float(prod(source)), 0.0, 0.0
    kept = [p for p in perm if source[p] != 1]
    if kept == sorted(kept):
        return float(prod(source)), 0.0, 0.0
    tail = 0
    order = sorted(kept)
    while kept[-1 - tail] == order[-1 - tail]:
        tail += 1
    run = float(prod(source[p] for p in kept[len(kept) - tail :])) if tail else 1.0
    groups = 1 + sum(b != a + 1 for a, b in pairwise(kept))
    return run, float(source[kept[-1]]), float((1 if tail else 2) + 3 * min(groups, 4))


def _broadcast(op: Op, tensors: Mapping[str, Tensor], out: tuple[int, ...]) -> tuple[float, float]:
    """(elements in one run, form): 0 same shapes, 1 a number, 2 a trailing part, 3 else."""
    shapes = [_shape(tensors, op, i) for i, t in enumerate(op.inputs) if t]
    if op.type in ("QLinearAdd", "QLinearMul"):
        shapes = [_shape(tensors, op, 0), _shape(tensors, op, 3)]
    full = [(1,) * (len(out) - len(s)) + s for s in shapes]
    if all(prod(s) == prod(out) for s in full):
        return float(prod(out)), 0.0
    small = min(full, key=prod)
    if prod(small) == 1:
        return float(prod(out)), 1.0
    run, at = 1, len(out) - 1
    first = small[at] == out[at] if out else True
    while at >= 0 and ((small[at] == out[at]) == first or out[at] == 1):
        run *= out[at]
        at -= 1
    return float(run), 2.0 if first else 3.0
