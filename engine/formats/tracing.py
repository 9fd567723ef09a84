"""From the bytes of a model, or of a JSON map, to its `Trace`, in this process (see `guard.py`).

A map for exporters that leave no stack traces (README has an example):

    {"paredown_source": 1,
     "ops":     {"/head/Conv": ["net.py:30", {"file": "net.py", "line": 12, "text": "…"}]},
     "modules": {"backbone/0": ["net.py:8"]},
     "files":   {"net.py": "the whole text"}}

Keys of `ops` are names of nodes, or of tensors that they make; of `modules` they are module paths
with "/" or ".".  A value is a call stack, the outermost call first.  `files` may be left out.
"""

from __future__ import annotations

import json
import re
from typing import Any

from engine.errors import EngineError
from engine.formats.bind import bind
from engine.formats.checks import check_model, functions_of, opsets_of
from engine.formats.flatten import Flattener
from engine.formats.reader import parse_model
from engine.formats.source import load
from engine.formats.source_texts import (
    MAX_MAP_BYTES,
    MAX_TEXT_BYTES,
    MAX_TEXTS,
    MAX_TEXTS_BYTES,
    texts_of_zip,
)
from engine.formats.trace import MOST_FRAMES, MOST_TEXT, Frame, Stacks, Trace

_STACK = "pkg.torch.onnx.stack_trace"
_RULES, _NORM = "pkg.onnxscript.rewriter.rule_name", "FuseBatchNorm"
_SCAN = 64  # entries of a node's metadata that are looked at
_WHERE = "the JSON map"
_PLACE = re.compile(r"(.{1,2000}):(\d{1,7})")
_EXAMPLE = '{"paredown_source": 1, "ops": {"node": ["file.py:12"]}}'
MAX_ENTRIES = 400_000


def trace_model(data: bytes, name: str = "") -> Trace:
    """Where the ops of a model file come from.

    Args:
        data: as `formats.load` takes it; of a zip, its Python files and its JSON map count too.
        name: what to call the model in a fault.

    Raises:
        EngineError: it is no model that can be read, or its map is none.
    """
    source = load(data, name)
    texts, told, notes = texts_of_zip(data) if data[:2] == b"PK" else ({}, b"", ())
    stacks = Stacks()
    if told:
        texts = _mapped(told, stacks) | texts
    model = parse_model(source)
    check_model(model, source.name)
    graph = model.graph
    weights = frozenset(i.name for i in graph.initializer)
    flat = Flattener(functions_of(model), source.name)
    inputs = bind(graph.input, weights, {}, 0).inputs
    flat.model(graph, inputs, opsets_of(model.opset_import, model.ir_version, source.name))
    for step in flat.steps:
        found = None if step.node is None else _of_node(step.node, stacks)
        if found is not None and stacks.ops.keys().isdisjoint((step.op.name, *step.op.outputs)):
            stacks.ops[step.op.name] = found
            if any(e.key == _RULES and _NORM in e.value for e in step.node.metadata_props[:_SCAN]):
                stacks.merged.add(step.op.name)
    return stacks.trace(texts, notes)


def trace_map(data: bytes) -> Trace:
    """A JSON map that stands in a file of its own.

    Raises:
        EngineError: it is none; the sentence says what is wrong.
    """
    stacks = Stacks()
    texts = _mapped(data, stacks)
    return stacks.trace(texts)


def _of_node(node: Any, stacks: Stacks) -> int | None:
    for entry in node.metadata_props[:_SCAN]:
        if entry.key == _STACK and isinstance(entry.value, str):
            return stacks.of_text(entry.value)
    told = node.doc_string
    return stacks.of_text(told) if told and isinstance(told, str) else None


def _mapped(data: bytes, stacks: Stacks) -> dict[str, str]:
    """Enter what a map says; returns the texts in it."""
    if len(data) > MAX_MAP_BYTES:
        raise EngineError("the map is too large", _WHERE, f"at most {MAX_MAP_BYTES:,} bytes")
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise EngineError("the map is not JSON", _WHERE, _EXAMPLE) from error
    if not isinstance(body, dict) or body.get("paredown_source") != 1:
        raise EngineError("the file is no map of source lines", _WHERE, _EXAMPLE)
    for section, into in (("ops", stacks.ops), ("modules", stacks.modules)):
        entries = _object(body.get(section, {}), section)
        for key, frames in entries.items():
            name = key.strip("/").replace(".", "/") if section == "modules" else key
            number = stacks.of_frames(_frames(frames, f"{section}, '{key[:80]}'"))
            if number is not None:
                into[name] = number
    texts = {str(k)[:500]: v for k, v in _object(body.get("files", {}), "files").items()}
    if not all(isinstance(v, str) and len(v) <= MAX_TEXT_BYTES for v in texts.values()):
        raise EngineError("a file of the map is no text, or too long", _WHERE)
    if len(texts) > MAX_TEXTS or sum(map(len, texts.values())) > MAX_TEXTS_BYTES:
        raise EngineError("the map holds too many files", _WHERE, f"at most {MAX_TEXTS:,}")
    return texts


def _object(value: Any, section: str) -> dict[str, Any]:
    if not isinstance(value, dict) or len(value) > MAX_ENTRIES:
        raise EngineError(f"'{section}' of the map is no object", _WHERE, _EXAMPLE)
    return value


def _frames(value: Any, where: str) -> list[Frame]:
    rows = value if isinstance(value, list) else [value]
    if not 0 < len(rows) <= MOST_FRAMES:
        raise EngineError("a call stack is empty or too deep", f"{_WHERE}, {where}",
                          f"1 to {MOST_FRAMES} lines")  # fmt: skip
    return [_frame(row, where) for row in rows]


def _frame(row: Any, where: str) -> Frame:
    if isinstance(row, str) and (found := _PLACE.fullmatch(row)):
        return found[1], int(found[2]), "", ""
    if isinstance(row, dict):
        file, line = row.get("file"), row.get("line")
        words = [row.get(k) or "" for k in ("function", "text")]
        sound = isinstance(file, str) and file and all(isinstance(w, str) for w in words)
        if sound and isinstance(line, int) and line is not True and 0 < line < 10**7:
            return str(file)[:2000], line, words[0][:200], words[1][:MOST_TEXT]
    raise EngineError(
        "a line of the map cannot be read", f"{_WHERE}, {where}",
        '"file.py:12" or {"file": "file.py", "line": 12}', repr(row)[:80],
    )  # fmt: skip
