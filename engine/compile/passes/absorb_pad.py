"""Absorb zero padding into the convolution or mean pool that reads it."""

from __future__ import annotations

from engine.compile.match import Matcher
from engine.graph import Graph

_READERS = ("conv", "depthwise_conv")


def absorb_pad(graph: Graph) -> Graph:
    """Join a Pad to the conv or average pool after it, which reads zeros at the border anyway.

    Rules: 1 acts on a constant Pad by zeros of the spatial axes whose sole reader is a conv or
    an AveragePool.
    Must not: 2 reflect, edge or wrap padding; 3 another value than zero; 4 pads of batch or
    channels, negative pads, or pads computed at run time; 5 a MaxPool, whose border is not zero.

        Given:   p = Pad(x, [0, 0, 1, 1, 0, 0, 1, 1]);  y = Conv(p, w)
        Result:  y = Pad+Conv(x, w)
    """
    match = Matcher(graph)
    for i in range(len(graph.ops)):
        reader = match.next(i)
        if not match.is_(i, "Pad") or reader < 0 or not _is_spatial_zero(match, i):
            continue
        if match.kind(reader) in _READERS or match.is_(reader, "AveragePool"):
            match.join(match.kind(reader), reader, [i, reader])
    return match.fused()


def _is_spatial_zero(match: Matcher, index: int) -> bool:
    op, inputs = match.ops[index], match.operands(index)
    if op.attributes.get("mode", "constant") != "constant" or len(inputs) > 3:
        return False
    value: object = op.attributes.get("value", 0)
    if len(inputs) > 2 and inputs[2]:
        value = match.number(inputs[2])
    pads: object = op.attributes.get("pads")
    if len(inputs) > 1:
        pads = match.tensors[inputs[1]].value
    if value != 0 or not isinstance(pads, tuple) or min(pads) < 0:
        return False
    half = len(pads) // 2
    return not any((*pads[:2], *pads[half : half + 2]))
