"""Findings as two pages draw them: figures, what they mean, where it is seen, what may help."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

from dash import dcc, html, set_props

from dashboard import urls_behaviors
from dashboard.components import aria, count, percent, significant
from dashboard.ids import Shell, repeated
from dashboard.queries import remedies, services
from dashboard.queries.findings import Told
from dashboard.queries.remedies import Cure
from dashboard.shell import notify
from dashboard.urls_experiment import ExperimentView, build, path
from engine.behaviors import OF_BEHAVIORS
from engine.compress import Figure
from engine.errors import EngineError
from engine.experiments import Experiment
from engine.store import ExperimentRow

KINDS = {"dead": "Silent channels", "flattened": "Flattened norms", "small": "Small layers pruned",
         "ranges": "Ranges that differ", "collapsed": "Collapsed model",
         "ruined": "Most is lost", "harmed": "A class harmed"}  # fmt: skip
GOING = {"queued": "waits for its turn", "running": "is being made"}


def listed(
    told: Sequence[Told], button: StrEnum | None, where: Callable[[Told], list[Any]],
    opened: int = 1_000,
) -> list[Any]:  # fmt: skip
    """The list of findings; nothing where nothing stands out.

    Args:
        told: of `queries.findings`.
        button: id of the buttons of remedies; None for who may not start any.
        where: draws what leads to the evidence.
        opened: how many are unfolded at first.
    """
    if not told:
        return []
    return [
        html.H2(count(len(told), "finding")),
        *(_one(one, button, where(one), k < opened) for k, one in enumerate(told)),
    ]


def _one(one: Told, button: StrEnum | None, where: list[Any], opened: bool) -> html.Details:
    finding = one.finding
    head: list[Any] = [html.B(KINDS.get(finding.kind, finding.kind)), " ",
            html.Span(_short(one), className="finding-short"),
            html.Small(one.model, className="muted", title=one.model)]  # fmt: skip
    cures: list[Any] = [_cure(one, k, c, button) for k, c in enumerate(one.cures)]
    if one.none:
        cures = [html.P(one.none, className="muted")]
    told = finding.kind in OF_BEHAVIORS  # the sentence holds all figures
    said = "; ".join(map(_said, finding.figures))
    figures = [] if told else [html.P(said, className="muted")]
    return html.Details(
        [
            html.Summary(head, title=said),
            html.P(finding.sentence),
            *figures,
            html.Div(where, className="finding-where"),
            *cures,
        ],
        open=opened, key=one.key, className="finding",
        **aria(label=f"{finding.kind}: {one.model}"),
    )  # fmt: skip


def _short(one: Told) -> str:
    """The class that pays with what it lost, or how many layers it is."""
    finding = one.finding
    if finding.kind == "harmed":
        return f"{finding.where[0]}: {_value(finding.figures[1])}"
    if finding.kind == "collapsed":
        return f"{_value(finding.figures[0])} alike"
    if finding.kind == "ruined":
        return f"{_value(finding.figures[0])} right"
    return count(len(finding.where), "place")


def _cure(one: Told, place: int, cure: Cure, button: StrEnum | None) -> html.Div:
    """A remedy: its button, or how far its job is, or what came of it."""
    words = cure.remedy.words
    name, before, after = (*one.quality[:2], one.quality[2][place])
    line: list[Any]
    if cure.state == "done":
        gained = f" {name} {before} → {after}" if before and after else ""
        line = [html.B(f"✓ {words}"), html.Span(gained), *_ways(one, cure)]
    elif cure.state in GOING:
        line = [html.B(words), html.Span(f"{GOING[cure.state]} · {percent(cure.share)}"),
                html.Progress(value=str(cure.share), max="1", **aria(label=words))]  # fmt: skip
    elif button is None:
        line = [html.B(words)]
    else:
        line = [
            html.Button(
                words, id=repeated(button, f"{one.key}.{place}"), className="button",
                disabled=cure.state == "off",
                title=cure.words or "A job makes a child of a model in this experiment",
            )
        ]  # fmt: skip
    if cure.words and cure.state in ("off", "failed"):
        line.append(html.Span(cure.words, className="worse"))
    why = [html.P(cure.remedy.why, className="muted")] if cure.remedy.why else []
    return html.Div([html.Div(line, className="finding-cure"), *why])


def _ways(one: Told, cure: Cure) -> list[Any]:
    """From a child to the map, and to the page of behaviors with it."""
    id = one.experiment
    both = ExperimentView(experiment_id=id, selection=tuple(sorted((one.row, cure.child))))
    beside = urls_behaviors.to_behaviors(id, (one.base, one.row, cure.child), one.base)
    return [dcc.Link("On the map", href=build(both), className="link"),
            dcc.Link("Its behaviors", href=beside, className="link")]  # fmt: skip


def begin(told: Sequence[Told], index: object, row: ExperimentRow, found: Experiment) -> None:
    """Start the remedy whose button was pressed, and say so.

    Args:
        told: what is shown now.
        index: of the button.
        row: of the experiment.
        found: its models.

    Raises:
        EngineError: the finding is not there any more, or its job cannot be started.
    """
    key, _, place = str(index).rpartition(".")
    one = next((t for t in told if t.key == key), None)
    k = int(place) if place.isdecimal() and len(place) < 3 else -1
    if one is None or not 0 <= k < len(one.cures):
        raise EngineError("this finding is not there any more", try_this="loading the page again")
    begun = remedies.start(services().store, row, found, one.row, one.cures[k].remedy)
    whose = dcc.Link("To the experiment", href=path(ExperimentView(experiment_id=row.id)))
    if begun.job is None:
        notify([f"Here already: {', '.join(begun.there)}. ", whose], "info")
        return
    services().jobs.wake()
    notify([f"{begun.job.title}: asked for, as {', '.join(begun.made)}. ", whose], "info")
    set_props(Shell.JOBS_POLL, {"disabled": False})


def _said(figure: Figure) -> str:
    """A figure with its interval, where it has one."""
    known = figure.low == figure.low and figure.high == figure.high
    low, high = (_value(figure, v) for v in (figure.low, figure.high))
    return f"{figure.label}: {_value(figure)}{f' ({low} to {high})' if known else ''}"


def _value(figure: Figure, other: float | None = None) -> str:
    """The value of a figure, or another one of its unit; points are kept as shares."""
    value = figure.value if other is None else other
    if value != value:
        return "NaN"
    if figure.unit == "share":
        return percent(value)
    text = significant(abs(value * 100 if figure.unit == "points" else value))
    return f"{'−' if value < 0 else ''}{text} {figure.unit}".strip()
