"""Columns side by side, and the ways of edges: along their points, or through the gutters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dashboard.figures.atlas_ranks import GUTTER, Axes, shared

if TYPE_CHECKING:
    from dashboard.figures.atlas_chains import Chains
    from dashboard.figures.atlas_order import Net

STEP = 6.0  # between lanes of a gutter
MOST_LANES = 20
CORNER = 16.0
STRAIGHT = 1.0  # a bend of less is none


@dataclass(frozen=True, slots=True)
class Routes:
    """Control points of the edges, from the upper to the lower end.

    Args:
        places: u of every vertex, columns side by side.
        at: m + 1 positions in u and v.
        u: control points across the flow.
        v: the same along it.
        frames: u0, v0, u1, v1 of each column.
    """

    places: np.ndarray
    at: np.ndarray
    u: np.ndarray
    v: np.ndarray
    frames: np.ndarray


def route(
    u: np.ndarray,
    v: np.ndarray,
    net: Net,
    row: np.ndarray,
    column: np.ndarray,
    upper: np.ndarray,
    lower: np.ndarray,
    chains: Chains,
    axes: Axes,
) -> Routes:
    """Set the columns side by side and route every edge.

    Args:
        u: of every vertex, 0 the middle of its column.
        v: of every vertex.
        net: vertices and links.
        row: of each box.
        column: of each box.
        upper: end of each edge in the smaller row.
        lower: the other end.
        chains: points of the edges that stay in their column.
        axes: sizes.
    """
    around = np.flatnonzero(~chains.kept)  # edges that run through a gutter
    gutters = int(column.max()) + 2
    lane, lanes = _lanes(around, row, column, upper, lower, gutters)
    low, high = np.full(gutters - 1, np.inf), np.full(gutters - 1, -np.inf)
    half = net.size / 2
    np.minimum.at(low, net.column, u - half)
    np.maximum.at(high, net.column, u + half)
    room = GUTTER + STEP * np.minimum(lanes, MOST_LANES)
    left = np.cumsum(high - low + room[1:]) - (high - low + room[1:])
    places = u + (left - low)[net.column]
    bottom = np.zeros(gutters - 1)
    np.maximum.at(bottom, net.column, v + axes.box[1] / 2)
    frames = np.stack([left, np.full_like(left, -axes.box[1] / 2), left + high - low, bottom], 1)
    kept = np.flatnonzero(chains.kept)
    parts = [
        _along(kept, places, v, row, upper, lower, chains, axes),
        _around(
            around, places, v, column, upper, lower, lane, left + high - low, left, room, axes
        ),
    ]  # fmt: skip
    edge = np.concatenate([p[0] for p in parts])
    order = np.argsort(edge, kind="stable")
    at = np.searchsorted(edge[order], np.arange(upper.size + 1))
    return Routes(
        places, at, np.concatenate([p[1] for p in parts])[order],
        np.concatenate([p[2] for p in parts])[order], frames,
    )  # fmt: skip


Points = tuple[np.ndarray, np.ndarray, np.ndarray]  # edge, u, v, the points of an edge in order


def _lanes(
    around: np.ndarray,
    row: np.ndarray,
    column: np.ndarray,
    upper: np.ndarray,
    lower: np.ndarray,
    gutters: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Lane of each edge that runs through a gutter, and how many there are; edges share one."""
    gutter = column[upper[around]] + 1
    line = shared(upper, lower, row.size)[around]
    near = row[lower[around]] - row[upper[around]] <= 40
    lanes = np.zeros(gutters, np.int64)
    lane = np.zeros(around.size, np.int64)
    if around.size:
        count = 2 * row.size
        keys, back = np.unique(gutter[near] * count + line[near], return_inverse=True)
        homes = keys // count
        rank = np.arange(keys.size) - np.searchsorted(homes, homes)
        lane[near] = rank[back]
        lanes += np.bincount(homes, minlength=gutters)
        lane[~near] = line[~near] % 7
    return lane % MOST_LANES, lanes


def _along(
    kept: np.ndarray,
    places: np.ndarray,
    v: np.ndarray,
    row: np.ndarray,
    upper: np.ndarray,
    lower: np.ndarray,
    chains: Chains,
    axes: Axes,
) -> Points:
    """Edges inside a column: over their points, straight beside the boxes of a row."""
    count = row.size
    span = row[lower[kept]] - row[upper[kept]]
    length = span - 1
    edge = np.repeat(kept, length)
    index = np.arange(edge.size) - np.repeat(np.cumsum(length) - length, length)
    point = count + chains.start[edge] + index
    last = index == np.repeat(length, length) - 1
    own = places[count:]
    turn = np.ones(own.size + 1, bool)  # a point that stands not under the one before
    turn[1:-1] = (np.abs(np.diff(own)) > STRAIGHT) | chains.head[1:]
    begins, ends = turn[point - count] | (index == 0), turn[point - count + 1] | last
    # where a line begins to be straight, and where it ends: both before and behind the row
    which = np.repeat(np.flatnonzero(begins | ends), 2)
    side = np.tile([-0.5, 0.5], which.size // 2)
    return edge[which], places[point[which]], v[point[which]] + side * axes.box[1]


def _around(
    around: np.ndarray,
    places: np.ndarray,
    v: np.ndarray,
    column: np.ndarray,
    upper: np.ndarray,
    lower: np.ndarray,
    lane: np.ndarray,
    right: np.ndarray,
    left: np.ndarray,
    room: np.ndarray,
    axes: Axes,
) -> Points:
    """Edges to another column, or past many rows: down, through the gutter, and in from above."""
    a, b = upper[around], lower[around]
    from_, to = column[a], column[b]
    shift = STEP * lane + 16.0
    here = right[from_] + shift
    there = left[to] - room[to] + shift
    over = to > from_ + 1
    top = -axes.pitch - STEP * (lane % 12)
    out, into = v[a] + axes.pitch / 2, v[b] - axes.pitch / 2  # between the rows
    there = np.where(over, there, here)
    goal, begin = np.where(over, top, into), np.where(over, top, out)
    first, last = _towards(out, goal), _towards(into, begin)
    us = np.stack([places[a], *[here] * 4, *[there] * 4, places[b]], 1)
    vs = np.stack(
        [out, out, first, _towards(top, out), top, top, _towards(top, into), last, into, into], 1
    )
    keep = np.ones(us.shape, bool)
    keep[~over, 3:7] = False  # the next gutter is the same one
    return np.repeat(around, keep.sum(1)), us[keep], vs[keep]


def _towards(place: np.ndarray, other: np.ndarray) -> np.ndarray:
    """A little from one place to another: a second point behind a corner keeps its curve small."""
    way = other - place
    found: np.ndarray = place + np.sign(way) * np.minimum(CORNER, np.abs(way) / 2)
    return found


def reverse(routes: Routes, flip: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Control points with those of some edges in reverse order."""
    lengths = np.diff(routes.at)
    edge = np.repeat(np.arange(lengths.size), lengths)
    index = np.arange(edge.size)
    turned = routes.at[edge] + routes.at[edge + 1] - 1 - index
    pick = np.where(flip[edge], turned, index)
    return routes.u[pick], routes.v[pick]
