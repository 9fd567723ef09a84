"""Means of groups of instances, with intervals: a class, a subgroup, the whole data set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.behaviors.intervals import paired, wilson
from engine.behaviors.matched import Matched, Measure, Side
from engine.behaviors.metrics import BINS, Floats, Ints

Z = 1.959964  # of a 95 % interval of the normal distribution


@dataclass(frozen=True, slots=True)
class Means:
    """Means over groups.

    Args:
        count: [groups] instances that count in each.
        known: [models, groups] of them that are numbers.
        value: [models, groups] means of the model; NaN where a measure only compares.
        difference: [models, groups] from the base, as a share of the base's mean where the
            measure is relative; NaN where nothing is known or that mean is zero.
        low, high: [models, groups] interval of the difference: of shares as in `intervals.py`, else
            by the normal approximation of paired differences; NaN below two instances and for
            measures with bins.
    """

    count: Ints
    known: Ints
    value: Floats
    difference: Floats
    low: Floats
    high: Floats


def classes(given: Matched, measure: Measure, keep: NDArray[np.bool_]) -> tuple[Ints, Means]:
    """Means of each class among the instances kept: (numbers of the classes' words, means)."""
    there = keep[given.member]
    present, place = np.unique(given.of[there], return_inverse=True)
    return present, means(given, measure, given.member[there], place, len(present))


def whole(given: Matched, measure: Measure, keep: NDArray[np.bool_]) -> Means:
    """Means over the instances kept, each counted once, whatever its classes."""
    rows = np.flatnonzero(keep)
    return means(given, measure, rows, np.zeros(len(rows), np.int64), 1)


def means(
    given: Matched, measure: Measure, rows: Ints, group: Ints, groups: int, z: float = Z,
    wide: Callable[[Ints], Floats] | None = None,
) -> Means:  # fmt: skip
    """Means over groups.

    Args:
        given: models.
        measure: what is averaged.
        rows: [members] instances.
        group: [members] the group each counts in, 0 to groups − 1.
        groups: how many there are.
        z: quantile of the normal distribution that intervals reach to; of 95 % usually.
        wide: from numbers of known instances how many standard errors means reach to, instead of z;
            intervals of shares are at each end the wider of these and of their own.
    """
    count = np.bincount(group, minlength=groups)
    parts = [_side(side, measure, rows, group, groups, z, wide) for side in given.sides]
    known, value, difference, low, high = (np.stack(p) for p in zip(*parts, strict=True))
    if measure.how.bins:
        difference = value - value[0]
    if measure.relative and measure.how.value:
        with np.errstate(invalid="ignore", divide="ignore"):
            scale = np.where(value[0] == 0, np.nan, value[0])
            difference, low, high = difference / scale, low / scale, high / scale
        low, high = np.minimum(low, high), np.maximum(low, high)
    return Means(count, known, value, difference, low, high)


def _side(
    side: Side, measure: Measure, rows: Ints, group: Ints, groups: int, z: float,
    wide: Callable[[Ints], Floats] | None,
) -> tuple[Ints, Floats, Floats, Floats, Floats]:  # fmt: skip
    """(known, mean value, mean difference, both ends of its interval) of a model."""
    d = side.differences[measure.id][rows].astype(np.float64)
    known, difference, spread = _moments(d, group, groups)
    value, v = np.full(groups, np.nan), d
    if measure.how.value is not None:
        v = side.values[measure.id][rows].astype(np.float64)
        value = _moments(v, group, groups)[1]
        if measure.how.bins:
            value = _binned(v, side.bins[measure.id][rows], group, groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        half = (z if wide is None else wide(known)) * np.sqrt(spread / known)
    low, high = difference - half, difference + half
    if measure.how.share:
        alone = measure.how.value is None
        ends = _of_shares(v, d, group, known, z, alone)
        if wide is None:
            low, high = ends
        else:
            low, high = np.minimum(low, ends[0]), np.maximum(high, ends[1])
        low, high = np.maximum(low, 0.0 if alone else -1.0), np.minimum(high, 1.0)
    sure = (known > 1) & (not measure.how.bins)
    return known, value, difference, np.where(sure, low, np.nan), np.where(sure, high, np.nan)


def _of_shares(
    v: Floats, d: Floats, group: Ints, known: Ints, z: float, alone: bool
) -> tuple[Floats, Floats]:
    """Ends of the intervals of a share, or of its change; alone: d is the share itself."""

    def count(mask: NDArray[np.bool_]) -> Ints:
        return np.bincount(group[mask], minlength=len(known))

    if alone:
        return wilson(count(d == 1), known, z)
    return paired(count((v == 1) & (d == 0)), count(d > 0), count(d < 0), known, z)


def _moments(v: Floats, group: Ints, groups: int) -> tuple[Ints, Floats, Floats]:
    """(numbers, mean, variance) of each group; what is NaN does not count."""
    sound = ~np.isnan(v)
    g, x = (group, v) if sound.all() else (group[sound], v[sound])
    known = np.bincount(g, minlength=groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(g, x, groups) / known
        square = np.bincount(g, (x - mean[g]) ** 2, groups) / (known - 1)
    return known, np.where(known > 0, mean, np.nan), np.where(known > 1, square, np.nan)


def _binned(v: Floats, bins: Ints, group: Ints, groups: int) -> Floats:
    """Σ over bins of |Σ v| / n of each group: the calibration error, where v is overconfidence."""
    sound = ~np.isnan(v)
    at = group[sound] * BINS + bins[sound]
    sums = np.abs(np.bincount(at, v[sound], groups * BINS)).reshape(groups, BINS).sum(axis=1)
    known = np.bincount(group[sound], minlength=groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known > 0, sums / known, np.nan)
