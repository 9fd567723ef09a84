"""The axes of the scatter plot.

The marks are drawn by `assets/js/marks.js`; `scatter.js` fits the ranges to what the filter shows.
"""

from __future__ import annotations

import plotly.graph_objects as go

from dashboard.figures.template import LANE, template, titles
from engine.metrics import Metric

# what the lanes beside logarithmic axes say; shown where a task lies in one
ZEROS = (
    {
        "text": "0", "visible": False, "xref": "paper", "yref": "paper", "x": 0, "y": 0,
        "xanchor": "center", "yanchor": "top", "xshift": LANE / 2, "yshift": -3,
    },
    {
        "text": "0", "visible": False, "xref": "paper", "yref": "paper", "x": 0, "y": 0,
        "xanchor": "right", "yanchor": "middle", "xshift": -4, "yshift": LANE / 2,
    },
)  # fmt: skip


def figure(x: Metric, y: Metric, log: str, scheme: str) -> go.Figure:
    """Axes of two metrics, in page units.

    Args:
        x: metric of the horizontal axis.
        y: metric of the vertical axis.
        log: the logarithmic axes, of `urls.LOGS`.
        scheme: "light" or "dark".
    """
    axes = {name: "log" if name in log else "linear" for name in "xy"}
    return go.Figure(
        layout={
            "template": template(scheme),
            **{
                f"{name}axis": {"type": kind, "range": [0, 1], "anchor": "free", "position": 0}
                for name, kind in axes.items()
            },
            "annotations": [*titles(x.header, y.header), *ZEROS],
            "dragmode": "zoom",
            "uirevision": "scatter",
        }
    )
