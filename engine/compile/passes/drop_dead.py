"""Drop what nothing reads."""

from __future__ import annotations

from dataclasses import replace
from operator import is_

from engine.compile.kernels import class_of
from engine.graph import Graph, replace_ops


def drop_dead(graph: Graph) -> Graph:
    """Take away ops, and second outputs of ops, that reach no output of the model.

    Rules: 1 an op goes when no output of it is returned or read by an op that stays; 2 of an op
    that stays, outputs that nobody reads (a Dropout's mask) are not written.
    Must not: 3 drop control-flow ops (their bodies are the reader's to describe) or unknown ops
    (a compiler cannot know that they have no effect).

        Given:   y, mask = Dropout(x);  z = Exp(x);  return y
        Result:  y, _ = Dropout(x)
    """
    wanted = set(graph.outputs)
    kept = []
    for op in reversed(graph.ops):
        if wanted.isdisjoint(op.outputs) and class_of(op) not in ("control", "unknown"):
            continue
        wanted.update(op.inputs)
        if len(op.outputs) > 1 and not wanted.issuperset(filter(None, op.outputs)):
            used = tuple(t if t in wanted else "" for t in op.outputs)
            op = replace(op, outputs=used) if any(used) else op
        kept.append(op)
    if len(kept) == len(graph.ops) and all(map(is_, reversed(kept), graph.ops)):
        return graph
    return replace_ops(graph, reversed(kept))
