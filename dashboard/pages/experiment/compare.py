"""Compare: how the selected models differ; of one its figures; of none what each operation did."""

from __future__ import annotations

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update

from dashboard.components import aria, change, data, significant
from dashboard.figures import comparison as drawing
from dashboard.figures.tokens import SCHEMES
from dashboard.ids import Experiment
from dashboard.queries import services
from dashboard.queries.experiment_compare import (
    MOST_FACETS,
    MOST_ROWS,
    Compared,
    compared,
    effects,
    words,
)
from dashboard.queries.experiment_words import recipe_words, shown
from dashboard.shell import guarded
from engine.experiments import Experiment as Found

CONFIG: Any = {"displayModeBar": False, "displaylogo": False, "responsive": True}


def body(_sent: dict[str, Any]) -> list[Any]:
    """The place of the comparison."""
    return [html.Div(id=Experiment.COMPARE, className="compare", **aria(live="polite"))]


def comparing(ask: object, scheme: object, key: object) -> Any:
    """What the pane shows of the selected models."""
    if scheme not in SCHEMES:
        return no_update
    sent = ask if isinstance(ask, dict) else {}
    given = sent.get("rows")
    _, found = services().experiments.get(key)
    rows = [k for k in given if _is_row(k, found)] if isinstance(given, list) else []
    if not rows:
        return _effects(found)
    if len(rows) == 1:
        return _one(found, rows[0])
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
            [html.P(told.comparison.sentence, className="compare-words"), *_legend(told)],
            className="compare-head",
        )
    ]
    if told.refine and (len(told.comparison.raw) > 1 or told.narrowed or as_table):
        parts.append(_refine(told, as_table))
    if len(told.rows) < 2:
        return [*parts, html.P("Fewer than two models are left. Keep more values.")]
    if as_table:
        return [*parts, _table(found, told)]
    charts = [
        dcc.Graph(
            figure=drawing.figure(chart, how.scale, how.header, scheme),
            config=CONFIG,
            className="compare-chart",
            style={"height": 190},
        )
        for chart, how in zip(told.charts, told.shown, strict=True)
    ]
    wide = facets > 1 or (bool(variables) and len(variables[0].values) > 8)
    return [*parts, html.Div(charts, className="compare-charts wide" if wide else "compare-charts")]


def _legend(told: Compared) -> list[Any]:
    """The values of the colour, once for all charts."""
    variables = told.comparison.variables
    if len(variables) < 2:
        return []
    names = drawing.words(variables[1])
    tones = drawing.colours(len(names))
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


def _one(found: Found, row: int) -> list[Any]:
    """One model: every primary metric, and how it changed from its base and from the root."""
    forest = found.forest
    base, root = forest.parent[row], forest.root[row]
    others = [(name, k) for name, k in (("base", base), ("root", root)) if k >= 0 and k != row]
    if len(others) == 2 and base == root:
        others = others[:1]
    model = found.models[row]
    lines = []
    for spec in found.primary:
        how = shown(spec, found.frame[spec.column].to_list())
        value = found.frame[spec.column][row]
        cells = [html.Td(how.text(value), className="n figure")]
        for _, other in others:
            text, share = change(value, found.frame[spec.column][other])
            better = (share > 0) == (spec.direction == "higher")
            tone = ("better" if better else "worse") if text and spec.direction else "muted"
            cells.append(html.Td(text or "same", className=f"n {tone}"))
        lines.append(html.Tr([html.Th(spec.name, scope="row"), *cells]))
    heads = [html.Th(f"from the {name}", className="n") for name, _ in others]
    told = [part for part in (model.id, model.author, model.time) if part]
    return [
        html.Div(
            [
                html.P(html.B(recipe_words(found, row)), className="compare-words"),
                html.P(" · ".join(told), className="muted compare-words"),
            ],
            className="compare-head",
        ),
        html.Table(
            [
                html.Thead(html.Tr([html.Th("Metric"), html.Th("Value", className="n"), *heads])),
                html.Tbody(lines),
            ],
            className="compare-table",
        ),
        html.P("Select two or more models to see how they differ.", className="muted"),
    ]


def _effects(found: Found) -> list[Any]:
    how, made = effects(found)
    prompt = html.P(
        "Select models to see how they differ. Meanwhile, what each step did on average "
        "(median change from a model's base):",
        className="compare-words",
    )
    if not made:
        return [html.Div(html.P("Select models to see how they differ."), className="compare-head")]
    lines = [
        html.Tr(
            [
                html.Th(effect.operation, scope="row", title=effect.operation),
                html.Td(f"{effect.count:,}", className="n figure"),
                *(_median(h, m) for h, m in zip(how, effect.median, strict=True)),
            ]
        )
        for effect in made
    ]
    heads = [html.Th(h.header, className="n") for h in how]
    return [
        html.Div(prompt, className="compare-head"),
        html.Table(
            [
                html.Thead(html.Tr([html.Th("Step"), html.Th("Models", className="n"), *heads])),
                html.Tbody(lines),
            ],
            className="compare-table",
        ),
    ]


def _median(how: Any, value: float | None) -> html.Td:
    if value is None:
        return html.Td("unknown", className="n muted")
    page = value * how.scale
    if abs(page) < 1e-9:
        return html.Td("same", className="n muted")
    better = (value > 0) == (how.spec.direction == "higher")
    tone = ("better" if better else "worse") if how.spec.direction else "muted"
    sign = "▲" if value > 0 else "▼"
    return html.Td(f"{sign} {significant(abs(page))}", className=f"n figure {tone}")


def register(app: Dash) -> None:
    """Wire the pane."""
    app.callback(
        Output(Experiment.COMPARE, "children"),
        Input(Experiment.COMPARE_ASK, "data"),
        Input(Experiment.CHARTS, "data"),
        State(Experiment.KEY, "data"),
        prevent_initial_call=True,
    )(guarded(comparing))
    wire: Any = app.clientside_callback  # Dash leaves it untyped
    wire(
        ClientsideFunction("experiment_compare", "drawn"),
        Input(Experiment.COMPARE, "children"),
        prevent_initial_call=True,
    )
