"""The glossary: every metric of a task, once.

It drives column headers, tooltips, the column menu, graph legends and the README.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Aggregate = Literal["sum", "max", "none"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of a task or a model.

    Args:
        id: column name, unit included.
        label: what the user reads, without the unit.
        unit: unit on the page; "" for a count or a word.
        scale: page value = column value x scale (seconds -> ms: 1e3).
        digits: significant digits on the page; our models do not earn more than three, and
            energies two: their coefficients may be off twofold.
        aggregate: how a group or a model sums it up.
        better: "lower", "higher" or "" (neither).
        shown: visible in the table before the user chooses.
        help: one plain sentence.
    """

    id: str
    label: str
    unit: str = ""
    scale: float = 1.0
    digits: int = 3
    aggregate: Aggregate = "sum"
    better: Literal["lower", "higher", ""] = "lower"
    shown: bool = False
    help: str = ""

    @property
    def header(self) -> str:
        """Label and unit as a column header: "Latency, ms"."""
        return f"{self.label}, {self.unit}" if self.unit else self.label


METRICS: tuple[Metric, ...] = (
    Metric("latency_s", "Latency", "ms", 1e3, shown=True,
           help="Time of the task: the longer of its compute and memory time, plus launch."),
    Metric("share", "Share", "%", 100, aggregate="none", better="", shown=True,
           help="Share of the model's latency that this task takes."),
    Metric("cumulative_share", "Share Σ", "%", 100, aggregate="none", better="", shown=True,
           help="Share of latency of this task and all slower ones together."),
    Metric("memory_power_w", "Mem. power", "mW", 1e3, digits=2, shown=True,
           help="Energy of reading and writing memory times the inferences a second."),
    Metric("energy_j", "Energy", "mJ", 1e3, digits=2,
           help="Energy of one inference in this task: arithmetic, memory and static power."),
    Metric("memory_energy_j", "Memory energy", "mJ", 1e3, digits=2,
           help="Energy of moving weights and activations in one inference."),
    Metric("compute_energy_j", "Compute energy", "mJ", 1e3, digits=2,
           help="Energy of the arithmetic in one inference."),
    Metric("compute_s", "Compute time", "ms", 1e3,
           help="Time the arithmetic needs at the unit's rate, after rounding to its tile."),
    Metric("memory_s", "Memory time", "ms", 1e3,
           help="Time that moving the bytes needs at each memory's bandwidth."),
    Metric("launch_s", "Launch time", "ms", 1e3,
           help="Fixed time to start the task, and to hand data to another unit."),
    Metric("utilisation", "Utilisation", "%", 100, aggregate="none", better="higher",
           help="Ideal arithmetic time at the unit's peak rate as a share of the task's time."),
    Metric("macs", "MACs", "M", 1e-6, help="Multiply-accumulates, in millions; 1 MAC is 2 FLOPs."),
    Metric("operations", "Other operations", "M", 1e-6,
           help="Additions, comparisons, exponentials and the like, one an element, in millions."),
    Metric("parameters", "Parameters", "k", 1e-3,
           help="Weights of the task, in thousands, counted where they are first used."),
    Metric("size_bytes", "Size", "kB", 1e-3,
           help="Stored weights in the chosen format, counted where they are first used."),
    Metric("read_bytes", "Bytes read", "kB", 1e-3,
           help="Weights and activations that the task reads in one inference."),
    Metric("write_bytes", "Bytes written", "kB", 1e-3,
           help="Activations that the task writes in one inference."),
    Metric("live_bytes", "Live memory", "kB", 1e-3, aggregate="max",
           help="Activations alive while the task runs, its own inputs and outputs included."),
)  # fmt: skip
BY_ID = {m.id: m for m in METRICS}
