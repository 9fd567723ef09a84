"""The wires of the model page.  `register` at the end shows all of them at once."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

from dash import ALL, ClientsideFunction, Dash, Input, Output, State, no_update

from dashboard.access import VIEW_MODEL, needing
from dashboard.ids import Model, repeated
from dashboard.pages.model import (
    analyses,
    budget_wires,
    composition,
    exports,
    graph,
    groups,
    judging,
    making,
    options,
    roofline,
    rules,
    scatter,
    timeline,
    triage,
)
from dashboard.pages.model.budget_wires import analysis_of
from dashboard.pages.model.presets import offer_table
from dashboard.pages.model.totals import fault, totals_row
from dashboard.pages.model.triage import triage_strip
from dashboard.pages.model.why import explanation
from dashboard.queries import documents, services
from dashboard.queries.documents import text_of
from dashboard.queries.model import DEFAULT_FPS
from dashboard.shell import guarded
from dashboard.urls import View
from engine.errors import EngineError

Dims = Sequence[dict[str, Any]]


def view_of(
    model: object, target: object, fps: object = None, recipe: object = None,
    values: Sequence[object] = (), ids: Dims = (), against: object = None,
) -> View:  # fmt: skip
    """Typed view from what the browser sent; an odd setting becomes its default.

    `recipe` is the document of the recipe in use, see `queries.documents`, and `against` is
    {"recipe": text} of the one to compare with; None of either is the baseline.

    Raises:
        EngineError: the recipe is none.
    """
    bound = {
        str(i.get("index", "")): v
        for i, v in zip(ids, values, strict=False)
        if isinstance(v, int) and not isinstance(v, bool) and 0 < v < 2**31
    }
    good = isinstance(fps, (int, float)) and 0 < fps <= 1e6
    other = against.get("recipe") if isinstance(against, dict) else ""
    return View(
        model_id=str(model or ""),
        target=str(target or ""),
        fps=float(fps) if good else DEFAULT_FPS,  # type: ignore[arg-type]
        bindings=tuple(sorted(bound.items())),
        recipe=text_of(recipe),
        against=other if isinstance(other, str) else "",
    )


def tasks(
    target: str, values: Sequence[object], against: object, ids: Dims, model: str
) -> dict[str, Any]:
    """The columns of every task without the recipe."""
    return services().model.tasks(view_of(model, target, values=values, ids=ids, against=against))


def effects(
    target: str, fps: float, recipe: object, against: object, values: Sequence[object], ids: Dims,
    model: str, budgets: object = None, draft: object = None,
) -> dict[str, Any]:  # fmt: skip
    """What frame rate and recipe change, and the figures of the whole model."""
    ask = services().model
    try:
        view = view_of(model, target, fps, recipe, values, ids, against)
        base, now, reference = ask.totals(view)
    except EngineError as error:
        none: dict[str, Any] = {"effects": None, "triage": [], "room": None}
        return none | {"totals": fault(error)}
    room = ask.room(view)
    held = services().budgets.held(view.model_id, analysis_of(draft))
    verdicts = services().budgets.verdicts(held, now, view.target, view.fps or DEFAULT_FPS)
    return {
        "room": room[0] if math.isfinite(room[0]) else None,
        "effects": ask.effects(view, documents.held_of(recipe)),
        "totals": totals_row(
            base,
            now,
            reference,
            ask.file_format(view),
            view.fps or 0,
            room,
            verdicts,
            ask.grade(view),
            services().jobs.accuracy(view.model_id),
        ),
        "triage": triage_strip(ask.triage(view), ask.summary(view)),
    }


def offers(
    sheet: object, target: str, fps: float, values: Sequence[object], ids: Dims, model: str,
    recipe: object, draft: object = None, _budgets: object = None,
) -> Any:  # fmt: skip
    """The table of presets, once it is asked for."""
    if sheet != Model.SHEET:
        return no_update
    view = view_of(model, target, fps, recipe, values, ids)
    ask = services().model
    base, found = ask.totals(view)[0], ask.offers(view)
    held = services().budgets.held(view.model_id, analysis_of(draft))
    standings = services().budgets.standings(held, found, view.target, view.fps or DEFAULT_FPS)
    return offer_table(found, base, ask.applied(view), view.fps or 0, standings)


def rule_list(
    sheet: object, target: str, values: Sequence[object], ids: Dims, model: str, recipe: object
) -> Any:
    """The rules of the recipe with what each did, while their sheet is open."""
    if sheet != Model.RULES_SHEET:
        return no_update
    view = view_of(model, target, recipe=recipe, values=values, ids=ids)
    ask = services().model
    edits = {tool: services().code.edits(view, tool) for tool in rules.TOOLS}
    return [*rules.slower(ask.slower(view)), *rules.rule_list(ask.rules(view)), *rules.code(edits)]


def why(
    task: object, recipe: object, target: str, values: Sequence[object], ids: Dims, model: str
) -> dict[str, Any]:
    """The sheet that explains one task's figures; hidden while none is asked for."""
    if not isinstance(task, int) or isinstance(task, bool):
        return {"hidden": True, "steps": no_update}
    view = view_of(model, target, recipe=recipe, values=values, ids=ids)
    return {"hidden": False, "steps": explanation(services().model.why(view, task))}


def quiet(callback: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a callback whose fault `effects` already tells."""

    @functools.wraps(callback)
    def run(*args: Any) -> Any:
        try:
            return callback(*args)
        except EngineError:
            return no_update

    return run


def register(app: Dash) -> None:
    """Wire the page."""
    dims = Input(repeated(Model.DIM, ALL), "value")  # type: ignore[arg-type]
    dim_ids = State(repeated(Model.DIM, ALL), "id")  # type: ignore[arg-type]
    target, fps = Input(Model.TARGET, "value"), Input(Model.FPS, "value")
    recipe, against = Input(Model.RECIPE, "data"), Input(Model.AGAINST, "data")
    recipe_state, model = State(Model.RECIPE, "data"), State(Model.MODEL, "data")
    state = Input(Model.STATE, "data")

    def browser(component: str, function: str, *wires: Any, **options: Any) -> None:
        wire: Any = app.clientside_callback  # Dash leaves it untyped
        wire(ClientsideFunction(component, function), *wires, **options)

    app.callback(Output(Model.TASKS, "data"), target, dims, against, dim_ids, model)(
        needing(quiet(tasks), VIEW_MODEL)
    )
    app.callback(
        output={
            "effects": Output(Model.EFFECTS, "data"),
            "totals": Output(Model.TOTALS, "children"),
            "triage": Output(Model.TRIAGE, "children"),
            "room": Output(Model.ROOM, "data"),
        },
        inputs={
            "target": target, "fps": fps, "recipe": recipe, "against": against, "values": dims,
            "ids": dim_ids, "model": model, "budgets": Input(Model.BUDGETS, "data"),
            "draft": State(Model.DRAFT, "data"),
        },
    )(guarded(effects, VIEW_MODEL))  # fmt: skip
    app.callback(
        Output(Model.OFFERS, "children"),
        Input(Model.SHEET_OPEN, "data"), target, fps, dims, dim_ids, model,
        recipe_state, State(Model.DRAFT, "data"), Input(Model.BUDGETS, "data"),
        prevent_initial_call=True,
    )(guarded(offers, VIEW_MODEL))  # fmt: skip
    app.callback(
        Output(Model.RULES, "children"),
        Input(Model.SHEET_OPEN, "data"), target, dims, dim_ids, model, recipe_state,
        prevent_initial_call=True,
    )(guarded(rule_list, VIEW_MODEL))  # fmt: skip

    app.callback(
        output={
            "hidden": Output(Model.WHY, "hidden"), "steps": Output(Model.WHY_STEPS, "children"),
        },
        inputs={
            "task": Input(Model.WHY_TASK, "data"),  # the page asks again when figures change
            "recipe": recipe_state, "target": State(Model.TARGET, "value"),
            "values": State(repeated(Model.DIM, ALL), "value"),  # type: ignore[arg-type]
            "ids": dim_ids, "model": model,
        },
        prevent_initial_call=True,
    )(guarded(why, VIEW_MODEL))  # fmt: skip

    glossary = State(Model.GLOSSARY, "data")
    # numbers arrive: rows of the table, then everything that shows them
    browser(
        "task_table", "fill", Input(Model.TASKS, "data"), Input(Model.EFFECTS, "data"),
        State(Model.STATE, "data"), glossary, recipe_state,
        State(Model.PRESETS, "data"),
    )  # fmt: skip
    # one selection, one filter
    browser("view", "apply", state)
    browser(
        "view", "address", state, target, fps, recipe, Input(Model.DRAFT, "data"), against, dims,
        dim_ids,
    )  # fmt: skip
    # controls
    browser("view", "search", Input(Model.SEARCH, "value"), prevent_initial_call=True)
    browser("view", "colour", Input(Model.COLOUR, "value"), prevent_initial_call=True)
    browser("task_table", "columns", Input(Model.COLUMNS, "value"))
    browser(
        "task_table", "find_column", Input(Model.COLUMN_SEARCH, "value"), prevent_initial_call=True
    )
    browser("recipe", "arrived", recipe, State(Model.PRESETS, "data"))
    budget_wires.register(app, view_of)
    graph.register(app)
    groups.register(app)
    scatter.register(app)
    roofline.register(app, view_of)
    triage.register(app)
    timeline.register(app)
    composition.register(app)
    analyses.register(app, view_of)
    options.register(app, view_of)
    making.register(app, view_of)
    exports.register(app, view_of)
    judging.register(app, view_of)
