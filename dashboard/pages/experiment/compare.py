"""Compare: how the selected models differ; of one its figures; of none what each operation did."""

from __future__ import annotations

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update

from dashboard.access import VIEW_EXPERIMENT
from dashboard.components import aria, data
from dashboard.figures import comparison as drawing
from dashboard.figures.tokens import SCHEMES
from dashboard.ids import Experiment
from dashboard.pages.experiment import bar_table, details, progress
from dashboard.queries import services
from dashboard.queries.experiment_compare import (
    MOST_FACETS,
    MOST_ROWS,
    Compared,
    compared,
    words,
)
from dashboard.queries.experiment_words import recipe_words
from dashboard.queries.offspring import file_address, unfinished
from dashboard.shell import guarded
from engine.experiments import Experiment as Found

SHORT = 14  # characters of a metric's name, likewise
FEW = 4  # values of an axis with which three charts stand beside each other
CONFIG: Any = {"displayModeBar": False, "displaylogo": False, "responsive": True}


def body() -> list[Any]:
    """The place of the comparison."""
    return [html.Div(id=Experiment.COMPARE, className="compare", **aria(live="polite"))]


def comparing(ask: object, scheme: object, key: object) -> Any:
    """What the pane shows of the selected models.

    Args:
        ask: {"rows", "keep", and of one model "about": bounds and charts}.
        scheme: "light" or "dark", once charts may come.
        key: the experiment.
    """
    if scheme not in SCHEMES:
        return no_update
    sent = ask if isinstance(ask, dict) else {}
    given, about = sent.get("rows"), sent.get("about")
    row, found, children = services().experiments.progress(key)
    rows = [k for k in given if _is_row(k, found)] if isinstance(given, list) else []
    if not rows:
        return details.of_none(found)
    if len(rows) == 1:
        shown = details.of_one(found, rows[0], about if isinstance(about, dict) else {})
        file = file_address(services().store, row, found.models[rows[0]].id)
        waiting = unfinished(found, children)
        return [*progress.told(found, rows[0], waiting, file, row.id), *shown]
    keep = sent.get("keep")
    told = compared(found, rows, keep if isinstance(keep, dict) else {})
    return _several(found, told, str(scheme)) if told else no_update


def _is_row(k: object, found: Found) -> bool:
    return isinstance(k, int) and not isinstance(k, bool) and 0 <= k < len(found.models)


def _several(found: Found, told: Compared, scheme: str) -> list[Any]:
    variables = told.comparison.variables
    facets = len(variables[2].values) if len(variables) > 2 else 1
    as_table = told.comparison.view in ("table", "none") or facets > MOST_FACETS
    parts: list[Any] = [
        html.Div(
            [
                html.P(told.comparison.sentence, className="compare-words"),
                *([] if bar_table.fits_better(told.comparison) else _legend(told)),
            ],
            className="compare-head",
        )
    ]
    if told.refine and (len(told.comparison.raw) > 1 or told.narrowed or as_table):
        parts.append(_refine(told, as_table))
    if len(told.rows) < 2:
        return [*parts, html.P("Fewer than two models are left. Keep more values.")]
    if as_table:
        return [*parts, _table(found, told)]
    if told.charts and bar_table.fits_better(told.comparison):
        return [*parts, bar_table.table(found, told)]
    charts = [
        dcc.Graph(
            figure=drawing.figure(chart, how.scale, how.header, scheme),
            config=CONFIG,
            className="compare-chart",
            style={"height": 200},
        )
        for chart, how in zip(told.charts, told.shown, strict=True)
    ]
    wide = facets > 1 or (bool(variables) and len(variables[0].values) > 8)
    few = not variables or len(variables[0].values) * facets <= FEW
    few = few and max(len(how.header) for how in told.shown) <= SHORT
    shape = " wide" if wide else " few" if few else ""
    return [*parts, html.Div(charts, className="compare-charts" + shape)]


def _legend(told: Compared) -> list[Any]:
    """The values of the colour, once for all charts."""
    variables = told.comparison.variables
    if len(variables) < 2:
        return []
    names = drawing.words(variables[1])
    tones = drawing.colours(variables[1])
    return [
        html.Div(
            [
                html.Span(variables[1].name, className="muted"),
                *(
                    html.Span([html.I(style={"background": f"var(--{tone})"}), name])
                    for name, tone in zip(names, tones, strict=True)
                ),
            ],
            className="compare-legend",
        )
    ]


def _refine(told: Compared, opened: bool) -> html.Details:
    lines = [
        html.Div(
            [
                html.Span(name, className="bound-name", title=name),
                *(
                    html.Button(
                        f"{chip.text} · {chip.count}",
                        className="option-chip",
                        **aria(pressed=str(chip.kept).lower()),
                        **data(keep=chip.key),
                    )
                    for chip in chips
                ),
            ],
            className="refine-line",
        )
        for name, chips in told.refine
    ]
    tools: list[Any] = []
    if told.narrowed:
        rows = ",".join(map(str, told.rows))
        tools = [
            html.Button("Select only these", className="link", **data(ids=rows)),
            html.Button("Keep all", className="link", **data(keep="")),
        ]
    return html.Details(
        [
            html.Summary("Refine: keep only some values", className="link"),
            *lines,
            html.Div(tools, className="refine-tools"),
        ],
        className="refine",
        open=opened or told.narrowed,
    )


def _table(found: Found, told: Compared) -> html.Div:
    variables = told.comparison.variables or told.comparison.raw
    heads = [html.Th(v.name, title=v.name) for v in variables]
    figures = [html.Th(how.header, className="n") for how in told.shown]
    lines = []
    for k, row in enumerate(told.comparison.rows[:MOST_ROWS]):
        cells = [html.Td(words(v.cells[k])) for v in variables]
        cells += [html.Td(_figure(found, how, row), className="n figure") for how in told.shown]
        name = recipe_words(found, row)
        link = html.Button(name, className="link", title=name, **data(ids=str(row)))
        lines.append(html.Tr([html.Td(link, className="name"), *cells]))
    more = len(told.comparison.rows) - MOST_ROWS
    note = [html.P(f"{more:,} more are in the table of all models.")] if more > 0 else []
    head = html.Thead(html.Tr([html.Th("Model"), *heads, *figures]))
    return html.Div([html.Table([head, html.Tbody(lines)], className="compare-table"), *note])


def _figure(found: Found, how: Any, row: int) -> str:
    value = found.frame[how.spec.column][row]
    return "unknown" if value is None else how.number(value)


def register(app: Dash) -> None:
    """Wire the pane."""
    app.callback(
        Output(Experiment.COMPARE, "children"),
        Input(Experiment.COMPARE_ASK, "data"),
        Input(Experiment.CHARTS, "data"),
        State(Experiment.KEY, "data"),
        prevent_initial_call=True,
    )(guarded(comparing, VIEW_EXPERIMENT))
    wire: Any = app.clientside_callback  # Dash leaves it untyped
    wire(
        ClientsideFunction("experiment_compare", "drawn"),
        Input(Experiment.COMPARE, "children"),
        prevent_initial_call=True,
    )
