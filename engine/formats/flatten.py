"""One flat list of steps from nested protos: functions inlined, bodies laid out in place.

Rules: 1 a function's nodes take the place of the call, named after it; what they read are the
call's inputs.  2 a body's nodes stand before its control op, marked with its region; names that
it shares with the rest of the file get the region in front, names that it captures stay.
3 the control op stays and joins the results: If reads its condition, then the results of each
branch in turn; Loop and Scan read their own inputs, then the results of the body.  4 what feeds
the inputs of a body is an op of our own, `LoopStart`, `ScanStart` or `BodyStart` of the domain
"paredown", which is in no file and costs nothing.  5 a node without a name is named by its type
and place; a name that comes twice gets a number.  6 Constant nodes stay; what they make is a
weight.

    Loop(n, c, x){ y = Relu(v) }   ->   i, k, v = LoopStart(n, c, x);  y = Relu(v);
                                        out = Loop(n, c, x, k, y)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import onnx

from engine.errors import EngineError
from engine.formats.attributes import attributes
from engine.formats.checks import bodies, domain_of, function_key, opsets_of
from engine.formats.names import unique, visible
from engine.formats.order import Name, ordered
from engine.formats.scopes import Scope, Scopes
from engine.formats.tensors import stored, stored_sparse
from engine.graph import Op, Tensor, small

OWN_DOMAIN = "paredown"


@dataclass(slots=True)
class Region:
    """A body: its path, its inputs and results, and how often it runs (found with the shapes)."""

    path: str
    owner: str
    kind: str
    parent: Region | None
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    runs: int = 1


@dataclass(slots=True)
class Step:
    """An op to be, with what the search for its shapes needs.

    Args:
        role: "op"; "branch" (a mark before an If branch, not an op), "start" (feeds a body),
            "end" (the control op itself).
        node: the proto whose inputs and outputs stand at the same places; None for our own ops.
        regions: of a branch or start: the body; of an end: its bodies.
    """

    op: Op
    role: str = "op"
    node: Any = None
    opsets: Mapping[str, int] = field(default_factory=dict)
    region: Region | None = None
    regions: tuple[Region, ...] = ()


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where names are looked up: a graph, a body (sees its parent) or a function (does not)."""

    names: dict[Name, str]
    opsets: Mapping[str, int]
    parent: _Frame | None = None
    prefix: str = ""
    scope: Scope = ()
    region: Region | None = None
    call: bool = False
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def find(self, raw: Name) -> str | None:
        frame: _Frame | None = self
        while frame is not None:
            if (name := frame.names.get(raw)) is not None:
                return name
            frame = frame.parent
        return None


class Flattener:
    """Walks a model once; `tensors`, `steps`, `outputs` and the counters are the result."""

    def __init__(self, functions: Mapping[Any, Any], name: str) -> None:
        self.tensors: dict[str, Tensor] = {}
        self.steps: list[Step] = []
        self.places: dict[str, int] = {}  # where weights are: "embedded" ... -> how many
        self.renamed = self.unsorted = self.inlined = 0
        self.scopes = Scopes()
        self._functions, self._model = functions, name
        self._ops: set[str] = set()

    def model(self, graph: Any, inputs: Sequence[Tensor], opsets: Mapping[str, int]) -> list[str]:
        """Lay out the main graph; return the names of its outputs."""
        frame = _Frame({}, opsets)
        for raw, tensor in zip((i.name for i in graph.input), inputs, strict=True):
            self._add(tensor, raw, frame)
        self._weights(graph, frame)
        self._nodes(graph.node, frame)
        return [self._find(o.name, frame, "the list of outputs") for o in graph.output]

    def _add(self, tensor: Tensor, raw: Name, frame: _Frame) -> None:
        """Enter a tensor under its own name, or a free one that says where it is from."""
        if raw in frame.names:
            raise EngineError(
                f"two tensors share the name '{visible(raw)}'", self._model,
                "one producer for each name", try_this="export the model again",
            )  # fmt: skip
        name = tensor.name
        if name in self.tensors:
            name = unique(f"{frame.prefix}/{name}" if frame.prefix else name, self.tensors)
            tensor = replace(tensor, name=name)
        self.tensors[name] = tensor
        frame.names[raw] = name

    def _weights(self, graph: Any, frame: _Frame) -> None:
        for proto, read in (
            *((p, stored) for p in graph.initializer),
            *((p, stored_sparse) for p in graph.sparse_initializer),
        ):
            raw = proto.name if read is stored else proto.values.name
            tensor, place = read(proto, visible(raw))
            self.places[place] = self.places.get(place, 0) + 1
            old = frame.names.get(raw)
            if old is not None and self.tensors[old].kind == "input":
                # Before IR version 4 each weight was also listed as an input: the weight wins.
                self.tensors[old] = replace(tensor, name=old)
            else:
                self._add(tensor, raw, frame)

    def _nodes(self, nodes: Sequence[Any], frame: _Frame) -> None:
        order, changed = ordered(nodes, self._model)
        self.unsorted += changed
        names = []
        for i, node in enumerate(nodes):
            names.append(self._op_name(node, i, frame))
            for raw in node.output:
                if raw and not (frame.call and raw in frame.names):
                    self._add(Tensor(visible(raw)), raw, frame)
        for i in order:
            self._node(nodes[i], names[i], frame)

    def _op_name(self, node: Any, index: int, frame: _Frame) -> str:
        name = visible(node.name) if node.name else f"{visible(node.op_type)}_{index}"
        wanted = f"{frame.prefix}/{name}" if frame.call else name
        if wanted in self._ops:
            self.renamed += bool(node.name) and not frame.prefix
            wanted = unique(f"{frame.prefix}/{name}" if frame.prefix else name, self._ops)
        self._ops.add(wanted)
        return wanted

    def _find(self, raw: Name, frame: _Frame, reader: str) -> str:
        """Name of what a node, an output or a body reads."""
        if not raw:
            return ""
        name = frame.find(raw)
        if name is None:
            raise EngineError(
                f"'{reader}' reads '{visible(raw)[:120]}', which nothing makes", self._model,
                "an input, a weight or the output of a node", try_this="export the model again",
            )  # fmt: skip
        return name

    def _node(self, node: Any, name: str, frame: _Frame) -> None:
        own = frame.names
        inputs = tuple([own.get(t) or self._find(t, frame, name) for t in node.input])
        outputs = tuple([own[t] if t else "" for t in node.output])
        scope = self.scopes.of(node) or frame.scope
        if frame.attributes and any(a.ref_attr_name for a in node.attribute):
            node = _with_attributes(node, frame.attributes)
        if self._functions:
            key = function_key(node.domain, node.op_type, node.overload)
            if key in self._functions:
                self._inline(self._functions[key], node, name, inputs, outputs, scope, frame)
                return
        found = node.attribute
        graphs = list(bodies(node)) if found else []
        region = frame.region.path if frame.region else ""
        paths = {
            a: f"{region}/{name.strip('/')}/{a.removesuffix('_branch')}".strip("/")
            for a, _ in graphs
        }
        op = Op(
            name, visible(node.op_type), inputs, outputs, domain_of(node.domain),
            attributes(found, name, paths), scope, region,
        )  # fmt: skip
        step = Step(op, "op", node, frame.opsets, frame.region)
        if graphs:
            self._control(step, [(paths[a], g) for a, g in graphs], frame)
        if op.type == "Constant" and not op.domain:
            self._constant(node, outputs)
        self.steps.append(step)

    def _control(self, step: Step, graphs: list[tuple[str, Any]], frame: _Frame) -> None:
        """Lay out the bodies, each after the op or mark that opens it, and close them."""
        op, regions = step.op, []
        branches = op.type == "If" and not op.domain
        if branches:  # attributes are in no order in a file; "then" reads first
            graphs = sorted(graphs, reverse=True, key=lambda g: g[0])
        for path, graph in graphs:
            region = Region(path, op.name, op.type if not op.domain else "", frame.region)
            inner = _Frame({}, frame.opsets, frame, path, op.scope, region, False, frame.attributes)
            for value in graph.input:
                self._add(Tensor(visible(value.name)), value.name, inner)
            region.inputs = tuple(inner.names.values())
            role, kind = "start", op.type if region.kind in ("Loop", "Scan") else "Body"
            if branches or not region.inputs:
                role = "branch"
            start = Op(f"{path}/start", f"{kind}Start", op.inputs, region.inputs, OWN_DOMAIN,
                       op.attributes, op.scope, path)  # fmt: skip
            self.steps.append(Step(start, role, None, frame.opsets, region))
            self._weights(graph, inner)
            self._nodes(graph.node, inner)
            region.outputs = tuple(self._find(o.name, inner, op.name) for o in graph.output)
            regions.append(region)
        step.role, step.regions = "end", tuple(regions)
        results = (t for r in regions for t in r.outputs)
        step.op = replace(op, inputs=(*op.inputs, *results))

    def _inline(self, function: Any, node: Any, name: str, inputs: tuple[str, ...],
                outputs: tuple[str, ...], scope: Scope, frame: _Frame) -> None:  # fmt: skip
        self.inlined += 1
        given = {a.name: a for a in function.attribute_proto}
        given |= {a.name: a for a in node.attribute}
        names: dict[Name, str] = dict.fromkeys(function.input, "")
        names |= dict(zip(function.input, inputs, strict=False))
        passed = set(names)
        made = {t for n in function.node for t in n.output}
        for raw, final in zip(function.output, outputs, strict=False):
            if final and raw in made and raw not in passed:
                names[raw] = final
        opsets = frame.opsets
        if function.opset_import:
            opsets = opsets_of(function.opset_import, 0, f"function '{visible(function.name)}'")
        inner = _Frame(names, opsets, None, name, scope, frame.region, True, given)
        self._nodes(function.node, inner)
        for raw, final in zip(function.output, outputs, strict=False):
            if final and names.get(raw) != final:  # the function returns what it was given
                source = self._find(raw, inner, visible(function.name))
                own = unique(f"{name}/{final}", self._ops)
                self._ops.add(own)
                region = frame.region.path if frame.region else ""
                op = Op(own, "Identity", (source,), (final,), "", scope=scope, region=region)
                identity = onnx.NodeProto(op_type="Identity", input=["x"], output=["y"])
                self.steps.append(Step(op, "op", identity, inner.opsets, frame.region))

    def _constant(self, node: Any, outputs: tuple[str, ...]) -> None:
        name = outputs[0] if outputs else ""
        if not name or len(node.attribute) != 1:
            return
        attribute = node.attribute[0]
        place = "embedded"
        if attribute.HasField("t"):
            tensor, place = stored(attribute.t, name)
        elif attribute.HasField("sparse_tensor"):
            tensor, place = stored_sparse(attribute.sparse_tensor, name)
        elif attribute.name in ("value_int", "value_ints"):
            many = attribute.name.endswith("s")
            numbers = tuple(attribute.ints) if many else (attribute.i,)
            tensor = _listed(name, "int64", numbers, many)
        elif attribute.name in ("value_float", "value_floats"):
            many = attribute.name.endswith("s")
            numbers = tuple(attribute.floats) if many else (attribute.f,)
            tensor = _listed(name, "float32", numbers, many)
        else:
            shape = (len(attribute.strings),) if attribute.strings else ()
            tensor = Tensor(name, "string", shape, "weight")
        self.places[place] = self.places.get(place, 0) + 1
        self.tensors[name] = tensor


def _listed(name: str, dtype: str, numbers: tuple[int | float, ...], many: bool) -> Tensor:
    shape = (len(numbers),) if many else ()
    return Tensor(name, dtype, shape, "weight", numbers if small(dtype, shape) else None)


def _with_attributes(node: Any, given: Mapping[str, Any]) -> Any:
    """The node of a function body with the attributes that the call gives in place."""
    made = onnx.NodeProto()
    made.CopyFrom(node)
    del made.attribute[:]
    for attribute in node.attribute:
        if not attribute.ref_attr_name:
            made.attribute.append(attribute)
        elif attribute.ref_attr_name in given:
            value = made.attribute.add()
            value.CopyFrom(given[attribute.ref_attr_name])
            value.name = attribute.name
            value.ClearField("ref_attr_name")
    return made
