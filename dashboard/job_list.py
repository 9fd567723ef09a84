"""The jobs as the drawer lists them: what runs, what waits, what came out, and why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html

from dashboard import urls_behaviors
from dashboard.components import aria, count, percent, quantity
from dashboard.ids import Shell, repeated
from dashboard.urls import View, path
from dashboard.urls_experiment import ExperimentView
from dashboard.urls_experiment import path as experiment_path
from engine.store import JobRow, UnitRow

STATES = {
    "queued": "waits", "running": "runs", "done": "done", "failed": "failed",
    "cancelled": "cancelled",
}  # fmt: skip
GOING = ("queued", "running")
REASONS = 3  # different ones that a job of many units tells
CHILDREN = 24  # likewise


def job_list(jobs: Sequence[JobRow], others: int = 0) -> list[Any]:
    """Each job: what it is, how far, what came out; those under way first.

    Args:
        jobs: of who asks, the newest first.
        others: jobs of other people that are under way.
    """
    if not jobs:
        return [
            html.Div(
                [
                    html.P("No jobs yet."),
                    html.P("What takes long runs here: operations on models, the file of a recipe, "
                           "evaluating, timing.", className="muted"),
                ],
                className="empty",
            )
        ]  # fmt: skip
    going = [job for job in jobs if job.state in GOING]
    over = [job for job in jobs if job.state not in GOING]
    parts: list[Any] = []
    if others:
        words = f"{count(others, 'job')} of others {'is' if others == 1 else 'are'} under way too"
        parts.append(html.P(f"{words}; the processes are shared fairly.", className="muted"))
    for title, mine in (("Under way", going), ("Finished", over)):
        if mine:
            head = html.H3([title, html.Span(_tally(mine), className="muted")])
            parts += [head, html.Ol([_job(job) for job in mine])]
    return parts


def _tally(jobs: Sequence[JobRow]) -> str:
    """Say "2 run, 5 wait"."""
    plural = {"running": "run", "queued": "wait"}
    seen = Counter(job.state for job in jobs)
    told = (f"{n:,} {plural.get(s, STATES[s]) if n > 1 else STATES[s]}"
            for s in ("running", *STATES) if (n := seen.pop(s, 0)))  # fmt: skip
    return ", ".join(told)


def _job(job: JobRow) -> html.Li:
    going = job.state in GOING
    now = next((u.words for u in job.units if u.state == "running" and u.words), "")
    done = sum(u.state == "done" for u in job.units)
    many = len(job.units) > 1
    state = STATES[job.state]
    if job.cancel and going:
        state = "stops"
    elif job.state == "running":
        state = percent(job.share)
    asked = job.created.astimezone()
    head = html.Div(
        [
            html.B(job.title, title=job.title),
            html.Span(f"{done} of {len(job.units)}" if many else "", className="muted"),
            html.Span(f"{asked:%H:%M}", className="muted", title=f"{asked:%Y-%m-%d %H:%M:%S}"),
            html.Span(state, className=f"job-state job-{job.state}"),
            html.Button("Cancel", id=repeated(Shell.JOB_CANCEL, job.id), className="link",
                        hidden=not going or job.cancel,
                        title="All of it that is not done yet" if many else "",
                        **aria(label=f"Cancel {job.title}")),
        ],
        className="job-head",
    )  # fmt: skip
    bar = html.Div(
        html.Div(style={"width": f"{100 * job.share:.0f}%"}), className="job-bar",
        role="progressbar",
        **aria(valuenow=f"{100 * job.share:.0f}", valuemin="0", valuemax="100", label=job.title),
    )  # fmt: skip
    parts = [head, *([bar] if going else []), *([html.P(now, className="muted")] if now else [])]
    return html.Li([*parts, *_reasons(job), *_results(job)], className="job", key=job.id)


def _reasons(job: JobRow) -> list[Any]:
    """Why units failed, or wait again; the same reason of several is told once."""
    told = Counter(
        (u.words, u.state) for u in job.units if u.words and u.state in ("failed", "queued")
    )
    lines = [
        html.P(f"{n} × {words}" if n > 1 else words,
               className="worse" if state == "failed" else "muted")
        for (words, state), n in told.most_common(REASONS)
    ]  # fmt: skip
    left = len(told) - REASONS
    return [*lines, *([html.P(f"and {count(left, 'other reason')}")] if left > 0 else [])]


def _results(job: JobRow) -> list[Any]:
    made = [u for u in job.units if u.state == "done" and u.result]
    if not made:
        return []
    if job.kind == "compress":
        return [part for unit in made for part in _file(dict(unit.result or {}))]
    lines = [html.Li(_figures(unit)) for unit in made[:CHILDREN]]
    link: list[Any] = []
    if job.kind == "operation":
        address = experiment_path(ExperimentView(experiment_id=job.subject))
        link = [dcc.Link("Open the experiment", href=address)]
    if job.kind == "predict":
        address = urls_behaviors.path(urls_behaviors.BehaviorsView(job.subject))
        link = [dcc.Link("Open behaviors", href=address)]
    if len(lines) < 2:
        words = _figures(made[0])
        return [html.P([words, " · " if words and link else "", *link])]
    told = html.Details(
        [html.Summary(count(len(made), "model"), className="muted"), html.Ul(lines)]
    )
    return [told, *([html.P(link)] if link else [])]


def _figures(unit: UnitRow) -> str:
    """What was found, in one line: "prune70: 229 kB, 98.1 % accurate, 0.84 × the latency"."""
    result: Mapping[str, Any] = unit.result or {}
    metrics = result.get("metrics") or {}
    told = []
    if "size_bytes" in result:
        told.append(" ".join(quantity(result["size_bytes"], "B")))
    if metrics.get("Accuracy") is not None:
        told.append(f"{100 * metrics['Accuracy']:.1f} % accurate")
    if metrics.get("Latency") is not None:
        told.append(f"{metrics['Latency']:.2f} × the latency of the root")
    if result.get("measured_s"):
        told.append(f"{' '.join(quantity(result['measured_s'], 's'))} measured")
    if "shown" in result:
        told.append(f"{count(result['count'], 'instance')} predicted")
    name = str(unit.args.get("model") or "")
    return f"{name}: {', '.join(told)}" if name and told else name or ", ".join(told)


def _file(result: dict[str, Any]) -> list[Any]:
    """What became of a recipe: predicted beside found, and what could not be done."""
    size, predicted, before = (
        " ".join(quantity(result[name], "B"))
        for name in ("size_bytes", "predicted_size_bytes", "before_bytes")
    )
    figures = [f"{before} → {size} (predicted {predicted})"]
    timed = result.get("measured")
    if timed and timed["before_s"] and timed["after_s"]:
        first, second = (" ".join(quantity(timed[n], "s")) for n in ("before_s", "after_s"))
        figures.append(f"{first} → {second} measured with {timed['runtime']}")
    lines: list[Any] = [html.P("; ".join(figures))]
    lines += [
        html.P(c["words"], className="muted" if c["met"] is None else "worse")
        for c in result["checks"]
        if c["met"] is not True
    ]
    left = result["missing"]
    if left:
        shown = [html.Li(sentence) for sentence in left[:20]]
        more = [html.Li(f"and {len(left) - 20:,} more")] if len(left) > 20 else []
        lines.append(
            html.Details([html.Summary(f"{count(len(left), 'part')} of the recipe not in the file"),
                          html.Ul([*shown, *more])])
        )  # fmt: skip
    id = str(result.get("model_id", ""))
    if id:
        lines.append(
            html.P([dcc.Link("Open it as a model", href=path(View(model_id=id))), " · ",
                    html.A("Download", href=f"/api/models/{id}/file", download="")])
        )  # fmt: skip
    return lines
