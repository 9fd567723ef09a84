"""One look for all Plotly figures, in both colour schemes, from `assets/tokens.css`."""

from __future__ import annotations

from functools import cache
from typing import Any

import plotly.graph_objects as go

from dashboard.figures.tokens import tokens

FONT = "Inter, system-ui, -apple-system, 'Segoe UI', sans-serif"
CLEAR = "rgba(0,0,0,0)"
MARGIN = {"l": 58, "r": 18, "t": 40, "b": 46}  # px: tick labels, and titles in the corners
LANE = 26  # px beside a logarithmic axis for the marks that are zero; see assets/js/marks.js


@cache
def template(scheme: str) -> go.layout.Template:
    """The template of one colour scheme ("light" or "dark"): thin grid, quiet ticks, our type."""
    colour = tokens(scheme)
    axis: dict[str, Any] = {
        "gridcolor": colour["soft-line"],
        "linecolor": colour["line"],
        "zerolinecolor": colour["line"],
        "tickcolor": colour["line"],
        "tickfont": {"color": colour["muted"], "size": 12},
        "ticks": "outside",
        "ticklen": 4,
        "showline": True,
        "zeroline": False,
        "automargin": False,
        "tickformat": ",~g",
        "nticks": 6,
        "minor": {"showgrid": False},
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 12, "color": colour["ink"]},
            "paper_bgcolor": CLEAR,
            "plot_bgcolor": CLEAR,
            "colorway": [colour[f"cat-{k}"] for k in range(8)],
            "margin": MARGIN,
            "xaxis": axis,
            "yaxis": axis,
            "annotationdefaults": {
                "showarrow": False,
                "font": {"color": colour["muted"], "size": 12},
            },
            "hovermode": False,
            "showlegend": False,
            "selectdirection": "any",
            "newselection": {"line": {"color": colour["accent"]}},
        }
    )


def titles(x: str, y: str) -> list[dict[str, Any]]:
    """Titles of both axes as annotations in the corners: y above its axis, x under its end."""
    return [
        {
            "text": x, "xref": "paper", "yref": "paper", "x": 1, "y": 0,
            "xanchor": "right", "yanchor": "top", "yshift": -22,
        },
        {
            "text": y, "xref": "paper", "yref": "paper", "x": 0, "y": 1,
            "xanchor": "left", "yanchor": "bottom", "xshift": -48, "yshift": 8,
        },
    ]  # fmt: skip
