"""How a pass makes a new graph: fuse sets of ops, or replace some; nothing is changed in place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from engine.graph.model import Graph, Op, Tensor


def replace_ops(
    graph: Graph, ops: Iterable[Op], tensors: Mapping[str, Tensor] | None = None
) -> Graph:
    """Return the graph with other ops (already sorted) and, if given, some tensors replaced."""
    merged = {**graph.tensors, **tensors} if tensors else graph.tensors
    return replace(graph, ops=tuple(ops), tensors=merged)


def fuse(graph: Graph, clusters: Sequence[tuple[str, Sequence[int]]]) -> Graph:
    """Fuse each cluster of op indices into one kernel; return the same graph if there is none.

    Rules: 1 a cluster's inputs are what its members read and none of them makes, weights
    included; 2 its outputs are what a non-member or the model's outputs read; 3 it takes the
    place of its last member and the result is sorted again where that is needed; 4 members of
    members are flattened.

    Args:
        graph: the network.
        clusters: (kernel class, op indices); the first index is the anchor, which gives name,
            type, attributes, scope.  Clusters must be disjoint and convex (no path leaves and
            comes back).

    Raises:
        ValueError: pass developer: clusters overlap or one is not convex.
    """
    if not clusters:
        return graph
    owner: dict[int, int] = {}
    for c, (_, indices) in enumerate(clusters):
        for i in indices:
            if i in owner:
                raise ValueError(f"pass developer: op {graph.ops[i].name!r} is in two clusters")
            owner[i] = c
    wanted_outside = set(graph.outputs)
    merged: list[Op | None] = [None] * len(graph.ops)
    for i, op in enumerate(graph.ops):
        if i not in owner:
            merged[i] = op
    for c, (kernel, indices) in enumerate(clusters):
        order = sorted(indices)
        ops = [graph.ops[i] for i in order]
        made = {t for op in ops for t in op.outputs if t}
        reads = dict.fromkeys(t for op in ops for t in op.inputs if t and t not in made)
        leaves = [
            t
            for op in ops
            for t in op.outputs
            if t
            and (t in wanted_outside or any(owner.get(j) != c for j in graph.consumers.get(t, ())))
        ]
        anchor = graph.ops[indices[0]]
        merged[order[-1]] = replace(
            anchor,
            inputs=tuple(reads),
            outputs=tuple(leaves),
            members=tuple(part for op in ops for part in op.parts),
            kernel=kernel or anchor.kernel,
        )
    return replace(graph, ops=_sorted([op for op in merged if op is not None]))


def _sorted(ops: list[Op]) -> tuple[Op, ...]:
    """Sort topologically, keeping the given order wherever it is already right."""
    producer = {t: i for i, op in enumerate(ops) for t in op.outputs if t}
    done = [0] * len(ops)  # 0 untouched, 1 on the stack, 2 placed
    result: list[Op] = []
    for root in range(len(ops)):
        stack = [root]
        while stack:
            i = stack[-1]
            if done[i] == 2:
                stack.pop()
                continue
            done[i] = 1
            waiting = [j for t in ops[i].inputs if (j := producer.get(t, i)) != i and done[j] != 2]
            if any(done[j] == 1 for j in waiting):
                raise ValueError(f"pass developer: fusing {ops[i].name!r} makes a cycle")
            if waiting:
                stack.extend(reversed(waiting))
                continue
            done[i] = 2
            result.append(ops[i])
            stack.pop()
    return tuple(result)
