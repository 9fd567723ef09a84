"""A recipe and what it resolves to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import polars as pl


@dataclass(frozen=True, slots=True)
class Action:
    """What a rule does to the tasks it selects; None leaves a choice as it is.

    `Action()` leaves its tasks alone: it clears what earlier rules did, and holds their formats.

    Args:
        activations: short for `input` and `output` where these are None.
        kernel: format of the kernel weights.
        sparsity: share of kernel weights set to zero, 0..1.
        structured: True removes whole channels, False single weights.
        palette_bits: bits of a weight palette index, 1..8.
        input, output: format of what the task reads and makes ("int8").
        pattern: "2:4" keeps 2 weights in each 4 (N:M sparsity); "" none.  It says the share too.
    """

    activations: str | None = None
    kernel: str | None = None
    sparsity: float | None = None
    structured: bool = False
    palette_bits: int | None = None
    input: str | None = None
    output: str | None = None
    pattern: str = ""

    @property
    def reads(self) -> str | None:
        """Format asked for what is read."""
        return self.input or self.activations

    @property
    def makes(self) -> str | None:
        """Format asked for what is made."""
        return self.output or self.activations

    @property
    def share(self) -> float:
        """Share of zeros that is asked for, 0 for none."""
        if self.pattern:
            kept, of = self.pattern.split(":")
            return 1 - int(kept) / int(of)
        return self.sparsity or 0.0

    @property
    def weights(self) -> bool:
        """Whether it says anything of the weights."""
        return bool(self.kernel or self.share or self.palette_bits)


@dataclass(frozen=True, slots=True)
class OfKernel:
    """Tasks of a kernel class ("conv")."""

    kernel: str


@dataclass(frozen=True, slots=True)
class ByName:
    """Tasks whose name matches a glob (`*` any text, `?` one character)."""

    glob: str


@dataclass(frozen=True, slots=True)
class InModule:
    """Tasks whose module path ("encoder/layers/0") matches a glob."""

    glob: str


@dataclass(frozen=True, slots=True)
class ByMetric:
    """Tasks by a figure of the baseline, in SI units; an unknown figure matches nothing.

    Args:
        metric: id in `engine.metrics`.
        op: "gt", "ge", "lt", "le", "eq" or "ne".
        value: in the metric's SI unit ("latency_s": seconds).
    """

    metric: str
    op: str
    value: float


@dataclass(frozen=True, slots=True)
class InGroup:
    """The tasks of a group, with its name for people."""

    name: str
    tasks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Dynamic:
    """Products of two activations: MatMul without a constant input, attention."""


@dataclass(frozen=True, slots=True)
class AllOf:
    """Tasks that every part matches."""

    parts: tuple[Selector, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Tasks that at least one part matches."""

    parts: tuple[Selector, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Tasks that the part does not match."""

    part: Selector


# "all", or task ids, or one of the records above.
Selector: TypeAlias = (
    str | tuple[int, ...] | OfKernel | ByName | InModule | ByMetric | InGroup | Dynamic | AllOf
    | AnyOf | Not
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """Selector -> action."""

    action: Action
    selector: Selector = "all"

    @property
    def names_tasks(self) -> bool:
        """Whether a person picked its tasks one by one, so that their formats hold firm."""
        return isinstance(self.selector, (tuple, InGroup))


@dataclass(frozen=True, slots=True)
class Recipe:
    """An ordered list of rules; the last that matches a task wins.  () is the baseline."""

    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Preset:
    """A model-wide recipe that ships.

    Args:
        id: "int8", "fp16", "sparse50" ...
        family: "quantization", "pruning", "palettization".
        effort: "$" post-training, "$$" fine-tuning, "$$$" training-aware.
        help: one sentence for the user.
    """

    id: str
    label: str
    family: str
    effort: str
    help: str
    recipe: Recipe


@dataclass(frozen=True, slots=True)
class Totals:
    """Figures of the whole model.  None means unknown because `unknown_tasks` > 0.

    `energy_band`: (lowest, highest) that the coefficients of energy allow, J.
    `memory_power_w` is a function of the frame rate: use `memory_power(fps)`.
    """

    latency_s: float | None
    energy_j: float | None
    memory_energy_j: float | None
    memory_idle_w: float
    size_bytes: int | None
    peak_bytes: int | None
    macs: int | None
    parameters: int
    tasks: int
    unknown_tasks: int
    energy_band: tuple[float, float] | None = None

    def memory_power(self, fps: float) -> float | None:
        """Mean power of the memories at a frame rate, W.

        memory energy x min(fps, 1/latency) + idle (Talaria, section 4.1).
        """
        if self.memory_energy_j is None or not self.latency_s:
            return None
        return self.memory_energy_j * min(fps, 1 / self.latency_s) + self.memory_idle_w


# Columns of `Resolution.tasks`: one row per task in order, then one per conversion that the recipe
# or the placement needs.  Null = unknown.
PRICED_SCHEMA = {
    "task_id": pl.Int32,  # conversions continue the numbering
    "origin": pl.String,  # "task" or "conversion"
    "anchor": pl.Int32,  # of a conversion: the task whose output it converts (-1: a model input)
    "name": pl.String,  # of a conversion: "int8 → fp16"
    "unit": pl.String,  # unit id of the target; "" when nothing runs it
    "unit_reason": pl.String,  # why not on the first unit; "" when it is
    "input_format": pl.String,
    "output_format": pl.String,
    "kernel_format": pl.String,
    "sparsity": pl.Float64,
    "pattern": pl.String,  # of the sparsity: "2:4", "channels", "" for single weights or none
    "palette_bits": pl.Int32,  # 0: none
    "rule": pl.Int32,  # place of the rule that decided the row; -1: none
    "cause": pl.String,  # what decided it if not a rule of its own: "follows int8 from ..."; ""
    "refusal": pl.String,  # why the recipe's action does not apply to this task; ""
    "latency_s": pl.Float64,  # runs included, as all that follows
    "compute_s": pl.Float64,
    "memory_s": pl.Float64,
    "launch_s": pl.Float64,
    "bound_by": pl.String,  # "compute", "memory", "launch", "transfer"
    "utilisation": pl.Float64,  # ideal compute time / latency, 0..1
    "energy_j": pl.Float64,
    "memory_energy_j": pl.Float64,
    "compute_energy_j": pl.Float64,
    "read_bytes": pl.Float64,  # weights and activations read, in the chosen formats
    "write_bytes": pl.Float64,
    "size_bytes": pl.Float64,  # stored weights in the chosen format, first use only
    "live_bytes": pl.Float64,  # activations alive in the chosen formats
}


@dataclass(frozen=True)
class Resolution:
    """The optimization table: every task with its choice and its price, and the totals.

    Args:
        tasks: see `PRICED_SCHEMA`.
        totals: sums (latency, energy, bytes), maximum (live memory).
        reference: format the baseline is in when it is not the file's own, else "".
        touched: number of tasks that the recipe changed.
        kind: what kind of number the latency is: "calibrated" where every task's time follows
            from measured kernels and the recipe changes none, else "modelled".
        error: median |error| of a calibrated total, as a share; None for a modelled one.
    """

    tasks: pl.DataFrame
    totals: Totals
    reference: str
    touched: int
    kind: str = "modelled"
    error: float | None = None
