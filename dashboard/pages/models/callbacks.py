"""The wires of the list of models.  `register` at the end shows all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, no_update

from dashboard import urls
from dashboard.access import GUEST, REMOVE_MODEL, SIGNED_IN
from dashboard.ids import Models, repeated
from dashboard.pages.models.table import STEP, summary, table
from dashboard.queries import default_target, services
from dashboard.queries.models import DEFAULT_SORT, SORTS, check_target, target_label
from dashboard.shell import guarded, notify
from dashboard.urls import View

MAX_ROWS = 5000


def refresh(
    target: object, search: object, sort: object, limit: object, whose: object = "all",
    *_news: object,
) -> Any:  # fmt: skip
    """The list, its summary, whether to stop polling, and the address of what is shown."""
    view = View(
        target=check_target(str(target or "") or default_target()),
        search=urls.printable(str(search or "")),
        sort=sort if isinstance(sort, str) and sort.removeprefix("-") in SORTS else "",
    )
    rows = min(limit, MAX_ROWS) if isinstance(limit, int) and limit > 0 else STEP
    listing = services().models.listing(view, view.target, rows, whose)
    shown = view if view.target != default_target() else View(search=view.search, sort=view.sort)
    return {
        "rows": table(listing, view),
        "summary": summary(listing, view, target_label(view.target)),
        "idle": not listing.pending,
        "address": urls.build(shown),
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
    """Open the dialog of a model, carry it out, or close it."""
    closed = {"opened": False, "text": no_update, "removing": "", "removed": no_update}
    if ctx.triggered_id == Models.REMOVE_YES and yes and isinstance(removing, str):
        row = services().models.remove(removing)
        notify(f"{row.name} was removed.", "done")
        return closed | {"removed": row.id}
    if isinstance(ctx.triggered_id, dict) and any(ask):
        row = services().models.row(str(ctx.triggered_id.get("index")))
        text = f"{row.name} and its figures will be deleted from this machine."
        return {"opened": True, "text": text, "removing": row.id, "removed": no_update}
    if ctx.triggered_id == Models.REMOVE_NO and no:
        return closed
    return dict.fromkeys(closed, no_update)  # the list was drawn anew under the dialog


def add_demo(clicks: object) -> Any:
    """Put the demo models into the list."""
    if not clicks:
        return no_update
    services().models.add_demo()
    return clicks


def register(app: Dash) -> None:
    """Wire the page."""
    app.callback(
        output={
            "rows": Output(Models.LIST, "children"),
            "summary": Output(Models.SUMMARY, "children"),
            "idle": Output(Models.POLL, "disabled"),
            "address": Output(Models.ADDRESS, "data"),
        },
        inputs=[
            Input(Models.TARGET, "value"),
            Input(Models.SEARCH, "value"),
            Input(Models.SORT, "data"),
            Input(Models.LIMIT, "data"),
            Input(Models.WHOSE, "value"),
            Input(Models.POLL, "n_intervals"),
            Input(Models.UPLOADED, "data"),
            Input(Models.REMOVED, "data"),
            Input(Models.DEMO_ADDED, "data"),
        ],
        prevent_initial_call=True,
    )(guarded(refresh, SIGNED_IN))
    app.callback(
        Output(Models.SORT, "data"),
        Input(repeated(Models.SORT_BUTTON, ALL), "n_clicks"),  # type: ignore[arg-type]
        State(Models.SORT, "data"),
        prevent_initial_call=True,
    )(guarded(sort_by, GUEST))
    app.callback(
        Output(Models.LIMIT, "data"),
        Input(Models.MORE, "n_clicks"),
        State(Models.LIMIT, "data"),
        prevent_initial_call=True,
    )(guarded(show_more, GUEST))
    app.callback(
        output={
            "opened": Output(Models.REMOVE_DIALOG, "opened"),
            "text": Output(Models.REMOVE_TEXT, "children"),
            "removing": Output(Models.REMOVING, "data"),
            "removed": Output(Models.REMOVED, "data"),
        },
        inputs=[
            Input(repeated(Models.REMOVE, ALL), "n_clicks"),  # type: ignore[arg-type]
            Input(Models.REMOVE_YES, "n_clicks"),
            Input(Models.REMOVE_NO, "n_clicks"),
            State(Models.REMOVING, "data"),
        ],
        prevent_initial_call=True,
    )(guarded(ask_or_remove, REMOVE_MODEL))
    app.callback(
        Output(Models.DEMO_ADDED, "data"),
        Input(Models.DEMO, "n_clicks"),
        prevent_initial_call=True,
    )(guarded(add_demo, SIGNED_IN))
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("models", "address"),
        Output(Models.PAGE, "data-address"),
        Input(Models.ADDRESS, "data"),
    )
