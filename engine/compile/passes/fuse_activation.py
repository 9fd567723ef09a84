"""Group an activation that the exporter wrote as several ops."""

from __future__ import annotations

from engine.compile.match import Matcher
from engine.graph import Graph

# What makes it an activation and not a chain of arithmetic.
_SEEDS = frozenset({"Erf", "Tanh", "Sigmoid", "HardSigmoid", "Softplus", "Clip", "Exp"})
_ARITHMETIC = frozenset({"Add", "Sub", "Mul", "Div", "Pow", "Neg", "Max", "Min", "Log", "Relu",
                         "Sqrt"}) | _SEEDS  # fmt: skip
_LONGEST = 12  # ops in the longest one (GELU by tanh has 9)


def fuse_activation(graph: Graph) -> Graph:
    """Group the ops between a tensor and a nonlinear function of it, element by element.

    So GELU (by erf or tanh), SiLU (x·Sigmoid(x)), QuickGELU, Mish, HardSwish (x·HardSigmoid(x),
    x·Clip(x + 3, 0, 6) / 6) become one task, however their factors are ordered.
    Rules: 1 acts on arithmetic that starts at one tensor, uses only single numbers besides it,
    contains a nonlinear op, and meets again in one product or sum; 2 a scale by a single number
    right after joins.
    Must not: 3 when something else reads a value in between, or the model returns it; 4 take in
    a second tensor (a gate, a residual, a bias): that is for the other fusions.

        Given:   a = Sigmoid(x);  y = Mul(x, a)
        Result:  y = Sigmoid+Mul(x)
    """
    match = Matcher(graph)
    for i, op in enumerate(graph.ops):
        if op.type in _SEEDS and not op.kernel and not op.domain and not match.is_taken((i,)):
            _group(match, i)
    return match.fused()


def _group(match: Matcher, seed: int) -> None:
    """Try the tensors above the seed, nearest first, as the one that everything starts at."""
    above = [seed]
    for index in above:  # grows while it is walked
        for start in _tensors(match, index):
            if len(match.readers(start)) > 1:
                members = _region(match, start, seed)
                if members and match.join("activation", seed, members):
                    return
            maker = match.maker(start)
            if _is_arithmetic(match, maker) and maker not in above and len(above) < _LONGEST:
                above.append(maker)


def _is_arithmetic(match: Matcher, index: int) -> bool:
    return index >= 0 and match.ops[index].type in _ARITHMETIC and not match.ops[index].kernel


def _tensors(match: Matcher, index: int) -> list[str]:
    """Operands that are no single numbers."""
    return [t for t in match.operands(index) if t and not match.scalar(t)]


def _region(match: Matcher, start: str, seed: int) -> list[int] | None:
    """Ops that compute from `start` and single numbers alone, up to where they meet again."""
    above: dict[int, set[int]] = {}  # op -> itself and what it rests on
    made = {start: set[int]()}
    waiting = list(match.readers(start))
    for _ in range(4 * _LONGEST):
        if not waiting or len(above) > _LONGEST:
            break
        index = waiting.pop(0)
        if index in above or not _is_arithmetic(match, index) or match.is_taken((index,)):
            continue
        op = match.ops[index]
        tensors = _tensors(match, index)
        if len(op.outputs) != 1 or not all(t in made for t in tensors):
            continue
        above[index] = {index}.union(*(made[t] for t in tensors))
        made[op.outputs[0]] = above[index]
        waiting += match.readers(op.outputs[0])
        if len(tensors) < 2 or seed not in above[index]:
            continue
        if _closed(match, above[index], index) and match.same_shape(start, match.result(index)):
            after = match.next(index)
            scaled = match.is_(after, "Mul", "Div") and len(match.data(after)) == 1
            if scaled and any(match.scalar(t) for t in match.operands(after)):
                return [*above[index], after]
            return list(above[index])
    return None


def _closed(match: Matcher, members: set[int], last: int) -> bool:
    """Whether only members read what the members before the last make."""
    return all(
        members.issuperset(match.readers(t))
        for i in members
        if i != last
        for t in match.ops[i].outputs
    )
