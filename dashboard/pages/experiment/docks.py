"""The lower right pane: comparison, budgets, table; all kept mounted."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.components import aria
from dashboard.ids import Experiment
from dashboard.pages.experiment import budgets, compare, table
from dashboard.queries.experiment_edits import document_of
from dashboard.queries.experiment_named import formulas
from dashboard.urls_experiment import ExperimentView
from engine.experiments import Experiment as Found
from engine.store import ExperimentRow

DOCKS = {"compare": "Compare", "budgets": "Budgets", "table": "Table"}


def lower(
    view: ExperimentView,
    sent: dict[str, Any],
    row: ExperimentRow,
    found: Found,
    editable: bool = True,
) -> html.Section:
    """Tabs, and one pane each."""
    chosen = view.dock if view.dock in DOCKS else next(iter(DOCKS))
    tabs = [
        html.Button(
            text,
            id=f"{Experiment.TAB}-{dock}",
            className="tab",
            role="tab",
            tabIndex=0 if dock == chosen else -1,
            **aria(selected=str(dock == chosen).lower(), controls=f"{Experiment.PANE}-{dock}"),
        )
        for dock, text in DOCKS.items()
    ]
    bodies = {
        "compare": compare.body(),
        "budgets": budgets.body(found),
        "table": table.body(sent, formulas(document_of(row)), editable),
    }
    return html.Section(
        [
            html.Div(
                [
                    html.Div(tabs, className="tabs", role="tablist", **aria(label="Details")),
                    html.Span(className="spring"),
                    html.Button(
                        "⤢",
                        id=Experiment.WIDE,
                        className="icon",
                        title="Give this pane the whole window, or its place",
                        **aria(pressed="false"),
                    ),
                ],
                className="bar heads",
            ),
            *(
                html.Div(
                    bodies[dock],
                    id=f"{Experiment.PANE}-{dock}",
                    className="dock-pane",
                    role="tabpanel",
                    hidden=dock != chosen,
                    **aria(labelledby=f"{Experiment.TAB}-{dock}"),
                )
                for dock in DOCKS
            ),
        ],
        id=Experiment.RIGHT,
        className="pane lower-dock",
        **aria(label="Details"),
    )
