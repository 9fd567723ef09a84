"""The layout of the model page: every part in its place, filled by the callbacks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard import embed_sheet
from dashboard.components import aria, data, field
from dashboard.ids import Model, repeated
from dashboard.pages.model import analyses, budgets, docks, graph, rules
from dashboard.queries import default_target, services
from dashboard.queries.analyses import Opening, opening
from dashboard.queries.documents import preset_rules
from dashboard.queries.model import DEFAULT_FPS, glossary, targets
from dashboard.queries.sharing import held_words, keeps
from dashboard.share_sheet import button
from dashboard.shell import header, not_found, notify
from dashboard.urls import MODELS, View, from_query
from engine.errors import EngineError
from engine.graph import Dim
from engine.store import ModelRow


def layout(model_id: str = "", **query: str) -> html.Div:
    """The page at an address; a model that is not there gets a sentence and the way back."""
    view = from_query(model_id, query)
    ask = services()
    try:
        row = ask.store.model(view.model_id)
    except EngineError:
        return not_found()
    known = targets()
    opened = opening(ask.store, view)
    view = opened.view
    if view.target not in {id for id, _ in known}:
        view = replace(view, target=default_target())
    if opened.notice:
        notify(opened.notice, "fault")
    role = ask.store.sharing.role("model", row.id)
    held = {"keeps": keeps("model", role), "may": role.word, "whose": held_words(row.owner, role)}
    return page(view, row.name, known, dims_of(row, view), opened, held)


def dims_of(row: ModelRow, view: View) -> list[Dim]:
    """The symbolic sizes of a model with the values that a view gives them."""
    bound = dict(view.bindings)
    return [Dim(d.name, bound.get(d.name, d.value), d.name in bound or d.given) for d in row.dims]


def page(
    view: View,
    name: str,
    targets: Sequence[tuple[str, str]],
    dims: Sequence[Dim],
    opened: Opening,
    held: Mapping[str, str],
) -> html.Div:
    """The page of one model.

    Args:
        view: what the address asks for; its target is set.
        name: the model's name.
        targets: (id, label) of every target.
        dims: the model's symbolic sizes with the values in use.
        opened: the recipe, comparison and draft that the address leads to.
        held: of the model, what `queries.analyses.draft_state` tells of an analysis: "keeps",
            "may" and "whose".
    """
    return html.Div(
        [
            *_stores(view, opened),
            _head(view, name, targets, dims, opened.draft["whose"] or held["whose"]),
            analyses.conflict_bar(),
            analyses.meanwhile(),
            html.Div(skeleton_totals(), id=Model.TOTALS, className="totals", **aria(live="polite")),
            html.Div(skeleton_triage(), id=Model.TRIAGE, className="triage"),
            html.Div([docks.left(view), docks.right(view)], id=Model.DOCKS, className="docks"),
        ],
        id=Model.PAGE,
        className="model-page",
        **data(
            may=opened.draft["may"] or held["may"], keeps=opened.draft["keeps"] or held["keeps"]
        ),
        **data(modelmay=held["may"], modelkeeps=held["keeps"], modelwhose=held["whose"]),
    )


def state_of(view: View) -> dict[str, Any]:
    """What the browser begins with: selection, filter, what the drawings show."""
    return {
        "selected": list(view.selection),
        "text": view.search,
        "where": [[c.column, c.operator, c.value] for c in view.conditions],
        "only": None,
        "colour": view.colour,
        "sort": view.sort,
        "dock": view.dock,
        "show": view.show,
        "direction": view.direction,
        "x": view.x,
        "y": view.y,
        "log": view.log,
        "by": view.by,
        "height": "tasks",  # these five are of the page, not of its address
        "axes": "refit",
        "lanes": "lanes",
        "area": "latency_s",
        "reading": "file",
        "from": "address",
    }


def _stores(view: View, opened: Opening) -> list[Any]:
    return [
        dcc.Store(Model.MODEL, data=view.model_id),
        dcc.Store(Model.RECIPE, data=opened.document),
        dcc.Store(Model.AGAINST, data=opened.against),
        *analyses.stores(opened.draft),
        dcc.Store(Model.PRESETS, data=preset_rules()),
        *budgets.store(view),
        dcc.Store(Model.GLOSSARY, data=glossary()),
        dcc.Store(Model.STYLES, data=graph.styles()),
        dcc.Store(Model.TASKS),
        dcc.Store(Model.EFFECTS),
        dcc.Store(Model.STATE, data=state_of(view)),
        dcc.Store(Model.SHEET_OPEN, data=""),
        dcc.Store(Model.WHY_TASK),
    ]


def _head(
    view: View, name: str, targets: Sequence[tuple[str, str]], dims: Sequence[Dim], whose: str
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
        *rules.head(),
        budgets.head(),
        button("model", view.model_id),
        embed_sheet.button(),
        html.Button(
            "Optimize",
            id=Model.OPTIMIZE,
            className="button primary",
            title="Presets for the whole model, with what each would change",
            **data(sheet=Model.SHEET),
        ),
    ]
    return header([("Models", MODELS), (name, "")], tools, analyses.head(whose))


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


def skeleton_triage() -> list[html.Div]:
    """Four grey words of the strip."""
    return [html.Div(className="bone short") for _ in range(4)]


def skeleton_totals() -> list[html.Div]:
    """Six grey totals of the final size."""
    return [
        html.Div([html.Div(className="bone short"), html.Div(className="bone")], className="total")
        for _ in range(6)
    ]
