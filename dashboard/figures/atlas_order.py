"""The order of boxes inside their rows, and their place across the flow, in numpy.

Order by barycentres, which start from the order of execution: on networks that leaves fewer
crossings than fast-sugiyama does.  Where some are left, that is asked too and the better order
kept (where very many are, it takes long and gains nothing); it can crash, so large graphs are
placed in a child process.  The columns of a drawing know
nothing of each other, so one step of a sweep moves the same row of all columns at once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

ROUNDS = 6  # of sorting at most
SWEEPS = 4  # down and up in a round
ENOUGH = 0.98  # a round that leaves more crossings than this share of the last was the last
TANGLED = (0.01, 0.5)  # crossings for each link between which fast-sugiyama is asked too
SETTLES = 5  # downs and ups that straighten the drawing
PULL = 0.05  # towards the middle of the column, against 1 of an edge between boxes
CHAIN = 4.0  # weight of the links of a passing edge: it is straight
BENT = 0.05  # weight of the link between a passing edge and a box


@dataclass(slots=True)
class Net:
    """Vertices (boxes first, then the points where edges pass a row) and links of neighbours.

    Args:
        row: of each vertex, over all columns.
        column: of each vertex.
        step: row of each vertex inside its column.
        size: of each vertex across the flow, with the gap.
        upper: vertex of each link in the smaller row; a link joins adjacent rows of a column.
        lower: the other vertex.
        weight: of each link.
        boxes: number of vertices that are boxes.
    """

    row: np.ndarray
    column: np.ndarray
    step: np.ndarray
    size: np.ndarray
    upper: np.ndarray
    lower: np.ndarray
    weight: np.ndarray
    boxes: int


def place(net: Net, hinted: int) -> np.ndarray:
    """Place across the flow of every vertex; 0 is the middle of its column.

    Args:
        net: vertices and links.
        hinted: links up to which fast-sugiyama may be asked; it takes seconds for more.
    """
    order, crossed = _sorted(net, np.zeros(net.row.size))
    links = net.upper.size
    if links <= hinted and TANGLED[0] * links < crossed < TANGLED[1] * links:
        try:
            other, fewer = _sorted(net, hint(net))
        except ImportError:  # the first order then has to do
            fewer = crossed
        if fewer < crossed:
            order = other
    return _settle(net, order)


def hint(net: Net) -> np.ndarray:
    """Place across the flow by fast-sugiyama, to sort by; infinite for a vertex without links.

    Its own places drift sideways on long chains, so only their order is used.  It ranks a source
    or sink by itself, far from its neighbour, and then takes minutes for the long link; so what
    hangs on one link is left out and follows its neighbour.
    """
    from fast_sugiyama import from_edges

    found = np.full(net.row.size, np.inf)
    uppers, lowers = net.upper.tolist(), net.lower.tolist()
    hanging = _hanging(net.row.size, uppers, lowers)
    pairs = [
        (a, b) for a, b in zip(uppers, lowers, strict=True) if a not in hanging and b not in hanging
    ]
    # "minimize" crashes on large graphs
    parts = from_edges(pairs, ranking_type="down", dummy_vertices=False, check_layout=False)
    left = 0.0
    for nodes, width, *_ in sorted(parts, key=lambda part: min(i for i, _ in part[0])):
        ids = np.fromiter((i for i, _ in nodes), np.int64, len(nodes))
        xs = np.fromiter((p[0] for _, p in nodes), float, len(nodes))
        found[ids] = xs - xs.min() + left
        left += float(width) + 1000.0
    for i, neighbour in reversed(hanging.items()):
        found[i] = found[neighbour]
    return found


def _hanging(count: int, uppers: Sequence[int], lowers: Sequence[int]) -> dict[int, int]:
    """Vertices of trees that hang on the rest, leaves first, with what they hang on."""
    near: list[list[int]] = [[] for _ in range(count)]
    for a, b in zip(uppers, lowers, strict=True):
        near[a].append(b)
        near[b].append(a)
    degree = [len(n) for n in near]
    ends = [i for i in range(count) if degree[i] == 1]
    found: dict[int, int] = {}
    while ends:
        i = ends.pop()
        if degree[i] != 1:
            continue
        neighbour = next(j for j in near[i] if j not in found)
        found[i] = neighbour
        degree[neighbour] -= 1
        if degree[neighbour] == 1:
            ends.append(neighbour)
    return found


def _sorted(net: Net, start: np.ndarray) -> tuple[np.ndarray, int]:
    """Vertices by step, column and place, sorted so that few links cross; and how many do."""
    order = np.lexsort((np.arange(net.row.size), start, net.column, net.step))
    best, fewest = order, crossings(net, order)
    for _ in range(ROUNDS):
        if not fewest:
            break
        order = _barycentres(net, order)
        now = crossings(net, order)
        if now < fewest:
            better = now < ENOUGH * fewest
            best, fewest = order, now
            if not better:
                break
    return best, fewest


def crossings(net: Net, order: np.ndarray) -> int:
    """Pairs of links between the same two rows that cross.

    Args:
        net: vertices and links.
        order: vertices from left to right, row by row.
    """
    at = np.empty_like(order)
    at[order] = np.arange(order.size)
    upper, lower = at[net.upper], at[net.lower]
    gap = net.row[net.lower]
    by = np.lexsort((lower, upper, gap))
    total, last = 0, -1
    seen: list[int] = []
    for g, b in zip(gap[by].tolist(), lower[by].tolist(), strict=True):
        if g != last:
            seen, last = [], g
        k = bisect_right(seen, b)
        total += len(seen) - k
        seen.insert(k, b)
    return total


class _Sweep:
    """The vertices in the order of a sweep, cut into steps, and the links of each step."""

    def __init__(self, net: Net, order: np.ndarray) -> None:
        self.order = order
        at = np.empty_like(order)
        at[order] = np.arange(order.size)
        self.step, self.column = net.step[order], net.column[order]
        self.steps = int(self.step[-1]) + 1
        self.bounds = np.searchsorted(self.step, np.arange(self.steps + 1))
        self.upper, self.lower, self.weight = at[net.upper], at[net.lower], net.weight
        by_lower, by_upper = np.argsort(self.lower), np.argsort(self.upper)
        # links seen from below and from above: (own end, other end, weight), cut by the own end
        self.above = (self.lower[by_lower], self.upper[by_lower], self.weight[by_lower])
        self.below = (self.upper[by_upper], self.lower[by_upper], self.weight[by_upper])
        self.cut_above = np.searchsorted(self.above[0], self.bounds)
        self.cut_below = np.searchsorted(self.below[0], self.bounds)
        self.fresh = np.r_[True, (np.diff(self.step) != 0) | (np.diff(self.column) != 0)]

    def sums(self, x: np.ndarray, k: int, down: bool) -> tuple[np.ndarray, np.ndarray]:
        """Sum of weight x place over the neighbours of step k on one side, and of the weights."""
        first, last = self.bounds[k], self.bounds[k + 1]
        own, other, weight = self.above if down else self.below
        cut = self.cut_above if down else self.cut_below
        links = slice(cut[k], cut[k + 1])
        mine, w = own[links] - first, weight[links]
        total = np.bincount(mine, w * x[other[links]], last - first)
        return total, np.bincount(mine, w, last - first)


def _barycentres(net: Net, order: np.ndarray) -> np.ndarray:
    """Sort rows by the mean place of the neighbours, down and up in turn."""
    sweep = _Sweep(net, order)
    first = np.maximum.accumulate(np.where(sweep.fresh, np.arange(order.size), 0))
    sizes = np.bincount(np.cumsum(sweep.fresh) - 1)
    half = np.repeat((sizes - 1) / 2.0, sizes)
    x = np.arange(order.size) - first - half  # by position of the sweep, rows centred
    slots = x.copy()
    for turn in range(SWEEPS):
        down = turn % 2 == 0
        for k in range(sweep.steps) if down else range(sweep.steps - 1, -1, -1):
            part = slice(sweep.bounds[k], sweep.bounds[k + 1])
            total, weight = sweep.sums(x, k, down)
            want = np.where(weight > 0, total / np.maximum(weight, 1e-9), x[part])
            sorted_ = np.lexsort((x[part], want, sweep.column[part]))
            moved = np.empty(sorted_.size)
            moved[sorted_] = slots[part]
            x[part] = moved
    by_vertex = np.empty_like(x)
    by_vertex[order] = x
    found: np.ndarray = np.lexsort((by_vertex, net.column, net.step))
    return found


def _settle(net: Net, order: np.ndarray) -> np.ndarray:
    """Move each row to the means of its neighbours, order and distances kept."""
    sweep = _Sweep(net, order)
    size = net.size[order]
    # offset of each vertex from the first of its row, and a shift that keeps rows apart
    edge = np.cumsum(size) - size / 2
    rows = np.cumsum(sweep.fresh) - 1
    offset = edge - edge[sweep.fresh][rows]
    width = np.bincount(rows, size)
    x = offset - (width[rows] - size[sweep.fresh][rows]) / 2
    # with the offsets taken away, order and distance mean: no smaller than the one before
    apart = sweep.column * (4.0 * float(width.max()) + 4e5) - offset
    spine = _spine(sweep, order < net.boxes)
    level = np.where(spine, 0, np.where(order < net.boxes, 1, 2))
    for turn in range(2 * SETTLES + 1):
        down = turn % 2 == 0
        pull = PULL if turn < 2 * SETTLES else 0.0
        for k in range(sweep.steps) if down else range(sweep.steps - 1, -1, -1):
            part = slice(sweep.bounds[k], sweep.bounds[k + 1])
            total, weight = sweep.sums(x, k, down)
            want = np.where(weight > 0, total / np.maximum(weight + pull, 1e-9), x[part])
            want[spine[part]] = 0.0
            x[part] = _apart(want + apart[part], level[part]) - apart[part]
    found: np.ndarray = np.empty_like(x)
    found[order] = x
    return found


def _spine(sweep: _Sweep, boxed: np.ndarray) -> np.ndarray:
    """Whether a vertex is on the line of most boxes through its column, which is drawn straight."""
    count = boxed.size
    rows = np.cumsum(sweep.fresh) - 1
    sizes = np.bincount(rows)
    place = np.arange(count) - (np.cumsum(sizes) - sizes)[rows]
    aside = np.abs(place - (sizes[rows] - 1) / 2) / np.maximum(sizes[rows], 1)
    worth = np.where(boxed, 1.0, 0.01) - 1e-3 * aside  # of equal ones that in the middle
    score, before = worth.tolist(), [-1] * count
    own, other, _ = sweep.above
    for b, a in zip(own.tolist(), other.tolist(), strict=True):  # by own end, rows downwards
        if before[b] < 0 or score[a] > score[before[b]]:
            before[b] = a
            score[b] = float(worth[b]) + score[a]
    spine = np.zeros(count, bool)
    by = np.lexsort((np.asarray(score), sweep.column))
    last = np.flatnonzero(np.r_[np.diff(sweep.column[by]) != 0, True])
    for end in by[last].tolist():
        i = end
        while i >= 0:
            spine[i] = True
            i = before[i]
    return spine


def _apart(want: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Places near to `want` of which none is smaller than the one before; low levels go first.

    A passing edge gives way to the boxes beside it, and they to the spine: else each block would
    push the network aside a little.
    """
    found = want
    done = np.zeros(want.size, bool)
    for now in range(3):
        mask = level == now
        if not mask.any():
            continue
        wish = want
        if done.any():
            low = np.maximum.accumulate(np.where(done, found, -np.inf))
            high = np.minimum.accumulate(np.where(done, found, np.inf)[::-1])[::-1]
            wish = np.clip(want, low, high)
        right = np.maximum.accumulate(np.where(mask, wish, -np.inf))
        left = np.minimum.accumulate(np.where(mask, wish, np.inf)[::-1])[::-1]
        found = np.where(mask, (left + right) / 2, found)
        done |= mask
    return found
