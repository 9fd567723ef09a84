"""A recipe on a compilation: the optimization table, priced."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl

from engine.compile import Compilation
from engine.cost import (
    BOUNDS,
    FORMAT_IDS,
    FORMATS,
    Floats,
    Ints,
    Price,
    Step,
    Work,
    bits_of,
    explain,
    price,
)
from engine.recipe.choose import Choice, baseline, choose
from engine.recipe.convert import Conversions, conversions, handover, live_ratio, operations
from engine.recipe.model import PRICED_SCHEMA, Recipe, Resolution, Totals
from engine.recipe.place import Placement, place
from engine.recipe.prepare import Prepared, prepare
from engine.targets import Target
from engine.targets import target as find_target

BASELINE = Recipe()
_FIGURES = (
    "latency_s", "compute_s", "memory_s", "launch_s", "utilisation", "energy_j", "memory_energy_j",
    "compute_energy_j", "read_bytes", "write_bytes", "size_bytes", "live_bytes",
)  # fmt: skip


class Plan(NamedTuple):
    """Everything that a recipe decides, before it becomes a table."""

    prepared: Prepared
    choice: Choice
    placement: Placement
    found: Conversions
    work: Work
    price: Price


def resolve(
    compilation: Compilation, recipe: Recipe = BASELINE, target: Target | None = None
) -> Resolution:
    """Choose formats, place, convert and price every task under a recipe.

    Args:
        compilation: what the model was compiled to.
        recipe: rules; without any, the file as it is (the baseline).
        target: hardware in place of the catalogue's `compilation.target`.
    """
    made = plan(compilation, recipe, target)
    frame = _table(made)
    p = made.prepared
    return Resolution(
        tasks=frame,
        totals=_totals(made),
        reference=p.reference,
        touched=made.choice.changed(baseline(p)),
    )


def why(
    compilation: Compilation, recipe: Recipe, task_id: int, target: Target | None = None
) -> tuple[Step, ...]:
    """The formula of a row of the table, step by step; () when it is not priced."""
    made = plan(compilation, recipe, target)
    return explain(made.prepared.target, made.price, task_id)


def plan(compilation: Compilation, recipe: Recipe, target: Target | None = None) -> Plan:
    """The steps of `resolve` in their order: choose, place, convert, hand over, price."""
    prepared = prepare(compilation, target or find_target(compilation.target))
    choice = choose(prepared, recipe)
    placement = place(prepared, choice)
    found = conversions(prepared, choice)
    work = _work(prepared, choice, placement, found)
    return Plan(prepared, choice, placement, found, work, price(prepared.target, work))


def _work(p: Prepared, choice: Choice, placement: Placement, found: Conversions) -> Work:
    c, extra = p.columns, len(found.anchor)
    passed = handover(p, placement, found)
    live = c["live_bytes"] * _reference_ratio(p) * live_ratio(p, found, choice.keep_out)
    kernels = np.array([kind[0] for kind in p.kinds], object)[p.kind]
    weight_other = c["weight_elements"] - c["kernel_elements"]
    first = _share(c["parameters"], c["weight_elements"])
    scale = bits_of(p.kernel_fmt) / np.where(p.file_kernel > 0, bits_of(p.file_kernel), 1)
    scale = np.where(p.file_kernel > 0, scale, _reference_scale(p))
    stored_kernel = c["kernel_elements"] * first * bits_of(p.file_kernel) / 8
    first_other = np.maximum(c["weight_bytes"] - stored_kernel, 0) * scale
    other_bits = np.where(weight_other > 0, bits_of(p.kernel_fmt), 0)
    other_bits = np.where(other_bits == 0, bits_of(p.out_fmt), other_bits)
    reads = c["input_bytes"] * _ratio(choice.in_fmt, p.file_in)
    writes = c["output_bytes"] * _ratio(choice.out_fmt, p.file_out)
    moving = (kernels == "gather") | (kernels == "layout")
    reads = np.where(moving, np.fmin(reads, writes), reads)
    embeds = (kernels == "gather") & (c["kernel_elements"] > 0)
    gathered = np.where(embeds, _share(c["output_elements"], c["kernel_elements"]), 1.0)
    tasks = Work(
        runs=c["runs"], macs=c["macs"], operations=c["operations"], rows=c["rows"],
        depth=c["depth"], columns=c["columns"], products=c["products"], window=c["window"],
        special=p.special, depthwise=kernels == "depthwise_conv", deconv=kernels == "deconv",
        input_bytes=reads, output_bytes=writes, output_elements=c["output_elements"],
        gathered=gathered, kernel_elements=c["kernel_elements"],
        other_bytes=weight_other * other_bits / 8, first_share=first,
        first_other_bytes=first_other, live_bytes=live, unit=placement.unit,
        compute=placement.compute, kernel=choice.kernel_fmt, base_kernel=p.kernel_fmt,
        sparsity=np.where(choice.structured, 0.0, choice.sparsity),
        palette=choice.palette, keep_in=choice.keep_in, keep_out=choice.keep_out,
        transfer_bytes=passed.bytes[: p.count], hops=passed.hops[: p.count],
    )  # fmt: skip
    if not extra:
        return tasks
    zero, one, no = np.zeros(extra), np.ones(extra), np.zeros(extra, bool)
    none = np.zeros(extra, np.int64)
    runs = np.where(found.anchor >= 0, np.append(c["runs"], 1.0)[found.anchor], 1.0)
    added = Work(
        runs=runs, macs=zero, operations=operations(found), rows=zero, depth=zero, columns=zero,
        products=zero, window=zero, special=no, depthwise=no, deconv=no,
        input_bytes=found.elements * bits_of(found.before) / 8,
        output_bytes=found.elements * bits_of(found.after) / 8,
        output_elements=found.elements, gathered=one, kernel_elements=zero, other_bytes=zero,
        first_share=zero, first_other_bytes=zero,
        live_bytes=live[np.maximum(found.anchor, 0)], unit=found.unit, compute=found.compute,
        kernel=none, base_kernel=none, sparsity=zero, palette=none, keep_in=one,
        keep_out=np.where(found.anchor >= 0, np.append(choice.keep_out, 1.0)[found.anchor], 1.0),
        transfer_bytes=passed.bytes[p.count :], hops=passed.hops[p.count :],
    )  # fmt: skip
    return Work(*(np.concatenate([getattr(tasks, f), getattr(added, f)]) for f in Work.__slots__))


def _share(part: Floats, whole: Floats) -> Floats:
    return np.where(whole > 0, np.fmin(part / np.where(whole > 0, whole, 1), 1.0), 0.0)


def _ratio(chosen: Ints, file: Ints) -> Floats:
    return np.where(file > 0, bits_of(chosen) / np.where(file > 0, bits_of(file), 1), 1.0)


def _reference_scale(p: Prepared) -> Floats:
    """Bytes of weights without a kernel format (norms) in the reference format / in the file."""
    reference = p.target.reference_format
    fp32 = p.file_out == FORMAT_IDS["fp32"]
    bits = bits_of(np.array([FORMAT_IDS[reference]]))[0] / 32 if reference else 1.0
    return np.where(fp32, bits, 1.0)


def _reference_ratio(p: Prepared) -> Floats:
    """Live bytes in the reference format / in the file: by what each task makes."""
    return _ratio(p.out_fmt, p.file_out) if p.reference else np.ones(p.count)


def _table(made: Plan) -> pl.DataFrame:
    p, choice, found, work = made.prepared, made.choice, made.found, made.work
    n, extra = p.count, len(found.anchor)
    units = (*(u.id for u in p.target.units), "")
    pairs = zip(found.before.tolist(), found.after.tolist(), strict=True)
    text = {
        "name": (p.columns["name"].tolist(), [f"{FORMATS[b]} → {FORMATS[a]}" for b, a in pairs]),
        "unit_reason": (list(made.placement.reason), [""] * extra),
        "refusal": (list(choice.refusal), [""] * extra),
    }  # fmt: skip
    ids = {
        "input_format": (FORMATS, np.concatenate([choice.in_fmt, found.before])),
        "output_format": (FORMATS, np.concatenate([choice.out_fmt, found.after])),
        "kernel_format": (FORMATS, work.kernel),
        "unit": (units, work.unit),
        "bound_by": ((*BOUNDS, ""), made.price.bound),
        "origin": (("task", "conversion"), np.repeat([0, 1], [n, extra])),
    }
    pruned = np.concatenate([choice.sparsity, np.zeros(extra)])
    columns: dict[str, object] = {
        "task_id": np.arange(n + extra),
        "anchor": np.concatenate([np.arange(n), found.anchor]),
        "sparsity": pruned,
        "palette_bits": work.palette,
    }
    for name, (mine, added) in text.items():
        columns[name] = mine + added
    for name, (words, at) in ids.items():
        columns[name] = pl.Series(words, dtype=pl.String).gather(at % len(words))
    for name in _FIGURES:
        columns[name] = pl.Series(made.price.figures[name], nan_to_null=True)
    return pl.DataFrame({name: columns[name] for name in PRICED_SCHEMA}).cast(
        pl.Schema(PRICED_SCHEMA)
    )


def _totals(made: Plan) -> Totals:
    p, figures = made.prepared, made.price.figures
    runs = made.work.runs > 0
    unknown = np.isnan(figures["latency_s"]) & runs
    tasks = p.columns

    def total(values: Floats) -> float | None:
        found = float(values[runs].sum())
        return None if np.isnan(found) else found

    size = float(figures["size_bytes"].sum())
    live = figures["live_bytes"]
    macs = total(np.concatenate([tasks["macs"] * tasks["runs"], np.zeros(len(live) - p.count)]))
    return Totals(
        latency_s=total(figures["latency_s"]),
        energy_j=total(figures["energy_j"]),
        memory_energy_j=total(figures["memory_energy_j"]),
        memory_idle_w=sum(m.idle.value for m in p.target.memories),
        size_bytes=None if np.isnan(size) else round(size),
        peak_bytes=None if not len(live) or np.isnan(live).any() else round(float(live.max())),
        macs=None if macs is None else round(macs),
        parameters=int(np.nansum(tasks["parameters"])),
        tasks=p.count,
        unknown_tasks=int(unknown.sum()),
    )
