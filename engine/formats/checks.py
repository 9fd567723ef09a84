"""What a parsed file must fulfil before anything walks it.

`onnx.checker` is not used.  It refuses files that people have and that run (the nine light models
of onnx's own tests, with their old ir_version; graphs that are not sorted), it accepts the ones
that do harm (a chain of functions that expands without end, an unknown element type), and its
messages are several lines of C++.  The rules here are ours, each with its sentence:

1 there is a graph with nodes, few enough; 2 the operator sets are stated and known; 3 functions
do not call themselves, and what they expand to is counted, each function once, before a single
one is inlined or handed to onnx.  Names, links, types and sizes are judged where they are read
(`flatten`, `order`, `tensors`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import onnx

from engine.errors import EngineError
from engine.formats.attributes import GRAPH, GRAPHS
from engine.formats.limits import MAX_DEPTH, MAX_NODES, MAX_TENSORS
from engine.formats.names import visible

NEWEST_OPSET = onnx.defs.onnx_opset_version()
NEWEST_IR = onnx.IR_VERSION
FunctionKey = tuple[str, str, str]


def domain_of(raw: str | bytes) -> str:
    """Operator domain in one spelling: "" for onnx's own."""
    return "" if raw in ("", "ai.onnx") else visible(raw)


def function_key(domain: str | bytes, name: str | bytes, overload: str | bytes) -> FunctionKey:
    """What a node must say to call a function."""
    return domain_of(domain), visible(name), visible(overload)


def functions_of(model: Any) -> Mapping[FunctionKey, Any]:
    """The functions that the file brings along, by what calls them."""
    return MappingProxyType(
        {function_key(f.domain, f.name, f.overload): f for f in model.functions}
    )


def bodies(node: Any) -> Iterator[tuple[str, Any]]:
    """Attribute name and graph of each control-flow body of a node."""
    for attribute in node.attribute:
        if attribute.type == GRAPH or (not attribute.type and attribute.HasField("g")):
            yield attribute.name, attribute.g
        elif attribute.type == GRAPHS or (not attribute.type and attribute.graphs):
            for i, graph in enumerate(attribute.graphs):
                yield f"{attribute.name}_{i}", graph


def check_model(model: Any, name: str) -> None:
    """Refuse a parsed file that is no model, or more model than we take.

    Raises:
        EngineError: with the rule that is broken.
    """
    if not model.HasField("graph"):
        raise EngineError("the file holds no graph", name, "an ONNX model",
                          try_this="check that it is an .onnx file and complete")  # fmt: skip
    graph = model.graph
    if len(graph.node) > MAX_NODES:
        raise _too_many(len(graph.node), name)
    if not graph.node:
        raise EngineError("the graph has no nodes", name, "at least one operation")
    if len(graph.initializer) + len(graph.input) + len(graph.output) > MAX_TENSORS:
        raise EngineError("the graph has too many tensors", name, f"at most {MAX_TENSORS:,}")
    if model.ir_version > NEWEST_IR:
        raise EngineError(
            "the file is of a newer ONNX format than this program reads", name,
            f"IR version up to {NEWEST_IR}", str(model.ir_version), "a newer `onnx` package",
        )  # fmt: skip
    _check_expansion(model, name)


def opsets_of(protos: Any, ir_version: int, name: str) -> Mapping[str, int]:
    """Operator set version by domain.

    Raises:
        EngineError: missing, zero or newer than we know.
    """
    found = {domain_of(p.domain): int(p.version) for p in protos[:1000]}
    if not found and ir_version < 3:
        found = {"": 1}  # before IR version 3 files did not say it: version 1
    if not found:
        raise EngineError("the file does not say which operator set it uses", name,
                          f"an opset_import of 1 to {NEWEST_OPSET}",
                          try_this="export the model again")  # fmt: skip
    version = found.get("", 1)
    if not 1 <= version <= NEWEST_OPSET:
        raise EngineError(
            f"operator set {version} is not known", name, f"1 to {NEWEST_OPSET}",
            try_this=f"export the model with opset {min(20, NEWEST_OPSET)}",
        )  # fmt: skip
    return MappingProxyType(found)


def _too_many(count: int, name: str) -> EngineError:
    found = f"{count:,}" if count < 10**15 else "more than 10^15"
    return EngineError("the model has too many nodes", name, f"at most {MAX_NODES:,}", found)


def _check_expansion(model: Any, name: str) -> None:
    """Count the nodes after inlining, each function once: 25 functions of 2 calls make 2**25."""
    functions = functions_of(model)
    counted: dict[FunctionKey, int] = {}
    open_: list[FunctionKey] = []

    def count_function(key: FunctionKey) -> int:
        if key in counted:
            return counted[key]
        if key in open_:
            chain = " → ".join(k[1] for k in (*open_[open_.index(key) :][:6], key))
            raise EngineError("a function of the file calls itself", name, found=chain)
        if len(open_) >= MAX_DEPTH:
            raise EngineError("functions of the file call each other too deeply", name,
                              f"at most {MAX_DEPTH} levels")  # fmt: skip
        open_.append(key)
        counted[key] = total = count(functions[key].node, 0)
        open_.pop()
        return total

    def count(nodes: Any, depth: int) -> int:
        if depth > MAX_DEPTH:
            raise EngineError("control-flow bodies are nested too deeply", name,
                              f"at most {MAX_DEPTH} levels")  # fmt: skip
        total = len(nodes)
        for node in nodes:
            if functions:
                key = function_key(node.domain, node.op_type, node.overload)
                if key in functions:
                    total += count_function(key)
            if node.attribute:
                for _, body in bodies(node):
                    total += count(body.node, depth + 1)
        return total

    for key in functions:
        count_function(key)
    if (total := count(model.graph.node, 0)) > MAX_NODES:
        raise _too_many(total, name)
