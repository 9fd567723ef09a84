"""AttributeProto -> plain Python values.

Element types become words (`to="int64"`, `dtype="float32"`), graphs become the path of their
region, and a tensor becomes its numbers when it is small.  What is long is cut, because an
attribute is for shapes and for people; the bytes of the file stay the truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from engine.errors import EngineError
from engine.formats.limits import MAX_ATTRIBUTE_NUMBERS, MAX_ATTRIBUTE_TEXT
from engine.formats.names import visible
from engine.formats.tensors import DTYPE_OF, dtype_of, stored
from engine.graph.model import NO_ATTRIBUTES, Attribute

FLOAT, INT, STRING, TENSOR, GRAPH = 1, 2, 3, 4, 5
FLOATS, INTS, STRINGS, GRAPHS = 6, 7, 8, 10
# Attributes whose integer is an element type, in the domain of onnx itself.
_TYPE_NAMES = frozenset({"dtype", "output_dtype", "softmax_precision", "stash_type",
                         "output_datatype", "qk_matmul_output_type"})  # fmt: skip


def attributes(protos: Any, where: str, regions: Mapping[str, str]) -> Mapping[str, Attribute]:
    """Read the attributes of a node.

    Args:
        protos: the AttributeProtos.
        where: the node, for messages.
        regions: attribute name -> region path, for graph attributes.

    Raises:
        EngineError: an element type or a tensor that cannot be.
    """
    if not protos:
        return NO_ATTRIBUTES
    found: dict[str, Attribute] = {}
    for proto in protos:
        name = proto.name if isinstance(proto.name, str) and len(proto.name) < 100 else "?"
        found[name] = regions[name] if name in regions else _one(proto, name, where)
        if proto.type == TENSOR and name == "value" and proto.t.data_type:
            found["dtype"] = dtype_of(proto.t.data_type, where)
    return found


def _one(proto: Any, name: str, where: str) -> Attribute:
    kind = proto.type
    if kind == INT:
        value = int(proto.i)
        if name == "to":
            return dtype_of(value, f"node '{where}', attribute 'to'")
        return DTYPE_OF.get(value, value) if name in _TYPE_NAMES else value
    if kind == INTS:
        return _numbers(proto.ints)
    if kind == FLOAT:
        return float(proto.f)
    if kind == STRING:
        return _text(proto.s)
    if kind == FLOATS:
        return _numbers(proto.floats)
    if kind == STRINGS:
        return tuple(_text(s) for s in proto.strings[:MAX_ATTRIBUTE_NUMBERS])
    if kind == TENSOR:
        return _tensor(proto.t, where)
    return "(not shown)"


def _numbers(values: Any) -> Attribute:
    if len(values) > MAX_ATTRIBUTE_NUMBERS:
        return f"({len(values):,} numbers)"
    return tuple(values)


def _text(raw: bytes) -> str:
    text = raw[: MAX_ATTRIBUTE_TEXT + 1].decode("utf-8", "backslashreplace")
    if len(text) <= MAX_ATTRIBUTE_TEXT and text.isprintable():
        return text
    return visible(raw)


def _tensor(proto: Any, where: str) -> Attribute:
    tensor, _ = stored(proto, f"{where}.value")
    if tensor.value is not None and tensor.shape is not None:
        if prod(tensor.shape) == 1:
            return tensor.value[0]
        return tensor.value
    if tensor.shape is None:
        raise EngineError("tensor without a shape", where)
    return f"({tensor.dtype} {'×'.join(map(str, tensor.shape)) or 'scalar'})"
