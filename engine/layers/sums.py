"""What is kept of a tensor: sums that add up, so that no tensor is ever kept whole.

Values of a model beside those of its base, number by number.  Two `Sums` of parts of a tensor add
up to those of the whole.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Relative changes |x − b| / |b| in which a value's bar is split (Boggust et al., 2024).
CHANGES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, float("inf"))
BARS = 30
# Bits of a float32 that number its bin: sign, exponent, two of the mantissa.  Such bins need no
# range beforehand, and any quantile is off by an eighth of its value at most.
_SHIFT, _BINS = 21, 2048
_NONE, _NOTHING = np.empty(0), np.empty(0, np.int64)


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
        bits: [2048] numbers x by sign, exponent and two bits of the mantissa.
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
    bits: Ints
    edges: Floats
    table: Ints
    own: Ints

    def __add__(self, other: Sums) -> Sums:
        """Sums over both parts; they must have the same edges."""
        made = {}
        for name in self.__slots__:
            one, two = getattr(self, name), getattr(other, name)
            made[name] = one if name == "edges" else one + two
        made["low"], made["high"] = min(self.low, other.low), max(self.high, other.high)
        return Sums(**made)

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
        sums = np.cumsum(self.bits[order])
        at = int(np.searchsorted(sums, share * total, side="left"))
        return float(np.clip(starts[min(at, _BINS - 1)], self.low, self.high))


def edges_of(values: NDArray[np.floating], bars: int = BARS) -> Floats:
    """Edges of equal bars over the finite values; a single value gets bars around it."""
    sound = values[np.isfinite(values)]
    low, high = (float(sound.min()), float(sound.max())) if sound.size else (0.0, 1.0)
    if not high > low:
        low, high = low - (abs(low) or 1) / 2, high + (abs(high) or 1) / 2
    edges = np.linspace(low, high, bars + 1)
    edges[-1] = np.nextafter(high, np.inf)  # the greatest value belongs to the last bar
    return edges


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
    x32, b32 = (np.ascontiguousarray(a, np.float32).ravel() for a in (x, b))
    x64, b64 = x32.astype(np.float64), b32.astype(np.float64)
    bad = 0
    with np.errstate(invalid="ignore"):  # floats of 32 bits never add up to infinity in 64
        sound = np.isfinite(x64.sum() + b64.sum())
    if not sound:
        good = np.isfinite(x32) & np.isfinite(b32)
        bad = int(x32.size - good.sum())
        x32, x64, b64 = x32[good], x64[good], b64[good]
    d = x64 - b64
    gap, size = np.abs(d), np.abs(b64)
    with np.errstate(divide="ignore", invalid="ignore"):
        change = gap / size  # x / 0 is a whole change; 0 / 0, no number, reaches no bound: none
    kind = np.zeros(x32.size, np.int64)
    for bound in CHANGES[1:-1]:
        kind += change >= bound
    nil, base_nil, turned = x64 == 0, b64 == 0, x64 * b64 < 0
    shared = Sums(
        count=x32.size + bad, bad=bad,
        zeros=int(np.count_nonzero(nil)), base_zeros=int(np.count_nonzero(base_nil)),
        both_zeros=int(np.count_nonzero(nil & base_nil)), flips=int(np.count_nonzero(turned)),
        size=float(np.abs(x64).sum()), square=_dot(x64, x64),
        base_size=float(size.sum()), base_square=_dot(b64, b64),
        gap=float(gap.sum()), gap_square=_dot(d, d), product=_dot(x64, b64),
        low=float(x64.min()) if x64.size else float("inf"),
        high=float(x64.max()) if x64.size else float("-inf"),
        bits=np.bincount(x32.view(np.uint32) >> _SHIFT, minlength=_BINS),
        edges=_NONE, table=_NOTHING, own=_NOTHING,
    )  # fmt: skip
    columns = len(CHANGES) - 1
    made = []
    for edges in several:
        rows = len(edges) + 1
        table = np.bincount(_bars(x64, edges) * columns + kind, minlength=rows * columns)
        own = np.bincount(_bars(b64, edges), minlength=rows)
        made.append(replace(shared, edges=edges, table=table.reshape(rows, columns), own=own))
    return tuple(made)


def _dot(a: Floats, b: Floats) -> float:
    """Σ a b, on this thread: threads of BLAS would wait for those that run the models."""
    return float(np.einsum("i,i->", a, b))


def _bars(values: Floats, edges: Floats) -> Ints:
    """Bar of each value: 0 below the edges, len(edges) above; by arithmetic, for they are even."""
    low, high, bars = edges[0], edges[-1], len(edges) - 1
    with np.errstate(divide="ignore", over="ignore"):
        scale = bars / (high - low)
    if not np.isfinite(scale):
        return np.searchsorted(edges, values, side="right")
    place = np.floor((values - low) * scale)
    return np.clip(place, -1, bars - 1).astype(np.int64) + 1 + (values >= high)


def _ladder() -> tuple[Ints, Floats]:
    """(bins in the order of their values, middle of each in that order)."""
    with np.errstate(all="ignore"):
        half = np.uint32(1 << (_SHIFT - 1))
        middle = ((np.arange(_BINS, dtype=np.uint32) << _SHIFT) + half).view(np.float32)
    middle = np.where(np.isfinite(middle), middle, np.inf)  # no finite number falls there
    middle = np.where(np.arange(_BINS) % (_BINS // 2) == 0, 0.0, middle)  # zero and next to it
    order = np.argsort(middle, kind="stable")
    return order, middle[order].astype(np.float64)


_LADDER = _ladder()
