"""`Sums` of numbers: few passes over as many numbers as the processor's cache holds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.layers.sums import BINS, CHANGES, SHIFT, Floats, Sums, filled

AT_ONCE = 32_768  # numbers; what is reckoned of them stays in the cache
_PLAIN = 8192  # numbers of which a scalar product takes no thread of BLAS
_COLUMNS = len(CHANGES) - 1
_WHOLE = _COLUMNS - 1  # column of a whole change or more; those before it are of 1 / 5 each
_TINY = np.finfo(np.float32).tiny


def sums(x: NDArray[np.floating], b: NDArray[np.floating], edges: Floats) -> Sums:
    """Sums of a tensor, or of a part of one.

    Args:
        x: values of the model.
        b: values of the base, of the same shape.
        edges: of `edges_of`.
    """
    return sums_over(x, b, edges)[0]


def sums_over(
    x: NDArray[np.floating], b: NDArray[np.floating], *several: Floats
) -> tuple[Sums, ...]:
    """The same sums with the bars of each of several edges, all but the bars reckoned once."""
    tally = Tally(several)
    tally.add(x, b)
    return tally.sums()


class Tally:
    """`Sums` that grow in place, part by part.

    Args:
        several: edges of the bars; each gives sums of its own, which share all but the bars.
    """

    def __init__(self, several: Sequence[Floats]) -> None:
        self._several = several
        self.count = self._bad = 0
        self._counts, self._reals = np.zeros(4, np.int64), np.zeros(7)
        self._low, self._high = float("inf"), float("-inf")
        self._bits = np.zeros(BINS, np.int64)
        self._tables = [np.zeros((len(e) + 1) * _COLUMNS, np.int64) for e in several]
        self._own = [np.zeros(len(e) + 1, np.int64) for e in several]

    def add(self, x: NDArray[np.floating], b: NDArray[np.floating]) -> None:
        """Numbers of the model and, of the same shape, those of the base."""
        x, b = x.reshape(-1), b.reshape(-1)
        for k in range(0, x.size, AT_ONCE):
            self._part(*(a[k : k + AT_ONCE].astype(np.float32, copy=False) for a in (x, b)))

    def sums(self) -> tuple[Sums, ...]:
        """Those of all that was added, for each of the edges."""
        zeros, base_zeros, both_zeros, flips = self._counts.tolist()
        reals = self._reals.tolist()
        size, base_size, gap, square, base_square, gap_square, product = reals
        bins, bits = filled(self._bits)
        return tuple(
            Sums(
                count=self.count, bad=self._bad, zeros=zeros, base_zeros=base_zeros,
                both_zeros=both_zeros, flips=flips, size=size, square=square, base_size=base_size,
                base_square=base_square, gap=gap, gap_square=gap_square, product=product,
                low=self._low, high=self._high, bins=bins, bits=bits, edges=edges,
                table=table.reshape(-1, _COLUMNS), own=own,
            )
            for edges, table, own in zip(self._several, self._tables, self._own, strict=True)
        )  # fmt: skip

    def _part(self, x32: NDArray[np.float32], b32: NDArray[np.float32]) -> None:
        """As many numbers as are reckoned at once.

        Sums are of 64 bits, where floats of 32 never add up to infinity; what is only compared or
        counted has 32 where that decides alike.
        """
        self.count += x32.size
        ends = _ends(x32), _ends(b32)
        if not np.isfinite(ends).all():
            good = np.isfinite(x32) & np.isfinite(b32)
            self._bad += x32.size - int(good.sum())
            x32, b32 = x32[good], b32[good]
            if not x32.size:
                return
            ends = _ends(x32), _ends(b32)
        self._low, self._high = min(self._low, ends[0][0]), max(self._high, ends[0][1])
        x, b = x32.astype(np.float64), b32.astype(np.float64)
        nil, base_nil, work = x32 == 0, b32 == 0, x * b
        product, turned = work.sum(), work < 0
        gap = x - b
        squares = [_square(a) for a in (x, b, gap)]
        sizes = [np.abs(a, out=work).sum() for a in (x, b, gap)]
        self._counts += [*map(np.count_nonzero, (nil, base_nil, nil & base_nil, turned))]
        self._reals += [*sizes, *squares, product]
        self._bits += np.bincount(x32.view(np.uint32) >> SHIFT, minlength=BINS)
        kind = _kinds(x32, b32)
        for edges, table, own in zip(self._several, self._tables, self._own, strict=True):
            own += np.bincount(_bars(b, edges, *ends[1], work), minlength=own.size)
            place = _bars(x, edges, *ends[0], work)
            place *= _COLUMNS
            place += kind
            table += np.bincount(place, minlength=table.size)


def _ends(values: NDArray[np.float32]) -> tuple[float, float]:
    """(least, greatest) of some; NaN where one is none."""
    return float(values.min()), float(values.max())


def _kinds(x: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.int32]:
    """Column of `CHANGES` of each number: x / 0 is a whole change, 0 / 0 none."""
    with np.errstate(over="ignore"):
        change = np.abs(x - b)
        change /= np.maximum(np.abs(b), _TINY)
        change *= _WHOLE
    return np.minimum(change, _WHOLE, out=change).astype(np.int32)


def _square(a: Floats) -> float:
    """Σ a², on this thread: threads of BLAS would wait for those that run the models."""
    parts = (a[k : k + _PLAIN] for k in range(0, len(a), _PLAIN))
    return sum(float(np.dot(part, part)) for part in parts)


def _bars(
    values: Floats, edges: Floats, least: float, greatest: float, work: Floats
) -> NDArray[np.int32]:
    """Bar of each value: 0 below the edges, len(edges) above; by arithmetic, for they are even.

    Args:
        values: finite ones.
        edges: of `edges_of`.
        least: of the values.
        greatest: of the values.
        work: of the size of the values, written over.
    """
    low, high, bars = float(edges[0]), float(edges[-1]), len(edges) - 1
    with np.errstate(divide="ignore", over="ignore"):
        scale = np.float64(bars) / (high - low)
    if not np.isfinite(scale):
        return np.searchsorted(edges, values, side="right").astype(np.int32)
    place = np.subtract(values, low, out=work)
    place *= scale
    inside = low <= least and greatest < high
    if not inside:
        np.floor(np.clip(place, -1, bars, out=place), out=place)
    found = np.minimum(place.astype(np.int32), bars - 1)  # rounding may reach the next
    found += 1
    if not inside:
        found += values >= high
    return found
