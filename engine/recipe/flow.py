"""Formats flow from where they were chosen to where nobody minds, until nothing moves.

1. A task that computes reads what its rule says, else the baseline's format.  What it makes is
   firm if a rule says it or leaves the task alone, else open.
2. Backward: what is made is *wanted* in a format when all its readers agree on it.  A carrier
   (layout, concat, pooling, gather, resize, Relu, Max) wants what its own readers want; an output
   of the model wants the file's format.  An open maker makes what is wanted, if the unit that it
   runs on can; else a conversion stands there.
3. Forward: a carrier takes the format of what it reads.  If it reads several: the one that its rule
   says, else the one that its readers want, if either is among them; else the widest.  If it reads
   only inputs of the model: its rule's, its readers' or the baseline's.  A carrier that a person
   picked by hand keeps what the rule says.

What a task computes with never changes on account of a neighbour, so one sweep back and one forward
reach the fixed point, whatever the order of the rules.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.cost import FORMAT_IDS, FORMATS, Ints, Mask, bits_of
from engine.recipe.accept import acceptance, first_true
from engine.recipe.prepare import Prepared
from engine.recipe.wiring import IS_REAL, Sweep

OWN, FOLLOWS, WRITES = 0, 1, 2  # why a task has its formats
_MANY = 2**31
_WIDTH = (bits_of(np.arange(len(FORMATS))) * len(FORMATS)).astype(np.int64) + np.arange(
    len(FORMATS)
)  # ascending in bits, and no two alike


class Wishes(NamedTuple):
    """What rules say of formats; one entry a task, format ids, -1 nothing.

    Args:
        firm_out: what is made stays as it is said, or as in the baseline.
        firm: a carrier that keeps what its rule says.
        kernel: format id of the kernel weights, which a unit must take too.
    """

    reads: Ints
    makes: Ints
    firm_out: Mask
    firm: Mask
    kernel: Ints


class Flow(NamedTuple):
    """Formats of every task, why (`OWN` ...), and the task on whose account (tasks: an output)."""

    in_fmt: Ints
    out_fmt: Ints
    why: Ints
    root: Ints


def flow(p: Prepared, w: Wishes) -> Flow:
    """The fixed point of the rules above."""
    in_fmt = np.where((w.reads >= 0) & IS_REAL[p.in_fmt], w.reads, p.in_fmt)
    out_fmt = np.where((w.makes >= 0) & IS_REAL[p.out_fmt], w.makes, p.out_fmt)
    why, root = np.zeros(p.count, np.int64), np.full(p.count, -1)
    if not p.count or ((in_fmt == p.in_fmt).all() and (out_fmt == p.out_fmt).all()):
        return Flow(in_fmt, out_fmt, why, root)
    carrier = p.wiring.carrier & ~w.firm
    wanted, asker = _backward(p, in_fmt, carrier)
    writes = _writers(p, w, in_fmt, out_fmt, np.where(carrier, -1, wanted))
    out_fmt[writes], why[writes], root[writes] = wanted[writes], WRITES, asker[writes]
    said = np.where(w.reads >= 0, w.reads, w.makes)
    _forward(p, carrier, Flow(in_fmt, out_fmt, why, root), said, wanted, asker)
    return Flow(in_fmt, out_fmt, why, root)


def _backward(p: Prepared, in_fmt: Ints, carrier: Mask) -> tuple[Ints, Ints]:
    """What is made is wanted in which format (-1: readers differ), and the first reader."""
    e, n = p.edges, p.count
    wanted, asker = np.full(n, -1), np.full(n, n)
    takes = np.where(e.follows_target, np.append(in_fmt, 0)[e.target], e.fmt)
    through = np.append(carrier, False)[e.target] & e.follows_target
    reader = np.where(e.target < 0, n, e.target)
    for sweep in p.wiring.backward:
        at = sweep.edges
        flows, readers = through[at], reader[at]
        asked = np.where(flows, wanted[e.target[at]], takes[at])
        low, high = _ends(sweep, asked, e.follows_source[at])
        wanted[sweep.rows] = np.where(low == high, low, -1)
        who = np.where(flows, asker[e.target[at]], readers)
        asker[sweep.rows] = np.minimum.reduceat(who, sweep.starts)
    return wanted, asker


def _ends(sweep: Sweep, values: Ints, counts: Mask) -> tuple[Ints, Ints]:
    """Least and greatest of the values that count, for each row; (many, -2) for none."""
    return (
        np.minimum.reduceat(np.where(counts, values, _MANY), sweep.starts),
        np.maximum.reduceat(np.where(counts, values, -2), sweep.starts),
    )


def _writers(p: Prepared, w: Wishes, in_fmt: Ints, out_fmt: Ints, wanted: Ints) -> Ints:
    """Open makers that can make what is wanted on the unit that they are on."""
    open_ = (wanted >= 0) & (wanted != out_fmt) & ~w.firm_out & (w.makes < 0) & IS_REAL[out_fmt]
    open_ &= ~_fixed(p)[p.kind] & ~p.unpriced
    rows = np.flatnonzero(open_)
    if not len(rows):
        return rows
    unit = []
    for made in (out_fmt[rows], wanted[rows]):
        found = acceptance(p, in_fmt[rows], made, w.kernel[rows], p.kind[rows])
        unit.append(first_true((found.why == 0) & (p.broken[:, rows] == 0)))
    ok = (unit[0] == unit[1]) & (unit[1] >= 0)
    asked = list(zip(p.kind[rows].tolist(), unit[1].tolist(), wanted[rows].tolist(), strict=True))
    able = {a: p.target.units[a[1]].runs(p.kinds[a[0]][0], FORMATS[a[2]]) for a in set(asked)}
    return rows[ok & np.array([able[a] for a in asked], bool)]


def _fixed(p: Prepared) -> Mask:
    """Kinds whose output is what the file says: conversions, bodies, rows of a stored table."""
    classes = ("convert", "unknown", "control", "sequence", "gather")
    return np.array([kind[0] in classes for kind in p.kinds], bool)


def _forward(p: Prepared, carrier: Mask, now: Flow, said: Ints, wanted: Ints, asker: Ints) -> None:
    """Give the carriers what they read; fills `now`."""
    e = p.edges
    counts = e.follows_target & (e.source >= 0)
    otherwise = np.where(said >= 0, said, np.where(wanted >= 0, wanted, p.in_fmt))
    fed = np.zeros(p.count, bool)
    fed[e.target[counts]] = True
    alone = np.flatnonzero(carrier & ~fed)
    _take(p, now, alone, otherwise[alone], said, asker[alone])
    for sweep in p.wiring.forward:
        at, of = sweep.edges, sweep.of
        source = e.source[at]
        read = np.where(e.follows_source[at], now.out_fmt[source], e.fmt[at])
        low, high = _ends(sweep, _WIDTH[read], counts[at])
        rows = sweep.rows
        fmt = np.where(high >= 0, high % len(FORMATS), 0)
        for wish in (wanted[rows], said[rows]):  # what a rule says goes before what readers want
            among = np.logical_or.reduceat(counts[at] & (read == wish[of]), sweep.starts)
            fmt = np.where((low != high) & among, wish, fmt)
        from_ = np.where((now.why[source] == FOLLOWS), now.root[source], source)
        maker = np.where(counts[at] & (read == fmt[of]), from_, _MANY)
        root = np.minimum.reduceat(maker, sweep.starts)
        ok = carrier[rows] & (high >= 0)
        _take(p, now, rows[ok], fmt[ok], said, root[ok])


def _take(p: Prepared, now: Flow, rows: Ints, fmt: Ints, said: Ints, root: Ints) -> None:
    now.in_fmt[rows] = now.out_fmt[rows] = fmt
    follows = (fmt != said[rows]) & ((fmt != p.in_fmt[rows]) | (said[rows] >= 0))
    now.why[rows] = np.where(follows, FOLLOWS, OWN)
    now.root[rows] = np.where(follows, root, -1)


def format_id(fmt: str | None) -> int:
    """Id of a format, -1 for None."""
    return FORMAT_IDS[fmt] if fmt else -1
