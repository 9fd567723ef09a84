"""What a sheet over the table of behaviors shows, a matrix or one instance; the table as CSV."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from dashboard.queries.behaviors import Desk
from dashboard.queries.behaviors_table import picture
from dashboard.queries.experiment_words import recipe_words
from dashboard.queries.predictions import PredictionQueries
from engine.behaviors import SCORES, Confusion, Means, classes, columns, confusion, top_scores
from engine.errors import EngineError
from engine.export import safe_csv

TOP = 3
OTHER = "other"  # stands last, for all that are not named
LARGE = 256  # pixels a side of an instance in its sheet


@dataclass(frozen=True, slots=True)
class Seen:
    """One instance and what every model makes of it.

    Args:
        id: its name; label: "" unknown.
        drawn: see `behaviors_table.picture`.
        models: (name, prediction, [(class, share)] of the highest scores), the base first.
        flagged: for review.
    """

    id: str
    label: str
    drawn: dict[str, Any]
    models: tuple[tuple[str, str, tuple[tuple[str, float], ...]], ...]
    flagged: bool


def matrix(desk: Desk) -> tuple[str, Confusion]:
    """(name of the model, counts) that the sheet of a view asks for.

    Raises:
        EngineError: the model has no predictions here.
    """
    view = desk.view
    if desk.asking is None or view.of not in desk.ready:
        raise EngineError("has no predictions here", f"model {view.of}")
    keep = desk.asking.keep(desk.question())
    model, changes = desk.ready.index(view.of), view.sheet == "changes"
    found = confusion(desk.asking.given, model, keep, changes)
    whole = [w for w in found.words if w != OTHER]
    named = sorted(whole, key=lambda w: (int(w) if w.isdecimal() else 0, w))
    order = [found.words.index(w) for w in (*named, *found.words[len(whole) :])]
    counts = found.counts[np.ix_(order, order)]
    words = tuple(found.words[k] for k in order)
    return recipe_words(desk.found, view.of), Confusion(words, counts, found.unknown)


def seen(desk: Desk, predictions: PredictionQueries) -> Seen:
    """The instance that the sheet of a view is of.

    Raises:
        EngineError: there is none at that place.
    """
    shown, at = desk.shown, desk.view.of
    if shown is None or desk.data is None or not 0 <= at < shown.count:
        raise EngineError("there is no such instance", "data", found=str(at))
    id = str(shown.ids[at])
    told: list[tuple[str, str, tuple[tuple[str, float], ...]]] = []
    for row in desk.ready:
        model = desk.id(row)
        made = predictions.of(desk.row.id, [model], desk.data.id)[model]
        place = np.flatnonzero(made.ids == id)
        name = recipe_words(desk.found, row)
        if not place.size:
            told.append((name, "", ()))
            continue
        k = int(place[0])
        best = top_scores(made, k, TOP) if SCORES in made.vectors else ()
        told.append((name, str(made.said[k]), best))
    return Seen(id, str(shown.labels[at]), picture(shown, at, LARGE), tuple(told),
                id in desk.flagged)  # fmt: skip


def as_csv(desk: Desk) -> bytes:
    """All rows of the view: classes with intervals, or instances with predictions.

    Raises:
        EngineError: there is nothing to compare.
    """
    if desk.asking is None:
        raise EngineError("there are no predictions to export", desk.row.name)
    given, keep = desk.asking.given, desk.asking.keep(desk.question())
    names = [recipe_words(desk.found, k) for k in desk.ready]
    parts: dict[str, Any] = {}
    if desk.view.rows == "classes":
        present, found = classes(given, desk.measure, keep)
        parts |= {"class": [given.words[k] for k in present.tolist()], "instances": found.count}
        figures = _figures(found)
    elif desk.view.rows == "groups":
        looked = desk.asking.groups(desk.question(), desk.flagged)
        parts |= {"group": [g.name for g in looked.groups],
                  "picked": [g.how for g in looked.groups],
                  "instances": looked.means.count}  # fmt: skip
        figures = _figures(looked.means)
    else:
        if desk.view.rows == "flagged":
            keep = keep & np.isin(given.ids, np.array(desk.flagged, dtype=np.str_))
        words = np.array([*given.words, ""])
        parts |= {"instance": given.ids[keep], "label": words[given.labels[keep]]}
        parts |= {_named(parts, n, "prediction"): words[s.said[keep]]
                  for n, s in zip(names, given.sides, strict=True)}  # fmt: skip
        change = columns(given, desk.measure, True)[:, keep]
        value = columns(given, desk.measure, False)[:, keep] if desk.measure.how.value else None
        figures = ({} if value is None else {"": value}) | {"change": change}
    for what, values in figures.items():
        for k, name in enumerate(names):
            if k or what == "":
                parts[_named(parts, name, what)] = values[k]
    return safe_csv(pl.DataFrame(parts))


def _figures(found: Means) -> dict[str, Any]:
    return {"": found.value, "change": found.difference, "change low": found.low,
            "change high": found.high}  # fmt: skip


def _named(taken: dict[str, Any], model: str, what: str) -> str:
    """Name of a column, with a number where two models are called alike."""
    name = f"{model}: {what}" if what else model
    same = sum(t == name or t.startswith(f"{name} (") for t in taken)
    return f"{name} ({same + 1})" if same else name
