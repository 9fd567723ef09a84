"""The formula of a row's figures with its own values, step by step.

The steps of a section add up (or the larger one counts) to what the table shows: a test holds it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.cost.energy import Side, joules, mac_energy
from engine.cost.price import Parts, Price
from engine.cost.work import FORMATS
from engine.targets import SPREAD, Figure, Target


class Step(NamedTuple):
    """One line of an explanation.

    Args:
        section: the figure it belongs to: "compute", "memory", "launch", "latency", "energy".
        label: what the user reads.
        value: in `unit`, of one inference.
        unit: "s", "J", "B", "MAC/s" ...
        source: where it comes from: a formula, a count, or the source of a target's figure.
        result: whether it is the figure that the section ends in.
    """

    section: str
    label: str
    value: float
    unit: str
    source: str
    result: bool = False


# The factors are those of `targets.SPREAD`.
_SIDE = (
    f"every coefficient at its {{0}}: assumptions {{1}} {SPREAD['D']:g}, published and worked-out "
    f"ones {{1}} {SPREAD['B']:g}, a vendor's and measured ones {{1}} {SPREAD['A']:g}, unless the "
    "source gives a range"
)


def explain(target: Target, price: Price, row: int) -> tuple[Step, ...]:
    """Steps from counts and target figures to the row's latency and energy; () if not priced."""
    for part in price.parts:
        at = int(part.rows.searchsorted(row))
        if at < len(part.rows) and part.rows[at] == row:
            shown = {name: float(values[row]) for name, values in price.figures.items()}
            return (
                *_compute(part, at, shown),
                *_memory(part, at, shown),
                *_latency(target, part, at, shown),
                *_energy(target, part, at, shown),
            )
    return ()


def _given(section: str, label: str, figure: Figure) -> Step:
    return Step(section, label, figure.value, figure.unit, f"{figure.source} [{figure.grade}]")


def _compute(part: Parts, at: int, shown: dict[str, float]) -> list[Step]:
    unit, work, c = part.unit, part.work, part.compute
    runs, fmt = float(work.runs[at]), FORMATS[work.compute[at]]
    steps = []
    if c.macs[at] > 0:
        steps += [
            Step("compute", "Multiply-accumulates", float(c.macs[at]), "MAC", "the task's shapes"),
            Step("compute", "Rounded up to the unit's tile, times", float(c.padding[at]), "",
                 "ceil of rows, channels and columns to the tile"),
            _given("compute", f"Peak of {unit.label} in {fmt}", unit.rates[fmt]),
            Step("compute", "Rate reached", float(c.rate[at]), "MAC/s",
                 "peak × share that such kernels reach"),
            Step("compute", "Products", float(c.product[at]) * runs, "s", "MACs × rounding / rate"),
        ]  # fmt: skip
        if unit.weight_rate:
            steps.append(Step("compute", "Weight decoder", float(c.decode[at]) * runs, "s",
                              f"weights / {unit.weight_rate.value:g} a second"))  # fmt: skip
    how = "beside the products; the longest counts" if unit.output_rate else "added"
    steps += [
        Step("compute", "Other operations", float(c.other[at]) * runs, "s", how),
        Step("compute", "Compute time", shown["compute_s"], "s", "from the lines above", True),
    ]
    return steps


def _memory(part: Parts, at: int, shown: dict[str, float]) -> list[Step]:
    t, runs = part.traffic, float(part.work.runs[at])
    steps = []
    for memory, row in zip(t.levels, t.by_level, strict=True):
        if row[at] > 0:
            steps += [
                Step("memory", f"Bytes in {memory.label}", float(row[at]) * runs, "B",
                     "weights and activations in their formats"),
                _given("memory", f"Bandwidth of {memory.label}", memory.bandwidth),
                Step("memory", f"Time in {memory.label}",
                     float(row[at]) / memory.bandwidth.value * runs, "s", "bytes / bandwidth"),
            ]  # fmt: skip
    return [
        *steps,
        Step("memory", "Memory time", shown["memory_s"], "s", "the slowest memory", True),
    ]


def _latency(target: Target, part: Parts, at: int, shown: dict[str, float]) -> list[Step]:
    work, runs = part.work, float(part.work.runs[at])
    steps = [
        Step("latency", "Longer of compute and memory",
             max(shown["compute_s"], shown["memory_s"]), "s", "they overlap"),
        Step("latency", "Launch", part.unit.launch.value * runs, "s",
             f"{part.unit.launch.source} [{part.unit.launch.grade}]"),
    ]  # fmt: skip
    if work.hops[at] or work.transfer_bytes[at]:
        steps.append(Step("latency", "Handing over from another unit", shown["transfer_s"], "s",
                          f"{target.hop.source} [{target.hop.grade}]"))  # fmt: skip
    factor = float(work.factor[at])
    if factor != 1:
        moved = shown["latency_s"] * (1 - 1 / factor)
        steps.append(Step("latency", "Correction by measured kernels", moved, "s",
                          f"the calibration has {factor:.3g} times the sum above"))  # fmt: skip
    return [*steps, Step("latency", "Latency", shown["latency_s"], "s", "sum", True)]


def _energy(target: Target, part: Parts, at: int, shown: dict[str, float]) -> list[Step]:
    fmt = FORMATS[part.work.compute[at]]
    steps = []
    if part.compute.macs[at] > 0:
        steps.append(_given("energy", f"Energy of a MAC in {fmt}", part.unit.mac_energy[fmt]))
        product = float(part.compute.macs[at] * mac_energy(part.unit, part.work)[at])
        steps.append(
            Step("energy", "MACs", product * float(part.work.runs[at]), "J", "MACs × J/MAC")
        )
    steps += [
        Step("energy", "Compute energy", shown["compute_energy_j"], "J", "MACs and operations"),
        Step("energy", "Memory energy", shown["memory_energy_j"], "J", "bytes × J/B by memory"),
        Step("energy", "Static power × latency",
             target.static.value * shown["latency_s"], "J",
             f"{target.static.source} [{target.static.grade}]"),
        Step("energy", "Energy", shown["energy_j"], "J", "compute + memory + static", True),
    ]  # fmt: skip
    latency = np.full(len(part.rows), shown["latency_s"])
    sides: tuple[tuple[Side, str, str], ...] = (
        ("low", "lowest", "/"), ("high", "highest", "×"),
    )  # fmt: skip
    for side, word, sign in sides:
        moved = float(joules(target, part, latency, side).total[at])
        steps.append(Step("energy", f"At the {word}", moved, "J", _SIDE.format(word, sign)))
    return steps
