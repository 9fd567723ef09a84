"""Which layers cannot lose channels, asked of a graph that was read and not of its file."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import helper

from engine.formats.channels import trace
from engine.graph import Graph, Op

_PLAIN = (int, float, str, tuple)
_LAYERS = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})


class Outline:
    """As much of `Network` as following channels takes, without weights."""

    def __init__(self, graph: Graph) -> None:
        self._tensors = graph.tensors
        self.outputs = tuple(graph.outputs)
        self.weights = tuple(t.name for t in graph.tensors.values() if t.kind == "weight")
        self.nodes = [_node(op) for op in graph.ops]

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of a tensor, () where it is not known."""
        return self._tensors[name].shape or ()

    def array(self, name: str) -> NDArray[Any]:
        """Its values where they are few, else nothing."""
        return np.array(self._tensors[name].value or ())

    def ranks(self) -> dict[str, int]:
        """Ranks of all tensors whose shapes are known."""
        return {n: len(t.shape) for n, t in self._tensors.items() if t.shape is not None}

    def held(self) -> set[str]:
        """What bodies of control flow read: their ops are among the nodes, so nothing."""
        return set()


def _node(op: Op) -> Any:
    own = op.domain not in ("", "ai.onnx")
    given: dict[str, Any] = {}
    if not own:
        given = {k: v for k, v in op.attributes.items() if isinstance(v, _PLAIN) and v != ()}
    kind = f"{op.domain}.{op.type}" if own else op.type
    return helper.make_node(kind, op.inputs, op.outputs, name=op.name, **given)


def tied_channels(graph: Graph) -> dict[str, str]:
    """Ops whose output channels cannot be removed -> why, as structured pruning would say."""
    traced = trace(Outline(graph))
    free: set[str] = set()
    reasons: dict[str, str] = {}
    for root, makers in traced.makers().items():
        why = traced.stays(root)
        for made in makers:
            reasons[made] = why
            if not why:
                free.add(made)
    return {
        op.name: reasons.get(op.outputs[0], "") or "its channels cannot be followed"
        for op in graph.ops
        if op.type in _LAYERS and op.outputs and op.outputs[0] not in free
    }
