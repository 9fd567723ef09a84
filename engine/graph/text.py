"""A graph as lines of text, for tests, error messages and people."""

from __future__ import annotations

from engine.graph.model import Graph


def text(graph: Graph) -> str:
    """One line an op, in order: `y = Conv+Relu(x, w)`; absent tensors print as `_`."""
    lines = []
    for op in graph.ops:
        made = ", ".join(t or "_" for t in op.outputs)
        kinds = "+".join(part.type for part in op.parts)
        lines.append(f"{made} = {kinds}({', '.join(t or '_' for t in op.inputs)})")
    return "\n".join(lines)
