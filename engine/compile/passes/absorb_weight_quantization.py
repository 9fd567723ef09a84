"""Absorb the dequantization of weights into the kernel that reads them."""

from __future__ import annotations

from engine.compile.match import Matcher
from engine.graph import Graph


def absorb_weight_quantization(graph: Graph) -> Graph:
    """Join a DequantizeLinear of a stored weight to the op that reads it.

    Rules: 1 acts when weight, scale and zero point are stored and one op reads the result; the
    task then reads the integers, and its kernel format is theirs.
    Must not: 2 when two ops read the result: the first would have to hand it on, so it stays a
    conversion; 3 when the model returns it.

        Given:   w = DequantizeLinear(wq, scale, zero);  y = Conv(x, w)
        Result:  y = DequantizeLinear+Conv(wq, scale, zero, x)
    """
    match = Matcher(graph)
    owners: dict[int, list[int]] = {}
    for i in range(len(graph.ops)):
        if match.is_(i, "DequantizeLinear") and not match.data(i) and match.next(i) >= 0:
            owners.setdefault(match.next(i), []).append(i)
    for owner, weights in owners.items():
        match.join(match.ops[owner].kernel, owner, [*weights, owner])
    return match.fused()
