"""Read a file in a child process that may crash, hang or eat memory without harming this one.

The child gets the open file (never a path), limits itself before it reads a byte, and answers
with JSON, which unlike a pickle cannot run code here.  However it ends, the user gets one
sentence.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from engine.errors import EngineError
from engine.formats import limits
from engine.formats.names import visible
from engine.formats.source import check_file, check_size
from engine.formats.trace import Trace, loads_trace
from engine.graph import Graph, loads, verify

_ROOT = Path(__file__).resolve().parents[2]
_MAX_REQUEST = 100_000


def read(
    source: str | Path | bytes, bindings: Mapping[str, int] | None = None, name: str = ""
) -> Graph:
    """Read a model file that nobody vouches for.

    Args:
        source: a path or the bytes of an `.onnx`, `.onnx.gz`, or `.zip` with one `.onnx`.
        bindings: sizes for open dims, by the file's word ("batch") or by "input[axis]".
        name: what to call the model; default: the file's name.

    Raises:
        EngineError: one sentence on what is wrong with the file or a binding, or on the limit of
            memory or time that reading it has passed.
    """
    body = _asked("graph", source, bindings or {}, name)
    return verify(loads(body))


def trace(source: str | Path | bytes, name: str = "") -> Trace:
    """Which lines of source the ops of a model file come from.

    Args:
        source: as for `read`.
        name: what to call the model in a fault.

    Raises:
        EngineError: as for `read`, or the JSON map of the zip is none.
    """
    return loads_trace(_asked("trace", source, {}, name))


def read_map(source: str | Path | bytes) -> Trace:
    """The lines that a JSON map names, see `tracing.py`.

    Raises:
        EngineError: it is no such map.
    """
    return loads_trace(_asked("map", source, {}, ""))


def _asked(ask: str, source: str | Path | bytes, bindings: Mapping[str, int], name: str) -> bytes:
    """Give the child the open file; return its answer."""
    if isinstance(source, bytes):
        name = visible(name or "model")
        check_size(len(source), name)
        with tempfile.TemporaryFile() as file:
            file.write(source)
            file.seek(0)
            return _in_child(ask, file, len(source), bindings, name)
    path = Path(source)
    size = check_file(path)
    try:
        # Not blocking: the path may have become a pipe since it was checked.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise EngineError("the file cannot be read", visible(path.name),
                          found=os.strerror(error.errno or 0)) from error  # fmt: skip
    with os.fdopen(descriptor, "rb") as file:
        return _in_child(ask, file, size, bindings, name or visible(path.name))


def _in_child(
    ask: str, file: IO[bytes], size: int, bindings: Mapping[str, int], name: str
) -> bytes:
    request = json.dumps({
        "ask": ask, "bindings": {str(k): v for k, v in bindings.items()}, "name": name,
        "memory_bytes": limits.CHILD_BASE_BYTES + limits.CHILD_BYTES_PER_FILE_BYTE * size,
        "cpu_seconds": limits.CHILD_CPU_SECONDS, "answer_bytes": limits.CHILD_ANSWER_BYTES,
    })  # fmt: skip
    if len(request) > _MAX_REQUEST:
        raise EngineError("too many bindings", name)
    # A clean environment: nothing of the server's (keys, tokens) is given to a hostile file.
    environment = {
        "PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    with tempfile.TemporaryFile() as answer:
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-m", "engine.formats.child", request],
                stdin=file, stdout=answer, stderr=subprocess.DEVNULL, env=environment,
                timeout=limits.CHILD_WALL_SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise _too_long(name) from error
        answer.seek(0)
        body = answer.read()
    return _answer(b"G" if ask == "graph" else b"T", body, done.returncode, name)


def _answer(kind: bytes, body: bytes, code: int, name: str) -> bytes:
    if code == 0 and body[:1] == kind:
        return body[1:]
    if code == 0 and body[:1] == b"E":
        try:
            fields = [str(f) for f in json.loads(body[1:])][:5]
        except (ValueError, TypeError):
            fields = []
        if len(fields) == 5:
            raise EngineError(*fields)
    if code == -signal.SIGXCPU:
        raise _too_long(name)
    if code == -signal.SIGKILL:  # what the kernel does when memory runs out
        raise _too_much(name)
    # C++ aborts on a broken assumption as well as when it gets no memory.
    raise EngineError("reading the file crashed inside the ONNX library", name,
                      try_this="export the model again, perhaps with a newer exporter")  # fmt: skip


def _too_long(name: str) -> EngineError:
    return EngineError(
        "reading the file took too long", name,
        f"at most {limits.CHILD_CPU_SECONDS} s of computing", try_this="a smaller model",
    )  # fmt: skip


def _too_much(name: str) -> EngineError:
    return EngineError(
        "reading the file needed too much memory", name,
        f"at most {limits.CHILD_BASE_BYTES / 1e9:.1f} GB and four times the file's size",
        try_this="save the model with its weights as external data",
    )  # fmt: skip
