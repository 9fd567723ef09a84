"""The part of the JSON API that is about predictions: which there are, asking, bringing, removing.

A set of instances is named by its digest; `data` in a query names one.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from flask import Blueprint, jsonify, request

from dashboard.arrival import Answer, arrived, fault
from dashboard.queries import services
from dashboard.queries.predictions import DataSet
from engine.errors import EngineError

MAX_BYTES = 1_000_000_000  # of a file; what the engine reads at most


def add_to(routes: Blueprint) -> None:
    """Add the routes."""

    @routes.get("/api/experiments/<experiment_id>/predictions")
    def predictions(experiment_id: str) -> Answer:
        try:
            found = services().predictions.available(experiment_id)
        except EngineError as error:
            return fault(error.sentence, 404)
        return jsonify(sets=[_set(one) for one in found])

    @routes.post("/api/experiments/<experiment_id>/predictions")
    def predict(experiment_id: str) -> Answer:
        """Ask for a job; the body is {"models": [id, …], "data": digest}."""
        try:
            services().store.experiments.get(experiment_id)
        except EngineError as error:
            return fault(error.sentence, 404)
        asked: Any = request.get_json(silent=True)
        asked = asked if isinstance(asked, dict) else {}
        models = asked.get("models")
        if not isinstance(models, list) or not all(isinstance(m, str) for m in models):
            return fault('The body must be {"models": [id, …]}, perhaps with "data".', 400)
        try:
            made = services().predictions.start(experiment_id, models, str(asked.get("data") or ""))
        except EngineError as error:
            return fault(error.sentence, 400)
        job = made.job.id if made.job else None
        return jsonify(job=job, models=made.models, there=made.there, missing=dict(made.missing))

    @routes.delete("/api/experiments/<experiment_id>/predictions/<data>/<path:model>")
    def forget_predictions(experiment_id: str, data: str, model: str) -> Answer:
        try:
            services().predictions.forget(experiment_id, model, data)
        except EngineError as error:
            return fault(error.sentence, 404)
        return jsonify(removed={"model": model, "data": data})

    @routes.post("/upload/predictions/<experiment_id>/<path:model>")
    def upload_predictions(experiment_id: str, model: str) -> Answer:
        """A file of predictions that a model made; `data` in the query names its set."""
        take = partial(_take, experiment_id, model, request.args.get("data", ""))
        return arrived(MAX_BYTES, "predictions.npz", take)


def _take(
    experiment_id: str, model: str, data: str, file: Path, name: str, wanted: Any
) -> dict[str, Any] | None:
    """Read and keep predictions that have arrived."""
    if not wanted():
        return None
    return asdict(services().predictions.import_file(experiment_id, model, file, name, data))


def _set(one: DataSet) -> dict[str, Any]:
    return {
        "id": one.id, "name": one.name, "count": one.count, "kind": one.kind, "runs": one.runs,
        "models": {
            model: {"source": p.source, "words": p.words, "engine": p.engine,
                    "created": p.created.isoformat() if p.created else None}
            for model, p in one.models.items()
        },
    }  # fmt: skip
