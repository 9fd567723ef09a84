"""Points where edges pass the rows between their ends, and the net of boxes and points.

Edges share their points: those that leave a box run as one line until they part, and those that
enter a box with more inputs than the others have readers meet in one line.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dashboard.figures.atlas_order import BENT, CHAIN, Net
from dashboard.figures.atlas_ranks import LANE, MAX_SPAN, Axes, shared

POINTS = (4, 10_000)  # at most so many for each box, and in all besides


@dataclass(frozen=True, slots=True)
class Chains:
    """Lines of points, one a row; a line belongs to a box that all its edges leave or enter.

    Args:
        owner: box of each point's line.
        row: of each point.
        head: whether a point is the first of its line.
        kept: of each edge, whether it stays in its column and passes few enough rows.
        start: of each edge, its first point; it has one for each row that it passes.
    """

    owner: np.ndarray
    row: np.ndarray
    head: np.ndarray
    kept: np.ndarray
    start: np.ndarray


def chains(row: np.ndarray, column: np.ndarray, upper: np.ndarray, lower: np.ndarray) -> Chains:
    """The lines of a drawing.

    Args:
        row: of each box.
        column: of each box.
        upper: end of each edge in the smaller row.
        lower: the other end.
    """
    count = row.size
    span = row[lower] - row[upper]
    inside = column[lower] == column[upper]
    line = shared(upper, lower, count)
    for most in (MAX_SPAN, 20, 12, 6, 3, 1):  # fewer points where edges are very many
        kept = inside & (span <= most)
        bent = kept & (span > 1)
        begin, stop = np.full(2 * count, int(row.max()) + 1), np.zeros(2 * count, np.int64)
        np.minimum.at(begin, line[bent], row[upper[bent]] + 1)
        np.maximum.at(stop, line[bent], row[lower[bent]])
        length = np.maximum(stop - begin, 0)
        if length.sum() <= POINTS[0] * count + POINTS[1]:
            break
    first = np.cumsum(length) - length
    of = np.repeat(np.arange(2 * count), length)
    place = np.arange(of.size) - first[of]
    start = first[line] + row[upper] + 1 - begin[line]
    return Chains(of % count, begin[of] + place, place == 0, kept, start)


def net(
    row: np.ndarray,
    column: np.ndarray,
    breaks: np.ndarray,
    upper: np.ndarray,
    lower: np.ndarray,
    made: Chains,
    axes: Axes,
) -> Net:
    """Boxes, then points, and the links between neighbouring rows.

    Args:
        row: of each box.
        column: of each box.
        breaks: rows at which a column begins, and the number of rows.
        upper: end of each edge in the smaller row.
        lower: the other end.
        made: the lines.
        axes: sizes.
    """
    count, points = row.size, made.owner.size
    span = row[lower] - row[upper]
    near, bent = made.kept & (span == 1), made.kept & (span > 1)
    start = count + made.start[bent]
    # the edges of a line have its first or last link in common
    ends = np.unique(
        np.c_[np.r_[upper[bent], start + span[bent] - 2], np.r_[start, lower[bent]]], axis=0
    )
    inner = count + np.flatnonzero(~made.head)
    rows, columns = np.r_[row, made.row], np.r_[column, column[made.owner]]
    return Net(
        rows, columns, rows - breaks[columns],
        np.r_[np.full(count, axes.box[0] + axes.gap), np.full(points, LANE)],
        np.r_[upper[near], ends[:, 0], inner - 1], np.r_[lower[near], ends[:, 1], inner],
        np.r_[np.ones(int(near.sum())), np.full(len(ends), BENT), np.full(inner.size, CHAIN)],
        count,
    )  # fmt: skip
