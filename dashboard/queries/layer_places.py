"""Where a layer is on the page of a model: the tasks that read or make it."""

from __future__ import annotations

import dataclasses

from dashboard.queries.model import ModelQueries
from dashboard.queries.offspring import opened, origin
from dashboard.urls import View
from engine.compile import Compilation
from engine.errors import EngineError
from engine.experiments import Experiment
from engine.store import ExperimentRow, Store

MOST_STEPS = 16  # ops between a stored tensor and the task that reads it


def place(
    store: Store, models: ModelQueries, row: ExperimentRow, found: Experiment, at: int, layer: str,
    dock: str,
) -> View:  # fmt: skip
    """The view of a model's page with the tasks of a layer selected.

    Args:
        store: where files and models are.
        models: compiled models.
        row: of the experiment.
        found: its models.
        at: row of the model; the nearest one above it that has a file is shown.
        layer: name of a tensor or a module.
        dock: what stands beside the tasks.

    Raises:
        EngineError: no file is here, or no task reads or makes the layer.
    """
    start = origin(store, row, found, found.models[at].id)
    if start.missing:
        raise EngineError(start.missing.rstrip("."))
    model = next((m.id for m in store.models() if m.sha256 == start.sha256), "")
    if not model:
        files = store.offspring.files(row.id)
        own = next((f.model for f in files if f.sha256 == start.sha256), found.models[at].id)
        model = opened(store, row, found, own).id
    view = View(model_id=model, dock=dock)
    tasks = tasks_of(models.compilation(view), layer)
    if not tasks:
        raise EngineError("no task of the compiled model reads or makes this layer", layer[:200])
    return dataclasses.replace(view, selection=tasks)


def tasks_of(compiled: Compilation, layer: str) -> tuple[int, ...]:
    """The tasks that read a tensor, or make it, or that belong to a module; ascending."""
    source = compiled.source
    pairs = compiled.lineage.select("op", "task_id").iter_rows()
    task = {op: id for op, id in pairs if id is not None}
    scope = tuple(layer.split("."))
    inside = {task[op.name] for op in source.ops
              if op.scope[: len(scope)] == scope and op.name in task}  # fmt: skip
    if inside:
        return tuple(sorted(inside))
    if layer in source.producer:
        made = source.ops[source.producer[layer]].name
        if made in task:
            return (task[made],)
    reading, names = set(), {layer}
    for _ in range(MOST_STEPS):  # what reorders weights is folded away: its readers then
        ops = [source.ops[k] for name in names for k in source.consumers.get(name, ())]
        reading |= {task[op.name] for op in ops if op.name in task}
        if reading or not ops:
            break
        names = {name for op in ops for name in op.outputs if name}
    return tuple(sorted(reading))
