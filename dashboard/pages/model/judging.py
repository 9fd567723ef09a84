"""A model judged on samples and timed on this machine: two buttons, and what they found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update, set_props

from dashboard.access import FORK_MODEL, VIEW_MODEL, tokens
from dashboard.components import aria, count, quantity, significant
from dashboard.ids import Model, Shell, repeated
from dashboard.queries import services
from dashboard.shell import guarded, notify
from dashboard.urls import View
from engine.store import JobRow, acting

KINDS = ("measure", "evaluate")
SLOWEST = 8  # kernels that are listed
CLASSES = 12  # of the worst, likewise


def form() -> html.Div:
    """The buttons, the model beside, the place of what was found."""
    return html.Div(
        [
            html.Div(
                [
                    html.Button("Measure latency", id=Model.MEASURE, className="button",
                                title="A job that runs the model as it is on this machine, whole "
                                "and kernel by kernel"),
                    html.Button("Evaluate", id=Model.JUDGE, className="button",
                                title="A job that judges the model on the samples"),
                    dmc.Select(id=Model.JUDGE_BASE, data=[], clearable=True, searchable=True,
                               placeholder="beside no other model", size="xs", w=220,
                               nothingFoundMessage="No such model",
                               **aria(label="A model to compare with")),
                ],
                className="bar judging for-model-forker",
            ),
            dcc.Store(Model.JUDGE_ASKED),
            html.Div(id=Model.JUDGED, className="judged", **aria(live="polite")),
        ],
        role="group",
        **aria(label="Measure or evaluate this model"),
    )  # fmt: skip


def found(jobs: Sequence[JobRow]) -> list[Any]:
    """The newest result of each kind, and what is under way or failed since."""
    parts: list[Any] = []
    for kind in KINDS:
        mine = [j for j in jobs if j.kind == kind]
        if mine and mine[0].state != "done":
            unit = mine[0].units[0]
            words = unit.words if mine[0].state == "failed" else "is under way…"
            tone = "worse" if mine[0].state == "failed" else "muted"
            if mine[0].state != "cancelled":
                parts.append(html.P([f"{mine[0].title}: ", html.Span(words, className=tone)]))
        done = next((j for j in mine if j.state == "done" and j.units[0].result), None)
        if done:
            result = done.units[0].result or {}
            parts.append(_measured(result) if kind == "measure" else _judged(result))
    return parts


def _time(value: object) -> str:
    return " ".join(quantity(float(value), "s")) if isinstance(value, int | float) else "unknown"


def _measured(result: Mapping[str, Any]) -> html.Details:
    """Predicted beside measured: the whole, then the slowest kernels."""
    error, floor = result.get("error"), float(result.get("floor") or 0)
    off = "" if error is None else f", {abs(100 * error):.0f} % {'over' if error > 0 else 'under'}"
    words: list[Any] = [html.B(_time(result["measured_s"])), " measured, ",
             f"{_time(result.get('predicted_s'))} predicted{off}"]  # fmt: skip
    beside = result.get("ratio")
    if beside:
        low, high = (significant(v) for v in beside[1:])
        words.append(f"; {significant(beside[0])} × the other model ({low} to {high})")
    tasks = result.get("tasks") or {}
    rows = sorted(
        zip(*(tasks.get(n, ()) for n in ("name", "measured_s", "predicted_s")), strict=False),
        key=lambda one: -(one[1] or 0.0),
    )[:SLOWEST]
    lines = [
        html.Tr([html.Th(name, scope="row", title=name),
                 *(html.Td(_time(v), className="n figure") for v in (measured, predicted))])
        for name, measured, predicted in rows
    ]  # fmt: skip
    heads = [html.Th("Slowest kernels"), *(html.Th(w, className="n")
                                           for w in ("Measured", "Predicted"))]  # fmt: skip
    about = f"{result['runtime']} on {result['machine']}; rounds differ by {100 * floor:.1f} %"
    return html.Details(
        [
            html.Summary(words),
            html.P(about, className="muted"),
            html.Table([html.Thead(html.Tr(heads)), html.Tbody(lines)], className="compare-table"),
        ],
        open=True,
    )


def _judged(result: Mapping[str, Any]) -> html.Details:
    """The figures with their intervals; the worst classes."""
    figures = [_figure(*one) for one in result.get("figures", ())]
    lines = [
        html.Tr([html.Th(label, scope="row"), html.Td(value, className="n figure"),
                 html.Td(span, className="n figure muted")])
        for label, value, span in figures
    ]  # fmt: skip
    classes = [c for c in result.get("classes", ()) if c[2] is not None]
    worst = sorted(classes, key=lambda c: c[2])[:CLASSES]
    told = ", ".join(f"{label}: {100 * recall:.0f} %" for label, _, recall, _ in worst)
    head = figures[0] if figures else ("", "", "")
    return html.Details(
        [
            html.Summary([html.B(head[1]), f" {head[0].lower()} on ",
                          count(int(result.get("count", 0)), "sample")]),
            html.Table([html.Tbody(lines)], className="compare-table"),
            *([html.P(f"Recall of the weakest classes: {told}")] if told else []),
            *(html.P(words, className="muted") for words in result.get("words", ())),
        ],
        open=True,
    )  # fmt: skip


def _figure(
    label: str, value: float | None, low: float | None, high: float | None, unit: str
) -> tuple[str, str, str]:
    """A figure in words with its 95 % interval."""
    share = unit in ("share", "points")

    def text(v: float | None) -> str:
        return "unknown" if v is None else f"{100 * v:.1f}" if share else significant(v)

    end = " %" if unit == "share" else f" {unit}" if unit else ""
    return label, f"{text(value)}{end}", f"{text(low)} to {text(high)}"


def shown(_turn: object, _off: object, model: object, key: object) -> Any:
    """What was found of the model, once it is something else than what stands."""
    jobs = [j for j in services().jobs.about(str(model or "")) if j.kind in KINDS]
    now = ",".join(f"{j.id}.{j.state}" for j in jobs)
    return (no_update, no_update) if now == key else (found(jobs), now)


def register(app: Dash, view_of: Callable[..., View]) -> None:
    """Wire it."""
    model = State(Model.MODEL, "data")

    def pressed(
        _measure: object, _judge: object, target: object, values: Sequence[object], ids: Any,
        model: object, samples: object, base: object,
    ) -> Any:  # fmt: skip
        if not ctx.triggered[0]["value"]:
            return no_update
        view, beside = view_of(model, target, None, None, values, ids), str(base or "")
        ask = services().jobs
        if ctx.triggered_id == Model.MEASURE:
            row = ask.measure(view, beside)
        else:
            row = ask.judge(view, tokens().file_of(samples, acting().user), beside)
        notify(f"{row.title}: asked for.", "info")
        set_props(Shell.JOBS_POLL, {"disabled": False})
        return row.id

    def others(opened: object, model: object) -> Any:
        """The models of the list, once the sheet is open."""
        if opened != Model.RULES_SHEET:
            return no_update
        rows = services().store.models()[:500]
        return [{"value": m.id, "label": m.name} for m in rows if m.id != model]

    app.callback(
        Output(Model.JUDGE_ASKED, "data"), Input(Model.MEASURE, "n_clicks"),
        Input(Model.JUDGE, "n_clicks"), State(Model.TARGET, "value"),
        State(repeated(Model.DIM, ALL), "value"),  # type: ignore[arg-type]
        State(repeated(Model.DIM, ALL), "id"),  # type: ignore[arg-type]
        model, State(Model.SAMPLES_HELD, "data"), State(Model.JUDGE_BASE, "value"),
        prevent_initial_call=True,
    )(guarded(pressed, FORK_MODEL))  # fmt: skip
    app.callback(
        Output(Model.JUDGED, "children"), Output(Model.JUDGED, "data-key"),
        Input(Shell.JOBS_POLL, "n_intervals"), Input(Shell.JOBS_POLL, "disabled"), model,
        State(Model.JUDGED, "data-key"),
    )(guarded(shown, VIEW_MODEL))  # fmt: skip
    app.callback(
        Output(Model.JUDGE_BASE, "data"), Input(Model.SHEET_OPEN, "data"), model,
        prevent_initial_call=True,
    )(guarded(others, VIEW_MODEL))  # fmt: skip
