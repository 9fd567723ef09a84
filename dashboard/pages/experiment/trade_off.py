"""Trade-offs: one metric against another, up to three side by side, the chosen models in all."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, html, no_update

from dashboard.access import GUEST, needing
from dashboard.components import aria, data
from dashboard.components.chart import chart, plot
from dashboard.figures.tokens import SCHEMES
from dashboard.figures.trade_off import figure
from dashboard.ids import Experiment, repeated
from dashboard.urls_experiment import CHARTS

LABEL = "Models as marks, one metric against another. The table holds the same figures."


def dock(sent: dict[str, Any], state: dict[str, Any]) -> html.Section:
    """The pane of the charts; those that the state does not ask for are hidden."""
    return html.Section(
        [
            html.Div(
                [
                    html.H2("Trade-off"),
                    html.Span(id=Experiment.TRADE_NOTE, className="hint", **aria(live="polite")),
                    *(_log(axis, axis in state["log"]) for axis in "xy"),
                    html.Button(
                        "+ Chart",
                        className="button",
                        title="One more chart beside these, at most three",
                        **data(chart="add"),
                    ),
                ],
                className="bar controls",
            ),
            html.Div(
                [_slot(k, sent, state) for k in range(CHARTS)],
                id=Experiment.TRADES,
                className="trades",
            ),
        ],
        className="pane trade-dock",
        **aria(label="Trade-offs"),
    )


def _log(axis: str, on: bool) -> html.Button:
    return html.Button(
        f"log {axis}",
        className="button toggle",
        title=f"Logarithmic {axis} axis",
        **aria(pressed=str(on).lower()),
        **data(log=axis),
    )


def _slot(k: int, sent: dict[str, Any], state: dict[str, Any]) -> html.Div:
    given = state["charts"][k] if k < len(state["charts"]) else None
    x, y = given or (sent["cost"], sent["quality"])
    close = html.Button(
        "×", className="icon", title="Remove this chart", hidden=k == 0, **data(chart=str(k))
    )
    return html.Div(
        [
            html.Div(
                [
                    _select(Experiment.TRADE_Y, k, sent, y, "y"),
                    html.Span("against", className="muted"),
                    _select(Experiment.TRADE_X, k, sent, x, "x"),
                    close,
                ],
                className="trade-axes",
            ),
            chart(f"{Experiment.TRADE}-{k}", LABEL),
        ],
        className="trade",
        hidden=given is None,
    )


def _select(part: Experiment, k: int, sent: dict[str, Any], value: str, axis: str) -> dmc.Select:
    words = sent["glossary"]
    ranked = sorted(words, key=lambda c: not words[c]["primary"])
    return dmc.Select(
        id=repeated(part, str(k)),
        data=[{"value": c, "label": words[c]["label"]} for c in ranked],
        value=value or None,
        allowDeselect=False,
        searchable=len(ranked) > 8,
        variant="unstyled",
        size="xs",
        className="trade-select",
        comboboxProps={"width": 220, "position": "bottom-start"},
        **aria(label=f"Metric of the {axis} axis of chart {k + 1}"),
    )


def drawn(scheme: str) -> Any:
    """The frames of the charts, once they are asked for; again when the scheme changes."""
    if scheme not in SCHEMES:
        return [no_update] * CHARTS
    return [plot(f"{Experiment.TRADE}-{k}", figure(scheme)) for k in range(CHARTS)]


def register(app: Dash) -> None:
    """Wire the charts."""
    wire: Any = app.clientside_callback  # Dash leaves it untyped
    app.callback(
        [Output(f"{Experiment.TRADE}-{k}-plot", "children") for k in range(CHARTS)],
        Input(Experiment.CHARTS, "data"),
        prevent_initial_call=True,
    )(needing(drawn, GUEST))
    wire(
        ClientsideFunction("trade_off", "drawn"),
        Input(f"{Experiment.TRADE}-0-plot", "children"),
        prevent_initial_call=True,
    )
    selects = [
        Input(repeated(part, str(k)), "value")
        for k in range(CHARTS)
        for part in (Experiment.TRADE_X, Experiment.TRADE_Y)
    ]
    wire(ClientsideFunction("trade_off", "metrics"), *selects, prevent_initial_call=True)
