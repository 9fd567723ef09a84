"""Element operations of an op: what it computes besides multiply-accumulates.

One addition, comparison, selection, exponential, root, logarithm, trigonometric or error
function of one element is one operation.  So ReLU counts 1 an element and a sigmoid, which is
1 / (1 + exp(-x)), counts 4.  These are counts of what the definition in the ONNX operator
specification says, not of what an approximation by table would do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil, log2, prod
from types import MappingProxyType

from engine.compile.kernels import class_of
from engine.compile.products import (
    Tensors,
    Unknown,
    integer,
    known_shape,
    product_of,
    shape_of,
)
from engine.graph import Op

# Operations for each element of the first output; what is not listed counts 1.
PER_ELEMENT: Mapping[str, int] = MappingProxyType(
    {
        "Clip": 2, "Sigmoid": 4, "HardSigmoid": 4, "HardSwish": 5, "Swish": 5, "QuickGelu": 6,
        "LeakyRelu": 2, "PRelu": 2, "Elu": 3, "Celu": 4, "Selu": 4, "Softplus": 3, "Softsign": 3,
        "Mish": 5, "Gelu": 5, "FastGelu": 8, "BiasGelu": 6, "BiasSplitGelu": 7, "Shrink": 3,
        "ThresholdedRelu": 2, "SwiGLU": 6, "ScaledTanh": 3, "ParametricSoftplus": 5,
        "QLinearSigmoid": 4, "QLinearLeakyRelu": 2, "QLinearAdd": 4, "QLinearMul": 4,
        "RotaryEmbedding": 3, "GemmaRotaryEmbedding": 3, "Scaler": 2, "ImageScaler": 2,
        "Adam": 12, "Adagrad": 6, "Momentum": 5, "ComplexMul": 3, "ComplexMulConj": 3,
        "QuantizeLinear": 4, "DequantizeLinear": 2, "DynamicQuantizeLinear": 6,
        "QuantizeWithOrder": 4, "DequantizeWithOrder": 2,
        "Softmax": 5, "LogSoftmax": 6, "Hardmax": 2, "BiasSoftmax": 6, "QLinearSoftmax": 5,
        "SoftmaxCrossEntropyLoss": 6,
        "BatchNormalization": 2, "LayerNormalization": 8, "InstanceNormalization": 8,
        "GroupNormalization": 8, "GroupNorm": 8, "RMSNormalization": 4, "SkipGroupNorm": 9,
        "SimplifiedLayerNormalization": 4, "SkipLayerNormalization": 9,
        "SkipSimplifiedLayerNormalization": 5, "EmbedLayerNormalization": 10,
        "QEmbedLayerNormalization": 10, "QOrderedLayerNormalization": 8, "Normalizer": 3,
        "MeanVarianceNormalization": 6, "LpNormalization": 3,
        "AffineGrid": 4, "GridSample": 11, "CropAndResize": 7, "RoiAlign": 32,
        # assumption: about ten integer operations a number for a counter-based generator
        "RandomNormal": 16, "RandomNormalLike": 16, "RandomUniform": 10,
        "RandomUniformLike": 10, "Multinomial": 10, "Bernoulli": 11,
        "MelWeightMatrix": 6, "BlackmanWindow": 6, "HammingWindow": 4, "HannWindow": 4,
    }
)  # fmt: skip
_REDUCTIONS: Mapping[str, int] = MappingProxyType(  # per element of the input
    {"ReduceL1": 2, "ReduceL2": 2, "ReduceSumSquare": 2, "ReduceLogSumExp": 3, "Det": 1}
)
_POOLS = frozenset({"AveragePool", "MaxPool", "LpPool", "QLinearAveragePool", "NhwcMaxPool",
                    "MaxpoolWithMask"})  # fmt: skip
_FREE = frozenset({"layout", "concat", "gather", "control", "sequence"})
_BIAS = MappingProxyType(  # where an op takes its bias
    {"Conv": 2, "ConvTranspose": 2, "QLinearConv": 8, "Gemm": 2, "DeformConv": 3, "FusedConv": 2,
     "NhwcConv": 2, "NhwcFusedConv": 2, "FusedGemm": 2, "QGemm": 6, "DynamicQuantizeMatMul": 4,
     "MatMulIntegerToFloat": 6, "MatMulNBits": 5}
)  # fmt: skip


def operations_of(op: Op, tensors: Tensors) -> int:
    """Element operations of an original op, its MACs not among them.

    Raises:
        Unknown: a shape it needs is not known, or the work depends on the data.
    """
    kind = class_of(op)
    if kind in _FREE:
        return 0
    special = _SPECIAL.get(op.type)
    try:
        if special:
            return special(op, tensors)
        if kind == "recurrent":
            return _recurrent(op, tensors)
        if kind == "reduction":
            return _source(op, tensors) * _REDUCTIONS.get(op.type, 1)
        if kind in ("conv", "deconv", "gemm", "matmul"):
            at = _BIAS.get(op.type, len(op.inputs))
            biased = at < len(op.inputs) and bool(op.inputs[at])
            return _made(op, tensors) if biased else 0
        return _made(op, tensors) * PER_ELEMENT.get(op.type, 1)
    except (IndexError, ValueError, KeyError) as error:
        raise Unknown(f"the shapes of {op.type} do not fit together") from error


def _made(op: Op, tensors: Tensors) -> int:
    """Elements of the first output that is wanted."""
    return prod(known_shape(tensors[next(t for t in op.outputs if t)]))


def _source(op: Op, tensors: Tensors) -> int:
    return prod(shape_of(op, 0, tensors))


def _pool(op: Op, tensors: Tensors) -> int:
    """A comparison or addition for each element of each window, and a division for a mean."""
    window = op.attributes.get("kernel_shape", ())
    mean = op.type in ("AveragePool", "QLinearAveragePool")
    size = prod(int(k) for k in window) if isinstance(window, tuple) else 1
    return _made(op, tensors) * (size + mean)


def _global_pool(op: Op, tensors: Tensors) -> int:
    return _source(op, tensors) + _made(op, tensors)


def _lrn(op: Op, tensors: Tensors) -> int:
    """Square, a sum over `size` channels, scale, add, power, divide."""
    return _made(op, tensors) * (integer(op, "size", 1) + 5)


def _resize(op: Op, tensors: Tensors) -> int:
    """Nearest: 1 a point; linear and cubic: 2 or 4 points an enlarged axis, weighed and added."""
    source, made = shape_of(op, 0, tensors), known_shape(tensors[op.outputs[0]])
    axes = sum(a != b for a, b in zip(source, made, strict=True))
    points = {"linear": 2, "cubic": 4}.get(str(op.attributes.get("mode", "nearest")), 1)
    return prod(made) * (2 * points**axes - 1)


def _recurrent(op: Op, tensors: Tensors) -> int:
    """Biases, gates and the state, for each hidden element of each step."""
    source = shape_of(op, 0, tensors)
    hidden = integer(op, "hidden_size") or shape_of(op, 2, tensors)[-1]
    both = 2 if op.attributes.get("direction") == "bidirectional" else 1
    each = {"GRU": 23, "RNN": 3}.get(op.type, 25)  # LSTM: 8 adds, 3 sigmoids, 2 tanh, 3 more
    return source[0] * source[1] * hidden * both * each


def _attention(op: Op, tensors: Tensors) -> int:
    """Scale, mask and softmax of each score: 7 operations."""
    found = product_of(op, tensors)
    if found is None:
        return 0
    if op.type in ("Attention", "QAttention") and op.domain == "com.microsoft":
        heads = integer(op, "num_heads", 1)
        return 7 * found.products * heads * found.rows * found.rows
    return 7 * found.rows * found.columns * found.products


def _top(op: Op, tensors: Tensors) -> int:
    """TopK by a heap: log2(k) comparisons an element."""
    axis = integer(op, "axis", -1)
    kept = known_shape(tensors[next(t for t in op.outputs if t)])[axis]
    return _source(op, tensors) * max(1, ceil(log2(kept + 1)))


def _sort(op: Op, tensors: Tensors) -> int:
    count = _source(op, tensors)
    return count * max(1, ceil(log2(count + 1)))


def _dft(op: Op, tensors: Tensors) -> int:
    """5 n log2 n for each transform of length n: the count by which FFT libraries are rated."""
    made = known_shape(tensors[op.outputs[0]])
    if op.type == "STFT":  # [batch, frames, bins, 2] of frames as long as the window
        at = 3 if len(op.inputs) > 3 and op.inputs[3] else 2
        length = tensors[op.inputs[at]].value if at == 3 else shape_of(op, 2, tensors)
        if not length:
            raise Unknown("the frame length of STFT is not known")
        return _transforms(made[0] * made[1], int(length[0])) + made[0] * made[1] * int(length[0])
    axis = integer(op, "axis", 1 if "axis" not in op.attributes else -2)
    source = shape_of(op, 0, tensors)
    length_ = source[axis]
    return _transforms(prod(source[:-1]) // max(1, length_), length_)


def _transforms(count: int, length: int) -> int:
    return ceil(5 * count * length * log2(max(2, length)))


def _each_input(op: Op, tensors: Tensors) -> int:
    return _source(op, tensors)


def _nary(op: Op, tensors: Tensors) -> int:
    return _made(op, tensors) * max(1, sum(1 for t in op.inputs if t) - 1)


def _depends(op: Op, tensors: Tensors) -> int:
    raise Unknown(f"how long {op.type} takes depends on what it finds in the data")


_Rule = Callable[[Op, Tensors], int]
_SPECIAL: Mapping[str, _Rule] = MappingProxyType(
    {
        **dict.fromkeys(_POOLS, _pool),
        **dict.fromkeys(
            ("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool", "QLinearGlobalAveragePool",
             "MaxRoiPool", "ReduceMean", "QLinearReduceMean"), _global_pool),
        **dict.fromkeys(("Resize", "Upsample"), _resize),
        **dict.fromkeys(
            ("Attention", "QAttention", "MultiHeadAttention", "GroupQueryAttention"), _attention),
        **dict.fromkeys(("ArgMax", "ArgMin", "NonZero", "Compress", "LabelEncoder"), _each_input),
        **dict.fromkeys(("DFT", "STFT", "Rfft", "Irfft"), _dft),
        **dict.fromkeys(("Sum", "Max", "Min", "Mean"), _nary),
        **dict.fromkeys(
            ("NonMaxSuppression", "TreeEnsemble", "TreeEnsembleClassifier", "SVMClassifier",
             "TreeEnsembleRegressor", "SVMRegressor", "DynamicTimeWarping", "MurmurHash3",
             "NGramRepeatBlock", "BifurcationDetector"), _depends),
        "LRN": _lrn, "TopK": _top, "Unique": _sort,
        "Einsum": lambda op, tensors: 0 if len(op.inputs) > 1 else _source(op, tensors),
        "Constant": lambda op, tensors: 0,
    }
)  # fmt: skip
