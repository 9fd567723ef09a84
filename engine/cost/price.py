"""Latency and energy of every row: where compute and traffic meet."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.cost.compute import Compute, compute
from engine.cost.energy import joules
from engine.cost.traffic import Traffic, traffic
from engine.cost.weights import Weights, kernel_weights
from engine.cost.work import Floats, Ints, Work
from engine.targets import Target, Unit

BOUNDS = ("compute", "memory", "launch", "transfer")
_COLUMNS = (
    "latency_s", "compute_s", "memory_s", "launch_s", "utilisation", "energy_j", "memory_energy_j",
    "compute_energy_j", "read_bytes", "write_bytes", "size_bytes", "live_bytes", "transfer_s",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parts:
    """What the figures of the rows on one unit are made of; for `why`."""

    unit: Unit
    rows: Ints
    work: Work
    compute: Compute
    traffic: Traffic
    weights: Weights


@dataclass(frozen=True, slots=True)
class Price:
    """Figures of every row: `figures` by column name of `recipe.PRICED_SCHEMA`, runs included.

    `bound` is an index in `BOUNDS`, -1 where the row is not priced.
    """

    figures: MappingProxyType[str, Floats]
    bound: NDArray[np.int64]
    parts: tuple[Parts, ...]


def price(target: Target, work: Work) -> Price:
    """Price every row on the unit it is placed on.

    latency = (max(compute, memory) + launch + transfer) x factor, the factor being what measured
    kernels correct it by; transfer = hops x hop + bytes / link
    energy: see `energy.joules`
    utilisation = arithmetic at the peak rate / latency
    All are multiplied by how often the row runs.  NaN where a quantity is unknown.
    """
    count = len(work)
    out = {name: np.full(count, np.nan) for name in _COLUMNS}
    bound = np.full(count, -1)
    parts = []
    for index, unit in enumerate(target.units):
        rows = np.flatnonzero(work.unit == index)
        if not len(rows):
            continue
        part = _on_unit(target, unit, rows, work.take(rows))
        parts.append(part)
        _fill(target, part, out, bound)
    nowhere = work.unit < 0
    if nowhere.any():  # what nothing runs still has a size
        left = work.take(nowhere)
        size = kernel_weights(target.fallback, left).stored * left.first_share
        out["size_bytes"][nowhere] = size + left.first_other_bytes
        out["live_bytes"][nowhere] = left.live_bytes
    return Price(MappingProxyType(out), bound, tuple(parts))


def _on_unit(target: Target, unit: Unit, rows: Ints, work: Work) -> Parts:
    weights = kernel_weights(unit, work)
    return Parts(
        unit, rows, work, compute(unit, work), traffic(target, unit, work, weights), weights
    )


def _fill(target: Target, part: Parts, out: dict[str, Floats], bound: NDArray[np.int64]) -> None:
    work, runs, rows = part.work, part.work.runs, part.rows
    launch = np.full(len(work), part.unit.launch.value)
    transfer = work.hops * target.hop.value
    if target.link_bandwidth:
        transfer = transfer + work.transfer_bytes / target.link_bandwidth.value
    latency = np.maximum(part.compute.total, part.traffic.seconds) + launch + transfer
    latency = latency * work.factor
    energy = joules(target, part, latency * runs)
    with np.errstate(invalid="ignore", divide="ignore"):
        utilisation = np.clip(part.compute.ideal / latency, 0, 1)
    figures = {
        "latency_s": latency * runs,
        "compute_s": part.compute.total * runs,
        "memory_s": part.traffic.seconds * runs,
        "launch_s": (launch + transfer) * runs,
        "transfer_s": transfer * runs,
        "utilisation": np.where(latency > 0, utilisation, 0.0),
        "energy_j": energy.total,
        "memory_energy_j": energy.memory,
        "compute_energy_j": energy.compute,
        "read_bytes": part.traffic.read * runs,
        "write_bytes": part.traffic.write * runs,
        "size_bytes": part.weights.stored * work.first_share + work.first_other_bytes,
        "live_bytes": work.live_bytes,
    }
    for name, values in figures.items():
        out[name][rows] = values
    sides = np.stack([part.compute.total, part.traffic.seconds, launch, transfer])
    bound[rows] = np.where(np.isnan(latency), -1, np.nan_to_num(sides).argmax(axis=0))
