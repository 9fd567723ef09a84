"""Small pictures of instances, PNG and SVG without a library: for the rows of a table."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

MOST = 32  # pixels a side of a small one


def png(pixels: NDArray[Any], most: int = MOST) -> str:
    """A picture as a data address.

    Args:
        pixels: [h, w] or [h, w, 3] of 0..255.
        most: pixels a side; larger pictures are thinned.
    """
    step = max(1, -(-max(pixels.shape[:2]) // most))
    small = np.ascontiguousarray(pixels[::step, ::step].astype(np.uint8))
    high, wide = small.shape[:2]
    kind = 2 if small.ndim == 3 else 0
    lines = small.reshape(high, -1)
    raw = np.concatenate([np.zeros((high, 1), np.uint8), lines], axis=1).tobytes()
    head = struct.pack(">IIBBBBB", wide, high, 8, kind, 0, 0, 0)
    body = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in ((b"IHDR", head), (b"IDAT", zlib.compress(raw, 6)), (b"IEND", b""))
    )
    return "data:image/png;base64," + base64.b64encode(body).decode()


def curve(points: NDArray[Any], wide: int = 120, high: int = 28) -> str:
    """A waveform as a data address: a black line that a style sheet gives its colour as a mask.

    Args:
        points: [points]; what is no number is drawn as 0.
        wide: of the drawing, in its units.
        high: the same.
    """
    known = np.nan_to_num(np.asarray(points, np.float64))
    low, span = known.min(), float(np.ptp(known)) or 1.0
    x = np.linspace(0, wide, len(known))
    y = high - 1 - (known - low) / span * (high - 2)
    line = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {wide} {high}' "
        f"preserveAspectRatio='none'><polyline points='{line}' fill='none' stroke='black' "
        "vector-effect='non-scaling-stroke' stroke-width='1.2'/></svg>"
    )
    return "data:image/svg+xml," + quote(svg, safe="/:=',. ")
