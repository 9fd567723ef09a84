"""The two docks of the model page: the table on the left, the drawings on the right."""

from __future__ import annotations

from typing import Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import dcc, html

from dashboard.components import aria, field
from dashboard.figures import task_table
from dashboard.ids import Model
from dashboard.pages.model import (
    analyses,
    budgets,
    code,
    composition,
    exports,
    graph,
    histograms,
    options,
    presets,
    roofline,
    rules,
    scatter,
    timeline,
    why,
)
from dashboard.urls import DOCKS, View
from engine.metrics import BY_ID, METRICS

# dock -> the module that lays it out: `controls(view)` for its bar, `body(view)` for its pane
_MODULES = (graph, histograms, scatter, timeline, roofline, composition, code)
PANES = dict(zip(DOCKS, _MODULES, strict=True))
GRID = {
    "theme": task_table.THEME,
    "animateRows": False,
    "deltaSort": True,
    "suppressCellFocus": False,
    "tooltipShowDelay": 500,
    "suppressColumnMoveAnimation": True,
    "rowClassRules": {
        "conversion": "params.data.conversion",
        "unpriced": "params.data.unknown",
        "picked": "picked(params.data.id)",
    },
    "localeText": {"noRowsToShow": "No task matches. Remove a filter to see more."},
}

COLUMN = {
    "sortable": True,
    "resizable": True,
    "suppressHeaderMenuButton": True,
    "floatingFilter": False,
    "suppressMovable": False,
}


def left(view: View) -> html.Section:
    """The dock of the table: search, chips, columns, rows, selection bar."""
    return html.Section(
        [
            html.Div(
                [
                    dcc.Input(
                        id=Model.SEARCH,
                        type="search",
                        value=view.search,
                        placeholder="Search task or id…  /",
                        className="search",
                        debounce=False,
                        autoComplete="off",
                    ),
                    html.Div(id=Model.CHIPS, className="chips"),
                    html.Span(id=Model.COUNT, className="count", **aria(live="polite")),
                    _column_menu(),
                    *exports.menu(),
                ],
                className="bar",
            ),
            dag.AgGrid(
                id=Model.TABLE,
                columnDefs=task_table.columns(),
                defaultColDef=COLUMN,
                dashGridOptions=GRID,
                getRowId="params.data.key",
                rowModelType=None,  # client side; named, the component copies all rows to Dash
                className="table",
                style={"height": None, "width": None},
            ),
            html.Footer(id=Model.SELECTION, className="selection", **aria(live="polite")),
        ],
        className="pane table-dock",
        **aria(label="Tasks"),
    )


def _column_menu() -> html.Details:
    shown = [c["field"] for c in task_table.columns() if not c.get("hide")]
    search = dcc.Input(
        id=Model.COLUMN_SEARCH,
        type="search",
        placeholder="Find a column…",
        className="search",
        debounce=False,
    )
    group = dcc.Checklist(
        id=Model.COLUMNS,
        options=[{"label": header, "value": field_} for field_, header in task_table.chooser()],
        value=shown,
        className="column-list",
        labelClassName="column-choice",
    )
    return html.Details(
        [
            html.Summary("Columns", className="button", id="model--columns-open"),
            html.Div([search, group], className="menu-body"),
        ],
        className="menu",
    )


def right(view: View) -> html.Section:
    """The dock of drawings: tabs, and one pane each, all kept mounted."""
    tabs = [
        html.Button(
            dock.capitalize(),
            id=f"{Model.TAB}-{dock}",
            className="tab",
            role="tab",
            tabIndex=0 if dock == view.dock else -1,
            **aria(selected=str(dock == view.dock).lower(), controls=f"{Model.PANE}-{dock}"),
        )
        for dock in DOCKS
    ]
    return html.Section(
        [
            html.Div(
                [
                    html.Div(tabs, className="tabs", role="tablist", **aria(label="Drawings")),
                    html.Span(className="spring"),
                    _colour(view),
                ],
                className="bar heads",
            ),
            *(_pane(dock, view) for dock in DOCKS),
            presets.sheet(),
            rules.sheet(),
            analyses.sheet(),
            budgets.sheet(),
            options.sheet(),
            why.sheet(),
        ],
        id=Model.RIGHT,
        className="pane graph-dock",
        **aria(label="Drawings of the tasks"),
    )


def _colour(view: View) -> html.Div:
    """The metric that colours all drawings."""
    return field(
        "Colour",
        dmc.Select(
            id=Model.COLOUR,
            data=[{"value": m.id, "label": m.label} for m in METRICS],
            value=view.colour if view.colour in BY_ID else "latency_s",
            allowDeselect=False,
            variant="unstyled",
            size="xs",
            w=108,
            comboboxProps={"width": 190, "position": "bottom-end"},
            **aria(label="Metric that colours the drawings"),
        ),
    )


def _pane(dock: str, view: View) -> html.Div:
    module: Any = PANES[dock]
    return html.Div(
        [
            html.Div(
                [*module.controls(view), *([exports.picture()] if dock != "code" else [])],
                id=f"{Model.BAR}-{dock}",
                className="bar controls",
            ),
            *module.body(view),
        ],
        id=f"{Model.PANE}-{dock}",
        className="dock-pane",
        role="tabpanel",
        hidden=dock != view.dock,
        **aria(labelledby=f"{Model.TAB}-{dock}"),
    )
