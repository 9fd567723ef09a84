"""Whether a recipe makes a model faster or slower: said before, and measured beside the base.

Two predictions of each pair: of the recipe on the model's table, before there is a file, and of
the file that it made.  Both come from the shipped calibration; nothing is fitted to these models.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

import engine
from dashboard.demo import MODELS
from engine.compress import paired, run
from engine.compress.data import Samples
from engine.errors import EngineError
from engine.execute.session import feeds_for, open_session
from engine.formats import load, read_trusted, runnable
from engine.recipe import Action, AllOf, Dynamic, Not, OfKernel, Recipe, Rule
from tests.acceptance import corpus, surprise
from tests.acceptance.line import Line, judged

TARGET = "onnxruntime-cpu"
RIGHT = 0.95  # share of the pairs
SAME = 0.05  # of the base's time: a change below it is none
NEAR = 0.10  # and what may be said of a pair that measures the same
MODELS_AT_LEAST, ROUNDS = 6, 20
VIT = "vision transformer"
# None of them is sealed for the cost model.
NAMES: Mapping[str, str] = {
    "text direction": "rapidocr/ch_ppocr_mobile_v2.0_cls_mobile",
    "text detection": "rapidocr/PP-OCRv6_det_small",
    "voice activity": "silero_vad/silero_vad_16k_sequence",
    "shufflenet": "light_shufflenet",
    "resnet18": "resnet18",
}
WEIGHTED = AllOf((OfKernel("gemm"), Not(Dynamic())))
PRESETS = ("int8", "int8w", "fp16", "structured50", "palette4")


@dataclass(frozen=True)
class Pair:
    """A recipe on a model; latencies as a share of the model's own.

    Args:
        said: by the table, before the file; NaN where no recipe says it.
        file: predicted of the file; measured: of it, low, high: its interval.
        culprits: kinds of tasks that cost most of what was added, by the table; worst: the kind
            that does by the kernels that were measured, "" where they were not.
    """

    model: str
    recipe: str
    said: float
    file: float
    measured: float
    low: float
    high: float
    culprits: tuple[str, ...] = ()
    worst: str = ""


def _plain(path: Any) -> bytes:
    """The file with its sizes set, weights drawn where it has none, and sizes of its outputs."""
    data = load(path, "").data
    graph = read_trusted(data)
    made = runnable(data, graph).data
    return corpus.with_output_sizes(made, graph)


def models() -> Iterator[tuple[str, bytes]]:
    """Name -> bytes of each model that is here."""
    yield "digits", _plain(MODELS[0].path)
    files = {corpus.name(p): p for p in (*corpus.wheels(), *corpus.light(), *corpus.exports())}
    for name, file in NAMES.items():
        if file in files:
            yield name, _plain(files[file])
    yield VIT, surprise.vision_transformer()


def _recipes(name: str) -> Iterator[tuple[str, Recipe | None]]:
    for id in PRESETS:
        yield id, engine.preset(id).recipe
    if name == VIT:
        yield "int8 of weighted products", Recipe((Rule(Action("int8", "int8"), WEIGHTED),))
    yield "dynamic int8", None


def measure() -> tuple[Pair, ...]:
    """All pairs; a recipe that a model has nothing for is none."""
    found: list[Pair] = []
    for name, data in models():
        found += _of(name, data)
    return tuple(found)


def _of(name: str, data: bytes) -> Iterator[Pair]:
    hardware = engine.target(TARGET)
    session = open_session(data)
    feeds = feeds_for(session)
    samples = Samples({n: np.concatenate([feeds_for(session, s)[n] for s in range(3)])
                       for n in feeds})  # fmt: skip
    before = engine.compile_model(read_trusted(data), hardware, data)
    base = float(engine.resolve(before).totals.latency_s or math.nan)
    for id, recipe in _recipes(name):
        try:
            if recipe is not None:
                made = engine.apply_recipe(data, recipe, samples, TARGET, before).model
                said = float(engine.resolve(before, recipe).totals.latency_s or math.nan) / base
                culprits = tuple(k.kernel for k in engine.slower(before, recipe).kinds[:3])
            else:
                made, said, culprits = run(data, "quantize_dynamic").model, math.nan, ()
        except EngineError:
            continue  # no weights of the kind
        after = engine.compile_model(read_trusted(made), hardware, made)
        file = float(engine.resolve(after).totals.latency_s or math.nan) / base
        ratio = paired(data, made, feeds, ROUNDS)
        worst = _worst(data, made) if (name, id) == (VIT, "int8") else ""
        yield Pair(name, id, said, file, ratio.value, ratio.low, ratio.high, culprits, worst)


def _worst(before: bytes, after: bytes) -> str:
    """The kind of task that takes most more, by the runtime's own profile of both files."""
    spent: Counter[str] = Counter()
    for data, by in ((before, -1.0), (after, 1.0)):
        found = engine.measure(data, None, "model", 2)
        for kernel, seconds in found.tasks.select("kernel", "measured_s").iter_rows():
            spent[kernel or ""] += by * (seconds or 0.0)
    return spent.most_common(1)[0][0]


def sign(value: float) -> int:
    """1 slower, -1 faster, 0 the same."""
    return 0 if abs(value - 1) <= SAME else 1 if value > 1 else -1


def measured_sign(pair: Pair) -> int:
    """As `sign`; a pair whose interval holds the base's own time is the same."""
    return 0 if pair.low <= 1 <= pair.high else sign(pair.measured)


def right(pair: Pair, said: float) -> bool:
    """Whether a prediction has the sign that was measured."""
    truth = measured_sign(pair)
    return abs(said - 1) <= NEAR if truth == 0 else sign(said) == truth


def judge(found: tuple[Pair, ...]) -> tuple[Line, ...]:
    """Line 3, latency: the sign of every pair; and the transformer that int8 slows down."""
    names = dict.fromkeys(p.model for p in found)
    lines = [
        _signs("3b", "sign of the latency, of the recipe before its file", "said", names, found),
        _signs("3c", "sign of the latency, of the file", "file", names, found),
    ]
    return (*lines, *_transformer({p.recipe: p for p in found if p.model == VIT}))


def _signs(
    id: str, what: str, which: str, names: Mapping[str, None], found: tuple[Pair, ...]
) -> Line:
    pairs = [p for p in found if not math.isnan(getattr(p, which))]
    wrong = [p for p in pairs if not right(p, getattr(p, which))]
    share = 1 - len(wrong) / max(1, len(pairs))
    same = sum(measured_sign(p) == 0 for p in pairs)
    notes = [f"{p.model}, {p.recipe}: {getattr(p, which):.2f} × said, {p.measured:.2f} "
             f"({p.low:.2f} to {p.high:.2f}) measured" for p in wrong]  # fmt: skip
    notes.append(f"{same} pairs measure the same (interval on 1, or within {100 * SAME:g} %); of "
                 f"those {100 * NEAR:g} % either way may be said.")  # fmt: skip
    notes.append(f"Models: {', '.join(names)}.")
    return judged(id, what, f"{len(pairs) - len(wrong)} of {len(pairs)} pairs "
                  f"({100 * share:.0f} %), {len(names)} models", f"≥ {100 * RIGHT:g} %, at least "
                  f"{MODELS_AT_LEAST} models",
                  share >= RIGHT and len(names) >= MODELS_AT_LEAST, notes)  # fmt: skip


def _transformer(vit: Mapping[str, Pair]) -> tuple[Line, ...]:
    blunt, weighted = vit.get("int8"), vit.get("int8 of weighted products")
    dynamic = vit.get("dynamic int8")
    if blunt is None or weighted is None or dynamic is None:
        return ()
    figure = ", ".join(f"{word} {p.measured:.2f} × (said {p.said:.2f}, of the file {p.file:.2f})"
                       for word, p in (("everything", blunt), ("weighted", weighted),
                                       ("dynamic", dynamic)))  # fmt: skip
    named = blunt.culprits[:1] == (blunt.worst,)
    met = blunt.low > 1 and weighted.measured < blunt.low and dynamic.high < 1 and named
    return (judged("3d", "the transformer that int8 slows down", figure,
                   "everything slower, weighted products faster than that, dynamic faster; the "
                   "kind of task that costs most is named first", met,
                   [f"Named: {', '.join(blunt.culprits)}; measured: {blunt.worst}."]),)  # fmt: skip
