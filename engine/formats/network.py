"""A file that is being changed: its nodes and weights, with everything's name kept.

The border's other side: `compress` changes numbers and nodes through this class and never sees
onnx.  It is for files that `read` has accepted; it checks nothing of the network.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import onnx
import onnx.inliner
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from engine.errors import EngineError
from engine.formats.limits import MAX_FILE_BYTES
from engine.formats.names import visible
from engine.formats.scopes import Scopes

Array = NDArray[Any]
_TRACES = ("stack_trace", "fx_node")
_SCOPES, _SAME = "pkg.torch.onnx.name_scopes", ("namespace", "class_hierarchy")
_INLINE = 16  # elements of a Constant that stays a node: what steers ops, not weights


class Network:
    """An ONNX file as nodes and weights that can be replaced.

    On loading, weights that exporters keep in Constant nodes become initializers, initializers
    stop being inputs, and functions of the file are laid out in place of their calls.

    Args:
        data: bytes of an ONNX file with its weights inside.

    Raises:
        EngineError: not an ONNX file, or its weights are in a file of their own.
    """

    def __init__(self, data: bytes) -> None:
        self.model = onnx.ModelProto()
        try:
            self.model.ParseFromString(data)
        except (DecodeError, RecursionError) as error:
            raise EngineError("the file cannot be read as ONNX", expected="an .onnx file",
                              try_this="export or download it again") from error  # fmt: skip
        if self.model.functions:
            self.model = onnx.inliner.inline_local_functions(self.model)
        graph = self.model.graph
        if any(t.data_location == TensorProto.EXTERNAL for t in graph.initializer):
            raise EngineError("its weights are in a file of their own", graph.name[:200],
                              try_this="save the model with its weights inside")  # fmt: skip
        self._weights: dict[str, Any] = {}
        self._lift()
        for tensor in graph.initializer:
            self._weights[tensor.name] = tensor
        own = [i for i in graph.input if i.name not in self._weights]
        if len(own) < len(graph.input):
            del graph.input[:]
            graph.input.extend(own)

    def _lift(self) -> None:
        graph = self.model.graph
        kept = []
        for node in graph.node:
            value = next((a.t for a in node.attribute if a.name == "value"), None)
            if node.op_type != "Constant" or value is None or _count(value) <= _INLINE:
                kept.append(node)
                continue
            tensor = graph.initializer.add()
            tensor.CopyFrom(value)
            tensor.name = node.output[0]
        if len(kept) < len(graph.node):
            kept = [_copy(node) for node in kept]
            del graph.node[:]
            graph.node.extend(kept)

    # -- reading

    @property
    def nodes(self) -> Sequence[Any]:
        """The nodes of the main graph in execution order."""
        nodes: Sequence[Any] = self.model.graph.node
        return nodes

    def modules(self) -> dict[str, str]:
        """Tensor that a node makes -> dotted module around the node, where the file says one."""
        scopes = Scopes()
        return {t: ".".join(path) for node in self.nodes if (path := scopes.of(node))
                for t in node.output if t}  # fmt: skip

    @property
    def weights(self) -> tuple[str, ...]:
        """Names of what the main graph stores."""
        return tuple(self._weights)

    @property
    def inputs(self) -> dict[str, tuple[str, tuple[int | str, ...]]]:
        """What is fed: name -> (numpy type, sizes; a word or "" where a size is open)."""
        found = {}
        for entry in self.model.graph.input:
            kind = entry.type.tensor_type
            # exporters also write -1 for a size that is open
            dims = tuple(d.dim_value if d.dim_value > 0 else d.dim_param for d in kind.shape.dim)
            found[entry.name] = (_numpy_name(kind.elem_type), dims)
        return found

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of what is returned."""
        return tuple(o.name for o in self.model.graph.output)

    @property
    def opset(self) -> int:
        """Version of the standard's operators, 1 when the file does not say."""
        return next((o.version for o in self.model.opset_import if o.domain in ("", "ai.onnx")), 1)

    def seen_as(self) -> dict[str, str]:
        """Names as a person sees them -> names of the file; of nodes' outputs and weights."""
        names = [t for node in self.nodes for t in node.output if t]
        return {visible(n): n for n in (*names, *self._weights)}

    def shape(self, name: str) -> tuple[int, ...]:
        """Sizes of a weight."""
        return tuple(self._weights[name].dims)

    def dtype(self, name: str) -> str:
        """Numpy's word for the type of a weight ("float32"); "" for what numpy does not have."""
        return _numpy_name(self._weights[name].data_type)

    def array(self, name: str) -> Array:
        """The values of a weight; a copy that may be changed."""
        return np.array(numpy_helper.to_array(self._weights[name]))

    def stored_bytes(self, name: str = "") -> int:
        """What a stored tensor takes, or all of them, without their names, B."""
        names = (name,) if name else self.weights
        return sum(len(self._weights[n].raw_data) or self.array(n).nbytes for n in names)

    def held(self) -> set[str]:
        """Tensors that the bodies of control flow read or store."""
        found: set[str] = set()
        waiting = [a for node in self.nodes for a in node.attribute]
        while waiting:
            attribute = waiting.pop()
            for body in (attribute.g, *attribute.graphs):
                found.update(t for n in body.node for t in n.input)
                waiting += [a for n in body.node for a in n.attribute]
        return found

    def ranks(self) -> dict[str, int]:
        """Ranks of tensors, as far as the file writes them down or they follow from its inputs."""
        try:
            graph = onnx.shape_inference.infer_shapes(self.model).graph
        except (ValueError, RuntimeError):  # larger than 2 GiB, or not sound: as it is written
            graph = self.model.graph
        entries = (*graph.value_info, *graph.input, *graph.output)
        ranks = {v.name: len(v.type.tensor_type.shape.dim) for v in entries
                 if v.type.tensor_type.HasField("shape")}  # fmt: skip
        return ranks | {name: len(t.dims) for name, t in self._weights.items()}

    def noted(self, key: str) -> str:
        """A remark that was written into the file, "" when there is none."""
        return next((p.value for p in self.model.metadata_props if p.key == key), "")

    # -- changing

    def put(self, name: str, value: Array) -> None:
        """Store values under a name, in place of what was there."""
        made = numpy_helper.from_array(np.ascontiguousarray(value).reshape(value.shape), name)
        if name in self._weights:
            self._weights[name].CopyFrom(made)
            return
        self._weights[name] = self.model.graph.initializer.add()
        self._weights[name].CopyFrom(made)

    def put_packed(self, name: str, kind: str, shape: Sequence[int], raw: bytes) -> None:
        """Store numbers below a byte as the packed bytes that they are.

        `helper.make_tensor` would write each byte as a number of variable length, twice as long.

        Args:
            name: of the weight.
            kind: "UINT4" or "INT4".
            shape: sizes.
            raw: two numbers a byte, the first in the low half.
        """
        if name not in self._weights:
            self._weights[name] = self.model.graph.initializer.add()
        tensor = self._weights[name]
        tensor.Clear()
        tensor.name, tensor.data_type, tensor.raw_data = name, TensorProto.DataType.Value(kind), raw
        tensor.dims.extend(shape)

    def drop(self, names: Iterable[str]) -> None:
        """Take weights away."""
        gone = set(names)
        kept = [_copy(t) for n, t in self._weights.items() if n not in gone]
        del self.model.graph.initializer[:]
        self.model.graph.initializer.extend(kept)
        self._weights = {t.name: t for t in self.model.graph.initializer}

    def node(
        self, op: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Any
    ) -> Any:
        """A node that is not in the graph yet; `to=` of a Cast is numpy's word."""
        if isinstance(attributes.get("to"), str):
            attributes["to"] = helper.np_dtype_to_tensor_dtype(np.dtype(attributes["to"]))
        return helper.make_node(op, inputs, outputs, name=outputs[0], **attributes)

    def replace(self, nodes: Iterable[Any]) -> None:
        """Put these nodes in place of all there are; those of the graph may be among them."""
        made = [_copy(n) for n in nodes]
        del self.model.graph.node[:]
        self.model.graph.node.extend(made)

    def name_nodes(self) -> None:
        """Give each node that has no name the name of what it makes."""
        for node in self.model.graph.node:
            if not node.name and node.output:
                node.name = node.output[0]

    def sort_nodes(self) -> None:
        """Put the nodes into execution order; ties keep theirs."""
        makers = {t: i for i, n in enumerate(self.nodes) for t in n.output if t}
        order: dict[int, None] = {}
        waiting = list(reversed(range(len(self.nodes))))
        while waiting:
            at = waiting[-1]
            node = self.nodes[at]
            needed = {makers[t] for t in (*node.input, *_captured(node)) if t in makers}
            missing = [] if at in order else sorted(needed - order.keys() - {at}, reverse=True)
            if not missing:
                order[at] = None
                waiting.pop()
            waiting += missing
        self.replace([self.nodes[i] for i in order])

    def forget_shapes(self) -> None:
        """Drop the sizes that the file writes down for tensors between nodes."""
        del self.model.graph.value_info[:]

    def strip(self) -> None:
        """Drop what only developers of the exporter read: stack traces and texts.

        Of the three forms in which PyTorch writes where a node comes from, the shortest stays.
        So do the sizes of tensors: onnxruntime fuses other nodes without them, and rounds anew.
        """
        for node in self.model.graph.node:
            told = any(p.key == _SCOPES for p in node.metadata_props)
            gone = (*_TRACES, *_SAME) if told else _TRACES
            kept = [p for p in node.metadata_props if not p.key.endswith(gone)]
            if len(kept) < len(node.metadata_props):
                kept = [_copy(p) for p in kept]
                del node.metadata_props[:]
                node.metadata_props.extend(kept)
            node.ClearField("doc_string")
        for value in self.model.graph.value_info:
            value.ClearField("metadata_props")
            value.ClearField("doc_string")
        self.model.graph.ClearField("metadata_props")
        self.model.graph.ClearField("doc_string")

    def note(self, key: str, value: str) -> None:
        """Write a remark into the file, in place of one with this key."""
        for prop in self.model.metadata_props:
            if prop.key == key:
                prop.value = value
                return
        self.model.metadata_props.add(key=key, value=value)

    def raise_opset(self, least: int) -> bool:
        """Convert the file to a newer standard if it is older; whether it was.

        Raises:
            EngineError: an operator of the file cannot be converted.
        """
        if self.opset >= least:
            return False
        try:
            converted = onnx.version_converter.convert_version(self.model, least)
        except Exception as error:  # the converter raises its own, unrelated types
            raise EngineError(
                f"operators of opset {self.opset} cannot be converted to {least}",
                self.model.graph.name[:200], found=str(error).splitlines()[0][:200],
                try_this=f"export the model with opset {least} or newer",
            ) from error  # fmt: skip
        self.model = converted
        self._weights = {t.name: t for t in self.model.graph.initializer}
        return True

    def cut(self, wanted: Sequence[str]) -> bytes:
        """A model of what makes some tensors, and nothing else.

        Args:
            wanted: outputs of nodes of the main graph.
        """
        producer = {t: i for i, n in enumerate(self.nodes) for t in n.output if t}
        inside: set[int] = set()
        waiting = list(wanted)
        read: set[str] = set()
        while waiting:
            name = waiting.pop()
            read.add(name)
            at = producer.get(name, -1)
            if at < 0 or at in inside:
                continue
            inside.add(at)
            node = self.nodes[at]
            waiting += [*node.input, *_captured(node)]
        graph = self.model.graph
        part = onnx.GraphProto(name=graph.name)
        part.node.extend([self.nodes[i] for i in sorted(inside)])
        part.initializer.extend([t for n, t in self._weights.items() if n in read])
        part.input.extend([i for i in graph.input if i.name in read])
        part.output.extend([onnx.ValueInfoProto(name=n) for n in wanted])
        return helper.make_model(
            part, opset_imports=self.model.opset_import, ir_version=max(self.model.ir_version, 4)
        ).SerializeToString()

    # -- writing

    def bytes(self) -> bytes:
        """The file.

        Raises:
            EngineError: it is larger than one ONNX file can be.
        """
        self.model.ir_version = max(self.model.ir_version, 4)  # weights need not be inputs
        if self.model.ByteSize() > MAX_FILE_BYTES:
            raise EngineError("the model is larger than one ONNX file can be",
                              expected="at most 2 GiB", try_this="a smaller model")  # fmt: skip
        return self.model.SerializeToString(deterministic=True)

    def check(self) -> None:
        """Hold the file against the standard.

        Raises:
            EngineError: it breaks a rule of it.
        """
        try:
            onnx.checker.check_model(self.model)
        except onnx.checker.ValidationError as error:
            raise EngineError("the file breaks a rule of the ONNX standard",
                              found=str(error).splitlines()[0][:300]) from error  # fmt: skip


def attribute(node: Any, name: str, otherwise: Any = None) -> Any:
    """The value of a node's attribute, or what stands in for it."""
    for entry in node.attribute:
        if entry.name == name:
            value = helper.get_attribute_value(entry)
            return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return otherwise


def _captured(node: Any) -> Iterator[str]:
    for entry in node.attribute:
        for body in (entry.g, *entry.graphs):
            for inner in body.node:
                yield from inner.input
                yield from _captured(inner)
            yield from (o.name for o in body.output)


def _copy(message: Any) -> Any:
    made = type(message)()
    made.CopyFrom(message)
    return made


def _count(tensor: Any) -> int:
    return int(np.prod(tensor.dims, dtype=np.int64))


def _numpy_name(kind: int) -> str:
    try:
        return str(np.dtype(helper.tensor_dtype_to_np_dtype(kind)))
    except (KeyError, TypeError, ValueError):
        return ""
