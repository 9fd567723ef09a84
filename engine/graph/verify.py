"""What always holds of a graph.  Asserted between the stages of the compiler."""

from __future__ import annotations

from engine.errors import EngineError
from engine.graph.model import Graph


def verify(graph: Graph) -> Graph:
    """Return the graph if it is sound.

    Rules: 1 op names are unique; 2 each tensor has one producer at most; 3 each op reads only
    inputs, weights and what an earlier op made; 4 the model's outputs exist; 5 every name has a
    `Tensor`.

    Raises:
        EngineError: the first rule broken, with the op.
    """
    ready = {name for name, t in graph.tensors.items() if t.kind in ("input", "weight")}
    names: set[str] = set()
    made: set[str] = set()
    for op in graph.ops:
        if op.name in names or not op.name:
            raise EngineError("two nodes share one name", op.name or "(empty name)")
        names.add(op.name)
        for t in op.inputs:
            if t and t not in ready and t not in made:
                raise EngineError(
                    f"node reads {t!r} before any node makes it",
                    op.name,
                    try_this="the checker of onnx",
                )
        for t in op.outputs:
            if t in made or (t and t not in graph.tensors):
                raise EngineError(f"output {t!r} is made twice or unknown", op.name)
            if t:
                made.add(t)
    for t in graph.outputs:
        if t not in made and t not in ready:
            raise EngineError(f"the model returns {t!r} but no node makes it", graph.name)
    return graph
