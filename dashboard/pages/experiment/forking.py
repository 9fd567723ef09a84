"""A fork of an experiment: the button that makes one, and where one comes from."""

from __future__ import annotations

from typing import Any

from dash import Dash, Input, Output, State, dcc, html, no_update

from dashboard.access import FORK_EXPERIMENT
from dashboard.ids import Experiment
from dashboard.ids_sharing import Fork
from dashboard.queries import services
from dashboard.queries.sharing import origin_words
from dashboard.shell import guarded, notify
from dashboard.urls_experiment import ExperimentView, path
from engine.store import ExperimentRow, Role

MEANS = "A copy of your own, with its models, figures, notes and budgets; this one stays as it is"
WITHOUT = "It has no ONNX files and no samples: those are not shared with you."


def button(role: Role) -> list[Any]:
    """The button of the header, for who may fork.

    Args:
        role: of the one who looks.
    """
    if role < Role.FORKER:
        return []
    return [
        html.Button("Fork", id=Fork.BUTTON, className="button", title=MEANS),
        dcc.Location(id=Fork.MADE, refresh="callback-nav"),
    ]


def origin(row: ExperimentRow) -> list[Any]:
    """Where a fork comes from, as a link for who may see that; nothing for what is no fork."""
    words = origin_words(row)
    if not words:
        return []
    if services().store.sharing.role("experiment", row.forked_from) is Role.NONE:
        gone = "It is not there any more, or not shared with you"
        return [html.Span(words, className="muted origin", title=gone)]
    there = path(ExperimentView(experiment_id=row.forked_from))
    return [dcc.Link(words, href=there, className="link origin", title=words)]


def forked(clicks: object, key: object) -> Any:
    """Make a fork and go there."""
    if not clicks:
        return no_update
    store = services().store
    row = store.experiments.fork(key)
    less = "" if store.sharing.reads_files("experiment", key) else f" {WITHOUT}"
    notify(f"This is the experiment “{row.name}” now, {origin_words(row)}.{less}", "done")
    return path(ExperimentView(experiment_id=row.id))


def register(app: Dash) -> None:
    """Wire the button."""
    app.callback(
        Output(Fork.MADE, "href"), Input(Fork.BUTTON, "n_clicks"),
        State(Experiment.KEY, "data"), prevent_initial_call=True,
    )(guarded(forked, FORK_EXPERIMENT))  # fmt: skip
