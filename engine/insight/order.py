"""An order of tasks that does not depend on the order of the file."""

from __future__ import annotations

from collections.abc import Sequence

from engine.insight.row import SHARED


def depth_first(ids: Sequence[int], edges: Sequence[tuple[int, int]]) -> list[int]:
    """Every task after what it reads, and as soon after as can be.

    What many distant tasks read comes first of all, or it would stand inside the first of them
    and make that one unlike its copies.

    Args:
        ids: tasks, ascending.
        edges: (source, target); sources that are not in `ids` do not matter.
    """
    reads: dict[int, list[int]] = {i: [] for i in ids}
    readers: dict[int, list[int]] = {i: [] for i in ids}
    for a, b in edges:
        if a in reads and b in reads and a != b:
            reads[b].append(a)
            readers[a].append(b)
    ends = [i for i in ids if not readers[i]] + list(ids)  # all, should there be a circle
    order = _visit(ends, reads)
    place = {i: k for k, i in enumerate(order)}
    far = len(order) / 4
    shared = [
        i
        for i in order
        if len(readers[i]) >= SHARED and max(place[r] for r in readers[i]) - place[i] > far
    ]
    return _visit([*shared, *ends], reads) if shared else order


def _visit(ends: Sequence[int], reads: dict[int, list[int]]) -> list[int]:
    order: list[int] = []
    state: dict[int, int] = {}  # how many of a task's sources were visited
    for end in ends:
        stack = [end] if end not in state else []
        while stack:
            task = stack[-1]
            at = state.get(task, 0)
            state[task] = at + 1
            if at == len(reads[task]):
                order.append(stack.pop())
            elif reads[task][at] not in state:
                stack.append(reads[task][at])
    return order
