"""The model map: a column for each step, a row for each leaf.

Two ways to choose columns.  By step: column = number of operations from the root.  By operation: a
greedy alignment of all root-to-leaf sequences, so that equal operations share a column; the rules
are those of the published tool (Boggust et al., Compress and Compare, TVCG 2024).

Rows: one for each leaf.  A model shares the row of its first branch; the branches that remain are
laid below, those nearest the leaf first.  Nothing here recurses, for a chain of thousands is a
tree too.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Any, Literal

import polars as pl

from engine.experiments.model import Experiment, Forest, Value

By = Literal["operation", "step"]
_Children = Sequence[Sequence[int]] | Mapping[int, Sequence[int]]  # by row
_Labels = Sequence[str] | Mapping[int, str]
# `row` of the model in the experiment; `hidden`: how many models a collapsed one stands for besides
# itself; `column` and `lane` count from 0, x to the right and y down.
POSITION_SCHEMA: dict[str, Any] = {
    "row": pl.Int32,
    "column": pl.Int32,
    "lane": pl.Int32,
    "hidden": pl.Int32,
}
_GAP = 1 << 40  # between the order labels of neighbouring columns


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the map.

    Args:
        title: name of the operation, "Base", or "Step 2".
        rows: models that stand in it, from the top.
    """

    title: str
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Where each model stands.

    Args:
        by: "operation" or "step".
        columns: from the left.
        lanes: how many rows the map has.
        positions: one row a visible model, columns `POSITION_SCHEMA`, in the experiment's order.
    """

    by: By
    columns: tuple[Column, ...]
    lanes: int
    positions: pl.DataFrame


def layout(experiment: Experiment, by: By = "operation", collapsed: Collection[str] = ()) -> Layout:
    """Lay out the map.

    Args:
        experiment: what to lay out.
        by: how columns are chosen.
        collapsed: ids of models whose descendants are not drawn.
    """
    forest = experiment.forest
    shut = {experiment.rows[i] for i in collapsed if i in experiment.rows}
    children, hidden = _visible(forest, shut)
    labels = [m.operation.name if m.operation else "" for m in experiment.models]
    order = [k for k in forest.order if hidden[k] >= 0]
    if by == "step":
        count = max((forest.depth[k] for k in order), default=-1) + 1
        column = list(forest.depth)
        titles = ["Base" if k == 0 else f"Step {k}" for k in range(count)]
    else:
        column, titles = aligned(children, labels, order)
        titles = [t or "Base" for t in titles]
    values = [m.operation.parameters if m.operation else {} for m in experiment.models]
    lane, lanes = _lanes(forest.roots, children, labels, values, column, order)
    shown = sorted(order)
    inside: list[list[int]] = [[] for _ in titles]
    for k in sorted(order, key=lane.__getitem__):
        inside[column[k]].append(k)
    return Layout(
        by,
        tuple(Column(t, tuple(rows)) for t, rows in zip(titles, inside, strict=True)),
        lanes,
        pl.DataFrame(
            {
                "row": shown,
                "column": [column[k] for k in shown],
                "lane": [lane[k] for k in shown],
                "hidden": [hidden[k] for k in shown],
            },
            POSITION_SCHEMA,
        ),
    )


def _visible(forest: Forest, shut: Collection[int]) -> tuple[list[Sequence[int]], list[int]]:
    """Children that are drawn, and how many models each drawn one hides; -1: not drawn itself."""
    below = [0] * len(forest.parent)
    for k in reversed(forest.order):
        if forest.parent[k] >= 0:
            below[forest.parent[k]] += below[k] + 1
    children: list[Sequence[int]] = [() if k in shut else c for k, c in enumerate(forest.children)]
    hidden = [-1] * len(forest.parent)
    for k in forest.order:
        parent = forest.parent[k]
        if parent < 0 or (hidden[parent] >= 0 and parent not in shut):
            hidden[k] = below[k] if k in shut else 0
    return children, hidden


def aligned(children: _Children, labels: _Labels, order: list[int]) -> tuple[list[int], list[str]]:
    """Columns by operation: row -> column (-1: not asked for), and the operation of each column.

    Args:
        children: row -> rows below it, among those of `order`.
        labels: row -> operation; "" none.
        order: the rows to align, each after what it was made from.

    Paths come longest first, then by their labels.  On a path the models that an earlier path has
    placed stay.  They are a beginning of the path, so each of the others, from the left, takes the
    first column of its operation right of the nearest placed model before it; what then is left
    over gets a new column just right of its predecessor.
    """
    columns = _Columns()
    taken: dict[int, _Place] = {}
    for path in _paths(children, labels, order, taken):
        at: _Place | None = taken.get(path[0]) if path else None
        fresh = path[1:] if at is not None else path
        last = at
        for k in fresh:
            found = columns.first(labels[k], last)
            if found is not None:
                taken[k] = last = found
        last = at
        for k in fresh:
            if k not in taken:
                taken[k] = columns.insert(labels[k], last)
            last = taken[k]
    ranked = columns.ranked()
    place = {id(c): n for n, c in enumerate(ranked)}
    made = [-1] * (max(order, default=-1) + 1)
    for k, column in taken.items():
        made[k] = place[id(column)]
    return made, [c.label for c in ranked]


def _paths(
    children: _Children, labels: _Labels, order: list[int], taken: dict[int, _Place]
) -> Iterator[list[int]]:
    """Each root-to-leaf path in the order of the alignment, from its last placed model on.

    Paths of one length compare by label at the first place where labels differ.  That is the
    preorder of the tree of labels with its children sorted, so no path is ever written out.
    """
    parent = {c: k for k in order for c in children[k]}
    nodes: list[dict[str, int]] = [{}]
    of: dict[int, int] = {}
    depth: dict[int, int] = {}
    for k in order:
        above = nodes[of[parent[k]] if k in parent else 0]
        if labels[k] not in above:
            above[labels[k]] = len(nodes)
            nodes.append({})
        of[k] = above[labels[k]]
        depth[k] = depth[parent[k]] + 1 if k in parent else 0
    rank: dict[int, int] = {}
    waiting = [0]
    while waiting:
        node = waiting.pop()
        rank[node] = len(rank)
        waiting.extend(nodes[node][label] for label in sorted(nodes[node], reverse=True))
    leaves = [k for k in order if not children[k]]  # in order, and sorting keeps it for ties
    for leaf in sorted(leaves, key=lambda k: (-depth[k], rank[of[k]])):
        path, k = [leaf], leaf
        while k not in taken and k in parent:
            k = parent[k]
            path.append(k)
        yield path[::-1]


@dataclass(slots=True, eq=False)
class _Place:
    """A column while they are still being inserted; `at` orders them."""

    label: str
    at: int


class _Columns:
    """Columns in an order that allows inserting; labels are renumbered when a gap is used up."""

    def __init__(self) -> None:
        self._all: list[_Place] = []
        self._named: dict[str, list[_Place]] = {}

    def first(self, label: str, after: _Place | None) -> _Place | None:
        """The first column of that label right of a place."""
        named = self._named.get(label, [])
        k = bisect_right(named, after.at, key=lambda c: c.at) if after else 0
        return named[k] if k < len(named) else None

    def insert(self, label: str, after: _Place | None) -> _Place:
        """A new column just right of a place; the first of all without one."""
        k = bisect_right(self._all, after.at, key=lambda c: c.at) if after else 0
        low = self._all[k - 1].at if k else 0
        if k < len(self._all) and self._all[k].at - low < 2:
            for n, column in enumerate(self._all, 1):
                column.at = n * _GAP
            low = self._all[k - 1].at if k else 0
        high = self._all[k].at if k < len(self._all) else low + 2 * _GAP
        made = _Place(label, (low + high) // 2)
        self._all.insert(k, made)
        named = self._named.setdefault(label, [])
        named.insert(bisect_right(named, made.at, key=lambda c: c.at), made)
        return made

    def ranked(self) -> list[_Place]:
        return self._all


def _lanes(
    roots: Sequence[int],
    children: Sequence[Sequence[int]],
    labels: Sequence[str],
    values: Sequence[Any],
    column: Sequence[int],
    order: list[int],
) -> tuple[list[int], int]:
    """The lane of each model, and how many there are.

    Siblings: of one operation by parameters, names sorted, values ascending; else the one further
    right first; then the longer branch; then as in the file.
    """
    height = [0] * len(column)
    for k in reversed(order):
        height[k] = 1 + max((height[c] for c in children[k]), default=-1)
    keys: dict[int, list[tuple[str, tuple[Any, ...]]]] = {}

    def key(k: int) -> list[tuple[str, tuple[Any, ...]]]:
        if k not in keys:
            keys[k] = [(n, ordered(values[k][n])) for n in sorted(values[k])]
        return keys[k]

    def compare(a: int, b: int) -> int:
        if labels[a] == labels[b] and key(a) != key(b):
            return -1 if key(a) < key(b) else 1
        if column[a] != column[b]:
            return -1 if column[a] > column[b] else 1
        return height[b] - height[a]

    by = cmp_to_key(compare)
    lane, lanes = [-1] * len(column), 0
    # a branch waits on the stack until the ones nearer the leaf are laid out
    waiting = sorted(roots, key=by)[::-1]
    while waiting:
        k = waiting.pop()
        lane[k] = lanes
        while children[k]:
            k, *rest = sorted(children[k], key=by)
            lane[k] = lanes
            waiting.extend(reversed(rest))
        lanes += 1
    return lane, lanes


def ordered(value: Value) -> tuple[Any, ...]:
    """A key that sorts values of any type: nothing, then numbers, then text."""
    if value is None:
        return (0,)
    if isinstance(value, (bool, int, float)):
        return (1, float(value))
    return (2, str(value))
