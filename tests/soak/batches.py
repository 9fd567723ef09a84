"""What is carried out while processes are killed: operations on a real experiment, predictions."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dashboard.queries import offspring, operate
from dashboard.queries.experiments import ExperimentQueries
from dashboard.queries.predictions import PredictionQueries
from engine.experiments import Experiment
from engine.store import ExperimentRow, JobRow, Store
from tests.engine.compress.nets import small

ROOT = "root"
TREE: dict[str, Any] = {"models": [{"id": ROOT, "metrics": {"Accuracy": 0.9, "Size": 9000}}]}


def predictions(store: Store, folder: Path, units: int) -> JobRow:
    """Ask for what as many models, made from one file step by step, make of 2,000 samples."""
    steps = [
        {"id": f"p{k}", "base": ROOT, "metrics": {"Accuracy": 0.5},
         "operation": {"name": "prune", "parameters": {"amount": (k + 1) / (units + 2)}}}
        for k in range(units)
    ]  # fmt: skip
    experiments, row, found = _experiment(store, folder, {"models": [*TREE["models"], *steps]})
    random = np.random.default_rng(0)
    file = io.BytesIO()
    np.savez(file, x=random.normal(size=(2000, 3, 8, 8)), labels=random.integers(0, 4, 2000))
    offspring.attach_data(store, row, found, ROOT, "some.npz", file.getvalue())
    asked = PredictionQueries(store, experiments, lambda: None)
    job = asked.start(row.id, [s["id"] for s in steps]).job
    assert job is not None
    return job


def operations(store: Store, folder: Path, units: int) -> JobRow:
    """Ask for as many children of a small net: pruned, packed, timed beside it."""
    _, row, found = _experiment(store, folder, TREE)
    before = 0.01 * len(store.offspring.list(row.id))  # what was done is not done again
    amounts = ", ".join(f"{10 * (k + 1) + before:.2f}" for k in range(units))
    asked = operate.run(store, row, found, ROOT, "prune", {"amount": amounts})
    assert asked.job is not None
    return asked.job


def _experiment(
    store: Store, folder: Path, tree: Mapping[str, Any]
) -> tuple[ExperimentQueries, ExperimentRow, Experiment]:
    """An experiment whose root has a file."""
    file = folder / "tree.json"
    file.write_text(json.dumps(tree))
    experiments = ExperimentQueries(store)
    added = experiments.add(file, file.name)
    assert added is not None
    row, found = experiments.get(added[0].id)
    offspring.attach_model(store, row, ROOT, offspring.kept(store, small()), "small")
    return experiments, row, found
