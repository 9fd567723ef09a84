"""Timeline: when each task runs, on which unit, and the live memory under it."""

from __future__ import annotations

from typing import Any

from dash import ClientsideFunction, Dash, Input, dcc, html

from dashboard.components import aria, choice, data
from dashboard.figures.tokens import STEPS
from dashboard.ids import Model
from dashboard.pages.model.histograms import NOTHING
from dashboard.urls import View

LANES = {"lanes": "Lanes", "order": "Order"}
SERIAL = "One task at a time: the model does not overlap units"
KEYS = (
    "Tasks in the order in which they run, over the live memory. Arrow keys walk from task to "
    "task, Enter selects, plus and minus zoom. The table holds the same tasks."
)


def legend(id: str, note: Any) -> html.Footer:
    """What stands under a drawing: its ramp with the metric's range, and a note."""
    ramp = html.Span([html.I(className=f"step s{k}") for k in range(STEPS)], className="ramp")
    return html.Footer([ramp, html.Span(id=f"{id}-scale"), note], className="chart-note")


def controls(view: View) -> list[Any]:
    """Lanes or order, colour, what the figure assumes."""
    return [
        choice(Model.LANES, LANES, "lanes", "A lane for each unit, or a row for each task"),
        html.Span(className="spring"),
        html.Button(
            "⤢", id=Model.TIMELINE_FIT, className="icon",
            title="Show the whole time (double-click); the wheel zooms, Shift-drag selects",
        ),
    ]  # fmt: skip


def body(view: View) -> list[Any]:
    """The canvas and what lies over it."""
    return [
        dcc.Store(Model.ROOM),
        html.Div(
            [
                html.Canvas(),
                html.I(className="near", hidden=True),
                html.I(className="stretch", hidden=True),
                html.Div(className="tip", hidden=True, role="tooltip"),
                html.Div(NOTHING, className="drawing-none", hidden=True, **data(usual=NOTHING)),
            ],
            id=Model.TIMELINE,
            className="drawing",
            tabIndex=0,
            role="application",
            **aria(label=KEYS),
        ),
        legend(Model.TIMELINE, html.Span(SERIAL, id=Model.TIMELINE_NOTE, **data(usual=SERIAL))),
    ]


def register(app: Dash) -> None:
    """Wire the dock."""
    wire: Any = app.clientside_callback  # Dash leaves it untyped
    wire(ClientsideFunction("timeline", "room"), Input(Model.ROOM, "data"))
