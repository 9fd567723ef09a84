"""How the best reachable quality changes as one bound moves: a staircase and the bound on it."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from dashboard.figures.template import template
from dashboard.figures.tokens import tokens

MARGIN = {"l": 46, "r": 12, "t": 26, "b": 34}


@dataclass(frozen=True, slots=True)
class Stairs:
    """The steps of one bound, in page units, the tightest first.

    Args:
        x_title: of the bound; y_title: of the quality.
        upper: the bound is an upper one.
        limit: where it is now.
        at: limits from which the best is another one; best: that value, `rows` the models.
        texts: what a tooltip says of each step.
    """

    x_title: str
    y_title: str
    upper: bool
    limit: float
    at: tuple[float, ...]
    best: tuple[float, ...]
    rows: tuple[int, ...]
    texts: tuple[str, ...]


def figure(curve: Stairs, scheme: str) -> go.Figure:
    """One bound; a click on a step selects its model (`customdata`).

    Args:
        curve: its steps.
        scheme: "light" or "dark".
    """
    token = tokens(scheme)
    at, best, limit = curve.at, curve.best, curve.limit
    ends = [*at, limit]
    low, high = min(ends), max(ends)
    pad = (high - low or abs(high) or 1.0) * 0.06
    x_range = [low - pad, high + 2 * pad]
    far = x_range[1] if curve.upper else x_range[0]  # beyond the last step the best stays
    stairs = go.Scatter(
        x=[*at, far], y=[*best, best[-1]], mode="lines", hoverinfo="skip",
        line={"color": token["seq-4"], "width": 2, "shape": "hv"},
    )  # fmt: skip
    within = [a <= limit if curve.upper else a >= limit for a in at]
    steps = go.Scatter(
        x=at, y=best, mode="markers",
        marker={"size": 7, "line": {"color": token["seq-4"], "width": 1.5},
                "color": [token["seq-4"] if on else token["surface"] for on in within]},
        customdata=[[row] for row in curve.rows],
        text=curve.texts,
        hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip
    made = go.Figure(
        data=[stairs, steps],
        layout={
            "template": template(scheme),
            "margin": MARGIN,
            "hovermode": "closest",
            "dragmode": False,
            "xaxis": {"range": x_range, "nticks": 6, "fixedrange": True},
            "yaxis": {"nticks": 4, "fixedrange": True, "rangemode": "normal"},
            "annotations": [
                {
                    "text": curve.y_title, "xref": "paper", "yref": "paper", "x": 0,
                    "y": 1, "xanchor": "left", "yanchor": "bottom", "xshift": -38, "yshift": 6,
                },
                {
                    "text": curve.x_title, "xref": "paper", "yref": "paper", "x": 1, "y": 0,
                    "xanchor": "right", "yanchor": "top", "yshift": -18,
                },
            ],
        },
    )  # fmt: skip
    made.add_vline(x=limit, line={"color": token["budget"], "width": 1.5, "dash": "dash"})
    right = limit > (x_range[0] + x_range[1]) / 2
    made.add_annotation(
        text="now", x=limit, yref="paper", y=0, yanchor="bottom",
        xanchor="right" if right else "left", font={"color": token["budget"], "size": 12},
    )  # fmt: skip
    return made
