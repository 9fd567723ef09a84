"""The records of a hardware target.  Every number is a `Figure`: value, unit, grade and source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType

from engine.units import FORMAT_BITS

# assumption: by how much a coefficient of energy may be off either way, by its grade.  Published
# figures of one memory differ twofold (DRAM 162 to 325 pJ/B); of one kind of memory, as a bare
# device and with all that belongs to it, threefold (HBM 31 to 34 and 105 pJ/B).
SPREAD = MappingProxyType(
    {"A": 1.25, "A*": 1.25, "M": 1.25, "B": 2.0, "B-": 2.0, "C": 2.0, "D": 3.0}
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with where it comes from.

    Args:
        value: in `unit`; inf where something is never the limit.
        unit: "MAC/s", "op/s", "weight/s", "B/s", "B", "J/B", "J/MAC", "J/op", "W", "s", or "" for a
            share or a count.
        grade: "A" vendor, "A*" vendor text through a mirror, "B" reputable secondary, "C" derived
            (the arithmetic is in the source), "M" measured by us, "D" assumption.
        source: where it was read, how it was derived, or what is assumed.
        range: (lowest, highest), where the source gives one.
    """

    value: float
    unit: str
    grade: str
    source: str
    range: tuple[float, float] | None = None

    @property
    def low(self) -> float:
        """The lowest that it may be: of its source, else by its grade."""
        return self.range[0] if self.range else self.value / SPREAD[self.grade]

    @property
    def high(self) -> float:
        """The highest that it may be."""
        return self.range[1] if self.range else self.value * SPREAD[self.grade]


@dataclass(frozen=True, slots=True)
class Limit:
    """A rule of `constraints` that a unit has, with its limits filled in."""

    rule: str
    values: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Codec:
    """Bits a stored int8 weight takes in a lossless hardware codec, at measured points.

    Args:
        zeros: (share of zero weights, bits a weight), rising in the share, from 0 on.
        palettes: bits of a palette index -> bits a weight; sizes that are absent gain nothing.
    """

    zeros: tuple[tuple[float, float], ...]
    palettes: Mapping[int, float]
    grade: str
    source: str


@dataclass(frozen=True, slots=True)
class Memory:
    """A level of memory.  A target lists its levels from near to far.

    Args:
        units: ids of the units that reach it; () all.
        activations: whether activations may live in it.
        weights: "home" (weights are stored here), "cache" (the weights of a unit stay here between
            inferences if all of them fit), "pinned" (as many as fit stay here), "" (never).
        arena: activations are placed by the compiler, so that all that are alive must fit; a cache
            (False) only needs to hold what one task reads and writes.
        bandwidth: B/s; energy: J/B; idle: W, drawn all the time.
    """

    id: str
    label: str
    bandwidth: Figure
    energy: Figure
    idle: Figure
    capacity: Figure | None = None
    units: tuple[str, ...] = ()
    activations: bool = True
    weights: str = ""
    arena: bool = False

    @property
    def bytes(self) -> float:
        """Capacity, inf where the target does not bound it."""
        return self.capacity.value if self.capacity else float("inf")


@dataclass(frozen=True, slots=True)
class Unit:
    """A part of the hardware that runs tasks.

    Args:
        rates: format of the activations -> peak MAC/s, dense.
        computes_as: format that it stores but widens before computing -> the format it computes.
        integers: formats of indices and masks that it also handles ("int64", "bool").
        kernels: kernel classes that it runs; () all.
        float_only: kernel classes that it does not run in integer formats.
        weights: format of kernel weights narrower than the activations -> "run" (read narrow and
            widened while computing) or "load" (widened once, so only the file is smaller).
        palettes: bits of a palette -> "run" or "load"; sparse: the same for zeros.
        codec: lossless codec of all weights, if it has one.
        tile: "rows", "depth", "columns" -> multiple that the unit rounds up to.
        efficiency: share of the peak that well-shaped kernels reach.
        depthwise: the same for a depthwise convolution, by computed format or "all".
        element_rate: op/s of element-wise work; special_rate: elements/s of
            exponentials, roots and table look-ups.
        output_rate: outputs/s of a matrix kernel that pass its output stage at the same time as
            the products; None: fused operations take their own time.
        weight_rate: weights/s that reach the multipliers (decoder limit); None: no limit.
        launch: s from one task to the next.
        mac_energy: format -> J/MAC; op_energy: J/op.
        sparse_2_4: speed-up of matrix kernels with 2 zeros in each 4 weights; None: no such unit.
    """

    id: str
    label: str
    rates: Mapping[str, Figure]
    element_rate: Figure
    special_rate: Figure
    launch: Figure
    efficiency: Figure
    depthwise: Mapping[str, Figure]
    mac_energy: Mapping[str, Figure]
    op_energy: Figure
    computes_as: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    integers: tuple[str, ...] = ()
    kernels: tuple[str, ...] = ()
    float_only: tuple[str, ...] = ()
    weights: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    palettes: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    sparse: str = "load"
    codec: Codec | None = None
    tile: Mapping[str, Figure] = field(default_factory=lambda: MappingProxyType({}))
    output_rate: Figure | None = None
    weight_rate: Figure | None = None
    sparse_2_4: Figure | None = None
    limits: tuple[Limit, ...] = ()

    def compute_format(self, activations: str, kernel: str = "") -> str:
        """Format in which it multiplies, "" when it does not run this combination.

        Two floats meet in the wider; two integers too; a float and an integer in the float.  A
        weight-only format must be in `weights`.
        """
        a = self.computes_as.get(activations, activations)
        if a not in self.rates:
            return ""
        if not kernel or kernel == activations:
            return a
        if kernel in self.weights and FORMAT_BITS[kernel] <= FORMAT_BITS[activations]:
            return a
        k = self.computes_as.get(kernel, kernel)
        if k not in self.rates:
            return ""
        if is_float(a) == is_float(k):
            return a if FORMAT_BITS[a] >= FORMAT_BITS[k] else k
        return "" if is_float(a) else k

    def runs(self, kernel_class: str, activations: str) -> bool:
        """Whether it runs a kernel class on activations of a format."""
        if self.kernels and kernel_class not in self.kernels:
            return False
        if activations in self.integers or not activations:
            return True
        compute = self.compute_format(activations)
        return bool(compute) and (is_float(compute) or kernel_class not in self.float_only)


@dataclass(frozen=True, slots=True)
class Target:
    """A piece of hardware as a list of units and memories.

    Args:
        kind: "microcontroller", "npu", "cpu", "gpu".
        units: in order of preference; the last is the CPU that tasks fall back to.
        memories: from near to far.
        static: W that the whole chip draws while it runs.
        tdp: W that its vendor allows in all; None: not published.
        fps: inferences a second that a user of such a target aims at.
        reference_format: format that stands in for fp32 in the baseline, "" for none.
        partition: "any" (units alternate freely) or "prefix" (after the first task that the first
            unit does not run, all is the fallback's).
        hop: s to hand over from one unit to another.
        link_bandwidth: B/s between units; None: they share a memory and nothing is copied.
        link_energy: J/B of that copy.
        confidence: what kind of number its figures are: "modelled", "calibrated", "measured".
        without_passes: compiler passes that its compiler does not do.
        runtime: the runtime whose own graph says what the tasks are ("onnxruntime"), "" ours.
    """

    id: str
    label: str
    summary: str
    kind: str
    units: tuple[Unit, ...]
    memories: tuple[Memory, ...]
    static: Figure
    fps: Figure
    hop: Figure
    tdp: Figure | None = None
    link_bandwidth: Figure | None = None
    link_energy: Figure | None = None
    reference_format: str = ""
    partition: str = "any"
    confidence: str = "modelled"
    without_passes: frozenset[str] = frozenset()
    runtime: str = ""

    @property
    def fallback(self) -> Unit:
        """The CPU that runs what no other unit does."""
        return self.units[-1]

    def levels(self, unit: str) -> tuple[Memory, ...]:
        """Memories that a unit reaches, from near to far."""
        return tuple(m for m in self.memories if not m.units or unit in m.units)

    @property
    def room(self) -> tuple[float, float]:
        """Bytes that the largest memory has for (activations, weights); inf where not bounded."""
        return (
            max((m.bytes for m in self.memories if m.activations), default=0.0),
            max((m.bytes for m in self.memories if m.weights == "home"), default=float("inf")),
        )

    def figures(self) -> Iterator[tuple[str, Figure]]:
        """Every number of the target with its place, "units.npu.rates.int8"."""
        yield from _figures("", self)


def is_float(fmt: str) -> bool:
    """Whether a format is a floating-point one."""
    return fmt.startswith(("fp", "bf"))


def _figures(place: str, record: object) -> Iterator[tuple[str, Figure]]:
    if isinstance(record, Figure):
        yield place, record
    elif isinstance(record, Mapping):
        for key, value in record.items():
            yield from _figures(f"{place}.{key}", value)
    elif isinstance(record, tuple):
        for item in record:
            if isinstance(item, (Unit, Memory)):
                yield from _figures(f"{place}.{item.id}", item)
    elif isinstance(record, (Target, Unit, Memory)):
        for f in fields(record):
            yield from _figures(f"{place}.{f.name}".lstrip("."), getattr(record, f.name))
