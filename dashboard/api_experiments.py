"""The part of the JSON API that is about experiments: list, file, report, upload, fork, removal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, jsonify, request, send_file

from dashboard.arrival import Answer, arrived, fault
from dashboard.queries import services
from dashboard.queries.experiment_answer import answer, asked
from dashboard.queries.experiment_relax import curves
from dashboard.queries.experiments import MAX_BYTES
from dashboard.queries.offspring import own_file
from dashboard.urls_experiment import ExperimentView, from_query, path
from engine.errors import EngineError
from engine.store import ExperimentRow, clean_name


def add_to(routes: Blueprint) -> None:
    """Add the routes."""

    @routes.get("/api/experiments")
    def experiments() -> Answer:
        return jsonify(experiments=[_row(row) for row in services().store.experiments.list()])

    @routes.get("/api/experiments/<experiment_id>")
    def experiment(experiment_id: str) -> Answer:
        try:
            row = services().store.experiments.get(experiment_id)
        except EngineError as error:
            return fault(error.sentence, 404)
        return jsonify(_row(row) | {"summary": dict(row.summary)})

    @routes.get("/api/experiments/<experiment_id>/file")
    def experiment_file(experiment_id: str) -> Answer:
        try:
            name, text = services().experiments.exported(experiment_id)
        except EngineError as error:
            return fault(error.sentence, 404)
        return attachment(text, f"{name}.json", "application/json")

    @routes.get("/api/experiments/<experiment_id>/models/<path:model>/file")
    def experiment_model_file(experiment_id: str, model: str) -> Answer:
        """The ONNX file of a model that a job made, or that was attached."""
        try:
            row = services().store.experiments.get(experiment_id)
            path = own_file(services().store, row, model)
        except EngineError as error:
            return fault(error.sentence, 404)
        return send_file(
            path, "application/octet-stream", as_attachment=True,
            download_name=f"{clean_name(model)}.onnx",
        )  # fmt: skip

    @routes.get("/api/experiments/<experiment_id>/report")
    def experiment_report(experiment_id: str) -> Answer:
        try:
            services().store.experiments.get(experiment_id)
        except EngineError as error:
            return fault(error.sentence, 404)
        view = from_query(experiment_id, request.args.to_dict(flat=False))
        markdown = request.args.get("format") == "md"
        try:
            name, text = services().experiments.report(view, markdown=markdown)
        except EngineError as error:
            return fault(error.sentence, 400)
        if markdown:
            return attachment(text, f"{name}.md", "text/markdown")
        return attachment(text, f"{name}.html", "text/html")

    @routes.get("/api/experiments/<experiment_id>/fits")
    def experiment_fits(experiment_id: str) -> Answer:
        """What fits the bounds of an address, the best of it, what would help, fronts, curves."""
        try:
            _, found = services().experiments.get(experiment_id)
        except EngineError as error:
            return fault(error.sentence, 404)
        ask = asked(from_query(experiment_id, request.args.to_dict(flat=False)))
        try:
            told = asdict(answer(found, ask))
            stairs = curves(found, ask) if request.args.get("curves") else ()
        except EngineError as error:
            return fault(error.sentence, 400)
        return jsonify(told | {"curves": [asdict(one) for one in stairs]})

    @routes.post("/api/experiments/<experiment_id>/fork")
    def fork_experiment(experiment_id: str) -> Answer:
        """A copy of one's own; {"name"} may say how it is called."""
        sent = request.get_json(silent=True)
        name = sent.get("name") if isinstance(sent, dict) else None
        try:
            row = services().store.experiments.fork(experiment_id, name)
        except EngineError as error:
            return fault(error.sentence, 400)
        return jsonify(_row(row)), 201

    @routes.delete("/api/experiments/<experiment_id>")
    def remove_experiment(experiment_id: str) -> Answer:
        try:
            return jsonify(removed=_row(services().store.experiments.remove(experiment_id)))
        except EngineError as error:
            return fault(error.sentence, 404)

    @routes.post("/upload/experiment")
    def upload_experiment() -> Answer:
        return arrived(MAX_BYTES, "experiment.json", _take)


def attachment(text: str | bytes, name: str, mimetype: str) -> Response:
    """A file that the browser saves."""
    answer = Response(text, mimetype=mimetype)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def _take(file: Path, name: str, wanted: Callable[[], bool]) -> dict[str, Any] | None:
    """Read and keep an experiment that has arrived."""
    found = services().experiments.add(file, name, wanted=wanted)
    if found is None:
        return None
    row, new = found
    address = path(ExperimentView(experiment_id=row.id))
    report = row.summary.get("issues", {})
    return {"id": row.id, "url": address, "name": row.name, "new": new, "report": report}


def _row(row: ExperimentRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "sha256": row.sha256,
        "created": row.created.isoformat(),
        "updated": row.updated.isoformat(),
        "file_bytes": row.file_bytes,
        "models": row.model_count,
        "version": row.version,
        "forked_from": row.forked_from or None,
        "url": path(ExperimentView(experiment_id=row.id)),
    }
