"""The nodes of one graph in an order in which each finds its inputs made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine.errors import EngineError
from engine.formats.checks import bodies
from engine.formats.names import shown_list, visible

Name = str | bytes


def ordered(nodes: Sequence[Any], where: str) -> tuple[list[int], bool]:
    """Indices of the nodes in execution order, and whether that is not the file's order.

    The file's order is kept wherever it is right already.  A body counts as reading what it
    captures.

    Raises:
        EngineError: the nodes form a circle; the message names them.
    """
    producer = {t: i for i, node in enumerate(nodes) for t in node.output if t}
    waits: list[list[int]] = []
    sorted_already = True
    for i, node in enumerate(nodes):
        reads = list(node.input)
        if node.attribute:
            for _, body in bodies(node):
                reads += free_names(body)
        needed = [producer[t] for t in reads if t in producer]
        sorted_already = sorted_already and max(needed, default=-1) < i
        waits.append(needed)
    if sorted_already:
        return list(range(len(nodes))), False
    return _sort(waits, lambda i: visible(nodes[i].name or nodes[i].op_type), where), True


def free_names(graph: Any) -> list[Name]:
    """Names that a body reads from outside of it."""
    own = {i.name for i in graph.input} | {i.name for i in graph.initializer}
    own |= {t for node in graph.node for t in node.output}
    reads = [t for node in graph.node for t in node.input]
    for node in graph.node:
        for _, body in bodies(node):
            reads += free_names(body)
    reads += [o.name for o in graph.output]
    return [t for t in dict.fromkeys(reads) if t and t not in own]


def _sort(waits: list[list[int]], name: Callable[[int], str], where: str) -> list[int]:
    state = [0] * len(waits)  # 0 untouched, 1 on the stack, 2 placed
    result: list[int] = []
    for root in range(len(waits)):
        stack = [root]
        while stack:
            i = stack[-1]
            if state[i] == 2:
                stack.pop()
                continue
            state[i] = 1
            missing = [j for j in waits[i] if state[j] != 2]
            closing = next((j for j in missing if state[j] == 1), None)
            if closing is not None:
                path = [k for k in stack[stack.index(closing) :] if state[k] == 1]
                raise EngineError(
                    "the nodes form a circle", where, "a graph without circles",
                    shown_list([name(k) for k in path]), "export the model again",
                )  # fmt: skip
            if missing:
                stack.extend(reversed(missing))
                continue
            state[i] = 2
            result.append(i)
            stack.pop()
    return result
