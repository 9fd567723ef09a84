"""The only place that calls engine verbs.  Queries return records and frames, no components.

`services()` is what one app owns: its data folder, its compiled models, its queries.
Start reading in `models.py` (the list) and `model.py` (one model).
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass

from flask import current_app

import engine
from dashboard.queries.behaviors import BehaviorQueries
from dashboard.queries.budgets import Budgets
from dashboard.queries.code import CodeQueries
from dashboard.queries.drawings import Drawings
from dashboard.queries.experiments import ExperimentQueries
from dashboard.queries.findings import FindingQueries
from dashboard.queries.headlines import Headlines
from dashboard.queries.jobs import JobQueries
from dashboard.queries.layers import LayerQueries
from dashboard.queries.model import ModelQueries
from dashboard.queries.models import ModelsQueries
from dashboard.queries.predictions import PredictionQueries
from dashboard.settings import Settings
from dashboard.urls import View
from engine.compile import Compilation
from engine.errors import EngineError
from engine.insight import read_own
from engine.store import Compilations, Store

PREFERRED_TARGET = "phone-npu"

__all__ = ["Services", "default_target", "open_services", "services"]


@dataclass(frozen=True, slots=True)
class Services:
    """What one app owns."""

    settings: Settings
    store: Store
    compilations: Compilations
    models: ModelsQueries
    model: ModelQueries
    drawings: Drawings
    code: CodeQueries
    budgets: Budgets
    experiments: ExperimentQueries
    jobs: JobQueries
    predictions: PredictionQueries
    layers: LayerQueries
    behaviors: BehaviorQueries
    findings: FindingQueries

    def set_groups(self, view: View, text: str) -> int:
        """Keep the groups that a person names for a model; "" takes them away.

        Returns:
            How many blocks they make.

        Raises:
            EngineError: no such model, or the text holds no groups that can be found in it.
        """
        names = read_own(text) if text else {}
        found = engine.groups(self.model.compilation(view), names) if names else ()
        made = sum(g.kind == "own" for g in found)
        if names and not made:
            raise EngineError(
                "no task has such a name", "groups",
                try_this="a pattern that begins with *, or names as in the column Module",
            )  # fmt: skip
        self.store.set_groups(view.model_id, text)
        return made

    def prepare(self, model_id: str) -> None:
        """Compile a model behind the page that is about to open it."""
        load = functools.partial(self.compilations.get, model_id, default_target())
        run = contextvars.copy_context().run  # as the one who asks
        work = threading.Thread(target=run, args=(_quietly, load), name="prepare", daemon=True)
        work.start()

    def tidy(self) -> threading.Thread:
        """Remove, behind the start, what crashes left and what was deleted long ago."""

        def sweep() -> None:
            self.store.usage.forget(self.settings.usage_days)
            self.store.sweep()

        work = threading.Thread(target=_quietly, args=(sweep,), name="tidy", daemon=True)
        work.start()
        return work

    def close(self) -> None:
        """Let go of the files."""
        self.jobs.close()
        self.models.headlines.close()
        self.store.close()


def _quietly(load: Callable[[], object]) -> None:
    with contextlib.suppress(EngineError, OSError):  # the page asks too, and says what is wrong
        load()


def open_services(settings: Settings) -> Services:
    """Open the data folder and make the queries that work on it.

    Raises:
        EngineError: the folder cannot be used.
    """
    store = Store(settings.data, settings.cache_bytes, notes=settings.usage)
    compilations = Compilations(store, settings.compilations)

    def load(view: View) -> Compilation:
        return compilations.get(view.model_id, view.target or default_target(), dict(view.bindings))

    models = ModelsQueries(store, Headlines(store), demo=settings.demo)
    model = ModelQueries(load, store.groups)
    experiments, jobs = ExperimentQueries(store, demo=settings.demo), JobQueries(store, settings)
    predictions = PredictionQueries(store, experiments, jobs.wake)
    layers = LayerQueries(store, settings.data)
    return Services(
        settings, store, compilations, models, model, Drawings(store, model),
        CodeQueries(store, model, settings.source_root), Budgets(store),
        experiments, jobs, predictions, layers, BehaviorQueries(experiments, predictions),
        FindingQueries(store, layers),
    )  # fmt: skip


def services() -> Services:
    """The services of the app that serves this request."""
    found: Services = current_app.extensions["paredown"]
    return found


def default_target() -> str:
    """The target of a view that names none."""
    known = [t.id for t in engine.targets()]
    return PREFERRED_TARGET if PREFERRED_TARGET in known else known[0]
