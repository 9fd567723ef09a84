"""Arrays in one block of bytes, which a browser views without parsing.

`[u32 little-endian: length of the header][JSON header][arrays]`; the header is padded with spaces
to a multiple of 4, each array begins at a multiple of 4, and `header["arrays"][name]` is
`[type, length, offset behind the header]`.  Numpy and nothing else: a child process speaks it too.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

TYPES = {"f4": "<f4", "u4": "<u4", "u2": "<u2", "u1": "|u1"}


def pack(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """Put a header and arrays of the types in `TYPES` into one block."""
    listed: dict[str, tuple[str, int, int]] = {}
    parts: list[bytes] = []
    at = 0
    for name, array in arrays.items():
        kind = next((k for k, t in TYPES.items() if np.dtype(t) == array.dtype), None)
        if kind is None:
            raise TypeError(f"{name}: {array.dtype} is not written")
        body = array.astype(TYPES[kind], copy=False).tobytes()
        listed[name] = (kind, array.size, at)
        parts += [body, b"\0" * (-len(body) % 4)]
        at += len(body) + -len(body) % 4
    text = json.dumps({**header, "arrays": listed}, ensure_ascii=False).encode("utf-8", "replace")
    text += b" " * (-len(text) % 4)
    return b"".join((struct.pack("<I", len(text)), text, *parts))


def unpack(body: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header and the arrays of a block.

    Raises:
        ValueError: the bytes are not such a block.
    """
    try:
        (size,) = struct.unpack_from("<I", body)
        header = json.loads(body[4 : 4 + size])
        start = 4 + size
        arrays = {
            name: np.frombuffer(body, TYPES[kind], length, start + at)
            for name, (kind, length, at) in header["arrays"].items()
        }
    except (struct.error, KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError("not a block of arrays") from error
    return header, arrays
