"""Which tensors are the same bytes: views of activations, and weights that folding reshaped."""

from __future__ import annotations

from collections.abc import Mapping

from engine.compile.views import shares_storage
from engine.graph import Graph, Tensor

# Folded ops that store the same elements again: they are counted, and sized, as the file has them.
_RELAYS = frozenset({"Transpose", "Cast", "CastLike", "DequantizeLinear", "Expand"})


class Storage:
    """Roots of tensors: the tensor whose bytes a name stands for.

    Rules: 1 a view's root is that of what it views; 2 what an absorbed DequantizeLinear makes
    has the root of the integers it reads, for they are what is stored and moved; 3 a folded
    Transpose, Reshape, Cast ... of a weight has the root of the weight.
    """

    def __init__(self, graph: Graph, source: Graph) -> None:
        self.tensors: Mapping[str, Tensor] = graph.tensors
        self._root: dict[str, str] = {}
        own_task = {op.name for op in graph.ops if not op.members}
        in_task = {part.name for op in graph.ops for part in op.parts}
        for op in source.ops:
            if not op.inputs or not op.outputs or not op.outputs[0]:
                continue
            same = shares_storage(op, graph.tensors)
            if op.name not in in_task:  # folded
                same = same or (op.type in _RELAYS and self._stays(op.inputs[0], op.outputs[0]))
            elif op.type == "DequantizeLinear":
                same = op.name not in own_task
            if same:
                self._root[op.outputs[0]] = self.root(op.inputs[0])

    def root(self, name: str) -> str:
        """The tensor whose bytes `name` stands for."""
        return self._root.get(name, name)

    def stored(self, name: str) -> Tensor:
        """The record of the root."""
        return self.tensors[self._root.get(name, name)]

    def _stays(self, read: str, made: str) -> bool:
        one, other = self.tensors[read], self.tensors[made]
        return one.kind == "weight" and one.elements == other.elements
