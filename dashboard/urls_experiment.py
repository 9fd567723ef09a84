"""Addresses of the experiment pages: `ExperimentView` <-> path and query, both ways.

As in `urls.py`: `from_query` never fails, what it does not understand becomes the default.
Models stand in an address by their row, which stays when a file grows at its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from dashboard import urls
from dashboard.urls import Condition

EXPERIMENTS = "/experiments"
EXPERIMENT = "/experiments/<experiment_id>"  # the path template of the page of one experiment

ARRANGEMENTS = ("operation", "step")  # what the columns of the map stand for
LOGS = ("", "none", *urls.LOGS[1:])
DOCKS = ("compare", "budgets", "table")  # of the lower right pane
CHARTS = 3  # trade-off charts that stand side by side at most


@dataclass(frozen=True, slots=True)
class ExperimentView:
    """What a page of an experiment shows.

    Args:
        experiment_id: the experiment; "" on the list.
        selection: rows of the selected models, ascending.
        search: text searched in names, operations, notes and flags.
        conditions: bounds on metrics, all of which hold; their columns are "m0", "m1" …
        unknown: metrics whose unknown values pass the bounds on them.
        colour: metric that colours the models; "" the one that is chosen for the experiment.
        size: metric that sizes them; as colour.
        by: what the columns of the map stand for, of `ARRANGEMENTS`.
        collapsed: rows of models whose descendants are folded away.
        charts: (x, y) metrics of each trade-off chart; () the usual one.
        log: the logarithmic axes of the trade-off charts, of `LOGS`; "" the usual ones, which
            depend on the figures.
        dock: what the lower right pane shows, of `DOCKS`.
        sort: column of the table; a leading "-" sorts downwards.
    """

    experiment_id: str = ""
    selection: tuple[int, ...] = ()
    search: str = ""
    conditions: tuple[Condition, ...] = ()
    unknown: tuple[str, ...] = ()
    colour: str = ""
    size: str = ""
    by: str = "operation"
    collapsed: tuple[int, ...] = ()
    charts: tuple[tuple[str, str], ...] = ()
    log: str = ""
    dock: str = "compare"
    sort: str = ""


def path(view: ExperimentView) -> str:
    """The path of a view: the list of experiments, or one of them."""
    if not view.experiment_id:
        return EXPERIMENTS
    return f"{EXPERIMENTS}/{quote(view.experiment_id, safe='')}"


def build(view: ExperimentView) -> str:
    """The address of a view, defaults left out; the twin of `address` in experiment.js."""
    query: list[tuple[str, str]] = []
    if view.search:
        query.append(("q", view.search))
    if view.selection:
        query.append(("sel", urls.ranges(view.selection)))
    for c in view.conditions:
        query.append(("where", f"{c.column}.{c.operator}.n{urls.number(float(c.value))}"))
    if view.unknown:
        query.append(("unknown", ".".join(view.unknown)))
    if view.collapsed:
        query.append(("fold", urls.ranges(view.collapsed)))
    query += [("chart", f"{x}.{y}") for x, y in view.charts]
    for key in ("sort", "colour", "size", "by", "log", "dock"):
        if getattr(view, key) != getattr(ExperimentView(), key):
            query.append((key, getattr(view, key)))
    return path(view) + ("?" + urlencode(query) if query else "")


def from_query(experiment_id: str, query: Mapping[str, object]) -> ExperimentView:
    """The view of what Dash hands to a page: path variable, and query as text or lists of text."""
    plain = urls.from_query(experiment_id, query)
    texts = {key: urls.texts(value) for key, value in query.items()}

    def one(key: str) -> str:
        return (texts.get(key) or ("",))[-1]

    pairs = [text.split(".") for text in texts.get("chart", ())[:CHARTS]]
    usual = ExperimentView()
    return ExperimentView(
        experiment_id=plain.model_id,
        selection=plain.selection,
        search=plain.search,
        conditions=tuple(
            c for c in plain.conditions if c.operator in ("ge", "le") and isinstance(c.value, float)
        ),
        unknown=tuple(k for k in one("unknown").split(".")[: urls.MAX_ITEMS] if urls.is_column(k)),
        colour=one("colour") if urls.is_column(one("colour")) else "",
        size=one("size") if urls.is_column(one("size")) or one("size") == "none" else "",
        by=one("by") if one("by") in ARRANGEMENTS else usual.by,
        collapsed=urls.selection(one("fold")),
        charts=tuple((p[0], p[1]) for p in pairs if len(p) == 2 and all(map(urls.is_column, p))),
        log=one("log") if one("log") in LOGS else usual.log,
        dock=one("dock") if one("dock") in DOCKS else usual.dock,
        sort=plain.sort,
    )
