"""Each op as a matrix product: where its multiply-accumulates come from.

A product of `rows x depth` with `depth x columns`, done `products` times, takes
rows * depth * columns * products MACs.  Bias additions are not among them (`operations.py`).
Shapes follow the operator specification of ONNX and of onnxruntime's contrib operators.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from types import MappingProxyType
from typing import NamedTuple

from engine.graph import Op, Tensor

Tensors = Mapping[str, Tensor]
Shape = tuple[int, ...]


class Unknown(Exception):
    """A figure cannot be computed; the message is the reason that the user reads."""


class Product(NamedTuple):
    """A matrix product; `window` is the kernel window of a conv in elements, else 0."""

    rows: int
    depth: int
    columns: int
    products: int = 1
    window: int = 0

    @property
    def macs(self) -> int:
        """Multiply-accumulates."""
        return self.rows * self.depth * self.columns * self.products


def shape_of(op: Op, at: int, tensors: Tensors) -> Shape:
    """Shape of an input.

    Raises:
        Unknown: it is absent or not known.
    """
    if at >= len(op.inputs) or not op.inputs[at]:
        raise Unknown(f"{op.type} lacks its input {at}")
    return known_shape(tensors[op.inputs[at]])


def known_shape(tensor: Tensor) -> Shape:
    """Shape of a tensor; raises `Unknown` when it is not known."""
    if tensor.shape is None:
        raise Unknown(f"the shape of {tensor.name} is not known")
    return tensor.shape


def integer(op: Op, name: str, default: int = 0) -> int:
    """An integer attribute."""
    value = op.attributes.get(name, default)
    return value if isinstance(value, int) else default


def product_of(op: Op, tensors: Tensors) -> Product | None:
    """The matrix product that an original op is, or None if it is none.

    Raises:
        Unknown: a shape it needs is not known, or its work is not modelled.
    """
    rule = _RULES.get(op.type)
    try:
        return rule(op, tensors) if rule else None
    except (IndexError, ValueError, ZeroDivisionError, KeyError) as error:
        raise Unknown(f"the shapes of {op.type} do not fit together") from error


def _conv(op: Op, tensors: Tensors) -> Product:
    """X [n, c, ...] * W [m, c/groups, ...] -> Y [n, m, ...]: one product a group (im2col)."""
    at = 3 if op.type == "QLinearConv" else 1
    weight = shape_of(op, at, tensors)
    groups = integer(op, "group", 1)
    out = known_shape(tensors[op.outputs[0]])
    if op.type.startswith("Nhwc"):  # W [m, ..., c/groups]
        weight = (weight[0], weight[-1], *weight[1:-1])
    window = prod(weight[2:])
    rows = prod(out) // weight[0]
    return Product(rows, weight[1] * window, weight[0] // groups, groups, window)


def _deconv(op: Op, tensors: Tensors) -> Product:
    """X [n, c, ...] * W [c, m/groups, ...]: each input point is multiplied into a window."""
    source = shape_of(op, 0, tensors)
    weight = shape_of(op, 3 if op.type == "QLinearConvTranspose" else 1, tensors)
    groups = integer(op, "group", 1)
    window = prod(weight[2:])
    rows = prod(source) // source[1]
    return Product(rows, weight[0] // groups, weight[1] * window, groups, window)


def _gemm(op: Op, tensors: Tensors) -> Product:
    at = 3 if op.type == "QGemm" else 1
    a, b = shape_of(op, 0, tensors), shape_of(op, at, tensors)
    rows, depth = reversed(a) if integer(op, "transA") else a
    return Product(rows, depth, b[0 if integer(op, "transB") else 1])


def _matmul(op: Op, tensors: Tensors) -> Product:
    """Batched and broadcast; a 1-D operand is a row or a column."""
    at = 3 if op.type == "QLinearMatMul" else 1
    a, b = shape_of(op, 0, tensors), shape_of(op, at, tensors)
    a = (1, *a) if len(a) == 1 else a
    b = (*b, 1) if len(b) == 1 else b
    if integer(op, "transA"):
        a = (*a[:-2], a[-1], a[-2])
    if integer(op, "transB"):
        b = (*b[:-2], b[-1], b[-2])
    if a[-1] != b[-2]:
        raise ValueError
    if prod(b[:-2]) == 1:  # one matrix on the right: the batch is more rows
        return Product(prod(a[:-1]), a[-1], b[-1])
    batch = prod(_broadcast(a[:-2], b[:-2]))
    return Product(a[-2], a[-1], b[-1], batch)


def _broadcast(a: Shape, b: Shape) -> Shape:
    length = max(len(a), len(b))
    a, b = (1,) * (length - len(a)) + a, (1,) * (length - len(b)) + b
    if any(x != y and 1 not in (x, y) for x, y in zip(a, b, strict=True)):
        raise ValueError
    return tuple(y if x == 1 else x for x, y in zip(a, b, strict=True))


def _matmul_nbits(op: Op, tensors: Tensors) -> Product:
    depth, columns = integer(op, "K"), integer(op, "N")
    return Product(prod(shape_of(op, 0, tensors)) // depth, depth, columns)


def _einsum(op: Op, tensors: Tensors) -> Product | None:
    """Two operands: labels of both and the result are products, of both alone the depth."""
    if len(op.inputs) == 1:
        return None
    if len(op.inputs) > 2:
        raise Unknown("Einsum of more than two operands is not modelled")
    equation = str(op.attributes.get("equation", "")).replace(" ", "")
    left, arrow, result = equation.partition("->")
    labels = left.split(",")
    sizes: dict[str, int] = {}
    terms: list[str] = []
    for at, term in enumerate(labels):
        shape = shape_of(op, at, tensors)
        rest = len(shape) - len(term.replace("...", ""))
        # the axes of an ellipsis get labels of their own, aligned at the right
        term = term.replace("...", "".join(chr(200 + rest - i) for i in range(rest)))
        terms.append(term)
        for label, length in zip(term, shape, strict=True):
            sizes[label] = max(length, sizes.get(label, 1))
    a, b = set(terms[0]), set(terms[1])
    kept = {x for x in result if x.isalpha() and x < "\x80"} | {x for x in a | b if x > "\x80"}
    if not arrow:
        kept |= {x for x in a | b if (terms[0] + terms[1]).count(x) == 1}
    return Product(
        rows=prod(sizes[x] for x in a - b),
        depth=prod(sizes[x] for x in (a & b) - kept),
        columns=prod(sizes[x] for x in b - a),
        products=prod(sizes[x] for x in (a & b) & kept),
    )


_GATES = MappingProxyType({"LSTM": 4, "DynamicQuantizeLSTM": 4, "GRU": 3, "RNN": 1})


def _recurrent(op: Op, tensors: Tensors) -> Product:
    """Each step: [batch, input + hidden] x [input + hidden, gates * hidden], per direction."""
    source = shape_of(op, 0, tensors)
    hidden = integer(op, "hidden_size") or shape_of(op, 2, tensors)[-1]
    both = 2 if op.attributes.get("direction") == "bidirectional" else 1
    steps, batch = source[:2]
    if integer(op, "layout"):
        steps, batch = batch, steps
    return Product(batch, source[2] + hidden, _GATES[op.type] * hidden, steps * both)


def _attention(op: Op, tensors: Tensors) -> Product:
    """Scores [s, d] x [d, t] and result [s, t] x [t, v], a head: s * t * (d + v) MACs each.

    Masked positions are counted: a kernel that skips them is faster than we say.
    """
    if op.type == "Attention" and op.domain in ("", "ai.onnx"):
        return _attention_standard(op, tensors)
    if op.type in ("Attention", "QAttention"):
        return _attention_projected(op, tensors)
    heads = integer(op, "num_heads")
    query = shape_of(op, 0, tensors)
    if len(query) != 3 or not heads:
        raise Unknown(f"this layout of {op.type} is not modelled")
    packed = len(op.inputs) < 2 or not op.inputs[1]
    kv_heads = integer(op, "kv_num_heads", heads) or heads
    head = query[2] // (heads + 2 * kv_heads if packed else heads)
    keys = query[1] if packed else shape_of(op, 1, tensors)[-2]
    value = head
    if op.type == "MultiHeadAttention" and not packed and len(shape_of(op, 2, tensors)) == 3:
        value = shape_of(op, 2, tensors)[2] // heads
    past = {"GroupQueryAttention": 3, "MultiHeadAttention": 6}.get(op.type, len(op.inputs))
    if past < len(op.inputs) and op.inputs[past]:
        keys += shape_of(op, past, tensors)[2]
    return Product(query[1], head + value, keys, query[0] * heads)


def _attention_standard(op: Op, tensors: Tensors) -> Product:
    query, key, value = (shape_of(op, i, tensors) for i in range(3))
    if len(query) == 3:  # [batch, length, heads * size]
        heads, kv_heads = integer(op, "q_num_heads"), integer(op, "kv_num_heads")
        query = (query[0], heads, query[1], query[2] // heads)
        key = (key[0], kv_heads, key[1], key[2] // kv_heads)
        value = (value[0], kv_heads, value[1], value[2] // kv_heads)
    keys = key[2]
    if len(op.inputs) > 4 and op.inputs[4]:
        keys += shape_of(op, 4, tensors)[2]
    return Product(query[2], query[3] + value[3], keys, query[0] * query[1])


def _attention_projected(op: Op, tensors: Tensors) -> Product:
    """Input [b, s, c] times W [c, 3h], then attention: s * h * (3c + 2s) MACs a batch."""
    batch, length, width = shape_of(op, 0, tensors)
    hidden = shape_of(op, 1, tensors)[1] // 3
    return Product(length, 3 * width + 2 * length, hidden, batch)


def _not_modelled(op: Op, tensors: Tensors) -> Product:
    raise Unknown(f"how much {op.type} computes is not modelled yet")


_Rule = Callable[[Op, Tensors], Product | None]
_RULES: Mapping[str, _Rule] = MappingProxyType(
    {
        **dict.fromkeys(
            ("Conv", "ConvInteger", "QLinearConv", "DeformConv", "FusedConv", "NhwcConv",
             "NhwcFusedConv"), _conv),
        **dict.fromkeys(
            ("ConvTranspose", "QLinearConvTranspose", "ConvTransposeWithDynamicPads"), _deconv),
        **dict.fromkeys(("Gemm", "FusedGemm", "QGemm", "GemmFastGelu", "GemmFloat8"), _gemm),
        **dict.fromkeys(
            ("MatMul", "MatMulInteger", "QLinearMatMul", "FusedMatMul", "FusedMatMulActivation",
             "TransposeMatMul", "MatMulIntegerToFloat", "MatMulInteger16",
             "DynamicQuantizeMatMul"), _matmul),
        **dict.fromkeys(("MatMulNBits", "MatMulBnb4", "MatMulFpQ4"), _matmul_nbits),
        **dict.fromkeys(("LSTM", "GRU", "RNN", "DynamicQuantizeLSTM"), _recurrent),
        **dict.fromkeys(
            ("Attention", "QAttention", "MultiHeadAttention", "GroupQueryAttention"), _attention),
        **dict.fromkeys(
            ("FlexAttention", "LinearAttention", "DecoderAttention", "PackedAttention",
             "PackedMultiHeadAttention", "DecoderMaskedSelfAttention", "SparseAttention",
             "DecoderMaskedMultiHeadAttention", "LongformerAttention", "QOrderedAttention",
             "PagedAttention", "QOrderedLongformerAttention", "AttnLSTM", "LinearClassifier",
             "LinearRegressor", "CausalConvWithState", "QOrderedMatMul"), _not_modelled),
        "Einsum": _einsum,
    }
)  # fmt: skip
