"""The wires of the page: the query of the address in, everything that is shown out."""

from __future__ import annotations

from typing import Any

from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, no_update, set_props

from dashboard import findings
from dashboard.access import EDIT_EXPERIMENT, VIEW_EXPERIMENT
from dashboard.ids import Experiment, Shell, repeated
from dashboard.ids_behaviors import Behaviors
from dashboard.pages.behaviors import parts, sheets
from dashboard.queries import services
from dashboard.queries.behaviors import Desk, with_flag
from dashboard.queries.behaviors_sheets import as_csv
from dashboard.queries.behaviors_table import crossed, table
from dashboard.queries.experiment_words import recipe_words
from dashboard.queries.findings import Told, may_start
from dashboard.queries.offspring import sent
from dashboard.shell import guarded, notify
from dashboard.urls_behaviors import parse
from engine.errors import EngineError
from engine.store import clean_name


def drawn(ask: object, news: object, flags: object, key: object, held: object) -> dict[str, Any]:
    """The table of a query, before all else; `around` follows."""
    shown = f"{ask} {news} {flags}"
    try:
        desk = services().behaviors.desk(parse(str(key or ""), ask))
        told = table(desk) if desk.asking else None
    except EngineError:  # `around` says it
        return {"data": None, "held": None, "shown": shown}
    now = told["histogram"]["key"] if told else None
    return {"data": told, "held": no_update if now == held else now, "shown": shown}


def around(_shown: object, ask: object, key: object, models: object) -> dict[str, Any]:
    """What stands around the table of a query, and over it."""
    view = parse(str(key or ""), ask)
    try:
        desk = services().behaviors.desk(view)
        over = sheets.sheet(desk)
    except EngineError as error:
        stays = dict.fromkeys(("models", "model"), no_update)
        bare: dict[str, Any] = {part: [] for part in ("side", "bar", "sheet")}
        return {**stays, **bare, "notice": parts.fault(error.sentence, view)}
    offered = parts.offered(desk)
    known = offered == models
    return {
        "side": parts.side(desk),
        "bar": parts.bar(desk),
        "notice": parts.notice(desk, _under_way(str(key))),
        "sheet": over,
        "models": no_update if known else offered,
        "model": no_update if known else parts.first_offered(desk),
    }


def stands_out(
    _shown: object, _turn: object, _off: object, _begun: object, ask: object, key: object
) -> Any:
    """What stands out in the models of a query, once its table is there."""
    try:
        desk, told = _told(ask, key)
    except EngineError:  # `around` says it
        return []
    button = Behaviors.REMEDY if may_start(services().store, desk.row) else None
    return findings.listed(told, button, parts.evidence, opened=1)


def remedied(_clicks: object, ask: object, key: object) -> Any:
    """Start what a finding suggests."""
    id = ctx.triggered_id
    if not isinstance(id, dict) or not ctx.triggered[0]["value"]:
        return no_update
    desk, told = _told(ask, key)
    findings.begin(told, id.get("index"), desk.row, desk.found)
    return f"{id['index']} {ctx.triggered[0]['value']}"


def _told(ask: object, key: object) -> tuple[Desk, list[Told]]:
    desk = services().behaviors.desk(parse(str(key or ""), ask))
    children = services().experiments.progress(key)[2]
    return desk, services().findings.of_behaviors(desk, children)


def pairs(held: object, ask: object, key: object) -> Any:
    """Counts that let a brush be followed without asking, once the table is there."""
    desk = services().behaviors.desk(parse(str(key or ""), ask)) if held else None
    return crossed(desk) if desk and desk.asking else None


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


def changed(
    flag: object, contents: object, name: object, model: object, ask: object, key: object
) -> Any:
    """Flag an instance for review or take its flag away; keep predictions from a file."""
    if ctx.triggered_id == Behaviors.IMPORT and contents:
        file = str(name or "")
        made = services().predictions.import_file(key, str(model), sent(contents, file), file)
        of = f" of {made.model}, on" if made.what == "predictions" else " of"
        notify(f"{made.count:,} {made.what}{of} {made.name}.", "done")
        return f"{made.model} {made.data} {file}"
    return flagged(flag, ask, key)


def flagged(flag: object, ask: object, key: object) -> Any:
    """Flag an instance for review, or take its flag away."""
    told = flag if isinstance(flag, dict) else {}
    desk = services().behaviors.desk(parse(str(key or ""), ask))
    id = str(told.get("id", ""))
    if desk.data is None or desk.asking is None or id not in desk.asking.given.ids:
        return no_update
    text = with_flag(desk.row, desk.data.id, id, on=bool(told.get("on")))
    services().store.experiments.edit(desk.row.id, text, desk.row.version)
    return f"{desk.row.version + 1}"


def exported(clicks: object, ask: object, key: object) -> Any:
    """All rows of the view as a file."""
    if not clicks:
        return no_update
    desk = services().behaviors.desk(parse(str(key or ""), ask))
    name = clean_name(f"{desk.row.name} {desk.view.rows} {desk.view.metric}")
    return {"content": as_csv(desk).decode(), "filename": f"{name}.csv", "type": "text/csv"}


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
            "data": Output(Behaviors.DATA, "data"),
            "held": Output(Behaviors.HELD, "data"),
            "shown": Output(Behaviors.SHOWN, "data"),
        },
        inputs=[Input(Behaviors.ASK, "data"), Input(Behaviors.NEWS, "data"),
                Input(Behaviors.FLAGS, "data"), key, State(Behaviors.HELD, "data")],
    )(guarded(drawn, VIEW_EXPERIMENT))  # fmt: skip
    app.callback(
        output={
            "side": Output(Behaviors.SIDE, "children"),
            "bar": Output(Behaviors.BAR, "children"),
            "notice": Output(Behaviors.NOTICE, "children"),
            "sheet": Output(Behaviors.SHEET, "children"),
            "models": Output(Behaviors.IMPORT_MODEL, "data"),
            "model": Output(Behaviors.IMPORT_MODEL, "value"),
        },
        inputs=[Input(Behaviors.SHOWN, "data"), ask, key, State(Behaviors.IMPORT_MODEL, "data")],
        prevent_initial_call=True,
    )(guarded(around, VIEW_EXPERIMENT))  # fmt: skip
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
    app.callback(
        Output(Behaviors.FLAGS, "data"), Input(Behaviors.FLAG, "data"),
        Input(Behaviors.IMPORT, "contents"), State(Behaviors.IMPORT, "filename"),
        State(Behaviors.IMPORT_MODEL, "value"), ask, key, prevent_initial_call=True,
    )(guarded(changed, EDIT_EXPERIMENT))  # fmt: skip
    app.callback(
        Output(Behaviors.FILE, "data"), Input(Behaviors.EXPORT, "n_clicks"), ask, key,
        prevent_initial_call=True,
    )(guarded(exported, VIEW_EXPERIMENT))  # fmt: skip
    app.callback(
        Output(Behaviors.PAIRS, "data"), Input(Behaviors.HELD, "data"), ask, key,
        prevent_initial_call=True,
    )(guarded(pairs, VIEW_EXPERIMENT))  # fmt: skip
    app.callback(
        Output(Behaviors.FINDINGS, "children"), Input(Behaviors.SHOWN, "data"),
        Input(Shell.JOBS_POLL, "n_intervals"), Input(Shell.JOBS_POLL, "disabled"),
        Input(Behaviors.REMEDIED, "data"), ask, key, prevent_initial_call=True,
    )(guarded(stands_out, VIEW_EXPERIMENT))  # fmt: skip
    app.callback(
        Output(Behaviors.REMEDIED, "data"),
        Input(repeated(Behaviors.REMEDY, ALL), "n_clicks"),  # type: ignore[arg-type]
        ask, key, prevent_initial_call=True,
    )(guarded(remedied, EDIT_EXPERIMENT))  # fmt: skip
    wire: Any = app.clientside_callback  # Dash leaves it untyped
    wire(ClientsideFunction("behaviors", "pairs"), Input(Behaviors.PAIRS, "data"))
    wire(ClientsideFunction("behaviors", "draw"), Input(Behaviors.DATA, "data"),
         State(Behaviors.ASK, "data"), prevent_initial_call=True)  # fmt: skip
