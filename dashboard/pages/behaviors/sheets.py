"""What lies over the table: a matrix of labels or changes, or one instance large."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dash import html

from dashboard.components import aria, data, percent
from dashboard.figures.tokens import STEPS
from dashboard.pages.behaviors.parts import way
from dashboard.queries import services
from dashboard.queries.behaviors import Desk
from dashboard.queries.behaviors_sheets import Seen, matrix, seen
from dashboard.urls_behaviors import search
from engine.behaviors import Confusion
from engine.numbers import count


def sheet(desk: Desk) -> list[Any]:
    """The sheet that a view asks for; [] none."""
    view = desk.view
    if not view.sheet or desk.asking is None:
        return []
    if view.sheet == "instance":
        found = seen(desk, services().predictions)
        title, body = f"Instance {found.id}", _instance(found)
    else:
        name, counts = matrix(desk)
        changes = view.sheet == "changes"
        title = f"{'How predictions of the base changed' if changes else 'Confusion'}: {name}"
        body = _matrix(counts, changes)
    shut = search(replace(view, sheet="", of=0))
    close = way("×", shut, "icon", title="Close (Escape)", **aria(label="Close"),
                **{"data-close": ""})  # fmt: skip
    return [
        html.Aside(
            [html.Div([html.H2(title), html.Span(className="spring"), close], className="bar"),
             html.Div(body, className="behaviors-sheet-body")],
            className="sheet behaviors-sheet", **aria(label=title),
        )
    ]  # fmt: skip


def _matrix(found: Confusion, changes: bool) -> list[Any]:
    """Rows are labels or the base's predictions, columns the model's; the diagonal is the same."""
    counts: Sequence[Sequence[int]] = found.counts.tolist()
    most = max((n for i, row in enumerate(counts) for j, n in enumerate(row) if i != j), default=0)
    rows = "The base said" if changes else "Label"
    lines = []
    for i, row in enumerate(counts):
        total = sum(row)
        cells = [html.Td(f"{n:,}" if n else "", className=_shade(n, most, i == j),
                         title=f"{found.words[i]} → {found.words[j]}: {n:,} of {total:,}")
                 for j, n in enumerate(row)]  # fmt: skip
        same = percent(row[i] / total) if total else "–"
        lines.append(html.Tr([html.Th(found.words[i], scope="row"), *cells,
                              html.Td(same, className="share"),
                              html.Td(f"{total:,}", className="share muted")]))  # fmt: skip
    heads = [html.Th(w, scope="col", title=w) for w in found.words]
    head = html.Tr([html.Th(f"{rows} ↓  model says →", className="muted"), *heads,
                    html.Th("Same" if changes else "Right", className="muted"),
                    html.Th("Of", className="muted")])  # fmt: skip
    note = f"{count(found.unknown, 'instance')} without one of both are left out. " * (
        found.unknown > 0
    )
    return [
        html.P(f"{note}The outlined diagonal {'stayed the same' if changes else 'is right'}; the "
               "darker another cell, the more instances are there.", className="muted"),
        html.Div(html.Table([html.Thead(head), html.Tbody(lines)], className="matrix"),
                 className="matrix-scroll"),
    ]  # fmt: skip


def _shade(n: int, most: int, diagonal: bool) -> str:
    if diagonal:
        return "same"
    return f"seq s{min(STEPS - 1, int(math.sqrt(n / most) * (STEPS - 1) + 0.5))}" if n else ""


def _instance(found: Seen) -> list[Any]:
    drawn = found.drawn
    picture: list[Any] = []
    if "image" in drawn:
        picture = [html.Img(src=drawn["image"], className="large", alt=f"Instance {found.id}")]
    elif "wave" in drawn:
        line: Any = {"--wave": f'url("{drawn["wave"]}")'}
        picture = [html.Div(className="wave", style=line, role="img",
                            **aria(label=f"Waveform of instance {found.id}"))]  # fmt: skip
    elif "pairs" in drawn:
        pairs = [p for n, v in drawn["pairs"] for p in (html.Dt(n, title=n), html.Dd(v))]
        picture = [html.Dl(pairs, className="pairs")]
    elif "text" in drawn:
        picture = [html.P(drawn["text"], className="large-text")]
    lines = []
    base = found.models[0][1]
    for k, (name, said, best) in enumerate(found.models):
        right = bool(found.label) and said == found.label
        mark = "" if not found.label or not said else "✓ right" if right else "✗ wrong"
        moved = "" if not k or said == base else "differs from the base"
        scores = " · ".join(f"{word} {percent(share)}" for word, share in best)
        lines.append(
            html.Tr([html.Th(name, scope="row"), html.Td(said or "no prediction"),
                     html.Td(mark, className="better" if right else "worse"),
                     html.Td(moved, className="muted"), html.Td(scores)])
        )  # fmt: skip
    head = html.Tr([html.Th(t) for t in ("Model", "Says", "", "", "Highest scores")])
    flag = html.Button("⚑ Flagged; take the flag away" if found.flagged else "⚐ Flag for review",
                       className="button", **data(flag=found.id),
                       **aria(pressed=str(found.flagged).lower()))  # fmt: skip
    return [
        html.Div([*picture, html.Div([html.P(["Label: ", html.B(found.label or "none")]), flag])],
                 className="instance-head"),
        html.Table([html.Thead(head), html.Tbody(lines)], className="compare-table"),
    ]  # fmt: skip
