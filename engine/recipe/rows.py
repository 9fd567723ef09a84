"""What a recipe decided, as rows to price: tasks, then conversions."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from engine.cost import FORMAT_IDS, Floats, Ints, Mask, Work, bits_of, price
from engine.recipe.choose import Choice, baseline
from engine.recipe.convert import Conversions, conversions, handover, live_ratio, operations
from engine.recipe.place import Placement, place
from engine.recipe.prepare import Prepared
from engine.recipe.times import WAYS, Times, between, formats, of_choice, seconds

# Bytes that structured zeros (2 in each 4) take are those of single zeros: half of the values and
# 2 bits for the place of each, b / 2 + 1 a weight.


def rows(
    p: Prepared, choice: Choice, placement: Placement, found: Conversions,
    live: Floats | None = None,
) -> Work:  # fmt: skip
    """Rows to price under a choice; `live` in place of the live bytes that follow from it."""
    if live is None:
        live = live_bytes(p, choice, found)
    passed = handover(p, placement, found)
    tasks = _tasks(p, choice, placement, live, passed.bytes[: p.count], passed.hops[: p.count],
                   factors(p, choice))  # fmt: skip
    extra = len(found.anchor)
    if not extra:
        return tasks
    added = _conversions(p, choice, found, live, passed.bytes[p.count :], passed.hops[p.count :])
    measured = between(p, found.elements, found.before, found.after)
    if measured is not None:
        modelled = price(p.target, added).figures["latency_s"]
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = measured * added.runs / modelled
        added = replace(added, factor=np.where(np.isfinite(ratio) & (ratio > 0), ratio, 1.0))
    return joined(tasks, added)


def joined(*parts: Work) -> Work:
    """Rows one after the other."""
    return Work(*(np.concatenate([getattr(w, f) for w in parts]) for f in Work.__slots__))


def live_bytes(p: Prepared, choice: Choice, found: Conversions) -> Floats:
    """Activations alive while each task runs, in the chosen formats, B."""
    return baseline_live(p) * live_ratio(p, found, choice.keep_out)


def baseline_live(p: Prepared) -> Floats:
    """Activations alive while each task runs, in the baseline's formats, B."""
    reference = _ratio(p.out_fmt, p.file_out) if p.reference else np.ones(p.count)
    return np.asarray(p.columns["live_bytes"] * reference)


def factors(p: Prepared, choice: Choice) -> Floats:
    """Calibrated / modelled time of each task in the chosen formats, 1 where not calibrated.

    A choice of other formats is another kernel of the runtime, which was measured too; what else
    a choice changes, changes a task's time as the model says.
    """
    if p.calibrated is None:
        return np.ones(p.count)
    return of_choice(p, times(p), choice.in_fmt, choice.out_fmt)


def times(p: Prepared) -> Times:
    """Calibrated / modelled times of the tasks of a whole model; made once."""
    if "times" not in p.kept:
        start, live = baseline(p), baseline_live(p)
        found = []
        for seconds_, (reads, makes) in zip(seconds(p), WAYS, strict=True):
            in_fmt, out_fmt, kernel = formats(p, reads, makes)
            choice = replace(start, in_fmt=in_fmt, out_fmt=out_fmt, kernel_fmt=kernel)
            placement, between_ = place(p, choice), conversions(p, choice)
            passed = handover(p, placement, between_)
            work = _tasks(p, choice, placement, live, passed.bytes[: p.count],
                          passed.hops[: p.count], np.ones(p.count))  # fmt: skip
            modelled = price(p.target, work).figures["latency_s"]
            with np.errstate(invalid="ignore", divide="ignore"):
                ratio = seconds_ * p.columns["runs"] / modelled
            found.append(np.where(np.isfinite(ratio) & (ratio >= 0), ratio, 1.0))
        p.kept["times"] = Times(*found)
    kept: Times = p.kept["times"]
    return kept


def _tasks(
    p: Prepared, choice: Choice, placement: Placement, live: Floats, passed: Floats, hops: Floats,
    factor: Floats,
) -> Work:  # fmt: skip
    c, s = p.columns, fixed(p)
    reads = c["input_bytes"] * _ratio(choice.in_fmt, p.file_in)
    writes = c["output_bytes"] * _ratio(choice.out_fmt, p.file_out)
    reads = np.where(s.moving, np.fmin(reads, writes), reads)
    return Work(
        runs=c["runs"], macs=c["macs"] / speed_up(p, choice.pattern, placement.unit),
        operations=c["operations"], rows=c["rows"],
        depth=c["depth"], columns=c["columns"], products=c["products"], window=c["window"],
        special=p.special, depthwise=s.depthwise, deconv=s.deconv,
        input_bytes=reads, output_bytes=writes, output_elements=c["output_elements"],
        gathered=s.gathered, kernel_elements=c["kernel_elements"],
        other_bytes=s.other_bytes * choice.keep_out,
        first_share=np.where(choice.copies >= 0, 1.0, s.first_share),
        first_other_bytes=s.first_other_bytes * choice.keep_out, live_bytes=live,
        unit=placement.unit, compute=placement.compute, kernel=choice.kernel_fmt,
        base_kernel=p.kernel_fmt, sparsity=np.where(choice.structured, 0.0, choice.sparsity),
        palette=choice.palette, keep_in=choice.keep_in, keep_out=choice.keep_out,
        transfer_bytes=passed, hops=hops, factor=factor,
    )  # fmt: skip


class Fixed(NamedTuple):
    """What no recipe changes; one entry a task, words as in `Work`.

    `moving`: it reads no more than it makes.
    """

    depthwise: Mask
    deconv: Mask
    moving: Mask
    gathered: Floats
    other_bytes: Floats
    first_share: Floats
    first_other_bytes: Floats


def fixed(p: Prepared) -> Fixed:
    """What no recipe changes; made once."""
    if "fixed" not in p.kept:
        p.kept["fixed"] = _fixed(p)
    found: Fixed = p.kept["fixed"]
    return found


def _fixed(p: Prepared) -> Fixed:
    c = p.columns
    kernels = c["kernel"]
    weight_other = c["weight_elements"] - c["kernel_elements"]
    first = _share(c["parameters"], c["weight_elements"])
    scale = bits_of(p.kernel_fmt) / np.where(p.file_kernel > 0, bits_of(p.file_kernel), 1)
    scale = np.where(p.file_kernel > 0, scale, _reference_scale(p))
    stored_kernel = c["kernel_elements"] * first * bits_of(p.file_kernel) / 8
    first_other = np.maximum(c["weight_bytes"] - stored_kernel, 0) * scale
    other_bits = np.where(weight_other > 0, bits_of(p.kernel_fmt), 0)
    other_bits = np.where(other_bits == 0, bits_of(p.out_fmt), other_bits)
    embeds = (kernels == "gather") & (c["kernel_elements"] > 0)
    gathered = np.where(embeds, _share(c["output_elements"], c["kernel_elements"]), 1.0)
    return Fixed(
        np.asarray(kernels == "depthwise_conv"),
        np.asarray(kernels == "deconv"),
        np.asarray((kernels == "gather") | (kernels == "layout")),
        gathered,
        weight_other * other_bits / 8,
        first,
        first_other,
    )


def speed_up(p: Prepared, pattern: Mask, unit: Ints) -> Floats:
    """By how much fewer MACs a unit does on weights of which 2 in each 4 are zero."""
    figures = [u.sparse_2_4.value if u.sparse_2_4 else 1.0 for u in p.target.units]
    return np.where(pattern, np.array([*figures, 1.0])[unit], 1.0)


def _conversions(
    p: Prepared, choice: Choice, found: Conversions, live: Floats, passed: Floats, hops: Floats
) -> Work:
    extra = len(found.anchor)
    zero, one, no = np.zeros(extra), np.ones(extra), np.zeros(extra, bool)
    none = np.zeros(extra, np.int64)
    known = found.anchor >= 0
    return Work(
        runs=np.where(known, np.append(p.columns["runs"], 1.0)[found.anchor], 1.0), macs=zero,
        operations=operations(found), rows=zero, depth=zero, columns=zero,
        products=zero, window=zero, special=no, depthwise=no, deconv=no,
        input_bytes=found.elements * bits_of(found.before) / 8,
        output_bytes=found.elements * bits_of(found.after) / 8,
        output_elements=found.elements, gathered=one, kernel_elements=zero, other_bytes=zero,
        first_share=zero, first_other_bytes=zero,
        live_bytes=live[np.maximum(found.anchor, 0)], unit=found.unit, compute=found.compute,
        kernel=none, base_kernel=none, sparsity=zero, palette=none, keep_in=one,
        keep_out=np.where(known, np.append(choice.keep_out, 1.0)[found.anchor], 1.0),
        transfer_bytes=passed, hops=hops, factor=one,
    )  # fmt: skip


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
