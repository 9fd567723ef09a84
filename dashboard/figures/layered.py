"""Place boxes in layers, downwards or rightwards, folded so that a long chain stays legible.

Ranks by longest path; order inside a rank by fast-sugiyama, refined by barycentres; x by isotonic
regression, which gives the best positions that keep order and distance.  Ranks are then dealt to
columns.  Two columns may form a U, down and up again, when that shortens the edges: a U-Net then
looks like its name.  Everything here is arithmetic on lists; 1,000 boxes take well under a second.

Left to right is the same with distances of its own, and x and y exchanged at the end: boxes stay
as wide as their text, so ranks are further apart and the boxes of a rank closer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from dashboard.figures.column import GAP, align

Point = tuple[float, float]

BOX = (112.0, 26.0)  # width and height of a box
PITCH = 38.0  # between ranks
GUTTER = 64.0  # between columns
WIDE_GUTTER = 130.0  # between the arms of a U, where its skip connections run
TITLE = 20.0  # extra room above a rank where a frame begins
MAX_SPAN = 30  # ranks; a longer edge runs through the gutter instead
PANE = (720.0, 600.0)  # the usual pane, for the choice of columns
MAX_COLUMNS = 24
EXHAUSTIVE = 150  # boxes up to which every folding is placed and compared
SMALL = 30  # the same for who waits for it
LIKELY = 2  # foldings that are placed above that
MAX_TURNS = 8
CROSSING = 2  # long edges over the turn of a U, at least
LONG = 4  # ranks


@dataclass(frozen=True, slots=True)
class _Grid:
    """Distances of one direction; "across" runs along a rank.

    Args:
        box: size of a box across and along.
        pitch: between ranks.
        title: extra room before a rank where a frame begins.
        pane: of the usual pane, across and along.
    """

    box: tuple[float, float]
    pitch: float
    title: float
    pane: tuple[float, float]


DOWN = _Grid(BOX, PITCH, TITLE, PANE)
# rows 38 apart, with the gap that `align` adds; a frame's title needs no room between ranks
RIGHT = _Grid((PITCH - GAP, BOX[0]), 150.0, 8.0, (PANE[1], PANE[0]))
TURNED = {"bottom": "right", "top": "left", "left": "top", "right": "bottom"}


@dataclass(frozen=True)
class Placed:
    """Where everything is.

    Args:
        points: centre of each box.
        column: column of each box, from the left.
        rank: layer of each box.
        up: per column, True where it runs bottom to top.
        routes: per edge the control points between its ends; () is a straight line.
        ends: per edge the sides it leaves and enters: "bottom", "top", "left", "right".
    """

    points: tuple[Point, ...]
    column: tuple[int, ...]
    rank: tuple[int, ...]
    up: tuple[bool, ...]
    routes: tuple[tuple[Point, ...], ...]
    ends: tuple[tuple[str, str], ...]


def place(
    count: int,
    edges: Sequence[tuple[int, int]],
    widths: Sequence[float] | None = None,
    groups: Sequence[str] | None = None,
    fed: Sequence[bool] | None = None,
    direction: str = "down",
    quick: bool = False,
) -> Placed:
    """Place `count` boxes that are numbered in execution order.

    Args:
        count: number of boxes.
        edges: (source, target) pairs; an edge against the numbering is ranked the other way round.
        widths: width of each box.
        groups: name of the frame around each box, "" for none; columns break between frames.
        fed: whether a box depends on an input of the model; one that does not (constants) is
            ranked as late as possible, or thousands would share the first rank.
        direction: "down" or "right"; `widths` are sizes across it.
        quick: compare few foldings already where there are more than `SMALL` boxes.
    """
    if not count:
        return Placed((), (), (), (), (), ())
    grid = RIGHT if direction == "right" else DOWN
    widths = widths or [grid.box[0]] * count
    groups = groups or [""] * count
    forward = [(min(a, b), max(a, b)) for a, b in edges]
    rank = _ranks(count, forward, fed)
    layers: list[list[int]] = [[] for _ in range(max(rank) + 1)]
    for i in range(count):
        layers[rank[i]].append(i)
    tries: list[tuple[list[int], bool]] = []
    for columns in range(1, min(MAX_COLUMNS, len(layers)) + 1):
        tries.append((_breaks(layers, rank, forward, groups, columns), False))
        if columns == 2:
            tries += [([0, r, len(layers)], True) for r in _turns(layers, groups, rank, forward)]
        if columns > 4 and count / columns < 6:
            break
    shrink = [_shrink(layers, breaks, widths, grid) for breaks, _ in tries]
    likely = sorted(range(len(tries)), key=shrink.__getitem__)
    if count > (
        SMALL if quick else EXHAUSTIVE
    ):  # placing a large graph takes a while, so only the likely foldings
        likely = likely[:LIKELY]
    best: tuple[float, Placed] | None = None
    for t in likely:
        # an edge is no shorter than from rank to rank, so `_score` cannot come below this
        if best and max(1.0, shrink[t]) * (1.0 + grid.pitch / 60.0) >= best[0]:
            break
        breaks, snake = tries[t]
        placed = _fold(layers, rank, breaks, forward, edges, widths, groups, snake, grid)
        score = _score(placed, edges, widths, grid)
        if best is None or score < best[0]:
            best = (score, placed)
    assert best is not None
    return _turned(best[1]) if direction == "right" else best[1]


def _turned(placed: Placed) -> Placed:
    """X and y exchanged."""
    return replace(
        placed,
        points=tuple((x, y) for y, x in placed.points),
        routes=tuple(tuple((x, y) for y, x in route) for route in placed.routes),
        ends=tuple((TURNED[out], TURNED[into]) for out, into in placed.ends),
    )


def _shrink(
    layers: Sequence[Sequence[int]],
    breaks: Sequence[int],
    widths: Sequence[float],
    grid: _Grid,
) -> float:
    """How much a folding must shrink to fit the pane, from its widest ranks, before placing it."""
    width = GUTTER * (len(breaks) - 2)
    for first, last in pairwise(breaks):
        width += max(sum(widths[i] + GAP for i in layers[r]) for r in range(first, last))
    height = grid.pitch * max(last - first for first, last in pairwise(breaks))
    return max(width / grid.pane[0], height / grid.pane[1])


def _score(
    placed: Placed, edges: Sequence[tuple[int, int]], widths: Sequence[float], grid: _Grid
) -> float:
    """Small is good: legible when fitted to the pane, with short edges on the screen."""
    width, height = _extent(placed, widths, grid)
    zoom = min(grid.pane[0] / width, grid.pane[1] / height, 1.0)
    length = sum(
        abs(placed.points[a][0] - placed.points[b][0])
        + abs(placed.points[a][1] - placed.points[b][1])
        for a, b in edges
    ) / max(len(edges), 1)
    return (1.0 + length / 60.0) / zoom


def _extent(placed: Placed, widths: Sequence[float], grid: _Grid) -> tuple[float, float]:
    xs = [p[0] for p in placed.points]
    ys = [p[1] for p in placed.points]
    return max(xs) - min(xs) + max(widths) + 40, max(ys) - min(ys) + grid.box[1] + 40


def _ranks(count: int, edges: Sequence[tuple[int, int]], fed: Sequence[bool] | None) -> list[int]:
    """Longest path from the sources; what no input feeds moves down to its first reader."""
    rank = [0] * count
    after: list[list[int]] = [[] for _ in range(count)]
    for a, b in sorted(edges):
        after[a].append(b)
    for a in range(count):
        for b in after[a]:
            rank[b] = max(rank[b], rank[a] + 1)
    if fed is not None:
        for a in range(count - 1, -1, -1):
            if not fed[a] and after[a]:
                rank[a] = max(rank[a], min(rank[b] for b in after[a]) - 1)
    return rank


def _breaks(
    layers: Sequence[Sequence[int]],
    rank: Sequence[int],
    edges: Sequence[tuple[int, int]],
    groups: Sequence[str],
    columns: int,
) -> list[int]:
    """Ranks that begin a column: near equal parts, where few edges cross and frames change."""
    depth = len(layers)
    crossing = [0] * (depth + 1)
    for a, b in edges:
        crossing[rank[a] + 1] += 1
        crossing[rank[b] + 1] -= 1
    cut, total = [], 0
    for r in range(depth):
        total += crossing[r]
        cut.append(total)
    names = [{groups[i] for i in layer} for layer in layers]
    breaks = [0]
    for k in range(1, columns):
        ideal = k * depth / columns
        reach = max(1, int(depth / columns * 0.3))
        options = range(max(breaks[-1] + 1, int(ideal) - reach), min(depth, int(ideal) + reach + 1))
        if not options:
            continue
        breaks.append(
            min(
                options,
                key=lambda r: (
                    2 * cut[r]
                    + (8 if names[r] & names[r - 1] - {""} else 0)
                    + 4 * abs(r - ideal) / reach
                ),
            )
        )
    return [*breaks, depth]


def _turns(
    layers: Sequence[Sequence[int]],
    groups: Sequence[str],
    rank: Sequence[int],
    edges: Sequence[tuple[int, int]],
) -> list[int]:
    """Ranks where a U may turn: near the middle, where several edges cross and a frame begins."""
    depth = len(layers)
    names = [{groups[i] for i in layer} - {""} for layer in layers]
    near = sorted(range(max(1, depth // 3), 2 * depth // 3 + 1), key=lambda r: abs(r - depth / 2))
    near = [
        r
        for r in near
        if r < depth
        and sum(rank[a] < r <= rank[b] and rank[b] - rank[a] >= LONG for a, b in edges) >= CROSSING
    ]
    return ([r for r in near if names[r] - names[r - 1]] or near)[:MAX_TURNS]


def _fold(
    layers: Sequence[Sequence[int]],
    rank: Sequence[int],
    breaks: Sequence[int],
    forward: Sequence[tuple[int, int]],
    edges: Sequence[tuple[int, int]],
    widths: Sequence[float],
    groups: Sequence[str],
    snake: bool,
    grid: _Grid,
) -> Placed:
    """Lay out each column on its own, set them side by side, route the edges."""
    count = len(rank)
    points: list[Point] = [(0.0, 0.0)] * count
    column_of = [0] * count
    lanes: dict[int, tuple[Point, ...]] = {}
    left = 0.0
    bounds: list[tuple[float, float]] = []
    up = tuple(snake and c % 2 == 1 for c in range(len(breaks) - 1))
    for c, (first, last) in enumerate(pairwise(breaks)):
        names = [{groups[i] for i in layers[r]} for r in range(first, last)]
        ys = _heights(names[::-1], grid)[::-1] if up[c] else _heights(names, grid)
        nodes = [i for r in range(first, last) for i in layers[r]]
        for i in nodes:
            column_of[i] = c
        inside = [
            (e, a, b)
            for e, (a, b) in enumerate(forward)
            if first <= rank[a] and rank[b] < last and rank[b] - rank[a] <= MAX_SPAN and a != b
        ]
        xs, passing = align([layers[r] for r in range(first, last)], inside, rank, first, widths)
        low = min(xs[i] - widths[i] / 2 for i in nodes)
        high = max(xs[i] + widths[i] / 2 for i in nodes)
        for way in passing.values():
            low = min(low, *(x for _, x in way))
            high = max(high, *(x for _, x in way))
        shift = left - low
        for e, way in passing.items():
            lanes[e] = tuple((x + shift, ys[r - first]) for r, x in way)
        for i in nodes:
            points[i] = (xs[i] + shift, ys[rank[i] - first])
        bounds.append((left, left + high - low))
        left += high - low + (WIDE_GUTTER if snake else GUTTER)
    # shorter columns are centred in a U, top-aligned otherwise
    if snake and len(bounds) == 2:
        tall = [max(p[1] for i, p in enumerate(points) if column_of[i] == c) for c in (0, 1)]
        for i, (x, y) in enumerate(points):
            points[i] = (x, y + max(tall) - tall[column_of[i]])
        for e, lane in lanes.items():
            drop = max(tall) - tall[column_of[edges[e][0]]]
            lanes[e] = tuple((x, y + drop) for x, y in lane)
    routes, ends = [], []
    used: dict[int, int] = {}
    for e, (a, b) in enumerate(edges):
        route, sides = _route(e, a, b, points, column_of, bounds, grid, up, lanes, used, rank)
        routes.append(route)
        ends.append(sides)
    return Placed(tuple(points), tuple(column_of), tuple(rank), up, tuple(routes), tuple(ends))


def _heights(names: Sequence[set[str]], grid: _Grid) -> list[float]:
    """Y of each rank of a column; a frame that begins gets room for its title."""
    ys, y = [], 0.0
    for r, here in enumerate(names):
        fresh = here - (names[r - 1] if r else set()) - {""}
        ended = (names[r - 1] if r else set()) - here - {""}
        y += (grid.pitch if r else 0.0) + (grid.title if fresh and r else 0.0)
        y += 6.0 if ended and not fresh else 0.0
        ys.append(y)
    return ys


def _route(
    e: int,
    a: int,
    b: int,
    points: Sequence[Point],
    column: Sequence[int],
    bounds: Sequence[tuple[float, float]],
    grid: _Grid,
    up: Sequence[bool],
    lanes: dict[int, tuple[Point, ...]],
    used: dict[int, int],
    rank: Sequence[int],
) -> tuple[tuple[Point, ...], tuple[str, str]]:
    """Control points and sides of one edge."""
    (ax, ay), (bx, by) = points[a], points[b]
    if column[a] == column[b]:
        out, into = ("top", "bottom") if up[column[a]] else ("bottom", "top")
        if rank[a] > rank[b]:
            out, into = into, out
        if e in lanes:
            return lanes[e] if rank[a] < rank[b] else lanes[e][::-1], (out, into)
        if abs(rank[a] - rank[b]) > 1:  # too long for a lane of its own: around the side
            x = bounds[column[a]][1] + _lane(used, column[a])
            return ((x, ay), (x, by)), ("right", "right")
        if abs(ax - bx) < 3:
            return (), (out, into)
        half = (by - ay) / 2
        return ((ax, ay + half), (bx, by - half)), (out, into)
    right = column[b] > column[a]
    near = bounds[column[a]][1 if right else 0]
    far = bounds[column[b]][0 if right else 1]
    sign = 1 if right else -1
    shift = _lane(used, column[a] if right else column[b])
    if abs(column[a] - column[b]) == 1:
        x = (near + far) / 2 + shift - 18
        way: tuple[Point, ...] = ((x, ay), (x, by))
    else:  # over the top of the columns between
        top = -grid.pitch - _lane(used, -1)
        x1, x2 = near + sign * (8 + shift), far - sign * (8 + shift)
        way = ((x1, ay), (x1, top), (x2, top), (x2, by))
    out, into = ("right", "left") if right else ("left", "right")
    # a box beside it would be crossed: leave downwards, come in from above, between the ranks
    if any(
        c == column[a] and y == ay and (x - ax) * sign > 1
        for (x, y), c in zip(points, column, strict=True)
    ):
        out, gap = ("top", -grid.pitch / 2) if up[column[a]] else ("bottom", grid.pitch / 2)
        way = ((ax, ay + gap), (near, ay + gap), *way[1:])
    if any(
        c == column[b] and y == by and (bx - x) * sign > 1
        for (x, y), c in zip(points, column, strict=True)
    ):
        into, gap = ("bottom", grid.pitch / 2) if up[column[b]] else ("top", -grid.pitch / 2)
        way = (*way[:-1], (far, by + gap), (bx, by + gap))
    return way, (out, into)


def _lane(used: dict[int, int], column: int) -> float:
    """Offset of the next edge in a gutter, so that edges do not lie on each other."""
    used[column] = used.get(column, -1) + 1
    return 6.0 * (used[column] % 7)
