"""The menu that takes the page's figures along, and pictures of what the right dock shows."""

from __future__ import annotations

import functools
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update

from dashboard.access import VIEW_MODEL
from dashboard.components import data
from dashboard.ids import Model, repeated
from dashboard.queries import services
from dashboard.queries.exports import exported, kinds
from dashboard.shell import guarded
from dashboard.urls import View

PICTURES = {"png": "Save what this shows as a PNG picture",
            "svg": "Save what this shows as an SVG picture"}  # fmt: skip


def menu() -> list[Any]:
    """The menu beside the columns, and what carries a file to the browser."""
    files = [
        html.Button([label, html.Small(help)], id=f"{Model.EXPORT}-{id}", className="link",
                    n_clicks=0)
        for id, label, help in kinds()
    ]  # fmt: skip
    return [
        html.Details(
            [
                html.Summary("Export", className="button", title="Take the figures along"),
                html.Div(files, className="menu-body links export-menu"),
            ],
            className="menu",
        ),
        dcc.Download(id=Model.EXPORTED),
    ]


def picture() -> html.Div:
    """The buttons that save a drawing as it is seen."""
    return html.Div(
        [html.Button(kind.upper(), className="icon word", title=title, **data(picture=kind))
         for kind, title in PICTURES.items()],
        className="group",
    )  # fmt: skip


def export(view_of: Callable[..., View], *sent: Any) -> Any:
    """The file of the format that was clicked; `sent` are the clicks, then the states below."""
    target, fps, recipe, against, draft, values, ids, model = sent[-8:]
    kind = str(ctx.triggered_id or "").removeprefix(f"{Model.EXPORT}-")
    if not ctx.triggered or not ctx.triggered[0]["value"]:
        return no_update
    view = view_of(model, target, fps, recipe, values, ids, against)
    state = draft if isinstance(draft, dict) else {}
    opened = {key: str(state.get(key) or "") for key in ("analysis", "at")}
    view = replace(view, **opened)  # type: ignore[arg-type]
    ask = services()
    file = exported(ask.model, ask.budgets, ask.store, view, kind)
    return {"content": b64encode(file.body).decode(), "filename": file.name,
            "type": file.mimetype, "base64": True}  # fmt: skip


def register(app: Dash, view_of: Callable[..., View]) -> None:
    """Wire the menu."""
    app.callback(
        Output(Model.EXPORTED, "data"),
        [Input(f"{Model.EXPORT}-{id}", "n_clicks") for id, _, _ in kinds()],
        State(Model.TARGET, "value"), State(Model.FPS, "value"), State(Model.RECIPE, "data"),
        State(Model.AGAINST, "data"), State(Model.DRAFT, "data"),
        State(repeated(Model.DIM, ALL), "value"),  # type: ignore[arg-type]
        State(repeated(Model.DIM, ALL), "id"),  # type: ignore[arg-type]
        State(Model.MODEL, "data"),
        prevent_initial_call=True,
    )(guarded(functools.partial(export, view_of), VIEW_MODEL))  # fmt: skip
