"""Code: the lines of source that the tasks come from, with what each costs."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.components import aria, choice
from dashboard.ids import Model
from dashboard.pages.model.timeline import legend
from dashboard.urls import View

READINGS = {"file": "File", "places": "Selection"}
KEYS = (
    "Lines of source. Up and down walk through the lines that tasks come from, Enter selects their "
    "tasks. The table holds the same tasks."
)
NOTE = "A task counts once, at its line"
EXACTLY = (
    "A filled figure is the sum over the tasks of a line, each counted once. An outlined one is of "
    "a line that calls other lines, or whose ops were fused into their tasks."
)


def controls(view: View) -> list[Any]:
    """A file, or the lines of the selection."""
    return [
        choice(Model.READING, READINGS, "file", "Read a file, or the lines of the selected tasks"),
        html.Span("Click a line to select its tasks", className="chart-hint", title=EXACTLY),
    ]


def body(view: View) -> list[Any]:
    """The files, the list of lines with the whole beside it, the lines of the selection."""
    lines = html.Div(
        html.Div(className="code-rows"), className="code-list", tabIndex=0, role="listbox",
        **aria(label=KEYS, multiselectable="true"),
    )  # fmt: skip
    whole = html.Canvas(className="code-strip", title="The whole file; press to go there")
    return [
        html.Div(
            [
                html.Nav(className="code-files", **aria(label="Source files")),
                html.Div(
                    [
                        html.Div(className="code-head"),
                        html.Div([lines, whole], className="code-body"),
                    ],
                    className="code-main",
                ),
                html.Div(
                    className="code-places", hidden=True, tabIndex=0, role="region",
                    **aria(label="Lines of the selected tasks"),
                ),
                html.Div("", className="drawing-none", hidden=True),
            ],
            id=Model.CODE,
            className="code",
        ),
        legend(Model.CODE, html.Span(NOTE, id=Model.CODE_NOTE, title=EXACTLY)),
    ]  # fmt: skip
