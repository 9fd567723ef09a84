"""The list itself: a table whose cells carry small pictures, or the first page when it is empty."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dash import dcc, html

from dashboard import urls
from dashboard.components import significant
from dashboard.ids import Models, repeated
from dashboard.queries.models import DEFAULT_SORT, Listed, Listing
from dashboard.queries.sharing import SharedAnalysis, held_words
from dashboard.shell import attributes
from dashboard.urls import View
from engine.store import ModelRow, Role

STEP = 50  # rows drawn at first, and more with each click
MODELLED = "Worked out from the data sheet of the target; nothing was measured."

# (key of SORTS or "", heading, unit, tooltip, scale of the figure or 0, has a bar)
COLUMNS = (
    ("name", "Model", "", "Name, version in its project, where it came from", 0.0, False),
    ("", "Along the network", "", "Latency from the first task (left) to the last", 0.0, False),
    ("latency_s", "Latency", "ms", "Time of one inference on the target", 1e3, True),
    ("energy_j", "Energy", "mJ", "Energy of one inference", 1e3, False),
    ("peak_bytes", "Peak memory", "MB", "Most activations alive at one time", 1e-6, False),
    ("size_bytes", "Size", "MB", "Weights as the target stores them", 1e-6, True),
    ("macs", "MACs", "M", "Multiply-accumulates of one inference, in millions", 1e-6, False),
    (
        "budgets",
        "Budgets",
        "",
        "Limits that the model, as the file is, misses ▲, meets ✓, or that "
        "stand on a figure that is not known ?",
        0.0,
        False,
    ),
    ("tasks", "Tasks", "", "Kernels that run on the target", 0.0, False),
    ("created", "Added", "", "When the model was added", 0.0, False),
)


def summary(listing: Listing, view: View, target: str) -> list[Any]:
    """The line above the list: how many, and what kind of number the figures are."""
    if not listing.total:
        return []
    count = f"{listing.total} models" if listing.total != 1 else "1 model"
    if view.search:
        count = f"{listing.matching} of {count}"
    parts: list[Any] = [html.Span(count), html.Span(f"baseline on {target}")]
    parts.append(html.Span("modelled", className="badge", title=MODELLED))
    if listing.pending:
        parts.append(html.Span("working out figures…", className="working"))
    return parts


def table(listing: Listing, view: View) -> Any:
    """The list, or what stands in its place."""
    if not listing.total and not listing.analyses:
        return _empty(listing.pending)
    shared = _analyses(listing.analyses)
    if not listing.models:
        none = f"No model is called “{view.search}”." if view.search else "No model here."
        said = [html.P(none, className="models-none")] if listing.total or not shared else []
        return [*said, *shared]
    best = {
        key: max((_figure(m, key) or 0.0 for m in listing.models), default=0.0)
        for key, *_, bar in COLUMNS
        if bar
    }
    shown = [c for c in COLUMNS if c[0] != "budgets" or listing.budgeted]
    drawn = html.Table(
        [
            html.Thead(html.Tr([*(_heading(c, view) for c in shown), html.Th()])),
            html.Tbody([_row(m, best, view, listing.budgeted) for m in listing.models]),
        ],
        className="models-table",
    )
    left = listing.matching - len(listing.models)
    more = html.Button(
        f"Show {min(left, STEP)} more of {left}",
        id=Models.MORE,
        className="button models-more",
        hidden=left <= 0,
    )
    invite = html.P(
        [
            "Drop ONNX files anywhere on this page, or ",
            html.Button("choose them", className="link choose-files"),
            ".",
        ],
        className="models-invite",
        hidden=left > 0 or bool(view.search),
    )
    return [drawn, more, *shared, invite]


def _analyses(found: Sequence[SharedAnalysis]) -> list[Any]:
    """Analyses that were shared without their model."""
    if not found:
        return []
    lines = [
        html.Li(
            [
                dcc.Link(one.name, href=urls.build(View(one.model_id, analysis=one.id)),
                         className="model-link"),
                html.Span(f"of {one.model}", className="muted"),
                html.Span(one.words, className="badge"),
            ]
        )
        for one in found
    ]  # fmt: skip
    return [
        html.Section(
            [html.H2("Analyses shared with you"), html.Ul(lines)], className="models-shared"
        )
    ]


def _heading(column: tuple[str, str, str, str, float, bool], view: View) -> html.Th:
    key, title, unit, help, _, _ = column
    text = f"{title}, {unit}" if unit else title
    number = "" if key in ("", "name") else "number"
    if not key:
        return html.Th(text, title=help, className="profile-head")
    sort = view.sort or DEFAULT_SORT
    here = sort.removeprefix("-") == key
    arrow = (" ▾" if sort.startswith("-") else " ▴") if here else ""
    return html.Th(
        html.Button(
            text + arrow,
            id=repeated(Models.SORT_BUTTON, key),
            className="sort here" if here else "sort",
            title=f"{help}. Click to sort.",
        ),
        className=f"{number} head-{key}",
        **attributes(aria_sort=_direction(sort) if here else "none"),
    )


def _direction(sort: str) -> str:
    return "descending" if sort.startswith("-") else "ascending"


def _row(model: Listed, best: dict[str, float], view: View, budgeted: bool) -> html.Tr:
    row = model.row
    link = urls.build(View(model_id=row.id, target=view.target))
    # a person's browser draws every component, so what is empty is not made
    name: list[Any] = [dcc.Link(row.name, href=link, className="model-link", title=_facts(model))]
    if model.versions > 1:
        of = f"Version {model.version} of {model.versions} of {row.project}"
        name.append(html.Span(f"v{model.version}", className="version", title=of))
    if _why(model):
        name.append(html.Span(_why(model), className="aside lacks", title=_why(model)))
    if model.role is not Role.OWNER:
        name.append(html.Span(held_words(row.owner, model.role), className="badge"))
    if row.description:
        name.append(html.Span(row.description, className="aside", title=row.description))
    cells = [html.Td(name, className="name"), html.Td(_profile(model), className="profile-cell")]
    for key, _, _, _, scale, bar in COLUMNS[2:7]:
        cells.append(_number(model, key, scale, best.get(key, 0.0) if bar else 0.0))
    if budgeted:
        cells.append(_budgets(model))
    cells += [
        html.Td(_tasks(model), className="number"),
        html.Td(_day(row.created), className="number muted", title=f"{row.created:%Y-%m-%d %H:%M}"),
        html.Td(_remove(row) if model.role is Role.OWNER else None, className="row-tools"),
    ]
    return html.Tr(cells, key=row.id)


def _remove(row: ModelRow) -> html.Button:
    return html.Button(
        "×",
        id=repeated(Models.REMOVE, row.id),
        className="row-remove",
        title=f"Remove {row.name}",
        **attributes(aria_label=f"Remove {row.name}"),
    )


def _budgets(model: Listed) -> html.Td:
    """Three counts in places of their own, so that the eye can run down them."""
    found = model.budgets
    if found is None:
        return html.Td(className="number")
    counts = ((found.missed, "▲", "missed"), (found.met, "✓", "met"), (found.unknown, "?", "muted"))
    words = ", ".join(
        f"{n} {word}"
        for n, word in ((found.missed, "missed"), (found.met, "met"), (found.unknown, "not known"))
        if n
    )
    marks = [html.Span(f"{sign} {n}" if n else "", className=tone) for n, sign, tone in counts]
    said = f"{words or 'no budgets'}: {' '.join(found.sentences)}"
    return html.Td(
        html.Div(marks, className="budget-marks", role="img", **attributes(aria_label=said)),
        className="number",
        title="\n".join((words, *found.sentences)),
    )


def _facts(model: Listed) -> str:
    row = model.row
    facts = [row.name, f"{row.op_count:,} ops", f"file of {row.file_bytes / 1e6:,.3g} MB"]
    for key, label in (("producer", "made by"), ("opset", "opset")):
        if row.properties.get(key):
            facts.append(f"{label} {row.properties[key]}")
    facts += [f"{d.name} = {d.value}" for d in row.dims]
    return " · ".join(facts)


def _figure(model: Listed, key: str) -> float | None:
    value = getattr(model.headline, key) if model.headline else None
    return None if value is None else float(value)


def _number(model: Listed, key: str, scale: float, best: float) -> html.Td:
    value = _figure(model, key)
    if model.headline is None:
        return html.Td(html.Span(className="bone"), className="number")
    if value is None:
        return html.Td("unknown", className="number unknown", title=_why(model))
    style = {"--part": f"{value / best:.3f}"} if best else {}
    return html.Td(
        significant(value * scale, 2 if key == "energy_j" else 3),
        className="number barred" if best else "number",
        style=style,
    )


def _why(model: Listed) -> str:
    if model.headline is None:
        return ""
    if model.headline.fault:
        return model.headline.fault
    if not model.headline.unknown_tasks:
        return ""
    return f"{model.headline.unknown_tasks:,} of {model.headline.tasks:,} tasks have no known cost"


def _tasks(model: Listed) -> Any:
    if model.headline is None:
        return html.Span(className="bone")
    if model.headline.fault:
        return html.Span("fault", className="fault", title=model.headline.fault)
    return f"{model.headline.tasks:,}"


def _profile(model: Listed) -> Any:
    """A skyline in one element: a block of colour, clipped."""
    if model.headline is None:
        return html.Span(className="bone wide")
    bars = model.headline.profile
    if not bars:
        return html.Span(className="profile")
    corners = [
        f"{100 * (i + side) / len(bars):.3g}% {100 - max(6, 100 * bar):.3g}%"
        for i, bar in enumerate(bars)
        for side in (0, 1)
    ]
    label = f"Latency along the network; the largest part is {_largest(bars)}"
    return html.Div(
        className="profile",
        role="img",
        title=label,
        style={"clipPath": f"polygon(0 100%,{','.join(corners)},100% 100%)"},
        **attributes(aria_label=label),
    )


def _largest(bars: Sequence[float]) -> str:
    at = bars.index(max(bars)) / len(bars)
    return "near the start" if at < 1 / 3 else "in the middle" if at < 2 / 3 else "near the end"


def _day(created: datetime) -> str:
    return f"{created:%-d %b %Y}"


def _empty(pending: bool) -> html.Div:
    if pending:
        return html.Div(html.P("Putting the demo models in…"), className="empty")
    return html.Div(
        [
            html.H1("Your models will be listed here"),
            html.P(
                "Each with its latency, energy, memory and size on the target of your choice. "
                "Drop ONNX files anywhere on this page, or choose them."
            ),
            html.Div(
                [
                    html.Button("Choose files…", className="button primary choose-files"),
                    html.Button("Add the demo models", id=Models.DEMO, className="button"),
                ],
                className="empty-actions",
            ),
        ],
        className="empty",
    )
