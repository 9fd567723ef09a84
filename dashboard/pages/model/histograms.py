"""Histograms: how each metric is spread over the tasks; a brush filters."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.components import choice
from dashboard.ids import Model
from dashboard.urls import View

HEIGHTS = {"tasks": "Tasks", "latency": "Latency"}
AXES = {"refit": "Refit", "all": "Whole"}
NOTHING = "No task matches. Remove a filter to see more."


def controls(view: View) -> list[Any]:
    """What bars count, and what axes span."""
    return [
        html.Span("Bars", className="field-name"),
        choice(
            Model.HEIGHT, HEIGHTS, "tasks",
            "Height of the bars: number of tasks (as its square root, so that one task shows), "
            "or sum of their latency",
        ),
        html.Span("Axes", className="field-name"),
        choice(
            Model.AXES, AXES, "refit",
            "Axes span what the other filters leave, or always the whole model",
        ),
        html.Span(
            "Drag on a histogram to filter", className="hint",
            title="Drag on a histogram to filter; drag the range to move it, its edges to resize "
            "it; click beside it to remove it",
        ),
    ]  # fmt: skip


def body(view: View) -> list[Any]:
    """The place of the cards, which the browser makes."""
    return [
        html.Div(
            [
                html.Div(className="tip", hidden=True, role="tooltip"),
                html.Div(NOTHING, className="drawing-none", hidden=True),
            ],
            id=Model.HISTOGRAMS,
            className="drawing histograms",
        )
    ]
