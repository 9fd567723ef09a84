"""The jobs, on every page: a button that says what is under way, and a drawer with each job.

The page asks for the rows only while something runs or the drawer is open.
"""

from __future__ import annotations

from typing import Any

from dash import ALL, Dash, Input, Output, ctx, dcc, html, no_update, set_props

from dashboard.components import aria, count, data, percent, quantity
from dashboard.ids import Shell, repeated
from dashboard.queries import services
from dashboard.shell import guarded, notify
from dashboard.urls import View, path
from engine.store import JobRow, UnitRow

POLL_MS = 1000
STATES = {
    "queued": "waits", "running": "runs", "done": "done", "failed": "failed",
    "cancelled": "cancelled",
}  # fmt: skip


def drawer() -> list[Any]:
    """What the frame holds."""
    return [
        html.Button(
            "Jobs", id=Shell.JOBS_OPEN, className="button jobs-open",
            title="What runs behind the pages",
            **data(jobs="toggle"), **aria(expanded="false"),
        ),
        dcc.Interval(Shell.JOBS_POLL, interval=POLL_MS, disabled=True),
        html.Aside(
            [
                html.Div(
                    [
                        html.H2("Jobs"),
                        html.Span(className="spring"),
                        html.Button("×", className="icon", title="Close", **data(jobs="toggle"),
                                    **aria(label="Close")),
                    ],
                    className="bar",
                ),
                html.Div(id=Shell.JOBS_LIST, className="jobs-list"),
            ],
            id=Shell.JOBS_SHEET,
            className="jobs-sheet",
            hidden=True,
            **aria(label="Jobs"),
        ),
    ]  # fmt: skip


def job_list(jobs: tuple[JobRow, ...]) -> list[Any]:
    """Each job: what it is, how far, what came out."""
    if not jobs:
        return [
            html.Div(
                [
                    html.P("No jobs yet."),
                    html.P("What takes long runs here: making the file of a recipe, timing it.",
                           className="muted"),
                ],
                className="empty",
            )
        ]  # fmt: skip
    return [html.Ol([_job(job) for job in jobs])]


def _job(job: JobRow) -> html.Li:
    going = job.state in ("queued", "running")
    now = next((u.words for u in job.units if u.state == "running" and u.words), "")
    done = sum(u.state == "done" for u in job.units)
    state = STATES[job.state]
    if job.cancel and going:
        state = "stops"
    elif job.state == "running":
        state = percent(job.share)
    head = html.Div(
        [
            html.B(job.title, title=job.title),
            html.Span(f"{done} of {len(job.units)}" if len(job.units) > 1 else "",
                      className="muted"),
            html.Span(state, className=f"job-state job-{job.state}"),
            html.Button("Cancel", id=repeated(Shell.JOB_CANCEL, job.id), className="link",
                        hidden=not going or job.cancel, **aria(label=f"Cancel {job.title}")),
        ],
        className="job-head",
    )  # fmt: skip
    bar = html.Div(
        html.Div(style={"width": f"{100 * job.share:.0f}%"}), className="job-bar",
        role="progressbar",
        **aria(valuenow=f"{100 * job.share:.0f}", valuemin="0", valuemax="100", label=job.title),
    )  # fmt: skip
    said = [_said(unit) for unit in job.units]
    return html.Li(
        [head, *([bar] if going else []), *([html.P(now, className="muted")] if now else []),
         *(part for parts in said for part in parts)],
        className="job",
    )  # fmt: skip


def _said(unit: UnitRow) -> list[Any]:
    if unit.state == "failed" or (unit.words and unit.state == "queued"):
        return [html.P(unit.words, className="worse" if unit.state == "failed" else "muted")]
    if unit.state != "done" or not unit.result or "size_bytes" not in unit.result:
        return []
    return _made(dict(unit.result))


def _made(result: dict[str, Any]) -> list[Any]:
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


def label(jobs: tuple[JobRow, ...]) -> str:
    """What the button says."""
    going = [job for job in jobs if job.state in ("queued", "running")]
    if not going:
        return "Jobs"
    return f"Jobs · {percent(sum(j.share for j in going) / len(going))}"


def polled(_turn: object, opened: object) -> dict[str, Any]:
    """The rows again; asks no more once nothing is under way and the drawer is closed."""
    ask = services().jobs
    jobs, active = ask.list(), ask.active()
    return {
        "list": job_list(jobs) if opened else no_update,
        "label": label(jobs),
        "off": not active and not opened,
    }


def cancelled(clicks: list[object]) -> str:
    """Stop the job whose button was pressed."""
    id = ctx.triggered_id
    if not any(clicks) or not isinstance(id, dict):
        return no_update  # type: ignore[return-value]
    row = services().jobs.cancel(str(id.get("index", "")))
    notify(f"{row.title}: stops.", "info")
    set_props(Shell.JOBS_POLL, {"disabled": False})
    return row.id


def register(app: Dash) -> None:
    """Wire the drawer."""
    app.callback(
        output={
            "list": Output(Shell.JOBS_LIST, "children"),
            "label": Output(Shell.JOBS_OPEN, "children"),
            "off": Output(Shell.JOBS_POLL, "disabled"),
        },
        inputs={
            "_turn": Input(Shell.JOBS_POLL, "n_intervals"),
            "opened": Input(Shell.JOBS_SHEET, "data-open"),
        },
    )(guarded(polled))  # fmt: skip
    app.callback(
        Output(Shell.JOBS_SHEET, "data-cancelled"),
        Input(repeated(Shell.JOB_CANCEL, ALL), "n_clicks"),  # type: ignore[arg-type]
        prevent_initial_call=True,
    )(guarded(cancelled))
