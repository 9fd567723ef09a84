"""The layout of the page of usage."""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from dashboard.components import percent
from dashboard.figures.growth import growth
from dashboard.figures.tokens import SCHEMES
from dashboard.ids import Usage
from dashboard.queries import services
from dashboard.queries import usage as queries
from dashboard.shell import attributes, header, not_found
from dashboard.urls import TARGETS, USAGE_CSV
from engine.store import Feature, Report

SIZE = {"height": "220px"}  # of a chart, as in usage.css
HEADS = ("What people do", "Last 30 days", "30 days before", "People, last 30 days", "In all")


def layout(**_: str) -> html.Div:
    """The page, for admins; for all others the one of an address that leads nowhere."""
    if not queries.may_look():
        return not_found()
    settings = services().settings
    found = queries.report(services().store, settings)
    return html.Div(
        [
            header([("Targets", TARGETS), ("Usage", "")]),
            html.Div(
                [
                    *(_growth(found) if found.days else [_nobody()]),
                    html.Div(
                        [
                            html.H2("What is used"),
                            html.A("CSV", href=USAGE_CSV, className="link",
                                   **attributes(aria_label="Save this table as CSV")),
                        ],
                        className="usage-head",
                    ),
                    _table(queries.features(found)),
                    html.P(queries.words(found, settings), className="usage-note"),
                ],
                className="pane usage-pane",
            ),
        ],
        id=Usage.PAGE,
        className="page usage-page",
    )  # fmt: skip


def _nobody() -> html.Div:
    return html.Div(
        [
            html.H1("Nothing to count yet"),
            html.P("People and models stand here over time, from the first upload on. "
                   "The demo is not counted."),
        ],
        className="usage-empty",
    )  # fmt: skip


def _growth(found: Report) -> list[Any]:
    """People, models, and how many of the people brought one."""
    people = [(day, n) for day, n, _ in found.days]
    models = [(day, n) for day, _, n in found.days]
    return [
        html.Div(
            [
                _chart("People", "who have been here", people),
                _chart("Models", "that people put in", models),
                html.Section(
                    [
                        html.H2("Brought a model"),
                        html.P(percent(found.share), className="usage-number"),
                        html.P(f"{found.submitters:,} of {found.people:,} people",
                               className="muted"),
                        html.Div(
                            html.Div(style={"width": f"{100 * found.share:.1f}%"}),
                            className="usage-share",
                            **attributes(aria_hidden="true"),
                        ),
                    ],
                    className="usage-card",
                ),
            ],
            className="usage-cards",
        )
    ]  # fmt: skip


def _chart(title: str, words: str, days: list[tuple[str, int]]) -> html.Section:
    last = days[-1][1]
    told = f"{title} over time: {days[0][1]:,} on {days[0][0]}, {last:,} on {days[-1][0]}"
    return html.Section(
        [
            html.H2(title),
            html.P(f"{last:,}", className="usage-number"),
            html.P(words, className="muted"),
            html.Div(
                [
                    dcc.Graph(
                        figure=growth(days, scheme),
                        style=SIZE,
                        config={"displayModeBar": False},
                        responsive=True,
                        className=f"only-{scheme}",
                    )
                    for scheme in SCHEMES
                ],
                role="img",
                **attributes(aria_label=told),
            ),
        ],
        className="usage-card usage-chart",
    )


def _table(rows: tuple[Feature, ...]) -> html.Table:
    head = html.Tr([html.Th(h, className="number" if k else "") for k, h in enumerate(HEADS)])
    return html.Table(
        [html.Thead(head), html.Tbody([_row(row) for row in rows])],
        className="targets-table usage-table",
    )


def _row(row: Feature) -> html.Tr:
    counts = (row.recent, row.before, row.people, row.total)
    return html.Tr(
        [
            html.Td(queries.label(row.verb)),
            *(html.Td(f"{n:,}", className="number" if n else "number muted") for n in counts),
        ]
    )
