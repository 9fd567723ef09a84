"""Fuse ops that cost nothing into what makes their data."""

from __future__ import annotations

from dataclasses import replace

from engine.compile.match import Matcher
from engine.compile.views import is_view
from engine.graph import Graph, replace_ops


def free_views(graph: Graph) -> Graph:
    """Give views (the same bytes under another shape or name) no task of their own.

    Rules: 1 a view of what an op makes joins that op, views of views too; 2 a view of a model
    input is taken away: its result is the input under another shape.
    Must not: 3 touch a Reshape whose target shape is computed at run time; 4 take away a view
    of an input that the model returns: it stays a task; 5 cross into a control-flow body.

        Given:   a = MatMul(x, w);  b = Reshape(a, [2, 8]);  c = Relu(b)
        Result:  b = MatMul+Reshape(x, w, [2, 8]);  c = Relu(b)
    """
    match = Matcher(graph)
    head: dict[int, int] = {}
    tails: dict[int, list[int]] = {}
    inputs = {n for n, t in graph.tensors.items() if t.kind == "input"}
    gone: set[int] = set()
    for i, op in enumerate(graph.ops):
        if not is_view(op, graph.tensors):
            continue
        source = op.inputs[0]
        if source in inputs:
            if not any(t in graph.outputs for t in op.outputs) and not op.region:
                gone.add(i)
                inputs.update(op.outputs)
            continue
        maker = match.maker(source)
        if maker < 0 or graph.ops[maker].region != op.region:
            continue
        head[i] = head.get(maker, maker)
        tails.setdefault(head[i], []).append(i)
    for first, rest in tails.items():
        match.attach(first, rest)
    if not gone:
        return match.fused()
    # The two kinds never mix: what is gone was made from inputs by nobody.
    free = {t: replace(graph.tensors[t], kind="input") for i in gone for t in graph.ops[i].outputs
            if t}  # fmt: skip
    fused = match.fused()
    names = {graph.ops[i].name for i in gone}
    return replace_ops(fused, (op for op in fused.ops if op.name not in names), free)
