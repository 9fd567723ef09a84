"""From a finding to the job of the operation that may help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import engine
from dashboard.queries import operate
from dashboard.queries.operate import Asked
from engine.compress import Operation, called
from engine.errors import EngineError
from engine.experiments import Experiment
from engine.layers import Remedy
from engine.store import ExperimentRow, Store


def start(store: Store, row: ExperimentRow, found: Experiment, at: int, remedy: Remedy) -> Asked:
    """Run a remedy on a model, or make anew what it was made by, with other values.

    Args:
        store: where jobs and files are.
        row: of the experiment.
        found: its models.
        at: row of the model.
        remedy: of a finding about it.

    Raises:
        EngineError: there is nothing to start from, or no step above the model is the remedy's.
    """
    if remedy.start == "model":
        known = engine.operation(remedy.operation)
        return operate.run(store, row, found, found.models[at].id, known.id,
                           _fields(known, remedy.values))  # fmt: skip
    while found.forest.parent[at] >= 0:
        step, above = found.models[at].operation, found.forest.parent[at]
        made = called(step.name) if step is not None else None
        if made is not None and step is not None and remedy.operation in ("", made.id):
            takes = {p.name for p in made.parameters}
            values = {n: v for n, v in remedy.values.items() if n in takes}
            if values:
                given = _fields(made, {**made.filled(step.parameters), **values})
                return operate.run(store, row, found, found.models[above].id, made.id, given)
        at = above
    raise EngineError("no step that made this model can leave layers out",
                      try_this="another operation on the model it was made from")  # fmt: skip


def _fields(known: Operation, values: Mapping[str, Any]) -> dict[str, object]:
    """Values of an operation as the fields of its form say them: shares in percent."""
    kinds = {p.name: p.kind for p in known.parameters}
    return {n: f"{100 * float(v):.6g}" if kinds.get(n) == "share" else v
            for n, v in values.items()}  # fmt: skip
