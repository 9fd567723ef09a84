"""Means of groups of instances, with intervals: a class, a subgroup, the whole data set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
        low, high: [models, groups] 95 % interval of the difference, by the normal approximation of
            paired differences; NaN below two instances and for measures with bins.
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


def means(given: Matched, measure: Measure, rows: Ints, group: Ints, groups: int) -> Means:
    """Means over groups.

    Args:
        given: models.
        measure: what is averaged.
        rows: [members] instances.
        group: [members] the group each counts in, 0 to groups − 1.
        groups: how many there are.
    """
    count = np.bincount(group, minlength=groups)
    parts = [_side(side, measure, rows, group, groups) for side in given.sides]
    known, value, difference, half = (np.stack(p) for p in zip(*parts, strict=True))
    if measure.how.bins:
        difference = value - value[0]
    if measure.relative and measure.how.value:
        with np.errstate(invalid="ignore", divide="ignore"):
            scale = np.where(value[0] == 0, np.nan, value[0])
            difference, half = difference / scale, half / np.abs(scale)
    return Means(count, known, value, difference, difference - half, difference + half)


def _side(
    side: Side, measure: Measure, rows: Ints, group: Ints, groups: int
) -> tuple[Ints, Floats, Floats, Floats]:
    """(known, mean value, mean difference, half its interval) of a model."""
    d = side.differences[measure.id][rows].astype(np.float64)
    known, difference, spread = _moments(d, group, groups)
    if measure.how.value is None:
        value = np.full(groups, np.nan)
    else:
        v = side.values[measure.id][rows].astype(np.float64)
        value = _moments(v, group, groups)[1]
        if measure.how.bins:
            value = _binned(v, side.bins[measure.id][rows], group, groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        half = Z * np.sqrt(spread / known)
    return known, value, difference, np.where((known > 1) & (not measure.how.bins), half, np.nan)


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
