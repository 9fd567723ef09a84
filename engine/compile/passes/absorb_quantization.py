"""Absorb the quantization of activations into integer kernels."""

from __future__ import annotations

from engine.compile.match import Matcher
from engine.graph import Graph

_LAYERS = frozenset({"conv", "depthwise_conv", "deconv", "gemm"})
_PRODUCTS = _LAYERS | {"matmul"}
_INTEGER = _PRODUCTS | {"elementwise", "activation", "pooling", "concat", "resize", "layout",
                        "gather", "reduction", "normalization", "softmax"}  # fmt: skip


def absorb_quantization(graph: Graph) -> Graph:
    """Make one integer task of dequantize, kernel, quantize.

    Rules: 1 a DequantizeLinear that several ops read joins the QuantizeLinear before it: what
    is stored and read are the integers; so does a pair around views alone that quantizes again
    with the same scale; 2 an op whose operand is dequantized joins with it, and
    with the QuantizeLinear that alone reads its result: formats of the task are the integers';
    3 a conv or product joins with its DequantizeLinears even if its result stays in floats.
    Must not: 4 take scales computed at run time; 5 take an op with floats on one side that is no
    product, or a layer whose weights are floats: the conversions stay tasks; 6 take a Q and DQ
    with nothing between: they stay.

        Given:   a = DequantizeLinear(q, ...);  b = Conv(a, w);  y = QuantizeLinear(b, ...)
        Result:  y = DequantizeLinear+Conv+QuantizeLinear(q, ..., w, ...)
    """
    graph = _share(graph)
    match = Matcher(graph)
    for i in range(len(graph.ops)):
        if match.kind(i) not in _INTEGER or match.is_taken((i,)) or _has_float_weights(match, i):
            continue
        sources = {match.source(t, i) for t in match.data(i)}
        heads = [s for s in sources if _is(match, s, "DequantizeLinear")]
        shared = any(_is_shared(match, t) for t in match.data(i))
        tail = match.next(i)
        if not _ends_in_quantize(match, tail):
            if match.kind(i) not in _PRODUCTS or not heads:
                continue
            tail = -1
        if heads or (shared and tail >= 0):
            members = [*heads, i] if tail < 0 else [*heads, i, tail]
            match.join(match.kind(i), i, members)
    return match.fused()


def _share(graph: Graph) -> Graph:
    """Rule 1: what needs nothing but the integers of a QuantizeLinear joins it."""
    match = Matcher(graph)
    head: dict[int, int] = {}
    tails: dict[int, list[int]] = {}
    for i in range(len(graph.ops)):
        if not _is(match, i, "DequantizeLinear"):
            continue
        maker = match.maker(match.operands(i)[0])
        if not _is(match, maker, "QuantizeLinear"):
            continue
        again = match.next(i)
        if len(match.readers(match.out(i))) > 1:
            joined = [i]
        elif _is(match, again, "QuantizeLinear") and _same_scale(match, i, again):
            joined = [i, again]
        else:
            continue
        first = head.get(maker, maker)
        head.update(dict.fromkeys(joined, first))
        tails.setdefault(first, []).extend(joined)
    for first, joined in tails.items():
        match.attach(first, joined)
    return match.fused()


def _same_scale(match: Matcher, one: int, other: int) -> bool:
    """Whether both convert by the same numbers and nothing but views is between."""
    mine, theirs = match.operands(one)[1:], match.operands(other)[1:]
    values = [[match.tensors[t].value if t else None for t in side] for side in (mine, theirs)]
    return mine == theirs or (values[0] == values[1] and None not in values[0])


def _has_float_weights(match: Matcher, index: int) -> bool:
    """Whether a layer has weights that no DequantizeLinear unpacks."""
    if match.kind(index) not in _LAYERS:
        return False
    return all(part.type != "DequantizeLinear" for part in match.ops[index].parts)


def _is(match: Matcher, index: int, kind: str) -> bool:
    """Whether a single op of the type, with a stored scale."""
    return match.is_(index, kind) and len(match.data(index)) == 1


def _ends_in_quantize(match: Matcher, index: int) -> bool:
    return index >= 0 and _is(match, index, "QuantizeLinear")


def _is_shared(match: Matcher, name: str) -> bool:
    """Whether a QuantizeLinear with its DequantizeLinear makes the tensor."""
    maker = match.maker(name)
    return maker >= 0 and any(
        p.type == "DequantizeLinear" and name in p.outputs for p in match.ops[maker].parts
    )
