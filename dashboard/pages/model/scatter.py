"""Scatter: one metric against another, a mark a task."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update

from dashboard.access import GUEST, needing
from dashboard.components import aria, data, field
from dashboard.components.chart import chart, plot
from dashboard.figures.scatter import figure
from dashboard.figures.tokens import SCHEMES
from dashboard.ids import Model
from dashboard.pages.model.timeline import legend
from dashboard.urls import LOGS, View
from engine.metrics import BY_ID, METRICS

LABEL = "Tasks as marks, one metric against another. The table holds the same figures."


def controls(view: View) -> list[Any]:
    """Metrics of the two axes, each with its scale."""
    return [
        *_axis("x", Model.SCATTER_X, view.x, "macs", view.log),
        *_axis("y", Model.SCATTER_Y, view.y, "latency_s", view.log),
    ]


def body(view: View) -> list[Any]:
    """The place of the figure, and what it cannot show."""
    return [
        dcc.Store(Model.CHARTS),  # the colour scheme, once the page rests: charts may come
        chart(Model.SCATTER, LABEL),
        legend(Model.SCATTER, html.Span(id=Model.SCATTER_NOTE, **aria(live="polite"))),
    ]


def _axis(axis: str, id: str, metric: str, usual: str, log: str) -> list[Any]:
    return [
        field(
            axis.upper(),
            dmc.Select(
                id=id,
                data=[{"value": m.id, "label": m.label} for m in METRICS],
                value=metric if metric in BY_ID else usual,
                allowDeselect=False,
                searchable=True,
                nothingFoundMessage="No such metric",
                variant="unstyled",
                size="xs",
                w="clamp(98px, 8vw, 150px)",
                comboboxProps={"width": 190, "position": "bottom-start"},
                **aria(label=f"Metric of the {axis} axis"),
            ),
        ),
        html.Button(
            "log",
            className="button toggle",
            title=f"Logarithmic {axis} axis",
            **aria(pressed=str(axis in log).lower()),
            **data(log=axis),
        ),
    ]


def drawn(scheme: str, state: dict[str, Any]) -> Any:
    """The figure, once it is asked for; again in the other colours when the scheme changes."""
    if scheme not in SCHEMES:
        return no_update
    x, y = (BY_ID.get(str(state.get(k)), BY_ID[usual]) for k, usual in USUAL.items())
    log = state.get("log")
    return plot(Model.SCATTER, figure(x, y, log if log in LOGS else "", scheme))


USUAL = {"x": "macs", "y": "latency_s"}


def register(app: Dash) -> None:
    """Wire the dock."""
    wire: Any = app.clientside_callback  # Dash leaves it untyped
    app.callback(
        Output(Model.SCATTER_PLOT, "children"),
        Input(Model.CHARTS, "data"),
        State(Model.STATE, "data"),
        prevent_initial_call=True,
    )(needing(drawn, GUEST))
    wire(ClientsideFunction("scatter", "drawn"), Input(Model.SCATTER_PLOT, "children"))
    wire(
        ClientsideFunction("scatter", "metrics"),
        Input(Model.SCATTER_X, "value"),
        Input(Model.SCATTER_Y, "value"),
        prevent_initial_call=True,
    )
