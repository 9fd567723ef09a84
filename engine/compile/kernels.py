"""Kernel classes: what kind of work a task is, and which class each op type belongs to.

A class groups ops that hardware runs in the same way, so targets state rates and formats by class.
An op type that is in no class is `unknown`: its task is listed and not priced.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from engine.graph import Op, Tensor


class Kernel(NamedTuple):
    """A kernel class as the user reads it."""

    label: str
    help: str


KERNELS: Mapping[str, Kernel] = MappingProxyType(
    {
        "conv": Kernel("Convolution", "A window of weights slides over the input."),
        "depthwise_conv": Kernel("Depthwise convolution", "Each channel has its own window."),
        "deconv": Kernel("Transposed convolution", "A convolution that enlarges its input."),
        "gemm": Kernel("Matrix × weights", "Activations times a stored matrix; a linear layer."),
        "matmul": Kernel("Matrix product", "Activations times activations."),
        "attention": Kernel("Attention", "Two matrix products with a softmax between them."),
        "recurrent": Kernel("Recurrent", "A cell that runs step by step along a sequence."),
        "elementwise": Kernel("Element-wise", "Arithmetic on each element by itself."),
        "activation": Kernel("Activation", "A nonlinear function of each element."),
        "normalization": Kernel("Normalization", "Scales by a mean and a variance."),
        "softmax": Kernel("Softmax", "Exponentials that are scaled to add up to one."),
        "pooling": Kernel("Pooling", "A maximum or mean over windows."),
        "reduction": Kernel("Reduction", "A sum, mean or extreme along axes."),
        "resize": Kernel("Resize", "Samples an image or grid at other points."),
        "concat": Kernel("Concat", "Joins tensors along an axis."),
        "gather": Kernel("Gather", "Picks or scatters rows by index; an embedding."),
        "layout": Kernel("Layout", "Moves elements without changing them."),
        "convert": Kernel("Conversion", "Changes the format of a tensor."),
        "search": Kernel("Search", "Sorts, finds extremes, or selects by what the data hold."),
        "spectral": Kernel("Spectral", "Fourier transforms and their windows."),
        "random": Kernel("Random", "Draws random numbers."),
        "sequence": Kernel("Sequences", "Lists, maps and texts; runs on a CPU."),
        "control": Kernel("Control flow", "Decides which body runs, and how often."),
        "unknown": Kernel("Unknown", "No kernel is known for this op."),
    }
)

# By class: the op types of the ONNX standard (domains "", ai.onnx.ml, training and preview), ...
_STANDARD = {
    "conv": "Conv ConvInteger QLinearConv DeformConv CausalConvWithState",
    "deconv": "ConvTranspose",
    "gemm": "Gemm LinearClassifier LinearRegressor",
    "matmul": "MatMul MatMulInteger QLinearMatMul Einsum",
    "attention": "Attention FlexAttention LinearAttention",
    "recurrent": "LSTM GRU RNN",
    "elementwise": """Abs Acos Acosh Add And Asin Asinh Atan Atanh BitShift BitwiseAnd BitwiseNot
        BitwiseOr BitwiseXor Ceil Cos Cosh Div Equal Erf Exp Floor Greater GreaterOrEqual IsInf
        IsNaN Less LessOrEqual Log Max Mean Min Mod Mul Neg Not Or Pow Reciprocal Round Sign Sin
        Sinh Sqrt Sub Sum Tan Where Xor ConstantOfShape EyeLike OneHot Range RotaryEmbedding
        Scaler Imputer Binarizer OneHotEncoder Adagrad Adam Momentum ImageScaler Affine
        BlackmanWindow HammingWindow HannWindow""",
    "activation": """Celu Clip Dropout Elu Gelu HardSigmoid HardSwish LeakyRelu Mish PRelu Relu
        Selu Shrink Sigmoid Softplus Softsign Swish SwiGLU Tanh ThresholdedRelu ScaledTanh
        ParametricSoftplus""",
    "normalization": """BatchNormalization InstanceNormalization LayerNormalization LRN
        GroupNormalization RMSNormalization LpNormalization MeanVarianceNormalization Normalizer
        SimplifiedLayerNormalization""",
    "softmax": "Softmax LogSoftmax Hardmax SoftmaxCrossEntropyLoss",
    "pooling": """AveragePool MaxPool GlobalAveragePool GlobalMaxPool GlobalLpPool LpPool
        MaxRoiPool RoiAlign MaxUnpool""",
    "reduction": """ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin
        ReduceProd ReduceSum ReduceSumSquare CumSum CumProd Det NegativeLogLikelihoodLoss""",
    "resize": "Resize Upsample GridSample AffineGrid",
    "concat": "Concat FeatureVectorizer",
    "gather": """Gather GatherElements GatherND Scatter ScatterElements ScatterND TensorScatter
        ArrayFeatureExtractor""",
    "layout": """Reshape Flatten Squeeze Unsqueeze Identity Transpose Slice Split Pad Expand Tile
        DepthToSpace SpaceToDepth Trilu ReverseSequence CenterCropPad Col2Im Shape Size Constant
        Crop""",
    "convert": "Cast CastLike BitCast QuantizeLinear DequantizeLinear DynamicQuantizeLinear",
    "search": """TopK ArgMax ArgMin NonMaxSuppression NonZero Unique Compress TreeEnsemble
        TreeEnsembleClassifier TreeEnsembleRegressor SVMClassifier SVMRegressor LabelEncoder""",
    "spectral": "DFT STFT MelWeightMatrix",
    "random": """RandomNormal RandomNormalLike RandomUniform RandomUniformLike Multinomial
        Bernoulli""",
    "sequence": """ConcatFromSequence SequenceAt SequenceConstruct SequenceEmpty SequenceErase
        SequenceInsert SequenceLength SplitToSequence Optional OptionalGetElement
        OptionalHasElement StringConcat StringNormalizer StringSplit RegexFullMatch
        TfIdfVectorizer CastMap CategoryMapper DictVectorizer ZipMap ImageDecoder""",
    "control": "If Loop Scan SequenceMap Gradient",
}
# ... and those of onnxruntime's own domains.
_RUNTIME = {
    "conv": "FusedConv NhwcConv NhwcFusedConv QLinearConv Conv CausalConvWithState",
    "deconv": "ConvTransposeWithDynamicPads QLinearConvTranspose",
    "gemm": """FusedGemm QGemm MatMulNBits MatMulBnb4 MatMulFpQ4 DynamicQuantizeMatMul
        QOrderedMatMul GemmFastGelu GemmFloat8""",
    "matmul": """FusedMatMul FusedMatMulActivation TransposeMatMul MatMulIntegerToFloat
        MatMulInteger16 QLinearMatMul""",
    "attention": """Attention QAttention MultiHeadAttention GroupQueryAttention DecoderAttention
        PackedAttention PackedMultiHeadAttention DecoderMaskedSelfAttention SparseAttention
        DecoderMaskedMultiHeadAttention LongformerAttention QOrderedAttention PagedAttention
        QOrderedLongformerAttention LinearAttention""",
    "recurrent": "DynamicQuantizeLSTM AttnLSTM",
    "elementwise": """QLinearAdd QLinearMul QLinearWhere MulInteger BiasAdd BiasDropout
        RotaryEmbedding GemmaRotaryEmbedding ComplexMul ComplexMulConj Range""",
    "activation": """Gelu FastGelu QuickGelu BiasGelu BiasSplitGelu QLinearSigmoid
        QLinearLeakyRelu QOrderedGelu""",
    "normalization": """SkipLayerNormalization SimplifiedLayerNormalization GroupNorm
        SkipSimplifiedLayerNormalization EmbedLayerNormalization SkipGroupNorm
        QEmbedLayerNormalization QOrderedLayerNormalization""",
    "softmax": "BiasSoftmax QLinearSoftmax",
    "pooling": """QLinearAveragePool QLinearGlobalAveragePool MaxpoolWithMask NhwcMaxPool MaxPool
        AveragePool GlobalAveragePool GlobalMaxPool""",
    "reduction": "QLinearReduceMean ReduceSumInteger",
    "resize": "CropAndResize GridSample Upsample",
    "concat": "QLinearConcat",
    "gather": "GatherND GatherBlockQuantized",
    "layout": """ExpandDims Pad Trilu RemovePadding RestorePadding UnfoldTensor ReorderInput
        ReorderOutput""",
    "convert": """QuantizeLinear DequantizeLinear QuantizeWithOrder DequantizeWithOrder
        QuantizeBFP DequantizeBFP""",
    "search": "Unique MurmurHash3 NGramRepeatBlock BifurcationDetector DynamicTimeWarping",
    "spectral": "Rfft Irfft",
    "random": "Sampling",
    "sequence": "Tokenizer WordConvEmbedding",
    "control": "BeamSearch GreedySearch WhisperBeamSearch EPContext",
}
STANDARD_DOMAINS = frozenset(
    {"", "ai.onnx", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview.training",
     "ai.onnx.preview"}
)  # fmt: skip
RUNTIME_DOMAINS = frozenset({"com.microsoft", "com.microsoft.nchwc", "com.ms.internal.nhwc"})

CLASS_OF: Mapping[str, str] = MappingProxyType(
    {kind: name for name, types in _STANDARD.items() for kind in types.split()}
)
RUNTIME_CLASS_OF: Mapping[str, str] = MappingProxyType(
    {kind: name for name, types in _RUNTIME.items() for kind in types.split()}
)


def class_of(op: Op) -> str:
    """Kernel class by type alone: what a pass decided, else the table's, else "unknown"."""
    if op.kernel:
        return op.kernel
    if op.domain in STANDARD_DOMAINS:
        return CLASS_OF.get(op.type, "unknown")
    if op.domain == "paredown":  # the reader's marks at the borders of control-flow bodies
        return "control"
    if op.domain in RUNTIME_DOMAINS:
        return RUNTIME_CLASS_OF.get(op.type, "unknown")
    return "unknown"


def classify(op: Op, tensors: Mapping[str, Tensor]) -> str:
    """Kernel class of an op: by type, and where it matters by its operands.

    Rules: 1 a conv with as many groups as input channels (and more than one) is depthwise; 2 a
    matrix product with a stored operand is gemm, without one matmul; Gemm too.
    """
    name = class_of(op)
    op = anchor_of(op)
    if name == "conv" and _is_depthwise(op, tensors):
        return "depthwise_conv"
    if name in ("gemm", "matmul") and op.type not in ("LinearClassifier", "LinearRegressor"):
        stored = any(tensors[t].kind == "weight" for t in _operands(op) if t)
        return "gemm" if stored else "matmul"
    return name


def _operands(op: Op) -> tuple[str, ...]:
    """The matrices of a product, without its scales, zero points and bias."""
    if op.type == "Einsum":
        return op.inputs
    if op.type in ("QLinearMatMul", "QGemm"):
        return op.inputs[0:1] + op.inputs[3:4]
    return op.inputs[:2]


def _is_depthwise(op: Op, tensors: Mapping[str, Tensor]) -> bool:
    groups = op.attributes.get("group", 1)
    if groups == 1 or not op.inputs:
        return False
    shape = tensors[op.inputs[0]].shape
    channels_last = op.type.startswith("Nhwc")
    return shape is not None and len(shape) > 2 and shape[-1 if channels_last else 1] == groups


def anchor_of(op: Op) -> Op:
    """The original op that gave a fused op its name; of an original op, itself."""
    if not op.members:
        return op
    return next((part for part in op.members if part.name == op.name), op.members[0])
