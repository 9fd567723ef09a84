"""The comparison as a table with bars: for values whose names are too long to stand on an axis."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.components import data
from dashboard.figures import comparison as drawing
from dashboard.queries.experiment_compare import Compared
from dashboard.queries.experiment_words import recipe_words
from engine.experiments import Comparison
from engine.experiments import Experiment as Found

LONG = 12  # characters of a name that still stands on an axis
MANY = 8  # names that still do


def fits_better(comparison: Comparison) -> bool:
    """The comparison is of names, and they are long or many."""
    variables = comparison.variables
    if not 1 <= len(variables) <= 2 or drawing.scaled(comparison):
        return False
    names = drawing.words(variables[0])
    return max(map(len, names)) > LONG or len(names) > MANY


def table(found: Found, told: Compared) -> html.Table:
    """A line for each cell of the comparison, a column for each metric; the base comes first.

    Args:
        found: the experiment.
        told: what is compared, with its charts.
    """
    variables = told.comparison.variables
    tops = [max(0.0, c.high or 0.0, c.reference or 0.0) for c in told.charts]
    places: dict[tuple[int, ...], dict[int, Any]] = {}
    for k, chart in enumerate(told.charts):
        for cell in chart.cells.iter_rows(named=True):
            at = (cell["x"], cell["colour"])[: len(variables)]
            places.setdefault(at, {})[k] = cell
    lines = []
    base = told.comparison.base
    if base >= 0 and base not in told.rows and any(c.reference is not None for c in told.charts):
        cells = [
            _bar(how, c.reference, top, "base")
            for how, c, top in zip(told.shown, told.charts, tops, strict=True)
        ]
        name = _link(f"base: {recipe_words(found, base)}", [base])
        lines.append(html.Tr([html.Th(name, colSpan=len(variables), scope="row"), *cells]))
    for at in sorted(places):
        names = [drawing.words(v)[p] for v, p in zip(variables, at, strict=True)]
        rows = next(iter(places[at].values()))["models"]
        heads = [html.Th(_link(names[0], rows), scope="row"), *(html.Td(n) for n in names[1:])]
        cells = [
            _bar(how, places[at].get(k, {}).get("mean"), top, "")
            for k, (how, top) in enumerate(zip(told.shown, tops, strict=True))
        ]
        lines.append(html.Tr([*heads, *cells]))
    heads = [html.Th(v.name, title=v.name) for v in variables]
    heads += [html.Th(how.header, className="bar-head") for how in told.shown]
    return html.Table(
        [html.Thead(html.Tr(heads)), html.Tbody(lines)], className="compare-table with-bars"
    )


def _link(name: str, rows: list[int]) -> html.Button:
    ids = ",".join(map(str, rows))
    return html.Button(name, className="link", title=name, **data(ids=ids))


def _bar(how: Any, value: float | None, top: float, tone: str) -> html.Td:
    if value is None:
        return html.Td("unknown", className="muted")
    share = 100 * max(0.0, value) / top if top > 0 else 0.0
    return html.Td(
        html.Div(
            [
                html.Span(how.number(value), className="figure"),
                html.Span(html.I(style={"width": f"{share:.1f}%"}, className=tone)),
            ],
            className="bar-cell",
        )
    )
