"""Addresses of the page of behaviors: `BehaviorsView` <-> path and query, both ways.

As in `urls.py`: `from_query` never fails, what it does not understand becomes the default.
Models stand in an address by their row in the experiment.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlencode

from dashboard import urls
from dashboard.urls_experiment import ExperimentView

BEHAVIORS = "/experiments/<experiment_id>/behaviors"  # the path template
ROWS = ("classes", "groups", "instances", "sensitive", "flagged")
SHEETS = ("confusion", "changes", "instance")
MAX_MODELS = 100
_DATA = re.compile(r"[0-9a-f]{8,64}\Z")


@dataclass(frozen=True, slots=True)
class BehaviorsView:
    """What the page shows.

    Args:
        experiment_id: the experiment.
        models: rows of the models, ascending.
        base: row of the one that all are compared with; None the first.
        data: beginning of the digest of the set of instances; "" the first there is.
        metric: id of a measure; "" the usual one.
        relative: differences from the base are shown, not values.
        rows: what a row is, of `ROWS`.
        inside: word of the class whose instances are shown; "" all.
        bounds: (row of a model, from, below) that instances must lie in.
        by: row of the model that orders the rows; None: by name.
        up: the smallest first.
        page: from 1.
        sheet: what lies over the page, of `SHEETS`, or "".
        of: row of the model, or the instance, that the sheet is of.
    """

    experiment_id: str = ""
    models: tuple[int, ...] = ()
    base: int | None = None
    data: str = ""
    metric: str = ""
    relative: bool = False
    rows: str = "classes"
    inside: str = ""
    bounds: tuple[tuple[int, float, float], ...] = ()
    by: int | None = None
    up: bool = False
    page: int = 1
    sheet: str = ""
    of: int = 0


def path(view: BehaviorsView) -> str:
    """The path of a view."""
    return f"/experiments/{quote(view.experiment_id, safe='')}/behaviors"


def search(view: BehaviorsView) -> str:
    """The query of a view with its question mark, defaults left out."""
    query: list[tuple[str, str]] = [("models", urls.ranges(view.models))]
    if view.base is not None:
        query.append(("base", str(view.base)))
    for key in ("data", "metric", "inside"):
        if getattr(view, key):
            query.append((key, getattr(view, key)))
    if view.relative:
        query.append(("as", "change"))
    if view.rows != ROWS[0]:
        query.append(("rows", view.rows))
    query += [("bound", f"{k}:{low!r}:{high!r}") for k, low, high in view.bounds]
    if view.by is not None:
        query.append(("sort", f"{'' if view.up else '-'}{view.by}"))
    if view.page > 1:
        query.append(("page", str(view.page)))
    if view.sheet:
        query.append(("sheet", f"{view.sheet}.{view.of}"))
    return "?" + urlencode(query, safe=":.-")


def build(view: BehaviorsView) -> str:
    """The address of a view."""
    return path(view) + search(view)


def to_behaviors(experiment_id: str, models: tuple[int, ...], base: int) -> str:
    """The address of models beside a base."""
    return build(BehaviorsView(experiment_id, tuple(sorted(models)), base))


def parse(experiment_id: str, text: object) -> BehaviorsView:
    """The view of a query as text ("?models=0.3"), which a browser sent."""
    try:
        query = parse_qs(str(text or "")[:20_000].lstrip("?"), max_num_fields=400)
    except ValueError:
        query = {}
    return from_query(experiment_id, query)


def from_query(experiment_id: str, query: Mapping[str, object]) -> BehaviorsView:
    """The view of what Dash hands to a page: path variable, and query as text or lists of text."""
    texts = {key: urls.texts(value) for key, value in query.items()}

    def one(key: str) -> str:
        return (texts.get(key) or ("",))[-1]

    sheet, _, of = one("sheet").partition(".")
    order = one("sort")
    page = _row(one("page"))
    return BehaviorsView(
        experiment_id=urls.from_query(experiment_id, {}).model_id,
        models=urls.selection(one("models"))[:MAX_MODELS],
        base=_row(one("base")),
        data=one("data") if _DATA.match(one("data")) else "",
        metric=urls.printable(one("metric")),
        relative=one("as") == "change",
        rows=one("rows") if one("rows") in ROWS else ROWS[0],
        inside=urls.printable(one("inside")),
        bounds=tuple(b for b in map(_bound, texts.get("bound", ())[:MAX_MODELS]) if b),
        by=_row(order.removeprefix("-")),
        up=_row(order) is not None,
        page=page if page else 1,
        sheet=sheet if sheet in SHEETS and _row(of) is not None else "",
        of=_row(of) or 0 if sheet in SHEETS else 0,
    )


def of_experiment(view: BehaviorsView) -> ExperimentView:
    """The page of the experiment with the same models selected."""
    return ExperimentView(view.experiment_id, selection=view.models)


def _row(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,7}", text) else None


def _bound(text: str) -> tuple[int, float, float] | None:
    parts = text.split(":")
    row = _row(parts[0])
    try:
        low, high = map(float, parts[1:])
    except ValueError:
        return None
    sound = row is not None and math.isfinite(low) and math.isfinite(high) and low <= high
    return (row, low, high) if sound and row is not None else None
