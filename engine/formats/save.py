"""Ops of our own making -> bytes of an ONNX file; for networks that are built here to be run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray
from onnx import helper, numpy_helper

from engine.formats.tensors import NUMBER_OF
from engine.graph import Op, Tensor

IR_VERSION = 9
DOMAIN_VERSION = 1


def write(
    name: str,
    ops: Sequence[Op],
    inputs: Sequence[Tensor],
    outputs: Sequence[str],
    weights: Mapping[str, NDArray[Any]],
    opset: int = 17,
) -> bytes:
    """Bytes of an ONNX file.

    Args:
        name: of the graph.
        ops: in execution order; attributes as onnx takes them, tuples for lists.
        inputs: with dtype and shape.
        outputs: tensors that it returns.
        weights: stored tensors by name.
        opset: of the standard domain; others are at version 1.
    """
    nodes = [_node(op) for op in ops]
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(t.name, NUMBER_OF[t.dtype], t.shape) for t in inputs],
        [helper.make_empty_tensor_value_info(t) for t in outputs],
        [numpy_helper.from_array(array, key) for key, array in weights.items()],
    )
    domains = {op.domain for op in ops if op.domain}
    opsets = [helper.make_opsetid("", opset)]
    opsets += [helper.make_opsetid(d, DOMAIN_VERSION) for d in sorted(domains)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION).SerializeToString()


def _node(op: Op) -> Any:
    made: Any = helper.make_node(op.type, op.inputs, op.outputs, name=op.name, domain=op.domain)
    for key, value in op.attributes.items():
        given = list(value) if isinstance(value, tuple) else value
        made.attribute.append(helper.make_attribute(key, given))
    return made
