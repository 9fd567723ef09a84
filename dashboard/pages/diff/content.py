"""The difference as drawn: sums, a waterfall by module, formats, both graphs, the tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import dash_ag_grid as dag
from dash import dcc, html

from dashboard.components import aria, change, data, quantity, span
from dashboard.figures.task_table import THEME
from dashboard.figures.tokens import SCHEMES
from dashboard.figures.waterfall import waterfall
from dashboard.ids import Diff
from dashboard.queries.differences import Compared
from dashboard.queries.sides import Side
from dashboard.urls import MODELS, View
from engine.recipe.model import Totals

SIGNS = {"same": "=", "changed": "~", "added": "+", "removed": "−"}
FIGURES = (("Latency", "latency_s", "s"), ("Energy per inference", "energy_j", "J"),
           ("Model size", "size_bytes", "B"), ("Peak memory", "peak_bytes", "B"))  # fmt: skip
NUMBER = {"function": "diffNumber(params)"}
GRID = {
    "theme": THEME, "animateRows": False, "rowHeight": 29, "headerHeight": 30,
    "groupHeaderHeight": 28, "tooltipShowDelay": 500,
    "rowSelection": {"mode": "singleRow", "checkboxes": False, "enableClickSelection": True},
    "isExternalFilterPresent": {"function": "diffSome()"},
    "doesExternalFilterPass": {"function": "diffShown(params)"},
    "localeText": {"noRowsToShow": "No task differs."},
}  # fmt: skip
KEYS = (
    "Drag to move, the wheel or + and − to zoom, Home to see all; the table holds the same tasks."
)


def nothing() -> list[Any]:
    """What is shown before there are two sides."""
    return [html.Div([html.P("Two models are needed, or one on two targets or under two recipes."),
                      html.P("The first model is added by dropping an ONNX file on the first page; "
                             "its analyses can be chosen here too.", className="muted"),
                      dcc.Link("Add a model", href=MODELS, className="button primary")],
                     className="empty")]  # fmt: skip


def body(compared: Compared, sides: Sequence[Side]) -> list[Any]:
    """Everything below the choice of the sides."""
    names = [side.name for side in sides]
    first = compared.found[0]
    totals = [first.before, *(found.after for found in compared.found)]
    return [
        html.Div([_figure(*f, totals, names) for f in FIGURES], className="totals diff-totals"),
        html.Div(
            [
                html.Div([html.H2("Latency by module"), *_bars(compared, names)],
                         className="pane"),
                html.Div([html.H2("Kernel formats of paired tasks"),
                          *_formats(compared.formats.to_dicts(), names)],
                         className="pane diff-facts"),
            ],
            className="diff-upper",
        ),
        html.Div([_graph(side, k) for k, side in enumerate(sides[:2])],
                 id=Diff.GRAPHS, className="diff-graphs"),
        html.Div([_bar(first.counts), _table(compared.rows, names)], className="pane diff-table"),
    ]  # fmt: skip


def _figure(
    name: str, field: str, unit: str, totals: Sequence[Totals], names: Sequence[str]
) -> html.Div:
    values = [getattr(t, field) for t in totals]
    parts: list[Any] = [html.Div(name, className="total-name")]
    before = values[0]
    for total, value, side in zip(totals[1:], values[1:], names[1:], strict=True):
        if before is None or value is None:
            parts.append(html.Div("unknown"))
            continue
        band = total.energy_band if field == "energy_j" else None
        number, short = span(*band, unit) if band else quantity(value, unit)
        old, old_unit = quantity(before, unit)
        moved, share = change(value, before)
        said: list[Any] = [html.Span([html.B(number), html.Small(short)], className="total-value")]
        if moved:
            struck = html.S(old if old_unit == short else f"{old} {old_unit}")
            said += [
                *([] if band else [struck]),
                html.Span(moved, className=f"change {'better' if share < 0 else 'worse'}"),
            ]
        if len(values) > 2:
            said.append(html.Span(side, className="muted", title=side))
        parts.append(html.Div(said, className="total-body"))
    return html.Div(parts, className="total")


def _bars(compared: Compared, names: Sequence[str]) -> list[Any]:
    before, after = compared.found[0].before.latency_s, compared.found[0].after.latency_s
    if before is None or after is None:
        return [html.P("The latency of one of both is not known.", className="muted")]
    if not compared.modules.height:
        return [html.P("No module's latency changed.", className="muted")]
    both = names[0], names[1]
    figures = {s: waterfall(compared.modules, before, after, both, s) for s in SCHEMES}
    return [
        dcc.Graph(
            figure=figure, config={"displayModeBar": False, "responsive": True},
            className=f"only-{scheme}", style={"height": f"{figure.layout.height}px"},
        )
        for scheme, figure in figures.items()
    ]  # fmt: skip


def _formats(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[Any]:
    """A matrix: a row a format of the first side, a column one of the second."""
    if not rows:
        return [html.P("No task of one side is one of the other.", className="muted")]
    cells = {(r["before"], r["after"]): r for r in rows}
    down, across = (list(dict.fromkeys(sorted(r[k] for r in rows))) for k in ("before", "after"))

    def cell(was: str, now: str) -> html.Td:
        row = cells.get((was, now))
        if row is None:
            return html.Td("·", className="faint")
        old, new = (" ".join(quantity(row[f"{k}_bytes"] or 0.0, "B")) for k in ("before", "after"))
        size = [] if was == "no weights" else [html.Small(old if old == new else f"{old} → {new}")]
        return html.Td([html.B(f"{row['tasks']:,}"), *size], className="same" * (was == now))

    head = html.Tr([html.Th("from ↓  to →", scope="col", className="muted"),
                    *(html.Th(f, scope="col") for f in across)])  # fmt: skip
    body = [html.Tr([html.Th(was, scope="row"), *(cell(was, now) for now in across)])
            for was in down]  # fmt: skip
    label = f"Tasks by kernel format, from {names[0]} to {names[1]}"
    table = [html.Thead(head), html.Tbody(body)]
    return [html.Table(table, className="diff-formats", **aria(label=label))]


def _graph(side: Side, k: int) -> html.Section:
    return html.Section(
        [
            html.Div([html.H2(side.name, title=side.name), html.Span(className="spring"),
                      html.Button("PNG", className="icon word", **data(picture="png"),
                                  title="Save what this shows as a PNG picture"),
                      html.Button("⤢", className="icon", title="Show all", **data(fit=str(k)))],
                     className="bar"),
            html.Div(
                [html.Canvas(tabIndex=0, role="img",
                             **aria(label=f"Tasks of {side.name}. {KEYS}"),
                             **data(url=_drawing(side.view), side="ab"[k])),
                 html.Div(className="tip", hidden=True, role="tooltip")],
                className="diff-canvas",
            ),
        ],
        className="pane diff-graph",
    )  # fmt: skip


def _drawing(view: View) -> str:
    query = [("target", view.target), *(("bind", f"{v}:{n}") for n, v in view.bindings)]
    return f"api/models/{quote(view.model_id, safe='')}/drawing?{urlencode(query)}"


def _bar(counts: Mapping[str, int]) -> html.Div:
    differ = any(n for state, n in counts.items() if state != "same")
    return html.Div(
        [
            html.H2("Tasks side by side"),
            html.Ul([html.Li([html.B(f"{SIGNS[state]} {n:,}"), f" {state}"],
                             className=f"diff-{state}")
                     for state, n in counts.items()], className="diff-counts"),
            html.Span(className="spring"),
            html.Button("Only what differs", id=Diff.ONLY, className="button toggle",
                        **aria(pressed=str(differ).lower())),
        ],
        className="bar",
    )  # fmt: skip


def _table(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dag.AgGrid:
    more = [f"_{k}" for k in range(2, len(names))]
    signs = [("kind", "state"), *((f"kind{k}", f"state{k}") for k in more)]
    told = [
        {**row, **{state: _sign(row.get(kind)) for kind, state in signs}} for row in rows
    ]  # fmt: skip
    return dag.AgGrid(
        id=Diff.TABLE, rowData=told, columnDefs=_columns(names, more), className="table",
        getRowId="params.data.key",
        defaultColDef={"sortable": True, "resizable": True, "suppressHeaderMenuButton": True},
        dashGridOptions=GRID, style={"height": "100%"},
    )  # fmt: skip


def _sign(kind: str | None) -> str:
    return f"{SIGNS[kind]} {kind}" if kind else ""


def _columns(names: Sequence[str], more: Sequence[str]) -> list[dict[str, Any]]:
    """The state, then a group of columns a side, then what changed."""

    def text(field: str, head: str, **options: Any) -> dict[str, Any]:
        return {"field": field, "headerName": head, "tooltipField": field, **options}

    def state(field: str, kind: str) -> dict[str, Any]:
        rules = {f"is-{name}": f"params.data['{kind}'] === '{name}'" for name in SIGNS}
        return text(field, "State", width=104, cellClassRules=rules)

    def number(field: str, head: str) -> dict[str, Any]:
        return {"field": field, "headerName": head, "width": 108, "type": "rightAligned",
                "valueFormatter": NUMBER}  # fmt: skip

    task: dict[str, Any] = {"flex": 2, "minWidth": 150}
    found = [
        state("state", "kind"),
        {"headerName": names[0], "children": [text("from", "Task", **task),
                                              number("before", "Latency, ms")]},
        {"headerName": names[1], "children": [text("to", "Task", **task),
                                              number("after", "Latency, ms"),
                                              number("delta", "Change, ms")]},
    ]  # fmt: skip
    found += [
        {"headerName": name, "children": [
            state(f"state{k}", f"kind{k}"), text(f"to{k}", "Task", **task),
            number(f"after{k}", "Latency, ms"), number(f"delta{k}", "Change, ms")]}
        for k, name in zip(more, names[2:], strict=True)
    ]  # fmt: skip
    return [*found, text("kernel", "Class", width=104),
            text("changes", "What changed", flex=3, minWidth=200)]  # fmt: skip
