"""Predicted against measured, one point a model: what lies on the diagonal is right."""

from __future__ import annotations

import math

import plotly.graph_objects as go
import polars as pl

from dashboard.components import percent, quantity
from dashboard.figures.template import template, titles
from dashboard.figures.tokens import tokens

BANDS = (0.2, 0.1)  # shares around the diagonal that are drawn, the wide one first


def identity(models: pl.DataFrame, scheme: str) -> go.Figure:
    """The scatter, both axes logarithmic, ms.

    Args:
        models: rows of `engine.execute.VALIDATED_SCHEMA`; those without a prediction are left out.
        scheme: "light" or "dark".
    """
    known = models.filter(pl.col("predicted_s").is_not_null() & pl.col("measured_s").is_not_null())
    colour = tokens(scheme)
    x = [1e3 * v for v in known["measured_s"]]
    y = [1e3 * v for v in known["predicted_s"]]
    low, high = min([*x, *y], default=0.1) / 1.6, max([*x, *y], default=10.0) * 1.6
    figure = go.Figure(layout={"template": template(scheme)})
    for share, tone in zip(BANDS, ("soft-line", "line"), strict=True):
        figure.add_scatter(
            x=[low, high, high, low], y=[low * (1 + share), high * (1 + share),
                                         high / (1 + share), low / (1 + share)],
            fill="toself", mode="none", fillcolor=colour[tone], opacity=0.6, hoverinfo="skip",
        )  # fmt: skip
    figure.add_scatter(
        x=[low, high], y=[low, high], mode="lines", hoverinfo="skip",
        line={"color": colour["muted"], "width": 1},
    )  # fmt: skip
    figure.add_scatter(
        x=x, y=y, mode="markers", name="models",
        marker={"size": 8, "color": colour["accent"], "line": {"color": colour["surface"],
                                                               "width": 1}},
        text=[_told(row) for row in known.iter_rows(named=True)],
        hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip
    axis = {"type": "log", "range": [math.log10(low), math.log10(high)], "dtick": 1}
    figure.update_layout(
        hovermode="closest", xaxis=axis, yaxis=axis,
        annotations=titles("Measured, ms", "Predicted, ms"),
    )  # fmt: skip
    return figure


def _told(row: dict[str, object]) -> str:
    guess, truth = (
        " ".join(quantity(float(str(row[name])), "s")) for name in ("predicted_s", "measured_s")
    )
    error = float(str(row["error"]))
    return f"<b>{row['model']}</b><br>predicted {guess}, measured {truth}, {_signed(error)}"


def _signed(error: float) -> str:
    return f"{'+' if error > 0 else '−'}{percent(abs(error))}"
