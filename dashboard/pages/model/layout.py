"""The layout of the model page: every part in its place, filled by the callbacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import dash_ag_grid as dag
import dash_cytoscape as cyto
import dash_mantine_components as dmc
from dash import dcc, html

from dashboard.components import aria, data
from dashboard.figures import op_graph, task_table
from dashboard.figures.tokens import SCHEMES, STEPS
from dashboard.ids import Model, repeated
from dashboard.pages.model import why
from dashboard.queries import default_target, services
from dashboard.queries.model import DEFAULT_FPS, glossary, targets
from dashboard.shell import header, not_found
from dashboard.urls import MODELS, View, from_query
from engine.errors import EngineError
from engine.graph import Dim
from engine.metrics import METRICS

GRID = {
    "theme": task_table.THEME,
    "rowSelection": {
        "mode": "multiRow",
        "checkboxes": False,
        "headerCheckbox": False,
        "enableClickSelection": True,
    },
    "animateRows": False,
    "suppressCellFocus": False,
    "tooltipShowDelay": 500,
    "suppressColumnMoveAnimation": True,
    "rowClassRules": {"conversion": "params.data.conversion", "unpriced": "params.data.unknown"},
    "isExternalFilterPresent": {"function": "onlyPresent()"},
    "doesExternalFilterPass": {"function": "onlyPass(params)"},
    "localeText": {"noRowsToShow": "No task matches. Remove a filter to see more."},
}

KEYS = (
    "Graph of the tasks. Arrow keys walk along the edges, Enter selects or opens a block, "
    "Escape clears. The table holds the same tasks."
)


def layout(model_id: str = "", **query: str) -> html.Div:
    """The page at an address; a model that is not there gets a sentence and the way back."""
    view = from_query(model_id, query)
    ask = services()
    try:
        row = ask.store.model(view.model_id)
    except EngineError:
        return not_found()
    known = targets()
    if view.target not in {id for id, _ in known}:
        view = replace(view, target=default_target())
    bound = dict(view.bindings)
    dims = [Dim(d.name, bound.get(d.name, d.value), d.name in bound or d.given) for d in row.dims]
    return page(view, row.name, known, dims)


def page(
    view: View, name: str, targets: Sequence[tuple[str, str]], dims: Sequence[Dim]
) -> html.Div:
    """The page of one model.

    Args:
        view: what the address asks for; its target is set.
        name: the model's name.
        targets: (id, label) of every target.
        dims: the model's symbolic sizes with the values in use.
    """
    return html.Div(
        [
            *_stores(view),
            _head(view, name, targets, dims),
            html.Div(skeleton_totals(), id=Model.TOTALS, className="totals", **aria(live="polite")),
            html.Div(id=Model.TRIAGE, className="triage"),
            html.Div([_table_dock(view), _graph_dock(view)], className="docks"),
        ],
        id=Model.PAGE,
        className="model-page",
    )


def _stores(view: View) -> list[Any]:
    state = {
        "selected": list(view.selection),
        "text": view.search,
        "where": [[c.column, c.operator, c.value] for c in view.conditions],
        "only": None,
        "colour": view.colour,
        "sort": view.sort,
        "from": "address",
    }
    return [
        dcc.Store(Model.MODEL, data=view.model_id),
        dcc.Store(Model.PRESET, data=view.preset),
        dcc.Store(Model.GLOSSARY, data=glossary()),
        dcc.Store(Model.STYLES, data={s: op_graph.stylesheet(s) for s in SCHEMES}),
        dcc.Store(Model.TASKS),
        dcc.Store(Model.EFFECTS),
        dcc.Store(Model.STATE, data=state),
        dcc.Store(Model.OPENED, data=[]),
        dcc.Store(Model.SHEET_OPEN, data=False),
        dcc.Store(Model.WHY_TASK),
    ]


def _head(
    view: View, name: str, targets: Sequence[tuple[str, str]], dims: Sequence[Dim]
) -> html.Header:
    target = dmc.Select(
        id=Model.TARGET,
        data=[{"value": i, "label": label} for i, label in targets],
        value=view.target,
        allowDeselect=False,
        searchable=True,
        variant="unstyled",
        size="xs",
        w=170,
        comboboxProps={"width": 280, "position": "bottom-start"},
        **aria(label="Target"),
    )
    fps = dmc.NumberInput(
        id=Model.FPS,
        value=view.fps or DEFAULT_FPS,
        min=0.01,
        max=100000,
        hideControls=True,
        suffix=" fps",
        debounce=400,
        variant="unstyled",
        size="xs",
        w=56,
        **aria(label="Target frame rate"),
    )
    tools = [
        *(_dim(d) for d in dims),
        field("Target", target),
        field("Frame rate", fps),
        html.Button(
            "Back to baseline",
            id=Model.BASELINE,
            className="button",
            hidden=True,
            **data(preset=""),
        ),
        html.Button(
            "Optimize",
            id=Model.OPTIMIZE,
            className="button primary",
            title="Presets for the whole model, with what each would change",
        ),
    ]
    return header([("Models", MODELS), (name, "")], tools)


def _dim(dim: Dim) -> html.Label:
    help = "set by you" if dim.given else "the file leaves this size open; our default"
    return html.Label(
        [
            html.Span(dim.name, className="field-name"),
            dmc.NumberInput(
                id=repeated(Model.DIM, dim.name),
                value=dim.value,
                min=1,
                max=2**31 - 1,
                allowDecimal=False,
                hideControls=True,
                debounce=600,
                variant="unstyled",
                size="xs",
                w=46,
                **aria(label=f"Size of {dim.name}"),
            ),
        ],
        className="field dim",
        title=f"{dim.name} = {dim.value}: {help}",
    )


def field(label: str, control: Any) -> html.Div:
    """A control with its name inside its border."""
    return html.Div([html.Span(label, className="field-name"), control], className="field")


def skeleton_totals() -> list[html.Div]:
    """Six grey totals of the final size."""
    return [
        html.Div([html.Div(className="bone short"), html.Div(className="bone")], className="total")
        for _ in range(6)
    ]


def _table_dock(view: View) -> html.Section:
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
                ],
                className="bar",
            ),
            dag.AgGrid(
                id=Model.TABLE,
                columnDefs=task_table.columns(),
                defaultColDef={
                    "sortable": True,
                    "resizable": True,
                    "suppressHeaderMenuButton": True,
                    "floatingFilter": False,
                    "suppressMovable": False,
                },
                dashGridOptions=GRID,
                getRowId="params.data.key",
                className="table",
                style={"height": None, "width": None},
            ),
            html.Footer(id=Model.SELECTION, className="selection", **aria(live="polite")),
        ],
        className="pane table-dock",
        **aria(label="Tasks"),
    )


def _column_menu() -> dmc.Popover:
    boxes = [
        dmc.Checkbox(label=header, value=field_, size="xs", className="column-choice")
        for field_, header in task_table.chooser()
    ]
    shown = [c["field"] for c in task_table.columns() if not c.get("hide")]
    return dmc.Popover(
        [
            dmc.PopoverTarget(html.Button("Columns", className="button", id="model--columns-open")),
            dmc.PopoverDropdown(
                [
                    dcc.Input(
                        id=Model.COLUMN_SEARCH,
                        type="search",
                        placeholder="Find a column…",
                        className="search",
                        debounce=False,
                    ),
                    dmc.CheckboxGroup(
                        html.Div(boxes, className="column-list"), id=Model.COLUMNS, value=shown
                    ),
                ]
            ),
        ],
        position="bottom-end",
        width=240,
        trapFocus=True,
        returnFocus=True,
    )


def _graph_dock(view: View) -> html.Section:
    metrics = [{"value": m.id, "label": m.label} for m in METRICS]
    known = {m["value"] for m in metrics}
    return html.Section(
        [
            html.Div(
                [
                    html.H2("Graph"),
                    html.Span(className="spring"),
                    html.Button(
                        "Fold all", id=Model.FOLD, className="button", hidden=True,
                        title="Fold every block that you opened",
                    ),
                    field(
                        "Colour",
                        dmc.Select(
                            id=Model.COLOUR,
                            data=metrics,
                            value=view.colour if view.colour in known else "latency_s",
                            allowDeselect=False,
                            variant="unstyled",
                            size="xs",
                            w=124,
                            **aria(label="Metric that colours the graph"),
                        ),
                    ),
                    html.Div(
                        [
                            html.Button("+", id=Model.ZOOM_IN, title="Zoom in", className="icon"),
                            html.Button("−", id=Model.ZOOM_OUT, title="Zoom out", className="icon"),
                            html.Button("⤢", id=Model.FIT, title="Show all", className="icon"),
                        ],
                        className="group",
                    ),
                ],
                className="bar",
            ),
            html.Div(
                [
                    cyto.Cytoscape(
                        id=Model.GRAPH,
                        elements=[],
                        stylesheet=[],
                        layout={"name": "preset", "fit": True, "padding": 28},
                        autoRefreshLayout=False,
                        boxSelectionEnabled=True,
                        autounselectify=True,
                        minZoom=0.04,
                        maxZoom=3,
                        wheelSensitivity=0.3,
                        responsive=False,
                        className="graph",
                        style={"width": "100%", "height": "100%"},
                    ),
                    html.Div("Drawing the graph…", className="graph-wait"),
                    _legend(),
                    html.Div(
                        [
                            html.Canvas(
                                id=Model.MINIMAP, width=150, height=110,
                                title="The whole graph; drag the window",
                            ),
                            html.Button(
                                "×", id=Model.MINIMAP_HIDE, className="icon",
                                title="Hide or show the overview",
                            ),
                        ],
                        className="minimap",
                    ),
                    html.Div(id=Model.TIP, className="tip", hidden=True, role="tooltip"),
                ],
                id=Model.GRAPH_PANE,
                className="graph-pane",
                tabIndex=0,
                role="application",
                **aria(label=KEYS),
            ),
            _sheet(),
            why.sheet(),
        ],
        className="pane graph-dock",
        **aria(label="Graph"),
    )  # fmt: skip


def _legend() -> html.Div:
    return html.Div(
        [
            html.Div(className="legend-name"),
            html.Div([html.I(className=f"step s{k}") for k in range(STEPS)], className="ramp"),
            html.Div([html.Span(), html.Span(), html.Span()], className="legend-ends"),
        ],
        id=Model.LEGEND,
        className="legend",
    )


def _sheet() -> html.Aside:
    return html.Aside(
        [
            html.Div(
                [
                    html.H2("Optimize the whole model"),
                    html.Span(className="spring"),
                    html.Button("×", id=Model.SHEET_CLOSE, className="icon", title="Close"),
                ],
                className="bar",
            ),
            html.Div(id=Model.OFFERS, className="offers"),
        ],
        id=Model.SHEET,
        className="sheet",
        hidden=True,
        **aria(label="Presets"),
    )
