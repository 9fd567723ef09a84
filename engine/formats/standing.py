"""A model that a runtime can load, from a file as it was read: sizes bound, weights inside.

A runtime reads external data from disk, trusts the file's own sizes, and takes weights that are
also inputs for inputs.  So the file is rewritten first: open sizes get the values that the reader
used, and weights that the file does not hold (external, stripped, made by ConstantOfShape) get
random ones.  Time does not depend on a weight's value but for the extremes, so the figures of a
model without its weights are those of the trained one; equal weights would be shared by the
runtime, and be faster than they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, prod
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from engine.errors import EngineError
from engine.formats.names import visible
from engine.formats.tensors import DTYPE_OF, NUMBER_OF
from engine.graph import Graph

_PATTERN = 2**20 + 7  # random numbers that are repeated: no two weights begin at the same place
_SMALL = 16  # elements: a constant this small may steer a fusion and stays
_EXTREME = 100.0  # a fill beyond this is a mask, not a weight
_FLOATS = frozenset({"float32", "float16", "float64"})


@dataclass(frozen=True, slots=True)
class Runnable:
    """What to run.

    Args:
        data: bytes of an ONNX file that needs no other file.
        filled: weights that got random values.
    """

    data: bytes
    filled: int


def runnable(data: bytes, graph: Graph, seed: int = 0) -> Runnable:
    """Make a file runnable by itself.

    Args:
        data: unpacked bytes of an ONNX file.
        graph: what `read` made of it; its sizes are put in.
        seed: of the random weights.

    Raises:
        EngineError: a size of an input is not known, or the result is larger than a file can be.
    """
    model = onnx.load_from_string(data)
    body = model.graph
    stored = {w.name for w in body.initializer}
    given = [i for i in body.input if i.name not in stored]
    for value in given:
        _bind(value, graph)
    del body.input[:]
    body.input.extend(given)
    del body.value_info[:]  # sizes written down for other inputs would contradict
    body.value_info.extend(_shapes(body, graph))
    for value in body.output:
        value.type.tensor_type.ClearField("shape")
    model.ir_version = max(model.ir_version, 4)  # before 4 a weight had to be an input
    fill = _Fill(seed)
    for weight in body.initializer:
        if _absent(weight):
            fill.into(weight)
    _unfold(body, graph, fill)
    try:
        return Runnable(model.SerializeToString(), fill.count)
    except Exception as error:  # protobuf: larger than 2 GiB
        raise EngineError("the model with its weights is too large to run", graph.name) from error


class _Fill:
    """Hands out random weights."""

    def __init__(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        self._pattern = random.standard_normal(_PATTERN).astype(np.float32)
        self._at, self.count = 0, 0

    def array(self, shape: tuple[int, ...], dtype: str) -> Any:
        """Values of a weight: normal with variance 1 / fan-in, near 1 for a vector."""
        size = prod(shape)
        self._at = (self._at + 7919) % _PATTERN
        values = np.resize(np.roll(self._pattern, -self._at), size).reshape(shape)
        self.count += 1
        if dtype not in _FLOATS:
            return (np.abs(values * 30)).astype(dtype)
        if len(shape) < 2:
            return (1 + 0.1 * values).astype(dtype)
        fan_in = shape[0] if len(shape) == 2 else prod(shape[1:])
        return (values / np.sqrt(max(1, fan_in))).astype(dtype)

    def into(self, weight: Any) -> None:
        """Give a stored tensor without data some."""
        dtype = DTYPE_OF.get(weight.data_type, "float32")
        array = self.array(tuple(weight.dims), dtype)
        weight.CopyFrom(numpy_helper.from_array(array, weight.name))


def _absent(weight: Any) -> bool:
    if weight.data_location == onnx.TensorProto.EXTERNAL:
        return True
    held = weight.raw_data or weight.float_data or weight.int32_data or weight.int64_data
    held = held or weight.double_data or weight.uint64_data or weight.string_data
    return not held and prod(weight.dims) > 0


def _bind(value: Any, graph: Graph) -> None:
    tensor = graph.tensors.get(visible(value.name))
    if tensor is None or tensor.shape is None:
        raise EngineError("the size of an input is not known", visible(value.name),
                          try_this="binding its sizes")  # fmt: skip
    shape = value.type.tensor_type.shape
    del shape.dim[:]
    shape.SetInParent()
    for size in tensor.shape:
        shape.dim.add().dim_value = size


def _shapes(body: Any, graph: Graph) -> list[Any]:
    """What the reader knows of the tensors between the nodes; a runtime hands it on."""
    ends = {v.name for v in (*body.input, *body.output)}
    found = []
    for name in dict.fromkeys(t for node in body.node for t in node.output if t):
        tensor = graph.tensors.get(visible(name))
        known = tensor is not None and tensor.shape is not None and tensor.dtype in NUMBER_OF
        if known and tensor is not None and name not in ends:
            found.append(helper.make_tensor_value_info(name, NUMBER_OF[tensor.dtype], tensor.shape))
    return found


def _unfold(body: Any, graph: Graph, fill: _Fill) -> None:
    """Put random weights in place of the nodes that make constant ones."""
    kept = []
    for node in body.node:
        made = graph.tensors.get(visible(node.output[0])) if node.output else None
        if node.op_type != "ConstantOfShape" or made is None or not _is_weight(made, node):
            kept.append(node)
            continue
        array = fill.array(made.shape or (), made.dtype)
        body.initializer.append(numpy_helper.from_array(array, node.output[0]))
    if len(kept) < len(body.node):
        nodes = list(kept)
        del body.node[:]
        body.node.extend(nodes)


def _is_weight(made: Any, node: Any) -> bool:
    if made.kind != "weight" or made.dtype not in _FLOATS or (made.elements or 0) <= _SMALL:
        return False
    value = next((helper.get_attribute_value(a) for a in node.attribute if a.name == "value"), None)
    number = float(numpy_helper.to_array(value).ravel()[0]) if value is not None else 0.0
    return isfinite(number) and abs(number) < _EXTREME
