"""Arrays out of a file that a user brings: .npz, .npy, CSV or Parquet, opened in a child process.

Nothing is unpickled.  The child limits itself before it reads a byte and answers with plain
numbers, so that a broken or hostile file costs one sentence.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError

MAX_BYTES = 4 * 2**30
MAX_ARRAYS = 10_000  # a column of a table is an array
CPU_SECONDS, WALL_SECONDS = 120, 240
BASE_BYTES = 6 * 2**30  # address space: numpy and polars alone take 3 GB of it
_ROOT = Path(__file__).resolve().parents[2]
_IMAGES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff"})


def read_arrays(source: str | Path | bytes) -> dict[str, NDArray[Any]]:
    """The arrays of a data file that may be broken or hostile.

    Args:
        source: path of an .npz, .npy, .csv or .parquet file, or its bytes.  A table gives one
            array a column.

    Raises:
        EngineError: no such file, none of these, too large, or it holds Python objects.
    """
    if isinstance(source, bytes):
        name, data = "data", source
        _check_size(len(data), name)
        return _apart(data, name)
    path = Path(source)
    name = path.name[:200]
    if path.is_dir():
        raise EngineError("is a folder", name, "an .npz, .csv or .parquet file",
                          try_this="images are saved as one array of numbers by numpy.savez: "
                          "no image decoder comes with this tool")  # fmt: skip
    if not path.is_file():
        raise EngineError("no such file", name, "an .npz, .csv or .parquet file with samples")
    if path.suffix.lower() in _IMAGES:
        raise EngineError("is a single image", name, "an .npz with an array of images")
    _check_size(path.stat().st_size, name)
    return _apart(path.read_bytes(), name)


def _check_size(size: int, name: str) -> None:
    if not size:
        raise EngineError("is empty", name, "an .npz, .csv or .parquet file with samples")
    if size > MAX_BYTES:
        raise EngineError("holds too much", name, f"at most {MAX_BYTES / 1e9:.1f} GB",
                          f"{size / 1e9:.1f} GB",
                          "fewer samples: a few hundred are enough")  # fmt: skip


def _unpacked(data: bytes, name: str) -> int:
    """Bytes that a zip says it unpacks to; the size itself of anything else.

    Raises:
        EngineError: more than a file may hold, or no zip though it begins like one.
    """
    if data[:2] != b"PK":
        return len(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise EngineError("is no .npz file", name, "arrays saved by numpy.savez") from error
    size = sum(m.file_size for m in members)
    if len(members) > MAX_ARRAYS or size > MAX_BYTES:
        raise EngineError("holds too much", name,
                          f"at most {MAX_ARRAYS:,} arrays and {MAX_BYTES / 1e9:.1f} GB",
                          try_this="fewer samples: a few hundred are enough")  # fmt: skip
    return size


def _apart(data: bytes, name: str) -> dict[str, NDArray[Any]]:
    size = _unpacked(data, name)
    request = json.dumps({
        "name": name, "memory_bytes": BASE_BYTES + 6 * size, "cpu_seconds": CPU_SECONDS,
        "answer_bytes": 2 * MAX_BYTES,
    })  # fmt: skip
    environment = {
        "PYTHONPATH": str(_ROOT), "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1",
    }  # fmt: skip
    with tempfile.TemporaryFile() as file, tempfile.TemporaryFile() as answer:
        file.write(data)
        file.seek(0)
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-m", "engine.formats.arrays_child", request],
                stdin=file, stdout=answer, stderr=subprocess.DEVNULL, env=environment,
                timeout=WALL_SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise EngineError("reading the data took too long", name,
                              try_this="fewer samples") from error  # fmt: skip
        if done.returncode:
            raise EngineError("reading the data ended its process", name,
                              found=f"exit {done.returncode}",
                              try_this="fewer samples, or save the file again")  # fmt: skip
        return _answered(answer, name)


def _answered(answer: IO[bytes], name: str) -> dict[str, NDArray[Any]]:
    """A line of JSON, then the numbers of each array."""
    size = answer.seek(0, os.SEEK_END)
    answer.seek(0)
    try:
        head = json.loads(answer.readline())
        if "fault" in head:
            raise EngineError(*[str(field) for field in head["fault"]][:5])
        found = {}
        for key, kind, shape in head["arrays"]:
            dtype, shape = np.dtype(kind), tuple(int(s) for s in shape)
            if dtype.kind not in "fiub" or min(shape, default=0) < 0:
                raise ValueError
            count = int(np.prod(shape, dtype=np.int64))
            if count * dtype.itemsize > size:
                raise ValueError
            raw = answer.read(count * dtype.itemsize)
            found[str(key)] = np.frombuffer(raw, dtype, count).reshape(shape).copy()
    except (ValueError, TypeError, KeyError) as error:
        raise EngineError("the data cannot be read", name) from error
    return found
