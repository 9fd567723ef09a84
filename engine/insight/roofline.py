"""What binds each task, the arithmetic or the memory, and what each side can gain.

All figures come from the priced tasks of a resolution, so they agree with `engine.cost`: a task
lies on a roof exactly when its latency is the time that this roof allows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from engine.compile.compilation import Compilation
from engine.recipe.model import Resolution
from engine.targets import Target, Unit

BOUNDS = ("memory", "compute", "launch", "transfer")
HALF = 0.5  # of the bytes: int8 in place of a 16-bit format
ROOFLINE_SCHEMA = {
    "task_id": pl.Int32,
    "kind": pl.String,  # "MAC"; "op" without MACs; "" when it only moves data, or is unknown
    "intensity": pl.Float64,  # MAC/B or op/B
    "rate": pl.Float64,  # MAC/s or op/s over the whole latency
    "gain_s": pl.Float64,  # what the first remedy of its side would save
    "gain": pl.String,  # that remedy: "bytes", "format", "waste", "launch", "transfer"; ""
}
_KEY = ("unit", "kernel", "input_format", "output_format", "kernel_format")
_RATES = {
    **dict.fromkeys(_KEY, pl.String),
    "computes": pl.String, "peak": pl.Float64, "roof": pl.Float64, "element": pl.Float64,
    "fastest": pl.Float64, "fastest_format": pl.String,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ceiling:
    """A rate that no task of a unit passes.

    Args:
        unit: label of the unit.
        kind: "MAC", or "op" for tasks without MACs.
        format: what the unit multiplies in; "" for "op".
        rate: MAC/s that well-shaped kernels reach (peak x efficiency), or element operations/s.
        peak: MAC/s of the data sheet.
        seconds: time of the tasks under it.
        memories: ids of the slopes that its unit reaches.
        source: where peak or rate were read.
    """

    unit: str
    kind: str
    format: str
    rate: float
    peak: float
    seconds: float
    memories: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Slope:
    """A memory: rate = bandwidth x intensity.  `bandwidth` in B/s."""

    memory: str
    label: str
    bandwidth: float
    source: str


@dataclass(frozen=True, slots=True)
class Gain:
    """A remedy, what it would save, s, and for "format" the format to go to ("int8 on NPU")."""

    remedy: str
    saved_s: float
    format: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """The tasks that one thing binds.

    Args:
        bound: of `BOUNDS`.
        latency_s: time of these tasks.
        tasks: their ids, the slowest first.
        gains: remedies; the last is the limit of what this side can gain.
    """

    bound: str
    latency_s: float
    tasks: tuple[int, ...]
    gains: tuple[Gain, ...]


@dataclass(frozen=True, slots=True)
class Roofline:
    """The roofs of a target as a model uses them, and where its tasks lie under them.

    Args:
        tasks: see `ROOFLINE_SCHEMA`, one row a row of the resolution.
        ceilings: the busiest first; slopes: from near to far.
        sides: the one with most time first.
        latency_s: of all tasks that are priced.
        moving: tasks that only move data, and so have no intensity.
        unknown: tasks that are not priced.
    """

    tasks: pl.DataFrame
    ceilings: tuple[Ceiling, ...]
    slopes: tuple[Slope, ...]
    sides: tuple[Side, ...]
    latency_s: float
    moving: tuple[int, ...]
    unknown: int


def roofline(compilation: Compilation, resolution: Resolution, target: Target) -> Roofline:
    """The roofline of a priced model.

    work = utilisation x latency x peak: the MACs, after structured pruning and for all runs; for a
    task without MACs compute time x element rate, so that an exponential counts as the element
    operations that take as long.
    intensity = work / (bytes read + written), all memories together; rate = work / latency.
    A memory-bound task with half its bytes takes max(compute, memory / 2) + launch.
    A compute-bound one with MACs in the fastest format that a unit of the target runs it in takes
    max(memory, compute x peak / fastest peak) + launch; any, without rounding to tiles, idle lanes
    and fused work that outlasts the products, max(memory, work / roof) + launch.
    """
    frame = _placed(compilation, resolution, target)
    latency, macs = pl.col("latency_s"), pl.col("macs") > 0
    work = pl.when(macs).then(pl.col("utilisation") * latency * pl.col("peak"))
    moved = pl.col("read_bytes") + pl.col("write_bytes")
    compute, memory = pl.col("compute_s"), pl.col("memory_s")
    frame = frame.with_columns(
        work.otherwise(compute * pl.col("element")).alias("work"),
        pl.when(macs).then(pl.col("roof")).otherwise(pl.col("element")).alias("top"),
        pl.when(macs).then(pl.lit("MAC")).otherwise(pl.lit("op")).alias("kind"),
    )
    frame = frame.with_columns(
        pl.min_horizontal(memory * HALF, memory - compute).alias("bytes"),
        (memory - compute).alias("no bytes"),
        pl.when(macs & pl.col("fastest").is_not_null())
        .then(compute - pl.max_horizontal(memory, compute * pl.col("peak") / pl.col("fastest")))
        .otherwise(0.0)
        .alias("format"),
        (compute - pl.max_horizontal(memory, pl.col("work") / pl.col("top"))).alias("waste"),
        (compute - memory).alias("work left out"),
        pl.col("launch_s").alias("launch"),
        drawn=(pl.col("work") > 0) & (latency > 0) & (moved > 0),
    )
    drawn = pl.col("drawn").fill_null(False)
    first = {"memory": "bytes", "launch": "launch", "transfer": "launch"}
    gain: pl.Expr = pl.when(pl.col("format") > pl.col("waste")).then(pl.lit("format")).otherwise(
        pl.lit("waste")
    )  # fmt: skip
    saved: pl.Expr = pl.max_horizontal("format", "waste")
    for bound, column in first.items():
        is_it = pl.col("bound_by") == bound
        gain = pl.when(is_it).then(pl.lit(column if bound == "memory" else bound)).otherwise(gain)
        saved = pl.when(is_it).then(pl.col(column)).otherwise(saved)
    tasks = frame.select(
        "task_id",
        pl.when(drawn).then(pl.col("kind")).otherwise(pl.lit("")).alias("kind"),
        pl.when(drawn).then(pl.col("work") / moved).alias("intensity"),
        pl.when(drawn).then(pl.col("work") / latency).alias("rate"),
        saved.alias("gain_s"),
        pl.when(saved > 0).then(gain).otherwise(pl.lit("")).alias("gain"),
    ).cast(pl.Schema(ROOFLINE_SCHEMA))
    still = frame.filter((pl.col("work") == 0) & (latency > 0))
    return Roofline(
        tasks=tasks,
        ceilings=tuple(_ceilings(frame.filter(drawn), target)),
        slopes=tuple(_slopes(frame, target)),
        sides=tuple(_sides(frame)),
        latency_s=float(frame["latency_s"].sum()),
        moving=tuple(still.sort("latency_s", descending=True)["task_id"].to_list()),
        unknown=frame["latency_s"].null_count(),
    )


def _placed(compilation: Compilation, resolution: Resolution, target: Target) -> pl.DataFrame:
    """Priced tasks with MACs, kernel class, and the rates of their unit in their format."""
    known = compilation.tasks.select("task_id", "kernel", "macs")
    frame = resolution.tasks.join(known, on="task_id", how="left", maintain_order="left")
    frame = frame.with_columns(pl.col("kernel").fill_null("convert"))
    units = {u.id: u for u in target.units}
    rows = [
        {**key, **_rates(units[key["unit"]], key, target.units)}
        for key in frame.select(_KEY).unique().rows(named=True)
        if key["unit"] in units
    ]
    rates = pl.DataFrame(rows, schema=_RATES)
    return frame.join(rates, on=list(_KEY), how="left", maintain_order="left", nulls_equal=True)


def _rates(unit: Unit, key: dict[str, str], units: tuple[Unit, ...]) -> dict[str, object]:
    """Format that a unit multiplies in (see `recipe.place`), its rates, and the fastest format."""
    read, made, kernel = key["input_format"], key["output_format"], key["kernel_format"]
    activations = read if read and read not in unit.integers else made
    if not activations or activations in unit.integers:
        fmt = next(iter(unit.rates))
    else:
        fmt = unit.compute_format(activations, "" if kernel in unit.integers else kernel)
    peak = unit.rates[fmt].value if fmt else None
    faster = [
        (rate.value, -k, f if u is unit else f"{f} on {u.label}")
        for k, u in enumerate(units)
        for f, rate in u.rates.items()
        if peak is not None and rate.value > peak and u.runs(key["kernel"], f)
    ]
    best = max(faster, key=lambda found: found[:2], default=None)
    return {
        "computes": fmt,
        "peak": peak,
        "roof": peak and peak * unit.efficiency.value,
        "element": unit.element_rate.value,
        "fastest": best and best[0],
        "fastest_format": best[2] if best else "",
    }


def _ceilings(frame: pl.DataFrame, target: Target) -> Iterator[Ceiling]:
    """Ceilings that some task is under."""
    units = {u.id: u for u in target.units}
    named = frame.with_columns(
        pl.when(pl.col("kind") == "MAC").then(pl.col("computes")).otherwise(pl.lit("")).alias("of")
    )
    sums = named.group_by("unit", "kind", "of").agg(pl.col("latency_s").sum())
    for id, kind, fmt, seconds in sums.sort("latency_s", descending=True).iter_rows():
        unit = units[id]
        figure = unit.rates[fmt] if kind == "MAC" else unit.element_rate
        share = unit.efficiency.value if kind == "MAC" else 1.0
        yield Ceiling(
            unit.label, kind, fmt, figure.value * share, figure.value, seconds,
            tuple(m.id for m in target.levels(id)), f"{figure.source} [{figure.grade}]",
        )  # fmt: skip


def _slopes(frame: pl.DataFrame, target: Target) -> Iterator[Slope]:
    """Memories that a unit in use reaches."""
    used = [u.id for u in target.units if u.id in set(frame["unit"])]
    reached = {m.id for id in used for m in target.levels(id)}
    for memory in target.memories:
        if memory.id in reached:
            figure = memory.bandwidth
            source = f"{figure.source} [{figure.grade}]"
            yield Slope(memory.id, memory.label, figure.value, source)


def _sides(frame: pl.DataFrame) -> Iterator[Side]:
    """Time and remedies by what binds, the side with most time first."""
    bound = frame.filter(pl.col("latency_s") > 0).sort("latency_s", descending=True)
    parts = {name: bound.filter(pl.col("bound_by") == name) for name in BOUNDS}
    for name, part in sorted(parts.items(), key=lambda p: -float(p[1]["latency_s"].sum())):
        if part.is_empty():
            continue

        def total(column: str, part: pl.DataFrame = part) -> float:
            return float(part[column].clip(lower_bound=0).sum())

        gains: tuple[Gain, ...]
        if name == "memory":
            gains = (Gain("bytes", total("bytes")), Gain("no bytes", total("no bytes")))
        elif name == "compute":
            to = part.filter(pl.col("format") > 0)["fastest_format"].mode().sort()
            gains = (
                Gain("format", total("format"), str(to[0]) if len(to) else ""),
                Gain("waste", total("waste")),
                Gain("work left out", total("work left out")),
            )
        else:
            gains = (Gain(name, total("launch")),)
        ids = tuple(part["task_id"].to_list())
        yield Side(name, float(part["latency_s"].sum()), ids, gains)
