"""Grows boosted trees on small tables with numpy alone.

Gradient boosting (Friedman 2001) of squared error with oblivious trees, whose levels ask one
question each (as in Kohavi 1994): few parameters, so that some hundred rows do not overfit, and
arrays of one shape.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.cost import Floats, Trees

BINS = 48


@dataclass(frozen=True, slots=True)
class Growth:
    """How trees are grown.

    Args:
        trees: how many; depth: levels of each.
        rate: share of a tree's answer that counts.
        rows, columns: share of the rows and columns that a tree sees.
        calm: rows' worth of doubt that pulls a leaf towards zero.
    """

    trees: int = 300
    depth: int = 5
    rate: float = 0.06
    rows: float = 0.7
    columns: float = 0.7
    calm: float = 3.0


def grow(x: Floats, y: Floats, weight: Floats, how: Growth, seed: int = 0) -> Trees:
    """Fit y by a sum of trees.

    Args:
        x: [rows, columns].
        y: [rows].
        weight: [rows], of the squared errors.
        how: size of the trees.
        seed: of the shares that each tree sees.
    """
    random = np.random.default_rng(seed)
    edges, binned = _binned(x)
    live = np.array([c for c, e in enumerate(edges) if len(e)], np.int64)
    table = np.ascontiguousarray(binned[:, live].T).astype(np.int32)
    count = np.array([len(edges[c]) for c in live], np.int64)
    left = y.astype(np.float64).copy()
    features, thresholds, leaves = [], [], []
    for _ in range(how.trees if len(live) else 0):
        rows = np.flatnonzero(random.random(len(y)) < how.rows)
        columns = np.flatnonzero(random.random(len(live)) < how.columns)
        columns = columns if len(columns) else np.arange(len(live))
        w = weight[rows]
        g = left[rows] * w
        asked, place = _questions(table[np.ix_(columns, rows)], count[columns], g, w, how)
        size = 1 << how.depth
        leaf = how.rate * np.bincount(place, g, size) / (np.bincount(place, w, size) + how.calm)
        where = np.zeros(len(y), np.int64)
        for level, (c, at) in enumerate(asked):
            where += (table[columns[c]] > at).astype(np.int64) << level
        left -= leaf[where]
        chosen = [(live[columns[c]], at) for c, at in asked]
        features.append([c for c, _ in chosen])
        thresholds.append([edges[c][at] for c, at in chosen])
        leaves.append(leaf)
    depth = how.depth
    return Trees(
        np.array(features, np.int16).reshape(-1, depth),
        np.array(thresholds, np.float32).reshape(-1, depth),
        np.array(leaves, np.float32).reshape(-1, 1 << depth),
    )


def _questions(
    part: NDArray[np.int32], count: NDArray[np.int64], g: Floats, w: Floats, how: Growth
) -> tuple[list[tuple[int, int]], NDArray[np.int64]]:
    """A tree's questions, the best at each level, and the leaf of each row.

    Args:
        part: [columns, rows] place of each value among its column's thresholds.
        count: [columns] thresholds.
        g: [rows] weighted rest.
        w: [rows] weights.
        how: size of the tree.
    """
    width = int(count.max()) + 1
    none = np.arange(width) >= count[:, None]
    cells = part + (np.arange(len(part), dtype=np.int32) * width)[:, None]
    place = np.zeros(part.shape[1], np.int64)
    sums, counts = _sums(cells, place, g, w, (1, len(part), width))
    asked: list[tuple[int, int]] = []
    for level in range(how.depth):
        low, few = sums.cumsum(axis=2), counts.cumsum(axis=2)
        high, rest = low[:, :, -1:] - low, few[:, :, -1:] - few
        gain = (low**2 / (few + how.calm) + high**2 / (rest + how.calm)).sum(axis=0)
        gain[none] = -np.inf
        c, at = divmod(int(gain.argmax()), width)
        asked.append((c, at))
        yes = part[c] > at
        if level + 1 < how.depth:
            # the larger side's sums are what the smaller side's leave of their parents'
            fewer = yes if 2 * yes.sum() <= len(yes) else ~yes
            ours = _sums(cells[:, fewer], place[fewer], g[fewer], w[fewer],
                         (1 << level, len(part), width))  # fmt: skip
            theirs = (sums - ours[0], counts - ours[1])
            no, aye = (theirs, ours) if fewer is yes else (ours, theirs)
            sums, counts = (np.concatenate(both) for both in zip(no, aye, strict=True))
        place += yes.astype(np.int64) << level
    return asked, place


def _sums(
    cells: NDArray[np.int32], place: NDArray[np.int64], g: Floats, w: Floats,
    shape: tuple[int, int, int],
) -> tuple[Floats, Floats]:  # fmt: skip
    """Sums of the rest and of the weights by group, column and place; [groups, columns, places]."""
    size = shape[0] * shape[1] * shape[2]
    at = (cells + place * (shape[1] * shape[2])).ravel()
    found = [np.asarray(np.bincount(at, np.tile(v, len(cells)), size), np.float64) for v in (g, w)]
    return found[0].reshape(shape), found[1].reshape(shape)


def _binned(x: Floats) -> tuple[list[Floats], NDArray[np.int64]]:
    """Thresholds between the values of each column, and each value's place among them."""
    edges, places = [], np.zeros(x.shape, np.int64)
    for c in range(x.shape[1]):
        values = np.unique(x[:, c].astype(np.float32)).astype(np.float64)
        if len(values) > BINS:
            values = np.unique(np.quantile(values, np.linspace(0, 1, BINS)))
        middle = (values[1:] + values[:-1]) / 2
        middle = np.unique(middle.astype(np.float32)).astype(np.float64)
        edges.append(middle)
        places[:, c] = np.searchsorted(middle, x[:, c].astype(np.float32), side="left")
    return edges, places
