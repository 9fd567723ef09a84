"""Energy of rows, and how far the coefficients behind it may move it.

No target here was measured with a meter, so a sum of energies is shown from low to high: every
coefficient at its lowest, and every one at its highest.  One coefficient prices many tasks, so its
error does not average out over them.  The latency behind the static part stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from engine.cost.work import FORMATS, Floats, Mask, Work
from engine.targets import Target, Unit

if TYPE_CHECKING:
    from engine.cost.price import Parts, Price

Side = Literal["low", "value", "high"]


class Joules(NamedTuple):
    """Energy of rows on one unit, J of an inference, [rows] each."""

    compute: Floats
    memory: Floats
    static: Floats

    @property
    def total(self) -> Floats:
        """All three."""
        return self.compute + self.memory + self.static


def joules(target: Target, part: Parts, seconds: Floats, side: Side = "value") -> Joules:
    """Energy = macs x J/MAC + operations x J/op + bytes x J/B + static W x latency.

    Args:
        target: whose link and static power count.
        part: rows on one unit.
        seconds: latency of the rows in an inference, [rows].
        side: which end of each coefficient; `Figure.low` and `Figure.high` say what they are.
    """
    work, unit = part.work, part.unit
    products = np.where(part.compute.macs == 0, 0.0,
                        mac_energy(unit, work, side) * part.compute.macs)  # fmt: skip
    operations = work.operations * work.keep_out * getattr(unit.op_energy, side)
    moved = np.array([getattr(m.energy, side) for m in part.traffic.levels])
    memory = (part.traffic.by_level * moved[:, None]).sum(axis=0)
    if target.link_bandwidth and target.link_energy:
        memory = memory + work.transfer_bytes * getattr(target.link_energy, side)
    static = getattr(target.static, side) * seconds
    return Joules((products + operations) * work.runs, memory * work.runs, static)


def energy_band(target: Target, price: Price, rows: Mask) -> tuple[float, float]:
    """(lowest, highest) energy of rows together, J; NaN where a quantity is unknown.

    Args:
        target: that they were priced on.
        price: of all rows.
        rows: [all rows] which count.
    """
    ends = []
    sides: tuple[Side, ...] = ("low", "high")
    for side in sides:
        total = 0.0
        for part in price.parts:
            made = joules(target, part, price.figures["latency_s"][part.rows], side)
            total += float(made.total[rows[part.rows]].sum())
        ends.append(total)
    return ends[0], ends[1]


def mac_energy(unit: Unit, work: Work, side: Side = "value") -> Floats:
    """J/MAC of each row in the format that it multiplies in."""
    known = unit.mac_energy
    values = [getattr(known[f], side) if f in known else np.nan for f in FORMATS]
    return np.array(values)[work.compute]
