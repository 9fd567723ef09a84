"""How near the predicted latency is to the measured one, on models that chose nothing."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

import engine
from engine.cost import calibration_file
from engine.errors import EngineError
from engine.execute import Validation
from tests.acceptance import corpus, truth
from tests.acceptance.line import Line, NotRun, judged
from tests.acceptance.quantize import pairs
from tests.acceptance.split import SEALED

MEDIAN, WITHIN_10, WITHIN_20 = 0.05, 0.85, 0.95
RANK, TOP = 0.95, 0.85
SIGN, QUANTIZED = 0.95, 0.15
MINUTES, MEGABYTES, DRIFT = 10.0, 1.5, 0.05
ROUNDS = 3  # of each model, each in three parts
LEAST = 12  # sealed models that must have been measured
SAME = 0.03  # of fp32: int8 that is no further away is neither faster nor slower


def sealed() -> tuple[Path, ...]:
    """The files of the sealed models that are here.

    Raises:
        NotRun: too few are.
    """
    every = (*corpus.light(), *corpus.exports(), *corpus.wheels())
    found = tuple(p for p in every if corpus.name(p) in SEALED)
    if len(found) < LEAST:
        raise NotRun(f"only {len(found)} of the sealed models are here.")
    return found


@dataclass(frozen=True)
class Accuracy:
    """A validation of models, and how far their truth moves.

    `kept`: the first truth of this machine, and that of `first`.  `again`, `minutes`: a second
    validation and the time between, where the first truth is not an hour old.
    """

    first: Validation
    again: Validation | None
    minutes: float
    kept: tuple[truth.Truth, truth.Truth]


def measure() -> Accuracy:
    """Validate the sealed models, once more where no truth of an hour ago is known."""
    if engine.calibration("onnxruntime-cpu") is None:
        raise NotRun("there is no calibration.")
    files = sealed()
    first = engine.validate(files, rounds=ROUNDS)
    now = truth.truth_of(first.models.iter_rows(named=True))
    kept, start = truth.first(now), time.monotonic()
    again = None if truth.comparable(kept, now) else engine.validate(files, rounds=ROUNDS)
    return Accuracy(first, again, (time.monotonic() - start) / 60, (kept, now))


def judge(seen: Accuracy) -> tuple[Line, ...]:
    """Line 1: median error, shares within bounds; beside it floors, ceiling and a roofline."""
    found = seen.first.summary
    count = found["counted"]
    enough = count >= LEAST and not found["faults"]
    median = _value(found["median_error"])
    names = [*_each(seen.first.models), f"on {seen.first.machine}, {seen.first.runtime}",
             *_drift(seen), f"ceiling: the sum of measured kernels is off by "
             f"{_value(found['ceiling']):.1%}; two-constant roofline: "
             f"{_value(found['roofline']):.1%}"]  # fmt: skip
    small = found["small"]
    if small["counted"]:
        names.append(f"{small['counted']} smaller models apart: median {small['median_error']:.1%}")
    return (
        judged("1a", f"{count} sealed models of 0.5 ms and more: median |error|", f"{median:.1%}",
               f"≤ {MEDIAN:.0%}", enough and median <= MEDIAN, names),
        judged("1b", "the same within ±10 %", f"{_value(found['within_10'], 0):.0%}",
               f"≥ {WITHIN_10:.0%}", enough and _value(found["within_10"], 0) >= WITHIN_10),
        judged("1c", "the same within ±20 %", f"{_value(found['within_20'], 0):.0%}",
               f"≥ {WITHIN_20:.0%}", enough and _value(found["within_20"], 0) >= WITHIN_20),
        truth.judge(*seen.kept),
    )  # fmt: skip


def inside(seen: Accuracy) -> tuple[Line, ...]:
    """Line 3: kernels within a model, in their order and at the top."""
    found = seen.first.summary
    rank, top = _value(found["median_rank"], 0), _value(found["median_top"], 0)
    return (
        judged("3a", "rank correlation of kernel times within a model, median", f"{rank:.3f}",
               f"≥ {RANK}", found["counted"] >= LEAST and rank >= RANK),
        judged("3b", "ten slowest kernels that are predicted among the ten, median", f"{top:.0%}",
               f"≥ {TOP:.0%}", found["counted"] >= LEAST and top >= TOP),
    )  # fmt: skip


def _value(found: float | None, missing: float = 9.99) -> float:
    return missing if found is None else float(found)


def _drift(seen: Accuracy) -> list[str]:
    """How far the second validation's truth is from the first's, as a note."""
    if seen.again is None:
        return []
    both = seen.first.models.join(seen.again.models, on="model", suffix="_again")
    change = (both["measured_s_again"] / both["measured_s"] - 1).abs().median()
    moved = _value(change if isinstance(change, float) else None)
    return [
        f"floor: the same models measured again after {seen.minutes:.0f} min differ by "
        f"{moved:.1%} (median)"
    ]


def _each(models: pl.DataFrame) -> Iterable[str]:
    for row in models.sort(pl.col("error").abs(), descending=True, nulls_last=False).iter_rows(
        named=True
    ):
        if row["fault"]:
            yield f"{row['model']}: {row['fault']}"
            continue
        yield (
            f"{row['model']}: {row['error']:+.1%} of {1e3 * row['measured_s']:.2f} ms, rounds "
            f"differ by {row['floor']:.0%}; most of it in {row['worst']} "
            f"({1e3 * row['worst_s']:+.2f} ms)"
        )


@dataclass(frozen=True, slots=True)
class Pair:
    """A model and its quantized twin; times in s.  `fault`: why they could not be measured."""

    model: str
    kind: str
    measured: tuple[float, float]
    predicted: tuple[float, float]
    fault: str = ""


def quantized() -> tuple[Pair, ...]:
    """Measure and predict models before and after quantization."""
    if engine.calibration("onnxruntime-cpu") is None:
        raise NotRun("there is no calibration.")
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for model, kind, plain, twin, fault in pairs(Path(folder)):
            if fault:
                found.append(Pair(model, kind, (1.0, 1.0), (1.0, 1.0), fault))
                continue
            try:
                both = [engine.measure(p, name=model, rounds=ROUNDS) for p in (plain, twin)]
            except EngineError as error:
                found.append(Pair(model, kind, (1.0, 1.0), (1.0, 1.0), error.sentence))
                continue
            guess = [m.predicted_s or 0.0 for m in both]
            found.append(Pair(model, kind, (both[0].measured_s, both[1].measured_s),
                              (guess[0], guess[1])))  # fmt: skip
    return tuple(found)


def signs(seen: tuple[Pair, ...]) -> tuple[Line, ...]:
    """Line 2: error of quantized models, and whether int8 is faster or slower."""
    faults = [f"{p.model} {p.kind}: {p.fault}" for p in seen if p.fault]
    seen = tuple(p for p in seen if not p.fault)
    errors = sorted(abs(p.predicted[1] / p.measured[1] - 1) for p in seen)
    clear = [p for p in seen if abs(p.measured[1] / p.measured[0] - 1) > SAME]
    right = [p for p in clear
             if (p.predicted[1] < p.predicted[0]) == (p.measured[1] < p.measured[0])]  # fmt: skip
    median = errors[len(errors) // 2] if errors else 9.99
    share = len(right) / len(clear) if clear else 0.0
    notes = [f"{p.model} {p.kind}: measured {p.measured[0] / p.measured[1]:.2f} times as fast, "
             f"predicted {p.predicted[0] / max(p.predicted[1], 1e-9):.2f}; error "
             f"{p.predicted[1] / p.measured[1] - 1:+.1%}" for p in seen]  # fmt: skip
    return (
        judged("2a", f"{len(seen)} quantized models: median |error|", f"{median:.1%}",
               f"≤ {QUANTIZED:.0%}", bool(errors) and not faults and median <= QUANTIZED,
               [*notes, *faults]),
        judged("2b", f"faster or slower than fp32, {len(clear)} pairs", f"{share:.0%} right",
               f"≥ {SIGN:.0%}", bool(clear) and share >= SIGN),
    )  # fmt: skip


def calibrated() -> dict[str, Any]:
    """What the calibration cost, and how far another of a part of the networks is from it."""
    made, path = engine.calibration("onnxruntime-cpu"), calibration_file("onnxruntime-cpu")
    if made is None or path is None:
        raise NotRun("there is no calibration.")
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        again = engine.calibrate(workers=2, out=Path(folder) / "again.npz", anew=True)
        minutes = (time.monotonic() - start) / 60
        drift = []
        for model in corpus.light()[:6]:
            graph = engine.read_trusted(model)
            made_of = engine.compile_model(graph, engine.target("onnxruntime-cpu"), model)
            if made_of.kernels is not None:
                sums = [c.seconds(made_of.kernels).sum() / c.anchor_s for c in (made, again)]
                drift.append(abs(sums[1] / sums[0] - 1))
    return {"minutes": minutes, "bytes": path.stat().st_size, "drift": max(drift, default=9.99),
            "kernels": again.facts["kernels"]}  # fmt: skip


def cheap(seen: dict[str, Any]) -> tuple[Line, ...]:
    """Line 4: minutes, file size, drift."""
    return (
        judged("4a", f"a calibration anew, {seen['kernels']:,} kernels", f"{seen['minutes']:.1f} "
               "min", f"≤ {MINUTES:.0f} min", seen["minutes"] <= MINUTES),
        judged("4b", "file of a calibration", f"{seen['bytes'] / 1e6:.2f} MB",
               f"≤ {MEGABYTES} MB", seen["bytes"] <= MEGABYTES * 1e6),
        judged("4c", "predictions of a repeated calibration, relative to the anchors, the worst",
               f"{seen['drift']:.1%}", f"≤ {DRIFT:.0%}", seen["drift"] <= DRIFT),
    )  # fmt: skip
