"""Bars of a layer's values: how high, in which parts by relative change, as shapes for the page.

The base has one part, its numbers by value.  Of a model each bar is split by how far its numbers
are from the base's, the farthest lowest.  The first and the last bar hold what lies outside the
edges, and stand apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.layers import CHANGES, Sums

PARTS = len(CHANGES) - 1
SPIKE = 4.0  # times the next bar from which the base's tallest is no measure for the others
ROOM = 2.5  # times the base's tallest bar that a drawing is high at most
APART = 1.0  # bars between those outside and the others


@dataclass(frozen=True, slots=True)
class Bars:
    """Shapes of the bars of a layer in one model.

    Args:
        parts: path of each part as CSS and SVG write it, "" an empty one; the last is the largest
            change.
        outside: path of the frames of bars outside the edges, "" none.
        cut: path of the gaps in bars that are higher than the drawing, "" none.
    """

    parts: tuple[str, ...]
    outside: str
    cut: str


def scale(every: Sequence[Sums | None]) -> float:
    """Numbers that the full height stands for, one for all models of a row.

    Args:
        every: the models, the base first.
    """
    known = [(k, s) for k, s in enumerate(every) if s is not None]
    tallest = max((float((s.own if k == 0 else s.table.sum(axis=1)).max()) for k, s in known),
                  default=0.0)  # fmt: skip
    if known and known[0][0] == 0:
        first, second = sorted(known[0][1].own.tolist(), reverse=True)[:2]
        usual = second if second and first > SPIKE * second else first
        tallest = min(tallest, ROOM * usual) or tallest
    return max(tallest, 1.0)


def bars(sums: Sums, base: bool, top: float, bar: int, height: int) -> Bars:
    """The shapes.

    Args:
        sums: of a layer in a model.
        base: whether that is the base, which has one part.
        top: numbers that the full height stands for, of `scale`.
        bar: width of one, px.
        height: of the drawing, px.
    """
    rows = [[n] for n in sums.own.tolist()] if base else sums.table[:, ::-1].tolist()
    parts: list[list[str]] = [[] for _ in range(1 if base else PARTS)]
    outside, cut = [], []
    last = len(rows) - 1
    for k, row in enumerate(rows):
        if not any(row):
            continue
        left = place(k, last, bar)
        wide, floor, total = bar - (bar > 3), 0.0, sum(row)
        squeeze = min(1.0, top / total)
        for part, numbers in enumerate(row):
            if not numbers:
                continue
            tall = max(numbers * squeeze / top * height, 0.6 if total == numbers else 0.0)
            low = height - floor
            parts[part].append(_box(left, low - tall, wide, tall))
            floor += tall
        if k in (0, last):
            outside.append(_box(left, height - max(floor, 3), wide, max(floor, 3)))
        if squeeze < 1:
            cut.append(_box(left - 1, 3, wide + 2, 1.5))
    told = ["".join(p) for p in parts]
    return Bars(tuple(told if base else told[::-1]), "".join(outside), "".join(cut))


def place(k: int, last: int, bar: int) -> float:
    """Left side of a bar, px; those outside the edges stand apart."""
    return bar * (k + (k > 0) * APART + (k == last) * APART)


def width(bar: int, count: int = 32) -> int:
    """Of a drawing, px."""
    return int(bar * (count + 2 * APART))


def words(k: int, sums: Sums) -> str:
    """The values of a bar: "−0.12 to −0.08", "below −0.31"."""
    edges = [f"{e:.3g}".replace("-", "−") for e in sums.edges.tolist()]
    if k == 0:
        return f"below {edges[0]}"
    if k == len(edges):
        return f"above {edges[-1]}"
    return f"{edges[k - 1]} to {edges[k]}"


def _ranges() -> tuple[str, ...]:
    ends = [f"{100 * c:.0f}" for c in CHANGES[:-1]]
    return tuple([f"{a}–{b} %" for a, b in pairwise(ends)] + [f"≥ {ends[-1]} %"])


RANGES = _ranges()  # of relative change, in words


def _box(left: float, top: float, wide: float, tall: float) -> str:
    return f"M{left:g} {max(0.0, top):.1f}h{wide:g}v{tall:.1f}h{-wide:g}z"


@dataclass(frozen=True, slots=True)
class Column:
    """A bar in large.

    Args:
        parts: (class, share of the height in %, words) from the top down.
        edge: it holds what lies outside the edges; cut: it is higher than the drawing.
    """

    parts: tuple[tuple[str, float, str], ...]
    edge: bool
    cut: bool


def stacks(sums: Sums, base: bool, top: float) -> tuple[Column, ...]:
    """The bars of a layer with words for each part.

    Args:
        sums: of a layer in a model.
        base: whether that is the base.
        top: numbers that the full height stands for, of `scale`.
    """
    rows = [[n] for n in sums.own.tolist()] if base else sums.table.tolist()
    found = []
    for k, row in enumerate(rows):
        total = sum(row)
        squeeze = 100 * min(1.0, top / total) / top if total else 0.0
        values = words(k, sums)
        parts = [
            ("own" if base else f"p{part}", squeeze * n,
             f"{values}{'' if base else f', changed by {RANGES[part]}'}: "
             f"{100 * n / sums.sound:.3g} % of the numbers ({n:,})")
            for part, n in enumerate(row) if n
        ]  # fmt: skip
        found.append(Column(tuple(parts), k in (0, len(rows) - 1), total > top))
    return tuple(found)
