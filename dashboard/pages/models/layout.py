"""The layout of the list of models."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard import urls
from dashboard.ids import Models
from dashboard.pages.models.callbacks import refresh
from dashboard.pages.models.table import STEP
from dashboard.queries import default_target, services
from dashboard.queries.models import check_target
from dashboard.share_sheet import whose_filter
from dashboard.shell import attributes, header
from engine.errors import EngineError

POLL_MS = 700


def layout(**query: str) -> html.Div:
    """The page; the list is drawn at once, with the figures that are known."""
    view = urls.from_query("", query)
    try:
        target = check_target(view.target or default_target())
    except EngineError:
        target = default_target()
    drawn = refresh(target, view.search, view.sort, STEP)
    return html.Div(
        [
            header([("Models", "")], [_target_select(target), *_upload_buttons()]),
            html.Div(
                [
                    html.Div(
                        [
                            dcc.Input(
                                id=Models.SEARCH,
                                type="search",
                                value=view.search,
                                placeholder="Search models…",
                                className="search",
                                debounce=0.15,
                                autoComplete="off",
                            ),
                            *whose_filter(Models.WHOSE),
                            html.Div(
                                drawn["summary"],
                                id=Models.SUMMARY,
                                className="models-summary",
                                **attributes(aria_live="polite"),
                            ),
                        ],
                        className="models-bar",
                    ),
                    html.Div(
                        id=Models.UPLOADS, className="uploads", **attributes(aria_live="polite")
                    ),
                    html.Div(drawn["rows"], id=Models.LIST, className="models-scroll"),
                ],
                className="pane models-pane",
            ),
            html.Div("Drop ONNX files anywhere to add them", className="drop-hint"),
            _remove_dialog(),
            dcc.Interval(Models.POLL, interval=POLL_MS, disabled=drawn["idle"]),
            dcc.Store(Models.SORT, data=view.sort),
            dcc.Store(Models.LIMIT, data=STEP),
            dcc.Store(Models.ADDRESS, data=drawn["address"]),
            dcc.Store(Models.REMOVING, data=""),
            dcc.Store(Models.REMOVED),
            dcc.Store(Models.DEMO_ADDED),
            dcc.Store(Models.UPLOADED),
        ],
        id=Models.PAGE,
        className="page models-page",
        **attributes(
            data_upload="/upload",
            data_limit=str(services().settings.upload_bytes),
            data_accept=".onnx,.gz,.zip",
            data_news=Models.UPLOADED,
        ),
    )


def _target_select(target: str) -> html.Div:
    return html.Div(
        [
            html.Span("Target", className="field-name"),
            dmc.Select(
                id=Models.TARGET,
                data=[{"value": i, "label": n} for i, n in services().models.targets()],
                value=target,
                allowDeselect=False,
                searchable=True,
                variant="unstyled",
                size="xs",
                w=190,
                comboboxProps={"width": 280, "position": "bottom-start"},
                **attributes(aria_label="Target"),
            ),
        ],
        className="field",
    )


def _upload_buttons() -> list[Any]:
    return [
        html.Button(
            "Add models…",
            id=Models.CHOOSE,
            className="button primary choose-files",
            title="Choose ONNX files, or drop them anywhere on this page",
        )
    ]


def _remove_dialog() -> dmc.Modal:
    return dmc.Modal(
        [
            html.P(id=Models.REMOVE_TEXT, className="dialog-text"),
            html.Div(
                [
                    html.Button("Keep", id=Models.REMOVE_NO, className="button"),
                    html.Button("Remove", id=Models.REMOVE_YES, className="button danger"),
                ],
                className="dialog-buttons",
            ),
        ],
        id=Models.REMOVE_DIALOG,
        title="Remove this model?",
        centered=True,
        size="sm",
        transitionProps={"duration": 0},
    )
