"""What an action does to tasks of a kind on a target, and why not what was asked for.

A kind is (kernel class, input, output, kernel format of the file): tasks of one kind are judged
alike.  What depends on a task's own size or place is in `choose.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.compile import KERNELS
from engine.cost import FORMATS
from engine.errors import EngineError
from engine.recipe.accept import first_unit
from engine.recipe.model import Action
from engine.recipe.prepare import REAL
from engine.targets import Target
from engine.units import FORMAT_BITS

PRUNABLE = frozenset({"conv", "deconv", "gemm"})
PATTERNED = PRUNABLE  # matrix kernels that a unit may speed up by a pattern of zeros
FIXED = frozenset({"convert", "unknown", "control", "sequence"})  # the file's formats stay
NOTHING = Action()
Kind = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an action does to a kind of task; None keeps."""

    input: str | None = None
    output: str | None = None
    kernel: str | None = None
    sparsity: float = 0.0
    structured: bool = False
    pattern: bool = False
    palette: int = 0
    refusal: str = ""


def check(action: Action, where: str = "") -> None:
    """Refuse an action that means nothing.

    Raises:
        EngineError: an unknown format or pattern, or a share or a number of bits out of range.
    """
    lead = f"{where}." if where else ""
    for name in ("activations", "input", "output", "kernel"):
        fmt = getattr(action, name)
        if fmt is not None and fmt not in REAL:
            known = ", ".join(f for f in FORMATS if f in REAL)
            raise EngineError(
                "is no format for numbers", f"{lead}{name}", f"one of {known}", str(fmt)
            )
    if action.sparsity is not None and not 0 <= action.sparsity < 1:
        found = str(action.sparsity)
        raise EngineError("out of range", f"{lead}sparsity", "0 or more, below 1", found)
    if action.palette_bits is not None and not 1 <= action.palette_bits <= 8:
        raise EngineError("out of range", f"{lead}palette bits", "1..8", str(action.palette_bits))
    if action.pattern:
        found_ = re.fullmatch(r"([1-9]\d?):([1-9]\d?)", action.pattern, re.ASCII)
        if not found_ or int(found_[1]) >= int(found_[2]):
            raise EngineError("is no pattern of weights", f"{lead}pattern", '"N:M" with N below M',
                              action.pattern[:20])  # fmt: skip
        if action.structured:
            raise EngineError("single weights and whole channels at once", f"{lead}pattern",
                              "either a pattern or structured")  # fmt: skip
        if action.sparsity is not None and abs(action.sparsity - action.share) > 1e-9:
            raise EngineError(f"{action.pattern} has a share of its own", f"{lead}sparsity",
                              f"{action.share:g}", str(action.sparsity))  # fmt: skip


def judge(target: Target, kind: Kind, action: Action) -> Verdict:
    """What an action does to tasks of a kind."""
    if action == NOTHING:
        return Verdict()
    kernel_class, in_fmt, out_fmt, kernel_fmt = kind
    refusals: list[str] = []
    reads, makes = _activations(target, kind, action, refusals)
    if action.weights and kernel_fmt not in REAL:
        verb = "quantize" if action.kernel else "prune" if action.share else "palettize"
        if not (action.reads or action.makes):
            refusals.append(f"no kernel weights to {verb}")
        return Verdict(reads, makes, refusal=next(filter(None, refusals), ""))
    kernel = None
    if action.kernel:
        computed = reads or reference(target, in_fmt if in_fmt in REAL else out_fmt)
        made = makes or reference(target, out_fmt)
        why = _refuse_kernel(target, kind, computed, made, action.kernel)
        refusals.append(why)
        kernel = None if why else action.kernel
    sparsity, pattern = action.share, action.pattern
    if sparsity and action.structured and kernel_class not in PRUNABLE:
        refusals.append(f"{_label(kernel_class)} has no output channels of its own to remove")
        sparsity = 0.0
    if pattern and (why := _refuse_pattern(target, kernel_class, pattern)):
        refusals.append(why)
        sparsity, pattern = 0.0, ""
    palette = action.palette_bits or 0
    if palette and not any(palette in unit.palettes for unit in target.units):
        refusals.append(f"no unit of this target reads palettes of {palette} bits")
        palette = 0
    elif palette and palette >= FORMAT_BITS[kernel or kernel_fmt]:
        refusals.append(f"its weights already take {FORMAT_BITS[kernel or kernel_fmt]} bits")
        palette = 0
    return Verdict(reads, makes, kernel, sparsity, action.structured and sparsity > 0,
                   bool(pattern), palette, next(filter(None, refusals), ""))  # fmt: skip


def _activations(
    target: Target, kind: Kind, action: Action, refusals: list[str]
) -> tuple[str | None, str | None]:
    """Formats that are read and made under an action, None where the file's stay."""
    kernel_class, in_fmt, out_fmt, _ = kind
    reads, makes = action.reads, action.makes
    if reads and (why := _refuse_activations(target, kernel_class, in_fmt, out_fmt, reads)):
        refusals.append(why)
        makes = None if makes == reads else makes  # one sentence for both
        reads = None
    if makes and makes != reads:
        why = _refuse_activations(target, kernel_class, in_fmt, out_fmt, makes)
        here = reads or reference(target, in_fmt if in_fmt in REAL else out_fmt)
        if not why:
            why = _moves(target, kernel_class, (here, here, ""), (here, makes, ""),
                         f"cannot make {makes} of {here}")  # fmt: skip
        if why:
            refusals.append(why)
            makes = None
    return reads, makes


def _refuse_activations(
    target: Target, kernel_class: str, in_fmt: str, out_fmt: str, wanted: str
) -> str:
    """Why a task keeps its activations, "" if it need not."""
    real = [fmt for fmt in (in_fmt, out_fmt) if fmt in REAL]
    if not real:
        return "works on indices and masks, which keep their format"
    if kernel_class in FIXED:
        return {"convert": "a conversion of the file keeps its formats",
                "unknown": "no kernel is known for it"}.get(
                    kernel_class, f"{_label(kernel_class)} keeps its formats")  # fmt: skip
    here = reference(target, real[0])
    if here == wanted:
        return ""
    if min(FORMAT_BITS[fmt] for fmt in real) < FORMAT_BITS[wanted]:
        return f"is already narrower in the file: {real[0]}"
    if not any(wanted in unit.rates for unit in target.units):
        wide = [u.computes_as[wanted] for u in target.units if wanted in u.computes_as]
        if wide:
            return f"stays in {here}: {wanted} is computed as {wide[0]} here, which saves no time"
        return f"stays in {here}: no unit of this target computes in {wanted}"
    label = _label(kernel_class).lower()
    able = [u.runs(kernel_class, wanted) and wanted in u.rates for u in target.units]
    if not any(able):
        return f"{label} stays in {here}: no unit of this target computes it in {wanted}"
    present = [u.runs(kernel_class, here) for u in target.units]
    if any(present) and present.index(True) < able.index(True):
        units = target.units[present.index(True)].label, target.units[able.index(True)].label
        return f"{label} stays in {here}: in {wanted} it would move from {units[0]} to {units[1]}"
    return ""


def _moves(
    target: Target, kernel_class: str, now: tuple[str, str, str], then: tuple[str, str, str],
    what: str,
) -> str:  # fmt: skip
    """Why (input, output, kernel format) `then` is refused: a worse unit than `now`, or none."""
    before, after = (first_unit(target, (kernel_class, *formats)) for formats in (now, then))
    if after < 0:
        return f"{what}: no unit of this target does"
    if 0 <= before < after:
        units = target.units[before].label, target.units[after].label
        return f"{what}: it would move from {units[0]} to {units[1]}"
    return ""


def _refuse_kernel(target: Target, kind: Kind, activations: str, makes: str, wanted: str) -> str:
    kernel_class, in_fmt, out_fmt, kernel_fmt = kind
    if FORMAT_BITS[kernel_fmt] < FORMAT_BITS[wanted]:
        return f"its weights are already narrower in the file: {kernel_fmt}"
    able = [u for u in target.units if u.runs(kernel_class, activations)]
    if not any(u.compute_format(activations, wanted) for u in able):
        return f"no unit of this target takes {wanted} weights with {activations} activations"
    if wanted == reference(target, kernel_fmt):
        return ""
    reads = activations if in_fmt in REAL else in_fmt
    makes = makes if out_fmt in REAL else out_fmt
    return _moves(target, kernel_class, (reads, makes, ""), (reads, makes, wanted),
                  f"takes no {wanted} weights with {activations} activations")  # fmt: skip


def _refuse_pattern(target: Target, kernel_class: str, pattern: str) -> str:
    if pattern != "2:4" or not any(u.sparse_2_4 for u in target.units):
        return f"no unit of this target gains from {pattern} weights"
    if kernel_class not in PATTERNED:
        return f"{_label(kernel_class)} is not computed by {pattern} weights"
    able = [u for u in target.units if u.sparse_2_4]
    if not any(not u.kernels or kernel_class in u.kernels for u in able):
        return f"{able[0].label} does not run {_label(kernel_class).lower()}"
    return ""


def reference(target: Target, fmt: str) -> str:
    """A format of the file as the baseline has it."""
    return target.reference_format if fmt == "fp32" and target.reference_format else fmt


def _label(kernel_class: str) -> str:
    return KERNELS[kernel_class].label if kernel_class in KERNELS else kernel_class
