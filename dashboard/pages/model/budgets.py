"""Budgets: the button in the header and the sheet that edits them.

`budget_wires.py` carries out what is asked for; `budget_marks.py` draws how each budget stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

import dashboard.queries.budget_form as forms
from dashboard.components import aria, data, field
from dashboard.ids import Model
from dashboard.queries import services
from dashboard.queries.budgets import Held, key
from dashboard.urls import View
from engine.recipe import MEASURES, USES, dump_budgets

EXAMPLE = "latency<=34ms size<=2.5MB"
ENTRIES = {
    "limit": Model.BUDGET_LIMIT,
    "per_day": Model.BUDGET_PER_DAY,
    "battery": Model.BUDGET_BATTERY,
    "lasts": Model.BUDGET_LASTS,
    "app": Model.BUDGET_APP,
    "runtime": Model.BUDGET_RUNTIME,
}  # field of budget_form.FIELDS -> its text field
BASES = tuple(name for name in ENTRIES if name != "limit")
SHEET = str(Model.BUDGETS_SHEET)


def head() -> html.Button:
    """The button that opens the sheet."""
    return html.Button(
        "Budgets",
        className="button",
        title="Limits that every recipe of this model is held against",
        **data(sheet=SHEET),
    )


def store(view: View) -> list[Any]:
    """What the page keeps: the budgets as form fields, what each metric asks for."""
    held = services().budgets.held(view.model_id, view.analysis)
    return [
        dcc.Store(Model.BUDGETS, data=kept(held)),
        dcc.Store(Model.BUDGET_KINDS, data=forms.kinds()),
        dcc.Store(Model.BUDGET_WAS, data=""),
    ]


def sheet() -> html.Aside:
    """The sheet: the list, a form, a line, the same as JSON."""
    return html.Aside(
        [
            html.Div(
                [
                    html.H2("Budgets"),
                    html.Span(className="spring"),
                    html.Button("×", className="icon", title="Close", **data(sheet="")),
                ],
                className="bar",
            ),
            html.Div(
                [
                    html.Div(id=Model.BUDGETS_LIST, **aria(live="polite")),
                    html.Div(
                        [
                            _scope(),
                            html.H3("Add a budget", id=Model.BUDGET_TITLE),
                            _form(),
                            html.H3("Or as on the command line"),
                            _line(),
                            _json(),
                        ],
                        className="for-editor",
                    ),
                ],
                className="budgets",
            ),
        ],
        id=Model.BUDGETS_SHEET,
        className="sheet",
        hidden=True,
        **aria(label="Budgets"),
    )


def _scope() -> html.Div:
    return html.Div(
        [
            html.Span(id=Model.BUDGET_SCOPE),
            html.Button("Give this analysis its own", id=Model.BUDGET_APART, className="link",
                        hidden=True),
            html.Button("Take those of the model again", id=Model.BUDGET_JOIN, className="link",
                        hidden=True),
        ],
        className="budget-scope",
    )  # fmt: skip


def _form() -> html.Div:
    metrics = [{"value": id, "label": m.label} for id, m in MEASURES.items()]
    uses = [{"value": id, "label": u.label} for id, u in USES.items()]
    return html.Div(
        [
            html.Div(
                [
                    _select(Model.BUDGET_METRIC, metrics, "latency", "What is limited", 178),
                    html.Span("at most", id=Model.BUDGET_SIGN, className="budget-at"),
                    html.Label(
                        [html.Span("Limit", className="unseen"),
                         _entry("limit")]
                    ),
                    _select(Model.BUDGET_UNIT, ["ms"], "ms", "Unit of the limit", 70),
                    field("Use", _select(Model.BUDGET_USE, uses, "", "How the model is used", 186)),
                ],
                className="budget-line",
            ),
            _fault("limit"),
            html.Div([_base(name) for name in BASES],
                     className="budget-line"),
            *(_fault(name) for name in BASES),
            html.Div(
                [
                    html.Button("Add", id=Model.BUDGET_SAVE, className="button primary"),
                    html.Button("Cancel", id=Model.BUDGET_CANCEL, className="button", hidden=True),
                    html.Span(id=Model.BUDGET_HELP, className="muted budget-help"),
                ],
                className="budget-line",
            ),
        ],
        className="budget-form",
    )  # fmt: skip


def _select(id: Model, options: Sequence[Any], value: str, label: str, width: int) -> dmc.Select:
    return dmc.Select(
        id=id,
        data=options,
        value=value,
        allowDeselect=False,
        size="xs",
        w=width,
        className="budget-select",
        comboboxProps={"width": max(width, 110), "position": "bottom-start"},
        **aria(label=label),
    )


def _entry(name: str) -> dcc.Input:
    return dcc.Input(
        id=ENTRIES[name],
        type="text",
        value="",
        placeholder=forms.FIELDS[name][1],
        maxLength=forms.MAX_TEXT,
        autoComplete="off",
        className=f"search entry-{name}",
    )


def _base(name: str) -> html.Label:
    label = forms.FIELDS[name][0]
    return html.Label(
        [html.Span(label, className="muted"), _entry(name)],
        id=f"{Model.BUDGET_NEEDS}-{name}",
        className="budget-base",
        hidden=True,
    )


def _fault(name: str) -> html.Div:
    return html.Div(id=f"{Model.BUDGET_FAULT}-{name}", className="budget-fault", role="alert")


def _line() -> html.Div:
    return html.Div(
        [
            html.Div(
                [
                    dcc.Input(
                        id=Model.BUDGET_TEXT,
                        type="text",
                        value="",
                        placeholder=f"{EXAMPLE} battery<=5% --battery 15Wh --use always-on",
                        autoComplete="off",
                        className="search budget-text",
                    ),
                    html.Button("Add these", id=Model.BUDGET_TEXT_ADD, className="button"),
                ],
                className="budget-line",
            ),
            _fault("line"),
        ]
    )


def _json() -> html.Details:
    return html.Details(
        [
            html.Summary("Share: the list as JSON", className="link"),
            dcc.Textarea(
                id=Model.BUDGET_JSON,
                spellCheck=False,
                className="budget-json",
                title="All budgets as JSON",
            ),
            _fault("json"),
            html.Div(
                [
                    html.Button(
                        "Copy",
                        id=Model.BUDGET_COPY,
                        className="button",
                        **data(copy=Model.BUDGET_JSON),
                    ),
                    html.Button(
                        "Use this text",
                        id=Model.BUDGET_PUT,
                        className="button",
                        title="Takes the place of all budgets above",
                    ),
                ],
                className="budget-line",
            ),
        ]
    )


def kept(held: Held) -> dict[str, Any]:
    """The budgets as the page keeps them: what the form is filled with, and the JSON to share."""
    return {
        "own": bool(held.analysis),
        "rows": {key(b): forms.form_of(b) for b in held.budgets},
        "text": dump_budgets(held.budgets),
    }
