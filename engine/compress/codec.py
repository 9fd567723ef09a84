"""How the values of one weight are stored in few bytes, and the nodes that give them back.

Values are written raw, as half floats, as indices of a table of at most 256 values, or as integers
with a scale a channel; and laid out densely, with a bit for each weight that says whether it is
zero, or with the gaps between those that are not.  Every way is exact: what the nodes compute has
the same bits.  Only operators that onnxruntime folds when it loads a file are used, so that a
packed model runs like a dense one.

    bytes = n v / 8                        dense      n weights, k of them not zero, v bits a value
          = n / 8 + k v / 8                bits       (e: gaps above 255 are bridged by a zero
          = (k + e) (8 + v) / 8            gaps           that is stored)
          + table or scales
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.compress.quantize import grouped

Array = NDArray[Any]
Layout = Literal["dense", "bits", "gaps"]
Values = Literal["raw", "half", "table", "grid8", "grid4"]
MAX_TABLE = 256
FAR = 255  # the largest gap that a byte holds
# What names, shapes and nodes take in the file, about; decides only what is not worth packing.
NODES = {"dense": 0, "bits": 700, "gaps": 600}
FURTHER = {"raw": 0, "half": 100, "table": 550, "grid8": 250, "grid4": 700}


@dataclass(frozen=True)
class Coded:
    """One way to store a weight.

    Args:
        layout, values: how, see above.
        bits: of a value.
        stream: values in their order ([k], or [n] where dense): numbers, or indices and codes.
        table: values of the indices; scales: [channels, blocks, 1] of the codes.
        axis: of the channels that have scales; None: one for all.
        present: mask of what is not zero, [n]; gaps: distances between them, the bridges included.
        formula: bytes as above.
    """

    layout: Layout
    values: Values
    bits: int
    stream: Array
    table: Array | None = None
    scales: Array | None = None
    axis: int | None = None
    present: NDArray[np.bool_] | None = None
    gaps: NDArray[np.uint8] | None = None

    @property
    def formula(self) -> float:
        """Bytes of its numbers."""
        size = self.stream.size * self.bits / 8
        size += self.present.size / 8 if self.present is not None else 0
        size += self.gaps.size if self.gaps is not None else 0
        size += self.table.nbytes if self.table is not None else 0
        if self.scales is not None:
            size += self.scales.size * (4 if self.values == "grid8" else 2)
        return size


def best(array: Array, axis: int | None) -> Coded:
    """The way that takes the fewest bytes, its nodes included.

    Args:
        array: fp32, or int8 with a meaning of its own, which is only laid out.
        axis: of the output channels, None where it is not known.
    """
    flat = array.ravel()
    pattern = flat.view(f"u{flat.itemsize}")
    present = pattern != 0
    zeros = flat.size - int(present.sum())
    ways = [c for c in _dense(array, axis) if c is not None]
    if zeros > flat.size // 8 and zeros < flat.size:
        streams = [(c, present) for c in _streams(flat[present], "bits") if c is not None]
        for c in [c for c in ways if c.scales is not None]:
            held = c.stream != 0
            streams.append((replace(c, layout="bits", stream=c.stream[held]), held))
        for c, held in streams:
            ways.append(replace(c, present=held))
            ways += _with_gaps(c, held)
    return min(ways, key=lambda c: c.formula + NODES[c.layout] + FURTHER[c.values])


def _with_gaps(way: Coded, held: NDArray[np.bool_]) -> list[Coded]:
    """The same with gaps; none where a bridge finds no room in the table."""
    gaps, at = bridged(held)
    table, index = way.table, 0
    if table is not None and at.size < gaps.size:
        if len(table) == 2**way.bits:
            return []
        index = len(table)
        table = np.append(table, table.dtype.type(0))
    filled = np.full(gaps.size, index, way.stream.dtype)
    filled[at] = way.stream
    return [replace(way, layout="gaps", stream=filled, table=table, gaps=gaps)]


def bridged(present: NDArray[np.bool_]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Gaps between entries that are present, and which of them are no bridges.

    Returns:
        The first gap counts from the start, others from the entry before; sums of gaps are places.
        Where entries lie further apart than `FAR`, a bridge stands at each `FAR` steps.
    """
    places = np.flatnonzero(present)
    steps = np.diff(places, prepend=0)
    bridges = np.maximum(steps - 1, 0) // FAR
    bridges[steps <= FAR] = 0
    at = np.arange(places.size) + np.cumsum(bridges)
    gaps = np.full(places.size + int(bridges.sum()), FAR, np.uint8)
    gaps[at] = (steps - bridges * FAR).astype(np.uint8)
    return gaps, at


def _dense(array: Array, axis: int | None) -> list[Coded | None]:
    return [*_streams(array.ravel(), "dense"), _grid(array, 8, axis), _grid(array, 4, axis)]


def _streams(numbers: Array, layout: Layout) -> list[Coded | None]:
    """Ways to write numbers in their order."""
    ways: list[Coded | None] = [Coded(layout, "raw", 8 * numbers.itemsize, numbers)]
    if numbers.dtype != np.float32:
        return ways
    with np.errstate(over="ignore"):
        half = numbers.astype(np.float16)
    if (half.astype(np.float32).view(np.uint32) == numbers.view(np.uint32)).all():
        ways.append(Coded(layout, "half", 16, half))
    table, index = np.unique(numbers.view(np.uint32), return_inverse=True)
    if len(table) <= MAX_TABLE:
        bits = max(1, int(len(table) - 1).bit_length())
        ways.append(Coded(layout, "table", bits, index.reshape(-1).astype(np.uint8),
                          table.view(np.float32)))  # fmt: skip
    return ways


def _grid(array: Array, bits: int, axis: int | None) -> Coded | None:
    """Integers with a scale a channel, or a block of one, if the weights are such; else None.

    The largest of a channel is 127 (or 7) scales, but for rounding, so the scale is one of few.
    """
    if array.dtype != np.float32 or not array.size or not np.isfinite(array).all():
        return None
    grid, _ = grouped(array, bits, axis)
    limit = 2 ** (bits - 1) - 1
    first = np.abs(grid).max(axis=-1, keepdims=True) / np.float32(limit)
    scale = np.zeros_like(first)
    open_ = first > 0
    for step in (0, 1, -1, 2, -2):
        tried = first.copy()
        if bits == 4:
            with np.errstate(over="ignore"):
                tried = tried.astype(np.float16).astype(np.float32)
            if step:
                tried = (tried.astype(np.float16).view(np.int16) + np.int16(step)).view(np.float16)
                tried = tried.astype(np.float32)
        elif step:
            tried = (tried.view(np.int32) + np.int32(step)).view(np.float32)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            codes = np.clip(np.rint(grid / tried), -limit, limit).astype(np.float32)
            same = (codes * tried == grid).all(axis=-1, keepdims=True)
        scale = np.where(open_ & same, tried, scale)
        open_ &= ~same
        if not open_.any():
            break
    if open_.any():
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        codes = np.where(scale > 0, np.rint(grid / scale), 0).astype(np.int8)
    if ((codes * scale).view(np.uint32) != np.ascontiguousarray(grid).view(np.uint32)).any():
        return None  # a zero with a sign
    return Coded("dense", "grid8" if bits == 8 else "grid4", bits, codes.ravel(), scales=scale,
                 axis=axis)  # fmt: skip
