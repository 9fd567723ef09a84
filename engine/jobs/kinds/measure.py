"""A model timed on this machine, whole and kernel by kernel."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import engine
from engine.jobs.place import Cancelled, Place


def run(args: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """Measure.

    Args:
        args: sha256 and name of the model, bindings.
        place: where files are.

    Returns:
        measured_s, kernels_s, overhead_s, predicted_s, error, floor, machine, runtime, load, and
        "tasks": lists of task_id, measured_s and spread, a row a kernel.

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
    tasks = done.tasks.select("task_id", "measured_s", "spread")
    return {
        **found, "machine": done.machine, "runtime": done.runtime, "filled": done.filled,
        "tasks": {name: [_number(v) for v in tasks[name]] for name in tasks.columns},
    }  # fmt: skip


def _number(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
