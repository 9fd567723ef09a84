"""Predictions of the models of an experiment: what is there, asking for more, bringing files.

A set of instances is named by its digest.  What was loaded stays in memory up to `MOST_BYTES`.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import engine
from dashboard.queries.experiments import ExperimentQueries
from dashboard.queries.offspring import Origin, files_of, origin
from dashboard.queries.predictions_brought import Imported, bring
from engine.behaviors import Instances, Outputs
from engine.errors import EngineError
from engine.experiments import Experiment
from engine.store import ExperimentRow, JobRow, PredictionRow, Role, Store

MOST_BYTES = 256_000_000  # of outputs and instances in memory
MOST_MODELS = 200  # of a job


@dataclass(frozen=True, slots=True)
class DataSet:
    """A set of instances that models of an experiment can be compared on.

    Args:
        id: digest; name: in words.
        count: of its instances; 0 where nothing was run on it yet.
        kind: of what is shown of an instance: "image", "text", "row", "wave"; "" nothing.
        runs: models can be run on it, so predictions can be asked for.
        models: id of a model -> its predictions.
    """

    id: str
    name: str
    count: int
    kind: str
    runs: bool
    models: Mapping[str, PredictionRow]


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking for predictions.

    Args:
        job: None when there was nothing left to run.
        models: that will be run; there: whose predictions were there.
        missing: id of a model that cannot be run -> why.
    """

    job: JobRow | None
    models: tuple[str, ...]
    there: tuple[str, ...]
    missing: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Shown:
    """One instance as people see it.

    Args:
        id: its name; label: "" unknown.
        kind: as of its set; "" where it was not kept.
        value: [h][w] or [h][w][3] of 0..255, text, numbers of a row, points of a waveform.
        columns: names, of rows.
    """

    id: str
    label: str
    kind: str
    value: Any
    columns: Sequence[str] = ()


class PredictionQueries:
    """The queries of one app about predictions."""

    def __init__(
        self, store: Store, experiments: ExperimentQueries, wake: Callable[[], None]
    ) -> None:
        self._store, self._experiments, self._wake = store, experiments, wake
        self._held: OrderedDict[str, tuple[int, Outputs | Instances]] = OrderedDict()
        self._lock = threading.Lock()

    def available(self, experiment_id: object) -> tuple[DataSet, ...]:
        """The sets of instances of an experiment, its own labelled data first.

        Raises:
            EngineError: no such experiment.
        """
        row, found = self._experiments.get(experiment_id)
        sets, made = self._store.predictions.stored(row.id)
        own = {f.sha256: f for role in ("data", "fit") for f in files_of(self._store, row, found)
               if f.role == role}  # fmt: skip
        known = {d.data: d for d in sets}
        told = []
        for id in dict.fromkeys([*own, *known]):
            models = {p.model: p for p in made if p.data == id and p.model in found.rows}
            kept = known.get(id)
            name = kept.name if kept else own[id].words
            count, kind = (kept.count, kept.kind) if kept else (0, "")
            told.append(DataSet(id, name, count, kind, id in own, models))
        return tuple(told)

    def outdated(
        self, row: ExperimentRow, found: Experiment, nodes: Sequence[str], data: DataSet
    ) -> frozenset[str]:
        """Models whose predictions a job made of another file, or by other steps, than theirs now.

        Args:
            row: of the experiment.
            found: its models.
            nodes: ids of models.
            data: the set; of one that models cannot be run on any more nothing is known.
        """
        made = {m: data.models[m] for m in nodes if m in data.models} if data.runs else {}
        late = set()
        for model, kept in made.items():
            if kept.source == "job" and kept.made_from:
                start = origin(self._store, row, found, model)
                if not start.missing and kept.made_from != _unit(start, data.id)[1]:
                    late.add(model)
        return frozenset(late)

    def of(self, experiment_id: object, nodes: Sequence[str], data: str) -> dict[str, Outputs]:
        """What models made of a set; those that have nothing for it are left out.

        Raises:
            EngineError: no such experiment, or a file is damaged.
        """
        row = self._store.experiments.get(experiment_id)
        made = {p.model: p for p in self._store.predictions.stored(row.id)[1] if p.data == data}
        found = {}
        for model in nodes:
            if model in made:
                one = self._kept(
                    made[model].sha256,
                    lambda m=model: self._store.predictions.load(row.id, m, data),  # type: ignore[misc]
                )
                assert isinstance(one, Outputs)
                found[model] = one
        return found

    def instances(self, experiment_id: object, data: str) -> Instances:
        """What people see of the instances of a set.

        Raises:
            EngineError: no such experiment or set, or a file is damaged.
        """
        row = self._store.experiments.get(experiment_id)
        sets = self._store.predictions.stored(row.id)[0]
        sha256 = next((d.sha256 for d in sets if d.data == data), "")
        one = self._kept(sha256, lambda: self._store.predictions.instances(row.id, data))
        assert isinstance(one, Instances)
        return one

    def instance(self, experiment_id: object, data: str, index: int) -> Shown:
        """One instance of a set, by its place in it.

        Raises:
            EngineError: there is none.
        """
        held = self.instances(experiment_id, data)
        if not 0 <= index < held.count:
            raise EngineError("there is no such instance", held.kind, f"0 to {held.count - 1:,}",
                              str(index))  # fmt: skip
        id, label = str(held.ids[index]), str(held.labels[index])
        if index >= len(held.values):
            return Shown(id, label, "", None)
        return Shown(id, label, held.kind, held.values[index].tolist(), held.columns)

    def start(self, experiment_id: object, nodes: Sequence[str], data: str = "") -> Asked:
        """Ask that models are run on a set; what is there already is not run again.

        Args:
            experiment_id: whose.
            nodes: ids of models.
            data: digest of the experiment's samples; "" its labelled ones.

        Raises:
            EngineError: no such experiment, model or samples; no model can be run.
        """
        self._store.experiments.get(experiment_id, Role.EDITOR)
        row, found = self._experiments.get(experiment_id)
        files = {f.sha256: f for f in files_of(self._store, row, found) if f.role != "model"}
        own = next((f for role in ("data", "fit") for f in files.values() if f.role == role), None)
        file = files.get(data) if data else own
        if file is None:
            raise EngineError("there are no such samples to run on", row.name,
                              try_this="attaching data, or importing predictions")  # fmt: skip
        if len(nodes) > MOST_MODELS:
            raise EngineError("too many models at once", row.name, f"at most {MOST_MODELS}",
                              f"{len(nodes):,}")  # fmt: skip
        units: list[dict[str, Any]] = []
        there, missing = [], {}
        for model in dict.fromkeys(nodes):
            start = origin(self._store, row, found, model)
            if start.missing:
                missing[model] = start.missing
                continue
            args, made_from = _unit(start, file.sha256)
            kept = self._store.predictions.find(row.id, model, file.sha256)
            same = kept and (kept.made_from, kept.engine) == (made_from, engine.VERSION)
            if kept and (same or kept.source == "file"):  # what a person brought stays
                there.append(model)
                continue
            units.append(args | {"model": model, "name": file.words, "made_from": made_from})
        if missing and not units and not there:
            raise EngineError(next(iter(missing.values())).rstrip("."))
        if not units:
            return Asked(None, (), tuple(there), missing)
        job, _ = self._store.jobs.add(
            "predict", _title(found, [u["model"] for u in units], file.words), units,
            version=engine.VERSION, subject=row.id,
        )  # fmt: skip
        self._wake()
        return Asked(job, tuple(u["model"] for u in units), tuple(there), missing)

    def import_file(
        self, experiment_id: object, node: str, source: bytes | Path, name: str, data: str = ""
    ) -> Imported:
        """Keep predictions that were made elsewhere, all of them or none.

        Args:
            experiment_id: whose.
            node: id of the model that made them.
            source: the file, or its bytes: NPZ, Parquet or JSON, see `behaviors/reading.py`.
            name: of the file, whose ending says what it is.
            data: digest of the set that they are of; "" the one that fits, else a new one.

        Raises:
            EngineError: no such model or set, a file that is none, other instances or classes.
            Refused: the experiment may not be changed by the one who asks.
        """
        self._store.experiments.get(experiment_id, Role.EDITOR)  # by now: a file takes long to come
        row, found = self._experiments.get(experiment_id)
        return bring(self._store, row, found, node, source, name, data)

    def forget(self, experiment_id: object, node: str, data: str) -> None:
        """Remove what a model made of a set.

        Raises:
            EngineError: no such experiment, or there is nothing.
        """
        row = self._store.experiments.get(experiment_id)
        if self._store.predictions.find(row.id, node, data) is None:
            raise EngineError("there are no predictions of this model", found=repr(node[:80]))
        self._store.predictions.forget(row.id, node, data)

    def _kept(self, sha256: str, load: Callable[[], Outputs | Instances]) -> Outputs | Instances:
        with self._lock:
            if sha256 in self._held:
                self._held.move_to_end(sha256)
                return self._held[sha256][1]
        one = load()
        with self._lock:
            self._held[sha256] = _bytes(one), one
            while len(self._held) > 1 and sum(n for n, _ in self._held.values()) > MOST_BYTES:
                self._held.popitem(last=False)
        return one


def _unit(start: Origin, on: str) -> tuple[dict[str, Any], str]:
    """(arguments of a unit that predicts, digest of what decides its result).

    Args:
        start: of the model.
        on: digest of the samples to run on.
    """
    args = start.args() | {"on": on}
    if all(engine.operation(id).data == "none" for id, _ in start.path):
        args |= {"fit": "", "data": ""}  # no step reads any
    return args, hashlib.sha256(json.dumps(args, sort_keys=True).encode()).hexdigest()


def _title(found: Experiment, models: Sequence[str], words: str) -> str:
    who = found.models[found.rows[models[0]]].label if len(models) == 1 else f"{len(models)} models"
    return f"Predict: {who} on {words}"


def _bytes(one: Outputs | Instances) -> int:
    """About what it takes in memory."""
    words = one.ids.nbytes + one.labels.nbytes
    if isinstance(one, Instances):
        return words + one.values.nbytes
    return words + one.said.nbytes + 100 * one.count + sum(v.nbytes for v in one.vectors.values())
