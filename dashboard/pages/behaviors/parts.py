"""What stands around the table: models, choices, what is missing, pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard.components import aria, data, percent
from dashboard.ids_behaviors import Behaviors
from dashboard.queries.behaviors import Desk
from dashboard.queries.behaviors_table import tones
from dashboard.queries.behaviors_words import KINDS
from dashboard.queries.experiment_words import recipe_words
from dashboard.queries.findings import Told
from dashboard.urls_behaviors import BehaviorsView, search
from engine.behaviors import ENDINGS
from engine.numbers import count

ENDINGS_HELP = (
    "Predictions of one model: NPZ, Parquet or JSON, at most 12 MB; or, once they are there, the "
    "JSON of texts or PNG pictures of their instances"
)
MOST_OFFERED = 300  # models to add
WHOLE = ("classes", "groups")  # rows of all instances, not of those of one class
LEVELS = {
    "classes": ("Classes", "A row for each class"),
    "groups": ("Groups", "Parts of the instances, the most harmed first"),
    "instances": ("Instances", "A row for each instance"),
    "sensitive": ("Most sensitive", "The instances that change most over all models"),
    "flagged": ("Flagged", "The instances that were flagged for review"),
}


def bones(lines: int) -> list[Any]:
    """What stands there until the first answer."""
    return [html.Div(className="bone behaviors-bone") for _ in range(lines)]


def way(text: Any, to: str, css: str = "link", **more: Any) -> html.A:
    """A link to another view of this page, which the browser follows without a new page."""
    return html.A(text, href=to, className=css, **data(go=to), **more)


def pick(label: str, groups: Sequence[tuple[str, Sequence[tuple[str, str]]]], now: str) -> Any:
    """A list to choose from whose values are addresses; it is made anew for each of them.

    Args:
        label: for screen readers.
        groups: (name, [(text, address)]); the name "" for none.
        now: the address that is chosen.
    """

    def options(some: Sequence[tuple[str, str]]) -> list[Any]:
        return [html.Option(text, value=to, selected=to == now) for text, to in some]

    made: list[Any] = []
    for name, some in groups:
        made += [html.Optgroup(options(some), label=name)] if name else options(some)
    return html.Select(made, key=f"{label}{now}", className="button more", **data(pick=""),
                       **aria(label=label))  # fmt: skip


def side(desk: Desk) -> list[Any]:
    """The models: which of them is the base, ways to add and to remove."""
    view, chips, colours = desk.view, [], tones(desk)
    for k in desk.order:
        name, (tone, words) = recipe_words(desk.found, k), colours[k]
        rest = tuple(m for m in view.models if m != k)
        base = k == view.base
        none = "earlier predictions" if desk.id(k) in desk.late else "no predictions"
        note = ", ".join(["base"] * base + [none] * (k not in desk.ready))
        chips.append(
            html.Li(
                [
                    html.I(className="model-dot", title=words,
                           style={"background": f"var(--seq-{tone})"} if tone >= 0 else {}),
                    html.Span([html.Span(name, title=name),
                               *([html.Small(note, className="muted")] if note else [])],
                              className="model-name"),
                    *([way("×", search(_without(view, k, rest)), "icon", title=f"Remove {name}",
                           **aria(label=f"Remove {name}"))] if len(rest) > 1 else []),
                ],
                className="behaviors-model",
            )
        )  # fmt: skip
    bases = [(recipe_words(desk.found, k), search(replace(view, base=k, sheet="")))
             for k in view.models]  # fmt: skip
    others = [k for k in range(len(desk.found.models)) if k not in view.models]
    has = set(desk.data.models) if desk.data else set()
    others.sort(key=lambda k: (desk.id(k) not in has, k))
    more = [
        (
            recipe_words(desk.found, k),
            search(replace(view, models=tuple(sorted((*view.models, k))))),
        )
        for k in others[:MOST_OFFERED]
    ]
    return [
        html.H2(f"Comparing {count(len(view.models), 'model')}"),
        html.Ul(chips, className="behaviors-list"),
        html.Label([html.Span("Base", className="field-name"),
                    pick("Base model", [("", bases)], search(replace(view, sheet="")))],
                   className="behaviors-field"),
        *([pick("Add a model", [("", [("+ Add a model…", search(view)), *more])], search(view))]
          if more else []),
        html.P("Colours are those of the map: the more one stands out, the better its model.",
               className="muted behaviors-note"),
    ]  # fmt: skip


def offered(desk: Desk) -> list[dict[str, str]]:
    """The models that predictions can be brought for."""
    return [{"value": desk.id(k), "label": recipe_words(desk.found, k)} for k in desk.order]


def first_offered(desk: Desk) -> str:
    """The first model without predictions, else the last."""
    return desk.id(next(iter(desk.lacking), desk.order[-1]))


def bring() -> html.Details:
    """Predictions that were made elsewhere; it stays while the models come and go."""
    return html.Details(
        [
            html.Summary("Import predictions…", className="link"),
            dmc.Select(id=Behaviors.IMPORT_MODEL, data=[], allowDeselect=False, size="xs",
                       **aria(label="Model that made them")),
            dcc.Upload(html.Button("Choose a file…", className="button", title=ENDINGS_HELP),
                       id=Behaviors.IMPORT, accept=",".join(ENDINGS), multiple=False),
        ],
        className="behaviors-import",
    )  # fmt: skip


def _without(view: BehaviorsView, k: int, rest: tuple[int, ...]) -> BehaviorsView:
    bounds = tuple(b for b in view.bounds if b[0] != k)
    return replace(view, models=rest, bounds=bounds, base=None if view.base == k else view.base,
                   by=None if view.by == k else view.by, page=1, sheet="")  # fmt: skip


def bar(desk: Desk) -> list[Any]:
    """What is compared, how, on which data, and what a row is."""
    if desk.asking is None:
        return [html.H2("Behaviors")]
    view = replace(desk.view, page=1, sheet="")
    compares = desk.measure.how.value is None
    groups: dict[str, list[tuple[str, str]]] = {}
    for m in desk.asking.given.measures:
        to = replace(view, metric=m.id, bounds=(), relative=view.relative and not compares)
        groups.setdefault(KINDS[m.how.needs], []).append((m.label, search(to)))
    plain = replace(view, bounds=(), relative=view.relative and not compares)
    why = "Of this metric only a comparison exists" if compares else ""
    forms = [
        _option("Absolute", search(replace(view, relative=False, bounds=())), not view.relative,
                "What each model has", why),
        _option("Relative", search(replace(view, relative=True, bounds=())), view.relative,
                why or "Differences from the base", ""),
    ]  # fmt: skip
    rows = [
        _option(f"{text} · {len(desk.flagged)}" if key == "flagged" and desk.flagged else text,
                search(replace(view, rows=key, inside="" if key in WHOLE else view.inside)),
                view.rows == key, help, "")
        for key, (text, help) in LEVELS.items()
    ]  # fmt: skip
    chips = []
    if view.inside and view.rows not in WHOLE:
        back = search(replace(view, rows="classes", inside=""))
        chips = [way("‹ Classes", back, "button"), html.B(view.inside)]
    return [
        html.Div(rows, className="choice", role="group", **aria(label="What a row is")),
        *chips,
        html.Span(className="spring"),
        html.Label([html.Span("Data", className="field-name"), _sets(desk, plain)],
                   className="behaviors-field"),
        html.Label([html.Span("Metric", className="field-name"),
                    pick("Comparison metric", list(groups.items()), search(plain))],
                   className="behaviors-field", title=desk.measure.how.help),
        html.Div(forms, className="choice", role="group", title=why or None,
                 **aria(label="Values, or differences from the base")),
    ]  # fmt: skip


def _sets(desk: Desk, view: BehaviorsView) -> Any:
    assert desk.data is not None
    sets = [(d.name, search(replace(view, data=d.id[:16], inside="", rows="classes")))
            for d in desk.sets]  # fmt: skip
    now = next(to for d, (_, to) in zip(desk.sets, sets, strict=True) if d is desk.data)
    return pick("Set of instances", [("", sets)], now)


def _option(text: str, to: str, on: bool, title: str, off: str) -> Any:
    """One of a few; a reason why it cannot be chosen takes its link away."""
    if off:
        return html.Span(text, className="option off", title=off, **aria(disabled="true"))
    return way(text, to, "option", title=title, **aria(current="true" if on else "false"))


def notice(desk: Desk, job: Any) -> list[Any]:
    """What is missing and what helps; how far a job is that makes it."""
    if desk.asking is not None and not desk.lacking and job is None:
        return []
    if job is not None:
        words = next((u.words for u in job.units if u.state == "running" and u.words), "")
        line = [
            html.B(job.title),
            html.Span(f"{percent(job.share)} {words}".strip(), className="muted"),
            html.Progress(value=str(job.share), max="1", **aria(label=job.title)),
            html.Button("Stopping…" if job.cancel else "Cancel", id=Behaviors.CANCEL,
                        className="button", disabled=job.cancel),
        ]  # fmt: skip
        return [html.Div(line, className="behaviors-notice")]
    names = ", ".join(recipe_words(desk.found, k) for k in desk.lacking[:3])
    more = f" and {len(desk.lacking) - 3:,} more" if len(desk.lacking) > 3 else ""
    runs = desk.data is not None and desk.data.runs
    load = html.Button("Load predictions", id=Behaviors.LOAD, className="button primary",
                       disabled=not runs,
                       title="Run the models on the data, once" if runs
                       else "These instances came with predictions only; import those of the "
                       "others, or attach data")  # fmt: skip
    if desk.asking is not None:
        none = "No predictions of the models as they are now" if desk.late else "No predictions yet"
        line = [html.Span(f"{none}: {names}{more}"), load]
        return [html.Div(line, className="behaviors-notice")]
    if len(desk.view.models) < 2:
        text = "Behaviors are compared between models: add a second one at the left."
        return [html.Div([html.H1("One model is not enough"), html.P(text)], className="empty")]
    on = f" on {desk.data.name}" if desk.data else ""
    told = (
        f"Class by class and instance by instance: what changed from the base, where a rare class "
        f"was harmed while the mean stands. It needs what the models say{on}."
    )
    missing = desk.data is None
    return [
        html.Div(
            [
                html.H1("What did compression do to which instances?"),
                html.P(told),
                html.P(f"Without predictions{' as they are now' if desk.late else ' yet'}: "
                       f"{names}{more}.", className="muted"),
                html.Div([load], className="button-row"),
                *([html.P("This experiment has no data yet: attach some with “Run an operation…” "
                          "on its page.", className="muted")] if missing else []),
            ],
            className="empty",
        )
    ]  # fmt: skip


def evidence(told: Told) -> list[Any]:
    """What shows a finding: other views of this page, and the layers."""
    here = [way(words, to) for words, to in told.ways]
    return [*here, *(dcc.Link(words, href=to, className="link") for words, to in told.pages[:4])]


def fault(sentence: str, view: BehaviorsView) -> list[Any]:
    """What went wrong, and ways on."""
    plain = BehaviorsView(view.experiment_id, view.models, view.base)
    ways = [way("Try again", search(view), "button"),
            way("Begin with the usual view", search(plain), "button")]  # fmt: skip
    return [html.Div([html.H1("This cannot be shown"), html.P(sentence, className="worse"),
                      html.Div(ways, className="button-row")], className="empty")]  # fmt: skip
