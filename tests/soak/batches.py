"""What is carried out while processes are killed: a batch of operations on a real experiment."""

from __future__ import annotations

import json
from pathlib import Path

from dashboard.queries import offspring, operate
from dashboard.queries.experiments import ExperimentQueries
from engine.store import JobRow, Store
from tests.engine.compress.nets import small

ROOT = "root"
TREE = {"models": [{"id": ROOT, "metrics": {"Accuracy": 0.9, "Size": 9000}}]}


def operations(store: Store, folder: Path, units: int) -> JobRow:
    """Ask for as many children of a small net: pruned, packed, timed beside it."""
    file = folder / "tree.json"
    file.write_text(json.dumps(TREE))
    experiments = ExperimentQueries(store)
    added = experiments.add(file, file.name)
    assert added is not None
    row, found = experiments.get(added[0].id)
    offspring.attach_model(store, row, ROOT, offspring.kept(store, small()), "small")
    before = 0.01 * len(store.offspring.list(row.id))  # what was done is not done again
    amounts = ", ".join(f"{10 * (k + 1) + before:.2f}" for k in range(units))
    asked = operate.run(store, row, found, ROOT, "prune", {"amount": amounts})
    assert asked.job is not None
    return asked.job
