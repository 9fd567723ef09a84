"""Arrays out of a file that may be hostile: parsed in a child process that limits itself first.

`read_confined` is the parent's side, `respond` the child's.  The child answers with a line of JSON,
{"arrays": [[name, type, sizes], …]} or {"fault": [five fields of an `EngineError`]}, and behind it,
each from a multiple of 64 bytes on, the numbers of each array in turn: nothing of it is unpickled,
and no more is believed of it than that it holds numbers.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError

Arrays = dict[str, NDArray[Any]]
MAX_BYTES = 4 * 2**30
CPU_SECONDS, WALL_SECONDS = 120, 240
BASE_BYTES = 6 * 2**30  # address space: numpy and polars alone take 3 GB of it
SHOWN = "shown"  # array of what people see of each instance
WORDED = frozenset({SHOWN, "ids", "classes"})  # arrays that may hold words
_LAST_LETTER, _HALVES = 0x10FFFF, (0xD800, 0xDFFF)
_ALIGNED = 64  # bytes
_ROOT = Path(__file__).resolve().parents[2]


def read_confined(module: str, file: IO[bytes], size: int, name: str) -> Arrays:
    """What a module that calls `respond` makes of a file.

    Args:
        module: run as `python -m MODULE REQUEST < FILE`.
        file: open for reading.
        size: bytes that it unpacks to.
        name: what its user calls it.

    Raises:
        EngineError: what the child says of it, or what became of the child.
    """
    request = json.dumps({
        "name": name, "memory_bytes": BASE_BYTES + 6 * size, "cpu_seconds": CPU_SECONDS,
        "answer_bytes": 2 * MAX_BYTES,
    })  # fmt: skip
    # a clean environment: nothing of the server's (keys, tokens) is given to a hostile file
    environment = {
        "PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1",
    }  # fmt: skip
    with tempfile.TemporaryFile() as answer, tempfile.TemporaryFile() as copy:
        if isinstance(file, io.BytesIO):  # which has no descriptor
            copy.write(file.getbuffer())
            copy.flush()
            file = copy
        os.lseek(file.fileno(), 0, os.SEEK_SET)  # a buffered file may stand elsewhere than it says
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-m", module, request], stdin=file, stdout=answer,
                stderr=subprocess.DEVNULL, env=environment, timeout=WALL_SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise EngineError("reading the data took too long", name,
                              try_this="fewer samples") from error  # fmt: skip
        if done.returncode:
            raise EngineError("reading the data ended its process", name,
                              found=f"exit {done.returncode}",
                              try_this="fewer samples, or save the file again")  # fmt: skip
        return _answered(answer, name)


def _answered(answer: IO[bytes], name: str) -> Arrays:
    size = answer.seek(0, os.SEEK_END)
    answer.seek(0)
    try:
        head = json.loads(answer.readline())
        at = answer.tell()
        if "fault" in head:
            raise EngineError(*[str(field) for field in head["fault"]][:5])
        found = {}
        for key, kind, shape in head["arrays"]:
            dtype, shape = np.dtype(kind), tuple(int(s) for s in shape)
            if dtype.kind not in ("fiubU" if key in WORDED else "fiub"):
                raise ValueError
            count, at = int(np.prod(shape, dtype=np.int64)), _aligned(at)
            if min(shape, default=0) < 0 or not 0 <= count * dtype.itemsize <= size - at:
                raise ValueError
            # the file is unlinked and lives as long as what is mapped: memory holds what is used
            found[str(key)] = (
                np.memmap(answer, dtype, "c", at, shape).view(np.ndarray) if count
                else np.zeros(shape, dtype)
            )  # fmt: skip
            if dtype.kind == "U":
                _check_letters(np.frombuffer(found[str(key)].tobytes(), np.uint32))
            at += count * dtype.itemsize
    except (ValueError, TypeError, KeyError) as error:
        raise EngineError("the data cannot be read", name) from error
    return found


def _aligned(at: int) -> int:
    """The next place in the answer where an array begins."""
    return -(-at // _ALIGNED) * _ALIGNED


def _check_letters(letters: NDArray[np.uint32]) -> None:
    low, high = _HALVES
    if ((letters > _LAST_LETTER) | ((letters >= low) & (letters <= high))).any():
        raise ValueError(letters)


def respond(read: Callable[[bytes, str], Arrays]) -> None:
    """Limit this process, give standard input to `read`, write what it makes of it."""
    from engine.formats.child import limit

    request = json.loads(sys.argv[1])
    limit(request["memory_bytes"], request["cpu_seconds"], request["answer_bytes"])
    name, out = request["name"], sys.stdout.buffer
    try:
        found = read(sys.stdin.buffer.read(), name)
    except EngineError as error:
        fault = list(error.__reduce__()[1])
    except MemoryError:
        fault = ["reading the data needed too much memory", name, "", "", "fewer samples"]
    except Exception as error:  # a fault of ours must not look like the user's traceback
        kind = type(error).__name__
        fault = ["the data cannot be read", name, "", f"an inner fault ({kind})", ""]
    else:
        plain = {k: np.ascontiguousarray(a, a.dtype.newbyteorder("<")) for k, a in found.items()}
        head = [[k, a.dtype.str, list(found[k].shape)] for k, a in plain.items()]
        line = json.dumps({"arrays": head}).encode() + b"\n"
        out.write(line)
        at = len(line)
        for array in plain.values():
            out.write(bytes(_aligned(at) - at))
            out.write(array.data if array.size else b"")
            at = _aligned(at) + array.nbytes
        return
    out.write(json.dumps({"fault": fault}).encode() + b"\n")
