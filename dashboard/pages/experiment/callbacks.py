"""The wires of the page of one experiment.  `register` at the end shows all of them at once.

What fits is asked of the JSON API instead: a brush must reach every view at once, and a callback
would ask all components of the page first.
"""

from __future__ import annotations

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, no_update

from dashboard.access import EDIT_EXPERIMENT, VIEW_EXPERIMENT
from dashboard.ids import Experiment
from dashboard.pages.experiment import (
    budgets,
    compare,
    forking,
    formula,
    operate,
    progress,
    trade_off,
)
from dashboard.queries import experiment_edits, services
from dashboard.queries.experiment import payload, places
from dashboard.shell import guarded, notify

FIELDS = {"notes": experiment_edits.with_note, "flags": experiment_edits.with_flags}


def rows_of(value: object) -> list[int]:
    """Rows that the browser sent; whatever is none is left out."""
    found = value if isinstance(value, list) else []
    return [k for k in found[:100_000] if isinstance(k, int) and not isinstance(k, bool) and k >= 0]


def models(key: object, _again: object = None) -> dict[str, Any]:
    """The columns of every model."""
    return payload(*services().experiments.progress(key))


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
        other = experiment_edits.meanwhile(found, data.get("model"), sent)
        if other:
            notify(other, "fault")
        else:
            text = write(row, found, data.get("model"), sent.get("value"))
            services().store.experiments.edit(row.id, text, row.version)
            _, found = services().experiments.get(key)
        model = found.models[found.rows[str(data.get("model"))]]
        told.append({"row": model.row, "notes": model.notes, "flags": ", ".join(model.flags)})
    return told or no_update


def register(app: Dash) -> None:
    """Wire the page."""

    def browser(component: str, function: str, *wires: Any, **options: Any) -> None:
        wire: Any = app.clientside_callback  # Dash leaves it untyped
        wire(ClientsideFunction(component, function), *wires, **options)

    key = State(Experiment.KEY, "data")
    app.callback(
        Output(Experiment.DATA, "data"), Input(Experiment.KEY, "data"),
        Input(Experiment.RELOAD, "data"),
    )(guarded(models, VIEW_EXPERIMENT))  # fmt: skip
    app.callback(Output(Experiment.PLACES, "data"), Input(Experiment.MAP_ASK, "data"), key)(
        guarded(map_places, VIEW_EXPERIMENT)
    )
    app.callback(
        Output(Experiment.SAVED, "data"), Input(Experiment.TABLE, "cellValueChanged"), key,
        prevent_initial_call=True,
    )(guarded(written, EDIT_EXPERIMENT))  # fmt: skip
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
    for part in (trade_off, compare, budgets, forking, formula, operate, progress):
        part.register(app)
