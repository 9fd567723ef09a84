"""A graph as JSON text and back: what crosses the process border and what the store keeps.

JSON and not pickle: the child process that parses a hostile file may be taken over, and its
answer must not be able to run code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from engine.errors import EngineError
from engine.graph.model import NO_ATTRIBUTES, Attribute, Dim, Graph, Op, Tensor

VERSION = 1


def dumps(graph: Graph) -> bytes:
    """Serialise an unfused graph (members and kernels are the compiler's and are not kept)."""
    body = {
        "version": VERSION,
        "name": graph.name,
        "ops": [
            [
                o.name,
                o.type,
                o.inputs,
                o.outputs,
                o.domain,
                dict(o.attributes),
                o.scope,
                o.region,
                o.runs,
            ]
            for o in graph.ops
        ],
        "tensors": [[t.name, t.dtype, t.shape, t.kind, t.value] for t in graph.tensors.values()],
        "inputs": graph.inputs,
        "outputs": graph.outputs,
        "dims": [[d.name, d.value, d.given] for d in graph.dims],
        "notes": graph.notes,
        "properties": dict(graph.properties),
    }
    return json.dumps(body, separators=(",", ":")).encode()


def _attributes(raw: Mapping[str, Any]) -> Mapping[str, Attribute]:
    if not raw:
        return NO_ATTRIBUTES
    return {k: tuple(v) if isinstance(v, list) else v for k, v in raw.items()}


def loads(data: bytes) -> Graph:
    """Read what `dumps` wrote.

    Raises:
        EngineError: not our JSON, or of another version.
    """
    try:
        body = json.loads(data)
        if body["version"] != VERSION:
            raise EngineError(
                "stored graph has another version",
                expected=str(VERSION),
                found=str(body["version"]),
            )
        return Graph(
            name=body["name"],
            ops=tuple(
                Op(n, t, tuple(i), tuple(o), d, _attributes(a), tuple(s), r, k)
                for n, t, i, o, d, a, s, r, k in body["ops"]
            ),
            tensors={
                n: Tensor(n, d, None if s is None else tuple(s), k, None if v is None else tuple(v))
                for n, d, s, k, v in body["tensors"]
            },
            inputs=tuple(body["inputs"]),
            outputs=tuple(body["outputs"]),
            dims=tuple(Dim(n, v, g) for n, v, g in body["dims"]),
            notes=tuple(body["notes"]),
            properties=body["properties"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise EngineError("stored graph cannot be read", found=str(error)) from error
