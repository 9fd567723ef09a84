"""Roofline: what binds each task, the bandwidth or the arithmetic, and what is to gain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dash import ALL, ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update

from dashboard.access import VIEW_MODEL, needing
from dashboard.components import aria, count, data, percent, quantity, significant
from dashboard.components.chart import chart, plot
from dashboard.figures.roofline import figure, prefix, ridge
from dashboard.figures.tokens import SCHEMES
from dashboard.ids import Model, repeated
from dashboard.pages.model.timeline import legend
from dashboard.queries import services
from dashboard.queries.roofline import places, roofs
from dashboard.urls import View
from engine.errors import EngineError
from engine.insight import Roofline, Side

LABEL = "Tasks under the roofs of the hardware: rate against operations a byte."
HINT = "Left of a ridge memory binds, right of it arithmetic."
COUNTS = (
    "Intensity is MACs (without MACs: element operations) over the bytes that the task reads and "
    "writes in all memories; rate is the same over its latency."
)
LEAST = 0.0005  # of the latency: less reads as 0.0 %
HELP = {
    "memory": "Narrower formats, fusing, data kept on chip help.",
    "compute": "A faster format, pruning, fuller tiles help.",
    "launch": "Fusing, or more inputs at once, help.",
    "transfer": "Neighbours on one unit help.",
}
SAYS = {
    "bytes": "half the bytes {saved}",
    "no bytes": "none at all {saved}",
    "format": "in {format} {saved}",
    "waste": "tiles without waste {saved}",
    "work left out": "fewer MACs at most {saved}",
    "launch": "without launches at most {saved}",
    "transfer": "without hand-overs at most {saved}",
}


def controls(view: View) -> list[Any]:
    """How to read the plot."""
    return [
        html.Span(HINT, className="chart-hint", title=f"{HINT} {COUNTS}"),
    ]


def body(view: View) -> list[Any]:
    """The place of the figure; under it, what each side can gain."""
    return [
        dcc.Store(Model.ROOFLINE_ASK),
        dcc.Store(Model.ROOFLINE_TASKS),
        chart(Model.ROOFLINE, LABEL),
        legend(Model.ROOFLINE, html.Span(id=Model.ROOFLINE_NOTE)),
        html.Div(id=Model.ROOFLINE_GAINS, className="gains", **aria(live="polite")),
    ]


def gains(found: Roofline) -> list[Any]:
    """What each side can gain, the one with most time first: share, remedies, its tasks."""
    if not found.latency_s:
        return [html.P("No task is priced, so nothing is known of what binds.", className="muted")]
    least = found.latency_s * LEAST
    return [_side(found, side) for side in found.sides if side.latency_s > least]


def note(found: Roofline) -> str:
    """Where arithmetic begins to bind, and which tasks have no place in the plot."""
    at, memory = ridge(found)
    told = [f"From {significant(at)} MAC/B on, arithmetic binds, not {memory}"] if at else []
    if found.moving:
        verb = "moves" if len(found.moving) == 1 else "move"
        told.append(f"{count(len(found.moving), 'task')} only {verb} data")
    if found.unknown:
        told.append(f"{count(found.unknown, 'task')} without a price")
    return " · ".join(told)


def _side(found: Roofline, side: Side) -> html.Div:
    worth = [g for g in side.gains if g.saved_s > found.latency_s * LEAST]
    text = " · ".join(
        SAYS[g.remedy].format(saved=f"−{percent(g.saved_s / found.latency_s)}", format=g.format)
        for g in worth
    )
    times = "Saves " + ", ".join(" ".join(quantity(g.saved_s, "s")) for g in worth)
    ids = ",".join(str(i) for i in side.tasks)
    return html.Div(
        [
            html.B(f"{percent(side.latency_s / found.latency_s)} {side.bound}-bound"),
            html.Span(HELP[side.bound], className="muted"),
            html.Button(
                f"Select {count(len(side.tasks), 'task')}",
                className="link",
                **data(ids=ids),
            ),
            html.Span(
                f"{text[:1].upper()}{text[1:]}" if text else "Nothing to gain",
                title=times if worth else "",
            ),
        ],
        className="gain",
    )


def drawn(view: View, scheme: str) -> dict[str, Any]:
    """Roofs, places of the tasks and sentences, once they are asked for."""
    keep = {"plot": no_update, "tasks": no_update, "gains": no_update, "note": no_update}
    if scheme not in SCHEMES:
        return keep
    try:
        found = roofs(services().model, view)
    except EngineError:  # the page says it once
        return keep
    scale, name = prefix(found)
    return {
        "plot": plot(Model.ROOFLINE, figure(found, scheme)),
        "tasks": {**places(found, scale), "prefix": name},
        "gains": gains(found),
        "note": note(found),
    }


def register(app: Dash, view_of: Callable[..., View]) -> None:
    """Wire the dock.

    Args:
        app: the app.
        view_of: typed view from what the browser sent.
    """
    wire: Any = app.clientside_callback  # Dash leaves it untyped

    def answer(
        scheme: str,
        ask: object,
        recipe: object,
        target: str,
        values: list[Any],
        ids: list[Any],
        model: str,
    ) -> dict[str, Any]:
        return drawn(view_of(model, target, recipe=recipe, values=values, ids=ids), scheme)

    app.callback(
        output={
            "plot": Output(Model.ROOFLINE_PLOT, "children"),
            "tasks": Output(Model.ROOFLINE_TASKS, "data"),
            "gains": Output(Model.ROOFLINE_GAINS, "children"),
            "note": Output(Model.ROOFLINE_NOTE, "children"),
        },
        inputs={
            "scheme": Input(Model.CHARTS, "data"),
            "ask": Input(Model.ROOFLINE_ASK, "data"),
            "recipe": State(Model.RECIPE, "data"),
            "target": State(Model.TARGET, "value"),
            "values": State(repeated(Model.DIM, ALL), "value"),  # type: ignore[arg-type]
            "ids": State(repeated(Model.DIM, ALL), "id"),  # type: ignore[arg-type]
            "model": State(Model.MODEL, "data"),
        },
        prevent_initial_call=True,
    )(needing(answer, VIEW_MODEL))
    wire(ClientsideFunction("roofline", "drawn"), Input(Model.ROOFLINE_TASKS, "data"))
