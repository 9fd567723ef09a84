"""Predictions that people bring as a file: which set they are of, and keeping them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import engine
from dashboard.queries.offspring import files_of, kept
from engine import behaviors
from engine.behaviors import Instances, Outputs
from engine.errors import EngineError
from engine.experiments import Experiment
from engine.formats import read_arrays
from engine.store import DataRow, ExperimentRow, PredictionRow, Store, clean_name


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a file of predictions.

    Args:
        model: id in the experiment; data: digest of the set; name: of the set.
        count: of instances; new: nothing was known of the set before.
        what: "predictions", or what is shown of the instances.
    """

    model: str
    data: str
    name: str
    count: int
    new: bool
    what: str = "predictions"


@dataclass(frozen=True, slots=True)
class _Set:
    """A set of instances that predictions may be of; `row` is None where nothing is kept of it."""

    data: str
    name: str
    held: Instances
    row: DataRow | None


def bring(
    store: Store, row: ExperimentRow, found: Experiment, node: str, source: bytes | Path,
    name: str, data: str = "",
) -> Imported:  # fmt: skip
    """Keep predictions that were made elsewhere; see `PredictionQueries.import_file`.

    Raises:
        EngineError: no such model or set, a file that is none, other instances or classes.
    """
    shown_name = clean_name(name)
    if node not in found.rows:
        raise EngineError("there is no such model in this experiment", shown_name,
                          found=repr(node[:80]))  # fmt: skip
    made, shown = behaviors.read_predictions(source, shown_name)
    if not made.vectors and not (made.said != "").any() and shown.kind:
        return _show(store, row, node, shown, shown_name, data)
    known = _sets(store, row, found)
    if data:
        of = next((s for s in known if s.data == data), None)
        if of is None:
            raise EngineError("there is no such set of instances in this experiment", shown_name)
    else:
        of = next((s for s in known if behaviors.is_of(made, s.held)), None)
    if of is None:
        of = _Set(behaviors.set_of(made), f"instances of {shown_name}", shown, None)
    else:
        made = behaviors.fitted(made, of.held, shown_name)
        _check_others(store, row, node, of, made, shown_name)
    held = of.row or DataRow(of.data, of.name, made.count, of.held.kind,
                             kept(store, behaviors.dump_instances(of.held)))  # fmt: skip
    digest = kept(store, behaviors.dumps(made))
    one = PredictionRow(node, of.data, digest, "file", shown_name, "", engine.VERSION)
    if not store.predictions.keep(row.id, held, one):
        raise EngineError("the experiment was removed meanwhile", shown_name)
    return Imported(node, of.data, of.name, made.count, of.row is None)


def _show(
    store: Store, row: ExperimentRow, node: str, shown: Instances, name: str, data: str
) -> Imported:
    """Keep what a file shows of the instances of a set that predictions are of."""
    sets = [s for s in store.predictions.stored(row.id)[0] if not data or s.data == data]
    held = [store.predictions.instances(row.id, s.data) for s in sets]
    counts = [int(np.isin(of.ids, shown.ids).sum()) for of in held]
    best = max(range(len(sets)), key=counts.__getitem__, default=0)
    found = behaviors.shown_for(held[best], shown) if sets else None
    if found is not None:
        sha256 = kept(store, behaviors.dump_instances(found))
        store.predictions.show(row.id, replace(sets[best], kind=found.kind, sha256=sha256))
        return Imported(node, sets[best].data, sets[best].name, counts[best], False,
                        f"{shown.kind}s")  # fmt: skip
    raise EngineError("shows no instance that predictions of this experiment are of", name,
                      try_this="importing the predictions first")  # fmt: skip


def _check_others(
    store: Store, row: ExperimentRow, node: str, of: _Set, made: Outputs, name: str
) -> None:
    """Beside one of the others is beside all of them, which stand beside each other."""
    others = (p for p in store.predictions.stored(row.id)[1] if p.data == of.data)
    beside = next((p for p in others if p.model != node), None)
    if beside is not None:
        behaviors.check_alike(made, store.predictions.load(row.id, beside.model, of.data), name)


def _sets(store: Store, row: ExperimentRow, found: Experiment) -> Iterator[_Set]:
    """The sets of an experiment, then its own data where nothing was run on it yet."""
    sets, _ = store.predictions.stored(row.id)
    for known in sets:
        yield _Set(known.data, known.name, store.predictions.instances(row.id, known.data), known)
    for file in files_of(store, row, found):
        if file.role != "model" and all(d.data != file.sha256 for d in sets):
            arrays = read_arrays(store.blobs.path(file.sha256))
            yield _Set(file.sha256, file.words, behaviors.of_data(arrays), None)
