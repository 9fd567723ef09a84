"""From the graph that a runtime made of a model back to the model: which kernel runs which op.

onnxruntime writes down the graph that it runs, but not where its kernels come from.  Names that
survive are enough: a tensor that both graphs have was made by the same ops in both.  Kernels are
taken in execution order; each claims what leads to its outputs and no earlier kernel has claimed.
So every op of the file is in one kernel at most, and all that lead to an output are in one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.compile.kernels import class_of, classify
from engine.graph import Graph, Op, Tensor, replace_ops

_BLOCKED = "_nchwc"  # a kernel on blocked channels is named for the tensor that it would make
# Classes whose arithmetic outweighs all that is claimed with them, the heaviest first.
_HEAVY = ("conv", "depthwise_conv", "deconv", "gemm", "matmul", "attention", "recurrent")
_LIGHT = frozenset({"layout", "convert", "elementwise", "activation"})
_WEIGHT_OF = {name: len(_HEAVY) - i for i, name in enumerate(_HEAVY)}


def claim(graph: Graph, runtime: Graph) -> Graph:
    """The tasks that a runtime runs, each with the ops of the file that it stands for.

    Args:
        graph: the network, folded and without dead ops.
        runtime: the runtime's own graph of the same file.

    Returns:
        A graph with the runtime's kernels as ops.  A kernel that stands for ops of the file has
        them as members and bears the name and type of the heaviest; one that the runtime put in
        (a change of layout) has none.
    """
    members = _claimed(graph, runtime)
    _to_the_heavy(graph, runtime, members)
    tensors = {**graph.tensors, **_unknown_here(graph, runtime)}
    taken = {op.name for op in graph.ops}
    maker: dict[str, Op] = {}
    ops = []
    for k, kernel in enumerate(runtime.ops):
        claimed = [graph.ops[i] for i in sorted(members[k])]
        if claimed:
            op = _task(kernel, claimed, graph, runtime)
        else:
            op = _put_in(kernel, maker.get(next(iter(kernel.inputs), "")), runtime, taken)
        ops.append(op)
        maker.update(dict.fromkeys(kernel.outputs, op))
    return replace(replace_ops(graph, ops, tensors), outputs=runtime.outputs)


def _claimed(graph: Graph, runtime: Graph) -> list[list[int]]:
    """Indices of the ops that each kernel claims."""
    owner: dict[int, int] = {}
    members: list[list[int]] = [[] for _ in runtime.ops]
    producer = graph.producer
    for k, kernel in enumerate(runtime.ops):
        wanted = [t for t in kernel.outputs if t in producer]
        named = kernel.name.rpartition(_BLOCKED)
        if not wanted and named[1] and named[0] in producer:
            wanted = [named[0]]
        waiting = [producer[t] for t in wanted]
        while waiting:
            at = waiting.pop()
            if at in owner:
                continue
            owner[at] = k
            members[k].append(at)
            waiting += [producer[t] for t in graph.ops[at].inputs if t in producer]
    return members


def _to_the_heavy(graph: Graph, runtime: Graph, members: list[list[int]]) -> None:
    """Hand what a light kernel claimed to the heavy one before it that has claimed nothing.

    A product becomes Reshape + Gemm + Reshape: only the last has a tensor of the file, but the
    product is not run by it.
    """
    for k, kernel in enumerate(runtime.ops):
        if not members[k] or class_of(kernel) not in _LIGHT:
            continue
        classes = {class_of(graph.ops[i]) for i in members[k]}
        only_moves = class_of(kernel) == "layout" and classes != {"layout"}
        if not only_moves and not classes & set(_HEAVY):
            continue
        before, seen = list(kernel.inputs), 0
        while before and seen < 8:
            at = runtime.producer.get(before.pop(0), -1)
            seen += 1
            if at < 0:
                continue
            if members[at]:
                continue
            if _WEIGHT_OF.get(class_of(runtime.ops[at]), 0):
                members[at], members[k] = members[k], []
                break
            before += runtime.ops[at].inputs


def _unknown_here(graph: Graph, runtime: Graph) -> dict[str, Tensor]:
    """Tensors that only the runtime's graph has."""
    return {
        name: tensor
        for name, tensor in runtime.tensors.items()
        if name not in graph.tensors or graph.tensors[name].shape is None
    }


def _put_in(kernel: Op, before: Op | None, runtime: Graph, taken: set[str]) -> Op:
    """What the runtime added, named for the task before it: its own names change by the run."""
    name = kernel.type if before is None else f"{before.name}.{kernel.type}"
    free, n = name, 1
    while free in taken:
        n += 1
        free = f"{name}.{n}"
    taken.add(free)
    path = before.scope if before is not None else ()
    scope = (*path[:-1], f"{path[-1]}.{kernel.type}") if path else ()
    return replace(kernel, name=free, scope=scope, kernel=classify(kernel, runtime.tensors))


def _task(kernel: Op, members: Sequence[Op], graph: Graph, runtime: Graph) -> Op:
    kind = classify(kernel, runtime.tensors)
    moved = tuple(t for t in kernel.inputs if t and runtime.tensors[t].kind != "weight")
    anchor = max(members, key=lambda op: _rank(op, kind))
    made = {t for op in members for t in op.outputs}
    stored = dict.fromkeys(
        t for op in members for t in op.inputs
        if t and t not in made and graph.tensors[t].kind == "weight" and t not in moved
    )  # fmt: skip
    parts = tuple(part for op in members for part in op.parts)
    return Op(
        name=anchor.name, type=anchor.type, inputs=(*moved, *stored), outputs=kernel.outputs,
        domain=anchor.domain, attributes=anchor.attributes, scope=anchor.scope,
        region=anchor.region, runs=anchor.runs, members=parts, kernel=kind,
    )  # fmt: skip


def _rank(op: Op, kind: str) -> tuple[int, bool]:
    """The heaviest member gives its name; else one of the kernel's own class."""
    return _WEIGHT_OF.get(class_of(op), 0), class_of(op) == kind
