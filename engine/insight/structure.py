"""Groups that nobody named: repeats, repeats of repeats, branches that join, runs of one kind."""

from __future__ import annotations

import zlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import polars as pl

from engine.insight.order import depth_first
from engine.insight.row import Row, row_of, task_labels
from engine.insight.tandem import Tandem, inner_edges, tandems

STACK = 3  # copies in a row that a stack holds
LARGE = 6  # items of a copy above which repeats inside it are looked for,
INNER = 3  # of at least so many items each,
FILLED = 0.6  # which must make up this share of the copy
LEVELS = 4  # repeats of repeats of repeats of repeats
MANY = 40  # loose tasks above which runs of one kernel class fold
RUN = 6  # tasks of one kernel class in a row
COVERED = 0.6  # share of tasks in repeats above which the order of execution serves
JOIN = 256  # positions that an edge inside a branching part may span


@dataclass(slots=True)
class Node:
    """A group in the making: `tasks` in no order; `path` is that of a named group, else ""."""

    kind: str
    tasks: list[int]
    pattern: str = ""
    label: str = ""
    path: str = ""
    children: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class _Item:
    """What stands at one position: a task, or copies that were folded."""

    tasks: list[int]
    loose: Hashable
    strict: Hashable
    nodes: list[Node] = field(default_factory=list)


class Structure:
    """Looks for structure in parts of one compilation.

    Args:
        tasks: frame of tasks.
        edges: (source, target) of tasks, -1 an input or output of the model.
    """

    def __init__(self, tasks: pl.DataFrame, edges: Sequence[tuple[int, int]]) -> None:
        self.loose, self.strict, self.scale = task_labels(tasks)
        self.kernels: list[str] = tasks["kernel"].to_list()
        self.reads: list[list[int]] = [[] for _ in self.kernels]
        self.readers: list[list[int]] = [[] for _ in self.kernels]
        for a, b in edges:
            if b >= 0:
                self.reads[b].append(a)
            if a >= 0:
                self.readers[a].append(b)

    def of(self, ids: Sequence[int]) -> list[Node]:
        """Groups among some tasks, ids ascending."""
        best = self._in_order(list(ids))
        if _covered(best) < COVERED * len(ids):
            edges = [(a, b) for b in ids for a in self.reads[b]]
            best = max(best, self._in_order(depth_first(ids, edges)), key=_covered)
        nodes = [node for item in best for node in item.nodes]
        self._rest(best, nodes)
        return nodes

    def _in_order(self, order: list[int]) -> list[_Item]:
        items = [_Item([i], self.loose[i], self.strict[i]) for i in order]
        for level in range(LEVELS):
            row = self._row(items)
            found = tandems(row)
            if level:  # a repeat of repeats must say more than that there are two
                found = [t for t in found if t.period > 1 and (t.copies > 2 or t.period > 2)]
            if not found:
                break
            items = self._fold(items, row, found)
        return items

    def _fold(self, items: list[_Item], row: Row, found: list[Tandem]) -> list[_Item]:
        """Each tandem becomes one item."""
        out, at = [], 0
        for tandem in found:
            out += items[at : tandem.start]
            at = tandem.stop
            out.append(self._folded(items, row, tandem))
        return out + items[at:]

    def _folded(self, items: list[_Item], row: Row, t: Tandem) -> _Item:
        inside = items[t.start : t.stop]
        tasks = [i for item in inside for i in item.tasks]
        if t.period == 1:
            kernel = self.kernels[tasks[0]]
            run = Node("run", tasks, label=f"{named(kernel)} × {len(tasks)}")
            run.children = [node for item in inside for node in item.nodes]
            return _Item(tasks, ("run", inside[0].loose), ("run", inside[0].loose), [run])
        what = [item.loose for item in inside[: t.period]]
        shape = int(inner_edges(row, t.start, t.period, 1)[0])
        pattern = mark(what, shape)
        plan: list[Tandem] = []
        if t.period > LARGE and all(len(item.tasks) == 1 for item in inside):
            plan = [x for x in tandems(self._row(inside[: t.period])) if x.period >= INNER]
            if sum(x.period * x.copies for x in plan) < FILLED * t.period:
                plan = []
        copies = []
        for k in range(t.copies):
            copy = inside[k * t.period : (k + 1) * t.period]
            if plan:  # the same in every copy, as they are alike
                copy = self._fold(copy, self._row(copy), plan)
            node = Node("repeat", [i for item in copy for i in item.tasks], pattern)
            node.children = [child for item in copy for child in item.nodes]
            if node.children:
                self._rest(copy, node.children)
            copies.append(node)
        folded = [Node("stack", tasks, children=copies)] if t.copies >= STACK else copies
        return _Item(tasks, ("copies", pattern), ("copies", pattern), folded)

    def _rest(self, items: list[_Item], nodes: list[Node]) -> None:
        """Adds to `nodes` what is left between repeats: branches that join, runs of a kind."""
        row = self._row(items)
        cut = row.cuts(0, len(items), JOIN)
        for first, stop in _stretches([not item.nodes for item in items]):
            low = int(cut[first : stop + 1].min())
            borders = [k for k in range(first, stop + 1) if cut[k] == low]
            for a, b in pairwise(borders):
                if b - a >= 2 and not (a == 0 and b == len(items)):
                    part = items[a:b]
                    shape = int(inner_edges(row, a, b - a, 1)[0])
                    pattern = mark([item.loose for item in part], shape)
                    branch = Node("branch", [item.tasks[0] for item in part], pattern, "branches")
                    nodes.append(branch)
                    for item in part:
                        item.nodes = [branch]
        if sum(not item.nodes for item in items) > MANY:
            nodes += self._runs(items)

    def _row(self, items: Sequence[_Item]) -> Row:
        place = {i: k for k, item in enumerate(items) for i in item.tasks}
        outside: dict[int, int] = {}
        pairs = []
        for i, k in place.items():
            for a in self.reads[i]:
                source = place.get(a)
                if source is None:
                    source = outside.setdefault(a, -1 - len(outside))
                pairs.append((source, k))
            if not self.readers[i] or any(b not in place for b in self.readers[i]):
                pairs.append((k, len(items)))
        loose, strict = [item.loose for item in items], [item.strict for item in items]
        scale = [0 if item.nodes else self.scale[item.tasks[0]] for item in items]
        return row_of(loose, strict, pairs, scale)

    def _runs(self, items: list[_Item]) -> list[Node]:
        found = []
        for first, stop in _stretches([not item.nodes for item in items]):
            at = first
            while at < stop:
                kernel, end = self.kernels[items[at].tasks[0]], at
                while end < stop and self.kernels[items[end].tasks[0]] == kernel:
                    end += 1
                if end - at >= RUN:
                    tasks = [item.tasks[0] for item in items[at:end]]
                    found.append(Node("run", tasks, label=f"{named(kernel)} × {len(tasks)}"))
                at = end
        return found


def mark(what: Sequence[Hashable], shape: int = 0) -> str:
    """A short text that is equal for equal labels and inner edges."""
    return f"{zlib.crc32(repr((list(what), shape)).encode()):08x}"


def named(kernel: str) -> str:
    """A kernel class as a person reads it."""
    return kernel.replace("_", " ")


def _covered(items: Sequence[_Item]) -> int:
    return sum(len(item.tasks) for item in items if item.nodes)


def _stretches(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """(first, stop) of each stretch of True."""
    padded = np.concatenate(([False], np.array(flags, bool), [False]))
    return [(int(a), int(b)) for a, b in np.flatnonzero(np.diff(padded)).reshape(-1, 2)]
