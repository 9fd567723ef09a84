"""Run a model in a process of its own, which may crash, hang or eat memory without harming us.

The process gets the file's bytes, never a path, limits itself before it reads them, and answers
with JSON.  It can be stopped at any time.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from engine.errors import EngineError

_ROOT = Path(__file__).resolve().parents[2]
# Address space: the interpreter with numpy, onnx and onnxruntime takes 2 GB of it; the file is
# held as bytes, parsed, rewritten, loaded twice and packed for its kernels.
BASE_BYTES = 6 * 2**30
BYTES_PER_FILE_BYTE = 12
ANSWER_BYTES = 4 * 2**30  # the optimised graph is written with its weights
CPU_SECONDS = {"optimise": 120, "measure": 900}
_LOOK_S = 0.1

Cancelled = Callable[[], bool]


def run_apart(
    request: Mapping[str, Any], data: bytes, unpacked: int, name: str,
    cancelled: Cancelled | None = None,
) -> Any:  # fmt: skip
    """Ask the child for something.

    Args:
        request: what to do; "do" is a key of `CPU_SECONDS`.
        data: the file's bytes as they are.
        unpacked: bytes that it unpacks to.
        name: what to call the model.
        cancelled: asked now and then; True stops the process.

    Raises:
        EngineError: what the child says, the limit that it passed, or that it was stopped.
    """
    seconds = CPU_SECONDS[str(request["do"])]
    words = json.dumps({
        **request, "name": name, "cpu_seconds": seconds, "answer_bytes": ANSWER_BYTES,
        "memory_bytes": BASE_BYTES + BYTES_PER_FILE_BYTE * unpacked,
    })  # fmt: skip
    environment = {
        "PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "TMPDIR": tempfile.gettempdir(),
    }  # fmt: skip
    with tempfile.TemporaryFile() as file, tempfile.TemporaryFile() as answer:
        file.write(data)
        file.seek(0)
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "engine.execute.child", words],
            stdin=file, stdout=answer, stderr=subprocess.DEVNULL, env=environment,
        )  # fmt: skip
        try:
            _wait(child, 2 * seconds, cancelled, name)
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
        return _answer(answer, child.returncode, name, seconds)


def _wait(
    child: subprocess.Popen[bytes], seconds: float, cancelled: Cancelled | None, name: str
) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            child.wait(_LOOK_S)
            return
        except subprocess.TimeoutExpired:
            if cancelled is not None and cancelled():
                raise EngineError("stopped", name) from None
            if time.monotonic() > end:
                raise _too_long(name, seconds) from None


def _answer(answer: IO[bytes], code: int, name: str, seconds: float) -> Any:
    size = answer.seek(0, os.SEEK_END)
    answer.seek(0)
    if code == 0 and size:
        try:
            found = json.loads(answer.read())
        except ValueError:
            found = None
        if isinstance(found, dict) and "fault" in found:
            raise EngineError(*[str(field) for field in found["fault"]][:5])
        if isinstance(found, dict):
            return found
    if code in (-signal.SIGXCPU, -signal.SIGKILL) and code == -signal.SIGXCPU:
        raise _too_long(name, seconds)
    raise EngineError(
        "running the model ended its process", name,
        found="out of memory" if code == -signal.SIGKILL else f"exit {code}",
        try_this="a smaller size of its inputs",
    )  # fmt: skip


def _too_long(name: str, seconds: float) -> EngineError:
    return EngineError("running the model took too long", name, f"at most {seconds:.0f} s",
                       try_this="a smaller size of its inputs")  # fmt: skip
