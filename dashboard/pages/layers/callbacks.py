"""The wires of the page Layers.  `register` at the end shows all of them at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dash import (
    ALL,
    ClientsideFunction,
    Dash,
    Input,
    Output,
    State,
    ctx,
    html,
    no_update,
    set_props,
)

from dashboard import findings, urls
from dashboard.access import EDIT_EXPERIMENT, FORK_EXPERIMENT, VIEW_EXPERIMENT
from dashboard.components import data, percent
from dashboard.ids import Experiment, Layers, Shell, repeated
from dashboard.pages.layers import details, states, table
from dashboard.queries import services
from dashboard.queries.findings import Told, may_start
from dashboard.queries.layer_places import place
from dashboard.queries.layer_rows import rows, unmatched
from dashboard.queries.layers import GOING, complete
from dashboard.shell import guarded
from dashboard.urls_layers import LayersView, asked, build, row

NAMED = 4  # layers of a finding that are named at first


def _view(ask: object, key: object) -> tuple[LayersView, Any, Any]:
    """(complete view, row of the experiment, its models)."""
    experiment, found = services().experiments.get(key)
    return complete(found, asked(experiment.id, ask)), experiment, found


def shown(ask: object, _turn: object, key: object) -> tuple[Any, ...]:
    """The table, what is said above and beside it, and the address."""
    view, experiment, found = _view(ask, key)
    sides = services().layers.sides(experiment, found, view)
    ready = [s for s in sides if s.state == "ready"]
    known = {"address": build(replace(view, layer="")), "states": _states(sides)}
    if not view.models or sides[0].state != "ready" or len(ready) < 2:
        return states.instead(view, found, sides), [], [], [], known
    modules = services().layers.tree(sides)
    told = rows(modules, found, view, ready)
    least = min((line.module.sampled for line in told.lines), default=1.0)
    of = f" · figures of {percent(least)} of the numbers or more" if least < 1 else ""
    note: list[Any] = [html.Span(told.sentence + of, className="muted")]
    if told.flat:
        note.append(html.Button("Back to the tree", className="link", **data(sort="")))
    if told.fault:
        note = [html.Span(told.fault, className="worse layers-fault", role="alert")]
    body: Any = table.table(view, found, ready, told)
    if not told.lines:
        body = html.P("No module has such a name.", className="muted layers-hint")
    apart = details.unmatched(unmatched(found, ready))
    return body, note, table.pages(told), apart, known


def _states(sides: Any) -> str:
    return ".".join(f"{s.row}-{s.state}" for s in sides)


def picked(sent: object, _known: object, ask: object, key: object) -> list[Any]:
    """What is known of the selected layer."""
    name = sent.get("name") if isinstance(sent, dict) else None
    view, experiment, found = _view(ask, key)
    sides = services().layers.sides(experiment, found, view, quick=False)
    ready = [s for s in sides if s.state == "ready"]
    if not isinstance(name, str) or len(ready) < 2 or sides[0].state != "ready":
        return details.nothing()
    module = services().layers.tree(sides).get(name)
    return details.nothing() if module is None else details.details(view, found, ready, module)


def load(_load: object, _cancel: object, ask: object, key: object) -> Any:
    """Ask for what is missing, or stop it."""
    if not ctx.triggered[0]["value"]:
        return no_update
    view, experiment, found = _view(ask, key)
    if ctx.triggered_id == Layers.CANCEL:
        services().layers.cancel(experiment)
    elif services().layers.start(experiment, found, view) is not None:
        services().jobs.wake()
    set_props(Shell.JOBS_POLL, {"disabled": False})
    return ctx.triggered[0]["value"]


def polled(
    _beat: object, known: object, _loaded: object, ask: object, key: object
) -> tuple[Any, ...]:
    """How far the job is; the table is drawn again when a model has become ready."""
    view, experiment, found = _view(ask, key)
    sides = services().layers.sides(experiment, found, view, quick=False)
    now = _states(sides)
    drawn = known.get("states") if isinstance(known, dict) else None
    going = any(s.state in GOING for s in sides)
    return states.status(found, sides), no_update if now == drawn else now, not going


def moved(base: object, add: object, _drop: object, ask: object, key: object) -> Any:
    """The address with another base, one more model, or one less."""
    view, _, _ = _view(ask, key)
    id, value = ctx.triggered_id, ctx.triggered[0]["value"]
    at = row(str(value))
    if id == Layers.BASE and at is not None and at != view.base:
        old = [] if view.base is None else [view.base]
        models = tuple(m for m in (*old, *view.models) if m != at)
        return build(replace(view, base=at, models=models, opened=()))
    if id == Layers.ADD and at is not None:
        return build(replace(view, models=(*view.models, at)))
    if isinstance(id, dict) and value:
        gone = row(str(id.get("index")))
        return build(replace(view, models=tuple(m for m in view.models if m != gone), opened=()))
    return no_update


def opened(_clicks: object, picked: object, ask: object, key: object) -> Any:
    """The page of a model with the tasks of the selected layer, or their lines of code."""
    id, name = ctx.triggered_id, picked.get("name") if isinstance(picked, dict) else None
    if not isinstance(id, dict) or not ctx.triggered[0]["value"] or not isinstance(name, str):
        return no_update
    view, experiment, found = _view(ask, key)
    ours, dock = services(), "code" if id.get("index") == "code" else "graph"
    at = view.base or 0
    return urls.build(place(ours.store, ours.model, experiment, found, at, name, dock))


def found(
    _known: object, _turn: object, _off: object, _begun: object, ask: object, key: object
) -> Any:
    """What stands out, and how far the jobs of its remedies are."""
    told, experiment, _ = _told(ask, key)
    button = Layers.REMEDY if may_start(services().store, experiment) else None
    return findings.listed(told, button, _where)


def _told(ask: object, key: object) -> tuple[list[Told], Any, Any]:
    """(what stands out, row of the experiment, its models)."""
    experiment, models, children = services().experiments.progress(key)
    view = complete(models, asked(experiment.id, ask))
    sides = services().layers.sides(experiment, models, view, quick=False)
    told = services().findings.of_layers(experiment, models, children, view, sides)
    return told, experiment, models


def _where(told: Told) -> list[Any]:
    """Layers, each shown by a press; the first ones at once."""
    each = [
        html.Button(name, className="link", title=f"{name}: show this layer", **data(find=name))
        for name in told.finding.where
    ]
    if len(each) <= NAMED:
        return each
    more = html.Summary(f"and {len(each) - NAMED} more", className="link")
    return [*each[:NAMED], html.Details([more, *each[NAMED:]])]


def remedied(_clicks: object, ask: object, key: object) -> Any:
    """Start what a finding suggests."""
    id = ctx.triggered_id
    if not isinstance(id, dict) or not ctx.triggered[0]["value"]:
        return no_update
    told, experiment, models = _told(ask, key)
    findings.begin(told, id.get("index"), experiment, models)
    return f"{id['index']} {ctx.triggered[0]['value']}"


def register(app: Dash) -> None:
    """Wire the page."""
    key, ask = State(Experiment.KEY, "data"), State(Layers.ASK, "data")
    later = {"prevent_initial_call": True}
    app.callback(
        Output(Layers.TABLE, "children"), Output(Layers.NOTE, "children"),
        Output(Layers.PAGES, "children"), Output(Layers.UNMATCHED, "children"),
        Output(Layers.ADDRESS, "data"),
        Input(Layers.ASK, "data"), Input(Layers.TURN, "data"), key,
    )(guarded(shown, VIEW_EXPERIMENT))  # fmt: skip
    app.callback(
        Output(Layers.DETAILS, "children"), Input(Layers.PICKED, "data"),
        Input(Layers.ADDRESS, "data"), ask, key, **later,
    )(guarded(picked, VIEW_EXPERIMENT))  # fmt: skip
    app.callback(
        Output(Layers.STATUS, "children"), Output(Layers.TURN, "data"),
        Output(Layers.POLL, "disabled"), Input(Layers.POLL, "n_intervals"),
        Input(Layers.ADDRESS, "data"), Input(Layers.LOADED, "data"), ask, key, **later,
    )(guarded(polled, VIEW_EXPERIMENT))  # fmt: skip
    app.callback(
        Output(Layers.LOADED, "data"), Input(Layers.LOAD, "n_clicks"),
        Input(Layers.CANCEL, "n_clicks"), ask, key, **later,
    )(guarded(load, FORK_EXPERIMENT))  # fmt: skip
    app.callback(
        Output(Layers.GO, "href"), Input(Layers.BASE, "value"), Input(Layers.ADD, "value"),
        Input(repeated(Layers.DROP, ALL), "n_clicks"), ask, key, **later,  # type: ignore[arg-type]
    )(guarded(moved, VIEW_EXPERIMENT))  # fmt: skip
    app.callback(
        Output(Layers.OPENED, "href"), Input(repeated(Layers.TASK, ALL), "n_clicks"),  # type: ignore[arg-type]
        State(Layers.PICKED, "data"), ask, key, **later,
    )(guarded(opened, FORK_EXPERIMENT))  # fmt: skip
    app.callback(
        Output(Layers.FINDINGS, "children"), Input(Layers.ADDRESS, "data"),
        Input(Shell.JOBS_POLL, "n_intervals"), Input(Shell.JOBS_POLL, "disabled"),
        Input(Layers.REMEDIED, "data"), ask, key, **later,
    )(guarded(found, VIEW_EXPERIMENT))  # fmt: skip
    app.callback(
        Output(Layers.REMEDIED, "data"), Input(repeated(Layers.REMEDY, ALL), "n_clicks"),  # type: ignore[arg-type]
        ask, key, **later,
    )(guarded(remedied, EDIT_EXPERIMENT))  # fmt: skip
    wire: Any = app.clientside_callback  # Dash leaves it untyped

    def browser(function: str, *wires: Any, **options: Any) -> None:
        wire(ClientsideFunction("layers", function), *wires, **options)

    browser("asked", Input(Layers.ASK, "data"))
    browser("drawn", Input(Layers.ADDRESS, "data"), Input(Layers.TABLE, "children"),
            Input(Layers.PICKED, "data"), ask)  # fmt: skip
    browser("search", Input(Layers.SEARCH, "value"), **later)
    browser("figure", Input(Layers.FIGURE, "value"), **later)
