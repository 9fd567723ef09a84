"""Group a softmax that the exporter wrote as several ops."""

from __future__ import annotations

from engine.compile.match import Matcher
from engine.graph import Graph


def fuse_softmax(graph: Graph) -> Graph:
    """Group exponentials that are divided by their own sum.

    Rules: 1 acts at a Div of an Exp by the ReduceSum of the same Exp; 2 the subtraction of the
    maximum before it joins if nothing else reads it.
    Must not: 3 when the exponentials or their sum have another reader or are returned.

        Given:   m = ReduceMax(x);  e = Exp(Sub(x, m));  s = ReduceSum(e);  y = Div(e, s)
        Result:  y = ReduceMax+Sub+Exp+ReduceSum+Div(x)
    """
    match = Matcher(graph)
    for i in range(len(graph.ops)):
        if not match.is_(i, "Div"):
            continue
        above, below = match.operands(i)
        power, total = match.maker(above), match.source(below, i)
        if not match.is_(power, "Exp") or not match.is_(total, "ReduceSum"):
            continue
        if match.operands(total)[0] != match.out(power):
            continue  # the sum of something else
        members = [power, total, i]
        shifted = match.source(match.operands(power)[0], power)
        if match.is_(shifted, "Sub"):
            x, top = match.operands(shifted)
            largest = match.source(top, shifted)
            if match.is_(largest, "ReduceMax") and match.operands(largest)[0] == x:
                members += [shifted, largest]
        match.join("softmax", i, members)
    return match.fused()
