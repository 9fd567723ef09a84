"""The graph that onnxruntime makes of a model, made in a process of its own."""

from __future__ import annotations

from pathlib import Path

from engine.errors import EngineError
from engine.execute.apart import Cancelled, run_apart
from engine.execute.session import runtime_version
from engine.formats import load
from engine.graph import Graph, loads, verify


def bytes_of(source: str | Path | bytes, name: str = "") -> tuple[bytes, int, str]:
    """(the file's bytes as they are, bytes that it unpacks to, what to call it).

    Raises:
        EngineError: no such file, or not a model file.
    """
    found = load(source, name)
    data = source if isinstance(source, bytes) else Path(source).read_bytes()
    return data, found.file_bytes, found.name


def bindings_of(graph: Graph) -> dict[str, int]:
    """The sizes that a graph was read with, as bindings: its defaults become firm."""
    return {d.name: d.value for d in graph.dims}


def optimised(
    source: str | Path | bytes, graph: Graph, cancelled: Cancelled | None = None
) -> Graph:
    """What onnxruntime runs for a model, everything optimised; nothing is run.

    Args:
        source: the file that `graph` was read from, or its bytes.
        graph: for its name and its sizes.
        cancelled: asked now and then; True stops it.

    Raises:
        EngineError: onnxruntime is not installed, does not take the model, or passes a limit.
    """
    if not runtime_version():
        raise EngineError("onnxruntime is not installed", try_this="pip install onnxruntime")
    data, unpacked, name = bytes_of(source, graph.name)
    request = {"do": "optimise", "bindings": bindings_of(graph)}
    answer = run_apart(request, data, unpacked, name, cancelled)
    return verify(loads(answer["runtime"].encode()))
