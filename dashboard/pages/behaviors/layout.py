"""The layout of the page: what stays while the answers come and go."""

from __future__ import annotations

from dash import dcc, html

from dashboard.components import aria
from dashboard.ids import Experiment
from dashboard.ids_behaviors import Behaviors
from dashboard.pages.behaviors import parts
from dashboard.queries import services
from dashboard.shell import header, not_found
from dashboard.urls_behaviors import from_query, of_experiment, search
from dashboard.urls_experiment import EXPERIMENTS, build
from engine.errors import EngineError


def layout(experiment_id: str = "", **query: str) -> html.Div:
    """The page at an address; an experiment that is not there gets a sentence and the way back."""
    view = from_query(experiment_id, query)
    try:
        row, _ = services().experiments.get(view.experiment_id)
    except EngineError:
        return not_found()
    return html.Div(
        [
            dcc.Store(Experiment.KEY, data=row.id),
            dcc.Store(Behaviors.ASK, data=search(view)),
            dcc.Store(Behaviors.DATA),
            dcc.Store(Behaviors.HELD),
            dcc.Store(Behaviors.SHOWN),
            dcc.Store(Behaviors.PAIRS),
            dcc.Store(Behaviors.NEWS),
            dcc.Store(Behaviors.FLAG),
            dcc.Store(Behaviors.FLAGS),
            dcc.Store(Behaviors.REMEDIED),
            dcc.Download(id=Behaviors.FILE),
            header(
                [("Experiments", EXPERIMENTS), (row.name, build(of_experiment(view))),
                 ("Behaviors", "")],
            ),
            html.Div(
                [
                    html.Aside(
                        [html.Div(parts.bones(6), id=Behaviors.SIDE, className="behaviors-models"),
                         html.Div(id=Behaviors.FINDINGS, className="findings",
                                  **aria(live="polite")),
                         parts.bring()],
                        className="pane behaviors-side",
                        **aria(label="Models that are compared"),
                    ),
                    html.Section(
                        [
                            html.Div(id=Behaviors.BAR, className="bar behaviors-bar"),
                            html.Div(id=Behaviors.NOTICE, **aria(live="polite")),
                            html.Div(parts.bones(12), id=Behaviors.TABLE, tabIndex=0,
                                     className="behaviors-table", role="region",
                                     **aria(label="Table of behaviors", busy="true")),
                            html.Footer(
                                [html.Div(id=Behaviors.FOOT, className="behaviors-foot",
                                          **aria(live="polite")),
                                 html.Button("Export CSV", id=Behaviors.EXPORT, className="button",
                                             title="All rows of this view, not only of this page")],
                                className="selection",
                            ),
                            html.Div(id=Behaviors.SHEET),
                        ],
                        className="pane behaviors-pane",
                    ),
                ],
                className="behaviors-docks",
            ),
        ],
        id=Behaviors.PAGE,
        className="behaviors-page",
    )  # fmt: skip
