"""Order and x of the boxes of one column of ranks.

Order by fast-sugiyama, refined by barycentres; x by isotonic regression, which gives the positions
nearest to what each box wants that keep order and distance (pool adjacent violators).
"""

from __future__ import annotations

from collections.abc import Sequence

GAP = 16.0  # between boxes of a rank
LANE = 12.0  # width that a passing edge takes
SWEEPS = 6
MAX_COUNTED = 400  # links of a rank whose crossings are counted


def align(
    layers: Sequence[Sequence[int]],
    edges: Sequence[tuple[int, int, int]],
    rank: Sequence[int],
    first: int,
    widths: Sequence[float],
) -> tuple[dict[int, float], dict[int, list[tuple[int, float]]]]:
    """X of each box, and (rank, x) of the points where long edges pass a rank."""
    rows: list[list[int]] = [list(layer) for layer in layers]
    size = {i: widths[i] + GAP for layer in layers for i in layer}
    links: list[tuple[int, int, float]] = []
    chains: dict[int, list[int]] = {}
    dummy = -1
    for e, a, b in edges:
        before = a
        for r in range(rank[a] + 1, rank[b]):
            rows[r - first].append(dummy)
            size[dummy] = LANE
            chains.setdefault(e, []).append(dummy)
            links.append((before, dummy, 4.0 if before < 0 else 0.02))
            before, dummy = dummy, dummy - 1
        links.append((before, b, 0.02 if before < 0 else 1.0))
    above: dict[int, list[tuple[int, float]]] = {}
    below: dict[int, list[tuple[int, float]]] = {}
    for a, b, w in links:
        above.setdefault(b, []).append((a, w))
        below.setdefault(a, []).append((b, w))
    _order(rows, [(a, b) for a, b, _ in links], above, below)
    x: dict[int, float] = {}
    for row in rows:
        at = 0.0
        for i in row:
            x[i] = at + size[i] / 2
            at += size[i]
        for i in row:
            x[i] -= at / 2
    both = {i: above.get(i, []) + below.get(i, []) for i in x}
    for turn in range(SWEEPS * 2 + 2):
        down = turn % 2 == 0
        side = both if turn >= SWEEPS * 2 else above if down else below
        for row in rows if down else reversed(rows):
            _settle(row, x, side, size)
    passing = {
        e: [
            (rank_of, x[d])
            for rank_of, d in zip(range(rank[a] + 1, rank[b]), chains[e], strict=True)
        ]
        for e, a, b in edges
        if e in chains
    }
    return {i: v for i, v in x.items() if i >= 0}, passing


def _order(
    rows: list[list[int]],
    links: Sequence[tuple[int, int]],
    above: dict[int, list[tuple[int, float]]],
    below: dict[int, list[tuple[int, float]]],
) -> None:
    """Sort each row so that few edges cross."""
    hint = _hint(links)
    for row in rows:
        row.sort(key=lambda i: (hint.get(i, 0.0), -i if i < 0 else i))
    place_of = {i: k for row in rows for k, i in enumerate(row)}
    best, fewest = [list(r) for r in rows], _crossings(rows, links, place_of)
    for turn in range(SWEEPS):
        side = above if turn % 2 == 0 else below
        for row in rows if turn % 2 == 0 else reversed(rows):
            row.sort(
                key=lambda i: (
                    sum(place_of[j] for j, _ in side[i]) / len(side[i])
                    if i in side
                    else place_of[i]
                )
            )
            for k, i in enumerate(row):
                place_of[i] = k
        now = _crossings(rows, links, place_of)
        if now < fewest:
            best, fewest = [list(r) for r in rows], now
    for row, kept in zip(rows, best, strict=True):
        row[:] = kept


def _crossings(
    rows: Sequence[Sequence[int]], links: Sequence[tuple[int, int]], place_of: dict[int, int]
) -> int:
    """Pairs of links between the same two ranks that cross."""
    rank = {i: r for r, row in enumerate(rows) for i in row}
    by_rank: dict[int, list[tuple[int, int]]] = {}
    for a, b in links:
        by_rank.setdefault(rank[a], []).append((place_of[a], place_of[b]))
    total = 0
    for pairs in by_rank.values():
        pairs.sort()
        for k, (_, b) in enumerate(pairs[:MAX_COUNTED]):
            total += sum(1 for a2, b2 in pairs[k + 1 : MAX_COUNTED] if b2 < b and a2 != pairs[k][0])
    return total


def _hint(links: Sequence[tuple[int, int]]) -> dict[int, float]:
    """X by fast-sugiyama, for the order only: its own x drifts sideways on long chains."""
    if not 1 < len(links) < 20_000:
        return {}
    try:
        from fast_sugiyama import from_edges
    except ImportError:  # the barycentres alone then do the work
        return {}
    parts = from_edges(list(links), ranking_type="down", dummy_vertices=False, check_layout=False)
    return {int(i): x for nodes, *_ in parts for i, (x, _) in nodes}


def _settle(
    row: Sequence[int],
    x: dict[int, float],
    side: dict[int, list[tuple[int, float]]],
    size: dict[int, float],
) -> None:
    """Move a row to the means of its neighbours, order and distances kept (pool adjacent)."""
    offset, at = [], 0.0
    for k, i in enumerate(row):
        at += (size[row[k - 1]] / 2 + size[i] / 2) if k else 0.0
        offset.append(at)
    pools: list[list[float]] = []  # sum of weight x wish, weight, members
    for k, i in enumerate(row):
        near = side.get(i)
        want = sum(x[j] * w for j, w in near) / sum(w for _, w in near) if near else x[i]
        weight = 10.0 if i >= 0 else 0.05  # a passing edge gives way to a box
        pools.append([(want - offset[k]) * weight, weight, 1])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            total, weight, members = pools.pop()
            pools[-1] = [pools[-1][0] + total, pools[-1][1] + weight, pools[-1][2] + members]
    k = 0
    for total, weight, members in pools:
        for _ in range(int(members)):
            x[row[k]] = total / weight + offset[k]
            k += 1
