"""Stage H, line 2: seconds and memory to compare layers, two models and fifty.

Each measurement is a process of its own, so that its peak is its own:
`python -m tests.acceptance.layer_sizes PAIR|MANY [MODELS]` prints one JSON object.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine import layers
from engine.compress import run, unpack
from engine.formats import Network
from engine.layers.comparing import Compared, compare_activations, compare_weights
from engine.layers.tensors import same_outputs
from tests.acceptance import corpus
from tests.acceptance.corpus import ROOT
from tests.acceptance.line import Line, NotRun, judged

NAME = "ch_ppocr_mobile_v2.0_cls"  # the model that the prototype was measured on
SHAPE = (3, 48, 192)
TENSORS, SAMPLES = 250, 256
SECONDS, GIGABYTES = 2.2, 0.6  # of the prototype, of 233 tensors
FEW, MANY, FLAT = 5, 50, 1.1
JOB = {"MALLOC_TRIM_THRESHOLD_": "65536"}  # of the processes that carry out jobs: Dask's usual
FEWER = 32  # samples for each of many models


@dataclass(frozen=True, slots=True)
class Pair:
    """Two models side by side.

    Args:
        weights, activations: tensors that were compared; samples: that were run.
        seconds: of weights and activations; peak: bytes of the process; idle: before it began.
    """

    weights: int
    activations: int
    samples: int
    seconds: float
    peak: int
    idle: int


@dataclass(frozen=True, slots=True)
class Many:
    """Models compared one after the other, their figures kept.

    Args:
        models: how many; peak: bytes of the process; kept: bytes of what a page of a model keeps.
    """

    models: int
    peak: int
    kept: int


@dataclass(frozen=True, slots=True)
class Seen:
    """Both."""

    pair: Pair
    few: Many
    many: Many


def measure() -> Seen:
    """In three processes, one after the other; the pair twice, the faster counts.

    Raises:
        NotRun: the model is not here.
    """
    _model()
    pairs = [Pair(**_child("PAIR")) for _ in range(2)]
    few, many = (Many(**_child("MANY", n)) for n in (FEW, MANY))
    return Seen(min(pairs, key=lambda p: p.seconds), few, many)


def judge(seen: Seen) -> tuple[Line, ...]:
    """Lines 2a to 2c."""
    pair, few, many = seen.pair, seen.few, seen.many
    whole = pair.activations >= TENSORS and pair.samples >= SAMPLES
    grown = many.peak / few.peak
    return (
        judged("2a", f"two models × {pair.activations} tensors × {pair.samples} samples",
               f"{pair.seconds:.2f} s with {pair.weights} weights",
               f"≤ {SECONDS:g} s, ≥ {TENSORS} × {SAMPLES}", whole and pair.seconds <= SECONDS),
        judged("2b", "memory of that", f"{pair.peak / 1e9:.2f} GB at most, "
               f"{pair.idle / 1e9:.2f} GB before it began", f"≤ {GIGABYTES:g} GB",
               whole and pair.peak <= GIGABYTES * 1e9),
        judged("2c", f"{many.models} models compared with flat memory",
               f"{many.peak / 1e9:.2f} GB, {grown:.2f} × that of {few.models}",
               f"≤ {FLAT:g} ×, {MANY} models", many.models >= MANY and grown <= FLAT,
               (f"What is kept of a model to draw its histograms: {many.kept / 1e6:.1f} MB.",)),
    )  # fmt: skip


def _model() -> bytes:
    path = next((p for p in corpus.wheels() if NAME in p.name), None)
    if path is None:
        raise NotRun("the model of the OCR package is not here.")
    return unpack(path.read_bytes())


def _child(*words: object) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "tests.acceptance.layer_sizes", *map(str, words)],
        cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ | JOB,
    )  # fmt: skip
    if not done.stdout:
        raise RuntimeError((done.stderr.strip().splitlines() or ["it said nothing"])[-1])
    return json.loads(done.stdout)


def _peak() -> int:
    """Bytes that this process had in memory at most; `ru_maxrss` begins with its parent's."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024


def _wanted(base: bytes, model: bytes) -> tuple[str, ...]:
    """So many tensors, spread over the whole model, of those that are floats on both sides."""
    ours, theirs = Network(base), Network(model)
    few = np.zeros((1, *SHAPE), np.float32)
    every = compare_activations(base, model, {"x": few}, tuple(same_outputs(ours, theirs)))
    names = [layer.name for layer in every.layers]
    spread = np.linspace(0, len(names) - 1, min(TENSORS, len(names))).round().astype(int)
    return tuple(names[k] for k in spread)


def _images(count: int) -> dict[str, Any]:
    return {"x": np.random.default_rng(0).normal(size=(count, *SHAPE)).astype(np.float32)}


def _pair() -> Pair:
    base = _model()
    model = run(base, "quantize_weights", {"bits": "8"}).model
    wanted, images = _wanted(base, model), _images(SAMPLES)
    idle, start = _peak(), time.perf_counter()
    stored = compare_weights(base, model)
    made = compare_activations(base, model, images, wanted)
    took = time.perf_counter() - start
    return Pair(len(stored.layers), len(made.layers), SAMPLES, took, _peak(), idle)


def _many(count: int) -> Many:
    base, images, kept = _model(), _images(FEWER), 0
    wanted: tuple[str, ...] = ()
    figures: list[float] = []
    for k in range(count):
        model = run(base, "prune", {"amount": 0.1 + 0.8 * k / MANY}).model
        wanted = wanted or _wanted(base, model)
        sides = [compare_weights(base, model), compare_activations(base, model, images, wanted)]
        for side in sides:  # as a job does: what was found is written out, not kept
            tree = layers.tree([side])
            figures += [layers.figure(m, 0, key) for m in tree.values() for key in layers.KEYS]
        kept = sum(map(_bytes, sides))
    return Many(count, _peak(), kept)


def _bytes(found: Compared) -> int:
    arrays = {
        id(a): a.nbytes
        for layer in found.layers
        for it in (layer.sums, layer.overall)
        for a in (it.bins, it.bits, it.edges, it.table, it.own)
    }
    return sum(arrays.values())


if __name__ == "__main__":
    kind, *rest = sys.argv[1:]
    sys.stdout.write(json.dumps(asdict(_pair() if kind == "PAIR" else _many(int(rest[0])))))
