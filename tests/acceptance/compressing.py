"""What compression does to the digits model: orderings with intervals, sizes, packed files."""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dashboard.demo import MODELS
from dashboard.demo.digits_data import RARE, fit_arrays, judged_arrays
from dashboard.demo.digits_tree import FILE, steps
from engine.compress import Branch, grow, pack, paired, run, samples
from engine.compress.runner import Runner, predictions
from tests.acceptance import corpus
from tests.acceptance.line import NOT_RUN, Line, NotRun, judged

STATIC, SIGNED = 0.65, 2.0
REFIT, PALETTE, BYTES = 0.03, 0.02, 0.15
FASTER = 0.8  # of the model's latency with half of its channels
SIZE, FORMULA, RUN = 0.01, 0.02, 1.1
NODES = 40
PITFALLS = 13
ROUNDS = 40
LARGE = "recognizer"
FURTHER = ((LARGE, "PP-OCRv6_rec", (2, 3, 48, 160)),
           ("text direction", "ch_ppocr_mobile_v2.0_cls", (4, 3, 48, 192)))  # fmt: skip
# What the orderings need, each after its base.
WANTED = (
    "int8-wide", "int8-signed", "prune50", "prune70", "prune50-norms", "prune70-norms",
    "prune70-refit", "prune70-refit-palette4", "channels50", "channels50-refit", "w8", "w4",
    "palette4", "prune90",
)  # fmt: skip


@dataclass(frozen=True)
class Model:
    """A model of the tree.

    Args:
        accuracy, low, high: share right, and its interval; latency: as a share of the base's,
            latency_low, latency_high: its interval.
        size: bytes of the packed file; weights, expected: of its tensors, found and predicted.
    """

    accuracy: float
    low: float
    high: float
    latency: float
    latency_low: float
    latency_high: float
    size: float
    weights: float
    expected: float


@dataclass(frozen=True)
class Packing:
    """A packed file beside the dense one.

    Args:
        formula, stored: bytes of the packed weights by the formula and with names and nodes.
        same: the outputs have the same bits.
        load, run: seconds to load, and of a run, as a share of the dense model's.
    """

    formula: float
    stored: float
    same: bool
    load: float
    run: float


@dataclass(frozen=True)
class Tree:
    """What was grown: models and packings by name; whether the processor has VNNI."""

    models: Mapping[str, Model]
    packings: Mapping[str, Packing]
    vnni: bool


def vnni() -> bool:
    """Whether the processor multiplies 8-bit integers four at a time."""
    path = Path("/proc/cpuinfo")
    return path.is_file() and bool(re.search(r"\b(avx512_vnni|avx_vnni)\b", path.read_text()))


def measure() -> Tree:
    """Grow the part of the shipped tree that the orderings need."""
    model = gzip.decompress(MODELS[0].path.read_bytes())
    test = samples(model, judged_arrays())
    branches = [Branch(*step) for step in steps() if step[0] in WANTED]
    grown = grow(model, branches, samples(model, fit_arrays()), test, rare=RARE, rounds=ROUNDS)
    models = {e["id"]: _model(e) for e in grown.document["models"]}
    packings = {
        id: _packing(grown.working[id], dict(test.inputs))
        for id in ("w8", "w4", "palette4", "prune50", "prune90")
    }
    return Tree(models, packings | _further(), vnni())


def _further() -> dict[str, Packing]:
    """Two models of an OCR package, packed in each way; none where they are not here."""
    try:
        files = corpus.wheels()
    except NotRun:
        return {}
    ways = (("w8", "quantize_weights", {"bits": "8"}), ("w4", "quantize_weights", {"bits": "4"}),
            ("palette4", "palettize", {"bits": 4}), ("prune50", "prune", {"amount": 0.5}),
            ("prune90", "prune", {"amount": 0.9}))  # fmt: skip
    found: dict[str, Packing] = {}
    for word, name, shape in FURTHER:
        for path in (p for p in files if name in p.name):
            model, dice = path.read_bytes(), np.random.default_rng(0)
            inputs = {"x": dice.normal(size=shape).astype(np.float32)}
            for id, operation, values in ways:
                made = run(model, operation, values).model
                found[f"{word} {id}"] = _packing(made, inputs, 10)
    return found


def _model(entry: Mapping[str, Any]) -> Model:
    metrics, errors = entry["metrics"], entry["errors"]
    at, off = metrics["Accuracy"], errors["Accuracy"]
    time_, wide = metrics["Latency"], errors["Latency"]
    return Model(
        at, at - off, at + off, time_, time_ - wide, time_ + wide, metrics["Size"],
        metrics["Weights"], metrics["Predicted weights"],
    )  # fmt: skip


def _packing(dense: bytes, inputs: dict[str, Any], rounds: int = ROUNDS) -> Packing:
    made = pack(dense)
    file = made.model
    one, other = predictions(dense, inputs), predictions(file, inputs)
    same = all(one[k].tobytes() == other[k].tobytes() for k in one)
    loads = []
    for data in (dense, file):
        took = []
        for _ in range(5):
            start = time.thread_time()
            Runner(data)
            took.append(time.thread_time() - start)
        loads.append(float(np.median(took)))
    run = paired(dense, file, {n: a[:8] for n, a in inputs.items()}, rounds)
    return Packing(made.formula, made.stored, same, loads[1] / loads[0], run.value)


def orderings(found: Tree) -> tuple[Line, ...]:
    """Line 1, on digits."""
    m = found.models
    base, size = m["base"], m["base"].size
    wide, signed = m["int8-wide"], m["int8-signed"]
    ratio = signed.latency / wide.latency
    fast = f"{wide.latency:.2f} ({wide.latency_low:.2f} to {wide.latency_high:.2f}) × fp32"
    refit, small, halved = m["prune70-refit"], m["prune70-refit-palette4"], m["channels50"]
    share = small.size / size
    norms = [m[f"prune{n}-norms"].accuracy - m[f"prune{n}"].accuracy for n in (50, 70)]
    gain = m["prune70-norms"].low > m["prune70"].high
    lines = [
        judged("1a", "static int8, unsigned, is faster", fast, f"≤ {STATIC} ×",
               wide.latency <= STATIC),
        judged("1b", "signed activations are slower", f"{ratio:.2f} × unsigned", f"≥ {SIGNED:g} ×",
               ratio >= SIGNED),
    ]  # fmt: skip
    if not found.vnni:  # the bound speaks of processors that have what makes int8 fast
        lines = [Line(y.id, y.what, y.figure, y.bound, NOT_RUN, (
            "This processor has no 8-bit dot products (VNNI), which the bound takes for granted.",
        )) for y in lines]  # fmt: skip
    return (
        *lines,
        judged("1c", "70 % pruned, refitted", f"{_of(refit)}, {_of(base)} before",
               f"within {100 * REFIT:g} points", refit.accuracy >= base.accuracy - REFIT,
               (f"without the refit {_of(m['prune70'])}",)),
        judged("1d", "70 % pruned, refitted, 4-bit palette",
               f"{_of(small)} in {100 * share:.1f} % of the bytes",
               f"within {100 * PALETTE:g} points, ≤ {100 * BYTES:g} % of the bytes",
               small.accuracy >= base.accuracy - PALETTE and share <= BYTES),
        judged("1e", "batch norms measured anew help",
               f"{100 * norms[0]:+.1f} and {100 * norms[1]:+.1f} points at 50 and 70 %",
               "more right, the intervals apart at 70 %", min(norms) > 0 and gain),
        judged("1f", "half of the channels is really faster",
               f"{halved.latency:.2f} ({halved.latency_low:.2f} to {halved.latency_high:.2f}) × "
               f"fp32, refitted {_of(m['channels50-refit'])}", f"≤ {FASTER} ×",
               halved.latency_high <= FASTER),
    )  # fmt: skip


def packed(found: Tree) -> tuple[Line, ...]:
    """Line 2: packed files."""
    off = {k: abs(p.stored / p.formula - 1) for k, p in found.packings.items()}
    digits = {k: v for k, v in off.items() if " " not in k}
    judged_by = {k: v for k, v in off.items() if k.startswith(LARGE)} or digits
    worst = max(judged_by, key=lambda k: judged_by[k])
    same = sum(p.same for p in found.packings.values())
    run = max(p.run for p in found.packings.values())
    load = max(p.load for p in found.packings.values())
    return (
        judged("2a", "size by the formula", f"{100 * off[worst]:.1f} % off at most ({worst})",
               f"≤ {100 * FORMULA:g} %", off[worst] <= FORMULA,
               (f"Names and nodes count as well: on the digits, 0.7 MB in 12 weights, "
                f"{100 * max(digits.values()):.1f} % at most.",)),
        judged("2b", "packed runs bit by bit the same", f"{same} of {len(found.packings)}", "all",
               same == len(found.packings)),
        judged("2c", "a run of the packed file", f"{run:.2f} × dense at most; loading {load:.1f} ×",
               f"≤ {RUN} ×", run <= RUN, _by_model(found.packings)),
    )  # fmt: skip


def _by_model(packings: Mapping[str, Packing]) -> list[str]:
    """Load and run of each model, over the ways to pack it."""
    named: dict[str, list[Packing]] = {}
    for id, packing in packings.items():
        named.setdefault(id.rpartition(" ")[0] or "digits", []).append(packing)
    return [
        f"{name}: run {min(p.run for p in some):.2f} to {max(p.run for p in some):.2f} × dense, "
        f"load {min(p.load for p in some):.1f} to {max(p.load for p in some):.1f} ×"
        for name, some in named.items()
    ]


def shipped() -> Mapping[str, Any]:
    """The experiment that ships."""
    import json

    found: Mapping[str, Any] = json.loads(FILE.read_text("utf-8"))
    return found


def predicted(found: Mapping[str, Any]) -> tuple[Line, ...]:
    """Line 3, size: every node of the shipped tree."""
    off = {
        m["id"]: abs(m["metrics"]["Weights"] / m["metrics"]["Predicted weights"] - 1)
        for m in found["models"]
    }
    worst = max(off, key=lambda k: off[k])
    met = off[worst] <= SIZE and len(off) > NODES
    return (
        judged("3a", "predicted size of every node",
               f"{100 * off[worst]:.2f} % off at most ({worst}), {len(off)} nodes",
               f"≤ {100 * SIZE:g} %, more than {NODES} nodes", met),
    )  # fmt: skip


def pitfalls() -> dict[int, list[str]]:
    """Pitfall -> tests that name it."""
    found: dict[int, list[str]] = {}
    for path in sorted(Path(__file__).parents[1].glob("engine/compress/test_*.py")):
        name = ""
        for row in path.read_text("utf-8").splitlines():
            if made := re.match(r"def (test_\w+)", row):
                name = made[1]
            for number in re.findall(r"Pitfall (\d+)[:,]", row):
                found.setdefault(int(number), []).append(name)
    return found


def named(found: Mapping[int, list[str]]) -> tuple[Line, ...]:
    """Line 4: the thirteen pitfalls."""
    there = [n for n in range(1, PITFALLS + 1)
             if any("pitfall" in name for name in found.get(n, ()))]  # fmt: skip
    notes = [f"{n}: {', '.join(found.get(n, ['no test']))}" for n in range(1, PITFALLS + 1)]
    return (judged("4a", "pitfalls that are tests", f"{len(there)} of {PITFALLS}",
                   f"{PITFALLS}", len(there) == PITFALLS, notes),)  # fmt: skip


def _of(model: Model) -> str:
    return f"{100 * model.accuracy:.1f} % ({100 * model.low:.1f} to {100 * model.high:.1f})"
