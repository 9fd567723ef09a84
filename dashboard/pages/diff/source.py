"""The sources of both sides beside each other, where both models have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard.components import aria, count
from dashboard.pages.diff.content import SIGNS
from engine.insight import FileDifference, LineRow

OPEN = 2  # files that differ and are shown at once


def source(files: Sequence[FileDifference], names: tuple[str, str]) -> list[Any]:
    """A pane with each file that differs; nothing where one of both has no lines."""
    if not files:
        return []
    differ = [file for file in files if file.state != "same"]
    same = len(files) - len(differ)
    parts = [f"{count(n, 'file')} {word}" for n, word in ((len(differ), "with differences"),
                                                          (same, "the same")) if n]  # fmt: skip
    return [
        html.Section(
            [
                html.Div(
                    [html.H2("Source"), html.Span(", ".join(parts), className="muted")],
                    className="bar",
                ),
                *(_file(file, names, k < OPEN) for k, file in enumerate(differ)),
            ],
            className="pane diff-source",
        )
    ]


def _file(file: FileDifference, names: tuple[str, str], opened: bool) -> html.Details:
    notes = [] if file.whole else ["only lines that the exports name"]
    notes += [f"{file.left:,} more lines"] if file.left else []
    if not file.rows:
        notes.append("too long to compare line by line")
    head = html.Summary(
        [html.Span(f"{SIGNS[file.state]} ", className=f"diff-{file.state}"), html.B(file.path),
         html.Span("; ".join(notes), className="muted")]
    )  # fmt: skip
    table = html.Table(
        [
            html.Colgroup([html.Col(className=c) for c in ("sign", "number", "", "number", "")]),
            html.Thead(html.Tr([html.Td(""),
                                *(html.Th(name, colSpan=2, scope="col") for name in names)])),
            html.Tbody([_row(row) for row in file.rows]),
        ],
        **aria(label=f"{file.path}, {names[0]} beside {names[1]}"),
    )  # fmt: skip
    return html.Details([head, html.Div(table, className="diff-lines")], open=opened)


def _row(row: LineRow) -> html.Tr:
    if row.state == "gap":
        return html.Tr(html.Td("…", colSpan=5), className="gap")
    sign = "" if row.state == "same" else SIGNS[row.state]
    return html.Tr(
        [html.Td(sign, className="sign", title=row.state),
         html.Td(row.before or "", className="number"), html.Td(row.old, className="old"),
         html.Td(row.after or "", className="number"), html.Td(row.new, className="new")],
        className=f"line-{row.state}",
    )  # fmt: skip
