"""The model-wide recipes that ship, and the table that compares them."""

from __future__ import annotations

import polars as pl

from engine.compile import Compilation
from engine.errors import EngineError
from engine.recipe.model import Action, Preset, Recipe, Rule, Totals
from engine.recipe.resolve import BASELINE, Summary, summary
from engine.targets import Target

EFFORTS = ("$", "$$", "$$$")


def _preset(id: str, label: str, family: str, effort: str, help: str, action: Action) -> Preset:
    return Preset(id, label, family, effort, help, Recipe((Rule(action),)))


def _palette(bits: int, effort: str) -> Preset:
    return _preset(
        f"palette{bits}", f"{bits}-bit palette", "palettization", effort,
        f"Weights become indices into a table of {2**bits} values of each kernel.",
        Action(palette_bits=bits),
    )  # fmt: skip


def _sparse(percent: int, effort: str) -> Preset:
    return _preset(
        f"sparse{percent}", f"{percent} % sparse", "pruning", effort,
        f"The smallest {percent} % of each kernel's weights become zero.",
        Action(sparsity=percent / 100),
    )  # fmt: skip


_PRESETS = (
    _preset("fp16", "fp16", "quantization", "$",
            "Weights and activations in 16-bit floats.", Action("fp16", "fp16")),
    _preset("int8w", "int8 weights", "quantization", "$",
            "Weights in 8-bit integers with a scale a channel; activations stay as they are.",
            Action(kernel="int8")),
    _preset("int8", "int8", "quantization", "$",
            "Weights and activations in 8-bit integers, with scales from sample data.",
            Action("int8", "int8")),
    _preset("int4w", "int4 weights", "quantization", "$$",
            "Weights in 4-bit integers with a scale for each 32; activations stay as they are.",
            Action(kernel="int4")),
    _sparse(50, "$$"),
    _sparse(75, "$$"),
    _sparse(90, "$$$"),
    _preset("structured50", "50 % of channels", "pruning", "$$$",
            "Half of the output channels of each convolution and linear layer are removed.",
            Action(sparsity=0.5, structured=True)),
    _palette(8, "$"),
    _palette(6, "$"),
    _palette(4, "$$"),
    _palette(2, "$$$"),
)  # fmt: skip

PRESET_TABLE_SCHEMA = {
    "id": pl.String,  # "baseline" or the preset's
    "label": pl.String,
    "family": pl.String,
    "effort": pl.String,
    "help": pl.String,
    "latency_s": pl.Float64,  # totals; null = unknown
    "energy_j": pl.Float64,
    "memory_power_w": pl.Float64,
    "size_bytes": pl.Float64,
    "peak_bytes": pl.Float64,
    "latency_change": pl.Float64,  # (preset - baseline) / baseline; -0.25 is 25 % less
    "energy_change": pl.Float64,
    "memory_power_change": pl.Float64,
    "size_change": pl.Float64,
    "peak_change": pl.Float64,
    "touched": pl.Int64,  # tasks that it changes
    "refused": pl.Int64,  # tasks to which it does not apply
    "refusal": pl.String,  # the commonest reason
    "conversions": pl.Int64,
}


def presets() -> tuple[Preset, ...]:
    """The presets that ship, in the order in which a person meets them."""
    return _PRESETS


def preset(id: str) -> Preset:
    """One preset by its id.

    Raises:
        EngineError: no such preset; the sentence lists the known ids.
    """
    for found in _PRESETS:
        if found.id == id:
            return found
    raise EngineError(
        "no such preset", f"preset {id}", f"one of {', '.join(p.id for p in _PRESETS)}"
    )


def preset_table(
    compilation: Compilation, fps: float, target: Target | None = None
) -> pl.DataFrame:
    """Every preset and the baseline with its totals and changes, fastest first.

    Ties in latency go by energy, then size, then the order of the presets; unknown comes last.
    Columns: `PRESET_TABLE_SCHEMA`.

    Args:
        compilation: what the model was compiled to.
        fps: inferences a second, for memory power.
        target: hardware in place of the catalogue's.
    """
    base = summary(compilation, BASELINE, target)
    rows = [_row("baseline", "Baseline", "", "", "The file as it is.", base, base, fps)]
    for p in _PRESETS:
        made = summary(compilation, p.recipe, target)
        rows.append(_row(p.id, p.label, p.family, p.effort, p.help, made, base, fps))
    frame = pl.DataFrame(rows, schema=PRESET_TABLE_SCHEMA, orient="row")
    order = ["latency_s", "energy_j", "size_bytes"]
    return frame.sort(order, nulls_last=True, maintain_order=True)


def _row(
    id: str, label: str, family: str, effort: str, help: str, made: Summary, base: Summary,
    fps: float,
) -> tuple[object, ...]:  # fmt: skip
    now, before = _figures(made.totals, fps), _figures(base.totals, fps)
    changes = [_change(a, b) for a, b in zip(now, before, strict=True)]
    return (id, label, family, effort, help, *now, *changes, made.touched, made.refused,
            made.refusal, made.conversions)  # fmt: skip


def _figures(t: Totals, fps: float) -> tuple[float | None, ...]:
    return (t.latency_s, t.energy_j, t.memory_power(fps), t.size_bytes, t.peak_bytes)


def _change(now: float | None, before: float | None) -> float | None:
    return None if now is None or not before else now / before - 1
