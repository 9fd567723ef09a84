"""From the recipe to a file: a form in the sheet of rules that asks for a job."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dash import ALL, Dash, Input, Output, State, dcc, html, no_update, set_props

from dashboard.access import MAKE_MODEL, tokens
from dashboard.components import aria
from dashboard.ids import Model, Shell, repeated
from dashboard.queries import services
from dashboard.shell import guarded, notify
from dashboard.urls import View
from engine.store import acting


def form() -> html.Div:
    """The form: samples, whether to time, the button."""
    return html.Div(
        [
            html.Button(
                "Make the file", id=Model.MAKE, className="button primary",
                title="A job that changes the weights as the rules say, packs, checks and keeps "
                "the new file as a model of its own",
            ),
            dcc.Checklist(
                [{"label": "time both files here", "value": "timed"}], ["timed"],
                id=Model.MAKE_TIMED, className="check",
            ),
            html.Span(className="spring"),
            html.Span("no samples", id=Model.SAMPLES_WORDS, className="muted"),
            dcc.Upload(
                html.Button("Samples…", className="button",
                            title="An .npz with an array an input, at most 12 MB; needed when "
                            "activations become int8"),
                id=Model.SAMPLES, accept=".npz,.csv,.parquet", multiple=False,
            ),
            dcc.Store(Model.SAMPLES_HELD, data=""),
        ],
        className="bar making for-model-forker",
        role="group",
        **aria(label="Make the file of this recipe"),
    )  # fmt: skip


def make(view: View, samples: object, timed: object) -> str:
    """Ask for the job and show the drawer; returns its id."""
    ask = services()
    summary = ask.model.summary(view)
    label = summary.label if summary else ""
    held = tokens().file_of(samples, acting().user)
    ask.jobs.check_samples(ask.model.baseline(view), ask.model.resolution(view), held)
    row, new = ask.jobs.make(view, label, held, bool(timed))
    notify(f"{row.title}: {'asked for' if new else 'is under way already'}.", "info")
    set_props(Shell.JOBS_POLL, {"disabled": False})
    set_props(Shell.JOBS_SHEET, {"hidden": False, "data-open": "yes"})
    return row.id


def keep_samples(model: object, contents: object, name: object) -> tuple[Any, Any]:
    """Keep the samples that arrived."""
    if not isinstance(contents, str):
        return no_update, no_update
    found = services().jobs.samples(str(model or ""), str(name or "samples"), contents)
    return tokens().of_file(found.digest, acting().user), found.words


def register(app: Dash, view_of: Callable[..., View]) -> None:
    """Wire the form."""
    model = State(Model.MODEL, "data")

    def pressed(
        clicks: object, target: object, recipe: object, values: Sequence[object], ids: Any,
        model: object, samples: object, timed: object,
    ) -> Any:  # fmt: skip
        if not clicks:
            return no_update
        return make(view_of(model, target, None, recipe, values, ids), samples, timed)

    app.callback(
        Output(Model.MAKE, "data-job"), Input(Model.MAKE, "n_clicks"),
        State(Model.TARGET, "value"), State(Model.RECIPE, "data"),
        State(repeated(Model.DIM, ALL), "value"),  # type: ignore[arg-type]
        State(repeated(Model.DIM, ALL), "id"),  # type: ignore[arg-type]
        model, State(Model.SAMPLES_HELD, "data"), State(Model.MAKE_TIMED, "value"),
        prevent_initial_call=True,
    )(guarded(pressed, MAKE_MODEL))  # fmt: skip
    app.callback(
        Output(Model.SAMPLES_HELD, "data"), Output(Model.SAMPLES_WORDS, "children"),
        model, Input(Model.SAMPLES, "contents"), State(Model.SAMPLES, "filename"),
        prevent_initial_call=True,
    )(guarded(keep_samples, MAKE_MODEL))  # fmt: skip
