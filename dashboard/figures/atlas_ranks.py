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
NEARLY = 1.3  # times the least shrinking, up to which foldings are compared in full
TRIES = 24
CUT = 1.0  # more shrinking is as bad as a fold of which every column ends inside a block
GUTTER = 56.0
TITLE = 22.0  # room for the name of a block
MAX_COLUMNS = 600


@dataclass(frozen=True, slots=True)
class Axes:
    """Sizes seen along the flow: `across` it and `along` it.

    Args:
        box: of a box, across and along.
        gap: between boxes of a row.
        pitch: between rows.
        pane: of the usual pane.
        title: above a row where a block begins.
    """

    box: tuple[float, float]
    gap: float
    pitch: float
    pane: tuple[float, float]
    title: float


AXES = {
    "down": Axes(BOX, 16.0, 38.0, PANE, TITLE),
    "right": Axes(BOX[::-1], 12.0, 150.0, PANE[::-1], 0.0),
}


def ranks(
    count: int, upper: Sequence[int], lower: Sequence[int], roots: Sequence[bool]
) -> np.ndarray:
    """Longest path from the sources; what waits for nothing moves down to its first reader.

    Constants, and slices of an input for each of many layers, would else share the first ranks.
    Moving a box down shortens the edges to its readers and makes longer those from the boxes
    that stay; it moves where the first are as many, or where no input of the model feeds it.

    Args:
        count: number of boxes.
        upper: the end of each edge with the smaller number.
        lower: the other end.
        roots: whether a box reads an input of the model.
    """
    rank, fed = [0] * count, list(roots)
    readers = np.bincount(np.asarray(upper, np.int64), minlength=count).tolist()
    held = [0] * count  # edges from boxes that do not move along
    order = np.argsort(np.asarray(upper, np.int64), kind="stable").tolist()
    for e in order:
        a, b = upper[e], lower[e]
        fed[b] = fed[b] or fed[a]
        held[b] += readers[a] > 1 or held[a] > 1
        if rank[b] <= rank[a]:
            rank[b] = rank[a] + 1
    last = -1
    for e in reversed(order):  # the edges of a box stand together; those below it are done
        a, late = upper[e], rank[lower[e]] - 1
        if held[a] > readers[a] and fed[a]:
            continue
        rank[a] = late if a != last else min(rank[a], late)
        last = a
    found: np.ndarray = np.unique(np.asarray(rank, np.int64), return_inverse=True)[1]
    return found


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
    cost = 2.0 * _passing(row, upper, lower, depth, depth)
    inside = _inside(row, block, depth)
    cost += 0.02 * wide + 8.0 * inside
    even = [np.arange(count) * depth // count for count in range(1, min(depth, MAX_COLUMNS) + 1)]
    rough = np.asarray([_shrink(wide, starts, depth, axes) for starts in even])
    tried = np.flatnonzero(rough <= NEARLY * rough.min())
    tried = tried[np.argsort(rough[tried], kind="stable")][:TRIES]
    folds = [_deal(cost, depth, int(k) + 1) for k in np.sort(tried)]
    scores = [
        _shrink(wide, starts, depth, axes) * (1.0 + CUT * float((inside[starts] > 0).mean()))
        for starts in folds
    ]
    found: np.ndarray = np.r_[folds[int(np.argmin(scores))], depth]
    return found


def _shrink(wide: np.ndarray, starts: np.ndarray, depth: int, axes: Axes) -> float:
    """How much a folding must shrink to fit the pane."""
    across = np.maximum.reduceat(wide, starts).sum() + GUTTER * (starts.size - 1)
    along = np.diff(starts, append=depth).max() * axes.pitch
    return max(float(across) / axes.pane[0], float(along) / axes.pane[1])


def _deal(cost: np.ndarray, depth: int, count: int) -> np.ndarray:
    """First rows of about `count` columns of like height that begin where it costs least."""
    reach = max(1, int(depth / count * REACH))
    starts = [0]
    for left in range(count, 1, -1):
        ideal = starts[-1] + (depth - starts[-1]) / left
        low = max(starts[-1] + 1, int(ideal) - reach)
        high = min(depth, int(ideal) + reach + 1)
        if low < high:
            off = (np.arange(low, high) - ideal) / reach
            starts.append(low + int(np.argmin(cost[low:high] + 6.0 * off * off)))
    return np.asarray(starts)


def shared(upper: np.ndarray, lower: np.ndarray, count: int) -> np.ndarray:
    """The line that each edge runs in: the box that it leaves, or count + the one it enters.

    Args:
        upper: end of each edge in the smaller row.
        lower: the other end.
        count: number of boxes.
    """
    leaving = np.bincount(upper, minlength=count)[upper]
    entering = np.bincount(lower, minlength=count)[lower]
    return np.where(entering > leaving, count + lower, upper)


def _passing(
    row: np.ndarray, upper: np.ndarray, lower: np.ndarray, depth: int, most: int
) -> np.ndarray:
    """Lines that pass each row, of edges over at most `most` rows."""
    span = row[lower] - row[upper]
    line = shared(upper, lower, row.size)
    kept = (span > 1) & (span <= most)
    begin, stop = np.full(2 * row.size, depth), np.zeros(2 * row.size, np.int64)
    np.minimum.at(begin, line[kept], row[upper[kept]] + 1)
    np.maximum.at(stop, line[kept], row[lower[kept]])
    used = stop > begin
    change = np.bincount(begin[used], minlength=depth + 1)
    change = change - np.bincount(stop[used], minlength=depth + 1)
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
    found: np.ndarray = np.minimum(np.cumsum(change)[:depth], 3)
    return found
