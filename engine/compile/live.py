"""When each activation is alive: from the task that makes it to the last that reads it."""

from __future__ import annotations

from engine.compile.features import MAX_COUNT
from engine.compile.storage import Storage
from engine.graph import Graph


def live_bytes(graph: Graph, storage: Storage) -> list[int | None]:
    """Bytes of activations alive while each task runs, its own inputs and outputs included.

    Rules: 1 a model input is alive from the start, a model output to the end; 2 views share the
    storage of what they view; 3 weights are not activations; 4 what stays inside a fused task
    needs no memory; 5 a body that does not run (a branch not taken) makes nothing; 6 while a
    tensor of unknown size is alive, the figure is None.
    """
    count = len(graph.ops)
    born: dict[str, int] = {storage.root(t): 0 for t in graph.inputs}
    dies: dict[str, int] = dict.fromkeys(born, 0)
    for i, op in enumerate(graph.ops):
        for t in op.outputs:
            if t and op.runs:
                born.setdefault(storage.root(t), i)
                dies[storage.root(t)] = max(i, dies.get(storage.root(t), 0))
        for t in op.inputs:
            root = storage.root(t)
            if root in born:
                dies[root] = max(i, dies.get(root, 0))
    for t in graph.outputs:
        if storage.root(t) in born:
            dies[storage.root(t)] = count - 1
    change = [0] * (count + 1)
    unknown = [0] * (count + 1)
    for root, first in born.items():
        size = storage.tensors[root].bytes
        steps = unknown if size is None else change
        steps[first] += 1 if size is None else size
        steps[dies[root] + 1] -= 1 if size is None else size
    result: list[int | None] = []
    alive = missing = 0
    for i in range(count):
        alive += change[i]
        missing += unknown[i]
        result.append(None if missing or alive > MAX_COUNT else alive)
    return result
