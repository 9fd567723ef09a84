"""Which row and column each of many boxes stands in, before anything has an x.

A rank is the longest path from the sources; a rank of very many boxes is broken into rows; rows
are dealt to columns, so that a chain of thousands does not come out as a hairline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BOX = (112.0, 26.0)
LANE = 12.0  # across the flow, for a passing edge
MAX_SPAN = 30  # rows; a longer edge runs through the gutter
PANE = (720.0, 600.0)
MIN_WRAP = 10  # boxes in a row, at least, before a rank is broken
DENSE = 0.36  # boxes along the side of a square of one box is about sqrt(DENSE * boxes)
REACH = 0.2  # of a column, by which its end may move to a better place
GUTTER = 56.0
MAX_COLUMNS = 600


@dataclass(frozen=True, slots=True)
class Axes:
    """Sizes seen along the flow: `across` it and `along` it.

    Args:
        box: of a box, across and along.
        gap: between boxes of a row.
        pitch: between rows.
        pane: of the usual pane.
    """

    box: tuple[float, float]
    gap: float
    pitch: float
    pane: tuple[float, float]


AXES = {
    "down": Axes(BOX, 16.0, 38.0, PANE),
    "right": Axes(BOX[::-1], 12.0, 150.0, PANE[::-1]),
}


def ranks(
    count: int, upper: Sequence[int], lower: Sequence[int], roots: Sequence[bool]
) -> np.ndarray:
    """Longest path from the sources; what no input of the model feeds is ranked late.

    Args:
        count: number of boxes.
        upper: the end of each edge with the smaller number.
        lower: the other end.
        roots: whether a box reads an input of the model.
    """
    rank, fed = [0] * count, [bool(r) for r in roots]
    order = np.argsort(np.asarray(upper), kind="stable").tolist() if len(upper) else []
    tops, bottoms = list(upper), list(lower)
    for e in order:
        a, b = tops[e], bottoms[e]
        if rank[b] <= rank[a]:
            rank[b] = rank[a] + 1
        if fed[a]:
            fed[b] = True
    now, late = -1, 0
    for e in reversed(order):  # the edges of a box stand together; those below it are done
        a, below = tops[e], rank[bottoms[e]] - 1
        if a != now:
            if now >= 0 and not fed[now]:
                rank[now] = late
            now, late = a, below
        elif below < late:
            late = below
    if now >= 0 and not fed[now]:
        rank[now] = late
    return np.asarray(rank, np.int64)


def rows(rank: np.ndarray) -> np.ndarray:
    """The row of each box: its rank, where one of very many boxes is broken into several rows."""
    sizes = np.bincount(rank)
    square = int(np.sqrt(DENSE * rank.size))
    most = max(MIN_WRAP, min(4 * int(np.median(sizes[sizes > 0])), square))
    parts = np.maximum(1, -(-sizes // most))
    first = np.cumsum(parts) - parts
    order = np.argsort(rank, kind="stable")
    place = np.empty_like(rank)
    place[order] = np.arange(rank.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    found: np.ndarray = first[rank] + place * parts[rank] // sizes[rank]
    return found


def columns(
    row: np.ndarray,
    upper: np.ndarray,
    lower: np.ndarray,
    block: np.ndarray,
    axes: Axes,
) -> np.ndarray:
    """Rows at which a column begins, and the number of rows at the end.

    Args:
        row: row of each box.
        upper: for each edge the end in the smaller row.
        lower: the other end.
        block: number of the block that each box belongs to, -1 none; a column rather ends where
            a block does.
        axes: sizes.
    """
    depth = int(row.max()) + 1
    wide = np.bincount(row, minlength=depth) * (axes.box[0] + axes.gap)
    passing = _passing(row, upper, lower, depth, MAX_SPAN)
    wide = wide + LANE * np.maximum(passing, 0)
    best, count = np.inf, 1
    for tried in range(1, min(depth, MAX_COLUMNS) + 1):
        starts = np.arange(tried) * depth // tried
        across = np.maximum.reduceat(wide, starts).sum() + GUTTER * (tried - 1)
        along = -(-depth // tried) * axes.pitch
        shrink = max(across / axes.pane[0], along / axes.pane[1])
        if shrink < best:
            best, count = shrink, tried
        elif shrink > 4 * best:
            break
    cost = 2.0 * _passing(row, upper, lower, depth, depth)
    cost += 0.02 * wide + 8.0 * _inside(row, block, depth)
    breaks = [0]
    reach = max(1, int(depth / count * REACH))
    for k in range(1, count):
        ideal = k * depth // count
        low, high = max(breaks[-1] + 1, ideal - reach), min(depth, ideal + reach + 1)
        if low < high:
            near = np.abs(np.arange(low, high) - ideal) * (4.0 / reach)
            breaks.append(low + int(np.argmin(cost[low:high] + near)))
    return np.asarray([*breaks, depth])


def _passing(
    row: np.ndarray, upper: np.ndarray, lower: np.ndarray, depth: int, most: int
) -> np.ndarray:
    """Boxes above each row that feed one below it, over at most `most` rows, itself counted."""
    span = row[lower] - row[upper]
    kept = span <= most
    reach = np.zeros(row.size, np.int64)  # the last row that a box feeds: its edges share a lane
    np.maximum.at(reach, upper[kept], row[lower[kept]])
    begin = row + 1
    far = reach > begin
    change = np.bincount(begin[far], minlength=depth + 1)[: depth + 1]
    change = change - np.bincount(reach[far], minlength=depth + 1)[: depth + 1]
    found: np.ndarray = np.cumsum(change)[:depth]
    return found


def _inside(row: np.ndarray, block: np.ndarray, depth: int) -> np.ndarray:
    """1 for a row that some block of the row before reaches into."""
    known = block >= 0
    if not known.any():
        return np.zeros(depth)
    first = np.full(int(block.max()) + 1, depth)
    last = np.full(first.size, -1)
    np.minimum.at(first, block[known], row[known])
    np.maximum.at(last, block[known], row[known])
    used = last >= 0
    change = np.bincount(first[used] + 1, minlength=depth + 2).astype(float)
    change -= np.bincount(last[used] + 1, minlength=depth + 2)
    return np.minimum(np.cumsum(change)[:depth], 3)
