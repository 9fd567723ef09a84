"""Links between models made sound: bases that are not there and cycles are cut and reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.experiments.model import Forest

ROOT = -1


def forest(
    ids: Sequence[str], bases: Sequence[str], rows: Mapping[str, int]
) -> tuple[Forest, list[int], list[int]]:
    """The forest of models and the rows whose link was cut.

    Args:
        ids: of the models, by row.
        bases: id of each one's base, by row; "" for a root.
        rows: id -> row.

    Returns:
        The forest; rows whose base is not there; rows at which a cycle was cut (the first of the
        file in each cycle becomes a root).
    """
    count = len(ids)
    parent = [rows.get(b, ROOT) if b else ROOT for b in bases]
    missing = [k for k, b in enumerate(bases) if b and b not in rows]
    cut = _cut_cycles(parent)
    children: list[list[int]] = [[] for _ in range(count)]
    roots = []
    for k, p in enumerate(parent):
        if p == ROOT:
            roots.append(k)
        else:
            children[p].append(k)
    depth, root, order = [0] * count, list(range(count)), []
    waiting = list(reversed(roots))
    while waiting:
        k = waiting.pop()
        order.append(k)
        if parent[k] != ROOT:
            depth[k], root[k] = depth[parent[k]] + 1, root[parent[k]]
        waiting.extend(reversed(children[k]))
    made = Forest(
        tuple(parent),
        tuple(map(tuple, children)),
        tuple(roots),
        tuple(order),
        tuple(depth),
        tuple(root),
    )
    return made, missing, cut


def _cut_cycles(parent: list[int]) -> list[int]:
    """Make one row of each cycle a root, in place; which ones."""
    state = [0] * len(parent)  # 0 not seen, 1 on the way, 2 known to end at a root
    cut = []
    for start in range(len(parent)):
        way, k = [], start
        while k != ROOT and state[k] == 0:
            state[k] = 1
            way.append(k)
            k = parent[k]
        if k != ROOT and state[k] == 1:
            cycle = way[way.index(k) :]
            first = min(cycle)
            parent[first] = ROOT
            cut.append(first)
        for seen in way:
            state[seen] = 2
    return cut
