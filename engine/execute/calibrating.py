"""Calibrate: measure random networks on this machine, fit a model a class of kernels.

Each network is left out once, with a third of all, and predicted from the others: that is the
error that the file states.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.cost import Calibration, Floats, KernelModel, own_folder, write_calibration
from engine.errors import EngineError
from engine.execute.apart import Cancelled
from engine.execute.fitting import fit_class, held_out, plain
from engine.execute.hardware import machine
from engine.execute.networks import FAMILIES
from engine.execute.samples import Sample, read_samples

NETS = 1000
MINUTES = 9.5  # in all
# assumption: of a processor for a fit, measured at 4,000 to 22,000 kernels, and a fifth more
_FIT_S, _FIT_KERNEL_S = 12.0, 1.6e-3
_MEASURED = 0.25  # share of the minutes that is measured even where the fit seems to take them all
_ROOT = Path(__file__).resolve().parents[2]
_LOOK_S = 0.5
_MOST_CUT = 0.6  # share of a kernel's time that may have been interruption
_SMALL_S = 2e-3  # networks below this show what the profile adds to each kernel
_AGREE = (0.5, 2.2)  # kernels' sum / whole, beyond which the machine was too busy
_CLOCK_S = 1e-6  # what the profile's own clock may add to a kernel and not to another
_PROFILE_S = 1.5e-6  # assumption: at least this; wholes that were disturbed hide it
_SLICE_S = 2e-3  # a kernel of this length is hardly ever run through on a busy machine
_COUNTED_S = 5e-4  # networks below this are not in the stated error: their clock is too coarse


class Progress(NamedTuple):
    """How far a calibration is."""

    done: int
    total: int
    seconds: float


def calibrate(
    target: str = "onnxruntime-cpu", nets: int = NETS, workers: int = 1,
    report: Callable[[Progress], None] | None = None, cancelled: Cancelled | None = None,
    out: Path | None = None, anew: bool = False, minutes: float = MINUTES,
) -> Calibration:  # fmt: skip
    """Measure and fit; what was measured before on this machine is not measured again.

    Args:
        target: id of the target that the file is for.
        nets: networks to measure at most.
        workers: processes that measure side by side; more than one disturb each other a little.
        report: told how far it is.
        cancelled: asked now and then; True stops it, and what was measured stays.
        out: where to write the file; None: the user's own folder, where it is found.
        anew: forget what was measured before.
        minutes: in all, about: measuring stops when what is left is needed for the fit.

    Raises:
        EngineError: onnxruntime is not installed, nothing could be measured, or it was stopped.
    """
    folder = own_folder() / f"samples-{_name(machine().kind)}"
    if anew:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    _measure(folder, nets, workers, report, cancelled, minutes)
    samples = tuple(read_samples(folder))
    if len(samples) < 20:
        raise EngineError("too few networks could be measured", found=str(len(samples)),
                          try_this="paredown calibrate again; it goes on where it was")  # fmt: skip
    made = fit(samples)
    took = round((time.monotonic() - start) / 60, 1)
    made = replace(made, facts=MappingProxyType({**made.facts, "minutes": took}))
    path = out or own_folder() / f"{target}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}.part")
    fresh.write_bytes(write_calibration(made))
    fresh.replace(path)
    return made


def jobs(nets: int) -> list[tuple[str, int]]:
    """(family, number) of each network, mixed so that a part of them is a fair sample."""
    pairs = [(f, i) for f, (_, share, _) in FAMILIES.items() for i in range(round(nets * share))]
    order = np.random.default_rng(1).permutation(len(pairs))
    return [pairs[i] for i in order]


def _name(kind: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in kind)[:120]


def _measure(
    folder: Path, nets: int, workers: int, report: Callable[[Progress], None] | None,
    cancelled: Cancelled | None, minutes: float,
) -> None:  # fmt: skip
    words = [sys.executable, "-P", "-m", "engine.execute.sampling", str(folder), str(nets)]
    environment = {**os.environ, "PYTHONPATH": str(_ROOT), "OPENBLAS_NUM_THREADS": "1"}
    children = [
        subprocess.Popen([*words, str(w), str(workers)], env=environment,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for w in range(workers)
    ]  # fmt: skip
    start = time.monotonic()
    try:
        while any(c.poll() is None for c in children):
            done, kernels = _counts(folder)
            spent = time.monotonic() - start
            left = 60 * minutes - fit_seconds(kernels, workers)
            if spent > max(left, _MEASURED * 60 * minutes):
                break
            if cancelled is not None and cancelled():
                raise EngineError("stopped", try_this="paredown calibrate goes on where it was")
            if report is not None:
                report(Progress(done, nets, spent))
            time.sleep(_LOOK_S)
    finally:
        for child in children:
            if child.poll() is None:
                child.terminate()
                child.wait()


def _counts(folder: Path) -> tuple[int, int]:
    """(networks, kernels) in the files: a line each, and in it a list each."""
    files = [p.read_bytes() for p in folder.glob("part-*.jsonl")]
    nets = sum(text.count(b"\n") for text in files)
    return nets, sum(text.count(b"[") for text in files) - nets


def fit_seconds(kernels: int, workers: int = 0) -> float:
    """How long a fit will take, about, beside what others run on this machine.

    Args:
        kernels: that it is of.
        workers: processes of ours that will have ended.
    """
    others = max(0.0, os.getloadavg()[0] - workers)
    slower = max(1.0, (others + 1) / machine().cores)
    return slower * (_FIT_S + _FIT_KERNEL_S * kernels)


def fit(samples: Sequence[Sample]) -> Calibration:
    """Fit every class, and find the error on networks left out.

    Args:
        samples: measured networks.
    """
    profile_s, call_s = _overheads(samples)
    anchor_s = float(np.median([s.anchor_s for s in samples]))
    kept = [(s, t) for s in samples
            if (t := _agreed(s, profile_s, call_s, anchor_s)) is not None]  # fmt: skip
    frame = pl.concat([s.kernels for s, _ in kept])
    seconds = np.concatenate([t for _, t in kept])
    net = np.repeat(np.arange(len(kept)), [len(t) for _, t in kept])
    groups = {k: i for i, k in enumerate(dict.fromkeys((s.family, s.number) for s, _ in kept))}
    group = np.array([groups[s.family, s.number] for s, _ in kept])[net]  # measured twice: one
    whole = np.array([s.seconds * anchor_s / s.anchor_s for s, _ in kept])
    classes: dict[str, KernelModel] = {}
    guess = np.zeros(len(seconds))
    names = frame["class"].to_numpy()
    columns = {c: frame[c].to_numpy() for c in frame.columns if frame.schema[c] == pl.Float64}
    for name in sorted(set(names.tolist())):
        rows = np.flatnonzero((names == name) & np.isfinite(seconds))
        if len(rows) < 3:
            continue
        counts = {c: v[rows] for c, v in columns.items()}
        guess[rows], error = held_out(counts, seconds[rows], group[rows])
        model = fit_class(counts, seconds[rows], group[rows], check=False)
        classes[name] = KernelModel(model.rates, model.trees, error, model.count, model.largest)
    rows = np.flatnonzero(np.isfinite(seconds))
    classes[""] = plain({c: v[rows] for c, v in columns.items()}, seconds[rows])
    total = np.bincount(net, guess, len(kept)) + call_s
    facts = {
        "machine": machine().words, "kind": machine().kind, "runtime": machine().runtime,
        "date": datetime.now(UTC).strftime("%Y-%m-%d"), "minutes": 0.0,
        "networks": len(kept), "kernels": len(seconds), "left_out": len(samples) - len(kept),
        **_errors(np.asarray(total, np.float64), whole),
    }  # fmt: skip
    return Calibration(MappingProxyType(facts), profile_s, call_s, anchor_s,
                       MappingProxyType(classes))  # fmt: skip


def _overheads(samples: Sequence[Sample]) -> tuple[float, float]:
    """(what the profile adds to a kernel, what a call takes beside its kernels), s.

    The first is the median of (sum - whole) / kernels over small networks, the second what is
    then left over in networks of a few kernels.
    """
    small = [s for s in samples if s.seconds < _SMALL_S]
    added = [
        (float(np.nansum(s.kernels["seconds"].to_numpy())) - s.seconds) / s.kernels.height
        for s in small
    ]
    profile_s = float(np.clip(np.median(added), _PROFILE_S, 5e-6)) if added else _PROFILE_S
    few = [s for s in small if s.kernels.height <= 12]
    rest = [
        s.seconds - float(np.nansum(np.maximum(s.kernels["seconds"].to_numpy() - profile_s, 0)))
        for s in few
    ]
    return profile_s, float(np.clip(np.median(rest), 0, 2e-5)) if rest else 0.0


def _agreed(s: Sample, profile_s: float, call_s: float, anchor_s: float) -> Floats | None:
    """Kernel times that add up to the whole, at the usual speed; None for a disturbed network.

    Long kernels are interrupted more often than short ones, and every kernel bears the clock of
    the profile: what does not agree is theirs.
    """
    t = np.maximum(s.kernels["seconds"].to_numpy() - profile_s, 1.5e-7)
    total, whole = float(np.nansum(t)), max(s.seconds - call_s, 1e-6)
    if not _AGREE[0] < total / whole < _AGREE[1]:
        return None
    if total <= whole:
        return np.asarray(t * (whole / total) * anchor_s / s.anchor_s)
    share = _CLOCK_S + t * np.clip(t / _SLICE_S, 0.03, 1.0)
    low, high = 0.0, 1e3
    for _ in range(40):
        level = (low + high) / 2
        over = float(np.nansum(t - np.minimum(level * share, _MOST_CUT * t))) > whole
        low, high = (level, high) if over else (low, level)
    t = t - np.minimum(high * share, _MOST_CUT * t)
    if float(np.nansum(t)) > 1.05 * whole:
        return None
    return np.asarray(t * anchor_s / s.anchor_s)


def _errors(guess: Floats, whole: Floats) -> dict[str, Any]:
    """Figures of networks that are not too small for the clock."""
    counted = whole >= _COUNTED_S
    error = guess[counted] / whole[counted] - 1
    return summary_of(error)


def summary_of(error: NDArray[Any]) -> dict[str, Any]:
    """Median and mean |error|, bias, and shares within 5, 10, 20 %."""
    if not len(error):
        return {"median_error": None, "mean_error": None, "bias": None, "within_5": None,
                "within_10": None, "within_20": None, "counted": 0}  # fmt: skip
    size = np.abs(error)
    return {
        "median_error": round(float(np.median(size)), 4),
        "mean_error": round(float(size.mean()), 4),
        "bias": round(float(np.median(error)), 4),
        **{f"within_{n}": round(float((size <= n / 100).mean()), 4) for n in (5, 10, 20)},
        "counted": len(error),
    }


def to_json(made: Calibration) -> str:
    """The facts of a calibration, for people and programs."""
    return json.dumps(dict(made.facts))
