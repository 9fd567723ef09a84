"""Shapes of one op: our constants, onnx's own inference for it, our rules for what onnx leaves.

onnx can infer a whole model at once.  We ask it op by op instead: the constants that our
evaluator has computed go in as data (onnx alone loses them at Cast, Div or a function), one op
that it does not know or that contradicts itself does not take its neighbours along, sizes that
an exporter wrote down for other inputs cannot win, and each distinct op is asked about once
(a transformer of 10,000 nodes has some 200).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import onnx
import onnx.shape_inference

from engine.formats.limits import MAX_ELEMENTS
from engine.formats.rules import (
    ALIASES,
    ALONE,
    BLOCKED_ALIASES,
    BLOCKED_RULES,
    RULES,
    Facts,
    contradiction,
)
from engine.formats.tensors import DTYPE_OF, NUMBER_OF
from engine.graph import Op, Tensor, evaluate

Shape = tuple[int, ...]
_BLOCKED = "com.microsoft.nchwc"


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of one output; `partial` is onnx's type where some axis is open."""

    dtype: str = ""
    shape: Shape | None = None
    value: tuple[int | float, ...] | None = None
    partial: bytes = b""


class Inference:
    """Infers op by op; remembers the answer for each distinct op with the same kinds of inputs."""

    def __init__(self, ir_version: int) -> None:
        self.partial: dict[str, bytes] = {}
        self.too_large: list[str] = []
        self.refused: dict[str, str] = {}  # op -> why onnx could not infer it
        self._memo: dict[Any, tuple[Found, ...]] = {}
        self._schemas: dict[tuple[str, int, str], Any] = {}
        self._types: dict[tuple[str, Shape | None], bytes] = {}
        self._ir = max(ir_version, 3)

    def outputs(
        self, op: Op, node: Any, opsets: Mapping[str, int], tensors: Mapping[str, Tensor]
    ) -> tuple[Found, ...]:
        """Type and shape of each output of the op, "" and None where they cannot be known."""
        inputs = [tensors[t] if t else None for t in op.inputs]
        key = (
            op.type, op.domain, opsets.get(op.domain, 1), tuple(op.attributes.items()),
            tuple(bool(t) for t in op.outputs),
            tuple(
                None if t is None
                else (t.dtype, t.shape, t.value) if t.shape is not None or t.value is not None
                else (t.dtype, self.partial.get(t.name))
                for t in inputs
            ),
        )  # fmt: skip
        found = self._memo.get(key)
        if found is None:
            found = self._memo[key] = self._infer(op, node, opsets, tensors, inputs)
        return found

    def _infer(
        self, op: Op, node: Any, opsets: Mapping[str, int], tensors: Mapping[str, Tensor],
        inputs: list[Tensor | None],
    ) -> tuple[Found, ...]:  # fmt: skip
        made = evaluate(op, tensors)
        if made is not None:
            return tuple(Found(t.dtype, t.shape, t.value) for t in made)
        if why := contradiction(op, inputs):
            self.refused[op.name] = why
            return tuple(Found() for _ in op.outputs)
        found = self._by_onnx(op, node, opsets, inputs)
        rule = RULES.get(op.type) if op.domain in ("", "com.microsoft") else None
        rule = BLOCKED_RULES.get(op.type) if op.domain == _BLOCKED else rule
        open_ = any(f.shape is None and t for f, t in zip(found, op.outputs, strict=True))
        if rule is not None and open_:
            try:
                own = rule(Facts(op, inputs))
            except (IndexError, TypeError, ValueError, KeyError, ArithmeticError) as error:
                own = ()  # an input is unknown, or the op is not used as its specification says
                if op.type in ALONE and isinstance(error, ValueError):
                    self.refused.setdefault(op.name, str(error))
            found = tuple(
                Found(f.dtype or dtype, shape, None, f.partial) if f.shape is None else f
                for f, (dtype, shape) in zip(
                    found, (*own, *[("", None)] * (len(found) - len(own))), strict=False
                )
            )
        return tuple(self._bounded(op, f) for f in found)

    def _bounded(self, op: Op, found: Found) -> Found:
        if found.shape is None:
            return found
        if min(found.shape, default=0) < 0:
            return Found(found.dtype)
        if prod(found.shape) > MAX_ELEMENTS:
            self.too_large.append(op.name)
            return Found(found.dtype)
        return found

    def _by_onnx(
        self, op: Op, node: Any, opsets: Mapping[str, int], inputs: list[Tensor | None]
    ) -> tuple[Found, ...]:
        nothing = tuple(Found() for _ in op.outputs)
        if node is None or (op.type in ALONE and not op.domain):
            return nothing
        name, domain, version, used = op.type, op.domain, opsets.get(op.domain, 1), len(inputs)
        aliases = BLOCKED_ALIASES if domain == _BLOCKED else ALIASES
        if (alias := aliases.get(name)) and domain in ("com.microsoft", _BLOCKED):
            (name, used), domain, version = alias, "", onnx.defs.onnx_opset_version()
        schema = self._schema(name, version, domain)
        if schema is None:
            return nothing
        proto = onnx.NodeProto(op_type=name, domain=domain)
        proto.input.extend(f"i{i}" if t else "" for i, t in enumerate(inputs[:used]))
        proto.output.extend(f"o{i}" if t else "" for i, t in enumerate(op.outputs))
        # what a fused form adds (its activation) changes no shape, and onnx refuses it
        known = schema.attributes if name != op.type or domain != op.domain else None
        proto.attribute.extend(
            a for a in node.attribute
            if not a.HasField("g") and not a.graphs and (known is None or a.name in known)
        )  # fmt: skip
        types: dict[str, bytes] = {}
        data: dict[str, bytes] = {}
        for i, t in enumerate(inputs[:used]):
            if t is not None:
                types[f"i{i}"] = self._type(t)
                if t.value is not None and t.shape is not None and len(t.shape) <= 1:
                    data[f"i{i}"] = _data(t)
        try:
            answer = schema._infer_node_outputs(
                proto.SerializeToString(), types, data, {}, {domain: version}, self._ir
            )
        except Exception as error:
            # onnx raises several of its own types and RuntimeError; none may stop the reading
            self.refused.setdefault(op.name, _reason(error))
            return nothing
        return tuple(
            _found(answer[f"o{i}"]) if f"o{i}" in answer else Found()
            for i in range(len(op.outputs))
        )

    def _schema(self, name: str, version: int, domain: str) -> Any:
        key = (name, version, domain)
        if key not in self._schemas:
            try:
                self._schemas[key] = onnx.defs.get_schema(name, version, domain)
            except (onnx.defs.SchemaError, UnicodeEncodeError):
                self._schemas[key] = None
        return self._schemas[key]

    def _type(self, tensor: Tensor) -> bytes:
        if tensor.shape is None and (partial := self.partial.get(tensor.name)):
            return partial
        key = (tensor.dtype, tensor.shape)
        if key not in self._types:
            proto = onnx.TypeProto()
            proto.tensor_type.elem_type = NUMBER_OF.get(tensor.dtype, 0)
            if tensor.shape is not None:
                proto.tensor_type.shape.SetInParent()
                for d in tensor.shape:
                    proto.tensor_type.shape.dim.add().dim_value = d
            self._types[key] = proto.SerializeToString()
        return self._types[key]


def _data(tensor: Tensor) -> bytes:
    proto = onnx.TensorProto(data_type=NUMBER_OF[tensor.dtype], dims=tensor.shape)
    values = tensor.value or ()
    if tensor.dtype == "float32":
        proto.float_data.extend(values)
    elif tensor.dtype == "float64":
        proto.double_data.extend(values)
    elif tensor.dtype == "int64":
        proto.int64_data.extend(int(v) for v in values)
    elif tensor.dtype in ("uint32", "uint64"):
        proto.uint64_data.extend(int(v) for v in values)
    elif tensor.dtype != "float16":
        proto.int32_data.extend(int(v) for v in values)
    return proto.SerializeToString()


def _found(answer: bytes) -> Found:
    proto = onnx.TypeProto.FromString(answer)
    if not proto.HasField("tensor_type"):
        return Found(partial=answer)
    kind = proto.tensor_type
    dtype = DTYPE_OF.get(kind.elem_type, "")
    if not kind.HasField("shape"):
        return Found(dtype, partial=answer)
    shape = tuple(d.dim_value if d.HasField("dim_value") else -1 for d in kind.shape.dim)
    if min(shape, default=0) < 0:
        return Found(dtype, partial=answer)
    return Found(dtype, shape)


def _reason(error: Exception) -> str:
    """The last sentence of onnx's message: what does not fit."""
    text = str(error).strip().replace("\n", " ")
    return text.rpartition("] ")[2].rpartition("): ")[2][:160].rstrip(".")
