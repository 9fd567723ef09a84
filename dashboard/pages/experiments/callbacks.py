"""The wires of the list of experiments.  `register` at the end shows all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, no_update

from dashboard import urls
from dashboard.access import GUEST, REMOVE_EXPERIMENT, SIGNED_IN
from dashboard.ids import Experiments, repeated
from dashboard.pages.experiments.table import STEP, summary, table
from dashboard.queries import services
from dashboard.queries.experiments import DEFAULT_SORT, SORTS
from dashboard.shell import guarded, notify
from dashboard.urls_experiment import ExperimentView, build

MAX_ROWS = 2000


def refresh(
    search: object, sort: object, limit: object, whose: object = "all", *_news: object
) -> Any:
    """The list, its summary, and the address of what is shown."""
    text = urls.printable(str(search or ""))
    order = sort if isinstance(sort, str) and sort.removeprefix("-") in SORTS else ""
    rows = min(limit, MAX_ROWS) if isinstance(limit, int) and limit > 0 else STEP
    listing = services().experiments.listing(text, order or DEFAULT_SORT, rows, whose)
    return {
        "rows": table(listing, text, order),
        "summary": summary(listing, text),
        "address": build(ExperimentView(search=text, sort=order)),
    }


def sort_by(_clicks: Sequence[object], now: object) -> Any:
    """The next sort of a column: names upwards first, figures downwards first, then turned."""
    if not any(_clicks) or not isinstance(ctx.triggered_id, dict):
        return no_update
    column = str(ctx.triggered_id.get("index"))
    if column not in SORTS:
        return no_update
    first, second = (column, f"-{column}") if column == "name" else (f"-{column}", column)
    return second if (now or DEFAULT_SORT) == first else first


def show_more(clicks: object, limit: object) -> Any:
    """A further step of rows."""
    if not clicks or not isinstance(limit, int):
        return no_update
    return min(limit + STEP, MAX_ROWS)


def ask_or_remove(
    ask: Sequence[object], yes: object, no: object, removing: object
) -> dict[str, Any]:
    """Open the dialog of an experiment, carry it out, or close it."""
    closed = {"opened": False, "text": no_update, "removing": "", "removed": no_update}
    if ctx.triggered_id == Experiments.REMOVE_YES and yes and isinstance(removing, str):
        row = services().experiments.remove(removing)
        notify(f"{row.name} was removed.", "done")
        return closed | {"removed": row.id}
    if isinstance(ctx.triggered_id, dict) and any(ask):
        row = services().store.experiments.get(str(ctx.triggered_id.get("index")))
        text = (
            f"{row.name} with its {row.model_count:,} models, and the notes and flags that were "
            "put on them, will be deleted from this machine."
        )
        return {"opened": True, "text": text, "removing": row.id, "removed": no_update}
    if ctx.triggered_id == Experiments.REMOVE_NO and no:
        return closed
    return dict.fromkeys(closed, no_update)  # the list was drawn anew under the dialog


def register(app: Dash) -> None:
    """Wire the page."""
    app.callback(
        output={
            "rows": Output(Experiments.LIST, "children"),
            "summary": Output(Experiments.SUMMARY, "children"),
            "address": Output(Experiments.ADDRESS, "data"),
        },
        inputs=[
            Input(Experiments.SEARCH, "value"),
            Input(Experiments.SORT, "data"),
            Input(Experiments.LIMIT, "data"),
            Input(Experiments.WHOSE, "value"),
            Input(Experiments.UPLOADED, "data"),
            Input(Experiments.REMOVED, "data"),
        ],
        prevent_initial_call=True,
    )(guarded(refresh, SIGNED_IN))
    app.callback(
        Output(Experiments.SORT, "data"),
        Input(repeated(Experiments.SORT_BUTTON, ALL), "n_clicks"),  # type: ignore[arg-type]
        State(Experiments.SORT, "data"),
        prevent_initial_call=True,
    )(guarded(sort_by, GUEST))
    app.callback(
        Output(Experiments.LIMIT, "data"),
        Input(Experiments.MORE, "n_clicks"),
        State(Experiments.LIMIT, "data"),
        prevent_initial_call=True,
    )(guarded(show_more, GUEST))
    app.callback(
        output={
            "opened": Output(Experiments.REMOVE_DIALOG, "opened"),
            "text": Output(Experiments.REMOVE_TEXT, "children"),
            "removing": Output(Experiments.REMOVING, "data"),
            "removed": Output(Experiments.REMOVED, "data"),
        },
        inputs=[
            Input(repeated(Experiments.REMOVE, ALL), "n_clicks"),  # type: ignore[arg-type]
            Input(Experiments.REMOVE_YES, "n_clicks"),
            Input(Experiments.REMOVE_NO, "n_clicks"),
            State(Experiments.REMOVING, "data"),
        ],
        prevent_initial_call=True,
    )(guarded(ask_or_remove, REMOVE_EXPERIMENT))
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("models", "address"),
        Output(Experiments.PAGE, "data-address"),
        Input(Experiments.ADDRESS, "data"),
    )
