"""Source files that stand beside a model: those of its zip, and those of a folder.

A path that a model names is never opened.  Files are listed first, within limits, and what the
model names is looked for in the list: by the longest common end of the path, never by a guess
between two files that fit equally well.
"""

from __future__ import annotations

import io
import os
import stat
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from engine.errors import EngineError
from engine.formats.names import visible

MAX_TEXT_BYTES = 2_000_000  # of one file; the longest modelling file seen has 0.3 MB
MAX_TEXTS_BYTES = 20_000_000
MAX_TEXTS = 2_000
MAX_WALKED = 50_000  # names of a folder that are looked at
MAP_NAME = "source_map.json"
MAX_MAP_BYTES = 50_000_000
_SKIPPED = frozenset({"__pycache__", "node_modules"})


def texts_of_zip(data: bytes) -> tuple[dict[str, str], bytes, tuple[str, ...]]:
    """Python files of a zip whose members were checked, its JSON map (b"" none), and notes."""
    texts: dict[str, str] = {}
    notes: list[str] = []
    told = b""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        left = MAX_TEXTS_BYTES
        for member in archive.infolist():
            name = member.filename
            if name.rpartition("/")[2] == MAP_NAME:
                told = _member(archive, member, MAX_MAP_BYTES) or b"?"  # not a map, which is said
            elif name.endswith(".py") and not member.is_dir():
                if len(texts) + len(notes) >= MAX_TEXTS:
                    notes.append(f"More than {MAX_TEXTS:,} source files: the rest is not shown.")
                    break
                body = _member(archive, member, min(left, MAX_TEXT_BYTES))
                if not body and member.file_size:
                    notes.append(f"'{visible(name)}' is not shown: too large, or damaged.")
                    continue
                left -= len(body)
                texts[_inside(name)] = decoded(body)
    return texts, told, tuple(notes[:20])


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    """Bytes of a member, b"" when they are damaged, locked or more than `most`."""
    try:
        with archive.open(member) as stream:
            body = stream.read(most + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, zlib.error, EOFError,
            ValueError):  # fmt: skip
        return b""
    return body if len(body) <= most else b""


def _inside(name: str) -> str:
    return visible("/".join(p for p in name.replace("\\", "/").split("/") if p not in ("", ".")))


def decoded(body: bytes) -> str:
    """Source bytes as text; what is no UTF-8 is marked, line ends are made equal."""
    return body.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")


def texts_of_folder(root: Path, wanted: Iterable[str]) -> dict[str, tuple[str, Path]]:
    """Files of a folder that a model names: path that the model says -> (text, where it is).

    Links are not followed, hidden folders are left out.

    Args:
        root: a folder that the person at this machine has named.
        wanted: relative paths, hostile ones too: they are only compared.

    Raises:
        EngineError: no such folder.
    """
    if not root.is_dir():
        raise EngineError("no such folder", visible(str(root)), try_this="check --source-root")
    listed: list[str] = []
    seen = 0
    for folder, folders, files in os.walk(root, followlinks=False):
        folders[:] = sorted(d for d in folders if d[:1] != "." and d not in _SKIPPED)
        seen += len(folders) + len(files)
        listed += [os.path.relpath(os.path.join(folder, f), root) for f in files if f[-3:] == ".py"]
        if seen > MAX_WALKED:
            break
    found: dict[str, tuple[str, Path]] = {}
    left = MAX_TEXTS_BYTES
    for path, real in matched(wanted, [f.replace(os.sep, "/") for f in listed]).items():
        body = _file(root / real)
        if body is not None and len(body) <= min(left, MAX_TEXT_BYTES) and len(found) < MAX_TEXTS:
            found[path] = decoded(body), root / real
            left -= len(body)
    return found


def _file(path: Path) -> bytes | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        return file.read(MAX_TEXT_BYTES + 1)


def matched(wanted: Iterable[str], listed: Iterable[str]) -> Mapping[str, str]:
    """Path that a model says -> the listed path with the longest common end; ties match nothing."""
    by_name: dict[str, list[list[str]]] = {}
    for path in listed:
        parts = path.split("/")
        by_name.setdefault(parts[-1], []).append(parts)
    found = {}
    for path in wanted:
        parts = path.split("/")
        scored = sorted(
            ((_common(parts, other), -len(other), other) for other in by_name.get(parts[-1], [])),
            reverse=True,
        )
        if scored and (len(scored) == 1 or scored[0][:2] != scored[1][:2]):
            found[path] = "/".join(scored[0][2])
    return found


def _common(a: list[str], b: list[str]) -> int:
    """How many parts two paths share at their ends."""
    n = 0
    while n < min(len(a), len(b)) and a[-1 - n] == b[-1 - n]:
        n += 1
    return n
