"""The layout of the list of experiments."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard.components import aria, data
from dashboard.ids import Experiments
from dashboard.pages.experiments.callbacks import refresh
from dashboard.pages.experiments.table import STEP
from dashboard.queries.experiments import MAX_BYTES
from dashboard.share_sheet import whose_filter
from dashboard.shell import header
from dashboard.urls_experiment import from_query


def layout(**query: str) -> html.Div:
    """The page; the list is drawn at once."""
    view = from_query("", query)
    drawn = refresh(view.search, view.sort, STEP)
    return html.Div(
        [
            header(
                [("Experiments", "")],
                [
                    html.Button(
                        "Add experiments…",
                        id=Experiments.CHOOSE,
                        className="button primary choose-files",
                        title="Choose JSON files, or drop them anywhere on this page",
                    )
                ],
            ),
            html.Div(
                [
                    html.Div(
                        [
                            dcc.Input(
                                id=Experiments.SEARCH,
                                type="search",
                                value=view.search,
                                placeholder="Search experiments…",
                                className="search",
                                debounce=0.15,
                                autoComplete="off",
                            ),
                            *whose_filter(Experiments.WHOSE),
                            html.Div(
                                drawn["summary"],
                                id=Experiments.SUMMARY,
                                className="models-summary",
                                **aria(live="polite"),
                            ),
                        ],
                        className="models-bar",
                    ),
                    html.Div(id=Experiments.UPLOADS, className="uploads", **aria(live="polite")),
                    html.Div(drawn["rows"], id=Experiments.LIST, className="models-scroll"),
                ],
                className="pane models-pane",
            ),
            html.Div("Drop JSON files anywhere to add them", className="drop-hint"),
            _remove_dialog(),
            dcc.Store(Experiments.SORT, data=view.sort),
            dcc.Store(Experiments.LIMIT, data=STEP),
            dcc.Store(Experiments.ADDRESS, data=drawn["address"]),
            dcc.Store(Experiments.REMOVING, data=""),
            dcc.Store(Experiments.REMOVED),
            dcc.Store(Experiments.UPLOADED),
        ],
        id=Experiments.PAGE,
        className="page models-page",
        **data(
            upload="/upload/experiment",
            limit=str(MAX_BYTES),
            accept=".json",
            news=Experiments.UPLOADED,
        ),
    )


def _remove_dialog() -> dmc.Modal:
    return dmc.Modal(
        [
            html.P(id=Experiments.REMOVE_TEXT, className="dialog-text"),
            html.Div(
                [
                    html.Button("Keep", id=Experiments.REMOVE_NO, className="button"),
                    html.Button("Remove", id=Experiments.REMOVE_YES, className="button danger"),
                ],
                className="dialog-buttons",
            ),
        ],
        id=Experiments.REMOVE_DIALOG,
        title="Remove this experiment?",
        centered=True,
        size="sm",
        transitionProps={"duration": 0},
    )
