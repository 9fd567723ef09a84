"""What a drawing says from far: a band for each block and column, with the block's name."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

import numpy as np

from dashboard.figures.blocks import parts

FEWEST, AIM, MOST = 10, 40, 80  # bands of a drawing, before columns cut them
LABEL = 40
NONE = 0xFFFFFFFF
PAD = 8.0
SHARED = 0.35  # of the lower band, that may be cut where two bands overlap


class Grouped(Protocol):
    """A group of tasks as the engine finds them: parents before children."""

    @property
    def id(self) -> str:
        """Unique among the groups."""

    @property
    def label(self) -> str:
        """What a person reads."""

    @property
    def tasks(self) -> tuple[int, ...]:
        """Ids, ascending."""

    @property
    def parent(self) -> str:
        """Id of the group around it, "" none."""


Block = tuple[str, np.ndarray]  # label, ascending task ids


def blocks(groups: Sequence[Grouped], scopes: Sequence[str]) -> list[Block]:
    """About `AIM` blocks of tasks that do not overlap, in the order of their first task.

    Args:
        groups: a tree of groups; () when there is none.
        scopes: the module path of each task, which serves where groups do not.
    """
    found = _level([(g.id, g.label, np.asarray(g.tasks), g.parent) for g in groups])
    if len(found) < FEWEST:
        found = max(found, _level(_scoped(scopes)), key=len)
    if len(found) < min(FEWEST, len(scopes) // 8) or _held(found) < len(scopes) / 2:
        found = _runs(len(scopes))
    return sorted(found, key=lambda b: int(b[1][0]))


def _held(found: Sequence[Block]) -> int:
    return sum(tasks.size for _, tasks in found)


Node = tuple[str, str, np.ndarray, str]  # id, label, tasks, parent


def _level(nodes: Sequence[Node]) -> list[Block]:
    """The largest groups opened until there are about `AIM`."""
    children: dict[str, list[Node]] = {}
    for node in nodes:
        if node[2].size:
            children.setdefault(node[3], []).append(node)
    level = children.get("", [])
    closed: set[str] = set()
    while len(level) < AIM:
        big = max((n for n in level if n[0] not in closed), key=lambda n: n[2].size, default=None)
        if big is None:
            break
        inner = children.get(big[0], [])
        if not inner or len(level) + len(inner) > MOST + 1:
            closed.add(big[0])
            continue
        if sum(n[2].size for n in inner) < 0.5 * big[2].size:
            closed.add(big[0])
            continue
        at = next(i for i, n in enumerate(level) if n is big)
        level = [*level[:at], *inner, *level[at + 1 :]]
    return [(label, tasks) for _, label, tasks, _ in level]


def _scoped(scopes: Sequence[str]) -> list[Node]:
    members: dict[tuple[str, ...], list[int]] = {}
    known: dict[str, list[list[int]]] = {}
    for i, scope in enumerate(scopes):
        lists = known.get(scope)
        if lists is None:
            path = parts(scope)
            lists = known[scope] = [members.setdefault(path[: k + 1], []) for k in range(len(path))]
        for tasks in lists:
            tasks.append(i)
    nodes = sorted(members.items(), key=lambda item: (len(item[0]), item[1][0]))
    return [
        ("/".join(path), path[-1], np.asarray(tasks), "/".join(path[:-1])) for path, tasks in nodes
    ]


def _runs(count: int) -> list[Block]:
    size = max(8, -(-count // AIM))
    return [
        (
            f"tasks {first}–{min(first + size, count) - 1}",
            np.arange(first, min(first + size, count)),
        )
        for first in range(0, count, size)
    ]


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
        np.minimum.at(boxes[:, axis], back, values[inside] - half)
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
            boxes[k, across] = frame[across] - PAD
            boxes[k, across + 2] = frame[across + 2] + PAD


def _cut(label: str) -> str:
    return label if len(label) <= LABEL else label[: LABEL - 1] + "…"
