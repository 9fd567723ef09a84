"""The frame of a trade-off chart: its axes.

The marks are drawn by `assets/js/marks.js`; `trade_off.js` fits the ranges to what the filter
shows, and puts in the front, the knee and the bounds that the server has found, as shapes: a trace
would make Plotly draw all of it anew at every brush.
"""

from __future__ import annotations

import plotly.graph_objects as go

from dashboard.figures.template import template, titles

MARGIN = {"l": 52, "r": 14, "t": 30, "b": 40}


def figure(scheme: str) -> go.Figure:
    """An empty chart.

    Args:
        scheme: "light" or "dark".
    """
    return go.Figure(
        data=[go.Scatter(x=[], y=[], hoverinfo="skip")],
        layout={
            "template": template(scheme),
            "margin": MARGIN,
            "xaxis": {"range": [0, 1], "nticks": 5},
            "yaxis": {"range": [0, 1], "nticks": 5},
            "annotations": titles("", ""),
            "dragmode": "zoom",
            "uirevision": "trade-off",
        },
    )
