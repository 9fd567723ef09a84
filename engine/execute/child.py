"""The child process of `apart.py`: limits itself, reads the file on standard input, answers.

It answers with one JSON object; {"fault": [...]} has the five fields of an `EngineError`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from engine.errors import EngineError
from engine.formats import limit_process


def answer(request: dict[str, Any], data: bytes) -> dict[str, Any]:
    """Do what is asked for; whatever the file does, the answer can be written as JSON."""
    try:
        return _DO[request["do"]](request, data)
    except EngineError as error:
        return {"fault": list(error.__reduce__()[1])}
    except MemoryError:
        return {"fault": ["running the model needed too much memory", request["name"], "", "",
                          "a smaller size of its inputs"]}  # fmt: skip
    except Exception as error:  # a fault of ours must not look like the user's traceback
        kind = type(error).__name__
        return {"fault": ["the model cannot be run", request["name"], "",
                          f"an inner fault ({kind})", ""]}  # fmt: skip


def _optimise(request: dict[str, Any], data: bytes) -> dict[str, Any]:
    """The graph that onnxruntime makes of a model; nothing is run."""
    from engine.execute.session import open_session, runtime_version
    from engine.formats import load, read_trusted, runnable
    from engine.graph import dumps

    name = request["name"]
    graph = read_trusted(data, request["bindings"], name)
    made = runnable(load(data, name).data, graph)
    with tempfile.TemporaryDirectory() as folder:
        dump = Path(folder) / "optimised.onnx"
        open_session(made.data, dump)
        found = read_trusted(dump, name=name)
    return {"runtime": dumps(found).decode(), "version": runtime_version(), "filled": made.filled}


def _measure(request: dict[str, Any], data: bytes) -> dict[str, Any]:
    """Times of a model and its kernels, anchors between."""
    from engine.execute.anchors import Anchors
    from engine.execute.protocol import Pace, time_model
    from engine.execute.session import runtime_version
    from engine.formats import load, read_trusted, runnable
    from engine.graph import dumps

    name = request["name"]
    graph = read_trusted(data, request["bindings"], name)
    made = runnable(load(data, name).data, graph)
    anchors = Anchors()
    timed = time_model(made.data, Pace(**request["pace"]), between=anchors.run)
    return {
        "runtime": dumps(read_trusted(timed.optimised, name=name)).decode(),
        "version": runtime_version(),
        "filled": made.filled,
        "rounds": list(timed.rounds),
        "kernels": [[k.name, k.type, k.typical, k.spread] for k in timed.kernels],
        "anchors": anchors.seconds(),
    }


_DO = {"optimise": _optimise, "measure": _measure}


def main() -> None:
    """Run as `python -m engine.execute.child REQUEST < FILE`."""
    request = json.loads(sys.argv[1])
    limit_process(request["memory_bytes"], request["cpu_seconds"], request["answer_bytes"])
    sys.stdout.write(json.dumps(answer(request, sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
