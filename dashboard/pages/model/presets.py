"""The sheet of presets over the drawings; its table is filled once it is opened."""

from __future__ import annotations

from dash import html

from dashboard.components import aria
from dashboard.ids import Model


def sheet() -> html.Aside:
    """The empty sheet."""
    return html.Aside(
        [
            html.Div(
                [
                    html.H2("Optimize the whole model"),
                    html.Span(className="spring"),
                    html.Button("×", id=Model.SHEET_CLOSE, className="icon", title="Close"),
                ],
                className="bar",
            ),
            html.Div(id=Model.OFFERS, className="offers"),
        ],
        id=Model.SHEET,
        className="sheet",
        hidden=True,
        **aria(label="Presets"),
    )
