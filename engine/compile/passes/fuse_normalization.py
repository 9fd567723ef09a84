"""Group a normalization that the exporter wrote as several ops, and what scales it."""

from __future__ import annotations

from engine.compile.match import Matcher
from engine.graph import Graph

_SQUARES = ("Pow", "Mul", "ReduceSumSquare")


def fuse_normalization(graph: Graph) -> Graph:
    """Group LayerNorm, RMSNorm and InstanceNorm written out, and scales after any norm.

    Rules: 1 acts at a Sqrt whose sole use is to divide (Div, or Reciprocal and Mul, or Pow by a
    number at once): above it a mean of squares plus an epsilon; 2 the subtracted mean joins if
    nothing else reads it; 3 after a norm, written out or not: a scale and a shift by weights,
    and an activation, join.
    Must not: 4 when a value in between has another reader or is returned; 5 take a scale that
    is computed at run time (an adaptive norm: it stays a task).

        Given:   m = ReduceMean(x);  d = Sub(x, m);  v = ReduceMean(Pow(d, 2))
                 n = Div(d, Sqrt(Add(v, eps)));  y = Add(Mul(n, w), b)
        Result:  y = ReduceMean+Sub+Pow+ReduceMean+Add+Sqrt+Div+Mul+Add(x, w, b)
    """
    match = Matcher(graph)
    for i in range(len(graph.ops)):
        if match.is_taken((i,)):
            continue
        if match.is_(i, "Sqrt", "Pow"):
            members = _written_out(match, i)
        elif match.kind(i) == "normalization":
            members = [i]
        else:
            continue
        if members:
            tail = _scale_and_shift(match, members[-1])
            anchor = members[-1] if len(members) > 1 else i
            match.join("normalization", anchor, [*members, *tail])
    return match.fused()


def _written_out(match: Matcher, root: int) -> list[int] | None:
    """The ops of a norm around its square root, the division last."""
    above = match.source(match.operands(root)[0], root)
    if not match.is_(above, "Add"):  # the epsilon
        return None
    variance = match.data(above)
    if len(variance) != 1:
        return None
    mean = match.source(variance[0], above)
    if not match.is_(mean, "ReduceMean"):
        return None
    squares = match.source(match.operands(mean)[0], mean)
    if not match.is_(squares, *_SQUARES):
        return None
    centred = match.data(squares)[0]  # of Mul(d, d) and Pow(d, 2) alike
    divided = match.next(root)
    members = [squares, mean, above, root]
    if match.is_(divided, "Reciprocal"):
        members.append(divided)
        divided = match.next(divided)
    if not match.is_(divided, "Div", "Mul") or centred not in match.operands(divided):
        return None
    centre = match.maker(centred)
    readers = {squares, divided}
    if match.is_(centre, "Sub") and readers.issuperset(match.readers(centred)):
        average = match.source(match.operands(centre)[1], centre)
        if match.is_(average, "ReduceMean", "GlobalAveragePool"):
            members = [average, centre, *members]
    return [*members, divided]


def _scale_and_shift(match: Matcher, last: int) -> list[int]:
    """A Mul and an Add by weights, then an activation, each read by the next alone."""
    tail: list[int] = []
    for types in (("Mul",), ("Add",)):
        index = match.next(last)
        if match.is_(index, *types) and len(match.data(index)) == 1:
            tail.append(index)
            last = index
    index = match.next(last)
    if match.kind(index) == "activation" and len(match.data(index)) == 1:
        tail.append(index)
    return tail
