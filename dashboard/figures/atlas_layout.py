"""Places for tens of thousands of boxes: ranks, rows, columns, order, places, routes.

Numpy and fast-sugiyama only, no frames: `atlas_child` runs it in a process that may die.  Inside,
a place is (u across the flow, v along it); the direction turns it into x and y at the end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dashboard.figures import atlas_chains, atlas_order, atlas_ranks, atlas_routes
from dashboard.figures.atlas_ranks import AXES, Axes

HINTED = 3_000  # links that fast-sugiyama orders in good time, whatever they are
FAR = 40  # rows; a longer edge is drawn whole only for what is chosen
LONG = 3  # rows of a block behind its first, that make its name worth room
WIDER = (0.1, 6.0, 44.0)  # room that wide links get between rows: share, less, at most

# sides of a box, as the payload counts them
BOTTOM, TOP, LEFT, RIGHT = range(4)
FLOW = {"down": (BOTTOM, TOP), "right": (RIGHT, LEFT)}


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is; the arrays of boxes are f4, of n; those of edges have m items.

    Args:
        x: centre of each box.
        y: the same, downwards.
        row: of each box, over all columns.
        column: of each box.
        kind: 0 plain, 1 skips a row, 2 far.
        ends: side that an edge leaves, and 4 x the side that it enters.
        bend_at: m + 1 positions in the two next, the control points of each edge.
        bend_x: control points.
        bend_y: the same.
        frames: of each column x0, y0, x1, y1, flat.
    """

    x: np.ndarray
    y: np.ndarray
    row: np.ndarray
    column: np.ndarray
    kind: np.ndarray
    ends: np.ndarray
    bend_at: np.ndarray
    bend_x: np.ndarray
    bend_y: np.ndarray
    frames: np.ndarray


def lay_out(
    source: np.ndarray,
    target: np.ndarray,
    roots: np.ndarray,
    block: np.ndarray,
    direction: str = "down",
    hinted: int = HINTED,
) -> Layout:
    """Place boxes that are numbered in execution order.

    Args:
        source: box that each edge leaves; no edge twice, none from a box to itself.
        target: box that it enters; an edge against the numbering is ranked the other way round.
        roots: of each box, whether it reads an input of the model.
        block: of each box, the block that it belongs to, -1 none; columns end between blocks.
        direction: "down" or "right".
        hinted: links up to which fast-sugiyama may be asked; 0 never.
    """
    axes, count = AXES[direction], roots.size
    upper = np.minimum(source, target).astype(np.int64)
    lower = np.maximum(source, target).astype(np.int64)
    if not count:
        none, zero = np.zeros(0, np.float32), np.zeros(0, np.int64)
        at = np.zeros(1, np.uint32)
        return Layout(none, none, zero, zero, zero, zero, at, none, none, none)
    rank = atlas_ranks.ranks(count, upper.tolist(), lower.tolist(), roots.tolist())
    row = atlas_ranks.rows(rank)
    breaks = atlas_ranks.columns(row, upper, lower, block, axes)
    column = np.searchsorted(breaks, row, side="right") - 1
    chains = atlas_chains.chains(row, column, upper, lower)
    net = atlas_chains.net(row, column, breaks, upper, lower, chains, axes)
    u = atlas_order.place(net, hinted)
    v = _heights(net, u, breaks, axes, _titled(row, block))[net.row]
    routes = atlas_routes.route(u, v, net, row, column, upper, lower, chains, axes)
    out, into = FLOW[direction]
    straight, against = out + 4 * into, into + 4 * out
    span = row[lower] - row[upper]
    bends = (routes.u, routes.v)
    flip = source > target
    if flip.any():
        bends = atlas_routes.reverse(routes, flip)
    places = (routes.places[:count], v[:count])
    if direction == "right":
        places, bends = places[::-1], bends[::-1]
        frames = routes.frames[:, [1, 0, 3, 2]]
    else:
        frames = routes.frames
    return Layout(
        _tidy(places[0]), _tidy(places[1]), row, column,
        ((span > 1).astype(np.uint8) + (span > FAR)).astype(np.uint8),
        np.where(flip, against, straight).astype(np.uint8),
        routes.at.astype(np.uint32), _tidy(bends[0]), _tidy(bends[1]), _tidy(frames.ravel()),
    )  # fmt: skip


def _tidy(values: np.ndarray) -> np.ndarray:
    """Half units: nobody sees less, and they pack well."""
    return (np.round(values * 2) / 2).astype(np.float32)


def _titled(row: np.ndarray, block: np.ndarray) -> np.ndarray:
    """Rows at which a block of some length begins."""
    known = block >= 0
    first = np.full(int(block.max(initial=-1)) + 1, int(row.max()) + 1)
    last = np.full(first.size, -1)
    np.minimum.at(first, block[known], row[known])
    np.maximum.at(last, block[known], row[known])
    found: np.ndarray = np.unique(first[last - first >= LONG])
    return found


def _heights(
    net: atlas_order.Net, u: np.ndarray, breaks: np.ndarray, axes: Axes, titled: np.ndarray
) -> np.ndarray:
    """Place of each row along the flow; wide links and names of blocks need room between rows."""
    depth = int(breaks[-1])
    wide = np.zeros(depth)
    np.maximum.at(wide, net.row[net.upper], np.abs(u[net.upper] - u[net.lower]))
    share, less, most = WIDER
    pitch = axes.pitch + np.clip(share * wide - less, 0.0, most)
    pitch[titled - 1] += axes.title  # of the first row nobody sees it
    at = np.r_[0.0, np.cumsum(pitch)[:-1]]
    start = np.repeat(at[breaks[:-1]], np.diff(breaks))
    found: np.ndarray = at - start
    return found
