"""What the page of behaviors looks at: models of an experiment on a set of instances.

The models beside their base stay in memory between questions: of 100,000 instances it takes
seconds to lay them out, and milliseconds to ask.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dashboard.queries.experiment_edits import document_of
from dashboard.queries.experiments import ExperimentQueries
from dashboard.queries.predictions import DataSet, PredictionQueries
from dashboard.urls_behaviors import BehaviorsView
from engine.behaviors import Asking, Instances, Measure, Question, as_asked, matched, measure_of
from engine.errors import EngineError
from engine.experiments import Experiment
from engine.store import ExperimentRow

KEPT = 3  # comparisons in memory
USUAL = "correctness"
FLAGGED = "flagged"  # part of the experiment's edits: digest of a set -> ids of instances
MAX_FLAGGED = 5_000


@dataclass(frozen=True, slots=True)
class Desk:
    """What is looked at.

    Args:
        row: of the experiment; found: its models.
        view: what is asked for, with what it left open filled in.
        sets: of instances; data: the chosen one, None where there is none.
        order: rows of the models, the base first; ready: of those with predictions.
        late: ids of models whose predictions are of an earlier file or other steps.
        asking: None where the base or all others have none.
        shown: what people see of the instances; None where nothing is kept.
    """

    row: ExperimentRow
    found: Experiment
    view: BehaviorsView
    sets: tuple[DataSet, ...]
    data: DataSet | None
    order: tuple[int, ...]
    ready: tuple[int, ...]
    late: frozenset[str] = frozenset()
    asking: Asking | None = None
    shown: Instances | None = None

    @property
    def lacking(self) -> tuple[int, ...]:
        """Rows of the models without predictions."""
        return tuple(k for k in self.order if k not in self.ready)

    @property
    def measure(self) -> Measure:
        """What is compared."""
        assert self.asking is not None
        return as_asked(measure_of(self.asking.given, self.view.metric), self.view.relative)

    def id(self, row: int) -> str:
        """Id of the model of a row."""
        return self.found.models[row].id

    def question(self, view: BehaviorsView | None = None) -> Question:
        """The question of a view to the engine.

        A bound reaches from its low end up to, not with, its high end, as bars do, but where that
        is the end of the scale.
        """
        view = view or self.view
        assert self.asking is not None
        plain = Question(view.metric, view.relative)
        edges = self.asking.spots(plain).edges
        bounds = {
            self.id(k): (low, high if high >= edges[-1] else float(np.nextafter(high, -np.inf)))
            for k, low, high in view.bounds
            if k in self.ready
        }
        by = self.id(view.by) if view.by in self.ready and view.by is not None else ""
        return replace(
            plain, classes=view.rows == "classes", inside=view.inside, bounds=bounds, by=by,
            order=("up" if view.up else "down") if by else "", page=view.page - 1,
        )  # fmt: skip

    @property
    def flagged(self) -> tuple[str, ...]:
        """Instances of the set that people flagged for review."""
        held = document_of(self.row).get(FLAGGED, {})
        ids = held.get(self.data.id, []) if self.data and isinstance(held, dict) else []
        return tuple(str(i) for i in ids)


class BehaviorQueries:
    """The queries of one app about behaviors."""

    def __init__(self, experiments: ExperimentQueries, predictions: PredictionQueries) -> None:
        self._experiments, self._predictions = experiments, predictions
        self._held: OrderedDict[tuple[object, ...], Asking] = OrderedDict()
        self._lock = threading.Lock()

    def desk(self, view: BehaviorsView) -> Desk:
        """What a view looks at.

        Raises:
            EngineError: no such experiment or measure, a file is damaged, or nothing compares.
        """
        row, found = self._experiments.get(view.experiment_id)
        sets = self._predictions.available(row.id)
        models = tuple(k for k in view.models if k < len(found.models)) or _usual(found, sets)
        if view.base is not None and view.base < len(found.models):
            models = tuple(sorted({*models, view.base}))  # the page of layers names it apart
        base = view.base if view.base in models else _shallowest(found, models)
        order = (base, *(k for k in models if k != base))
        wanted = {found.models[k].id for k in models}
        data = next(
            (d for d in sets if view.data and d.id.startswith(view.data)),
            max(sets, key=lambda d: len(wanted & set(d.models)), default=None),
        )
        ids = [found.models[k].id for k in order]
        late = self._predictions.outdated(row, found, ids, data) if data else frozenset()
        there = set(data.models) - late if data else set()
        ready = tuple(k for k in order if found.models[k].id in there)
        view = replace(view, models=models, base=base, bounds=tuple(
            b for b in view.bounds if b[0] in ready))  # fmt: skip
        bare = Desk(row, found, view, sets, data, order, ready, late)
        if data is None or len(ready) < 2 or ready[0] != base:
            return bare
        asking = self._asking(row, found, data, ready)
        known = [m.id for m in asking.given.measures]
        metric = view.metric or (USUAL if USUAL in known else known[0])
        compares = measure_of(asking.given, metric).how.value is None
        bare_rows = view.rows == "classes" and not len(asking.given.member)  # there are none
        rows = "instances" if bare_rows else view.rows
        view = replace(view, metric=metric, relative=view.relative or compares, rows=rows)
        if view.inside and view.inside not in asking.given.words:
            raise EngineError("is no class of this data", view.inside[:80])
        return replace(bare, view=view, asking=asking, shown=self._shown(row.id, data))

    def _shown(self, experiment: str, data: DataSet) -> Instances | None:
        try:
            return self._predictions.instances(experiment, data.id) if data.kind else None
        except EngineError:  # what is seen of them is gone; the figures stand
            return None

    def _asking(
        self, row: ExperimentRow, found: Experiment, data: DataSet, ready: Sequence[int]
    ) -> Asking:
        ids = [found.models[k].id for k in ready]
        key = (row.id, data.id, *((i, data.models[i].sha256) for i in ids))
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
            base = self._one(row.id, ids[0], data.id)
            others = ((i, self._one(row.id, i, data.id)[1]) for i in ids[1:])
            made = Asking(matched(base, others))
            self._held[key] = made
            while len(self._held) > KEPT:
                self._held.popitem(last=False)
            return made

    def _one(self, experiment: str, model: str, data: str):  # type: ignore[no-untyped-def]
        return model, self._predictions.of(experiment, [model], data)[model]


def with_flag(row: ExperimentRow, data: str, instance: str, on: bool) -> str:
    """The edits of an experiment with an instance flagged, or not any more.

    Raises:
        EngineError: there are too many.
    """
    edits = document_of(row)
    held: Mapping[str, list[str]] = edits.get(FLAGGED, {})
    ids = [i for i in held.get(data, []) if i != instance] + ([instance] if on else [])
    if len(ids) > MAX_FLAGGED:
        raise EngineError("too many instances are flagged", row.name, f"at most {MAX_FLAGGED:,}")
    return json.dumps({**edits, FLAGGED: {**held, data: ids}})


def _shallowest(found: Experiment, models: Sequence[int]) -> int:
    return min(models, key=lambda k: (found.forest.depth[k], k))


def _usual(found: Experiment, sets: Sequence[DataSet]) -> tuple[int, ...]:
    """Models that are looked at where none is named: those with predictions, else the first."""
    made = {m for d in sets for m in d.models}
    rows = [k for k, m in enumerate(found.models) if m.id in made]
    return tuple(rows[:5] if len(rows) > 1 else range(min(3, len(found.models))))
