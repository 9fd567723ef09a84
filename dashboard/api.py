"""The JSON API: models, exports, targets, upload.  The same gate and queries as the pages.

Uploads stream, see `arrival.py`.  A fault is `{"error": sentence}` with status 400, 404, 411, 413
or 415.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request, send_file

from dashboard import api_experiments, api_predictions, api_usage, urls
from dashboard.api_experiments import attachment
from dashboard.arrival import Answer, arrived, fault
from dashboard.queries import default_target, services
from dashboard.queries.analyses import opening
from dashboard.queries.documents import canonical
from dashboard.queries.drawings import Drawing
from dashboard.queries.exports import exported
from dashboard.queries.models import check_target
from dashboard.settings import Settings
from engine.errors import EngineError
from engine.store import ModelRow


def register(server: Flask, settings: Settings) -> None:
    """Add the routes."""
    routes = Blueprint("api", __name__)

    @routes.get("/api/models")
    def models() -> Answer:
        return jsonify(models=[_row(row) for row in services().models.rows()])

    @routes.get("/api/models/<model_id>")
    def model(model_id: str) -> Answer:
        try:
            row = services().models.row(model_id)
        except EngineError as error:
            return fault(error.sentence, 404)
        try:
            target = check_target(request.args.get("target") or default_target())
            headline = services().models.headline(model_id, target)
        except EngineError as error:
            return fault(error.sentence, 400)
        return jsonify(_row(row) | {"target": target, "totals": asdict(headline)})

    @routes.get("/api/models/<model_id>/drawing")
    def drawing(model_id: str) -> Answer:
        return _drawing(model_id, "application/octet-stream", services().drawings.get)

    @routes.get("/api/models/<model_id>/blocks")
    def blocks(model_id: str) -> Answer:
        def draw(view: urls.View, direction: str) -> Drawing:
            return services().drawings.blocks(view, direction, request.args.getlist("opened"))

        return _drawing(model_id, "application/json", draw)

    @routes.get("/api/models/<model_id>/source")
    def source(model_id: str) -> Answer:
        return _drawing(model_id, "application/json", lambda view, _: services().code.lines(view))

    @routes.get("/api/models/<model_id>/source/text")
    def source_text(model_id: str) -> Answer:
        def text(view: urls.View, _: str) -> Drawing:
            return services().code.text(view, request.args.get("file", ""))

        return _drawing(model_id, "application/json", text)

    @routes.get("/api/models/<model_id>/file")
    def model_file(model_id: str) -> Answer:
        try:
            path, name = services().models.file(model_id)
        except EngineError as error:
            return fault(error.sentence, 404)
        return send_file(
            path, "application/octet-stream", as_attachment=True, download_name=f"{name}.onnx"
        )

    @routes.get("/api/models/<model_id>/export")
    def model_export(model_id: str) -> Answer:
        """`as` a format, `recipe` its text; else what the address of a page opens."""
        try:
            services().models.row(model_id)
        except EngineError as error:
            return fault(error.sentence, 404)
        try:
            view = _opened(model_id)
            ask, kind = services(), request.args.get("as", "report")
            metric = request.args.get("metric", "")
            file = exported(ask.model, ask.budgets, ask.store, view, kind, metric)
        except EngineError as error:
            return fault(error.sentence, 400)
        return attachment(file.body, file.name, file.mimetype)

    @routes.delete("/api/models/<model_id>")
    def remove(model_id: str) -> Answer:
        try:
            return jsonify(removed=_row(services().models.remove(model_id)))
        except EngineError as error:
            return fault(error.sentence, 404)

    @routes.get("/api/targets")
    def targets() -> Answer:
        return jsonify(targets=[{"id": i, "name": n} for i, n in services().models.targets()])

    api_experiments.add_to(routes)
    api_usage.add_to(routes)
    api_predictions.add_to(routes)

    @routes.route("/api/", defaults={"_rest": ""})
    @routes.route("/api/<path:_rest>", methods=["GET", "POST", "PUT", "DELETE", "PATCH"])
    def nothing(_rest: str) -> Answer:
        return fault("There is nothing at this address.", 404)

    @routes.post("/upload")
    def upload() -> Answer:
        return arrived(settings.upload_bytes, "model.onnx", _take)

    server.register_blueprint(routes)


def _drawing(model_id: str, mimetype: str, draw: Callable[[urls.View, str], Drawing]) -> Answer:
    """A drawing of a model, with its own compression and nothing where the browser has it."""
    try:
        services().models.row(model_id)
    except EngineError as error:
        return fault(error.sentence, 404)
    try:
        view = urls.View(
            model_id=model_id,
            target=check_target(request.args.get("target") or default_target()),
            bindings=_bindings(request.args.getlist("bind")),
        )
        found = draw(view, request.args.get("dir", "down"))
    except EngineError as error:
        return fault(error.sentence, 400)
    answer = Response(mimetype=mimetype)
    answer.set_etag(found.digest)
    answer.vary.add("Accept-Encoding")
    answer.cache_control.private = True
    answer.cache_control.no_cache = True
    if found.digest in request.if_none_match:
        answer.status_code = 304
    elif request.accept_encodings["gzip"]:  # kept compressed, which takes longer than to read
        answer.data = found.packed
        answer.content_encoding = "gzip"
    else:
        answer.data = found.plain()
        answer.content_encoding = "identity"
    return answer


def _opened(model_id: str) -> urls.View:
    """The view that the query asks for, with its recipe.

    Raises:
        EngineError: it leads nowhere, or the recipe is none.
    """
    opened = opening(services().store, urls.from_query(model_id, request.args.to_dict(flat=False)))
    if opened.notice:
        raise EngineError(opened.notice.split(" The page shows")[0].rstrip("."))
    given = request.args.get("recipe", "")
    target = check_target(opened.view.target or default_target())
    recipe = canonical(given) if given else opened.view.recipe
    return replace(opened.view, target=target, recipe=recipe)


def _bindings(texts: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """Sizes for open dims, "value:name" as in the address of a page.

    Raises:
        EngineError: one of them is none.
    """
    found = urls.from_query("", {"bind": texts}).bindings
    if len(found) != len(set(texts)):
        raise EngineError("a size must be a positive number and a name", try_this="bind=4:batch")
    return found


def _take(path: Path, name: str, wanted: Callable[[], bool]) -> dict[str, Any] | None:
    """Read and keep a model that has arrived."""
    added = services().models.add(path, name, wanted=wanted)
    if added is None:
        return None
    row, new = added
    services().prepare(row.id)
    return {
        "id": row.id,
        "url": urls.path(urls.View(model_id=row.id)),
        "name": row.name,
        "new": new,
    }


def _row(row: ModelRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "project": row.project,
        "sha256": row.sha256,
        "created": row.created.isoformat(),
        "file_bytes": row.file_bytes,
        "ops": row.op_count,
        "dims": [asdict(d) for d in row.dims],
        "notes": list(row.notes),
        "description": row.description,
        "url": urls.path(urls.View(model_id=row.id)),
    }
