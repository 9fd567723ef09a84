"""The figures of a task that hold for any target: the middle columns of `TASK_SCHEMA`.

Sizes are those of the file's own element types.  What a shape leaves unknown is None, with the
reason in `unknown`; nothing is ever silently zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.compile.kernels import anchor_of
from engine.compile.operations import operations_of
from engine.compile.products import Product, Unknown, product_of
from engine.compile.storage import Storage
from engine.graph import Op, Tensor
from engine.units import DTYPE_BITS, FORMAT_BITS, FORMAT_OF

# Where an op takes the weights that formats, sparsity and palettes apply to.
KERNEL_AT: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("Conv", "ConvTranspose", "ConvInteger", "FusedConv", "NhwcConv", "NhwcFusedConv",
             "DeformConv", "MatMulNBits", "MatMulBnb4", "MatMulFpQ4", "DynamicQuantizeMatMul",
             "ConvTransposeWithDynamicPads"), (1,)),
        **dict.fromkeys(
            ("Gemm", "FusedGemm", "MatMul", "FusedMatMul", "MatMulInteger", "Einsum",
             "MatMulIntegerToFloat", "FusedMatMulActivation", "TransposeMatMul",
             "MatMulInteger16", "GemmFastGelu", "GemmFloat8"), (1, 0)),
        **dict.fromkeys(
            ("QLinearConv", "QLinearMatMul", "QGemm", "QLinearConvTranspose"), (3,)),
        **dict.fromkeys(("LSTM", "GRU", "RNN", "DynamicQuantizeLSTM"), (1, 2)),
        **dict.fromkeys(("Gather", "GatherBlockQuantized"), (0,)),
    }
)  # fmt: skip
_RUNTIME_KERNEL_AT = MappingProxyType({"Attention": (1,), "QAttention": (1,)})
_PACKED = MappingProxyType({"MatMulNBits": "int", "MatMulBnb4": "fp", "MatMulFpQ4": "fp"})
MAX_COUNT = 2**63 - 1  # what a column holds; only a file made to harm asks for more
_READS_SHAPE_ONLY = frozenset({"Shape", "Size"})


@dataclass(frozen=True, slots=True)
class Features:
    """Figures of one kernel; equal for tasks of one signature.  None: unknown."""

    macs: int | None
    operations: int | None
    product: Product | None
    weight_elements: int | None
    kernel_elements: int | None
    input_elements: int | None
    output_elements: int | None
    input_bytes: int | None
    output_bytes: int | None
    input_format: str
    output_format: str
    kernel_format: str
    rank: int
    input_shape: str
    output_shape: str
    kernel_shape: str
    unknown: str


def features_of(op: Op, kernel: str, storage: Storage) -> Features:
    """Compute the figures of a task.

    Args:
        op: a fused or an original op of the compiled graph.
        kernel: its kernel class.
        storage: roots of the tensors.
    """
    reasons: list[str] = []
    if kernel == "unknown":
        found = anchor_of(op)
        name = f"{found.domain}.{found.type}" if found.domain else found.type
        reasons.append(f"no kernel is known for {name}")
    macs, operations, product = _work(op, kernel, storage, reasons)
    tensors = storage.tensors
    reads = [t for t in op.inputs if t and tensors[t].kind != "weight"]
    writes = [t for t in op.outputs if t]
    before = {storage.root(t) for t in reads}
    made = [r for r in _roots(writes, storage) if r not in before]
    if kernel == "control":  # it hands on what its bodies read and write
        made = []
    idle = not made or (kernel == "layout" and op.type in _READS_SHAPE_ONLY)
    read = [] if idle else [*_roots(reads, storage)]
    inputs, outputs = ([tensors[r] for r in names] for names in (read, made))
    weights, weight_elements, kernel_elements = _weights(op, storage)
    output_format = _format([storage.stored(t) for t in writes])
    input_format = _format([storage.stored(t) for t in reads])
    if not reads or (input_format not in _VALUE_FORMATS and output_format in _VALUE_FORMATS):
        input_format = output_format  # a Gather of rows by index works in the rows' format
    sizes = (
        total_of(t.elements for t in inputs), total_of(t.elements for t in outputs),
        total_of(t.bytes for t in inputs), total_of(t.bytes for t in outputs),
    )  # fmt: skip
    stored = [storage.stored(t) for t in op.inputs if t and tensors[t].kind == "weight"]
    if not reasons and (None in sizes or any(t.bytes is None for t in stored)):
        reasons.append(_why(inputs + outputs + stored))
    return Features(
        macs, operations, product, weight_elements, kernel_elements, *sizes,
        input_format, output_format, _kernel_format(op, weights),
        max((len(tensors[t].shape or ()) for t in (*reads, *writes)), default=0),
        shape_text(tensors[reads[0]]) if reads else "",
        shape_text(tensors[writes[0]]) if writes else "",
        shape_text(weights[0]) if weights else "", reasons[0] if reasons else "",
    )  # fmt: skip


def shape_text(tensor: Tensor) -> str:
    """A shape as the user reads it: "1×3×224×224", "scalar", "?" when it is not known."""
    if tensor.shape is None:
        return "?"
    return "×".join(map(str, tensor.shape)) or "scalar"


def is_argument(tensor: Tensor) -> bool:
    """Whether a weight only steers an op (a shape, axes, an index): no parameter of the model.

    These are 64-bit integers small enough for their values to be kept, and numbers without axes
    (the scale of an attention, the limits of a Clip).
    """
    return tensor.shape == () or (tensor.dtype == "int64" and tensor.value is not None)


def _roots(names: Iterable[str], storage: Storage) -> Iterable[str]:
    return dict.fromkeys(storage.root(t) for t in names)


def _work(
    op: Op, kernel: str, storage: Storage, reasons: list[str]
) -> tuple[int | None, int | None, Product | None]:
    """MACs, other operations and the matrix product of all members together."""
    if reasons:
        return None, None, None
    products: list[Product] = []
    operations = 0
    biased = False
    tensors = storage.tensors
    try:
        for part in op.parts:
            if all(tensors[t].kind == "weight" for t in part.inputs if t) and part.inputs:
                if len(op.parts) > 1:
                    continue  # a dequantized weight: unpacked while the kernel reads it
            elif part.type == "DequantizeLinear" and len(op.parts) > 1:
                continue  # the kernel reads the integers
            if part.type == "BatchNormalization" and kernel in _FOLDS_NORMS:
                # Compilers fold a norm's scale into the weights; its shift is the bias.
                operations += 0 if biased else operations_of(part, tensors) // 2
                biased = True
                continue
            found = product_of(part, tensors)
            if found is not None:
                products.append(found)
            extra = operations_of(part, tensors)
            biased = biased or (found is not None and extra > 0)
            operations += extra
    except Unknown as unknown:
        reasons.append(str(unknown))
        return None, None, None
    macs, product = sum(p.macs for p in products), _combine(products)
    if max(macs, operations, *product) > MAX_COUNT:
        reasons.append("it computes more than we can count")
        return None, None, None
    return macs, operations, product


_FOLDS_NORMS = frozenset({"conv", "depthwise_conv", "deconv"})


def _combine(products: list[Product]) -> Product:
    """One product that stands for all: attention's two as one of depth d + v, exactly."""
    if not products:
        return Product(0, 0, 0, 0)
    if len(products) == 2:
        scores, values = products
        same = (scores.rows, scores.products) == (values.rows, values.products)
        if same and scores.columns == values.depth:
            return scores._replace(depth=scores.depth + values.columns)
    return max(products, key=lambda p: p.macs)


def _weights(op: Op, storage: Storage) -> tuple[list[Tensor], int | None, int | None]:
    """Kernel weights; weight elements that are read; those of them in kernel weights.

    A Gather reads the rows it picks, not the table; packed 4-bit weights count unpacked.
    """
    tensors = storage.tensors
    kernels: dict[str, int | None] = {}
    for part in op.parts:
        for at in _kernel_at(part):
            name = part.inputs[at] if at < len(part.inputs) else ""
            if not name or tensors[name].kind != "weight":
                continue
            if is_argument(tensors[name]):
                continue
            count = storage.stored(name).elements
            if part.type in ("Gather", "GatherBlockQuantized"):
                rows = tensors[part.outputs[0]].elements
                count = None if rows is None or count is None else min(rows, count)
            elif part.type in _PACKED:
                count = unpacked(part) or count
            kernels[storage.root(name)] = count
            if part.type not in _SEVERAL:
                break
    rest = {
        storage.root(t): storage.stored(t).elements
        for t in op.inputs
        if t and tensors[t].kind == "weight" and not is_argument(storage.stored(t))
    }
    # an absorbed DequantizeLinear is inside: its integers are the kernel's root and in `rest` too
    total = total_of((rest | kernels).values())
    return [tensors[r] for r in kernels], total, total_of(kernels.values())


_SEVERAL = frozenset({"LSTM", "GRU", "RNN", "DynamicQuantizeLSTM"})


def _kernel_at(part: Op) -> tuple[int, ...]:
    if part.domain == "com.microsoft" and part.type in _RUNTIME_KERNEL_AT:
        return _RUNTIME_KERNEL_AT[part.type]
    return KERNEL_AT.get(part.type, ())


def unpacked(part: Op) -> int:
    """Weights of an op that packs several into a byte; 0 for other ops."""
    depth, columns = part.attributes.get("K"), part.attributes.get("N")
    if part.type not in _PACKED or not isinstance(depth, int) or not isinstance(columns, int):
        return 0
    return depth * columns


def _kernel_format(op: Op, weights: list[Tensor]) -> str:
    for part in op.parts:
        if part.type in _PACKED:
            bits = f"{_PACKED[part.type]}{part.attributes.get('bits', 4)}"
            return bits if bits in FORMAT_BITS else "int8"
    return FORMAT_OF.get(weights[0].dtype, "") if weights else ""


def total_of(counts: Iterable[int | None]) -> int | None:
    """The sum; None when a part is unknown or the sum exceeds what a column holds."""
    total = 0
    for count in counts:
        if count is None:
            return None
        total += count
    return total if total <= MAX_COUNT else None


_FLOATS = frozenset({"fp64", "fp32", "fp16", "bf16", "fp8", "fp6", "fp4"})
_VALUE_FORMATS = _FLOATS | {"int16", "int8", "int4", "int2"}


def _format(tensors: list[Tensor]) -> str:
    """Format of the largest value (float or quantized) among the tensors, else of the first.

    Of equally large ones the widest; so a scale beside an integer image does not make it float.
    """
    known = [t for t in tensors if t.dtype in FORMAT_OF]
    values = [t for t in known if FORMAT_OF[t.dtype] in _VALUE_FORMATS]
    if values:
        largest = max(values, key=lambda t: (t.elements or 0, DTYPE_BITS[t.dtype]))
        return FORMAT_OF[largest.dtype]
    return FORMAT_OF[known[0].dtype] if known else ""


def _why(tensors: list[Tensor]) -> str:
    for tensor in tensors:
        if tensor.shape is None:
            return f"the shape of {tensor.name} is not known"
    for tensor in tensors:
        if tensor.bytes is None:
            return f"{tensor.name} holds texts or has no element type, so its size is not known"
    return "its tensors are larger than we can count"
