"""Grows boosted trees on small tables with numpy alone.

Gradient boosting (Friedman 2001) of squared error with oblivious trees, whose levels ask one
question each (as in Kohavi 1994): few parameters, so that some hundred rows do not overfit, and
arrays of one shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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
    width = max((len(e) for e in edges), default=0) + 1
    live = [c for c, e in enumerate(edges) if len(e)]
    left = y.astype(np.float64).copy()
    features, thresholds, leaves = [], [], []
    for _ in range(how.trees if live else 0):
        rows = np.flatnonzero(random.random(len(y)) < how.rows)
        columns = [c for c in live if random.random() < how.columns] or live
        w = weight[rows]
        g = left[rows] * w
        place = np.zeros(len(rows), np.int64)
        asked: list[tuple[int, int]] = []
        for level in range(how.depth):
            best, question = -np.inf, (columns[0], 0)
            for c in columns:
                gain, at = _best(binned[rows, c], place, g, w, 1 << level, width, len(edges[c]),
                                 how.calm)  # fmt: skip
                if gain > best:
                    best, question = gain, (c, at)
            asked.append(question)
            place += (binned[rows, question[0]] > question[1]).astype(np.int64) << level
        size = 1 << how.depth
        sums = np.bincount(place, g, size)
        counts = np.bincount(place, w, size)
        leaf = how.rate * sums / (counts + how.calm)
        where = np.zeros(len(y), np.int64)
        for level, (c, at) in enumerate(asked):
            where += (binned[:, c] > at).astype(np.int64) << level
        left -= leaf[where]
        features.append([c for c, _ in asked])
        thresholds.append([edges[c][at] for c, at in asked])
        leaves.append(leaf)
    depth = how.depth
    return Trees(
        np.array(features, np.int16).reshape(-1, depth),
        np.array(thresholds, np.float32).reshape(-1, depth),
        np.array(leaves, np.float32).reshape(-1, 1 << depth),
    )


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


def _best(
    values: NDArray[Any], place: NDArray[Any], g: Floats, w: Floats, groups: int, width: int,
    count: int, calm: float,
) -> tuple[float, int]:  # fmt: skip
    """(gain, threshold) of the best question of one column for all groups at once."""
    cell = place * width + values
    sums = np.bincount(cell, g, groups * width).reshape(groups, width).cumsum(axis=1)
    counts = np.bincount(cell, w, groups * width).reshape(groups, width).cumsum(axis=1)
    low, high = sums[:, :count], sums[:, -1:] - sums[:, :count]
    few, rest = counts[:, :count], counts[:, -1:] - counts[:, :count]
    gain = (low**2 / (few + calm) + high**2 / (rest + calm)).sum(axis=0)
    at = int(gain.argmax())
    return float(gain[at]), at
