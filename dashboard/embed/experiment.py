"""Embeds of an experiment: its map, its trade-off charts, or the comparison of chosen models.

The parts are those of the page of an experiment, under the ids that its scripts know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html

from dashboard.components import aria, data
from dashboard.components.chart import chart
from dashboard.embed import frame
from dashboard.embed.foot import Shown
from dashboard.ids import Experiment
from dashboard.pages.experiment import compare, model_map, trade_off
from dashboard.pages.experiment.layout import state_of
from dashboard.queries import services
from dashboard.queries.experiment import about
from dashboard.urls_experiment import CHARTS, ExperimentView, from_query

NO_DOCK = "none"


def shown(experiment_id: str, query: Mapping[str, object], part: str, root: str) -> Shown:
    """What a frame shows of an experiment.

    Args:
        experiment_id: the experiment.
        query: of the view, as addresses have it.
        part: of `urls_embed.PARTS`.
        root: path of this embed; what fits is asked for under it.

    Raises:
        EngineError: no such experiment, or the link is not of it.
    """
    view = from_query(experiment_id, query)
    row, found, _ = services().experiments.progress(view.experiment_id)
    sent = about(found)
    state = state_of(view, sent, len(found.models)) | {"dock": NO_DOCK}
    held = {
        Experiment.KEY: row.id,
        Experiment.DATA: None,
        Experiment.RELOAD: None,
        Experiment.STATE: state,
        Experiment.COMPARE_ASK: None,
        Experiment.CHARTS: None,
    }
    words = html.Div(
        [
            html.Span(id=Experiment.CHIPS, className="chips"),
            html.Span(id=Experiment.FITS, className="fits", **aria(live="polite")),
            html.Span(id=Experiment.BEST, className="best-fit"),
        ],
        className="embed-strip",
        hidden=not state["where"] and not state["text"],
    )
    gone = frame.unseen(
        html.Span(id=Experiment.RELAX), html.Div(html.Span(), className="experiment-identity")
    )
    body = [*frame.stores(held), words, gone, *_part(part, view, sent, state)]
    api = data(api=f"{root}/api/experiments/{row.id}")
    return Shown([frame.page(Experiment.PAGE, body, **api)], row.name, row.updated)


def _part(
    part: str, view: ExperimentView, sent: dict[str, Any], state: dict[str, Any]
) -> list[Any]:
    """The part that is seen, and of the others what the scripts write into."""
    asked = {"by": view.by, "collapsed": list(view.collapsed)}
    family = frame.stores({Experiment.PLACES: None, Experiment.MAP_ASK: asked})
    if part == "map":
        return [*family, model_map.dock(view), *_unseen_charts()]
    seen: list[Any] = []
    if part == "trade":
        slots = [_slot(k, k < len(state["charts"])) for k in range(CHARTS)]
        charts = html.Div(slots, id=Experiment.TRADES, className="trades")
        note = html.Div(html.Span(id=Experiment.TRADE_NOTE, className="hint"), className="bar")
        seen.append(frame.pane([note, charts, _adds()], "Trade-off", "trade-dock"))
    else:
        seen += [frame.pane(compare.body(), "Comparison"), *_unseen_charts()]
    return [*seen, frame.unseen(model_map.dock(view))]


def _slot(k: int, on: bool) -> html.Div:
    drawn = chart(f"{Experiment.TRADE}-{k}", trade_off.LABEL)
    return html.Div(drawn, className="trade", hidden=not on)


def _unseen_charts() -> list[Any]:
    note = html.Span(id=Experiment.TRADE_NOTE)
    return [frame.unseen(note, html.Div(id=Experiment.TRADES), _adds())]


def _adds() -> html.Button:
    return html.Button(hidden=True, **data(chart="add"))
