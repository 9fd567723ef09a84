"""What a drawing says from far: a band for each block and column, with the block's name."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from dashboard.figures.atlas_ranks import TITLE
from engine.insight import Group

FEWEST, AIM, MOST = 10, 40, 80  # bands of a drawing, before columns cut them
LARGE = 0.12  # of the tasks: a larger group is opened
SMALL = 8  # tasks of a group that is never opened
HELD = 0.5  # of its tasks, that the groups in it must hold for that
LABEL = 40
NONE = 0xFFFFFFFF
PAD = 8.0
SHARED = 0.35  # of the lower band, that may be cut where two bands overlap


Block = tuple[str, np.ndarray]  # label, ascending task ids


def blocks(groups: Sequence[Group], count: int) -> list[Block]:
    """Some 10 to 80 blocks of tasks that do not overlap; [] where the groups hold few tasks.

    The largest groups are opened while one holds much of the model; copies are opened together
    or not at all, so that equal layers get equal bands.  What holds too many parts is cut into
    runs of them.
    """
    inner: dict[str, list[Group]] = {}
    for group in groups:
        inner.setdefault(group.parent, []).append(group)
    level = list(inner.get("", []))
    closed: set[str] = set()
    while True:
        ready = [g for g in level if g.id not in closed]
        big = max(ready, key=lambda g: len(g.tasks), default=None)
        if big is None or len(big.tasks) < SMALL:
            break
        if len(level) >= FEWEST and len(big.tasks) <= LARGE * count:
            break
        alike = [g for g in ready if g is big or (g.pattern and g.pattern == big.pattern)]
        opened = {g.id: inner.get(g.id, []) for g in alike}
        held = sum(len(g.tasks) for below in opened.values() for g in below)
        if len(level) < FEWEST and len(level) + sum(map(len, opened.values())) > MOST:
            opened = {g.id: _joined(opened[g.id], _runs_of(g, count), groups) for g in alike}
        more = sum(map(len, opened.values()))
        if len(level) + more > MOST or held < HELD * sum(len(g.tasks) for g in alike):
            closed.update(opened)
            continue
        level = [part for g in level for part in opened.get(g.id, [g])]
    if sum(len(g.tasks) for g in level) < HELD * count or len(level) < min(3, count):
        return []
    level = sorted(level, key=lambda g: g.tasks[0])
    return [(g.label, np.asarray(g.tasks)) for g in _joined(level, MOST, groups)]


def _runs_of(group: Group, count: int) -> int:
    """Into how many runs a group is cut, by its share of the tasks."""
    return max(2, AIM * len(group.tasks) // count)


def _joined(parts: Sequence[Group], most: int, groups: Sequence[Group]) -> list[Group]:
    """Neighbouring groups as one, where they are more than `most`."""
    if len(parts) <= most:
        return list(parts)
    by_id = {g.id: g for g in groups}
    size = -(-len(parts) // most)
    found = []
    for k in range(0, len(parts), size):
        run = parts[k : k + size]
        around = by_id.get(run[0].parent)
        while around and around.kind not in ("own", "scope"):
            around = by_id.get(around.parent)
        where = f"{around.label} · " if around else ""
        label = f"{where}{_span(run[0].label, run[-1].label)}" if len(run) > 1 else run[0].label
        tasks = tuple(sorted(i for g in run for i in g.tasks))
        found.append(Group(f"{run[0].id}…", label, tasks, run[0].parent, "run", ""))
    return found


def _span(first: str, last: str) -> str:
    """Two names as one: "blocks.0–12" where only their numbers differ.

    >>> _span("blocks.0", "blocks.12"), _span("stem", "blocks.3")
    ('blocks.0–12', 'stem … blocks.3')
    """
    one, other = (name.rstrip("0123456789") for name in (first, last))
    if one == other and one != first and other != last:
        return f"{first}–{last[len(other) :]}"
    return f"{first} … {last}"


def runs(row: np.ndarray) -> list[Block]:
    """Blocks of neighbouring rows, about `AIM` of them."""
    size = max(8, -(-row.size // AIM))
    before = np.cumsum(np.bincount(row)) - np.bincount(row)
    _, block = np.unique((before // size)[row], return_inverse=True)
    order = np.argsort(block, kind="stable")
    ends = np.searchsorted(block[order], np.arange(1, int(block.max(initial=0)) + 1))
    parts = [np.sort(part) for part in np.split(order, ends) if part.size]
    return [(f"tasks {part[0]}–{part[-1]}", part) for part in parts]


def block_of(found: Sequence[Block], count: int) -> np.ndarray:
    """The block of each task, -1 none."""
    block = np.full(count, -1, np.int64)
    for k, (_, tasks) in enumerate(found):
        block[tasks] = k
    return block


def bands(
    block: np.ndarray,
    column: np.ndarray,
    labels: Sequence[str],
    x: np.ndarray,
    y: np.ndarray,
    box: tuple[float, float],
    frames: np.ndarray,
    direction: str,
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Label of each band, the band of each task, and x0, y0, x1, y1 of each band, flat.

    Args:
        block: of each task, -1 none.
        column: of each task.
        labels: of each block.
        x: centre of each task.
        y: the same, downwards.
        box: size of a box.
        frames: x0, y0, x1, y1 of each column, flat.
        direction: "down" or "right".
    """
    inside = np.flatnonzero(block >= 0)
    of_task = np.full(block.size, NONE, np.uint32)
    if not inside.size:
        return [], of_task, np.zeros(0, np.float32)
    many = int(column.max()) + 1
    keys, back = np.unique(
        column[inside].astype(np.int64) * len(labels) + block[inside], return_inverse=True
    )
    of_task[inside] = back
    boxes = np.empty((keys.size, 4))
    boxes[:, :2], boxes[:, 2:] = np.inf, -np.inf
    for axis, values in enumerate((x, y)):
        half = box[axis] / 2 + PAD
        above = TITLE if axis else 0.0
        np.minimum.at(boxes[:, axis], back, values[inside] - half - above)
        np.maximum.at(boxes[:, axis + 2], back, values[inside] + half)
    along = 1 if direction == "down" else 0
    of_column, edges = keys // len(labels), frames.reshape(many, 4)
    for c in range(many):
        _stack(boxes, np.flatnonzero(of_column == c), along, edges[c])
    names = [_cut(labels[k]) for k in keys % len(labels)]
    return names, of_task, boxes.astype(np.float32).ravel()


def _stack(boxes: np.ndarray, inside: np.ndarray, along: int, frame: np.ndarray) -> None:
    """Cut bands of a column where they overlap a little; let those that stand alone fill it."""
    order = inside[np.argsort(boxes[inside, along] + boxes[inside, along + 2])]
    for a, b in pairwise(order):
        shared = boxes[a, along + 2] - boxes[b, along]
        least = min(boxes[k, along + 2] - boxes[k, along] for k in (a, b))
        if 0 < shared <= SHARED * least:
            boxes[a, along + 2] = boxes[b, along] = boxes[b, along] + shared / 2
    across = 1 - along
    for k in order:
        beside = (boxes[order, along] < boxes[k, along + 2]) & (
            boxes[order, along + 2] > boxes[k, along]
        )
        if beside.sum() == 1:
            boxes[k, across] = frame[across] - PAD - (TITLE if across else 0.0)
            boxes[k, across + 2] = frame[across + 2] + PAD


def _cut(label: str) -> str:
    return label if len(label) <= LABEL else label[: LABEL - 1] + "…"
