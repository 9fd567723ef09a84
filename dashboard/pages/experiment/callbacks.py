"""The wires of the page of one experiment.  `register` at the end shows all of them at once."""

from __future__ import annotations

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, html, no_update

from dashboard.components import data
from dashboard.ids import Experiment
from dashboard.pages.experiment import budgets, compare, formula, trade_off
from dashboard.queries import experiment_edits, services
from dashboard.queries.experiment import payload, places
from dashboard.queries.experiment_answer import answer
from dashboard.shell import guarded

FIELDS = {"notes": experiment_edits.with_note, "flags": experiment_edits.with_flags}


def rows_of(value: object) -> list[int]:
    """Rows that the browser sent; whatever is none is left out."""
    found = value if isinstance(value, list) else []
    return [k for k in found[:100_000] if isinstance(k, int) and not isinstance(k, bool) and k >= 0]


def models(key: object) -> dict[str, Any]:
    """The columns of every model."""
    return payload(*services().experiments.get(key))


def map_places(ask: object, key: object) -> Any:
    """Where each model stands, once another arrangement or folding is asked for."""
    if not isinstance(ask, dict):
        return no_update
    _, found = services().experiments.get(key)
    return places(found, str(ask.get("by")), rows_of(ask.get("collapsed")))


def written(changed: object, key: object) -> Any:
    """Keep notes and flags that were edited in the table; the answer is what now stands."""
    cells = changed if isinstance(changed, list) else []
    told: list[dict[str, Any]] = []
    for cell in cells[:100]:
        sent = cell if isinstance(cell, dict) else {}
        write, data = FIELDS.get(str(sent.get("colId"))), sent.get("data")
        if write is None or not isinstance(data, dict):
            continue
        row, found = services().experiments.get(key)
        text = write(row, found, data.get("model"), sent.get("value"))
        services().store.experiments.edit(row.id, text, row.version)
        _, found = services().experiments.get(key)
        model = found.models[found.rows[str(data.get("model"))]]
        told.append({"row": model.row, "notes": model.notes, "flags": ", ".join(model.flags)})
    return told or no_update


def fitting(ask: object, key: object) -> dict[str, Any]:
    """What fits the bounds: the best of it and what would help, in words; the fronts."""
    _, found = services().experiments.get(key)
    told = answer(found, ask if isinstance(ask, dict) else {})
    best: list[Any] = []
    if told.best is not None:
        name, figures = told.best_words
        best = ["best: ", _model_link(name, told.best), f", {figures}"]
    if told.unknown:
        best.append(html.Span(f" · {told.unknown:,} unknown", className="muted"))
    relax: list[Any] = [told.relax] if told.relax else []
    if told.relax_row is not None:
        relax = [_model_link(told.relax, told.relax_row)]
    return {"best": best, "relax": relax, "answer": told.sent}


def _model_link(text: str, row: int) -> html.Button:
    return html.Button(
        text, className="link", title=f"{text}: select this model", **data(ids=str(row))
    )


def register(app: Dash) -> None:
    """Wire the page."""

    def browser(component: str, function: str, *wires: Any, **options: Any) -> None:
        wire: Any = app.clientside_callback  # Dash leaves it untyped
        wire(ClientsideFunction(component, function), *wires, **options)

    key = State(Experiment.KEY, "data")
    app.callback(Output(Experiment.DATA, "data"), Input(Experiment.KEY, "data"))(guarded(models))
    app.callback(Output(Experiment.PLACES, "data"), Input(Experiment.MAP_ASK, "data"), key)(
        guarded(map_places)
    )
    app.callback(
        output={
            "best": Output(Experiment.BEST, "children"),
            "relax": Output(Experiment.RELAX, "children"),
            "answer": Output(Experiment.ANSWER, "data"),
        },
        inputs=[Input(Experiment.ASK, "data"), key],
        prevent_initial_call=True,
    )(guarded(fitting))
    app.callback(
        Output(Experiment.SAVED, "data"), Input(Experiment.TABLE, "cellValueChanged"), key,
        prevent_initial_call=True,
    )(guarded(written))  # fmt: skip
    browser(
        "experiment", "fill", Input(Experiment.DATA, "data"), State(Experiment.STATE, "data"),
    )  # fmt: skip
    browser("experiment_map", "placed", Input(Experiment.PLACES, "data"))
    browser("view", "apply", Input(Experiment.STATE, "data"))
    browser(
        "experiment", "address", Input(Experiment.STATE, "data"),
        Input(Experiment.DATA, "data"),  # callbacks of the same inputs alone are one to Dash
    )  # fmt: skip
    browser("experiment", "saved", Input(Experiment.SAVED, "data"), prevent_initial_call=True)
    browser("view", "search", Input(Experiment.SEARCH, "value"), prevent_initial_call=True)
    browser(
        "experiment", "encode", Input(Experiment.COLOUR, "value"), Input(Experiment.SIZE, "value"),
        prevent_initial_call=True,
    )  # fmt: skip
    for part in (trade_off, compare, budgets, formula):
        part.register(app)
