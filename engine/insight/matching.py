"""Which task of one compilation is which of another.

In this order, each with what is left: structure (equal tasks with equal surroundings, then along
the edges from what is matched), module name and kernel class, the same with the last part of the
name left out, and last the order of execution between what is matched.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl

from engine.compile import Compilation

RADII = (6, 3, 1, 0)  # steps around a task that its structure takes in, the surest first
SHAPE = ("kernel", "kernel_shape", "input_shape", "output_shape")
WINDOW = 400  # unmatched tasks between two pairs that are aligned; more are left alone


@dataclass(frozen=True, slots=True)
class Matching:
    """Pairs of tasks.

    Args:
        pairs: (task of the first, task of the second), in the order of the first.
        how: of each: "structure", "name", "order".
    """

    pairs: tuple[tuple[int, int], ...]
    how: tuple[str, ...]


@dataclass(slots=True)
class _Side:
    labels: list[Hashable]
    names: list[str]
    kernels: list[str]
    weights: list[str]
    before: list[list[int]]
    after: list[list[int]]
    around: list[list[int]]  # per radius a hash of each task


def match(first: Compilation, second: Compilation) -> Matching:
    """Pair the tasks of two compilations; each is in one pair at most."""
    if first is second:  # under two recipes
        same = range(first.tasks.height)
        return Matching(tuple((i, i) for i in same), ("structure",) * len(same))
    a, b = _side(first), _side(second)
    found = _Pairs(a, b)
    for k in range(len(RADII)):
        found.unique(a.around[k], b.around[k], "structure")
        found.spread()
    found.unique(list(zip(a.names, a.kernels, strict=True)),
                 list(zip(b.names, b.kernels, strict=True)), "name")  # fmt: skip
    found.spread()
    found.unique(_modules(a), _modules(b), "name")
    found.spread()
    found.align()
    order = sorted(found.of)
    return Matching(tuple((i, found.of[i][0]) for i in order), tuple(found.of[i][1] for i in order))


class _Pairs:
    """Pairs as they are found."""

    def __init__(self, a: _Side, b: _Side) -> None:
        self.a, self.b = a, b
        self.of: dict[int, tuple[int, str]] = {}
        self.taken: dict[int, int] = {}
        self._fresh: deque[tuple[int, int]] = deque()

    def add(self, i: int, j: int, how: str) -> None:
        self.of[i] = j, how
        self.taken[j] = i
        self._fresh.append((i, j))

    def unique(self, a: Sequence[Hashable], b: Sequence[Hashable], how: str) -> None:
        """Pair what bears a label that one task of each side bears, of those left."""
        left, right = _bearers(a, self.of), _bearers(b, self.taken)
        for label, (i, *more) in left.items():
            others = right.get(label, ())
            if not more and len(others) == 1:
                self.add(i, others[0], how)

    def spread(self) -> None:
        """From each pair along its edges: readers or makers that are alike and alone in it."""
        while self._fresh:
            i, j = self._fresh.popleft()
            for near in ("after", "before"):
                left: dict[Hashable, list[int]] = defaultdict(list)
                right: dict[Hashable, list[int]] = defaultdict(list)
                for k in getattr(self.a, near)[i]:
                    if k not in self.of:
                        left[self.a.labels[k]].append(k)
                for k in getattr(self.b, near)[j]:
                    if k not in self.taken:
                        right[self.b.labels[k]].append(k)
                for label, ones in left.items():
                    others = right.get(label, [])
                    if len(ones) == 1 and len(others) == 1:
                        self.add(ones[0], others[0], "structure")

    def align(self) -> None:
        """Between pairs that stand in order on both sides: what is alike, in order."""
        order = sorted(self.of)
        kept = _rising([self.of[i][0] for i in order])
        stops = [(-1, -1), *((order[k], self.of[order[k]][0]) for k in kept)]
        stops.append((len(self.a.labels), len(self.b.labels)))
        for (i0, j0), (i1, j1) in pairwise(stops):
            left = [i for i in range(i0 + 1, i1) if i not in self.of]
            right = [j for j in range(j0 + 1, j1) if j not in self.taken]
            if left and right and max(len(left), len(right)) <= WINDOW:
                for i, j in _aligned(left, right, self._alike):
                    self.add(i, j, "order")

    def _alike(self, i: int, j: int) -> float:
        """How much two tasks have in common: 0 for another kernel class, up to 3."""
        a, b = self.a, self.b
        if a.kernels[i] != b.kernels[j]:
            return 0.0
        same_name = a.names[i].rpartition("/")[2] == b.names[j].rpartition("/")[2]
        same_shape = a.weights[i] == b.weights[j]
        return 1.0 + same_name + same_shape * (1.0 if a.weights[i] else 0.5)


def _side(made: Compilation) -> _Side:
    tasks = made.tasks
    labels: list[Hashable] = list(tasks.select(SHAPE).iter_rows())
    count = tasks.height
    before: list[list[int]] = [[] for _ in range(count)]
    after: list[list[int]] = [[] for _ in range(count)]
    ends = made.edges.select("source", "target").filter(
        (pl.col("source") >= 0) & (pl.col("target") >= 0)
    )
    for s, t in ends.iter_rows():
        after[s].append(t)
        before[t].append(s)
    return _Side(
        labels, tasks["name"].to_list(), tasks["kernel"].to_list(),
        tasks["kernel_shape"].to_list(), before, after, _around(labels, before, after),
    )  # fmt: skip


def _around(
    labels: Sequence[Hashable], before: list[list[int]], after: list[list[int]]
) -> list[list[int]]:
    """A hash of each task with its surroundings, for each radius (Weisfeiler and Leman)."""
    now = [hash(label) for label in labels]
    found = {0: now}
    for r in range(1, max(RADII) + 1):
        now = [
            hash((own, tuple(sorted(now[k] for k in before[i])),
                  tuple(sorted(now[k] for k in after[i]))))
            for i, own in enumerate(now)
        ]  # fmt: skip
        found[r] = now
    return [found[r] for r in RADII]


def _modules(side: _Side) -> list[Hashable]:
    """The module around each task, with its kernel class and weights: exporters name parts anew."""
    return [
        (name.rpartition("/")[0], kernel, shape)
        for name, kernel, shape in zip(side.names, side.kernels, side.weights, strict=True)
    ]


def _bearers(labels: Sequence[Hashable], taken: Mapping[int, object]) -> dict[Hashable, list[int]]:
    found: dict[Hashable, list[int]] = defaultdict(list)
    for i, label in enumerate(labels):
        if i not in taken:
            found[label].append(i)
    return found


def _rising(values: Sequence[int]) -> list[int]:
    """Places of a longest rising run (patience sorting)."""
    tops: list[int] = []
    places: list[int] = []
    back = [-1] * len(values)
    for k, value in enumerate(values):
        at = bisect_left(tops, value)
        back[k] = places[at - 1] if at else -1
        if at == len(tops):
            tops.append(value)
            places.append(k)
        else:
            tops[at], places[at] = value, k
    found = []
    k = places[-1] if places else -1
    while k >= 0:
        found.append(k)
        k = back[k]
    return found[::-1]


def _aligned(
    left: Sequence[int], right: Sequence[int], alike: Callable[[int, int], float]
) -> list[tuple[int, int]]:
    """Pairs in order whose likeness adds up to the most (Needleman and Wunsch, free gaps)."""
    n, m = len(left), len(right)
    score = np.array([[alike(i, j) for j in right] for i in left])
    best = np.zeros((n + 1, m + 1))
    for i in range(1, n + 1):
        diagonal = best[i - 1, :-1] + score[i - 1]
        row = np.maximum(diagonal, best[i - 1, 1:])
        best[i, 1:] = np.maximum.accumulate(row)
    pairs = []
    i, j = n, m
    while i and j:
        if best[i, j] == best[i - 1, j]:
            i -= 1
        elif best[i, j] == best[i, j - 1]:
            j -= 1
        else:
            pairs.append((left[i - 1], right[j - 1]))
            i, j = i - 1, j - 1
    return pairs[::-1]
