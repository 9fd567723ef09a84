"""The wires of the page: the query of the address in, everything that is shown out."""

from __future__ import annotations

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, no_update, set_props

from dashboard.access import EDIT_EXPERIMENT, VIEW_EXPERIMENT
from dashboard.ids import Experiment, Shell
from dashboard.ids_behaviors import Behaviors
from dashboard.pages.behaviors import parts
from dashboard.queries import services
from dashboard.queries.behaviors_table import table
from dashboard.queries.experiment_words import recipe_words
from dashboard.shell import guarded, notify
from dashboard.urls_behaviors import parse
from engine.errors import EngineError


def drawn(ask: object, _news: object, key: object, held: object) -> dict[str, Any]:
    """Everything that the page shows of a query."""
    view = parse(str(key or ""), ask)
    try:
        desk = services().behaviors.desk(view)
        sent = table(desk, held) if desk.asking else None
    except EngineError as error:
        stays = dict.fromkeys(("side", "bar", "held", "sheet"), no_update)
        return stays | {"notice": parts.fault(error.sentence, view), "data": None, "foot": []}
    return {
        "side": parts.side(desk),
        "bar": parts.bar(desk),
        "notice": parts.notice(desk, _under_way(str(key))),
        "data": sent,
        "held": sent["histogram"]["key"] if sent else None,
        "foot": parts.foot(sent, desk),
        "sheet": parts.sheet(desk),
    }


def asked(clicks: object, ask: object, key: object) -> Any:
    """Run the models that have no predictions."""
    if not clicks:
        return no_update
    desk = services().behaviors.desk(parse(str(key or ""), ask))
    models = [desk.id(k) for k in desk.lacking]
    found = services().predictions.start(key, models, desk.data.id if desk.data else "")
    for model, why in found.missing.items():
        notify(f"{recipe_words(desk.found, desk.found.rows[model])}: {why}", "info")
    set_props(Shell.JOBS_POLL, {"disabled": False})
    return _version(str(key))


def cancelled(clicks: object, key: object) -> Any:
    """Stop the job that predicts."""
    job = _under_way(str(key))
    if not clicks or job is None:
        return no_update
    services().jobs.cancel(job.id)
    return _version(str(key))


def moved(_turn: object, _off: object, key: object, known: object) -> Any:
    """Another value once predictions came or their job moved."""
    now = _version(str(key))
    return no_update if now == known or (known is None and not now) else now


def _under_way(key: str) -> Any:
    """The newest unfinished job that predicts for an experiment; None: none."""
    jobs = services().jobs.about(key)
    return next((j for j in jobs if j.kind == "predict" and j.finished is None), None)


def _version(key: str) -> str:
    job = _under_way(key)
    made = sum(len(d.models) for d in services().predictions.available(key))
    return f"{made}.{job.id}.{job.share:.2f}.{job.cancel}" if job else f"{made}"


def register(app: Dash) -> None:
    """Wire the page."""
    key, ask = State(Experiment.KEY, "data"), State(Behaviors.ASK, "data")
    app.callback(
        output={
            "side": Output(Behaviors.SIDE, "children"),
            "bar": Output(Behaviors.BAR, "children"),
            "notice": Output(Behaviors.NOTICE, "children"),
            "data": Output(Behaviors.DATA, "data"),
            "held": Output(Behaviors.HELD, "data"),
            "foot": Output(Behaviors.FOOT, "children"),
            "sheet": Output(Behaviors.SHEET, "children"),
        },
        inputs=[Input(Behaviors.ASK, "data"), Input(Behaviors.NEWS, "data"), key,
                State(Behaviors.HELD, "data")],
    )(guarded(drawn, VIEW_EXPERIMENT))  # fmt: skip
    app.callback(
        Output(Behaviors.NEWS, "data"),
        Input(Shell.JOBS_POLL, "n_intervals"), Input(Shell.JOBS_POLL, "disabled"),
        key, State(Behaviors.NEWS, "data"), prevent_initial_call=True,
    )(guarded(moved, VIEW_EXPERIMENT))  # fmt: skip
    app.callback(
        Output(Behaviors.LOAD, "title"), Input(Behaviors.LOAD, "n_clicks"), ask, key,
        prevent_initial_call=True,
    )(guarded(asked, EDIT_EXPERIMENT))  # fmt: skip
    app.callback(
        Output(Behaviors.CANCEL, "title"), Input(Behaviors.CANCEL, "n_clicks"), key,
        prevent_initial_call=True,
    )(guarded(cancelled, EDIT_EXPERIMENT))  # fmt: skip
    wire: Any = app.clientside_callback  # Dash leaves it untyped
    wire(ClientsideFunction("behaviors", "draw"), Input(Behaviors.DATA, "data"),
         State(Behaviors.ASK, "data"), prevent_initial_call=True)  # fmt: skip
