"""What is kept of a tensor: sums that add up, so that no tensor is ever kept whole.

Values of a model beside those of its base, number by number.  Two `Sums` of parts of a tensor add
up to those of the whole.  `counting.py` makes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.integer[Any]]  # counts, in as few bytes as the largest needs once all is counted
# Relative changes |x − b| / |b| in which a value's bar is split (Boggust et al., 2024).
CHANGES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, float("inf"))
BARS = 30
# Bits of a float32 that number its bin: sign, exponent, two of the mantissa.  Such bins need no
# range beforehand, and any quantile is off by an eighth of its value at most.
SHIFT, BINS = 21, 2048


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over the numbers of a tensor.

    Args:
        count: numbers; bad: of them that are NaN or infinite in either model, left out below.
        zeros, base_zeros, both_zeros: numbers that are 0 in the model, in the base, in both.
        flips: numbers whose sign is the opposite of the base's.
        size, square: Σ|x|, Σx²; base_size, base_square: the same of the base.
        gap, gap_square: Σ|x − b|, Σ(x − b)²; product: Σ x b.
        low, high: least and greatest x.
        bins: sign, exponent and two bits of the mantissa, as one number below 2048, ascending: of
            those that some x have; bits: [bins] how many.
        edges: [bars + 1] of values, of the base's range; see `edges_of`.
        table: [bars + 2, changes] numbers by value x, the first and the last row for those outside
            the edges, and by relative change.
        own: [bars + 2] numbers of the base by value.
    """

    count: int
    bad: int
    zeros: int
    base_zeros: int
    both_zeros: int
    flips: int
    size: float
    square: float
    base_size: float
    base_square: float
    gap: float
    gap_square: float
    product: float
    low: float
    high: float
    bins: Ints
    bits: Ints
    edges: Floats
    table: Ints
    own: Ints

    def __add__(self, other: Sums) -> Sums:
        """Sums over both parts; they must have the same edges."""
        return together((self, other))

    def every_bit(self) -> Ints:
        """[2048] numbers x by sign, exponent and two bits of the mantissa."""
        found = np.zeros(BINS, np.int64)
        found[self.bins] = self.bits
        return found

    def lean(self) -> Sums:
        """The same in fewer bytes, to be kept."""
        return replace(self, bins=self.bins.astype(np.uint16), bits=_small(self.bits),
                       table=_small(self.table), own=_small(self.own))  # fmt: skip

    @property
    def sound(self) -> int:
        """Numbers that are compared."""
        return self.count - self.bad

    @property
    def sparsity(self) -> float:
        """Share of zeros."""
        return self.zeros / self.sound if self.sound else float("nan")

    @property
    def change(self) -> float:
        """Mean size of the change, |x − b|."""
        return self.gap / self.sound if self.sound else float("nan")

    @property
    def relative(self) -> float:
        """Root of Σ(x − b)² / Σb²: 0 is the same, 1 as far off as zeros would be."""
        if self.base_square > 0:
            return float((self.gap_square / self.base_square) ** 0.5)
        return 0.0 if self.gap_square == 0 else float("inf")

    @property
    def sqnr_db(self) -> float:
        """10 log₁₀ Σb² / Σ(x − b)², dB; infinite where nothing changed."""
        if self.gap_square == 0:
            return float("inf")
        with np.errstate(divide="ignore"):
            return float(10 * np.log10(self.base_square / self.gap_square))

    @property
    def cosine(self) -> float:
        """Cosine of the angle between model and base; NaN where one is all zeros."""
        norm = (self.square * self.base_square) ** 0.5
        return float(self.product / norm) if norm > 0 else float("nan")

    def quantile(self, share: float) -> float:
        """Value below which this share of the numbers lies, to an eighth of itself."""
        total = int(self.bits.sum())
        if not total:
            return float("nan")
        order, starts = _LADDER
        sums = np.cumsum(self.every_bit()[order])
        at = int(np.searchsorted(sums, share * total, side="left"))
        return float(np.clip(starts[min(at, BINS - 1)], self.low, self.high))


_COUNTED = ("count", "bad", "zeros", "base_zeros", "both_zeros", "flips", "size", "square",
            "base_size", "base_square", "gap", "gap_square", "product")  # fmt: skip


def edges_of(values: NDArray[np.floating], bars: int = BARS) -> Floats:
    """Edges of equal bars over the finite values; a single value gets bars around it."""
    sound = values[np.isfinite(values)]
    low, high = (float(sound.min()), float(sound.max())) if sound.size else (0.0, 1.0)
    if not high > low:
        low, high = low - (abs(low) or 1) / 2, high + (abs(high) or 1) / 2
    edges = np.linspace(low, high, bars + 1)
    edges[-1] = np.nextafter(high, np.inf)  # the greatest value belongs to the last bar
    return edges


def together(parts: Sequence[Sums]) -> Sums:
    """Sums over one part or more; they must have the same edges."""
    if len(parts) == 1:
        return parts[0]
    made: dict[str, Any] = {name: sum(getattr(p, name) for p in parts) for name in _COUNTED}
    table, own = (  # parts may be of few bytes
        np.asarray(np.sum([getattr(p, name) for p in parts], axis=0, dtype=np.int64))
        for name in ("table", "own")
    )
    at, many = (np.concatenate([getattr(p, name) for p in parts]) for name in ("bins", "bits"))
    bins, bits = filled(np.bincount(at, many, BINS).astype(np.int64))  # exact below 2^53
    return Sums(**made, low=min(p.low for p in parts), high=max(p.high for p in parts),
                bins=bins, bits=bits, edges=parts[0].edges, table=table, own=own)  # fmt: skip


def filled(bits: Ints) -> tuple[Ints, Ints]:
    """(bins that are not empty, how many each holds) of [2048] counts."""
    bins = np.flatnonzero(bits)
    return bins, bits[bins]


def _small(counts: Ints) -> Ints:
    return counts.astype(np.min_scalar_type(int(counts.max(initial=0))))


def _ladder() -> tuple[Ints, Floats]:
    """(bins in the order of their values, middle of each in that order)."""
    with np.errstate(all="ignore"):
        half = np.uint32(1 << (SHIFT - 1))
        middle = ((np.arange(BINS, dtype=np.uint32) << SHIFT) + half).view(np.float32)
    middle = np.where(np.isfinite(middle), middle, np.inf)  # no finite number falls there
    middle = np.where(np.arange(BINS) % (BINS // 2) == 0, 0.0, middle)  # zero and next to it
    order = np.argsort(middle, kind="stable")
    return order, middle[order].astype(np.float64)


_LADDER = _ladder()
