"""The layout of the page of one experiment: header, strip of budgets, map, docks."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard import embed_sheet
from dashboard.components import aria, choice, data, field
from dashboard.ids import Experiment
from dashboard.pages.experiment import docks, forking, model_map, operate, progress, trade_off
from dashboard.queries import services
from dashboard.queries.experiment import about, version_of
from dashboard.queries.experiments import issues_words
from dashboard.queries.sharing import held_words
from dashboard.share_sheet import button
from dashboard.shell import header, not_found
from dashboard.urls_experiment import EXPERIMENTS, ExperimentView, from_query
from engine.errors import EngineError
from engine.experiments import Experiment as Found
from engine.store import ChildRow, ExperimentRow, Role

BY = {"operation": "Operation", "step": "Step"}
REPORTS = {"html": "Report as one HTML file", "md": "Report as Markdown"}
SHOWN_ISSUES = 100


def layout(experiment_id: str = "", **query: str) -> html.Div:
    """The page at an address; an experiment that is not there gets a sentence and the way back."""
    view = from_query(experiment_id, query)
    try:
        row, found, children = services().experiments.progress(view.experiment_id)
        role = services().store.sharing.role("experiment", row.id)
    except EngineError:
        return not_found()
    return page(view, row, found, children, role)


def page(
    view: ExperimentView,
    row: ExperimentRow,
    found: Found,
    children: tuple[ChildRow, ...] = (),
    role: Role = Role.OWNER,
) -> html.Div:
    """The page of one experiment.

    Args:
        view: what the address asks for.
        row: as the store has it.
        found: its models, with what people wrote on them.
        children: models that jobs make.
        role: of the one who looks.
    """
    sent = about(found)
    state = state_of(view, sent, len(found.models))
    return html.Div(
        [
            dcc.Store(Experiment.KEY, data=row.id),
            dcc.Store(Experiment.DATA),
            dcc.Store(Experiment.RELOAD),
            dcc.Store(Experiment.PLACES),
            dcc.Store(Experiment.STATE, data=state),
            dcc.Store(Experiment.MAP_ASK, data={"by": view.by, "collapsed": list(view.collapsed)}),
            dcc.Store(Experiment.SAVED),
            dcc.Store(Experiment.CHARTS),
            dcc.Store(Experiment.COMPARE_ASK),
            progress.store(version_of(row, children), found, children),
            header(
                [("Experiments", EXPERIMENTS), (row.name, "")],
                _tools(row, sent, state, role),
                _identity(row, found, held_words(row.owner, role)),
            ),
            _strip(row),
            html.Div(
                [
                    model_map.dock(view),
                    html.Div(
                        [
                            trade_off.dock(sent, state),
                            docks.lower(view, sent, row, found, role >= Role.EDITOR),
                            operate.sheet(),
                        ],
                        className="experiment-right",
                    ),
                ],
                id=Experiment.DOCKS,
                className="experiment-docks",
            ),
        ],
        id=Experiment.PAGE,
        className="experiment-page",
        **data(may=role.word),
    )


def state_of(view: ExperimentView, sent: dict[str, Any], count: int) -> dict[str, Any]:
    """What the browser begins with; metrics that are not there become the usual ones."""
    known = sent["glossary"]
    quality, cost = sent["quality"], sent["cost"]
    charts = [list(c) for c in view.charts if c[0] in known and c[1] in known]
    return {
        "selected": [k for k in view.selection if k < count],
        "text": view.search,
        "where": [[c.column, c.operator, c.value] for c in view.conditions if c.column in known],
        "unknown": [k for k in view.unknown if k in known],
        "only": None,
        "colour": view.colour if view.colour in known else quality,
        "size": view.size if view.size in known or view.size == "none" else cost or "none",
        "by": view.by,
        "collapsed": list(view.collapsed),
        "charts": charts or ([[cost, quality]] if cost else []),
        "log": {"": sent["log"], "none": ""}.get(view.log, view.log),
        "dock": view.dock,
        "sort": view.sort,
        "height": "models",
        "axes": "refit",
        "from": "address",
    }


def _identity(row: ExperimentRow, found: Found, whose: str) -> html.Div:
    """How many models, and what reading the file found."""
    counts = row.summary.get("issues") or {}
    words = issues_words(counts)
    parts: list[Any] = [html.Span(f"{len(found.models):,} models", className="muted")]
    if words:
        tone = "missed" if counts.get("error") else "budget" if counts.get("warning") else "muted"
        lines = [
            html.Li([html.B(f"{issue.level.capitalize()}: "), issue.sentence])
            for issue in found.issues[:SHOWN_ISSUES]
        ]
        parts.append(
            html.Details(
                [
                    html.Summary(
                        words, className=f"link {tone}", title="What reading the file found"
                    ),
                    html.Div(html.Ul(lines), className="menu-body issues-body"),
                ],
                className="menu",
                id=Experiment.ISSUES,
            )
        )
    if whose:
        parts.append(html.Span(whose, className="badge whose"))
    return html.Div(parts, className="experiment-identity")


def metric_select(
    id: str, sent: dict[str, Any], value: str, label: str, extra: tuple[str, str] | None = None
) -> dmc.Select:
    """A choice among the metrics, the primary ones first."""
    words = sent["glossary"]
    ranked = sorted(words, key=lambda k: not words[k]["primary"])
    options = [{"value": k, "label": words[k]["label"]} for k in ranked]
    if extra:
        options.append({"value": extra[0], "label": extra[1]})
    return dmc.Select(
        id=id,
        data=options,
        value=value or None,
        allowDeselect=False,
        searchable=len(options) > 8,
        nothingFoundMessage="No such metric",
        variant="unstyled",
        size="xs",
        w="clamp(84px, 7.6vw, 150px)",
        comboboxProps={"width": 240, "position": "bottom-end"},
        **aria(label=label),
    )


def _tools(
    row: ExperimentRow, sent: dict[str, Any], state: dict[str, Any], role: Role
) -> list[Any]:
    file, report = (f"/api/experiments/{row.id}/{what}" for what in ("file", "report"))
    return [
        field(
            "Colour",
            metric_select(Experiment.COLOUR, sent, state["colour"], "Metric for the colour"),
        ),
        field(
            "Size",
            metric_select(
                Experiment.SIZE, sent, state["size"], "Metric that sizes the models",
                ("none", "All the same"),
            ),
        ),
        html.Div(
            [
                html.Span("Columns by", className="field-name"),
                choice(Experiment.BY, BY, state["by"], "What the columns of the map stand for"),
            ],
            className="named-choice",
        ),
        html.Details(
            [
                html.Summary("Report", className="button", id="experiment--report-open"),
                html.Div(
                    [
                        html.P("Of the selection, the bounds and the first chart:"),
                        *(
                            html.A(text, href=f"{report}?format={kind}", className="link",
                                   **data(report=f"{report}?format={kind}"))
                            for kind, text in REPORTS.items()
                        ),
                        html.P("The whole experiment:"),
                        html.A("JSON, with notes and flags", href=file, className="link"),
                    ],
                    className="menu-body links",
                ),
            ],
            className="menu",
            id=Experiment.REPORT,
        ),
        *forking.button(role),
        button("experiment", row.id),
        embed_sheet.button(),
    ]  # fmt: skip


def _strip(row: ExperimentRow) -> html.Div:
    """Budgets in words: chips, how many fit, the best, what would help; where a fork is from."""
    return html.Div(
        [
            html.Div(id=Experiment.CHIPS, className="chips"),
            html.Span(id=Experiment.FITS, className="fits", **aria(live="polite")),
            html.Span(id=Experiment.BEST, className="best-fit"),
            html.Span(className="spring"),
            html.Span(id=Experiment.RELAX, className="relax"),
            *forking.origin(row),
        ],
        id=Experiment.STRIP,
        className="experiment-strip",
    )
