"""Tasks in a row, as repeats are looked for: labels, edges between positions, borders.

A label says what a task is, in two grades.  Loose: kernel class and window.  Strict: its ops
without those that only rename or move, whether it scales the picture, and how far back its
near inputs are made.  Sizes are in neither, so that layers whose channels grow stay alike.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

NEAR = 64  # positions; a nearer input is part of a strict label
SHARED = 4  # readers of a value that the whole model may share
FREE = frozenset(
    ("Cast", "Dropout", "Expand", "Flatten", "Identity", "Reshape", "Slice", "Squeeze",
     "Transpose", "Unsqueeze")
)  # fmt: skip
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Row:
    """Items in a row.

    Args:
        loose: label of each item, coarse.
        strict: label of each item, fine.
        source: position that an edge leaves; negative outside.
        target: position that it enters, in ascending order and after its source; the number of
            items outside.
        before: position of the reader before this one of the same source, else the source.
        last: per item the position of its last reader; its own where nobody reads it.
        shared: per item whether many read it, as all layers read one table of angles.
        scale: per item -1, 0 or 1: it makes a picture smaller, leaves it, makes it larger.
    """

    loose: Ints
    strict: Ints
    source: Ints
    target: Ints
    before: Ints
    last: Ints
    shared: NDArray[np.bool_]
    scale: Ints

    def __len__(self) -> int:
        return len(self.loose)

    def interface(self, first: int, stop: int, period: int) -> Ints:
        """Values that enter or leave each window of `period` items in [first, stop).

        Returns:
            one count for each window start from `first` on; a value that only passes by is in
            none of them.
        """
        width = stop - first - period + 1
        change = np.zeros(width + 1, np.int64)
        edges = slice(*np.searchsorted(self.target, (first, stop)))
        s, t, before = self.source[edges], self.target[edges], self.before[edges]
        _between(change, np.maximum(np.maximum(s, before), t - period) + 1 - first, t - first)
        s = np.arange(first, stop)
        last = self.last[first:stop]
        _between(change, s - period + 1 - first, np.minimum(s, last - period) - first)
        return np.cumsum(change[:-1])

    def cuts(self, first: int, stop: int, span: int) -> Ints:
        """Values alive across each border from `first` to `stop`.

        Long edges are left out, and so is what the whole model shares.

        Args:
            first: border before this position.
            stop: border before this position, included.
            span: positions that a counted edge may span.
        """
        edges = slice(*np.searchsorted(self.target, (first, min(len(self), stop + span) + 1)))
        s, t = self.source[edges], self.target[edges]
        near = t - s <= span
        inside = np.maximum(s, 0)
        near &= (s < 0) | ~self.shared[inside] | (self.last[inside] - s <= 2 * span)
        change = np.zeros(stop - first + 2, np.int64)
        s, t = s[near][::-1], t[near][::-1]  # targets fall, so a source is first met with its last
        s, at = np.unique(s, return_index=True)
        _between(change, s + 1 - first, t[at] - first)
        return np.cumsum(change[:-1])


def row_of(
    labels: Sequence[Hashable],
    fine: Sequence[Hashable],
    edges: Sequence[tuple[int, int]],
    scale: Sequence[int],
) -> Row:
    """Items with their labels and the edges between them.

    Args:
        labels: loose labels.
        fine: strict labels, without distances.
        edges: (source, target) positions; a source outside is a negative number of its own, a
            target outside is the number of items.
        scale: of each item, see `Row`.
    """
    pairs = sorted({(b, a) for a, b in edges if a < b})
    readers = [0] * len(labels)
    near: list[list[int]] = [[] for _ in labels]
    last = list(range(len(labels)))
    end = len(labels)
    reader: dict[int, int] = {}
    before = []
    for b, a in pairs:
        if b < end and b - a <= NEAR:
            near[b].append(b - a)
        if a >= 0:
            last[a] = b
            readers[a] += 1
        before.append(reader.get(a, a))
        reader[a] = b
    return Row(
        _numbers(labels),
        _numbers([(x, tuple(d)) for x, d in zip(fine, near, strict=True)]),
        np.array([a for _, a in pairs], np.int64),
        np.array([b for b, _ in pairs], np.int64),
        np.array(before, np.int64),
        np.array(last, np.int64),
        np.array(readers, np.int64) >= SHARED,
        np.array(scale, np.int64),
    )


def task_labels(tasks: pl.DataFrame) -> tuple[list[Hashable], list[Hashable], list[int]]:
    """Loose and strict labels of all tasks, without distances, and how they scale a picture."""
    columns = tasks.select("kernel", "window", "ops", "input_shape", "output_shape").rows()
    known: dict[tuple[object, ...], tuple[Hashable, int]] = {}
    scale: list[int] = []
    loose: list[Hashable] = []
    strict: list[Hashable] = []
    for row in columns:
        loose.append(row[:2])
        if row not in known:
            by = _scaling(row[3], row[4])
            known[row] = ((*row[:2], _essence(row[2]), by), by)
        strict.append(known[row][0])
        scale.append(known[row][1])
    return loose, strict, scale


def _essence(ops: str | None) -> tuple[str, ...]:
    names = (ops or "").split("+")
    return tuple(n for n in names if n not in FREE) or tuple(names[:1])


def _scaling(before: str | None, after: str | None) -> int:
    """-1, 0, 1: a picture gets smaller, stays, gets larger; 0 for what is no picture."""
    a, b = (before or "").split("×"), (after or "").split("×")
    if len(a) != 4 or len(b) != 4 or not (a[2].isdigit() and b[2].isdigit()):
        return 0
    return (int(a[2]) < int(b[2])) - (int(a[2]) > int(b[2]))


def _numbers(labels: Sequence[Hashable]) -> Ints:
    known: dict[Hashable, int] = {}
    return np.array([known.setdefault(x, len(known)) for x in labels], np.int64)


def _between(change: Ints, first: Ints, last: Ints) -> None:
    """Add one to every place from `first` to `last`, as differences; clipped to the array."""
    end = len(change) - 1
    first, last = np.clip(first, 0, end), np.clip(last + 1, 0, end)
    some = first < last
    np.add.at(change, first[some], 1)
    np.add.at(change, last[some], -1)
