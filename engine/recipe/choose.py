"""Which formats each task gets under a recipe, and why not those that were asked for.

Rules, in this order:
1. The last rule that matches a task is its action as a whole; what that leaves None stays as in the
   baseline, so a rule with an empty action clears what earlier rules did.
2. A format is taken only if a unit of the target computes the task's kernel class in it and the
   file is not already narrower; else the task keeps its format and says why.
3. Tasks that move numbers without computing (layout, concat, pooling, gather, resize) take the
   format of what they read, so that regions of one format stay connected.
4. Structured pruning takes output channels from convolutions and linear layers, and the channels
   then flow: readers lose them as inputs, element-wise tasks pass them on, an addition keeps the
   most of its inputs, a product of activations gives them back.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from engine.compile import KERNELS
from engine.cost import FORMAT_IDS, FORMATS, Floats, Ints, Mask, bits_of
from engine.errors import EngineError
from engine.recipe.model import Action, Recipe
from engine.recipe.prepare import REAL, Prepared
from engine.targets import Target
from engine.units import FORMAT_BITS

FOLLOWERS = frozenset({"layout", "concat", "pooling", "gather", "resize"})
PRUNABLE = frozenset({"conv", "deconv", "gemm"})
_CHANNELS_STOP = frozenset({"matmul", "attention", "recurrent", "gather", "reduction", "search"})
NOTHING = Action()


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen for each task: format ids, shares and refusals ("" for none)."""

    in_fmt: Ints
    out_fmt: Ints
    kernel_fmt: Ints
    sparsity: Floats
    structured: Mask
    palette: Ints
    keep_in: Floats
    keep_out: Floats
    refusal: tuple[str, ...]

    def changed(self, other: Choice) -> int:
        """Number of tasks that two choices treat differently."""
        names = [f.name for f in fields(self) if f.name != "refusal"]
        differ = [getattr(self, name) != getattr(other, name) for name in names]
        return int(np.any(differ, axis=0).sum())


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What an action does to a kind of task; None keeps."""

    activations: str | None = None
    kernel: str | None = None
    sparsity: float = 0.0
    structured: bool = False
    palette: int = 0
    refusal: str = ""


def baseline(prepared: Prepared) -> Choice:
    """The file as it is, with the target's reference format in place of fp32."""
    n = prepared.count
    return Choice(
        prepared.in_fmt, prepared.out_fmt, prepared.kernel_fmt, np.zeros(n), np.zeros(n, bool),
        np.zeros(n, np.int64),
        np.ones(n), np.ones(n), ("",) * n,
    )  # fmt: skip


def choose(prepared: Prepared, recipe: Recipe) -> Choice:
    """Formats, sparsity and palette of every task under a recipe."""
    actions = tuple(dict.fromkeys((NOTHING, *(rule.action for rule in recipe.rules))))
    for action in actions:
        check(action)
    if len(actions) == 1:
        return baseline(prepared)
    which = np.zeros(prepared.count, np.int64)
    for rule in recipe.rules:
        rows = slice(None) if rule.selector == "all" else [
            i for i in rule.selector if isinstance(i, int) and 0 <= i < prepared.count
        ]  # fmt: skip
        which[rows] = actions.index(rule.action)
    verdicts = [
        [judge(prepared.target, kind, action) for action in actions] for kind in prepared.kinds
    ]
    mine = [verdicts[k][w] for k, w in zip(prepared.kind.tolist(), which.tolist(), strict=True)]
    mine = _by_size(prepared, mine)
    in_fmt, out_fmt = _flow(prepared, mine)
    kernel = np.array([FORMAT_IDS[v.kernel] if v.kernel else -1 for v in mine], np.int64)
    choice = Choice(
        in_fmt=in_fmt,
        out_fmt=out_fmt,
        kernel_fmt=np.where(kernel >= 0, kernel, prepared.kernel_fmt),
        sparsity=np.array([v.sparsity for v in mine]),
        structured=np.array([v.structured for v in mine], bool),
        palette=np.array([v.palette for v in mine], np.int64),
        keep_in=np.ones(prepared.count),
        keep_out=np.ones(prepared.count),
        refusal=tuple(v.refusal for v in mine),
    )
    if choice.structured.any():
        keep_in, keep_out = _channels(prepared, mine)
        choice = replace(choice, keep_in=keep_in, keep_out=keep_out)
    return choice


def check(action: Action) -> None:
    """Refuse an action that means nothing.

    Raises:
        EngineError: an unknown format, or a share or a number of bits out of range.
    """
    for name in ("activations", "kernel"):
        fmt = getattr(action, name)
        if fmt is not None and fmt not in REAL:
            known = ", ".join(f for f in FORMATS if f in REAL)
            raise EngineError("is no format for numbers", name, f"one of {known}", str(fmt))
    if action.sparsity is not None and not 0 <= action.sparsity < 1:
        raise EngineError("out of range", "sparsity", "0 or more, below 1", str(action.sparsity))
    if action.palette_bits is not None and not 1 <= action.palette_bits <= 8:
        raise EngineError("out of range", "palette bits", "1..8", str(action.palette_bits))


def judge(target: Target, kind: tuple[str, str, str, str], action: Action) -> _Verdict:
    """What an action does to tasks of a kind: (class, input, output, kernel format of the file)."""
    if action == NOTHING:
        return _Verdict()
    kernel_class, in_fmt, out_fmt, kernel_fmt = kind
    refusals = []
    activations = None
    if action.activations:
        why = _refuse_activations(target, kernel_class, in_fmt, out_fmt, action.activations)
        refusals.append(why)
        activations = None if why else action.activations
    weights = action.kernel or action.sparsity or action.palette_bits
    if weights and kernel_fmt not in REAL:
        verb = "quantize" if action.kernel else "prune" if action.sparsity else "palettize"
        if not action.activations:
            refusals.append(f"no kernel weights to {verb}")
        return _Verdict(activations, refusal=next(filter(None, refusals), ""))
    kernel = None
    if action.kernel:
        computed = activations or _reference(target, in_fmt if in_fmt in REAL else out_fmt)
        why = _refuse_kernel(target, kernel_class, computed, kernel_fmt, action.kernel)
        refusals.append(why)
        kernel = None if why else action.kernel
    sparsity = action.sparsity or 0.0
    if sparsity and action.structured and kernel_class not in PRUNABLE:
        refusals.append(f"{_label(kernel_class)} has no output channels of its own to remove")
        sparsity = 0.0
    palette = action.palette_bits or 0
    if palette and not any(palette in unit.palettes for unit in target.units):
        refusals.append(f"no unit of this target reads palettes of {palette} bits")
        palette = 0
    elif palette and palette >= FORMAT_BITS[kernel or kernel_fmt]:
        refusals.append(f"its weights already take {FORMAT_BITS[kernel or kernel_fmt]} bits")
        palette = 0
    return _Verdict(activations, kernel, sparsity, action.structured and sparsity > 0, palette,
                    next(filter(None, refusals), ""))  # fmt: skip


def _refuse_activations(
    target: Target, kernel_class: str, in_fmt: str, out_fmt: str, wanted: str
) -> str:
    """Why a task keeps its activations, "" if it need not."""
    real = [fmt for fmt in (in_fmt, out_fmt) if fmt in REAL]
    if not real:
        return "works on indices and masks, which keep their format"
    if kernel_class in ("convert", "unknown", "control", "sequence"):
        return {"convert": "a conversion of the file keeps its formats",
                "unknown": "no kernel is known for it"}.get(
                    kernel_class, f"{_label(kernel_class)} keeps its formats")  # fmt: skip
    here = _reference(target, real[0])
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


def _refuse_kernel(
    target: Target, kernel_class: str, activations: str, kernel_fmt: str, wanted: str
) -> str:
    if FORMAT_BITS[kernel_fmt] < FORMAT_BITS[wanted]:
        return f"its weights are already narrower in the file: {kernel_fmt}"
    able = [u for u in target.units if u.runs(kernel_class, activations)]
    if not any(u.compute_format(activations, wanted) for u in able):
        return f"no unit of this target takes {wanted} weights with {activations} activations"
    return ""


def _by_size(prepared: Prepared, mine: list[_Verdict]) -> list[_Verdict]:
    """Refusals that depend on a task's own size and place."""
    elements = prepared.columns["kernel_elements"].tolist()
    out = list(mine)
    for i, v in enumerate(mine):
        wide = FORMAT_BITS[v.kernel or FORMATS[prepared.kernel_fmt[i]] or "fp32"]
        entries = 2**v.palette
        if v.palette and elements[i] * (wide - v.palette) <= entries * wide:
            few = (
                f"its {elements[i]:.0f} weights are too few to gain from {entries} palette entries"
            )
            out[i] = replace(v, palette=0, refusal=few)
        elif v.structured and prepared.makes_output[i]:
            out[i] = replace(v, structured=False, sparsity=0.0,
                             refusal="its channels are an output of the model")  # fmt: skip
    return out


def _flow(prepared: Prepared, mine: list[_Verdict]) -> tuple[Ints, Ints]:
    """Input and output format ids of every task; followers take what they read."""
    real = [FORMATS[i] in REAL for i in range(len(FORMATS))]
    bits = bits_of(np.arange(len(FORMATS))).tolist()
    in_fmt, out_fmt = prepared.in_fmt.tolist(), prepared.out_fmt.tolist()
    classes = [kind[0] in FOLLOWERS for kind in prepared.kinds]
    kinds = prepared.kind.tolist()
    for i, verdict in enumerate(mine):
        wanted = FORMAT_IDS[verdict.activations] if verdict.activations else -1
        if classes[kinds[i]]:
            read = [out_fmt[p] for p in prepared.producers[i] if p >= 0 and real[out_fmt[p]]]
            if read and wanted not in read:
                wanted = max(read, key=lambda f: bits[f])
        if wanted < 0:
            continue
        if real[in_fmt[i]]:
            in_fmt[i] = wanted
        if real[out_fmt[i]]:
            out_fmt[i] = wanted
    return np.array(in_fmt, np.int64), np.array(out_fmt, np.int64)


def _channels(prepared: Prepared, mine: list[_Verdict]) -> tuple[Floats, Floats]:
    """Share of input and output channels that is left in every task."""
    keep_in, keep_out = [1.0] * prepared.count, [1.0] * prepared.count
    kinds = [prepared.kinds[k][0] for k in prepared.kind.tolist()]
    for i, verdict in enumerate(mine):
        read = [keep_out[p] if p >= 0 else 1.0 for p in prepared.producers[i]]
        keep_in[i] = max(read, default=1.0)
        if kinds[i] in PRUNABLE:
            keep_out[i] = 1 - verdict.sparsity if verdict.structured else 1.0
        elif kinds[i] in _CHANNELS_STOP:
            keep_out[i] = 1.0
        else:
            keep_out[i] = keep_in[i]
    return np.array(keep_in), np.array(keep_out)


def _reference(target: Target, fmt: str) -> str:
    return target.reference_format if fmt == "fp32" and target.reference_format else fmt


def _label(kernel_class: str) -> str:
    return KERNELS[kernel_class].label if kernel_class in KERNELS else kernel_class
