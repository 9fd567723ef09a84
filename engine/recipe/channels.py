"""How the channels that structured pruning removes flow through a network."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from engine.cost import Floats, Ints, Mask
from engine.recipe.prepare import Prepared
from engine.recipe.refuse import PRUNABLE

_STOP = frozenset({"matmul", "attention", "recurrent", "gather", "reduction", "search"})
Kept = tuple[float, float]  # share of input channels and of output channels that is left


class _Links(NamedTuple):
    """For each task whom it reads (-1 a model input), who reads it; what it does to channels.

    The makers of task i are `makers[made[i]:made[i + 1]]`, its readers likewise: two flat lists,
    for ten thousand small ones cost the garbage collector 70 ms.
    """

    makers: list[int]
    made: list[int]
    readers: list[int]
    read: list[int]
    own: list[bool]
    stop: list[bool]


def channels(p: Prepared, structured: Mask, sparsity: Floats) -> tuple[Floats, Floats]:
    """Share of input and output channels that is left in every task, (in, out); [tasks].

    Convolutions and linear layers lose output channels of their own, their readers lose them as
    inputs, element-wise tasks pass them on, an addition keeps the most of its inputs, a product of
    activations gives them back.
    """
    keep_in, keep_out = np.ones(p.count), np.ones(p.count)
    rows = np.flatnonzero(structured)
    left = dict(zip(rows.tolist(), (1 - sparsity[rows]).tolist(), strict=True))
    changed = spread(p, left, left, keep_in, keep_out)
    at = np.fromiter(changed, np.int64, len(changed))
    if len(at):
        keep_in[at], keep_out[at] = np.array(list(changed.values())).T
    return keep_in, keep_out


def spread(
    p: Prepared, start: Iterable[int], left: Mapping[int, float], keep_in: Floats, keep_out: Floats
) -> dict[int, Kept]:
    """What becomes of all tasks that a change of some reaches: task -> (in, out).

    Args:
        p: the compilation.
        start: tasks that change.
        left: share of their own output channels that tasks leave; absent: all.
        keep_in: shares of input channels before the change; [tasks].
        keep_out: the same of output channels.
    """
    links = _links(p)
    queue = sorted(set(start))
    waiting = set(queue)
    changed: dict[int, Kept] = {}
    while queue:  # makers have smaller numbers than readers, so each is looked at once
        i = heapq.heappop(queue)
        waiting.discard(i)
        kept = [
            1.0 if m < 0 else changed[m][1] if m in changed else float(keep_out[m])
            for m in links.makers[links.made[i] : links.made[i + 1]]
        ]
        reads = max(kept) if kept else 1.0
        makes = left.get(i, 1.0) if links.own[i] else 1.0 if links.stop[i] else reads
        before = changed.get(i, (float(keep_in[i]), float(keep_out[i])))
        if (reads, makes) == before:
            continue
        changed[i] = (reads, makes)
        if makes != before[1]:
            for reader in links.readers[links.read[i] : links.read[i + 1]]:
                if reader not in waiting and reader > i:
                    waiting.add(reader)
                    heapq.heappush(queue, reader)
    return changed


def _links(p: Prepared) -> _Links:
    if "links" not in p.kept:
        source, target = p.edges.source, p.edges.target
        inner = (source >= 0) & (target >= 0)
        makers, made = _grouped(target[target >= 0], source[target >= 0], p.count)
        readers, read = _grouped(source[inner], target[inner], p.count)
        own = np.array([kind[0] in PRUNABLE for kind in p.kinds], bool)[p.kind].tolist()
        stop = np.array([kind[0] in _STOP for kind in p.kinds], bool)[p.kind].tolist()
        p.kept["links"] = _Links(makers, made, readers, read, own, stop)
    found: _Links = p.kept["links"]
    return found


def _grouped(key: Ints, value: Ints, count: int) -> tuple[list[int], list[int]]:
    """Values by key, and where those of each key begin; [count + 1]."""
    order = np.argsort(key, kind="stable")
    starts = np.searchsorted(key[order], np.arange(count + 1))
    return value[order].tolist(), starts.tolist()
