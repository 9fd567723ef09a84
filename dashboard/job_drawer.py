"""The jobs, on every page: a button that says what is under way, and a drawer with each job.

The page asks for the rows only while something runs or the drawer is open.
"""

from __future__ import annotations

from typing import Any

from dash import ALL, Dash, Input, Output, ctx, dcc, html, no_update, set_props

from dashboard.access import SIGNED_IN
from dashboard.components import aria, count, data, percent
from dashboard.ids import Shell, repeated
from dashboard.job_list import GOING, job_list
from dashboard.queries import services
from dashboard.shell import guarded, notify
from engine.store import JobRow

POLL_MS = 1000
MOST_PAGES = 20


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
                html.Footer(
                    [
                        html.Button("Show older", id=Shell.JOBS_MORE, className="button",
                                    hidden=True),
                        html.Span(className="spring"),
                        html.Button("Cancel all", id=Shell.JOBS_CANCEL_ALL, className="button",
                                    title="Every job of yours that is under way", hidden=True),
                    ],
                    className="bar jobs-foot",
                ),
            ],
            id=Shell.JOBS_SHEET,
            className="jobs-sheet",
            hidden=True,
            **aria(label="Jobs"),
        ),
    ]  # fmt: skip


def label(jobs: tuple[JobRow, ...]) -> str:
    """What the button says."""
    going = [job for job in jobs if job.state in GOING]
    if not going:
        return "Jobs"
    return f"Jobs · {percent(sum(j.share for j in going) / len(going))}"


def polled(_turn: object, opened: object, older: object) -> dict[str, Any]:
    """The rows again; asks no more once nothing is under way and the drawer is closed.

    Args:
        opened: whether the drawer is.
        older: how often older ones were asked for.
    """
    ask = services().jobs
    pages = 1 + (older if isinstance(older, int) and 0 < older < MOST_PAGES else 0)
    jobs = ask.list(pages)
    active, all_active = ask.active(), ask.of_everyone()
    going = sum(job.state in GOING and not job.cancel for job in jobs)
    return {
        "list": job_list(jobs, all_active - active) if opened else no_update,
        "label": label(jobs),
        "off": not active and not opened,
        "older": len(jobs) < pages * ask.page,
        "all": going < 2,
    }


def cancelled(clicks: list[object], _all: object) -> str:
    """Stop the job whose button was pressed, or all of them."""
    id = ctx.triggered_id
    if id == Shell.JOBS_CANCEL_ALL and _all:
        many = services().jobs.cancel_all()
        notify(f"{count(many, 'job')} {'stops' if many == 1 else 'stop'}.", "info")
        set_props(Shell.JOBS_POLL, {"disabled": False})
        return "all"
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
            "older": Output(Shell.JOBS_MORE, "hidden"),
            "all": Output(Shell.JOBS_CANCEL_ALL, "hidden"),
        },
        inputs={
            "_turn": Input(Shell.JOBS_POLL, "n_intervals"),
            "opened": Input(Shell.JOBS_SHEET, "data-open"),
            "older": Input(Shell.JOBS_MORE, "n_clicks"),
        },
    )(guarded(polled, SIGNED_IN))  # fmt: skip
    app.callback(
        Output(Shell.JOBS_SHEET, "data-cancelled"),
        Input(repeated(Shell.JOB_CANCEL, ALL), "n_clicks"),  # type: ignore[arg-type]
        Input(Shell.JOBS_CANCEL_ALL, "n_clicks"),
        prevent_initial_call=True,
    )(guarded(cancelled, SIGNED_IN))
