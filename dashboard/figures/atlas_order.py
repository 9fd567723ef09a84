"""The order of boxes inside their rows, and their place across the flow, in numpy.

Order by fast-sugiyama where it may run (it can crash on some graphs, so large ones are ordered in
a child process), else by barycentres.  The columns of a drawing know nothing of each other, so one
step of a sweep moves the same row of all columns at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SWEEPS = 8  # of barycentres, without fast-sugiyama
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
    """

    row: np.ndarray
    column: np.ndarray
    step: np.ndarray
    size: np.ndarray
    upper: np.ndarray
    lower: np.ndarray
    weight: np.ndarray


def hint(net: Net) -> np.ndarray:
    """Place across the flow by fast-sugiyama, to sort by; NaN for a vertex without links.

    Its own places drift sideways on long chains, so only their order is used.
    """
    from fast_sugiyama import from_edges

    found = np.full(net.row.size, np.nan)
    if not net.upper.size:
        return found
    pairs = list(zip(net.upper.tolist(), net.lower.tolist(), strict=True))
    # "minimize" crashes on large graphs, "up" and "original" take minutes on some
    parts = from_edges(pairs, ranking_type="down", dummy_vertices=False, check_layout=False)
    left = 0.0
    for nodes, width, *_ in sorted(parts, key=lambda part: min(i for i, _ in part[0])):
        ids = np.fromiter((i for i, _ in nodes), np.int64, len(nodes))
        xs = np.fromiter((p[0] for _, p in nodes), float, len(nodes))
        found[ids] = xs - xs.min() + left
        left += float(width) + 1000.0
    return found


def place(net: Net, key: np.ndarray | None) -> np.ndarray:
    """Place across the flow of every vertex; 0 is the middle of its column.

    Args:
        net: vertices and links.
        key: what `hint` found, None without it.
    """
    start = np.where(np.isnan(key), np.inf, key) if key is not None else net.column * 0.0
    order = np.lexsort((np.arange(net.row.size), start, net.column, net.step))
    if key is None:
        order = _barycentres(net, order)
    return _settle(net, order)


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
    apart = rows * (4.0 * float(width.max()) + 4e5)
    for turn in range(2 * SETTLES + 1):
        down, last = turn % 2 == 0, turn == 2 * SETTLES
        for k in range(sweep.steps) if down else range(sweep.steps - 1, -1, -1):
            part = slice(sweep.bounds[k], sweep.bounds[k + 1])
            total, weight = sweep.sums(x, k, down)
            if last:
                more, heavy = sweep.sums(x, k, not down)
                total, weight = total + more, weight + heavy
            want = np.where(weight > 0, total / (weight + PULL), x[part])
            free = want - offset[part] + apart[part]
            right = np.maximum.accumulate(free)
            left = np.minimum.accumulate(free[::-1])[::-1]
            x[part] = (left + right) / 2 - apart[part] + offset[part]
    found = np.empty_like(x)
    found[order] = x
    return found
