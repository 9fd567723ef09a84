"""Budgets: a histogram for each metric to brush, and the bounds as figures to type."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.components import aria, choice
from dashboard.ids import Experiment

AXES = {"refit": "Refit", "all": "Whole"}
NOTHING = "No model passes. Remove a bound to see more."


def body(_sent: dict[str, Any]) -> list[Any]:
    """The bar, the typed bounds, the place of the cards, which the browser makes."""
    return [
        html.Div(
            [
                html.Span("Axes", className="field-name"),
                choice(
                    Experiment.AXES, AXES, "refit",
                    "Axes span what the other bounds leave, or always all models",
                ),
                html.Span(
                    "Drag on a histogram to bound a metric", className="hint",
                    title="Drag on a histogram to set a bound; drag the range to move it, its "
                    "edges to resize it; click beside it to remove it",
                ),
            ],
            className="bar controls",
        ),
        html.Div(id=Experiment.BOUNDS, className="bounds", **aria(label="Bounds"), role="group"),
        html.Div(
            [
                html.Div(className="tip", hidden=True, role="tooltip"),
                html.Div(NOTHING, className="drawing-none", hidden=True),
            ],
            id=Experiment.HISTOGRAMS,
            className="drawing histograms",
        ),
    ]  # fmt: skip
