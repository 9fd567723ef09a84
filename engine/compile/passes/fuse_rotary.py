"""Group a rotary position embedding that the exporter wrote as several ops."""

from __future__ import annotations

from engine.compile.match import Matcher
from engine.graph import Graph


def fuse_rotary(graph: Graph) -> Graph:
    """Group the rotation of a tensor's halves by cosines and sines.

    Rules: 1 acts at an Add of x·cos and rotated(x)·sin, where rotated(x) is the Concat of the
    negated second half and the first, cut by Slices or a Split; 2 a Transpose whose result only
    the rotation reads joins.
    Must not: 3 when a half, or a value in between, has another reader or is returned; 4 rotate
    one tensor by the halves of another.

        Given:   a, b = Split(x);  r = Concat(Neg(b), a);  y = Add(Mul(x, cos), Mul(r, sin))
        Result:  y = Split+Neg+Concat+Mul+Mul+Add(x, cos, sin)
    """
    match = Matcher(graph)
    for i in range(len(graph.ops)):
        if not match.is_(i, "Add"):
            continue
        sides = [match.source(t, i) for t in match.operands(i)]
        if all(match.is_(s, "Mul") for s in sides):
            members = _rotation(match, *sides) or _rotation(match, *reversed(sides))
            if members:
                match.join("elementwise", i, [*members, *sides, i])
    return match.fused()


def _rotation(match: Matcher, plain: int, turned: int) -> list[int] | None:
    """The ops that rotate, when `turned` multiplies the rotated tensor of `plain`."""
    for name in match.operands(turned):
        joint = match.source(name, turned)
        if match.is_(joint, "Concat") and len(match.operands(joint)) == 2:
            break
    else:
        return None
    second, first = match.operands(joint)
    negation = match.source(second, joint)
    if not match.is_(negation, "Neg"):
        return None
    cuts = {match.maker(match.operands(negation)[0]), match.maker(first)}
    if not all(match.is_(c, "Slice", "Split") for c in cuts):
        return None
    sources = {match.operands(c)[0] for c in cuts}
    source = sources.pop()
    if sources or source not in match.operands(plain):
        return None  # the halves are another tensor's
    members = [*cuts, negation, joint]
    above = match.maker(source)
    if match.is_(above, "Transpose") and {*cuts, plain}.issuperset(match.readers(source)):
        members.append(above)
    return members
