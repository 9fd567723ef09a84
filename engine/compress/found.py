"""What was found of a model, as an experiment's file says it: metrics, operations, five digits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from engine.compress.applying import weight_bytes
from engine.compress.evaluating import Evaluation
from engine.compress.packing import sizes
from engine.compress.spec import Operation

METRICS: tuple[Mapping[str, Any], ...] = (
    {"name": "Accuracy", "format": ".1%", "direction": "higher", "primary": True},
    {"name": "Worst class", "format": ".0%", "direction": "higher", "primary": True},
    {"name": "Rare classes", "format": ".0%", "direction": "higher", "primary": False},
    {"name": "Agreement", "format": ".1%", "direction": "higher", "primary": False},
    {"name": "KL", "format": ".4f", "unit": "nats", "direction": "lower", "primary": False},
    {"name": "Moved", "format": "d", "direction": "lower", "primary": False},
    {"name": "Spread", "format": ".2f", "unit": "bits", "direction": "none", "primary": False},
    {"name": "Size", "format": ".3s", "unit": "B", "direction": "lower", "primary": True},
    {"name": "Weights", "format": ".3s", "unit": "B", "direction": "lower", "primary": False},
    {"name": "Predicted weights", "format": ".3s", "unit": "B", "direction": "lower",
     "primary": False},
    {"name": "Download", "format": ".3s", "unit": "B", "direction": "lower", "primary": False},
    {"name": "Memory", "format": ".3s", "unit": "B", "direction": "lower", "primary": False},
    {"name": "Latency", "format": ".2f", "unit": "×", "direction": "lower", "primary": True},
)  # fmt: skip
_WORDS = {"accuracy": "Accuracy", "worst_class": "Worst class", "agreement": "Agreement",
          "kl": "KL", "spread": "Spread"}  # fmt: skip
_SURE = ("Accuracy", "Agreement", "KL")  # whose interval is an error of the file
_KINDS = {"share": "continuous", "int": "continuous", "choice": "nominal", "flag": "nominal",
          "names": "nominal"}  # fmt: skip


def judged_figures(judged: Evaluation) -> tuple[dict[str, Any], dict[str, Any]]:
    """Metrics and their ± of an evaluation; of numbers under the labels of their figures."""
    metrics: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    for id, figure in judged.figures.items():
        name = _WORDS.get(id, "") if judged.kind == "classes" else figure.label
        if not name:
            continue
        metrics[name] = few(figure.value)
        if name in _SURE or judged.kind == "numbers":
            errors[name] = few((figure.high - figure.low) / 2)
    if judged.moved >= 0:
        metrics["Moved"] = judged.moved
    return metrics, {k: v for k, v in errors.items() if v is not None}


def stored_figures(file: bytes) -> dict[str, Any]:
    """Metrics of a file's size, B."""
    found = sizes(file)
    return {
        "Size": found["file_bytes"], "Weights": weight_bytes(file),
        "Download": found["gzip_bytes"], "Memory": found["memory_bytes"],
    }  # fmt: skip


def said(known: Operation, values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """An operation of an entry: its short name and some parameters, with their usual values.

    Args:
        known: the operation.
        values: what was given.
        names: parameters that are told.
    """
    filled = known.filled(values)
    told = {n: filled[n] for n in names}
    words = {n: ", ".join(v) if isinstance(v, tuple) else v for n, v in told.items()}
    return {"name": known.short, "parameters": words}


def declared(known: Operation, names: Iterable[str]) -> dict[str, Any]:
    """An operation as a file declares it, with some parameters."""
    kinds = {p.name: {"type": _KINDS[p.kind]} for p in known.parameters if p.name in set(names)}
    return {"name": known.short, "parameters": kinds}


def few(value: float | None) -> float | None:
    """Five digits: what is beyond them differs from processor to processor."""
    if value is None or not np.isfinite(value):
        return None
    return int(value) if float(value).is_integer() else float(f"{value:.5g}")
