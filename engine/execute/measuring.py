"""Measure a model: as a whole and kernel by kernel, laid beside what was predicted."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from engine.compile import Compilation
from engine.cost import Floats, calibration
from engine.errors import EngineError
from engine.execute.apart import Cancelled, run_apart
from engine.execute.follow import follow
from engine.execute.hardware import machine
from engine.execute.optimising import bindings_of, bytes_of
from engine.execute.profile import KernelTimes, read_profile
from engine.execute.protocol import PROFILE_S, Pace
from engine.formats import read
from engine.graph import Graph, loads, verify
from engine.targets import Target
from engine.targets import target as find_target

# Columns of `Measurement.tasks`: one row a task, then the overhead, whose task_id is null.
MEASURED_SCHEMA = {
    "task_id": pl.Int32,
    "name": pl.String,
    "kernel": pl.String,  # kernel class
    "node": pl.String,  # what onnxruntime ran, by its name
    "type": pl.String,  # and by its type
    "measured_s": pl.Float64,  # null: not in the profile
    "spread": pl.Float64,  # half the distance between the quartiles of its runs / the median
    "predicted_s": pl.Float64,  # by the calibration; null where it knows no such kernel
    "error": pl.Float64,  # predicted / measured - 1
}
TARGET = "onnxruntime-cpu"


@dataclass(frozen=True)
class Measurement:
    """A model that was run.

    Args:
        name: of the model; sha256: of its file; compilation: its tasks, by `task_id` of `tasks`.
        measured_s: one inference, the mean of the rounds, s; rounds: of each round, s.
        floor: largest / smallest round - 1.
        kernels_s: sum of the kernels; overhead_s: what is left, may be a little below zero.
        predicted_s: by the calibration at the speed that the anchors showed; None without one.
        error: predicted / measured - 1.
        scale: how much slower the machine was than when it was calibrated.
        tasks: see `MEASURED_SCHEMA`.
        filled: weights that the file lacks and that got random values.
        machine: where; runtime: with what; load: mean number of waiting processes, 1 minute.
    """

    name: str
    sha256: str
    compilation: Compilation
    measured_s: float
    rounds: tuple[float, ...]
    kernels_s: float
    predicted_s: float | None
    scale: float
    tasks: pl.DataFrame
    filled: int
    machine: str
    runtime: str
    load: float

    @property
    def overhead_s(self) -> float:
        """Whole less kernels, s."""
        return self.measured_s - self.kernels_s

    @property
    def floor(self) -> float:
        """How much the rounds differ, as a share: no figure is surer than this."""
        return max(self.rounds) / min(self.rounds) - 1 if self.rounds else 0.0

    @property
    def error(self) -> float | None:
        """Predicted / measured - 1."""
        return None if self.predicted_s is None else self.predicted_s / self.measured_s - 1


def measure(
    model: str | Path | bytes, bindings: Mapping[str, int] | None = None, name: str = "",
    rounds: int = 5, cancelled: Cancelled | None = None, graph: Graph | None = None,
) -> Measurement:  # fmt: skip
    """Run a model on this machine and time it, in a child process.

    Args:
        model: file or its bytes.
        bindings: symbolic size -> value.
        name: what to call it; "" the file's stem.
        rounds: of about 0.3 s each, in three parts; more are surer.
        cancelled: asked now and then; True stops it.
        graph: the file as it was read with the bindings, in place of reading it again.

    Raises:
        EngineError: it cannot be read or run, takes too long or too much memory, or was stopped.
    """
    graph = graph or read(model, bindings, name)
    data, unpacked, label = bytes_of(model, name or graph.name)
    pace = Pace(rounds=3 * max(1, min(rounds, 50)), seconds=0.1, least=2)
    request = {
        "do": "measure", "bindings": bindings_of(graph),
        "pace": {"rounds": pace.rounds, "seconds": pace.seconds, "least": pace.least,
                 "most": pace.most},
    }  # fmt: skip
    answer = run_apart(request, data, unpacked, label, cancelled)
    runtime = verify(loads(answer["runtime"].encode()))
    target = find_target(TARGET)
    compilation = follow(graph, target, None, runtime)
    times = {str(n): (float(s), float(d)) for n, _, s, d in answer["kernels"]}
    return _measurement(compilation, target, label, times, answer, runtime)


def _measurement(
    compilation: Compilation, target: Target, name: str,
    times: Mapping[str, tuple[float, float]], answer: Mapping[str, Any], runtime: Graph,
) -> Measurement:  # fmt: skip
    found = calibration(target.id)
    profile_s = found.profile_s if found else PROFILE_S
    rounds = [float(s) for s in answer["rounds"]]
    anchors = [float(s) for s in answer["anchors"]]
    whole = float(np.mean(rounds))
    scale = float(np.mean(anchors)) / found.anchor_s if found and anchors else 1.0
    taken = {n: (max(s - profile_s, 1e-8), d) for n, (s, d) in times.items()}
    frame = task_times(compilation, taken, scale)
    kernels_s = sum(s for s, _ in taken.values())
    predicted = None
    if found is not None and compilation.kernels is not None:
        predicted = float(np.nansum(found.seconds(compilation.kernels))) * scale + found.call_s
    frame = pl.concat([frame, _overhead(whole - kernels_s, found.call_s if found else None)])
    return Measurement(
        name, compilation.source.properties.get("sha256", ""), compilation, whole,
        tuple(rounds), kernels_s, predicted, scale, frame, int(answer["filled"]), machine().words,
        machine().runtime, os.getloadavg()[0],
    )  # fmt: skip


def _overhead(seconds: float, predicted: float | None) -> pl.DataFrame:
    row = {"task_id": None, "name": "Overhead: what is not in a kernel", "kernel": "",
           "node": "", "type": "", "measured_s": seconds, "spread": None,
           "predicted_s": predicted, "error": None}  # fmt: skip
    return pl.DataFrame([row], schema=MEASURED_SCHEMA)


def task_times(
    compilation: Compilation, taken: Mapping[str, tuple[float, float]], scale: float = 1.0
) -> pl.DataFrame:
    """Measured kernels beside the tasks; columns `MEASURED_SCHEMA`.

    Args:
        compilation: whose tasks are the kernels of the runtime.
        taken: node -> (s, spread).
        scale: of the predictions.

    Raises:
        EngineError: the tasks are not those of a runtime, or hardly any is in the profile.
    """
    kernels = compilation.kernels
    if kernels is None:
        raise EngineError("the tasks are not those that the runtime runs", compilation.target,
                          found=compilation.note or "compiled by our own passes")  # fmt: skip
    nodes = kernels["node"].to_list()
    met = [taken.get(n) for n in nodes]
    known = sum(s for m in met if m for s in m[:1])
    total = sum(s for s, _ in taken.values())
    if not total or known < 0.5 * total:
        raise EngineError(
            "the profile is of another model, or of a graph optimised in another way",
            expected="times of this model's kernels", found=f"{known / max(total, 1e-12):.0%} "
            "of its time in kernels of this model",
            try_this="profiling this file with all optimisations, on a processor of this kind",
        )  # fmt: skip
    found = calibration(compilation.target)
    guess: Floats = np.full(len(nodes), np.nan)
    if found is not None:
        guess = found.seconds(kernels) * scale
    seconds = np.array([m[0] if m else np.nan for m in met])
    return pl.DataFrame(
        {
            "task_id": compilation.tasks["task_id"],
            "name": compilation.tasks["name"],
            "kernel": compilation.tasks["kernel"],
            "node": kernels["node"],
            "type": kernels["type"],
            "measured_s": pl.Series(seconds, nan_to_null=True),
            "spread": pl.Series([m[1] if m else None for m in met], dtype=pl.Float64),
            "predicted_s": pl.Series(guess, nan_to_null=True),
            "error": pl.Series(guess / seconds - 1, nan_to_null=True),
        },
        schema=MEASURED_SCHEMA,
    )


def import_profile(profile: str | Path | bytes, compilation: Compilation) -> pl.DataFrame:
    """A profile that onnxruntime wrote elsewhere, as measured times of the tasks.

    Args:
        profile: the JSON file of `end_profiling()`, or its bytes.
        compilation: of the same model for a target with a runtime.

    Raises:
        EngineError: not such a profile, or one of another model.
    """
    if not isinstance(profile, bytes):
        path = Path(profile)
        try:
            profile = path.read_bytes()
        except OSError as error:
            raise EngineError("the profile cannot be read", path.name,
                              found=error.strerror or "") from error  # fmt: skip
    kernels = read_profile(profile, skip=1)
    return task_times(compilation, _by_node(kernels))


def _by_node(kernels: Sequence[KernelTimes]) -> dict[str, tuple[float, float]]:
    found = calibration(TARGET)
    less = found.profile_s if found else PROFILE_S
    return {k.name: (max(k.typical - less, 1e-8), k.spread) for k in kernels}
