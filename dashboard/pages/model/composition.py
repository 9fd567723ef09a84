"""Composition: what the model's cost is made of, as a treemap."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import ClientsideFunction, Dash, Input, html

from dashboard.components import aria, choice, data, field
from dashboard.ids import Model
from dashboard.pages.model.histograms import NOTHING
from dashboard.pages.model.timeline import legend
from dashboard.urls import View
from engine.metrics import METRICS

BY = {"kernel": "Class", "unit": "Unit", "format": "Format", "group": "Module"}
KEYS = (
    "Treemap of the tasks. Arrow keys walk from part to part, Enter selects. "
    "The table holds the same tasks."
)


def controls(view: View) -> list[Any]:
    """What divides the model, what gives the areas."""
    return [
        choice(Model.BY, BY, view.by, "What the model is divided by"),
        field(
            "Area",
            dmc.Select(
                id=Model.AREA,
                data=[{"value": m.id, "label": m.label} for m in METRICS if m.aggregate == "sum"],
                value="latency_s",
                allowDeselect=False,
                variant="unstyled",
                size="xs",
                w=104,
                **aria(label="Metric that gives the areas"),
            ),
        ),
    ]


def body(view: View) -> list[Any]:
    """The canvas and what lies over it."""
    return [
        html.Div(
            [
                html.Canvas(),
                html.I(className="near", hidden=True),
                html.Div(className="tip", hidden=True, role="tooltip"),
                html.Div(NOTHING, className="drawing-none", hidden=True, **data(usual=NOTHING)),
            ],
            id=Model.COMPOSITION,
            className="drawing",
            tabIndex=0,
            role="application",
            **aria(label=KEYS),
        ),
        legend(Model.COMPOSITION, html.Span(id=Model.COMPOSITION_NOTE)),
    ]


def register(app: Dash) -> None:
    """Wire the dock."""
    wire: Any = app.clientside_callback  # Dash leaves it untyped
    wire(ClientsideFunction("composition", "area"), Input(Model.AREA, "value"))
