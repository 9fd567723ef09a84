"""Copies in a row: stretches where a sequence of labels equals itself moved by a period.

A stretch of m + p labels with L[i] = L[i + p] holds copies of a period p, but not where they
begin: every rotation fits.  The rotation with the fewest values entering and leaving its copies
is the one a person would draw, so a block begins after the residual sum and not in its middle.
Copies are then compared edge by edge.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.insight.row import Ints, Row

LOOSE = 0.8  # what a copy found by loose labels is worth beside one found by strict labels
SAVED = 3  # items that folding must save: period x (copies - 1)
RUN = 4  # items of one label that make a run
LONGEST = 1_024  # items of one copy; a larger one is found once what repeats in it is folded
LOOKS = 500  # stretches that turn out to hold nothing, and one more for sixteen items
ALONE = 4  # copies, no two of them equal, that are held for copies all the same
_PRIME = 2_147_483_629


@dataclass(frozen=True, slots=True)
class Tandem:
    """`copies` of `period` items from `start` on; a period of one is a run."""

    start: int
    period: int
    copies: int

    @property
    def stop(self) -> int:
        """Position after the last copy."""
        return self.start + self.period * self.copies


def tandems(row: Row) -> list[Tandem]:
    """Repeats that do not overlap, in order of their start.

    First come those that fold most, and of those rather many small copies than two large ones:
    what repeats in turn is found when its parts are folded.
    """
    heap: list[tuple[float, int, int, int, bool]] = []

    def offer(first: int, stop: int, period: int, loose: bool) -> None:
        copies = (stop - first) // period
        saved = period * (copies - 1)
        if copies > 1 and saved >= SAVED and not (period == 1 and (loose or copies < RUN)):
            worth = saved * (copies - 1) / copies * (LOOSE if loose else 1.0)
            heapq.heappush(heap, (-worth, period, first, stop, loose))

    for labels, loose in ((row.strict, False), (row.loose, True)):
        for first, stop, period in _stretches(labels):
            offer(first, stop, period, loose)
    taken = np.zeros(len(row), bool)
    found: list[Tandem] = []
    looks = LOOKS + len(row) // 16
    while heap and looks:
        _, period, first, stop, loose = heapq.heappop(heap)
        if taken[first:stop].any():
            for a, b in _free(taken, first, stop):
                offer(a, b, period, loose)
            continue
        if period == 1:
            tandem: Tandem | None = Tandem(first, 1, stop - first)
        else:  # what a strict label splits may still be a copy, see _alike
            first, stop = _widened(row.loose, taken, first, stop, period)
            tandem = _set(row, first, stop, period)
        if tandem is None or tandem.period * (tandem.copies - 1) < SAVED:
            looks -= 1
            continue
        found.append(tandem)
        taken[tandem.start : tandem.stop] = True
        offer(first, tandem.start, period, loose)
        offer(tandem.stop, stop, period, loose)
    return sorted(found, key=lambda t: t.start)


def _stretches(labels: Ints) -> Iterator[tuple[int, int, int]]:
    """(first, stop, period) of every longest stretch that holds two copies or more."""
    n = len(labels)
    for p in range(1, min(n // 2, LONGEST) + 1):
        # a stretch meets every residue of p: a few of them say cheaply that there is none
        if not all(_some(labels[r::p]) for r in {p - 1, p // 2, 0, p // 3, 2 * p // 3}):
            continue
        differ = np.flatnonzero(labels[:-p] != labels[p:])
        ends = np.concatenate(([-1], differ, [n - p]))
        for k in np.flatnonzero(np.diff(ends) > p).tolist():
            yield int(ends[k]) + 1, int(ends[k + 1]) + p, p


def _some(labels: Ints) -> bool:
    return bool((labels[:-1] == labels[1:]).any())


def _free(taken: np.ndarray, first: int, stop: int) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([True], taken[first:stop], [True]))))
    for a, b in edges.reshape(-1, 2).tolist():
        yield first + a, first + b


def _widened(
    labels: Ints, taken: np.ndarray, first: int, stop: int, period: int
) -> tuple[int, int]:
    """The stretch of loose labels around a stretch, as far as nothing is taken."""
    left = np.flatnonzero((labels[:first] != labels[period : first + period]) | taken[:first])
    right = np.flatnonzero((labels[stop:] != labels[stop - period : -period]) | taken[stop:])
    return int(left[-1]) + 1 if len(left) else 0, stop + (
        int(right[0]) if len(right) else len(labels) - stop
    )


def _set(row: Row, first: int, stop: int, period: int) -> Tandem | None:
    """Where copies of a stretch begin, and how many in a row are alike edge by edge."""
    cost = row.interface(first, stop, period)
    phase = np.arange(len(cost)) % period
    copies = np.bincount(phase, minlength=period)
    mean = np.bincount(phase, cost, minlength=period) / np.maximum(copies, 1)
    enough = np.flatnonzero(copies >= 2)

    def rank(o: int) -> tuple[float, int, int, int]:
        return round(float(mean[o]), 6), -int(copies[o]), _odd(row, first + o, period), o

    best = min(enough.tolist(), key=rank)
    start, count = first + best, int(copies[best])
    alike = _alike(row, start, period, count)
    begin = length = at = 0
    while at < count:
        end = at
        while end < count and alike[end]:
            end += 1
        if end - at > length:
            begin, length = at, end - at
        at = end + 1
    return Tandem(start + begin * period, period, length) if length > 1 else None


def _odd(row: Row, start: int, period: int) -> int:
    """0 where a copy begins by enlarging its picture or ends by reducing it, else more."""
    begins, ends = row.scale[start], row.scale[start + period - 1]
    return 0 if begins > 0 or ends < 0 else 1 if begins < 0 else 2


def _alike(row: Row, start: int, period: int, count: int) -> list[bool]:
    """Which copies have the inner edges of most, and strict labels or borders as good."""
    stop = start + count * period
    inner = inner_edges(row, start, period, count)
    offset = np.tile(np.arange(period, dtype=np.int64), count)
    mixed = (row.strict[start:stop] * 1_000_003 + offset * 7_919 + 12_345) ** 2 % _PRIME
    labels = mixed.reshape(count, period).sum(axis=1)
    usual = Counter(inner.tolist()).most_common(1)[0][0]
    same = inner == usual
    strict = Counter(labels[same].tolist()).most_common(1)[0][0]
    exact = same & (labels == strict)
    alone = count >= ALONE and exact.sum() == 1  # no two are: what they read grows
    if alone or exact.all():
        grown: list[bool] = same.tolist()
        return grown
    cut = row.cuts(start, stop, 2 * period)[::period]
    border = np.maximum(cut[:-1], cut[1:])
    fine: list[bool] = (exact | (same & (border <= np.median(border[exact])))).tolist()
    return fine


def inner_edges(row: Row, start: int, period: int, count: int) -> Ints:
    """Per copy a number that stands for the edges inside it, by offset of both ends."""
    edges = slice(*np.searchsorted(row.target, (start, start + count * period)))
    s, t = row.source[edges] - start, row.target[edges] - start
    inside = (s >= 0) & (s // period == t // period)
    s, t = s[inside], t[inside]
    mixed = ((s % period) * 1_000_003 + (t % period) * 7_919 + 1) ** 2 % _PRIME
    total = np.zeros(count, np.int64)
    np.add.at(total, t // period, mixed)
    return total
