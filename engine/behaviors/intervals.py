"""Intervals of shares that hold for few instances and for shares near 0 and 1.

A share of 10 of 10 has no spread, so that an interval by the normal approximation has no width and
misses; these are made by turning the score test round (Wilson, 1927), which knows that it may be
chance.
"""

from __future__ import annotations

import numpy as np

from engine.behaviors.metrics import Floats, Ints


def wilson(count: Ints, of: Ints, z: float) -> tuple[Floats, Floats]:
    """Both ends of the interval of a share: Wilson, J. Am. Stat. Assoc. 22 (1927), 209.

    Args:
        count: [groups] instances that have it.
        of: [groups] instances.
        z: quantile of the normal distribution that the interval reaches to.

    Returns:
        [groups] each; NaN without instances.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        p = count / of
        middle = (p + z * z / (2 * of)) / (1 + z * z / of)
        half = z / (1 + z * z / of) * np.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    low, high = np.where(count == 0, 0.0, middle - half), np.where(count == of, 1.0, middle + half)
    return np.where(of > 0, low, np.nan), np.where(of > 0, high, np.nan)


def paired(both: Ints, gained: Ints, lost: Ints, of: Ints, z: float) -> tuple[Floats, Floats]:
    """Both ends of the interval of a change of a share, of the same instances before and after.

    Method 10 of Newcombe, Statistics in Medicine 17 (1998), 2635: Wilson's intervals of both
    shares, put together with the correlation of the two, which is taken with its continuity
    correction.

    Args:
        both: [groups] instances that have it before and after.
        gained: [groups] after only.
        lost: [groups] before only.
        of: [groups] instances.
        z: as in `wilson`.
    """
    neither = of - both - gained - lost
    after, before = both + gained, both + lost
    with np.errstate(invalid="ignore", divide="ignore"):
        p, q = after / of, before / of
        cross = (both * neither - gained * lost).astype(np.float64)
        cross = np.where(cross > 0, np.maximum(cross - of / 2, 0), cross)
        sides = np.sqrt(after.astype(float) * (of - after) * before * (of - before))
        phi = np.where(sides > 0, cross / sides, 0.0)
    (low_p, high_p), (low_q, high_q) = wilson(after, of, z), wilson(before, of, z)

    def reach(a: Floats, b: Floats) -> Floats:
        return np.asarray(np.sqrt(np.maximum(a * a - 2 * phi * a * b + b * b, 0)))

    return p - q - reach(p - low_p, high_q - q), p - q + reach(high_p - p, q - low_q)
