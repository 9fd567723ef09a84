"""The recipe of the page: undo and redo in the header, the list of its rules in a sheet.

The list is the history.  `assets/js/recipe.js` edits the document; the server draws what each
rule did.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from dash import dcc, html

from dashboard.components import aria, count, data, quantity
from dashboard.ids import Model
from dashboard.pages.model import judging
from dashboard.pages.model.making import form
from engine.recipe import RuleBook, RuleLine, Slower

# Tools that have code for single tasks, as a person calls them.
TOOLS: Mapping[str, str] = MappingProxyType({"torchao": "PyTorch", "coremltools": "Core ML Tools"})


def head() -> list[Any]:
    """The controls of the header."""
    return [
        html.Div(
            [
                html.Button("↶", id=Model.UNDO, className="icon", disabled=True,
                            title="Undo (Ctrl+Z)", **aria(label="Undo")),
                html.Button("↷", id=Model.REDO, className="icon", disabled=True,
                            title="Redo (Ctrl+Shift+Z)", **aria(label="Redo")),
                html.Button("Rules", id=Model.RULES_OPEN, className="button",
                            title="The rules of the recipe, in order",
                            **data(sheet=Model.RULES_SHEET)),
            ],
            className="recipe-tools",
        )
    ]  # fmt: skip


def sheet() -> html.Aside:
    """The empty sheet."""
    return html.Aside(
        [
            html.Div(
                [
                    html.H2("Rules of the recipe"),
                    html.Span(className="spring"),
                    html.Button("×", className="icon", title="Close", **data(sheet="")),
                ],
                className="bar",
            ),
            form(),
            judging.form(),
            html.Div(id=Model.RULES, className="rules"),
        ],
        id=Model.RULES_SHEET,
        className="sheet",
        hidden=True,
        **aria(label="Rules of the recipe"),
    )


def rule_list(book: RuleBook) -> list[Any]:
    """Every rule with what it did; the last that names a task decides."""
    if not book.lines:
        return [
            html.Div(
                [
                    html.P("No rules: every task is as the file and the target have it."),
                    html.P("Optimize the whole model, or select tasks and optimize them.",
                           className="muted"),
                ],
                className="empty",
            )
        ]  # fmt: skip
    return [
        html.P("In order; for each task the last rule that names it decides.", className="muted"),
        html.Ol([_line(k, line, len(book.lines)) for k, line in enumerate(book.lines)]),
        html.P(
            [
                f"{count(book.followers, 'more task')} changed with a neighbour; "
                f"{count(book.conversions, 'conversion')} in all. ",
                html.Button("Remove all rules", className="link", **data(rule="reset")),
            ],
            className="rules-foot",
        ),
    ]


def slower(found: Slower) -> list[Any]:
    """One sentence on what a recipe makes slower; each kind of task selects its tasks."""
    if not found.matters or not found.kinds:
        return []
    parts: list[Any] = [html.B(f"{found.ratio:.1f} × as slow as the file: ")]
    for i, kind in enumerate(found.kinds):
        number, unit = quantity(kind.added_s, "s")
        tasks, put_in = len(kind.tasks), kind.kernel == "convert"
        words = f"{count(tasks, 'conversion')} put in" if put_in else (
            f"{kind.label.lower()} ({count(tasks, 'task')})")  # fmt: skip
        parts += [
            ", " if i else "",
            html.Button(
                words,
                className="link",
                title="Select them",
                **data(ids=",".join(map(str, kind.tasks))),
            ),
            f" {number} {unit} more",
        ]
    return [html.P([*parts, "."], className="slower", role="note")]


def code(edits: Mapping[str, str]) -> list[Any]:
    """The recipe as code for each edited task, to copy; nothing without edits."""
    return [
        html.Details(
            [
                html.Summary(f"Code for each task: {label}", className="link"),
                dcc.Textarea(
                    value=edits[tool], readOnly=True, spellCheck=False,
                    id=f"{Model.RULES}-{tool}", className="budget-json code-edits",
                    title=f"Lines for {label}, task by task",
                ),
                html.Button("Copy", className="button", **data(copy=f"{Model.RULES}-{tool}")),
            ]
        )
        for tool, label in TOOLS.items()
        if edits.get(tool)
    ]  # fmt: skip


def _line(k: int, line: RuleLine, of: int) -> html.Li:
    left = sum(n for _, n in line.refused)
    refused = "; ".join(f"{n:,} × {why}" for why, n in line.refused)
    return html.Li(
        [
            html.Div(
                [
                    html.B(line.what),
                    html.Span(line.where, className="rule-where", title=line.where),
                ],
                className="rule-words",
            ),
            html.Button(
                f"decides {count(line.decides, 'task')}" if line.decides else "decides none",
                className="link rule-count",
                disabled=not line.decides,
                title="Select them" if line.decides else "Overruled, or it changes no task",
                **data(decides=str(k)),
            ),
            html.Span(f"{left:,} not eligible" if left else "", className="muted", title=refused),
            html.Button("Up to here", className="link", disabled=k == of - 1,
                        title="Keep this rule and those before it; undo brings the others back",
                        **data(rule="upto", k=str(k))),
            html.Button("×", className="icon", title="Remove this rule",
                        **aria(label=f"Remove rule {k + 1}"), **data(rule="remove", k=str(k))),
        ],
        className="rule",
    )  # fmt: skip
