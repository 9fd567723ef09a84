"""A model timed on this machine, whole and kernel by kernel."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import engine
from engine.compress import paired
from engine.execute import inputs_for
from engine.jobs.kinds.operation import model_of
from engine.jobs.place import Cancelled, Place

ROUNDS = 40  # pairs of timed runs


def run(args: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """Measure.

    Args:
        args: sha256 and name of the model, bindings; base, sha256 of a model to time by turns
            with it, "" none.
        place: where files are.

    Returns:
        measured_s, kernels_s, overhead_s, predicted_s, error, floor, machine, runtime, load, and
        "tasks": lists of task_id, name, measured_s, predicted_s and spread, a row a kernel; with
        a base "ratio": value, low, high of its latency.

    Raises:
        EngineError: it cannot be run.
    """
    place.report(0.05, "running the model")
    done = engine.measure(
        place.path(args["sha256"]), dict(args.get("bindings") or {}), args["name"],
        cancelled=place.stopped,
    )  # fmt: skip
    if place.stopped():
        raise Cancelled
    names = ("measured_s", "kernels_s", "overhead_s", "predicted_s", "error", "floor", "load")
    found = {name: _number(getattr(done, name)) for name in names}
    tasks = done.tasks.select("task_id", "name", "measured_s", "predicted_s", "spread")
    if args.get("base"):
        place.report(0.7, "timing beside the base")
        model, base = (model_of(place, args[n]) for n in ("sha256", "base"))
        ratio = paired(base, model, inputs_for(base, args.get("bindings")), ROUNDS)
        found["ratio"] = [ratio.value, ratio.low, ratio.high]
    return {
        **found, "machine": done.machine, "runtime": done.runtime, "filled": done.filled,
        "tasks": {name: [_number(v) for v in tasks[name]] for name in tasks.columns},
    }  # fmt: skip


def _number(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
