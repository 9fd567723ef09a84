"""What stands out in the layers: a sentence, figures, where, the operation that may help."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html

from dashboard.components import aria, count, data, percent, significant
from dashboard.ids import Layers, repeated
from engine.compress import Figure
from engine.experiments import Experiment as Found
from engine.layers import Finding

KINDS = {"dead": "Silent channels", "flattened": "Flattened norms", "small": "Small layers pruned",
         "ranges": "Ranges that differ", "collapsed": "Collapsed model",
         "harmed": "A class harmed"}  # fmt: skip
NAMED = 4  # layers that are named at first


def listed(found: Found, told: Sequence[tuple[int, Finding]]) -> list[Any]:
    """The list, each with its place; nothing where nothing stands out."""
    if not told:
        return []
    return [
        html.H2(count(len(told), "finding"), className="layers-title"),
        *(_one(found, k, row, finding) for k, (row, finding) in enumerate(told)),
    ]


def _one(found: Found, place: int, row: int, finding: Finding) -> html.Section:
    where: list[Any] = [_where(name) for name in finding.where[:NAMED]]
    rest = finding.where[NAMED:]
    if rest:
        more = html.Summary(f"and {len(rest)} more", className="link")
        where.append(html.Details([more, *map(_where, rest)]))
    remedy: list[Any] = []
    if finding.remedy is not None:
        remedy = [
            html.Button(
                finding.remedy.words,
                id=repeated(Layers.REMEDY, f"{row}.{place}"),
                className="button",
                title="A job makes a child of the model in this experiment",
            )
        ]
    return html.Section(
        [
            html.H3([KINDS.get(finding.kind, finding.kind), " ",
                     html.Span(found.models[row].label, className="badge")]),
            html.P(finding.sentence),
            html.P("; ".join(map(_said, finding.figures)), className="muted"),
            html.Div(where, className="layers-where"),
            *remedy,
        ],
        className="layers-finding", **aria(label=finding.kind),
    )  # fmt: skip


def _where(name: str) -> html.Button:
    return html.Button(name, className="link", title=f"{name}: show this layer", **data(find=name))


def _said(figure: Figure) -> str:
    """A figure with its interval, where it has one."""

    def text(value: float) -> str:
        if value != value:
            return "NaN"
        return percent(value) if figure.unit == "share" else (
            f"{significant(value)} {figure.unit}".strip())  # fmt: skip

    known = figure.low == figure.low and figure.high == figure.high
    span = f" ({text(figure.low)} to {text(figure.high)})" if known else ""
    return f"{figure.label}: {text(figure.value)}{span}"
