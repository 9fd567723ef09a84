"""Boosted trees as plain arrays: what they predict.  How they are grown is in `execute`.

A tree asks the same question of every row at each of its levels, so its answers are the digits of
a binary number that points at a leaf.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.cost.work import Floats


@dataclass(frozen=True, slots=True)
class Trees:
    """Trees of one depth; the prediction is the sum of their leaves.

    Args:
        feature: [trees, depth] column that is asked for.
        threshold: [trees, depth] above it the answer is 1.
        leaf: [trees, 2 ** depth] in units of what was fitted.
    """

    feature: NDArray[Any]
    threshold: NDArray[Any]
    leaf: NDArray[Any]

    def predict(self, x: Floats) -> Floats:
        """Sum of the leaves; [rows] from [rows, columns]."""
        count, depth = self.feature.shape
        out = np.zeros(len(x))
        if not count or not len(x):
            return out
        step = max(1, 4_000_000 // max(1, count * depth))  # rows at a time: some tens of MB
        digits = 1 << np.arange(depth)
        trees = np.arange(count)
        for start in range(0, len(x), step):
            part = x[start : start + step].astype(np.float32)
            place = ((part[:, self.feature] > self.threshold) * digits).sum(axis=2)
            out[start : start + step] = self.leaf[trees, place].astype(np.float64).sum(axis=1)
        return out
