"""Metrics by formula: a small menu of the table; what is added is a metric like the others."""

from __future__ import annotations

from typing import Any

from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html, no_update

from dashboard.access import EDIT_EXPERIMENT
from dashboard.components import aria, data
from dashboard.ids import Experiment, repeated
from dashboard.queries import experiment_named, services
from dashboard.queries.experiment_edits import document_of
from dashboard.shell import guarded

HELP = (
    "Numbers, + − * / **, brackets, log, log2, log10, exp, sqrt, abs, min and max over metrics of "
    "the experiment; a press on a name puts it in."
)
EXAMPLE = "[Top-1 Accuracy] / log10([Model Size])"
WAYS = {"higher": "Higher is better", "lower": "Lower is better", "": "Neither is better"}
NAMES = 40  # metrics that are offered to press on


def menu(sent: dict[str, Any], own: list[list[str]]) -> html.Details:
    """The button and what it opens.

    Args:
        sent: what the page says of the metrics.
        own: metrics by formula that were added here.
    """
    words = sent["glossary"]
    names = [
        html.Button(words[c]["label"], className="option-chip", **data(insert=words[c]["label"]))
        for c in sorted(words, key=lambda c: not words[c]["primary"])[:NAMES]
    ]
    return html.Details(
        [
            html.Summary("+ Metric", className="button for-editor",
                         title="A metric by formula over others"),
            html.Div(
                [
                    *_own(own),
                    html.Label(
                        ["Name", dcc.Input(id=Experiment.FORMULA_NAME, className="entry",
                                           maxLength=experiment_named.MAX_NAME,
                                           autoComplete="off")],
                    ),
                    html.Label(
                        ["Formula", dcc.Input(id=Experiment.FORMULA, className="entry code",
                                              placeholder=EXAMPLE, autoComplete="off",
                                              spellCheck=False)],
                    ),
                    html.Div(names, className="formula-names", **aria(label="Metrics")),
                    html.P(HELP, className="muted"),
                    html.Div(
                        [
                            html.Label(["Unit", dcc.Input(id=Experiment.FORMULA_UNIT, maxLength=12,
                                                          className="entry short",
                                                          autoComplete="off")]),
                            dcc.RadioItems(
                                id=Experiment.FORMULA_WAY, value="higher", inline=False,
                                options=[{"value": k, "label": text} for k, text in WAYS.items()],
                                className="formula-ways",
                            ),
                        ],
                        className="formula-more",
                    ),
                    html.Div(
                        html.Button("Add", id=Experiment.FORMULA_ADD, className="button primary"),
                        className="menu-foot",
                    ),
                    dcc.Store(Experiment.FORMULA_DONE),
                ],
                className="menu-body formula-body",
            ),
        ],
        className="menu",
    )  # fmt: skip


def _own(own: list[list[str]]) -> list[Any]:
    return [
        html.Div(
            [
                html.Span([html.B(one[0]), f" = {one[1]}"], title=one[1]),
                html.Button(
                    "×",
                    id=repeated(Experiment.FORMULA_REMOVE, one[0]),
                    className="icon",
                    title=f"Remove the metric {one[0]}",
                ),
            ],
            className="named-line",
        )
        for one in own
    ]


def change(
    _add: object, removed: list[Any], name: object, text: object, way: object, unit: object,
    key: object,
) -> Any:  # fmt: skip
    """Keep one more metric, or take one away; the page is then loaded anew, at its address."""
    row, found = services().experiments.get(key)
    if isinstance(ctx.triggered_id, dict):
        if not any(removed):
            return no_update
        edits = experiment_named.without_formula(document_of(row), ctx.triggered_id.get("index"))
    else:
        edits = experiment_named.with_formula(document_of(row), found, name, text, way, unit)
    return services().store.experiments.edit(row.id, edits, row.version).version


def register(app: Dash) -> None:
    """Wire the menu."""
    app.callback(
        Output(Experiment.FORMULA_DONE, "data"),
        Input(Experiment.FORMULA_ADD, "n_clicks"),
        Input(repeated(Experiment.FORMULA_REMOVE, ALL), "n_clicks"),  # type: ignore[arg-type]
        State(Experiment.FORMULA_NAME, "value"),
        State(Experiment.FORMULA, "value"),
        State(Experiment.FORMULA_WAY, "value"),
        State(Experiment.FORMULA_UNIT, "value"),
        State(Experiment.KEY, "data"),
        prevent_initial_call=True,
    )(guarded(change, EDIT_EXPERIMENT))
    wire: Any = app.clientside_callback  # Dash leaves it untyped
    wire(
        ClientsideFunction("view", "again"),
        Input(Experiment.FORMULA_DONE, "data"),
        prevent_initial_call=True,
    )
