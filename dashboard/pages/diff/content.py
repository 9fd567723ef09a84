"""The difference as drawn: sums, a waterfall by module, formats, the table of tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_ag_grid as dag
from dash import dcc, html

from dashboard.components import change, quantity
from dashboard.figures.task_table import THEME
from dashboard.figures.tokens import SCHEMES
from dashboard.figures.waterfall import waterfall
from dashboard.ids import Diff
from dashboard.queries.differences import Compared

SIGNS = {"same": "=", "changed": "~", "added": "+", "removed": "−"}
FIGURES = (("Latency", "latency_s", "s"), ("Energy per inference", "energy_j", "J"),
           ("Model size", "size_bytes", "B"), ("Peak memory", "peak_bytes", "B"))  # fmt: skip
NUMBER = {"function": "diffNumber(params)"}
COLUMNS = [
    {"field": "state", "headerName": "", "width": 104, "cellClassRules": {
        name: f"params.data.kind === '{name}'" for name in SIGNS}},
    {"field": "name", "headerName": "Task", "flex": 2, "minWidth": 180, "tooltipField": "name"},
    {"field": "was", "headerName": "Was", "flex": 1, "minWidth": 120, "tooltipField": "was"},
    {"field": "kernel", "headerName": "Class", "width": 110},
    *({"field": f, "headerName": n, "width": 132, "type": "rightAligned", "valueFormatter": NUMBER}
      for f, n in (("before", "Before, ms"), ("after", "After, ms"), ("delta", "Change, ms"))),
    {"field": "changes", "headerName": "What changed", "flex": 3, "minWidth": 220,
     "tooltipField": "changes"},
]  # fmt: skip


def nothing() -> list[Any]:
    """What is shown before there are two sides."""
    return [html.Div([html.P("Two models are needed, or one on two targets."),
                      html.P("Add models on the first page.", className="muted")],
                     className="empty")]  # fmt: skip


def body(compared: Compared, names: tuple[str, str]) -> list[Any]:
    """Everything below the choice of both sides."""
    found = compared.found
    return [
        html.Div([_figure(*f, compared) for f in FIGURES], className="totals diff-totals"),
        html.Div(
            [
                html.Div(
                    [html.H2("Latency by module"), *_bars(compared, names)], className="pane"
                ),
                html.Div(
                    [
                        html.H2("Tasks"),
                        html.Ul([html.Li([html.B(f"{SIGNS[state]} {n:,}"), f" {state}"],
                                         className=f"diff-{state}")
                                 for state, n in found.counts.items()], className="diff-counts"),
                        html.H2("Kernel formats of paired tasks"),
                        _formats(compared.formats.to_dicts()),
                    ],
                    className="pane diff-facts",
                ),
            ],
            className="diff-upper",
        ),
        html.Div(_table(compared.rows), className="pane diff-table"),
    ]  # fmt: skip


def _figure(name: str, field: str, unit: str, compared: Compared) -> html.Div:
    before, after = (getattr(t, field) for t in (compared.found.before, compared.found.after))
    if before is None or after is None:
        return html.Div([html.Div(name, className="total-name"), html.Div("unknown")],
                        className="total")  # fmt: skip
    number, short = quantity(after, unit)
    old, old_unit = quantity(before, unit)
    moved, share = change(after, before)
    parts: list[Any] = [html.Span([html.B(number), html.Small(short)], className="total-value")]
    if moved:
        parts += [
            html.S(old if old_unit == short else f"{old} {old_unit}"),
            html.Span(moved, className=f"change {'better' if share < 0 else 'worse'}"),
        ]
    return html.Div(
        [html.Div(name, className="total-name"), html.Div(parts, className="total-body")],
        className="total",
    )


def _bars(compared: Compared, names: tuple[str, str]) -> list[Any]:
    before, after = compared.found.before.latency_s, compared.found.after.latency_s
    if before is None or after is None:
        return [html.P("The latency of one of both is not known.", className="muted")]
    if not compared.modules.height:
        return [html.P("No module's latency changed.", className="muted")]
    figures = {s: waterfall(compared.modules, before, after, names, s) for s in SCHEMES}
    return [
        dcc.Graph(
            figure=figure, config={"displayModeBar": False, "responsive": True},
            className=f"only-{scheme}", style={"height": f"{figure.layout.height}px"},
        )
        for scheme, figure in figures.items()
    ]  # fmt: skip


def _formats(formats: Sequence[Mapping[str, Any]]) -> html.Table:
    rows = [html.Tr([html.Td(r["before"]), html.Td(["→ ", r["after"]]),
                     html.Td(f"{r['tasks']:,}", className="number")])
            for r in formats]  # fmt: skip
    return html.Table([html.Tbody(rows)], className="diff-formats")


def _table(rows: Sequence[Mapping[str, Any]]) -> dag.AgGrid:
    return dag.AgGrid(
        id=Diff.TABLE, rowData=[{**row, "state": f"{SIGNS[row['kind']]} {row['kind']}"}
                                for row in rows],
        columnDefs=COLUMNS, className="table",
        defaultColDef={"sortable": True, "resizable": True, "suppressHeaderMenuButton": True},
        dashGridOptions={"theme": THEME, "animateRows": False, "rowHeight": 29, "headerHeight": 30,
                         "tooltipShowDelay": 500},
        style={"height": "100%"},
    )  # fmt: skip
