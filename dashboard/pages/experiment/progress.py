"""What jobs make of an experiment's models: how far it is, judging, timing, dismissing."""

from __future__ import annotations

from typing import Any

from dash import (
    ALL,
    ClientsideFunction,
    Dash,
    Input,
    Output,
    State,
    ctx,
    dcc,
    html,
    no_update,
    set_props,
)

from dashboard.access import EDIT_EXPERIMENT, VIEW_EXPERIMENT
from dashboard.components import data, percent
from dashboard.ids import Experiment, Shell, repeated
from dashboard.queries import offspring, operate, services
from dashboard.queries.experiment import version_of
from dashboard.queries.offspring import unfinished
from dashboard.shell import guarded, notify
from dashboard.urls import View, path
from dashboard.urls_behaviors import to_behaviors as behaviors
from dashboard.urls_layers import LayersView, build
from engine.experiments import Experiment as Found

STATES = {"queued": "waits for its turn", "running": "is being made", "failed": "could not be made"}
JUDGES = {
    "data": ("Evaluate", "Judge this model on the experiment's data, beside the root"),
    "time": ("Measure latency", "Time this model and the root by turns, on this machine"),
}


def store(key: str, found: Found, children: Any) -> dcc.Store:
    """What the page knows of it at first."""
    return dcc.Store(
        Experiment.PROGRESS, data={"key": key, "rows": unfinished(found, tuple(children))}
    )


def progress(_turn: object, _off: object, key: object, known: object) -> Any:
    """How far the children are; the page asks for all columns anew where the key is another."""
    row, found, children = services().experiments.progress(key)
    told = {"key": version_of(row, children), "rows": unfinished(found, children)}
    return no_update if told == known else told


def told(
    found: Found, row: int, waiting: dict[str, list[Any]], file: str = "", key: str = ""
) -> list[Any]:
    """The bar of one model: what can be done with it, or how far it is.

    Args:
        found: the experiment.
        row: of the model.
        waiting: models that are not made yet, see `offspring.unfinished`.
        file: address of the model's own file, "" where it has none.
        key: id of the experiment.
    """
    if str(row) in waiting:
        state, share, words = waiting[str(row)]
        line: list[Any] = [html.B(f"This model {STATES[state]}")]
        if state == "running":
            line.append(f" · {percent(share)}{f' · {words}' if words else ''}")
        if state == "failed":
            dismiss = html.Button(
                "Remove it", className="link", id=repeated(Experiment.DISMISS, found.models[row].id)
            )
            line += [". ", html.Span(words, className="worse"), " ", dismiss]
        return [html.P(line, className="compare-words")]
    judges = [
        html.Button(
            text,
            id=repeated(Experiment.JUDGE, f"{way}.{found.models[row].id}"),
            className="button",
            title=help,
        )
        for way, (text, help) in JUDGES.items()
    ]
    run = html.Button(
        "Run an operation…",
        className="button",
        **data(run=str(row)),
        title="Make a child of this model: prune, quantize, repair … (O)",
    )
    own: list[Any] = []
    if file:
        own = [
            html.Button("Open as a model", className="button",
                        id=repeated(Experiment.JUDGE, f"open.{found.models[row].id}"),
                        title="Its tasks on the page of a model; it joins the list of models"),
            html.A("Download", href=file, download="", className="button"),
        ]  # fmt: skip
    parent, layers = found.forest.parent[row], []
    if parent >= 0:
        address = build(LayersView(experiment_id=key, models=(row,), base=parent))
        layers = [dcc.Link("Layers against its parent", href=address, className="button",
                           title="What changed in its weights, module by module"),
                  dcc.Link("Behaviors", className="button", title="What changed in its predictions",
                           href=behaviors(key, (parent, row), parent))]  # fmt: skip
    return [html.Div([run, *judges, *layers, *own], className="run-tools")]


def pressed(_judges: list[object], _dismissals: list[object], key: object) -> Any:
    """Judge or time a model, or forget one that could not be made."""
    id = ctx.triggered_id
    if not isinstance(id, dict) or not ctx.triggered[0]["value"]:
        return no_update
    row, found = services().experiments.get(key)
    index = str(id.get("index", ""))
    if id.get("type") == Experiment.DISMISS:
        services().store.offspring.dismiss(row.id, index)
        set_props(Shell.JOBS_POLL, {"disabled": False})
        return index
    way, _, model = index.partition(".")
    if way == "open":
        made = offspring.opened(services().store, row, found, model)
        address = path(View(model_id=made.id))
        notify([f"{made.name} is in the list. ", dcc.Link("Open it", href=address)], "done")
    else:
        job = operate.judge(services().store, row, found, model, way == "data", way == "time")
        services().jobs.wake()
        notify(f"{job.title}: asked for.", "info")
        set_props(Shell.JOBS_POLL, {"disabled": False})
    return index


def register(app: Dash) -> None:
    """Wire it."""
    key = State(Experiment.KEY, "data")
    app.callback(
        Output(Experiment.PROGRESS, "data"),
        Input(Shell.JOBS_POLL, "n_intervals"),
        Input(Shell.JOBS_POLL, "disabled"),
        key, State(Experiment.PROGRESS, "data"),
        prevent_initial_call=True,
    )(guarded(progress, VIEW_EXPERIMENT))  # fmt: skip
    app.callback(
        Output(Experiment.JUDGED, "data"),
        Input(repeated(Experiment.JUDGE, ALL), "n_clicks"),  # type: ignore[arg-type]
        Input(repeated(Experiment.DISMISS, ALL), "n_clicks"),  # type: ignore[arg-type]
        key, prevent_initial_call=True,
    )(guarded(pressed, EDIT_EXPERIMENT))  # fmt: skip
    wire: Any = app.clientside_callback  # Dash leaves it untyped
    wire(ClientsideFunction("experiment_run", "progress"), Input(Experiment.PROGRESS, "data"))
