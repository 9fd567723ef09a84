"""Budgets: a histogram for each metric to brush, bounds to type, named budgets, and what moves.

All of them are the one filter of the page; the curves say what moving one bound would buy.
"""

from __future__ import annotations

import json
from typing import Any

from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html, no_update

from dashboard.access import EDIT_EXPERIMENT
from dashboard.components import aria, choice, data
from dashboard.ids import Experiment, repeated
from dashboard.queries import experiment_named, services
from dashboard.queries.experiment_edits import document_of
from dashboard.shell import guarded
from engine.experiments import Experiment as Found

AXES = {"refit": "Refit", "all": "Whole"}
NOTHING = "No model passes. Remove a bound to see more."
NONE_YET = "No budget has a name yet. Set bounds, then keep them here."


def body(found: Found) -> list[Any]:
    """The bar, the typed bounds, the curves, the place of the cards, which the browser makes."""
    return [
        html.Div(
            [
                html.Span("Axes", className="field-name"),
                choice(
                    Experiment.AXES, AXES, "refit",
                    "Axes span what the other bounds leave, or always all models",
                ),
                html.Span(
                    "Drag on a histogram to bound a metric", className="hint",
                    title="Drag on a histogram to set a bound; drag the range to move it, its "
                    "edges to resize it; click beside it to remove it",
                ),
                html.Span(className="spring"),
                _menu(found),
            ],
            className="bar controls",
        ),
        html.Div(id=Experiment.BOUNDS, className="bounds", **aria(label="Bounds"), role="group"),
        html.Div(
            [
                html.Div(className="tip", hidden=True, role="tooltip"),
                html.Div(NOTHING, className="drawing-none", hidden=True),
            ],
            id=Experiment.HISTOGRAMS,
            className="drawing histograms",
        ),
        html.Div(id=Experiment.CURVES, className="curves", **aria(label="What relaxing buys")),
    ]  # fmt: skip


def _menu(found: Found) -> html.Details:
    name = dcc.Input(
        id=Experiment.BUDGET_NAME, placeholder="Name of these bounds", className="entry",
        maxLength=experiment_named.MAX_NAME, autoComplete="off",
    )  # fmt: skip
    return html.Details(
        [
            html.Summary("Named budgets", className="button", title="Keep bounds under a name"),
            html.Div(
                [
                    html.Div(named(found), id=Experiment.NAMED, className="named-list"),
                    html.Div(
                        [
                            name,
                            html.Button(
                                "Keep", id=Experiment.BUDGET_SAVE, className="button primary"
                            ),
                        ],
                        className="menu-foot for-editor",
                    ),
                ],
                className="menu-body",
            ),
        ],
        className="menu",
    )


def named(found: Found) -> list[Any]:
    """The named budgets: a press makes one the filter."""
    told = experiment_named.budgets(found)
    if not told:
        return [html.P(NONE_YET, className="muted")]
    return [
        html.Div(
            [
                html.Button(
                    one["name"],
                    className="link",
                    title=f"Filter by the budget {one['name']}",
                    **data(budget=json.dumps(one["where"])),
                ),
                html.Button(
                    "×",
                    id=repeated(Experiment.BUDGET_REMOVE, one["name"]),
                    className="icon for-editor",
                    title=f"Remove the budget {one['name']}",
                ),
            ],
            className="named-line",
        )
        for one in told
    ]


def change(
    _save: object, _enter: object, removed: list[Any], name: object, state: object, key: object
) -> Any:
    """Keep the bounds of the page under a name, or remove a named budget; the list, the field."""
    row, found = services().experiments.get(key)
    if isinstance(ctx.triggered_id, dict):
        if not any(removed):  # a list drawn anew is no press
            return no_update
        gone = ctx.triggered_id.get("index")
        text = experiment_named.without_budget(document_of(row), found, gone)
    else:
        where = state.get("where") if isinstance(state, dict) else None
        text = experiment_named.with_budget(document_of(row), found, name, where)
    services().store.experiments.edit(row.id, text, row.version)
    return named(services().experiments.get(key)[1]), ""


def register(app: Dash) -> None:
    """Wire the pane."""
    app.callback(
        Output(Experiment.NAMED, "children"),
        Output(Experiment.BUDGET_NAME, "value"),
        Input(Experiment.BUDGET_SAVE, "n_clicks"),
        Input(Experiment.BUDGET_NAME, "n_submit"),
        Input(repeated(Experiment.BUDGET_REMOVE, ALL), "n_clicks"),  # type: ignore[arg-type]
        State(Experiment.BUDGET_NAME, "value"),
        State(Experiment.STATE, "data"),
        State(Experiment.KEY, "data"),
        prevent_initial_call=True,
    )(guarded(change, EDIT_EXPERIMENT))
    wire: Any = app.clientside_callback  # Dash leaves it untyped
    wire(
        ClientsideFunction("experiment", "named"),
        Input(Experiment.NAMED, "children"),
        prevent_initial_call=True,
    )
