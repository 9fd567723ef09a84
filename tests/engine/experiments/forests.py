"""Experiments made up for tests: by hand in one line, or generated of any size."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import experiments
from engine.experiments import Experiment

METRICS = [
    {"name": "Accuracy", "min": 0, "max": 1, "primary": True, "format": ".2%"},
    {"name": "Size", "min": 0, "max": None, "primary": True, "unit": "MB"},
    {"name": "Latency", "min": 0, "primary": True, "unit": "ms"},
    {"name": "Seed", "min": 0},
]
STEPS = ("prune", "quantize", "calibrate", "train", "palettize")


def body(*models: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"operations": [], "metrics": METRICS, "models": list(models), **more}


def model(id: str, base: str | None = None, operation: str = "", **more: Any) -> dict[str, Any]:
    """A model; keywords that are not fields are parameters of its operation."""
    fields = {k: more.pop(k) for k in list(more) if k in {"metrics", "tag", "errors", "bases"}}
    made: dict[str, Any] = {"id": id, "base": base, "metrics": {}, **fields}
    if operation:
        made["operation"] = {"name": operation, "parameters": more}
    return made


def tree(*models: dict[str, Any], **more: Any) -> Experiment:
    return experiments.loads(json.dumps(body(*models, **more)))


def generated(count: int, seed: int = 0, roots: int = 3) -> dict[str, Any]:
    """An experiment as search programs leave it: some long chains, wide sweeps, few metrics."""
    random = np.random.default_rng(seed)
    models, depth = [], []
    for k in range(count):
        parent = -1 if k < roots else int(random.integers(max(0, k - 400), k) if k > 3 else 0)
        if parent >= 0 and depth[parent] > 12:
            parent = int(random.integers(0, roots))
        depth.append(0 if parent < 0 else depth[parent] + 1)
        name = STEPS[int(random.integers(len(STEPS)))]
        amount = round(float(random.choice([0.1, 0.3, 0.5, 0.7, 0.9])), 1)
        made = model(
            f"m{k}",
            None if parent < 0 else f"m{parent}",
            "" if parent < 0 else name,
            **({} if parent < 0 else {"amount": amount, "seed": int(random.integers(5))}),
        )
        made["metrics"] = {
            "Accuracy": float(random.random()),
            "Size": float(random.integers(1, 5000)) / 10,
            "Latency": None if random.random() < 0.02 else float(random.random() * 100),
            "Seed": int(random.integers(5)),
        }
        models.append(made)
    return body(*models, operations=[{"name": s, "parameters": ["amount", "seed"]} for s in STEPS])


def shared(name: str) -> bytes:
    """A file of the original's, which is not in the repository; without it the test is skipped."""
    path = Path(os.environ.get("PAREDOWN_SHARED") or "absent") / "data/experiments" / name
    if not path.is_file():
        pytest.skip("PAREDOWN_SHARED names no folder that holds it")
    return path.read_bytes()
