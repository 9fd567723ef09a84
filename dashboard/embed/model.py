"""Embeds of a model: its table, its graph, both, or its totals.

The parts are those of the model page, under the ids that its scripts know.  A control that a frame
does not offer is a `<data>` element, which only holds the value that callbacks read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import dash_ag_grid as dag
from dash import html

from dashboard.components import aria
from dashboard.embed import frame
from dashboard.embed.foot import Shown
from dashboard.figures import task_table
from dashboard.ids import Model, repeated
from dashboard.ids_embed import Part
from dashboard.pages.model import docks, graph, why
from dashboard.pages.model.layout import dims_of, skeleton_totals, state_of
from dashboard.queries import default_target, services
from dashboard.queries.analyses import Opening, opening
from dashboard.queries.documents import preset_rules
from dashboard.queries.model import DEFAULT_FPS, glossary, targets
from dashboard.urls import View, from_query
from engine.graph import Dim

TABLES, GRAPHS = frozenset({"table", "both", "graph"}), frozenset({"graph", "both"})
NO_TABLE = "none"  # a dock that draws nothing


def shown(model_id: str, query: Mapping[str, object], part: str, root: str) -> Shown:
    """What a frame shows of a model.

    Args:
        model_id: the model.
        query: of the view, as addresses have it.
        part: of `urls_embed.PARTS`.
        root: path of this embed; the drawings are asked for under it.

    Raises:
        EngineError: no such model, or the link is not of it.
    """
    view = from_query(model_id, query)
    row = services().store.model(view.model_id)
    opened = opening(services().store, view)
    view = opened.view
    if view.target not in {id for id, _ in targets()}:
        view = replace(view, target=default_target())
    view = replace(view, dock="graph" if part in GRAPHS else NO_TABLE)
    draft = opened.draft
    name = " · ".join(filter(None, (row.name, draft["name"], draft["at"] and draft["base"])))
    time = datetime.fromisoformat(draft["saved"]) if draft["saved"] else row.created
    return Shown(_body(view, dims_of(row, view), opened, part), name, time, opened.notice)


def _body(view: View, dims: Sequence[Dim], opened: Opening, part: str) -> list[Any]:
    totals = html.Div(
        skeleton_totals(), id=Model.TOTALS, className="totals", hidden=part != "totals",
        **aria(live="polite"),
    )  # fmt: skip
    parts: list[Any] = [*_values(view, dims, opened), totals]
    if part in TABLES:
        parts += [*frame.stores({Model.TASKS: None}), _table(part == "graph")]
    if part in GRAPHS:
        parts += [*frame.stores({Model.STYLES: graph.styles()}), _graph(view, part == "graph")]
    if part == "both":
        parts.append(_switch())
    return [frame.page(Model.PAGE, parts)]


def _switch() -> html.Nav:
    """Table or graph, where a frame is too narrow for both; the styles follow the address."""
    names = {Part.TABLE: "Table", Part.GRAPH: "Graph"}
    links = [html.A(name, id=id, href=f"#{id}") for id, name in names.items()]
    return html.Nav(links, className="embed-switch", **aria(label="What is shown"))


def _values(view: View, dims: Sequence[Dim], opened: Opening) -> list[Any]:
    """What the callbacks read and nobody sees."""
    held = {
        Model.MODEL: view.model_id,
        Model.RECIPE: opened.document,
        Model.AGAINST: opened.against,
        Model.DRAFT: opened.draft,
        Model.PRESETS: preset_rules(),
        Model.BUDGETS: None,
        Model.GLOSSARY: glossary(),
        Model.EFFECTS: None,
        Model.STATE: state_of(view),
        Model.SHEET_OPEN: "",
        Model.WHY_TASK: None,
        Model.ROOM: None,
        Model.CHARTS: None,
    }
    values = [
        _held(Model.TARGET, view.target),
        _held(Model.FPS, view.fps or DEFAULT_FPS),
        _held(Model.SEARCH, view.search),
        _held(Model.COLOUR, view.colour),
        _held(Model.COLUMNS, None),
        *(_held(repeated(Model.DIM, d.name), d.value) for d in dims),
        html.Div(id=Model.TRIAGE),
    ]
    return [*frame.stores(held), frame.unseen(*values)]


def _held(id: Any, value: Any) -> html.Data:
    """A value where the page has a control."""
    return html.Data(id=id, value=value)


def _table(hidden: bool) -> html.Section:
    """The tasks; the graph takes from them what passes the filter, so it has them too."""
    return frame.pane(
        [
            html.Div(
                [
                    html.Span(id=Model.COUNT, className="count", **aria(live="polite")),
                    html.Div(id=Model.CHIPS, className="chips"),
                ],
                className="bar",
            ),
            dag.AgGrid(
                id=Model.TABLE,
                columnDefs=task_table.columns(),
                defaultColDef=docks.COLUMN,
                dashGridOptions=docks.GRID,
                getRowId="params.data.key",
                rowModelType=None,
                className="table",
                style={"height": None, "width": None},
            ),
            *(() if hidden else _selected()),
        ],
        "Tasks",
        "table-dock",
        *(["embed-unseen"] if hidden else []),
    )


def _selected() -> tuple[Any, ...]:
    """What is selected in words, and the formula of one task's figures."""
    words = html.Footer(id=Model.SELECTION, className="selection", **aria(live="polite"))
    return words, why.sheet()


def _graph(view: View, alone: bool) -> html.Section:
    offered = html.Div(graph.zooms(), className="embed-tools")
    gone = html.Button(id=Model.LASSO, hidden=True)
    seen = [*graph.body(view), offered, gone, *(_selected() if alone else ())]
    return frame.pane(seen, "Graph of the tasks", "graph-dock")
