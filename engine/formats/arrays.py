"""Arrays out of a file that a user brings: .npz, .npy, CSV or Parquet, opened in a child process.

Nothing is unpickled.  The child limits itself before it reads a byte and answers with plain
numbers, so that a broken or hostile file costs one sentence.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import IO, Any

from numpy.typing import NDArray

from engine.errors import EngineError
from engine.formats.confined import MAX_BYTES, read_confined

MAX_ARRAYS = 10_000  # a column of a table is an array
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
        return _read(io.BytesIO(data), len(data), name)
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
    with path.open("rb") as file:
        return _read(file, path.stat().st_size, name)


def _read(file: IO[bytes], size: int, name: str) -> dict[str, NDArray[Any]]:
    check_size(size, name)
    return read_confined("engine.formats.arrays_child", file, unpacked_size(file, size, name), name)


def check_size(size: int, name: str) -> None:
    """Refuse a data file that is empty or too large.

    Raises:
        EngineError: it is.
    """
    if not size:
        raise EngineError("is empty", name, "an .npz, .csv or .parquet file with samples")
    if size > MAX_BYTES:
        raise EngineError("holds too much", name, f"at most {MAX_BYTES / 1e9:.1f} GB",
                          f"{size / 1e9:.1f} GB",
                          "fewer samples: a few hundred are enough")  # fmt: skip


def unpacked_size(file: IO[bytes], size: int, name: str) -> int:
    """Bytes that a zip says it unpacks to; the size itself of anything else.

    Raises:
        EngineError: more than a file may hold, or no zip though it begins like one.
    """
    begins = file.read(2)
    file.seek(0)
    if begins != b"PK":
        return size
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise EngineError("is no .npz file", name, "arrays saved by numpy.savez") from error
    file.seek(0)
    size = sum(m.file_size for m in members)
    if len(members) > MAX_ARRAYS or size > MAX_BYTES:
        raise EngineError("holds too much", name,
                          f"at most {MAX_ARRAYS:,} arrays and {MAX_BYTES / 1e9:.1f} GB",
                          try_this="fewer samples: a few hundred are enough")  # fmt: skip
    return size
