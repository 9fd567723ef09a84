"""Group attention: two matrix products with a softmax between them."""

from __future__ import annotations

from engine.compile.match import Matcher
from engine.graph import Graph

# What may stand between the scores and the softmax: scale, mask, bias, a cap by tanh.
_BETWEEN = frozenset({"Mul", "Div", "Add", "Sub", "Where", "Max", "Min", "Tanh", "Clip", "Cast"})
_STEPS = 6
# What only arranges or scales q, k and v on their way in.
_ARRANGES = ("Transpose", "Expand", "Mul", "Div")


def fuse_attention(graph: Graph) -> Graph:
    """Group softmax(q·k + mask)·v with the scales and transposes that serve it alone.

    Rules: 1 acts at a Softmax (or one that was grouped) whose result is the left operand of a
    product of activations, and whose argument comes from such a product through scales, masks
    (Add, Where) and caps; 2 a Where that replaces NaN, or rows without any key, joins; 3 on the
    way of q, k and v Transposes, repeats of key heads (Expand) and scales by one number join,
    and the Transpose that puts the heads together again.
    Must not: 4 when the model returns the probabilities, or something else reads a value in
    between; 5 take products with stored weights: these are layers.

        Given:   s = Softmax(Add(Mul(MatMul(q, Transpose(k)), 0.125), mask));  y = MatMul(s, v)
        Result:  y = Transpose+MatMul+Mul+Add+Softmax+MatMul(q, k, mask, v)
    """
    match = Matcher(graph)
    for i in range(len(graph.ops)):
        if match.kind(i) != "softmax" or match.is_taken((i,)):
            continue
        members = _attention(match, i)
        if members:
            match.join("attention", members[0], members)
    return match.fused()


def _attention(match: Matcher, softmax: int) -> list[int] | None:
    """All ops of the attention around a softmax, the product of scores first."""
    after = _after(match, softmax)
    before = _scores(match, match.operands(softmax)[0], softmax, _STEPS)
    if not after or not before:
        return None
    product, values = before[-1], after[-1]
    members = [product, softmax, *before[:-1], *after]
    for name in match.data(product):
        members += _arranging(match, name, product)
    for name in match.data(values)[1:]:
        members += _arranging(match, name, values)
    merged = match.next(values)
    if match.is_(merged, "Transpose"):
        members.append(merged)
    return members


def _after(match: Matcher, softmax: int) -> list[int] | None:
    """From the softmax down to the product with v, that product last."""
    found: list[int] = []
    made = match.out(softmax)
    readers = match.readers(made)
    guards = [r for r in readers if match.is_(r, "IsNaN")]
    if len(readers) == 2 and guards:
        choice = match.next(guards[0])
        if not match.is_(choice, "Where") or choice not in readers:
            return None
        found += [guards[0], choice]
        made = match.out(choice)
    elif match.is_(match.next(softmax), "Where") and made in match.operands(readers[0])[1:]:
        found.append(readers[0])  # rows that the mask emptied become zero
        made = match.out(readers[0])
    last = found[-1] if found else softmax
    product = match.next(last)
    if match.is_(product, "Cast"):  # softmax in a wider type than the product
        found.append(product)
        made = match.out(product)
        product = match.next(product)
    if match.kind(product) != "matmul" or match.operands(product)[0] != made:
        return None
    return [*found, product]


def _scores(match: Matcher, name: str, reader: int, steps: int) -> list[int] | None:
    """From the softmax up to the product of q and k, that product last."""
    above = match.source(name, reader)
    if above < 0 or match.is_taken((above,)):
        return None
    if match.kind(above) == "matmul" and len(match.data(above)) == 2:
        return [above]
    if not steps or not match.is_(above, *_BETWEEN):
        return None
    for operand in match.data(above):
        found = _scores(match, operand, above, steps - 1)
        if found:
            return [above, *found]
    return None


def _arranging(match: Matcher, name: str, reader: int) -> list[int]:
    """Ops that only arrange or scale an operand, for this reader alone."""
    found: list[int] = []
    while True:
        above = match.source(name, reader)
        if not match.is_(above, *_ARRANGES) or len(match.data(above)) != 1:
            return found
        if match.ops[above].type in ("Mul", "Div") and not any(
            match.scalar(t) for t in match.operands(above) if t
        ):
            return found
        found.append(above)
        name, reader = match.data(above)[0], above
