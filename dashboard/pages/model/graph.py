"""The graph of the tasks: *Blocks* in cytoscape, *All tasks* on a canvas, in one look."""

from __future__ import annotations

from typing import Any

import dash_cytoscape as cyto
from dash import ALL, ClientsideFunction, Dash, Input, Output, State, html

from dashboard.components import aria, choice, data
from dashboard.figures import op_graph
from dashboard.figures.tokens import SCHEMES, STEPS
from dashboard.ids import Model, repeated
from dashboard.pages.model import groups
from dashboard.urls import View

KEYS = (
    "Graph of the tasks. Arrow keys walk along the edges, Enter selects or opens a block, "
    "Home shows all, Escape clears. The table holds the same tasks."
)
SHOWS = {"blocks": "Blocks", "all": "All tasks"}
DIRECTIONS = {"down": "↓", "right": "→"}


def controls(view: View) -> list[Any]:
    """Mode, lasso, groups, direction, zoom."""
    return [
        choice(Model.SHOW, SHOWS, view.show, "What the graph shows"),
        html.Button(
            "Lasso", id=Model.LASSO, className="button toggle",
            title="Select by drawing around tasks: alt-drag does it too, shift adds, "
            "shift-drag draws a box",
            **aria(pressed="false"),
        ),
        groups.menu(view),
        html.Span(className="spring"),
        choice(Model.DIRECTION, DIRECTIONS, view.direction, "Where the graph runs"),
        zooms(),
    ]  # fmt: skip


def zooms() -> html.Div:
    """The three buttons."""
    return html.Div(
        [
            html.Button("+", id=Model.ZOOM_IN, title="Zoom in", className="icon"),
            html.Button("−", id=Model.ZOOM_OUT, title="Zoom out", className="icon"),
            html.Button("⤢", id=Model.FIT, title="Show all", className="icon"),
        ],
        className="group",
    )


def styles() -> dict[str, Any]:
    """The styles of the blocks in each colour scheme."""
    return {scheme: op_graph.stylesheet(scheme) for scheme in SCHEMES}


def body(view: View) -> list[Any]:
    """Both drawings, one of them shown, with legend, overview and tooltip."""
    return [
        html.Div(
            [
                cyto.Cytoscape(
                    id=Model.GRAPH,
                    elements=[],
                    stylesheet=[],
                    layout={"name": "preset", "fit": True, "padding": 28},
                    autoRefreshLayout=False,
                    boxSelectionEnabled=False,
                    autounselectify=True,
                    minZoom=0.04,
                    maxZoom=3,
                    wheelSensitivity=0.3,
                    responsive=False,
                    className="graph",
                    style={"width": "100%", "height": "100%"},
                ),
                html.Canvas(id=Model.TASKS_CANVAS, className="graph"),
                html.Button(
                    "Fold all",
                    id=Model.FOLD,
                    className="button fold",
                    hidden=True,
                    title="Fold every block that you opened",
                ),
                html.Div("Drawing the graph…", className="graph-wait"),
                _legend(),
                _minimap(),
                html.Div(id=Model.TIP, className="tip", hidden=True, role="tooltip"),
            ],
            id=Model.GRAPH_PANE,
            className="graph-pane",
            tabIndex=0,
            role="application",
            **aria(label=KEYS),
            **data(show=view.show),
        ),
    ]


def _minimap() -> html.Div:
    return html.Div(
        [
            html.Canvas(
                id=Model.MINIMAP, width=150, height=110,
                title="The whole graph; drag the window",
            ),
            html.Button(
                "×", id=Model.MINIMAP_HIDE, className="icon",
                title="Hide or show the overview",
            ),
        ],
        className="minimap",
    )  # fmt: skip


def _legend() -> html.Div:
    return html.Div(
        [
            html.Div(className="legend-name"),
            html.Div([html.I(className=f"step s{k}") for k in range(STEPS)], className="ramp"),
            html.Div([html.Span(), html.Span(), html.Span()], className="legend-ends"),
        ],
        id=Model.LEGEND,
        className="legend",
    )


def register(app: Dash) -> None:
    """Wire what is drawn, zoomed and folded in the browser."""

    def browser(component: str, function: str, *wires: Any, **options: Any) -> None:
        wire: Any = app.clientside_callback  # Dash leaves it untyped
        wire(ClientsideFunction(component, function), *wires, **options)

    browser("op_graph", "scheme", Output(Model.GRAPH, "stylesheet"), Input(Model.STYLES, "data"))
    browser(
        "graph_pane", "source", Input(Model.TARGET, "value"),
        Input(Model.TASKS, "data"),  # Dash does not start one whose only input may match nothing
        State(repeated(Model.DIM, ALL), "value"),  # type: ignore[arg-type]
        State(repeated(Model.DIM, ALL), "id"),  # type: ignore[arg-type]
        State(Model.MODEL, "data"),
    )  # fmt: skip
    browser(
        "graph_pane", "zoom", Input(Model.ZOOM_IN, "n_clicks"), Input(Model.ZOOM_OUT, "n_clicks"),
        Input(Model.FIT, "n_clicks"), prevent_initial_call=True,
    )  # fmt: skip
