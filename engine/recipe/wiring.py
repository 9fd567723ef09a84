"""How tasks hang together: the tensors between them, and the order in which formats flow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from engine.compile import Compilation
from engine.cost import FORMAT_IDS, Floats, Ints, Mask, bits_of
from engine.targets import is_float

# Formats that a recipe may choose: numbers that a kernel computes with, not indices and masks.
_QUANTIZED = ("int16", "int8", "int4", "int2")
REAL = frozenset(f for f in FORMAT_IDS if f and (is_float(f) or f in _QUANTIZED))
IS_REAL = np.array([f in REAL for f in FORMAT_IDS])
# Tasks that move or compare numbers without computing with them: they work in any format.
_CARRIERS = ("layout", "concat", "pooling", "gather", "resize")
_CARRYING_OPS = r"^(Relu|Clip|Max|Min|Identity|Dropout)(\+(Relu|Clip|Max|Min|Identity|Dropout))*$"


@dataclass(frozen=True, slots=True)
class Edges:
    """Tensors between tasks that hold numbers (no indices or masks), one entry an edge.

    Args:
        source, target: task index, -1 for the model's inputs and outputs.
        tensor: tensor as a small integer, below `count`.
        fmt: format id in the baseline.
        elements: of the tensor.
        follows_source: its format is the source's output format; follows_target: the reader takes
            it in its input format.
    """

    source: Ints
    target: Ints
    tensor: Ints
    count: int
    fmt: Ints
    elements: Floats
    follows_source: Mask
    follows_target: Mask


class Sweep(NamedTuple):
    """Edges that are looked at together: `edges[starts[i] : starts[i + 1]]` belong to `rows[i]`.

    `of[k]` is the index i of the row to which `edges[k]` belongs.
    """

    edges: Ints
    starts: Ints
    rows: Ints
    of: Ints


@dataclass(frozen=True, slots=True)
class Wiring:
    """Edges, and the sweeps along which formats flow.

    Args:
        carrier: tasks that do not care about the format; [tasks].
        forward: carriers with their inputs, makers before readers.
        backward: carriers with their outputs, readers first; then all other makers.
        level: for carriers the place in the sweeps, (forward, backward); [2, tasks], -1 others.
    """

    edges: Edges
    carrier: Mask
    forward: tuple[Sweep, ...]
    backward: tuple[Sweep, ...]
    level: Ints


def carriers(tasks: pl.DataFrame, in_fmt: Ints, out_fmt: Ints) -> Mask:
    """Tasks whose numbers pass through unchanged: one format of numbers in and out, no weights."""
    moves = tasks["kernel"].is_in(list(_CARRIERS)) | tasks["ops"].str.contains(_CARRYING_OPS)
    plain = (tasks["kernel_elements"].fill_null(0) == 0) & (tasks["unknown"] == "")
    return (moves & plain).to_numpy() & (in_fmt == out_fmt) & IS_REAL[in_fmt]


def wiring(edges: Edges, carrier: Mask) -> Wiring:
    """Put the carriers in the order in which formats flow through them."""
    inside = (edges.source >= 0) & (edges.target > edges.source)
    inside &= np.append(carrier, False)[edges.source] & np.append(carrier, False)[edges.target]
    ahead, back = np.where(carrier, 0, -1), np.where(carrier, 0, -1)
    pairs = np.stack([edges.source, edges.target])[:, inside]
    for s, t in sorted(pairs.T.tolist(), key=lambda pair: pair[1]):
        ahead[t] = max(ahead[t], ahead[s] + 1)
    for s, t in sorted(pairs.T.tolist(), key=lambda pair: -pair[0]):
        back[s] = max(back[s], back[t] + 1)
    return ordered(edges, carrier, np.stack([ahead, back]))


def ordered(edges: Edges, carrier: Mask, level: Ints) -> Wiring:
    """The sweeps of carriers whose levels are known."""
    last = np.where(carrier, level[1], level[1].max(initial=-1) + 1)
    return Wiring(
        edges, carrier, _sweeps(edges.target, level[0]), _sweeps(edges.source, last), level
    )


def _sweeps(row: Ints, level: Ints) -> tuple[Sweep, ...]:
    """Edges by the level of their row, then by row."""
    of_edge = np.append(level, -1)[row]
    edges = np.flatnonzero(of_edge >= 0)
    edges = edges[np.lexsort((row[edges], of_edge[edges]))]
    ends = np.flatnonzero(np.diff(of_edge[edges])) + 1
    made = []
    for part in np.split(edges, ends) if len(edges) else ():
        rows = row[part]
        starts = np.flatnonzero(np.diff(rows, prepend=-2))
        sizes = np.diff(starts, append=len(part))
        made.append(Sweep(part, starts, rows[starts], np.repeat(np.arange(len(starts)), sizes)))
    return tuple(made)


def nets(edges: Edges, carrier: Mask) -> tuple[Ints, Ints]:
    """Connected places where a format can flow: (of each task's inputs, of its outputs).

    All that a tensor connects is one net; a carrier joins its inputs with its outputs.  What is
    chosen for a task touches formats only in its own two nets.
    """
    n = len(carrier)
    label = np.arange(2 * n)  # inputs, then outputs
    inside = (edges.source >= 0) & (edges.target >= 0)
    joined = np.flatnonzero(carrier)
    one = np.concatenate([n + edges.source[inside], joined])
    other = np.concatenate([edges.target[inside], n + joined])
    while True:  # the smallest label spreads; jumping to the label's own label makes it quick
        low = np.minimum(label[one], label[other])
        before = label.copy()
        np.minimum.at(label, label[one], low)
        np.minimum.at(label, label[other], low)
        label = label[label]
        if (label == before).all():
            return label[:n], label[n:]


def edges_of(compilation: Compilation, swap: Ints, in_fmt: Ints, out_fmt: Ints) -> Edges:
    """The tensors of a compilation that hold numbers; `swap` is format in the file -> baseline."""
    frame = compilation.edges.filter(pl.col("format").is_in(list(REAL)))
    source = frame["source"].cast(pl.Int64).to_numpy()
    target = frame["target"].cast(pl.Int64).to_numpy()
    names = frame["tensor"].unique(maintain_order=True)
    tensor = frame["tensor"].replace_strict(
        names, pl.int_range(len(names), eager=True), return_dtype=pl.Int64
    ) if len(frame) else pl.Series([], dtype=pl.Int64)  # fmt: skip
    fmt = swap[ids_of(frame["format"])]
    padded_out, padded_in = np.append(out_fmt, -1), np.append(in_fmt, -1)
    return Edges(
        source=source,
        target=target,
        tensor=tensor.to_numpy(),
        count=len(names),
        fmt=fmt,
        elements=frame["elements"].cast(pl.Float64).fill_null(np.nan).to_numpy(),
        follows_source=(source >= 0) & (padded_out[source] == fmt),
        follows_target=(target >= 0) & (padded_in[target] == fmt),
    )


def ids_of(column: pl.Series) -> Ints:
    """Format ids of a column of format words."""
    ids = column.fill_null("").replace_strict(dict(FORMAT_IDS), return_dtype=pl.Int64, default=0)
    return ids.to_numpy()


def edge_bytes(edges: Edges, formats: Ints) -> Floats:
    """Bytes of each edge's tensor in given formats."""
    return edges.elements * bits_of(formats) / 8
