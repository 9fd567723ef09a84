"""The triage strip: what binds, who takes the time, what the recipe did.

Every figure is a button that selects its tasks.  `data-keep` says how long a part stays when the
strip is too narrow for all: the lowest goes first (assets/js/triage.js).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import ClientsideFunction, Dash, Input, html

from dashboard.components import count, data, percent
from dashboard.ids import Model
from dashboard.queries.model import Summary
from dashboard.queries.triage import Offender, Triage

NAMED = 3  # shares that are said in words
SHADES = 4  # parts of a bar that have a shade of their own


def triage_strip(triage: Triage | None, summary: Summary | None) -> list[Any]:
    """What binds, where the time is, what the recipe did."""
    parts: list[Any] = []
    if triage:
        parts += [
            *_shares("bound_by", triage.bound, "-bound", 9),
            _focus(triage),
            *_shares("kernel", triage.kernels, "", 7),
            *(_offender(o, 8 if not k else 6 - k * 0.2) for k, o in enumerate(triage.offenders)),
        ]
        if triage.unknown:
            parts.insert(2, _unknown(triage.unknown))
    parts.append(html.Span(className="spring"))
    parts.append(
        _recipe(summary) if summary else html.Span("No optimization yet", className="muted")
    )
    return parts


def _shares(column: str, shares: Sequence[tuple[str, float]], ending: str, keep: int) -> list[Any]:
    """A bar of shares, then the largest in words, each of which selects its tasks."""
    told = "; ".join(f"{name}{ending}: {percent(part)} of latency" for name, part in shares)
    bar = html.Div(
        [
            html.I(
                className=f"bound-{name}" if ending else f"share-{min(k, SHADES)}",
                style={"width": f"{part:.2%}"},
                **data(column=column, value=name),
            )
            for k, (name, part) in enumerate(shares)
        ],
        className="shares",
        title=f"{told}. Click a part to select its tasks",
        **data(keep=str(keep)),
    )  # fmt: skip
    words = [
        html.Button(
            [html.B(percent(part)), f" {name}{ending}"],
            className="plain",
            title=f"{name}{ending} tasks take {percent(part)} of the latency: select them",
            **data(column=column, value=name, keep=f"{keep + 0.5 - k * 3.2:g}"),
        )
        for k, (name, part) in enumerate(shares[:NAMED])
        if not k or part >= 0.005
    ]
    return [bar, *words]


def _focus(triage: Triage) -> html.Button:
    n = len(triage.focus) - triage.focus_conversions
    more = f" + {count(triage.focus_conversions, 'conversion')}" if triage.focus_conversions else ""
    there = f" and {count(triage.conversions, 'conversion')}" if triage.conversions else ""
    share = percent(triage.focus_share)
    return html.Button(
        [
            html.Span([html.B(f"{n:,} of {triage.tasks:,}"), f" tasks{more} make ", html.B(share)]),
            html.Span("select", className="act"),
        ],
        id=Model.FOCUS,
        className="plain",
        title=f"The fewest rows that together take {share} of the latency, of "
        f"{count(triage.tasks, 'task')}{there}: select them",
        **data(slowest=str(len(triage.focus)), keep="10"),
    )


def _unknown(n: int) -> html.Button:
    return html.Button(
        [html.B(f"{n:,}"), " not priced"],
        className="plain missed",
        title=f"{count(n, 'task')} without a figure, left out of these shares: select",
        **data(column="latency_s", value="", keep="8"),
    )


def _offender(one: Offender, keep: float) -> html.Button:
    return html.Button(
        [
            html.I(className=f"dot bound-{one.bound}"),
            html.Span(html.Bdi(one.name), className="offender"),
            html.B(percent(one.share)),
        ],
        className="plain",
        title=f"{one.name} takes {percent(one.share)} of the latency, {one.bound}-bound: select",
        **data(ids=str(one.task), keep=f"{keep:g}"),
    )


def _recipe(summary: Summary) -> html.Div:
    left = sum(n for _, n in summary.refused)
    short = f"{summary.changed:,} changed"
    words = (
        f"{count(summary.changed, 'task')} changed, {count(summary.conversions, 'conversion')}"
        f" added, {left:,} not eligible"
    )
    parts: list[Any] = [
        html.B(summary.label, className="recipe-name"),
        html.Span(words, className="recipe-words"),
        html.Span(short, className="recipe-short"),
    ]
    if left:
        parts.append(
            html.Details(
                [
                    html.Summary("why", className="link"),
                    html.Ul([html.Li([html.B(f"{n:,} × "), why]) for why, n in summary.refused]),
                ],
                className="reasons",
            )
        )
    return html.Div(parts, className="recipe", title=f"{summary.label}: {words}")


def register(app: Dash) -> None:
    """Wire the strip: new parts are fitted to its width."""
    wire: Any = app.clientside_callback  # Dash leaves it untyped
    wire(ClientsideFunction("triage", "watch"), Input(Model.TRIAGE, "children"))
