"""The list itself, or the first page when it is empty."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dash import dcc, html

from dashboard.components import aria
from dashboard.ids import Experiments, repeated
from dashboard.queries.experiments import DEFAULT_SORT, ExperimentList, issues_words
from dashboard.queries.sharing import held_words
from dashboard.urls_experiment import ExperimentView, path
from engine.store import ExperimentRow, Role

STEP = 50  # rows drawn at first, and more with each click
REPORT = "What reading the file found; the page of the experiment lists it."

# (key of SORTS or "", heading, class of its cells, tooltip)
COLUMNS = (
    ("name", "Experiment", "name", "Name of the file, or the one that it tells"),
    ("", "All models", "profile-head", "Quality of the models, from the best (left) to the worst"),
    ("", "Best", "best-head", "The model of the best quality, and the steps that made it"),
    ("models", "Models", "number", "Models in the file"),
    ("", "Steps", "number", "Most operations from a root to a model"),
    ("", "Operations", "operations-head", "Kinds of operation, in the order of the file"),
    ("", "File", "report-head", REPORT),
    ("created", "Added", "number", "When the experiment was added"),
)  # fmt: skip


def summary(listing: ExperimentList, search: str) -> list[Any]:
    """The line above the list: how many."""
    if not listing.total:
        return []
    count = f"{listing.total} experiments" if listing.total != 1 else "1 experiment"
    return [html.Span(f"{listing.matching} of {count}" if search else count)]


def table(listing: ExperimentList, search: str, sort: str) -> Any:
    """The list, or what stands in its place."""
    if not listing.total:
        return _empty()
    if not listing.rows:
        none = f"No experiment matches “{search}”." if search else "No experiment here."
        return html.P(none, className="models-none")
    drawn = html.Table(
        [
            html.Thead(html.Tr([*(_heading(c, sort or DEFAULT_SORT) for c in COLUMNS), html.Th()])),
            html.Tbody([_row(*of) for of in zip(listing.rows, listing.roles, strict=True)]),
        ],
        className="models-table experiments-table",
    )
    left = listing.matching - len(listing.rows)
    more = html.Button(
        f"Show {min(left, STEP)} more of {left}",
        id=Experiments.MORE,
        className="button models-more",
        hidden=left <= 0,
    )
    invite = html.P(
        [
            "Drop JSON files of experiments anywhere on this page, or ",
            html.Button("choose them", className="link choose-files"),
            ".",
        ],
        className="models-invite",
        hidden=left > 0 or bool(search),
    )
    return [drawn, more, invite]


def _heading(column: tuple[str, str, str, str], sort: str) -> html.Th:
    key, title, kind, help = column
    if not key:
        return html.Th(title, title=help, className=kind)
    here = sort.removeprefix("-") == key
    arrow = (" ▾" if sort.startswith("-") else " ▴") if here else ""
    way = "descending" if sort.startswith("-") else "ascending"
    button = html.Button(
        title + arrow,
        id=repeated(Experiments.SORT_BUTTON, key),
        className="sort here" if here else "sort",
        title=help,
    )
    kinds = "number head-experiment" if kind == "number" else "head-name"
    return html.Th(button, className=kinds, **aria(sort=way if here else "none"))


def _row(row: ExperimentRow, role: Role) -> html.Tr:
    told = row.summary
    operations = ", ".join(str(o) for o in told.get("operations", ()))
    counts = told.get("issues") or {}
    report = issues_words(counts)
    tone = "worse" if counts.get("error") else "lacks" if counts.get("warning") else "muted"
    best: list[Any] = []
    if told.get("best"):
        best.append(html.B(str(told.get("value", "")), className="best-value"))
        best.append(html.Span(str(told["best"]), className="best-name"))
    words = f"{told.get('metric', '')}: {told.get('value', '')}, {told.get('best', '')}"
    link = dcc.Link(
        row.name, href=path(ExperimentView(row.id)), className="model-link", title=row.name
    )
    held = held_words(row.owner, role)
    whose = [html.Span(held, className="badge")] if held else []
    return html.Tr(
        [
            html.Td([link, *whose], className="name"),
            html.Td(_curve(row), className="profile-cell"),
            html.Td(best, className="best", title=words if best else ""),
            html.Td(f"{row.model_count:,}", className="number"),
            html.Td(f"{told.get('depth', 0):,}", className="number"),
            html.Td(operations, className="muted", title=operations),
            html.Td(report or "read without a remark", className=f"{tone} report", title=REPORT),
            html.Td(
                _day(row.created), className="number muted", title=f"{row.created:%Y-%m-%d %H:%M}"
            ),
            html.Td(_remove(row) if role is Role.OWNER else None, className="row-tools"),
        ],
        key=row.id,
    )


def _remove(row: ExperimentRow) -> html.Button:
    return html.Button(
        "×",
        id=repeated(Experiments.REMOVE, row.id),
        className="row-remove",
        title=f"Remove {row.name}",
        **aria(label=f"Remove {row.name}"),
    )


def _curve(row: ExperimentRow) -> Any:
    """A skyline in one element: a block of colour, clipped."""
    bars = row.summary.get("curve") or ()
    if len(bars) < 2:
        return html.Span("nothing to draw", className="unknown")
    corners = [
        f"{100 * (i + side) / len(bars):.3g}% {100 - max(6, 100 * bar):.3g}%"
        for i, bar in enumerate(bars)
        for side in (0, 1)
    ]
    label = f"{row.summary.get('metric', '')} of the models, from the best to the worst"
    return html.Div(
        className="profile",
        role="img",
        title=label,
        style={"clipPath": f"polygon(0 100%,{','.join(corners)},100% 100%)"},
        **aria(label=label),
    )


def _day(created: datetime) -> str:
    return f"{created:%-d %b %Y}"


def _empty() -> html.Div:
    return html.Div(
        [
            html.H1("Your experiments will be listed here"),
            html.P(
                "An experiment is a family of models: each made from another by a step such as "
                "pruning, retraining or quantizing, with its metrics. Paredown draws the family, "
                "shows the trade-offs and finds what fits your budgets."
            ),
            html.P(
                "Drop the JSON of an experiment anywhere on this page, or choose it. It needs a "
                "list of models, each with an id, its base, the operation between them and its "
                "metrics; files of Compress and Compare open as they are."
            ),
            html.Div(
                html.Button("Choose files…", className="button primary choose-files"),
                className="empty-actions",
            ),
        ],
        className="empty",
    )
