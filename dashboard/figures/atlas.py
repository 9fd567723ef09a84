"""The drawing of all tasks as one block of bytes: places, routes, bands, tensors.

Where *Blocks* draws a graph whole, the places here are the same, so that a change of the mode
moves nothing; see `op_graph`.  The block is read by `assets/js/op_graph.js`; `atlas_format` says
how it is written, `ARRAYS` what is in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain

import numpy as np
import polars as pl

from dashboard.figures import layered
from dashboard.figures.atlas_bands import bands, block_of, blocks, runs
from dashboard.figures.atlas_format import pack, unpack
from dashboard.figures.atlas_layout import BOTTOM, LEFT, RIGHT, TOP, Layout, lay_out
from dashboard.figures.blocks import WHOLE, framed
from engine.insight import Group, found_in

VERSION = 1  # of the block, for its reader
LAYOUT = 2  # of the places in it, here and in `layered`: part of the key of what is kept
DIRECTIONS = ("down", "right")
ARRAYS = {
    "x": "centre of each task; a unit is a CSS pixel at zoom 1",
    "y": "the same, downwards",
    "latency": "of each task in s, NaN unknown",
    "source": "task that each edge leaves",
    "target": "task that it enters",
    "kind": "0 plain, 1 passes a row, 2 so long that it is drawn whole only for what is chosen",
    "ends": "side that it leaves + 4 x side that it enters: 0 bottom, 1 top, 2 left, 3 right",
    "bend_at": "m + 1 positions in the two next: the control points of each edge",
    "bend_x": "control points",
    "bend_y": "the same, downwards",
    "tensor": "index of the edge's largest tensor in the header's list",
    "bytes": "that the edge carries; NaN unknown",
    "band": "of each task, 0xffffffff none",
    "band_box": "x0, y0, x1, y1 of each band",
}
SIDES = {"bottom": BOTTOM, "top": TOP, "left": LEFT, "right": RIGHT}

Place = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray, str], Layout]

__all__ = ["ARRAYS", "DIRECTIONS", "LAYOUT", "VERSION", "drawing", "unpack"]


def drawing(
    tasks: pl.DataFrame,
    edges: pl.DataFrame,
    latency: np.ndarray | None = None,
    groups: Sequence[Group] | None = None,
    direction: str = "down",
    place: Place = lay_out,
) -> bytes:
    """The block of a compilation.

    Args:
        tasks: of a compilation, in order.
        edges: its edges; -1 is an input or output of the model.
        latency: of each task in s, NaN unknown; None: all unknown.
        groups: of the compilation; None finds them.
        direction: "down" or "right".
        place: lays out a graph that *Blocks* would fold; tests and servers hand in their own.
    """
    count = tasks.height
    inner = _inner(edges)
    source, target = (inner[c].to_numpy().astype(np.int64) for c in ("source", "target"))
    roots = np.zeros(count, bool)
    roots[edges.filter(pl.col("source") < 0, pl.col("target") >= 0)["target"].to_numpy()] = True
    groups = found_in(tasks, edges) if groups is None else groups
    found = blocks(groups, count)
    block = block_of(found, count)
    whole = count + inner.height <= WHOLE
    layout = (
        _whole(tasks, groups, source, target, roots, direction)
        if whole
        else place(source, target, roots, block, direction)
    )
    if not found:
        found = runs(layout.row)
        block = block_of(found, count)
    labels = [label for label, _ in found]
    names, band, band_box = bands(
        block, layout.column, labels, layout.x, layout.y, layered.BOX, layout.frames, direction
    )
    texts = (inner["shape"] + " " + inner["format"]).str.strip_chars()
    tensors = texts.unique(maintain_order=True)
    index = texts.replace_strict(
        tensors, pl.int_range(len(tensors), eager=True), return_dtype=pl.UInt32
    )
    known = np.full(count, np.nan) if latency is None else np.asarray(latency, float)
    arrays = {
        "x": layout.x, "y": layout.y, "latency": known.astype(np.float32),
        "source": source.astype(np.uint32), "target": target.astype(np.uint32),
        "kind": layout.kind.astype(np.uint8), "ends": layout.ends.astype(np.uint8),
        "bend_at": layout.bend_at.astype(np.uint32),
        "bend_x": layout.bend_x, "bend_y": layout.bend_y,
        "tensor": index.to_numpy().astype(np.uint32),
        "bytes": inner["bytes"].cast(pl.Float32).fill_null(float("nan")).to_numpy(),
        "band": band, "band_box": band_box,
    }  # fmt: skip
    header = {
        "version": VERSION, "tasks": count, "edges": inner.height, "box": list(layered.BOX),
        "direction": direction, "extent": _extent(layout, band_box), "bands": names,
        "tensors": tensors.to_list(),
    }  # fmt: skip
    return pack(header, arrays)


def _inner(edges: pl.DataFrame) -> pl.DataFrame:
    """Edges between two tasks, each pair once, with the largest tensor and the sum of bytes."""
    return (
        edges.filter(
            pl.col("source") >= 0, pl.col("target") >= 0, pl.col("source") != pl.col("target")
        )
        .sort("bytes", descending=True, nulls_last=True, maintain_order=True)
        .group_by("source", "target", maintain_order=True)
        .agg(pl.col("shape", "format").first().fill_null(""), _sum("bytes"))
        .sort("source", "target")
    )


def _sum(column: str) -> pl.Expr:
    """A sum that is unknown when a part is."""
    return (
        pl.when(pl.col(column).is_null().any())
        .then(None)
        .otherwise(pl.col(column).sum())
        .alias(column)
    )


def _whole(
    tasks: pl.DataFrame,
    groups: Sequence[Group],
    source: np.ndarray,
    target: np.ndarray,
    roots: np.ndarray,
    direction: str,
) -> Layout:
    """The places and routes of a graph that *Blocks* draws whole."""
    pairs = list(zip(source.tolist(), target.tolist(), strict=True))
    fed = roots.tolist()
    for a, b in pairs:
        fed[b] = fed[b] or fed[a]
    frames = [b.frame for b in framed(tasks["name"].to_list(), (), groups)]
    placed = layered.place(tasks.height, pairs, None, frames, fed, direction)
    points = np.asarray(placed.points, np.float32).reshape(-1, 2)
    bends = np.asarray(list(chain.from_iterable(placed.routes)), np.float32).reshape(-1, 2)
    column, rank = np.asarray(placed.column, np.int64), np.asarray(placed.rank, np.int64)
    sides = [SIDES[out] + 4 * SIDES[into] for out, into in placed.ends]
    half = np.asarray(layered.BOX) / 2
    extents = [
        (*(points[column == c].min(0) - half), *(points[column == c].max(0) + half))
        for c in range(len(placed.up))
    ]
    return Layout(
        points[:, 0], points[:, 1], rank, column,
        (np.abs(rank[source] - rank[target]) > 1).astype(np.uint8), np.asarray(sides, np.uint8),
        np.cumsum([0, *map(len, placed.routes)]).astype(np.uint32), bends[:, 0], bends[:, 1],
        np.asarray(extents, np.float32).ravel(),
    )  # fmt: skip


def _extent(layout: Layout, band_box: np.ndarray) -> list[float]:
    """x0, y0, x1, y1 of all boxes, routes and bands."""
    if not layout.x.size:
        return [0.0, 0.0, 0.0, 0.0]
    found = []
    for axis, (places, bends) in enumerate(((layout.x, layout.bend_x), (layout.y, layout.bend_y))):
        half = layered.BOX[axis] / 2
        rims = np.r_[bends, band_box[axis::4], band_box[axis + 2 :: 4]]
        found.append((
            min(float(places.min()) - half, float(rims.min(initial=np.inf))),
            max(float(places.max()) + half, float(rims.max(initial=-np.inf))),
        ))  # fmt: skip
    (x0, x1), (y0, y1) = found
    return [x0, y0, x1, y1]
