"""Which of many options are worth a look."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import numpy as np

from engine.cost import Floats, Ints, Mask


def dominated(points: Floats) -> Mask:
    """Points of which another is no worse in any of three figures and better in one; [points].

    Less is better; NaN counts as the worst.  Sorted by the first figure, a point is dominated when
    one before it is no worse in the other two: the staircase of the best pairs so far tells.
    """
    values = np.where(np.isnan(points), np.inf, points)
    order = np.lexsort(values.T[::-1])
    ordered = values[order]
    new = np.ones(len(order), bool)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    unique, inverse = ordered[new], np.empty(len(order), np.int64)
    inverse[order] = np.cumsum(new) - 1
    worse = np.zeros(len(unique), bool)
    seconds: list[float] = []  # rising, with falling thirds
    thirds: list[float] = []
    for i, (_, second, third) in enumerate(unique.tolist()):
        at = bisect_right(seconds, second)
        if at and thirds[at - 1] <= third:
            worse[i] = True
            continue
        first = bisect_left(seconds, second)
        last = first
        while last < len(seconds) and thirds[last] >= third:
            last += 1
        seconds[first:last] = [second]
        thirds[first:last] = [third]
    return np.asarray(worse[inverse])


def extremes(figures: dict[str, Floats]) -> tuple[Ints, Ints]:
    """For each option the figures in which it is the best, and in which it is the worst, as bits.

    Differences below a millionth count as none; a figure that is the same everywhere has neither.
    """
    count = len(next(iter(figures.values())))
    best, worst = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for i, values in enumerate(figures.values()):
        if np.isnan(values).all():
            continue
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        close = (abs(low) + abs(high)) * 1e-6
        if high - low > close:
            best |= (values <= low + close) << i
            worst |= (values >= high - close) << i
    return best, worst
