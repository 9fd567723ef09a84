"""The table of all models: what was done, every metric, notes and flags edited in place."""

from __future__ import annotations

from typing import Any

import dash_ag_grid as dag
from dash import html

from dashboard.components import aria
from dashboard.figures.experiment_table import columns
from dashboard.figures.task_table import THEME
from dashboard.ids import Experiment
from dashboard.pages.experiment import formula

GRID = {
    "theme": THEME,
    "animateRows": False,
    "tooltipShowDelay": 500,
    "suppressColumnMoveAnimation": True,
    "singleClickEdit": False,
    "stopEditingWhenCellsLoseFocus": True,
    "rowClassRules": {"picked": "picked(params.data.id)"},
    "localeText": {"noRowsToShow": "No model passes. Remove a bound or the search to see more."},
}


def body(sent: dict[str, Any], own: list[list[str]], editable: bool = True) -> list[Any]:
    """The bar and the grid.

    Args:
        sent: what the page says of the metrics.
        own: metrics by formula that were added on the page.
        editable: notes and flags may be written.
    """
    return [
        html.Div(
            [
                html.Button(
                    "Only what differs",
                    id=Experiment.DIFFERS,
                    className="button toggle",
                    title="Hide columns that are the same for the selected models, or all shown",
                    **aria(pressed="false"),
                ),
                html.Span(
                    "Double-click a note or flags to write", className="hint for-editor",
                    title="Notes and flags are edited in place and kept with the experiment",
                ),
                html.Span(className="spring"),
                formula.menu(sent, own),
            ],
            className="bar controls",
        ),
        dag.AgGrid(
            id=Experiment.TABLE,
            columnDefs=columns(sent, editable),
            defaultColDef={
                "sortable": True,
                "resizable": True,
                "suppressHeaderMenuButton": True,
            },
            dashGridOptions=GRID,
            getRowId="params.data.key",
            rowModelType=None,  # client side; named, the component copies all rows to Dash
            className="table",
            style={"height": None, "width": None},
        ),
    ]  # fmt: skip
