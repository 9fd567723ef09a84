"""From a path or bytes to the bytes of one ONNX file: size limits, friendly refusals, unpacking.

Nothing is written to disk and nothing of an archive is extracted but the one `.onnx` in it, into
memory, with the sizes counted as they arrive (what an archive says of itself is not believed).
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from engine.errors import EngineError
from engine.formats.limits import (
    MAX_EXPANSION,
    MAX_FILE_BYTES,
    MAX_UNPACKED_BYTES,
    MAX_ZIP_MEMBERS,
)
from engine.formats.names import shown_list, visible
from engine.formats.source_texts import MAP_NAME

_CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class Source:
    """The bytes of an ONNX file and where they came from.

    Args:
        data: the ONNX bytes, unpacked.
        name: file name without folder and ending, made visible.
        sha256: digest of the bytes as given (packed, if they came packed): the model's identity.
        file_bytes: size of `data`.
        notes: what was ignored on the way.
    """

    data: bytes
    name: str
    sha256: str
    file_bytes: int
    notes: tuple[str, ...] = ()


def check_file(path: Path) -> int:
    """Size in bytes of a regular file below the limit, before a byte of it is read.

    Raises:
        EngineError: no such file, a folder, a device or pipe, too large.
    """
    name = visible(path.name)
    try:
        info = path.stat()
    except (OSError, ValueError) as error:
        raise EngineError("no such file", name, try_this="check the path") from error
    if not stat.S_ISREG(info.st_mode):
        raise EngineError("not a file that can be read", name, "a regular file")
    check_size(info.st_size, name)
    return info.st_size


def check_size(size: int, name: str) -> None:
    """Refuse what is larger than any ONNX file can be.

    Raises:
        EngineError: above the limit.
    """
    if size > MAX_FILE_BYTES:
        raise EngineError(
            "the file is too large", name, f"at most {MAX_FILE_BYTES / 1e9:.1f} GB",
            f"{size / 1e9:.1f} GB", "save the model with its weights as external data",
        )  # fmt: skip


def load(source: str | Path | bytes, name: str = "") -> Source:
    """Read and unpack a model file.

    Args:
        source: a path, or the bytes themselves: `.onnx`, `.onnx.gz`, or a `.zip` with one `.onnx`.
        name: what to call the model; default: the file's name.

    Raises:
        EngineError: not such a file; the sentence says what it seems to be.
    """
    if not isinstance(source, bytes):
        path = Path(source)
        check_file(path)
        name = name or path.name
        try:
            source = path.read_bytes()
        except OSError as error:
            raise EngineError("the file cannot be read", visible(name),
                              found=os.strerror(error.errno or 0)) from error  # fmt: skip
    name = visible(name or "model")
    check_size(len(source), name)
    digest = hashlib.sha256(source).hexdigest()
    notes: list[str] = []
    data = source
    if data[:2] == b"\x1f\x8b":
        data = _gunzip(data, name)
    elif data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        data, member, notes = _unzip(data, name)
        name = name if name != "model" else member
    refuse_foreign(data, name)
    short = name
    for ending in (".gz", ".zip", ".onnx"):
        short = short.removesuffix(ending)
    return Source(data, short or name, digest, len(data), tuple(notes))


def _gunzip(data: bytes, name: str) -> bytes:
    limit = min(MAX_UNPACKED_BYTES, len(data) * MAX_EXPANSION)
    engine = zlib.decompressobj(wbits=31)
    try:
        out = engine.decompress(data, limit + 1)
    except zlib.error as error:
        raise EngineError("the gzip file is damaged", name, try_this="download it again") from error
    if len(out) > limit:
        raise EngineError("the gzip file unpacks to too much", name, f"at most {limit:,} bytes")
    if not engine.eof:
        raise EngineError("the gzip file is cut off", name, try_this="download it again")
    return out


def _unzip(data: bytes, name: str) -> tuple[bytes, str, list[str]]:
    """The one `.onnx` of a zip, its name, and a note on what else was in it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            _check_members(members, name, len(data))
            models = [m for m in members if m.filename.lower().endswith(".onnx")]
            if len(models) != 1:
                raise _not_one(members, models, name)
            return _member(archive, models[0], name), *_rest(members, models[0])
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, zlib.error, EOFError,
            ValueError) as error:  # fmt: skip
        raise EngineError("the zip file is damaged or uses a method that we do not read", name,
                          try_this="pack the model again as a plain zip") from error  # fmt: skip


def _not_one(
    members: list[zipfile.ZipInfo], models: list[zipfile.ZipInfo], name: str
) -> EngineError:
    if any(m.filename.endswith("data.pkl") for m in members):
        return _foreign("a PyTorch checkpoint", name, "torch.onnx.export")
    if models:
        found = shown_list([visible(m.filename) for m in models], 3)
        return EngineError("the zip holds several models", name, "exactly one .onnx file", found)
    return EngineError("the zip holds no .onnx file", name, "exactly one .onnx file")


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> bytes:
    limit = min(MAX_UNPACKED_BYTES, max(1, member.compress_size) * MAX_EXPANSION)
    parts, size = [], 0
    with archive.open(member) as stream:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > limit:
                raise EngineError("the zip file unpacks to too much", name,
                                  f"at most {limit:,} bytes")  # fmt: skip
            parts.append(chunk)
    return b"".join(parts)


def _rest(members: list[zipfile.ZipInfo], model: zipfile.ZipInfo) -> tuple[str, list[str]]:
    others = [
        visible(m.filename)
        for m in members
        if m is not model and not m.is_dir() and not m.filename.endswith((".py", MAP_NAME))
    ]
    notes = [f"The zip also holds {shown_list(others, 3)}, which is not read yet."] * bool(others)
    return visible(model.filename.rpartition("/")[2]), notes


def _check_members(members: list[zipfile.ZipInfo], name: str, size: int) -> None:
    if len(members) > MAX_ZIP_MEMBERS:
        raise EngineError("the zip has too many members", name, f"at most {MAX_ZIP_MEMBERS:,}",
                          f"{len(members):,}")  # fmt: skip
    end = 0
    for member in sorted(members, key=lambda m: m.header_offset):
        shown = f"{name}, member '{visible(member.filename)[:80]}'"
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise EngineError("the zip holds a link, pipe or device", shown, "plain files")
        parts = member.orig_filename.replace("\\", "/").split("/")
        if ".." in parts or parts[0] == "" or ":" in parts[0] or "\0" in member.orig_filename:
            raise EngineError("the zip holds a name that leaves its folder", shown, "plain names")
        if member.header_offset < end:
            raise EngineError("members of the zip overlap", shown, try_this="pack it again")
        end = member.header_offset + 30 + member.compress_size
    if end > size:
        raise EngineError("the zip file is cut off", name, try_this="download it again")


def _foreign(what: str, name: str, how: str = "") -> EngineError:
    return EngineError(
        f"this is {what}, not an ONNX file", name,
        try_this=f"export the model with {how}" if how else "choose the .onnx file itself",
    )  # fmt: skip


def refuse_foreign(data: bytes, name: str) -> None:
    """Name the well-known formats that are given to us by mistake; nothing of them is parsed.

    Raises:
        EngineError: empty, or of another format.
    """
    head = data[:512]
    start = head.lstrip()[:32].lower()
    if not data:
        raise EngineError("the file is empty: it holds no graph", name)
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<body")):
        raise _foreign("a web page (often an error page saved by a download)", name)
    if head.startswith(b"version https://git-lfs"):
        raise _foreign("a Git LFS pointer; the model itself was not downloaded", name)
    if head[:2] == b"PK" or head[:2] == b"\x1f\x8b" or head[:3] == b"BZh" or head[:2] == b"7z":
        raise _foreign("an archive inside an archive", name)
    if head[257:262] == b"ustar":
        raise _foreign("a tar archive", name)
    if head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        raise _foreign("a Python pickle (perhaps a PyTorch checkpoint)", name, "torch.onnx.export")
    if head[4:8] == b"TFL3":
        raise _foreign("a TensorFlow Lite model", name, "tf2onnx")
    if head[4:8] == b"ORTM":
        raise _foreign("an ONNX Runtime flatbuffer (.ort)", name)
    if head[:4] == b"\x89HDF":
        raise _foreign("an HDF5 file (perhaps Keras weights)", name, "tf2onnx")
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 2**32:
        raise _foreign("a safetensors file, which holds weights but no network", name,
                       "torch.onnx.export")  # fmt: skip
    if start[:1] in (b"{", b"["):
        raise _foreign("JSON text", name)
    text = head.decode("ascii", "ignore")
    if len(text) == len(head) and all(c.isprintable() or c in "\t\r\n" for c in text):
        raise _foreign("text (perhaps a model in protobuf's text form)", name, "onnx.save")
