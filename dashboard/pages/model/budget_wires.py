"""The wires of the sheet of budgets.  `register` at the end shows all of them at once.

A change is a posted form, a line as on the command line, or a JSON text; what is wrong with one is
said at its field, and nothing changes then.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, no_update, set_props

import dashboard.queries.budget_form as forms
from dashboard.access import VIEW_MODEL
from dashboard.ids import Model, repeated
from dashboard.pages.model.budget_marks import listed
from dashboard.pages.model.budgets import BASES, ENTRIES, kept
from dashboard.queries import services
from dashboard.queries.budgets import Budgets
from dashboard.shell import guarded
from dashboard.urls import View
from engine.errors import EngineError
from engine.recipe import parse_all


def save(
    _save: object, _enter: object, was: object, model: object, draft: object, **fields: object
) -> dict[str, Any]:
    """Put the budget of the form on the model, in place of the one that is being edited."""
    said: dict[str, Any] = {f"fault_{name}": "" for name in forms.FIELDS}
    same: dict[str, Any] = {"limit": no_update, "was": no_update}
    try:
        _put(model, draft, lambda b, m, a: b.add(m, [forms.read_form(fields)], _text(was), a))
    except EngineError as error:
        return same | said | {f"fault_{forms.field_of(error)}": error.sentence}
    return {"limit": "", "was": "", **said}


def add_line(_add: object, _enter: object, line: object, model: object, draft: object) -> Any:
    """Put the budgets of a line on the model; (what stays in the field, what is wrong)."""
    try:
        _put(model, draft, lambda b, m, a: b.add(m, parse_all(_text(line)), "", a))
    except EngineError as error:
        return no_update, error.sentence
    return "", ""


def put_json(_put_it: object, text: object, model: object, draft: object) -> str:
    """Put the budgets of a JSON text in place of all; what is wrong with it."""
    try:
        _put(model, draft, lambda b, m, a: b.replace(m, _text(text), a))
    except EngineError as error:
        return error.sentence
    return ""


def remove(
    _removes: Sequence[object], _apart: object, _joined: object, _other: object, draft: object,
    model: object, now: object,
) -> Any:  # fmt: skip
    """Take a budget away, or give the analysis a list of its own; what holds then."""
    asked, analysis = ctx.triggered_id, analysis_of(draft)
    budgets = services().budgets
    if any(t["value"] for t in ctx.triggered):  # else the list was drawn anew
        if isinstance(asked, dict):
            budgets.remove(_text(model), str(asked.get("index")), analysis)
        elif asked in (Model.BUDGET_APART, Model.BUDGET_JOIN):
            budgets.part(_text(model), analysis, asked == Model.BUDGET_APART)
    held = kept(budgets.held(_text(model), analysis))
    return no_update if held == now else held


def listing(
    sheet: object, target: object, fps: object, recipe: object, values: Sequence[object],
    _budgets: object, ids: Sequence[dict[str, Any]], model: object, draft: object,
    view_of: Callable[..., View],
) -> Any:  # fmt: skip
    """Every budget against the figures of the page, once the sheet is open."""
    if sheet != Model.BUDGETS_SHEET:
        return no_update
    held = services().budgets.held(_text(model), analysis_of(draft))
    if held.fault or not held.budgets:
        return listed((), held.fault)
    ask, view = services().model, view_of(model, target, fps, recipe, values, ids)
    near = {o.preset.label: o.totals for o in ask.offers(view)}
    now = ask.totals(view)[1]
    return listed(services().budgets.verdicts(held, now, view.target, view.fps or 0, near))


def _put(model: object, draft: object, step: Callable[[Budgets, str, str], object]) -> None:
    """Change the list and tell the page what holds then.

    Raises:
        EngineError: what the step says.
    """
    budgets, analysis = services().budgets, analysis_of(draft)
    step(budgets, _text(model), analysis)
    set_props(str(Model.BUDGETS), {"data": kept(budgets.held(_text(model), analysis))})


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def analysis_of(draft: object) -> str:
    """Id of the analysis that the page works on, "" for none."""
    found = draft.get("analysis") if isinstance(draft, dict) else ""
    return found if isinstance(found, str) else ""


def register(app: Dash, view_of: Callable[..., View]) -> None:
    """Wire the sheet.

    Args:
        app: the app.
        view_of: what makes a view of posted values.
    """

    def browser(function: str, *wires: Any) -> None:
        wire: Any = app.clientside_callback  # Dash leaves it untyped
        wire(ClientsideFunction("budgets", function), *wires)

    def fault(name: str) -> Output:
        return Output(f"{Model.BUDGET_FAULT}-{name}", "children")

    model, draft = State(Model.MODEL, "data"), State(Model.DRAFT, "data")
    picks = {
        "metric": Model.BUDGET_METRIC, "unit": Model.BUDGET_UNIT, "use": Model.BUDGET_USE,
    }  # fmt: skip
    app.callback(
        output={
            "limit": Output(Model.BUDGET_LIMIT, "value"),
            "was": Output(Model.BUDGET_WAS, "data"),
            **{f"fault_{name}": fault(name) for name in forms.FIELDS},
        },
        inputs={
            "_save": Input(Model.BUDGET_SAVE, "n_clicks"),
            "_enter": Input(Model.BUDGET_LIMIT, "n_submit"),
            "was": State(Model.BUDGET_WAS, "data"),
            "model": model, "draft": draft,
            **{name: State(id, "value") for name, id in (ENTRIES | picks).items()},
        },
        prevent_initial_call=True,
    )(guarded(save, VIEW_MODEL))  # fmt: skip
    app.callback(
        Output(Model.BUDGET_TEXT, "value"), fault("line"),
        Input(Model.BUDGET_TEXT_ADD, "n_clicks"), Input(Model.BUDGET_TEXT, "n_submit"),
        State(Model.BUDGET_TEXT, "value"), model, draft, prevent_initial_call=True,
    )(guarded(add_line, VIEW_MODEL))  # fmt: skip
    app.callback(
        fault("json"), Input(Model.BUDGET_PUT, "n_clicks"), State(Model.BUDGET_JSON, "value"),
        model, draft, prevent_initial_call=True,
    )(guarded(put_json, VIEW_MODEL))  # fmt: skip
    app.callback(
        Output(Model.BUDGETS, "data"),
        Input(repeated(Model.BUDGET_REMOVE, ALL), "n_clicks"),  # type: ignore[arg-type]
        Input(Model.BUDGET_APART, "n_clicks"), Input(Model.BUDGET_JOIN, "n_clicks"),
        Input(Model.ANALYSES, "data-draft"),  # another analysis; the draft is written by each save
        draft, model, State(Model.BUDGETS, "data"), prevent_initial_call=True,
    )(guarded(remove, VIEW_MODEL))  # fmt: skip
    dims = repeated(Model.DIM, ALL)  # type: ignore[arg-type]
    app.callback(
        Output(Model.BUDGETS_LIST, "children"),
        inputs={
            "sheet": Input(Model.SHEET_OPEN, "data"),  # set again when figures change
            "target": State(Model.TARGET, "value"),
            "fps": State(Model.FPS, "value"),
            "recipe": State(Model.RECIPE, "data"),
            "values": State(dims, "value"),
            "_budgets": Input(Model.BUDGETS, "data"),
            "ids": State(dims, "id"), "model": model, "draft": draft,
        },
        prevent_initial_call=True,
    )(guarded(functools.partial(listing, view_of=view_of), VIEW_MODEL))  # fmt: skip
    browser(
        "form", Output(Model.BUDGET_UNIT, "data"), Output(Model.BUDGET_UNIT, "value"),
        Output(Model.BUDGET_SIGN, "children"), Output(Model.BUDGET_HELP, "children"),
        *(Output(f"{Model.BUDGET_NEEDS}-{name}", "hidden") for name in BASES),
        Input(Model.BUDGET_METRIC, "value"), State(Model.BUDGET_KINDS, "data"),
    )  # fmt: skip
    browser(
        "kept", Output(Model.BUDGET_JSON, "value"), Output(Model.BUDGET_SCOPE, "children"),
        Output(Model.BUDGET_APART, "hidden"), Output(Model.BUDGET_JOIN, "hidden"),
        Input(Model.BUDGETS, "data"), Input(Model.DRAFT, "data"),
    )  # fmt: skip
    browser(
        "editing", Output(Model.BUDGET_TITLE, "children"), Output(Model.BUDGET_SAVE, "children"),
        Output(Model.BUDGET_CANCEL, "hidden"), Input(Model.BUDGET_WAS, "data"),
    )  # fmt: skip
