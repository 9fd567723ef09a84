"""Group chains of element-wise ops."""

from __future__ import annotations

from engine.compile.kernels import class_of
from engine.compile.match import Matcher
from engine.graph import Graph

_CLASSES = frozenset({"elementwise", "activation"})
_MAKERS = frozenset({"ConstantOfShape", "EyeLike", "OneHot", "Range", "OneHotEncoder",
                     "RotaryEmbedding", "GemmaRotaryEmbedding"})  # fmt: skip


def fuse_elementwise(graph: Graph) -> Graph:
    """Group element-wise ops that follow each other, so that values in between stay on chip.

    Rules: 1 acts where an element-wise op or activation is the sole reader of another's result
    and keeps its shape; trees of them join too; 2 an op that had a constant broadcast into it
    still keeps the shape of the other operand.
    Must not: 3 when something else reads the value, or the model returns it; 4 where the size
    changes (the value is broadcast to a larger tensor): the small one is computed once.

        Given:   a = Add(x, y);  b = Mul(a, 2);  c = Relu(b)
        Result:  c = Add+Mul+Relu(x, y, 2)
    """
    match = Matcher(graph)
    chain: dict[int, int] = {}  # op -> the op that ends its chain
    ends: dict[int, list[int]] = {}
    for i in range(len(graph.ops) - 1, -1, -1):
        if not _fits(match, i):
            continue
        after = match.next(i)
        end = chain.get(after, -1)
        if end >= 0 and not match.same_shape(match.out(i), match.out(after)):
            end = -1
        chain[i] = end if end >= 0 else i
        ends.setdefault(chain[i], []).append(i)
    for end, members in ends.items():
        match.join("elementwise", end, members)
    return match.fused()


def _fits(match: Matcher, index: int) -> bool:
    op = match.ops[index]
    if class_of(op) not in _CLASSES or op.type in _MAKERS:
        return False
    # a grouped rotation moves elements, so it does not run element by element
    return sum(1 for t in op.outputs if t) == 1 and all(p.type != "Concat" for p in op.parts)
