"""Kernel weights that several tasks read: one choice for all of them, or a copy that is counted."""

from __future__ import annotations

import numpy as np

from engine.compile import Compilation
from engine.cost import Ints, Mask

# Ops between a stored tensor and its reader that hand on the same elements.
_RELAYS = frozenset(
    {"Transpose", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Cast",
     "DequantizeLinear"}
)  # fmt: skip


def shared_weights(compilation: Compilation) -> Ints:
    """Tasks that read the same kernel weights have the same number, all others -1; [tasks].

    A kernel is the largest weight that a task reads; a weight that was folded (a transposed
    embedding) counts as the tensor that the file stores.
    """
    tasks, graph = compilation.tasks, compilation.graph
    found = np.full(tasks.height, -1)
    kernels = tasks["kernel_elements"].fill_null(0).to_numpy() > 0
    second = (
        kernels
        & (tasks["parameters"].fill_null(0) < tasks["weight_elements"].fill_null(0)).to_numpy()
    )
    if not second.any() or len(graph.ops) != tasks.height:
        return found
    stored = {
        op.outputs[0]: op.inputs[0]
        for op in compilation.source.ops
        if op.type in _RELAYS and op.inputs and op.outputs
    }
    number: dict[str, list[int]] = {}
    for i in np.flatnonzero(kernels).tolist():
        op = graph.ops[i]
        weights = [t for t in op.inputs if t and graph.tensors[t].kind == "weight"]
        if weights:
            name = max(weights, key=lambda t: graph.tensors[t].elements or 0)
            while name in stored:
                name = stored[name]
            number.setdefault(name, []).append(i)
    for label, rows in enumerate(rows for rows in number.values() if len(rows) > 1):
        found[rows] = label
    return found


def groups(sharing: Ints) -> tuple[Ints, ...]:
    """Rows of each number of `shared_weights`, in their order."""
    rows = np.flatnonzero(sharing >= 0)
    rows = rows[np.argsort(sharing[rows], kind="stable")]
    return tuple(np.split(rows, np.flatnonzero(np.diff(sharing[rows])) + 1)) if len(rows) else ()


def copies(sharing: Ints, variant: Ints, owner: Mask) -> Ints:
    """Which tasks must keep a copy: the first of each variant but the owner's; [tasks], -1 none.

    Args:
        sharing: as from `shared_weights`.
        variant: tasks with equal numbers chose the same weights.
        owner: the task on whose account the weights are stored in the file.
    """
    found = np.full(len(sharing), -1)
    for rows in groups(sharing):
        first = next((r for r in rows.tolist() if owner[r]), int(rows[0]))
        seen = {int(variant[first])}
        for row in rows.tolist():
            if int(variant[row]) not in seen:
                seen.add(int(variant[row]))
                found[row] = first
    return found
