"""Absorb the quantization of activations into integer kernels."""

from __future__ import annotations

from engine.compile.match import Matcher
from engine.graph import Graph

_PRODUCTS = frozenset({"conv", "depthwise_conv", "deconv", "gemm", "matmul"})
_INTEGER = _PRODUCTS | {"elementwise", "activation", "pooling", "concat", "resize", "layout",
                        "gather", "reduction", "normalization", "softmax"}  # fmt: skip


def absorb_quantization(graph: Graph) -> Graph:
    """Make one integer task of dequantize, kernel, quantize.

    Rules: 1 a DequantizeLinear that several ops read joins the QuantizeLinear before it: what
    is stored and read are the integers; 2 an op whose operand is dequantized joins with it, and
    with the QuantizeLinear that alone reads its result: formats of the task are the integers';
    3 a conv or product joins with its DequantizeLinears even if its result stays in floats.
    Must not: 4 take scales computed at run time; 5 take an op between floats on one side that
    is no product: the conversion stays a task; 6 a Q and DQ with nothing between: they stay.

        Given:   a = DequantizeLinear(q, ...);  b = Conv(a, w);  y = QuantizeLinear(b, ...)
        Result:  y = DequantizeLinear+Conv+QuantizeLinear(q, ..., w, ...)
    """
    graph = _share(graph)
    match = Matcher(graph)
    for i in range(len(graph.ops)):
        if match.kind(i) not in _INTEGER or match.is_taken((i,)):
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
    """Rule 1."""
    match = Matcher(graph)
    tails: dict[int, list[int]] = {}
    for i in range(len(graph.ops)):
        if _is(match, i, "DequantizeLinear") and len(match.readers(match.out(i))) > 1:
            maker = match.maker(match.operands(i)[0])
            if _is(match, maker, "QuantizeLinear"):
                tails.setdefault(maker, []).append(i)
    for maker, shared in tails.items():
        match.attach(maker, shared)
    return match.fused()


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
