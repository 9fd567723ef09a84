"""The place of a chart: a Plotly figure that comes later, and the canvases of its marks."""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from dashboard.components.attributes import aria, data

KEYS = "Left and right walk through the marks, Enter selects, Escape clears."
DRAGS = {
    "zoom": ("Zoom", "Drag to zoom, Shift-drag to move, double-click to see all"),
    "box": ("Box", "Drag a box around tasks to select them"),
    "lasso": ("Lasso", "Draw around tasks to select them"),
}
CONFIG: Any = {
    "displayModeBar": False,
    "displaylogo": False,
    "doubleClick": False,  # the scripts fit the axes to what the filter shows
    "scrollZoom": True,
    "showTips": False,
    "showAxisDragHandles": True,
}


def chart(id: str, label: str) -> html.Div:
    """The place of a figure with marks; `plot` fills the element `<id>-plot`.

    Args:
        id: of the dcc.Graph that comes.
        label: what it shows, for screen readers.
    """
    fit = html.Button("⤢", id=f"{id}-fit", className="icon", title="Show all (double-click)")
    return html.Div(
        [
            html.Div(
                html.Div("Drawing…", className="chart-wait"), id=f"{id}-plot", className="plot"
            ),
            html.Canvas(className="marks"),
            html.Canvas(className="marks"),
            html.I(className="near", hidden=True),
            html.Div([drags(), fit], className="chart-tools"),
            html.Div(className="tip", hidden=True, role="tooltip"),
            html.Div(className="unseen", **aria(live="polite")),
        ],
        className="chart",
        tabIndex=0,
        role="application",
        **aria(label=f"{label} {KEYS}"),
        **data(drag="zoom"),
    )


def plot(id: str, figure: Any) -> dcc.Graph:
    """The figure itself, in the manner of all charts."""
    return dcc.Graph(id=id, figure=figure, config=CONFIG, responsive=True, className="plot")


def drags() -> html.Div:
    """What dragging in a chart does: zoom, or select by a box or a lasso."""
    return html.Div(
        [
            html.Button(
                text,
                className="option",
                title=help,
                **aria(pressed=str(key == "zoom").lower()),
                **data(drag=key),
            )
            for key, (text, help) in DRAGS.items()
        ],
        className="choice small",
        role="group",
        **aria(label="What dragging does"),
    )
