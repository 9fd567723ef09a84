"""How far predictions are from the truth: models measured and predicted side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from engine.cost import Floats
from engine.errors import EngineError
from engine.execute.apart import Cancelled
from engine.execute.calibrating import summary_of
from engine.execute.measuring import TARGET, Measurement, measure

SMALL_S = 5e-4  # models below this are counted apart
TOP = 10
TIE = 0.05  # of the tenth's time
# Columns of `Validation.models`, one row a model.
VALIDATED_SCHEMA = {
    "model": pl.String,
    "sha256": pl.String,
    "predicted_s": pl.Float64,
    "measured_s": pl.Float64,
    "error": pl.Float64,  # predicted / measured - 1
    "floor": pl.Float64,  # largest / smallest round of the measurement - 1
    "kernels_s": pl.Float64,  # sum of measured kernels: what a perfect model of kernels would say
    "roofline_s": pl.Float64,  # two constants: peak rate and bandwidth
    "rank": pl.Float64,  # rank correlation of kernel times within the model
    "top": pl.Float64,  # share of its ten slowest kernels that are predicted among them
    "scale": pl.Float64,  # speed of the machine meanwhile, by the anchors
    "tasks": pl.Int64,
    "worst": pl.String,  # kernel class that adds most to the error
    "worst_s": pl.Float64,  # and how much: predicted - measured
    "fault": pl.String,  # why it could not be measured, "" when it was
}


@dataclass(frozen=True)
class Validation:
    """Models measured beside their predictions.

    Args:
        models: see `VALIDATED_SCHEMA`.
        summary: over models of `SMALL_S` and more: median_error, mean_error (MAPE), bias,
            within_5, within_10, within_20 (shares), counted, rank (rank correlation across
            models), median_rank and median_top (within models), ceiling (median |error| of the sum
            of measured kernels), roofline (median |error| of two constants); "small": the same
            first figures for smaller models.
        machine: where; runtime: with what.
    """

    models: pl.DataFrame
    summary: Mapping[str, Any]
    machine: str
    runtime: str


def validate(
    models: Sequence[str | Path], target: str = TARGET,
    bindings: Mapping[str, Mapping[str, int]] | None = None,
    report: Callable[[int, int, str], None] | None = None, cancelled: Cancelled | None = None,
    rounds: int = 5,
) -> Validation:  # fmt: skip
    """Measure models and compare with what the calibration predicts.

    Args:
        models: files.
        target: the only one that runs here is "onnxruntime-cpu".
        bindings: model name or file name -> symbolic size -> value.
        report: told (done, all, name of the next).
        cancelled: asked now and then; True stops it.
        rounds: of each model.

    Raises:
        EngineError: another target, or it was stopped.  A model that cannot be measured is a row
            with its `fault`.
    """
    if target != TARGET:
        raise EngineError("only what runs on this machine can be measured", target, TARGET)
    rows: list[dict[str, Any]] = []
    done: Measurement | None = None
    for i, model in enumerate(models):
        path = Path(model)
        if report is not None:
            report(i, len(models), path.name)
        sizes = (bindings or {}).get(path.name) or (bindings or {}).get(_stem(path))
        try:
            done = measure(path, sizes, path.name, rounds, cancelled)
            rows.append(row_of(done))
        except EngineError as error:
            if cancelled is not None and cancelled():
                raise
            rows.append(dict.fromkeys(VALIDATED_SCHEMA) | {
                "model": _stem(path), "fault": error.sentence})  # fmt: skip
    frame = pl.DataFrame(rows, schema=VALIDATED_SCHEMA)
    words = (done.machine, done.runtime) if done else ("", "")
    return Validation(frame, summarize(frame), *words)


def _stem(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".zip").removesuffix(".onnx")


def row_of(done: Measurement) -> dict[str, Any]:
    """A measurement as a row of `Validation.models`."""
    tasks = done.tasks.filter(
        pl.col("measured_s").is_not_null() & pl.col("predicted_s").is_not_null()
    )
    kernels = tasks.filter(pl.col("task_id").is_not_null())
    rank, top = agreement(kernels["predicted_s"].to_numpy(), kernels["measured_s"].to_numpy())
    blame = (
        kernels.group_by("kernel")
        .agg((pl.col("predicted_s") - pl.col("measured_s")).sum().alias("more"))
        .sort(pl.col("more").abs(), descending=True)
    )
    return {
        "model": _stem(Path(done.name)), "sha256": done.sha256, "predicted_s": done.predicted_s,
        "measured_s": done.measured_s, "error": done.error, "floor": done.floor,
        "kernels_s": done.kernels_s, "roofline_s": _roofline(done), "rank": rank, "top": top,
        "scale": done.scale, "tasks": done.compilation.tasks.height,
        "worst": blame["kernel"][0] if blame.height else "",
        "worst_s": blame["more"][0] if blame.height else None, "fault": "",
    }  # fmt: skip


# Fitted on 47 models: the two constants of a roofline (catalogue, onnxruntime-cpu).
_PEAK, _BANDWIDTH = 8e10, 2.7e10


def _roofline(done: Measurement) -> float | None:
    kernels = done.compilation.kernels
    if kernels is None:
        return None
    moved = kernels["read_bytes"] + kernels["write_bytes"] + kernels["weight_bytes"]
    return float(np.maximum(kernels["macs"] / _PEAK, moved / _BANDWIDTH).sum())


def agreement(guess: Floats, truth: Floats) -> tuple[float | None, float | None]:
    """(Spearman's rank correlation, share of the ten guessed largest that are among the largest).

    Layers that repeat tie for a place among the ten; which of them is measured 1 % slower is
    chance, so whatever is within `TIE` of the tenth is among the largest.
    """
    if len(truth) < 3 or np.ptp(guess) == 0 or np.ptp(truth) == 0:
        return None, None
    rank = float(np.corrcoef(ranks(guess), ranks(truth))[0, 1])
    count = min(TOP, len(truth))
    least = (1 - TIE) * float(np.sort(truth)[-count])
    right = int((truth[np.argsort(-guess)[:count]] >= least).sum())
    return (rank if np.isfinite(rank) else None), right / count


def ranks(values: Floats) -> Floats:
    """Places from small to large; equal values share the mean of theirs."""
    order = np.argsort(values, kind="stable")
    places = np.empty(len(values))
    places[order] = np.arange(len(values))
    _, back, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.bincount(back, places) / counts)[back])


def summarize(models: pl.DataFrame) -> dict[str, Any]:
    """The summary of `Validation` from its rows."""
    known = models.filter(pl.col("error").is_not_null())
    large = known.filter(pl.col("measured_s") >= SMALL_S)
    small = known.filter(pl.col("measured_s") < SMALL_S)
    found = summary_of(large["error"].to_numpy())
    truth = large["measured_s"].to_numpy()
    across, _ = agreement(large["predicted_s"].to_numpy(), truth)
    return {
        **found, "rank": across, "median_rank": large["rank"].median(),
        "median_top": large["top"].median(), "ceiling": _median(large, "kernels_s"),
        "roofline": _median(large, "roofline_s"), "floor": large["floor"].median(),
        "small": summary_of(small["error"].to_numpy()),
        "faults": int((models["fault"] != "").sum()),
    }  # fmt: skip


def _median(models: pl.DataFrame, column: str) -> float | None:
    error = (models[column] / models["measured_s"] - 1).abs().median()
    return None if error is None else float(str(error))
