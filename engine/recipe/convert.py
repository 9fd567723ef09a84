"""Conversions that a choice of formats needs, and what is handed from unit to unit."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.cost import FORMATS, Floats, Ints
from engine.recipe.choose import Choice
from engine.recipe.place import Placement
from engine.recipe.prepare import Prepared
from engine.recipe.wiring import edge_bytes
from engine.targets import Target, is_float


class Conversions(NamedTuple):
    """One entry a conversion: each tensor is converted to a format once, however many read it.

    Args:
        anchor: task whose output it converts, -1 for a model input.
        before, after: format ids; unit, compute: where it runs.
        elements: of the tensor.
        reader: first task that wants it, -1 an output of the model.
        tensor: as in `Edges`.
        of_edge: for each edge the conversion that its reader uses, -1 for none.
        made: for each edge the format id in which its source makes the tensor.
    """

    anchor: Ints
    before: Ints
    after: Ints
    unit: Ints
    compute: Ints
    elements: Floats
    reader: Ints
    tensor: Ints
    of_edge: Ints
    made: Ints


def conversions(prepared: Prepared, choice: Choice) -> Conversions:
    """Where the reader of a tensor wants another format than its maker gives.

    Model inputs arrive, and model outputs leave, in the baseline's format.
    """
    edges = prepared.edges
    source_out = np.append(choice.out_fmt, 0)[edges.source]
    target_in = np.append(choice.in_fmt, 0)[edges.target]
    made = np.where(edges.follows_source, source_out, edges.fmt)
    wanted = np.where(edges.follows_target, target_in, made)
    wanted = np.where(edges.target < 0, edges.fmt, wanted)
    needs = np.flatnonzero(made != wanted)
    keys = edges.tensor[needs] * len(FORMATS) + wanted[needs]
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    at = needs[first]
    order = np.argsort(edges.source[at], kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    of_edge = np.full(len(edges.source), -1)
    of_edge[needs] = rank[inverse.reshape(-1)]
    first_reader = np.full(len(order), prepared.count)
    np.minimum.at(
        first_reader, of_edge[needs],
        np.where(edges.target[needs] < 0, prepared.count, edges.target[needs]),
    )  # fmt: skip
    reader = np.where(first_reader == prepared.count, -1, first_reader)
    at = at[order]
    pairs, which = np.unique(made[at] * len(FORMATS) + wanted[at], return_inverse=True)
    units = [_place(prepared.target, *divmod(pair, len(FORMATS))) for pair in pairs.tolist()]
    placed = np.array(units, np.int64).reshape(-1, 2)[which]
    return Conversions(
        edges.source[at], made[at], wanted[at], placed[:, 0], placed[:, 1], edges.elements[at],
        reader, edges.tensor[at], of_edge, made,
    )  # fmt: skip


def operations(found: Conversions) -> Floats:
    """Element operations: 4 to quantize (scale, round, shift, clip), 2 back, 1 between floats."""
    floats = np.array([is_float(fmt) for fmt in FORMATS])
    each = np.where(~floats[found.after], 4, np.where(floats[found.before], 1, 2))
    return found.elements * each


class Handover(NamedTuple):
    """For each row (tasks, then conversions): bytes that come from other units, and 0 or 1 hops."""

    bytes: Floats
    hops: Floats


def handover(prepared: Prepared, placement: Placement, found: Conversions) -> Handover:
    """What every row waits for from another unit; a tensor goes to a unit once.

    Where units are joined by a link, model inputs come from the fallback CPU and outputs return to
    it; the row that makes an output pays for its way back, without another hop.
    """
    edges, n = prepared.edges, prepared.count
    linked = prepared.target.link_bandwidth is not None
    host = len(prepared.target.units) - 1 if linked else -1
    units = np.concatenate([placement.unit, found.unit])
    bytes_, hops = np.zeros(len(units)), np.zeros(len(units))
    if not linked and (not len(units) or units.min() == units.max()):
        return Handover(bytes_, hops)  # all run on one unit, and nothing crosses a link
    made_by = np.where(edges.source < 0, -1, edges.source)
    through = found.of_edge >= 0
    sizes_made = edge_bytes(edges, found.made)
    wanted = found.made.copy()
    wanted[through] = found.after[found.of_edge[through]]
    sizes_wanted = edge_bytes(edges, wanted)
    # from maker to conversion, from maker or conversion to reader
    legs = [
        (made_by[through], n + found.of_edge[through], sizes_made[through], edges.tensor[through],
         found.made[through]),
        (np.where(through, n + found.of_edge, made_by), edges.target, sizes_wanted, edges.tensor,
         wanted),
    ]  # fmt: skip
    maker, reader, size, tensor, fmt = (np.concatenate(pair) for pair in zip(*legs, strict=True))
    from_unit = np.where(maker < 0, host, np.append(units, host)[maker])
    to_unit = np.where(reader < 0, host, np.append(units, host)[reader])
    crosses = (from_unit != to_unit) & (from_unit >= 0) & (to_unit >= 0)
    rows = np.flatnonzero(crosses)
    key = (tensor[rows] * len(FORMATS) + fmt[rows]) * (len(prepared.target.units) + 1) + to_unit[
        rows
    ]
    _, first = np.unique(key, return_index=True)
    paid = rows[first]
    payer = np.where(reader[paid] < 0, maker[paid], reader[paid])
    real = payer >= 0
    np.add.at(bytes_, payer[real], size[paid][real])
    hops[reader[paid][reader[paid] >= 0]] = 1.0
    return Handover(bytes_, hops)


def live_ratio(prepared: Prepared, found: Conversions, keep_out: Floats) -> Floats:
    """Bytes alive at each task in the chosen formats / in the baseline, 1 where nothing is known.

    A tensor is alive from the task that makes it to the last that reads it, as on the edges; the
    copies that conversions make are left out.
    """
    edges, n = prepared.edges, prepared.count
    plain = (found.made == edges.fmt).all() and (keep_out == 1).all()
    if not len(edges.source) or plain:
        return np.ones(n)
    count = edges.count
    birth, death = lifetimes(prepared)
    sums = []
    keep = np.append(keep_out, 1.0)[edges.source]
    for formats, share in ((found.made, keep), (edges.fmt, np.ones(len(keep)))):
        size = np.zeros(count)
        size[edges.tensor] = np.nan_to_num(edge_bytes(edges, formats)) * share
        change = np.zeros(n + 1)
        np.add.at(change, birth, size)
        np.add.at(change, death + 1, -size)
        sums.append(np.cumsum(change)[:n])
    return np.where(sums[1] > 0, sums[0] / np.where(sums[1] > 0, sums[1], 1), 1.0)


def lifetimes(prepared: Prepared) -> tuple[Ints, Ints]:
    """For each tensor the task that makes it (or the first) and the last that reads it."""
    kept: tuple[Ints, Ints] | None = prepared.kept.get("lifetimes")
    if kept is None:
        edges, n = prepared.edges, prepared.count
        birth, death = np.full(edges.count, n), np.zeros(edges.count, np.int64)
        np.minimum.at(birth, edges.tensor, np.maximum(edges.source, 0))
        np.maximum.at(death, edges.tensor, np.where(edges.target < 0, n - 1, edges.target))
        kept = prepared.kept["lifetimes"] = (birth, death)
    return kept


def _place(target: Target, before: int, after: int) -> tuple[int, int]:
    """First unit that converts between two formats, and the format whose rate it uses."""
    for index, unit in enumerate(target.units):
        if all(unit.runs("convert", FORMATS[f]) for f in (before, after)):
            return index, FORMATS.index(
                unit.compute_format(FORMATS[after]) or next(iter(unit.rates))
            )
    return len(target.units) - 1, FORMATS.index(next(iter(target.fallback.rates)))
