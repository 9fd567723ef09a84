"""Share links: /s/TOKEN is opened under one's name, and leads to what is shared from then on."""

from __future__ import annotations

from dash import Dash
from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from dashboard import urls
from dashboard.access import tokens
from dashboard.queries import services
from dashboard.urls import View
from dashboard.urls_experiment import ExperimentView
from dashboard.urls_experiment import path as experiment_path
from engine.errors import EngineError
from engine.store import LinkRow


def register(app: Dash) -> None:
    """Add the route."""
    routes = Blueprint("links", __name__)

    @routes.get("/s/<token>")
    def join(token: str) -> Response | tuple[str, int]:
        try:
            link = services().store.sharing.join(tokens().link_of(token))
            address = opened(link)
        except EngineError:  # the page says that there is nothing at this address
            return app.index(), 404  # type: ignore[no-untyped-call]
        return redirect(address, 303)

    app.server.register_blueprint(routes)


def opened(link: LinkRow) -> str:
    """The address that a link leads to: the view it was made with, or the object as it is.

    Raises:
        EngineError: the object is not there any more.
    """
    if link.view:
        return link.view
    if link.kind == "experiment":
        return experiment_path(ExperimentView(experiment_id=link.object_id))
    if link.kind == "model":
        return urls.path(View(model_id=link.object_id))
    row = services().store.analyses.get(link.object_id)
    return urls.build(View(model_id=row.model_id, analysis=row.id))
