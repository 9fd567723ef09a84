"""The frame of a trade-off chart: axes, and the line of the Pareto front.

The marks are drawn by `assets/js/marks.js`; `trade_off.js` fits the ranges to what the filter
shows, and puts in the front, the knee and the bounds that the server has found.
"""

from __future__ import annotations

import plotly.graph_objects as go

from dashboard.figures.template import template, titles
from dashboard.figures.tokens import tokens

MARGIN = {"l": 52, "r": 14, "t": 30, "b": 40}


def figure(scheme: str) -> go.Figure:
    """An empty chart with the trace of the front.

    Args:
        scheme: "light" or "dark".
    """
    front = go.Scatter(
        x=[], y=[], mode="lines", hoverinfo="skip",
        line={"color": tokens(scheme)["accent"], "width": 1.5},
    )  # fmt: skip
    return go.Figure(
        data=[front],
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
