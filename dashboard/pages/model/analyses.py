"""The saved analyses of a model: its picker in the header, its sheet, and the autosave.

`assets/js/analyses.js` decides when to save and sends messages to the store `model--save`, one at
a time; `keep` answers with the state of the draft.  The lists are drawn when the sheet asks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dash import (
    ALL,
    ClientsideFunction,
    Dash,
    Input,
    Output,
    State,
    dcc,
    html,
    no_update,
    set_props,
)

from dashboard.access import VIEW_MODEL
from dashboard.components import aria, data
from dashboard.ids import Model, repeated
from dashboard.ids_replay import Replay
from dashboard.pages.model.analyses_sheet import analysis_section, tree_section
from dashboard.pages.model.replayed import section
from dashboard.queries import desk, services
from dashboard.queries.saved_lists import analysis_list, checkpoint_tree
from dashboard.shell import guarded, notify
from dashboard.urls import View, printable

Dims = Sequence[dict[str, Any]]


def head(whose: str) -> html.Div:
    """The picker: the analysis and its state in words; it opens the sheet.

    Args:
        whose: the role of somebody who does not own it, in words, or "".
    """
    return html.Div(
        [_picker(), html.Span(whose, id=Model.WHOSE, className="badge whose")],
        className="picker-line",
    )


def _picker() -> html.Button:
    return html.Button(
        [
            html.Span("", id=Model.ANALYSES_NAME, className="analysis-name"),
            html.Span("baseline", id=Model.ANALYSES_STATE, className="analysis-state",
                      **aria(live="polite")),
        ],
        id=Model.ANALYSES,
        className="button picker",
        title="Saved analyses of this model, and the checkpoints of the open one",
        **data(sheet=Model.ANALYSES_SHEET),
        **aria(expanded="false"),
    )  # fmt: skip


def conflict_bar() -> html.Div:
    """What is said, across the page, when the draft cannot be saved from here any more."""
    return html.Div(
        [
            html.Span(id=Model.CONFLICT_TEXT),
            html.Span(className="spring"),
            html.Button("Open the draft as it is now", className="button", **data(act="reload")),
            html.Button("Go on as a fork", className="button", **data(act="go_on")),
        ],
        id=Model.CONFLICT,
        className="conflict",
        hidden=True,
        role="alert",
    )


def meanwhile() -> html.Dialog:
    """What is asked when another person saved since the page was opened."""
    return html.Dialog(
        [
            html.H2("Saved meanwhile"),
            html.P([html.B(id=Model.MEANWHILE_TEXT), " Your edits are still here."]),
            html.Div(
                [
                    html.Button("Save mine as a fork", className="button primary",
                                title="An analysis of your own; theirs stays as it is",
                                **data(act="mine")),
                    html.Button("Look at theirs", className="button",
                                title="Shows their checkpoint; your draft stays kept",
                                **data(act="theirs")),
                    html.Button("Save anyway", className="button",
                                title="Yours becomes the newest checkpoint; theirs stays beside it",
                                **data(act="anyway")),
                ],
                className="dialog-buttons",
            ),
        ],
        id=Model.MEANWHILE,
        className="meanwhile",
        **aria(label="Saved meanwhile"),
    )  # fmt: skip


def stores(draft: dict[str, Any]) -> list[dcc.Store]:
    """What the parts of this module tell each other."""
    return [
        dcc.Store(Model.DRAFT, data=draft),
        dcc.Store(Model.SAVE),
        dcc.Store(Model.SAVED),
        dcc.Store(Model.ANALYSES_ASKED),
    ]


def sheet() -> html.Aside:
    """The sheet: a form to save with, then the lists."""
    name = dcc.Input(
        id=Model.CHECKPOINT_NAME, type="text", placeholder="Name", maxLength=120,
        className="search", autoComplete="off",
    )  # fmt: skip
    note = dcc.Textarea(
        id=Model.CHECKPOINT_NOTE, placeholder="Note (optional)",
        className="note", rows=1, maxLength=10_000,
    )  # fmt: skip
    form = html.Div(
        [
            name,
            note,
            html.Button(
                "Save checkpoint", className="button primary",
                title="Keep the recipe as it is now as a point of the tree",
                **data(act="checkpoint", default="1"),
            ),
            html.Button(
                [html.Span("Save as…", className="as"), html.Span("Fork", className="forks")],
                className="button",
                title="Go on with this recipe as an analysis of its own, under this name",
                **data(act="create"),
            ),
        ],
        className="save-form",
        **data(form="save"),
    )  # fmt: skip
    return html.Aside(
        [
            html.Div(
                [
                    html.H2("Analyses"),
                    html.Span("The draft saves itself; a checkpoint is a point to come back to.",
                              className="muted"),
                    html.Span(className="spring"),
                    html.Button("×", className="icon", title="Close", **data(sheet=""),
                                **aria(label="Close")),
                ],
                className="bar",
            ),
            form,
            html.Div(id=Model.ANALYSES_TREE, className="saved-tree"),
            html.Div(id=Replay.SHOWN, className="replay"),
            html.Div(
                [
                    html.H3("Analyses of this model", id=Model.ANALYSES_COUNT),
                    dcc.Input(
                        id=Model.ANALYSES_SEARCH, type="search",
                        placeholder="Find by name or note…",
                        className="search", debounce=False, autoComplete="off",
                    ),
                ],
                className="saved-head",
            ),
            html.Div(id=Model.ANALYSES_LIST, className="saved-list"),
        ],
        id=Model.ANALYSES_SHEET,
        className="sheet analyses",
        hidden=True,
        **aria(label="Analyses"),
    )  # fmt: skip


def keep(view: View, message: object) -> dict[str, Any]:
    """Answer a message of the page; see `queries.desk`."""
    ask = services()
    done = desk.answer(ask.store, ask.model, view, message)
    if done.said:
        undo = html.Button("Undo", className="link", **data(act="restore", id=done.undo))
        kind = "fault" if done.refused else "done"
        notify([f"{done.said} ", undo] if done.undo else done.said, kind)
    draft, verb = done.draft, message.get("verb") if isinstance(message, dict) else ""
    if verb in ("checkpoint", "create") and not draft["conflict"] and not done.refused:
        for field in (Model.CHECKPOINT_NAME, Model.CHECKPOINT_NOTE):
            set_props(field, {"value": ""})
    if done.replayed or str(verb) in desk.SEES:  # what is opened has another past
        set_props(Replay.SHOWN, {"children": section(done.replayed, str(draft["name"]))})
    return {
        "saved": {"draft": draft, "against": done.against, "load": done.load},
        "hidden": not draft["conflict"],
        "why": draft["conflict"],
        "look": "conflict" if draft.get("kept") or not draft.get("gone") else "conflict gone",
    }


def lists(view: View, asked: object, against: object) -> dict[str, Any]:
    """What the sheet shows, once it is open.

    Args:
        view: what the page shows, with its recipe.
        asked: {"analysis", "at", "chosen", "search"} as the browser has them.
        against: what figures are compared with.
    """
    if not isinstance(asked, dict):
        return {"tree": no_update, "list": no_update, "count": no_update}
    ask = services()
    analysis, at, chosen, search = (
        v if isinstance(v := asked.get(k), str) else ""
        for k in ("analysis", "at", "chosen", "search")
    )
    found = analysis_list(ask.store, view.model_id, printable(search))
    tree: Any = []
    if analysis:
        other = against if isinstance(against, dict) else {}
        held = checkpoint_tree(ask.store, ask.model, view, analysis)
        tree = tree_section(held, at, chosen, other)
    return {
        "tree": tree,
        "list": analysis_section(found, analysis, chosen),
        "count": f"Analyses of this model · {found.of:,}" if found.of else "Analyses of this model",
    }


def register(app: Dash, view_of: Callable[..., View]) -> None:
    """Wire the picker, the sheet and the autosave."""
    where = {
        "model": State(Model.MODEL, "data"), "target": State(Model.TARGET, "value"),
        "fps": State(Model.FPS, "value"),
        "values": State(repeated(Model.DIM, ALL), "value"),  # type: ignore[arg-type]
        "ids": State(repeated(Model.DIM, ALL), "id"),  # type: ignore[arg-type]
    }  # fmt: skip

    def saved(message: object, **view: Any) -> dict[str, Any]:
        return keep(view_of(**view), message)

    def drawn(asked: object, against: object, **view: Any) -> dict[str, Any]:
        return lists(view_of(**view), asked, against)

    app.callback(
        output={
            "saved": Output(Model.SAVED, "data"),
            "hidden": Output(Model.CONFLICT, "hidden"), "look": Output(Model.CONFLICT, "className"),
            "why": Output(Model.CONFLICT_TEXT, "children"),
        },
        inputs={"message": Input(Model.SAVE, "data"), **where},
        prevent_initial_call=True,
    )(guarded(saved, VIEW_MODEL))  # fmt: skip
    app.callback(
        output={
            "tree": Output(Model.ANALYSES_TREE, "children"),
            "list": Output(Model.ANALYSES_LIST, "children"),
            "count": Output(Model.ANALYSES_COUNT, "children"),
        },
        inputs={
            "asked": Input(Model.ANALYSES_ASKED, "data"),
            "against": State(Model.AGAINST, "data"), **where,
        },
        prevent_initial_call=True,
    )(guarded(drawn, VIEW_MODEL))  # fmt: skip
    # draft and comparison are written by the browser: a page whose inputs are outputs of the
    # server would wait for them before it begins
    wire: Any = app.clientside_callback  # Dash leaves it untyped
    wire(
        ClientsideFunction("analyses", "answered"), Input(Model.SAVED, "data"),
        prevent_initial_call=True,
    )  # fmt: skip
    wire(
        ClientsideFunction("analyses", "changed"),
        Output(Model.ANALYSES, "data-draft"),  # without an output it would not run at first
        Input(Model.RECIPE, "data"), Input(Model.DRAFT, "data"), Input(Model.AGAINST, "data"),
    )  # fmt: skip
    wire(ClientsideFunction("analyses", "drawn"), Input(Model.ANALYSES_TREE, "children"))
    wire(
        ClientsideFunction("analyses", "shown"),
        Input(Model.SHEET_OPEN, "data"), Input(Model.ANALYSES_SEARCH, "value"),
        prevent_initial_call=True,
    )  # fmt: skip
