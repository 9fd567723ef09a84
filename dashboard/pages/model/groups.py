"""Groups that a person names: a small menu with their JSON, kept with the model."""

from __future__ import annotations

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html

from dashboard.access import EDIT_MODEL
from dashboard.ids import Model
from dashboard.queries import services
from dashboard.shell import guarded
from dashboard.urls import View

EXAMPLE = '{\n  "encoder": "stem* down*",\n  "decoder": "up*",\n  "decoder/last": "up.2*"\n}'
HELP = (
    "Name your own blocks: label and pattern over task names or modules; * stands for "
    "anything, a label with / lies inside another."
)


def menu(view: View) -> html.Details:
    """The button and what it opens."""
    return html.Details(
        [
            html.Summary(
                "Groups", className="button", title="Fold the graph by blocks that you name"
            ),
            html.Div(
                [
                    html.P(HELP, className="muted"),
                    dcc.Textarea(
                        id=Model.GROUPS_TEXT,
                        value=services().model.own_groups(view),
                        placeholder=EXAMPLE,
                        spellCheck=False,
                        className="groups-text",
                        title="Groups as JSON",
                    ),
                    html.Div(
                        [
                            html.Button(
                                "Fold by these", id=Model.GROUPS_SAVE, className="button primary"
                            ),
                            html.Button("Remove", id=Model.GROUPS_REMOVE, className="button"),
                        ],
                        className="menu-foot for-model-editor",
                    ),
                    dcc.Store(Model.GROUPS_DONE),
                ],
                className="menu-body groups-body",
            ),
        ],
        className="menu",
    )


def change(_save: object, _remove: object, text: object, model: object, target: object) -> int:
    """Keep or take away the groups; the page is then loaded anew, at its address."""
    kept = str(text or "") if ctx.triggered_id == Model.GROUPS_SAVE else ""
    view = View(model_id=str(model or ""), target=str(target or ""))
    return services().set_groups(view, kept)


def register(app: Dash) -> None:
    """Wire the menu."""
    app.callback(
        Output(Model.GROUPS_DONE, "data"),
        Input(Model.GROUPS_SAVE, "n_clicks"),
        Input(Model.GROUPS_REMOVE, "n_clicks"),
        State(Model.GROUPS_TEXT, "value"),
        State(Model.MODEL, "data"),
        State(Model.TARGET, "value"),
        prevent_initial_call=True,
    )(guarded(change, EDIT_MODEL))
    wire: Any = app.clientside_callback  # Dash leaves it untyped
    wire(
        ClientsideFunction("view", "again"),
        Input(Model.GROUPS_DONE, "data"),
        prevent_initial_call=True,
    )
