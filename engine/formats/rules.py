"""Shapes of ops that onnx has no inference for: com.microsoft's and a few of its own.

A rule gets the `Facts` of an op and gives (dtype, shape) for its first outputs; it may raise what
wrong input makes it raise.  Sources: ONNX Runtime's ContribOperators.md (inputs, outputs and
attributes of com.microsoft), the ONNX operator specification.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import ceil, floor, prod
from types import MappingProxyType

import numpy as np

from engine.graph import Op, Tensor, reshaped
from engine.graph.model import Attribute

Shape = tuple[int, ...]
Answer = Sequence[tuple[str, Shape | None]]


class Facts:
    """What a rule may ask of an op."""

    def __init__(self, op: Op, inputs: Sequence[Tensor | None]) -> None:
        self.op, self._inputs = op, inputs

    def has(self, i: int) -> bool:
        """Whether input i is there."""
        return i < len(self._inputs) and self._inputs[i] is not None

    def shape(self, i: int) -> Shape:
        """Shape of input i; TypeError when it is unknown."""
        tensor = self._inputs[i]
        if tensor is None or tensor.shape is None:
            raise TypeError("unknown shape")
        return tensor.shape

    def dtype(self, i: int) -> str:
        """Element type of input i, "" when there is none."""
        tensor = self._inputs[i] if i < len(self._inputs) else None
        return tensor.dtype if tensor is not None else ""

    def values(self, i: int) -> tuple[int | float, ...]:
        """Elements of input i; TypeError when they are unknown."""
        tensor = self._inputs[i]
        if tensor is None or tensor.value is None:
            raise TypeError("unknown value")
        return tensor.value

    def ints(self, i: int) -> Shape:
        """Elements of input i as integers."""
        return tuple(int(v) for v in self.values(i))

    def number(self, name: str, default: int = 0) -> int:
        """An integer attribute."""
        value: Attribute = self.op.attributes.get(name, default)
        if not isinstance(value, int):
            raise TypeError(name)
        return value

    @property
    def count(self) -> int:
        """Number of inputs."""
        return len(self._inputs)


Rule = Callable[[Facts], Answer]


def _first(f: Facts) -> Answer:
    return [(f.dtype(0), f.shape(0))]


def _same(f: Facts) -> Answer:
    """Every output has type and shape of the first input (skip-norms return the sum as well)."""
    if f.op.type.startswith("Skip"):
        return [(f.dtype(0), f.shape(0)), ("", None), ("", None), (f.dtype(0), f.shape(0))]
    return _first(f)


def _broadcast(a: int, b: int) -> Rule:
    return lambda f: [(f.dtype(a), np.broadcast_shapes(f.shape(a), f.shape(b)))]


def _matmul(f: Facts, a: Shape, b: Shape, dtype: str) -> Answer:
    if f.number("transA"):
        a = (*a[:-2], a[-1], a[-2])
    if f.number("transB"):
        b = (*b[:-2], b[-1], b[-2])
    if len(a) < 2 or len(b) < 2 or a[-1] != b[-2]:
        raise ValueError("sizes do not fit")
    return [(dtype, (*np.broadcast_shapes(a[:-2], b[:-2]), a[-2], b[-1]))]


def _float_matmul(f: Facts) -> Answer:
    return _matmul(f, f.shape(0), f.shape(1), f.dtype(2) or "float32")


def _matmul_nbits(f: Facts) -> Answer:
    return [(f.dtype(0), (*f.shape(0)[:-1], f.number("N")))]


def _qgemm(f: Facts) -> Answer:
    dtype = f.dtype(8) if f.has(8) else f.dtype(0) if f.has(7) else "float32"
    return _matmul(f, f.shape(0), f.shape(3), dtype)


def _qconcat(f: Facts) -> Answer:
    axis = f.number("axis")
    parts = [f.shape(i) for i in range(2, f.count, 3)]  # scale, zero point, then triples
    out = list(parts[0])
    out[axis] = sum(p[axis] for p in parts)
    return [(f.dtype(1), tuple(out))]


def _qglobal_pool(f: Facts) -> Answer:
    shape, last = f.shape(0), f.number("channels_last")
    space = [1] * (len(shape) - 2)
    return [(f.dtype(0), (shape[0], *space, shape[-1]) if last else (*shape[:2], *space))]


def _attention(f: Facts) -> Answer:
    """Packed attention [batch, sequence, 3 x hidden weights] gives [batch, sequence, hidden]."""
    batch, sequence, _ = f.shape(0)
    return [(f.dtype(0), (batch, sequence, f.shape(1)[1] // 3))]


def _multi_head(f: Facts) -> Answer:
    query = f.shape(0)
    if len(query) == 5:  # packed [batch, sequence, heads, 3, head size]
        return [(f.dtype(0), (*query[:2], query[2] * query[4]))]
    width = query[2]
    if f.has(2) and len(f.shape(2)) == 3:
        width = f.shape(2)[2]
    return [(f.dtype(0), (*query[:2], width))]


def _grouped_query(f: Facts) -> Answer:
    query = f.shape(0)
    if not f.has(1):  # packed query, key and value
        heads, shared = f.number("num_heads"), f.number("kv_num_heads")
        query = (*query[:2], query[2] * heads // (heads + 2 * shared))
    answer: list[tuple[str, Shape | None]] = [(f.dtype(0), query)]
    if f.has(3) and len(f.shape(3)) == 4:
        past = f.shape(3)
        answer += [(f.dtype(3), (*past[:2], past[2] + query[1], past[3]))] * 2
    return answer


def _dynamic_lstm(f: Facts) -> Answer:
    sequence, batch, _ = f.shape(0)
    hidden, ways = f.number("hidden_size"), f.shape(1)[0]
    state = (ways, batch, hidden)
    return [("float32", (sequence, ways, batch, hidden)), ("float32", state), ("float32", state)]


def _dequantize(f: Facts) -> Answer:
    return [(f.dtype(1), f.shape(0))]


def _quantize(f: Facts) -> Answer:
    return [(f.dtype(2) or "uint8", f.shape(0))]


def _constant_of_shape(f: Facts) -> Answer:
    return [(str(f.op.attributes.get("dtype", "float32")), f.ints(0))]


def _reshape(f: Facts) -> Answer:
    return [(f.dtype(0), reshaped(f.shape(0), f.ints(1), bool(f.number("allowzero"))))]


def _expand(f: Facts) -> Answer:
    return [(f.dtype(0), np.broadcast_shapes(f.shape(0), f.ints(1)))]


def _resize(f: Facts) -> Answer:
    shape = f.shape(0)
    at = 1 if f.op.type == "Upsample" or f.count == 2 else 2
    if f.has(3) and f.values(3):
        return [(f.dtype(0), f.ints(3))]
    return [(f.dtype(0), tuple(floor(n * s) for n, s in zip(shape, f.values(at), strict=True)))]


def _range(f: Facts) -> Answer:
    start, limit, step = (f.values(i)[0] for i in range(3))
    return [(f.dtype(0), (max(0, ceil((limit - start) / step)),))]


def _split(f: Facts) -> Answer:
    shape, count = f.shape(0), len(f.op.outputs)
    axis = f.number("axis") % len(shape)
    sizes = _tuple(f.op.attributes.get("split")) or (f.ints(1) if f.has(1) else ())
    if not sizes:
        if f.number("num_outputs", count) != count:
            raise ValueError("as many outputs as it says")
        each = -(-shape[axis] // count)
        sizes = tuple(min(each, max(0, shape[axis] - i * each)) for i in range(count))
    if len(sizes) != count or sum(sizes) != shape[axis]:
        raise ValueError("sizes do not fit")
    return [(f.dtype(0), (*shape[:axis], n, *shape[axis + 1 :])) for n in sizes]


def _dropout(f: Facts) -> Answer:
    """The mask is as large as the data; before opset 10 it had the data's type."""
    return [(f.dtype(0), f.shape(0)), ("bool", f.shape(0))]


def _embed(f: Facts) -> Answer:
    ids, width = f.shape(0), f.shape(2)[1]
    return [(f.dtype(2), (*ids, width)), ("int32", ids[:1])]


def _gather_blocks(f: Facts) -> Answer:
    data, index = list(f.shape(0)), f.shape(1)
    axis = f.number("gather_axis")
    if f.number("bits", 4) < 8 and f.dtype(0) == "uint8":
        data[f.number("quantize_axis", 1)] *= 8 // f.number("bits", 4)
    return [(f.dtype(2), (*data[:axis], *index, *data[axis + 1 :]))]


def _flatten(f: Facts) -> Answer:
    shape, axis = f.shape(0), f.number("axis", 1)
    return [(f.dtype(0), (prod(shape[:axis]), prod(shape[axis:])))]


def _blocked_pool(f: Facts) -> Answer:
    batch, channels, *space = f.shape(0)
    return [(f.dtype(0), (batch, channels, *[1] * len(space)))]


def _reorder(f: Facts) -> Answer:
    """Between plain and blocked channels; blocked tensors are channels first, and padded."""
    batch, *rest = f.shape(0)
    last = f.number("channels_last")
    if f.op.type == "ReorderInput":
        return [(f.dtype(0), (batch, rest[-1], *rest[:-1]) if last else (batch, *rest))]
    _, *space = rest
    channels = f.number("channels")
    return [(f.dtype(0), (batch, *space, channels) if last else (batch, channels, *space))]


def _blocked_upsample(f: Facts) -> Answer:
    scales = _tuple(f.op.attributes.get("scales"))
    return [(f.dtype(0), tuple(n * s for n, s in zip(f.shape(0), scales, strict=True)))]


def _windows(f: Facts, space: Shape, kernel: Shape) -> Shape:
    """How many windows fit along each axis, by the attributes of a conv or pool."""
    n = len(kernel)
    strides = _tuple(f.op.attributes.get("strides")) or (1,) * n
    if f.op.attributes.get("auto_pad", "NOTSET") in ("SAME_UPPER", "SAME_LOWER"):
        return tuple(ceil(size / s) for size, s in zip(space, strides, strict=True))
    dilations = _tuple(f.op.attributes.get("dilations")) or (1,) * n
    pads = _tuple(f.op.attributes.get("pads")) or (0,) * 2 * n
    more = [s - 1 if f.number("ceil_mode") else 0 for s in strides]
    return tuple(
        (size + pads[i] + pads[i + n] - (kernel[i] - 1) * dilations[i] - 1 + more[i]) // strides[i]
        + 1
        for i, size in enumerate(space)
    )


def _quantized_conv(f: Facts) -> Answer:
    """QLinearConv, whose onnxruntime form may have the channels last."""
    x, w = f.shape(0), f.shape(3)
    last = f.number("channels_last")
    out = _windows(f, x[1:-1] if last else x[2:], w[2:])
    return [(f.dtype(7) or f.dtype(0), (x[0], *out, w[0]) if last else (x[0], w[0], *out))]


def _pool_last(f: Facts) -> Answer:
    """MaxPool with the channels last."""
    x = f.shape(0)
    out = _windows(f, x[1:-1], _tuple(f.op.attributes.get("kernel_shape")))
    return [(f.dtype(0), (x[0], *out, x[-1]))]


def _quantized_pool(f: Facts) -> Answer:
    """QLinearAveragePool, whose channels may be last."""
    if f.number("channels_last"):
        return _pool_last(f)
    x = f.shape(0)
    out = _windows(f, x[2:], _tuple(f.op.attributes.get("kernel_shape")))
    return [(f.dtype(0), (*x[:2], *out))]


def contradiction(op: Op, inputs: Sequence[Tensor | None]) -> str:
    """Why a conv or pool cannot run on its input, "" if it can.

    onnx's inference rounds a window larger than its padded input to an output of size 1.
    """
    if op.type not in _WINDOWED or not inputs or inputs[0] is None or inputs[0].shape is None:
        return ""
    given, weight = op.attributes.get("kernel_shape"), None
    if given is None:
        weight = inputs[_WINDOWED[op.type]] if len(inputs) > _WINDOWED[op.type] else None
        given = weight.shape[2:] if weight is not None and weight.shape is not None else ()
    space, kernel = inputs[0].shape[2:], _tuple(given)
    if op.attributes.get("channels_last"):
        space = inputs[0].shape[1:-1]
    pads = _tuple(op.attributes.get("pads", ())) or (0,) * 2 * len(kernel)
    dilations = _tuple(op.attributes.get("dilations", ())) or (1,) * len(kernel)
    if op.attributes.get("auto_pad", "NOTSET") in ("SAME_UPPER", "SAME_LOWER"):
        return ""
    if len(pads) != 2 * len(kernel) or not len(space) == len(kernel) == len(dilations):
        return ""
    for i, (size, k, d) in enumerate(zip(space, kernel, dilations, strict=True)):
        if size + pads[i] + pads[i + len(kernel)] < (k - 1) * d + 1:
            return f"a window of {(k - 1) * d + 1} on {size} elements"
    return ""


def _tuple(value: Attribute | Shape | None) -> Shape:
    return tuple(v for v in value if isinstance(v, int)) if isinstance(value, tuple) else ()


# Type -> the input that holds the window's weights, where `kernel_shape` is absent.
_WINDOWED: Mapping[str, int] = MappingProxyType(
    {"Conv": 1, "FusedConv": 1, "ConvInteger": 1, "QLinearConv": 3, "MaxPool": 9,
     "AveragePool": 9, "LpPool": 9}
)  # fmt: skip
_SAME = (
    "BiasAdd", "BiasGelu", "BiasSoftmax", "BiasDropout", "FastGelu", "Gelu", "QuickGelu", "Inverse",
    "SkipLayerNormalization", "SimplifiedLayerNormalization", "SkipSimplifiedLayerNormalization",
    "SkipGroupNorm", "GroupNorm", "RotaryEmbedding", "QLinearLeakyRelu", "QLinearSigmoid",
    "QLinearSoftmax", "Trilu", "GemmaRotaryEmbedding", "Identity", "Swish",
    "ThresholdedRelu", "RMSNormalization",
)  # fmt: skip
# A fused op whose first inputs and attributes are those of an onnx op: (type, inputs used).
ALIASES: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        "FusedConv": ("Conv", 3), "FusedGemm": ("Gemm", 3),
        "Pad": ("Pad", 4), "Range": ("Range", 3),
        "MatMulInteger16": ("MatMulInteger", 2), "Unique": ("Unique", 1),
        "LayerNormalization": ("LayerNormalization", 3), "GridSample": ("GridSample", 2),
    }
)  # fmt: skip
# The same for kernels on blocked channels, the form in which onnxruntime writes down what it runs.
BLOCKED_ALIASES: Mapping[str, tuple[str, int]] = MappingProxyType(
    {"Conv": ("Conv", 2), "MaxPool": ("MaxPool", 1), "AveragePool": ("AveragePool", 1)}
)
BLOCKED_RULES: Mapping[str, Rule] = MappingProxyType(
    {"GlobalMaxPool": _blocked_pool, "GlobalAveragePool": _blocked_pool, "ReorderInput": _reorder,
     "ReorderOutput": _reorder, "Upsample": _blocked_upsample}
)  # fmt: skip
# Types that onnx is not asked about: on a Split with more outputs than `num_outputs` says,
# onnx 1.23 ends the process.
ALONE = frozenset({"Split"})
RULES: Mapping[str, Rule] = MappingProxyType(
    dict.fromkeys(_SAME, _same)
    | {
        "QLinearAdd": _broadcast(0, 3), "QLinearMul": _broadcast(0, 3),
        "FusedMatMul": lambda f: _matmul(f, f.shape(0), f.shape(1), f.dtype(0)),
        "TransposeMatMul": lambda f: _matmul(f, f.shape(0), f.shape(1), f.dtype(0)),
        "MatMulIntegerToFloat": _float_matmul, "DynamicQuantizeMatMul": lambda f: _matmul(
            f, f.shape(0), f.shape(1), f.dtype(0)),
        "QLinearConv": _quantized_conv, "NhwcMaxPool": _pool_last,
        "QLinearAveragePool": _quantized_pool,
        "MatMulNBits": _matmul_nbits, "MatMulBnb4": _matmul_nbits, "QGemm": _qgemm,
        "QLinearConcat": _qconcat, "QLinearGlobalAveragePool": _qglobal_pool,
        "QAttention": _attention, "Attention": _attention, "MultiHeadAttention": _multi_head,
        "GroupQueryAttention": _grouped_query, "DynamicQuantizeLSTM": _dynamic_lstm,
        "DequantizeLinear": _dequantize, "QuantizeLinear": _quantize,
        "ConstantOfShape": _constant_of_shape, "Reshape": _reshape, "Expand": _expand,
        "Resize": _resize, "Upsample": _resize, "Range": _range, "Flatten": _flatten,
        "Dropout": _dropout,
        "Split": _split,
        "EmbedLayerNormalization": _embed, "GatherBlockQuantized": _gather_blocks,
    }
)  # fmt: skip
