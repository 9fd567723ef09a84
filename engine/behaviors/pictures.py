"""The file of instances of Compress and Compare: texts, or pictures in base64, by their names.

{"type": "text", "instances": {id: {"text"}}} or {"type": "image", "instances": {id: {"image",
"image_format"}}}.  What the picture says of itself counts, not its format's name.  Only PNG is
read, without a library (ISO/IEC 15948), as everything here runs on bytes that may mean harm; call
it in the confined process of `arriving.py`.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.behaviors.instances import LETTERS, MOST_BYTES, SIDE
from engine.errors import EngineError
from engine.formats import SHOWN

MOST_PIXELS = 16_000_000  # of a picture
WORK = 60_000_000  # numbers of all pictures together that are unpacked; later ones stay blank
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by kind of colour
_MOST = MOST_BYTES // (SIDE * SIDE * 3)  # pictures

Picture = NDArray[np.uint8]


def shown_of(whole: Mapping[str, Any]) -> tuple[list[str], dict[str, NDArray[Any]]]:
    """Names of the instances, and what is shown of them.

    Args:
        whole: the file.

    Raises:
        EngineError: no such file, or a picture that is none.
    """
    some = whole["instances"]
    if not isinstance(some, dict) or not some:
        raise EngineError("holds no instances", "instances", '{id: {"text"}} or {id: {"image"}}')
    key = {"text": "text", "image": "image"}.get(str(whole.get("type")))
    if key is None:
        raise EngineError("has instances of no known type", "type", "text or image",
                          repr(whole.get("type"))[:100])  # fmt: skip
    for id, one in some.items():
        if not isinstance(one, dict) or not isinstance(one.get(key), str):
            raise EngineError(f"has no {key}", f"instances, {id[:200]}")
    if key == "text":
        texts = [one["text"][:LETTERS] for one in some.values()]
        return list(some), {SHOWN: np.array(texts, np.str_)}
    made = np.zeros((len(some), SIDE, SIDE, 3), np.float32)[: max(1, _MOST)]
    work = 0
    for k, (id, one) in enumerate(list(some.items())[: len(made)]):
        try:
            picture = decoded(base64.b64decode(one["image"].rpartition(",")[2], validate=True))
        except binascii.Error as error:
            raise EngineError("is no base64", f"instances, {id[:200]}") from error
        except EngineError as error:
            raise EngineError(error.what, f"instances, {id[:200]}", error.expected, error.found,
                              error.try_this) from error  # fmt: skip
        made[k] = _boxed(picture)
        work += picture.size
        if work > WORK:
            break
    return list(some), {SHOWN: made}


def decoded(data: bytes) -> Picture:
    """The pixels of a PNG file, [h, w, 3] of 0..255; what is clear is put on white.

    Raises:
        EngineError: it is none, or larger or of another kind than is read here.
    """
    if not data.startswith(_SIGNATURE):
        kind = "JPEG" if data.startswith(b"\xff\xd8") else "something else"
        raise EngineError("is no PNG picture", "", "PNG", kind, "saving the pictures as PNG")
    try:
        chunks = list(_chunks(data))
        wide, high, depth, colour, _, _, laced = struct.unpack(">IIBBBBB", dict(chunks)[b"IHDR"])
        if laced or colour not in _CHANNELS or depth not in (1, 2, 4, 8, 16):
            raise EngineError("is a PNG picture of a kind that is not read", "",
                              "whole lines, at 1 to 16 bits",
                              f"{depth} bits, colour {colour}, interlaced {laced}")  # fmt: skip
        if not 0 < wide * high <= MOST_PIXELS:
            raise EngineError("is no picture of a fit size", "", f"1 to {MOST_PIXELS:,} pixels",
                              f"{wide:,} × {high:,}")  # fmt: skip
        channels = _CHANNELS[colour]
        line = -(-wide * channels * depth // 8)
        packed = b"".join(body for name, body in chunks if name == b"IDAT")
        raw = zlib.decompressobj().decompress(packed, high * (line + 1))
        rows = np.frombuffer(raw, np.uint8).reshape(high, line + 1)
        plain = _samples(_unfiltered(rows, max(1, channels * depth // 8)), depth, wide, channels)
        if colour == 3:
            palette = np.frombuffer(dict(chunks)[b"PLTE"], np.uint8).reshape(-1, 3)
            return palette[plain[..., 0]]
        plain = plain if depth >= 8 else plain * np.uint8(255 // (2**depth - 1))
    except (KeyError, ValueError, IndexError, struct.error, zlib.error) as error:
        raise EngineError("is a broken PNG picture", found=str(error)[:100]) from error
    if channels in (2, 4):
        clear = plain[..., -1:].astype(np.uint16)
        mixed = plain[..., :-1] * clear // 255 + 255 - clear
        plain = mixed.astype(np.uint8)
    return plain if plain.shape[2] == 3 else np.repeat(plain, 3, axis=2)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        at += size + 12


def _unfiltered(rows: Picture, step: int) -> Picture:
    """Lines without the filter that the first byte of each names; step: bytes of a pixel."""
    made = np.zeros((len(rows) + 1, rows.shape[1] - 1), np.uint8)
    for k, (kind, *_) in enumerate(rows[:, :1].tolist()):
        line, above = rows[k, 1:], made[k]
        if kind == 0:
            made[k + 1] = line
        elif kind == 1:
            for c in range(step):
                made[k + 1, c::step] = np.add.accumulate(line[c::step], dtype=np.uint8)
        elif kind == 2:
            made[k + 1] = line + above
        elif kind in (3, 4):
            made[k + 1] = _followed(line.tolist(), above.tolist(), step, kind == 4)
        else:
            raise ValueError(f"filter {kind}")
    return made[1:]


def _followed(line: list[int], above: list[int], step: int, paeth: bool) -> list[int]:
    """A line of which each byte rests on the one before: the filters Average and Paeth."""
    for k in range(len(line)):
        a, b = line[k - step] if k >= step else 0, above[k]
        if paeth:
            c = above[k - step] if k >= step else 0
            p, q, r = abs(b - c), abs(a - c), abs(a + b - c - c)
            more = a if p <= q and p <= r else b if q <= r else c
        else:
            more = (a + b) // 2
        line[k] = (line[k] + more) & 255
    return line


def _samples(lines: Picture, depth: int, wide: int, channels: int) -> Picture:
    """[h, w, channels] of bytes: of 16 bits the upper eight, of fewer than 8 as they are."""
    if depth == 16:
        lines = lines[:, ::2]
    elif depth < 8:
        bits = np.unpackbits(lines, axis=1).reshape(len(lines), -1, depth)
        lines = np.packbits(bits, axis=2)[..., 0] >> np.uint8(8 - depth)
        lines = lines[:, : wide * channels]
    return lines.reshape(len(lines), wide, channels)


def _boxed(picture: Picture) -> NDArray[np.float32]:
    """A picture in the middle of a black square, [SIDE, SIDE, 3] of 0 to 1, shrunk to fit."""
    by = -(-max(picture.shape[:2]) // SIDE)
    high, wide = (max(1, s // by) for s in picture.shape[:2])
    by_h, by_w = min(by, picture.shape[0]), min(by, picture.shape[1])
    part = picture[: high * by_h, : wide * by_w].reshape(high, by_h, wide, by_w, 3)
    grow = max(1, SIDE // max(high, wide))
    small = part.mean(axis=(1, 3)).repeat(grow, axis=0).repeat(grow, axis=1) / 255
    made = np.zeros((SIDE, SIDE, 3), np.float32)
    top, left = (SIDE - small.shape[0]) // 2, (SIDE - small.shape[1]) // 2
    made[top : top + small.shape[0], left : left + small.shape[1]] = small
    return made
