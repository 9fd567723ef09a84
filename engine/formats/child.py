"""The child process of `guard.py`: limits itself, reads the file on standard input, answers.

Answer on standard output: "G" and a graph as JSON, "T" and a trace as JSON, or "E" and the five
fields of an `EngineError`.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

from engine.errors import EngineError


def limit(memory_bytes: int, cpu_seconds: int, answer_bytes: int) -> None:
    """Set hard limits on address space, processor time, written bytes and core dumps."""
    for kind, amount in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, answer_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        value = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        # At the soft limit of time comes SIGXCPU, which tells why; at the hard one SIGKILL.
        top = value + 5 if kind == resource.RLIMIT_CPU and value == amount else value
        resource.setrlimit(kind, (value, top if hard == resource.RLIM_INFINITY else value))


def answer(request: dict[str, Any]) -> bytes:
    """Read the model on standard input; return the answer, whatever the file does."""
    try:
        data = sys.stdin.buffer.read()
        if request["ask"] != "graph":
            from engine.formats.trace import dumps_trace
            from engine.formats.tracing import trace_map, trace_model

            told = request["ask"] == "map"
            return b"T" + dumps_trace(
                trace_map(data) if told else trace_model(data, request["name"])
            )
        from engine.formats.reader import read_trusted
        from engine.graph import dumps

        return b"G" + dumps(read_trusted(data, request["bindings"], request["name"]))
    except EngineError as error:
        fields = error.__reduce__()[1]
    except MemoryError:
        fields = (
            "reading the file needed too much memory", request["name"], "", "",
            "save the model with its weights as external data",
        )  # fmt: skip
    except Exception as error:  # a fault of ours must not look like the user's traceback
        kind = type(error).__name__
        fields = ("the file cannot be read", request["name"], "", f"an inner fault ({kind})", "")
    return b"E" + json.dumps(fields).encode()


def main() -> None:
    """Run as `python -m engine.formats.child REQUEST < FILE`."""
    request = json.loads(sys.argv[1])
    limit(request["memory_bytes"], request["cpu_seconds"], request["answer_bytes"])
    sys.stdout.buffer.write(answer(request))


if __name__ == "__main__":
    main()
