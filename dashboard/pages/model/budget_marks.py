"""How a budget looks: a bar with its limit, a few words, a row of the list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard.components import aria, data
from dashboard.ids import Model, repeated
from dashboard.queries.budget_form import words
from dashboard.queries.budgets import key
from engine.recipe import Verdict, gap, shown

SIGNS = {True: "✓", False: "▲", None: "?"}
TONES = {True: "met", False: "missed", None: "muted"}
SAID = {True: "met", False: "missed", None: "not known"}
# metric -> the total of the header that shows it
TOTALS = {
    "latency": "latency", "memory_power": "power", "energy": "energy", "size": "size",
    "peak": "peak", "accuracy": "accuracy",
}  # fmt: skip


def bar(verdict: Verdict) -> html.Div:
    """Value against limit: amber up to the limit, hatched what is beyond or missing.

    The track ends at the larger of both, and a line stands at the limit.
    """
    if verdict.value is None:
        return html.Div(className="budget-bar unknown", **aria(hidden="true"))
    limit, value = verdict.budget.limit, verdict.value
    most = max(limit, value)
    fill = min(value, limit) if verdict.budget.measure.better == "lower" else value
    style = {
        "--fill": f"{min(fill, most) / most:.3f}",
        "--from": f"{min(value, limit) / most:.3f}",
        "--limit": f"{limit / most:.3f}",
    }
    kind = "" if verdict.met else " over"
    return html.Div(html.I(), className=f"budget-bar{kind}", style=style, **aria(hidden="true"))


def gauge(verdict: Verdict) -> html.Button:
    """The bar of a total with its words; opens the sheet."""
    mark = "▲ " if verdict.met is False else ""
    said = gap(verdict)
    if verdict.value is None:  # the total says already that it is not known
        said = f"limit {shown(verdict.budget.limit, verdict.budget)}"
    return html.Button(
        [bar(verdict), html.Span(f"{mark}{said}", className=TONES[verdict.met])],
        className="gauge",
        title=verdict.sentence,
        **data(sheet=str(Model.BUDGETS_SHEET)),
    )


def chips(verdicts: Sequence[Verdict]) -> html.Div:
    """Budgets that have no total of their own, side by side."""
    return html.Div(
        [
            html.Button(
                [
                    html.Span(SIGNS[v.met], className=TONES[v.met]),
                    html.Span(v.budget.measure.label),
                    *([html.B(shown(v.value, v.budget))] if v.value is not None else []),
                    html.Span(gap(v), className="missed" if v.met is False else "muted"),
                    *([html.Span("assumed", className="badge")] if v.assumed else []),
                ],
                className="budget-chip",
                title=v.sentence,
                **data(sheet=str(Model.BUDGETS_SHEET)),
            )
            for v in verdicts
        ],
        className="budget-chips",
    )


def apart(verdicts: Sequence[Verdict]) -> tuple[dict[str, Verdict], list[Verdict]]:
    """(total -> its verdict, the rest): of several on one total the worst stands in it."""
    shown_in: dict[str, Verdict] = {}
    for verdict in sorted(verdicts, key=_room):
        total = TOTALS.get(verdict.budget.metric)
        if total:
            shown_in.setdefault(total, verdict)
    chosen = {id(v) for v in shown_in.values()}
    return shown_in, [v for v in verdicts if id(v) not in chosen]


def listed(verdicts: Sequence[Verdict], fault: str = "") -> list[Any]:
    """Every budget in words, with what it would take; or that there are none."""
    if fault:
        return [html.P(fault, className="budget-fault")]
    if not verdicts:
        return [
            html.P("No budgets yet. A budget is a limit that the model is held against: every "
                   "recipe then says how far it is from it.", className="muted")
        ]  # fmt: skip
    return [html.Ul([_row(v) for v in verdicts])]


def _row(verdict: Verdict) -> html.Li:
    said, rests = words(verdict.budget)
    rough = verdict.assumed and verdict.value is not None
    assumed = " The figure rests on an assumption." if rough else ""
    id = key(verdict.budget)
    return html.Li(
        [
            html.Span(
                SIGNS[verdict.met], className=f"budget-sign {TONES[verdict.met]}",
                title=SAID[verdict.met], role="img", **aria(label=SAID[verdict.met]),
            ),
            html.Div(
                [
                    html.Div([html.B(said), html.Span(f" {rests}", className="muted")]),
                    bar(verdict),
                    html.Div(f"{verdict.sentence}{assumed}",
                             className="missed" if verdict.met is False else "muted"),
                ]
            ),
            html.Button("Edit", className="link", title=f"Edit: {said}", **data(budget=id)),
            html.Button("Remove", id=repeated(Model.BUDGET_REMOVE, id), className="link",
                        title=f"Remove: {said}"),
        ],
        className="budget-row",
        key=id,
    )  # fmt: skip


def _room(verdict: Verdict) -> float:
    """How much of the limit is left, as a share; what is not known comes last."""
    return float("inf") if verdict.slack is None else verdict.slack / verdict.budget.limit
