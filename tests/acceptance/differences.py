"""Which task became which, against lists made by hand; and how long 5,000 beside 5,000 take.

A line of `UNETS` is one task of the U-Net as four files have it.  The deeper one has its new level
in the middle: what its `up.1` does at 64 x 64 is what `up.0` of the other does there, whatever
their names say, so they are each other's.  The quantized file was made by our own operation; what
it has besides are conversions, which are nobody's.
"""

from __future__ import annotations

import gzip
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

import engine
from engine.compile import Compilation
from engine.insight import Priced, difference
from tests import large
from tests.acceptance.corpus import ROOT, shared
from tests.acceptance.line import Check, Line, judged

GOAL, LIMIT_S, TASKS = 0.98, 2.0, 5_000
FILES = ("unet_v1", "unet_v2_deeper", "unet_v1_torchscript", "quantized")
# v1, exported by dynamo | the deeper one | v1, exported by TorchScript | v1, quantized
UNETS = """
stem/norm1          stem/norm1          stem/conv1          stem/norm1
stem/norm2          stem/norm2          stem/conv2          stem/norm2
down/0/pool         down/0/pool         down/0/pool         down/0/pool
down/0/conv/norm1   down/0/conv/norm1   down/0/conv/conv1   down/0/conv/norm1
down/0/conv/norm2   down/0/conv/norm2   down/0/conv/conv2   down/0/conv/norm2
down/1/pool         down/1/pool         down/1/pool         down/1/pool
down/1/conv/norm1   down/1/conv/norm1   down/1/conv/conv1   down/1/conv/norm1
down/1/conv/norm2   down/1/conv/norm2   down/1/conv/conv2   down/1/conv/norm2
down/2/pool         down/2/pool         down/2/pool         down/2/pool
down/2/conv/norm1   down/2/conv/norm1   down/2/conv/conv1   down/2/conv/norm1
down/2/conv/norm2   down/2/conv/norm2   down/2/conv/conv2   down/2/conv/norm2
up/0/up             up/1/up             up/0/up             up/0/up/convolution
up/0                up/1                up/0                up/0/cat
up/0/conv/norm1     up/1/conv/norm1     up/0/conv/conv1     up/0/conv/norm1
up/0/conv/norm2     up/1/conv/norm2     up/0/conv/conv2     up/0/conv/norm2
up/1/up             up/2/up             up/1/up             up/1/up/convolution_1
up/1                up/2                up/1                up/1/cat_1
up/1/conv/norm1     up/2/conv/norm1     up/1/conv/conv1     up/1/conv/norm1
up/1/conv/norm2     up/2/conv/norm2     up/1/conv/conv2     up/1/conv/norm2
up/2/up             up/3/up             up/2/up             up/2/up/convolution_2
up/2                up/3                up/2                up/2/cat_2
up/2/conv/norm1     up/3/conv/norm1     up/2/conv/conv1     up/2/conv/norm1
up/2/conv/norm2     up/3/conv/norm2     up/2/conv/conv2     up/2/conv/norm2
head                head                head                head/conv2d_14
"""
# the demo of digits, and quantized with real weights
DIGITS = """
stem/conv               stem/conv
edges/first/conv        edges/first/conv
edges/second/conv       edges/second/conv
down1/conv              down1/conv
strokes/widen/conv      strokes/widen/conv
strokes/depthwise/conv  strokes/depthwise/conv
strokes/narrow/conv     strokes/narrow/conv
down2/conv              down2/conv
shapes/widen/conv       shapes/widen/conv
shapes/depthwise/conv   shapes/depthwise/conv
shapes/narrow/conv      shapes/narrow/conv/conv2d_10
pool                    pool/mean
classify                classify/linear
"""


@dataclass(frozen=True, slots=True)
class Pairing:
    """One comparison against its list.

    Args:
        name: of both models.
        truth: pairs that there are; found: pairs that were made; right: of these, in the list.
    """

    name: str
    truth: int
    found: int
    right: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What line 2 is judged by.

    Args:
        pairings: each comparison.
        seconds: of comparing large models, of the processor: what was done -> the least of three.
    """

    pairings: tuple[Pairing, ...]
    seconds: Mapping[str, float]


def measure() -> Measured:
    """Compare every two columns of the lists, and two large models.

    Raises:
        NotRun: the models are not here.
    """
    unets, digits = _compiled(), _digits()
    pairings = [
        pairing(f"{a} → {b}", unets[a], unets[b], UNETS, (i, j))
        for i, a in enumerate(FILES)
        for j, b in enumerate(FILES)
        if i != j
    ]
    pairings.append(pairing("digits → quantized", *digits, DIGITS, (0, 1)))
    bare = tuple(_nameless(made) for made in (unets["unet_v1"], unets["unet_v2_deeper"]))
    names = [unets[file].tasks["name"].to_list() for file in FILES[:2]]
    pairings.append(pairing("unet_v1 → unet_v2_deeper, no names", *bare, UNETS, (0, 1), names))
    return Measured(tuple(pairings), _seconds())


def pairing(
    name: str, first: Compilation, second: Compilation, lists: str, columns: tuple[int, int],
    names: Sequence[Sequence[str]] | None = None,
) -> Pairing:  # fmt: skip
    """Compare two models and hold the pairs against two columns of a list.

    Args:
        name: for people.
        first: the one.
        second: the other.
        lists: a line a task, a word a file.
        columns: of the two.
        names: of the tasks of both, where the models have lost them.
    """
    rows = [line.split() for line in lists.strip().splitlines()]
    truth = {(row[columns[0]], row[columns[1]]) for row in rows}
    left, right = names or [m.tasks["name"].to_list() for m in (first, second)]
    tasks = difference(_priced(first), _priced(second)).tasks.drop_nulls(["before", "after"])
    found = {(left[i], right[j]) for i, j in tasks.select("before", "after").iter_rows()}
    return Pairing(name, len(truth), len(found), len(truth & found))


def judge(measured: Measured) -> tuple[Line, ...]:
    """Line 2: precision and recall over all comparisons, and the slowest large one."""
    truth, found, right = (
        sum(getattr(p, key) for p in measured.pairings) for key in ("truth", "found", "right")
    )
    told = [f"{p.name}: {p.right} of {p.truth}, {p.found - p.right} wrong"
            for p in measured.pairings]  # fmt: skip
    slow = max(measured.seconds.values())
    took = [f"{name}: {seconds:.2f} s" for name, seconds in measured.seconds.items()]
    precision, recall = right / max(found, 1), right / max(truth, 1)
    return (
        judged("2a", "pairs that are right, of those made", f"{precision:.4f}", f"{GOAL}",
               precision >= GOAL, told),
        judged("2b", "pairs found, of those in the lists", f"{recall:.4f}", f"{GOAL}",
               recall >= GOAL),
        judged("2c", f"{TASKS:,} tasks beside {TASKS:,}, processor time", f"{slow:.2f} s",
               f"{LIMIT_S:g} s", slow <= LIMIT_S, took),
    )  # fmt: skip


def _priced(made: Compilation) -> Priced:
    return Priced(made, engine.resolve(made))


def _compile(body: bytes | Path) -> Compilation:
    return engine.compile_model(engine.read(body), engine.target("phone-npu"))


def _compiled() -> dict[str, Compilation]:
    folder = shared() / "data" / "models"
    made = {name: _compile(folder / f"{name}.onnx.gz") for name in FILES[:3]}
    body = gzip.decompress((folder / "unet_v1.onnx.gz").read_bytes())
    return made | {"quantized": _compile(_quantized(body, image=(4, 3, 256, 256)))}


def _digits() -> tuple[Compilation, Compilation]:
    body = gzip.decompress((ROOT / "dashboard/demo/digits_cnn.onnx.gz").read_bytes())
    return _compile(body), _compile(_quantized(body, image=(8, 1, 32, 32)))


def _quantized(body: bytes, **inputs: tuple[int, ...]) -> bytes:
    """A file quantized by our operation, with random samples: which tasks there are stays."""
    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "samples.npz"
        arrays = {n: random.standard_normal(s).astype("float32") for n, s in inputs.items()}
        count = next(iter(inputs.values()))[0]
        np.savez(file, y=np.arange(count) % 2, **arrays)
        samples = engine.read_samples(body, file)
        return engine.run_operation(body, "quantize_static", {}, samples).model


def _nameless(made: Compilation) -> Compilation:
    return replace(
        made, tasks=made.tasks.with_columns(pl.col("task_id").cast(pl.String).alias("name"))
    )


def _seconds() -> dict[str, float]:
    """Processor time of whole comparisons: the same, without names, and with a seventh changed."""
    first = _compile(large.file(large.branched, TASKS))
    bare = _nameless(first)
    changed = replace(bare, tasks=bare.tasks.with_columns(
        pl.when(pl.col("task_id") % 7 == 0).then(pl.lit("9×9×3×3"))
        .otherwise("kernel_shape").alias("kernel_shape")
    ))  # fmt: skip
    found = {}
    for name, other in (
        ("the same", replace(first)),
        ("no names", bare),
        ("a seventh changed", changed),
    ):
        sides = Priced(first, engine.resolve(first)), Priced(other, engine.resolve(other))
        took = []
        for _ in range(3):
            began = time.process_time()
            difference(*sides)
            took.append(time.process_time() - began)
        found[f"{first.tasks.height:,} beside {other.tasks.height:,}, {name}"] = min(took)
    return found


CHECK = Check("2", "what changed, task by task", measure, judge)
