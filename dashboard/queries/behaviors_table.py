"""The table of behaviors as it travels: texts, shares of bars, counts of histograms, addresses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from dashboard.figures.thumbnails import curve, png
from dashboard.queries.behaviors import Desk
from dashboard.queries.behaviors_groups import GroupRows
from dashboard.queries.behaviors_words import SHARES, TURNS, Cell, cell, change_text, value_text
from dashboard.queries.experiment_words import quality_of, recipe_words, shown
from dashboard.urls_behaviors import BehaviorsView, search
from engine.behaviors import PAGE, Answer, Instances, Measure, Row, columns, instance, sensitive
from engine.numbers import count, percent, significant

MOST_SENSITIVE = 500
STEPS = 6
LETTERS = 160  # of a text in a row
SMALL = 32  # pixels a side of a picture in a row


def table(desk: Desk) -> dict[str, Any]:
    """All that the table shows of a desk that has an `asking`."""
    assert desk.asking is not None
    answer = desk.asking.ask(desk.question())
    groups = GroupRows(desk) if desk.view.rows == "groups" else None
    group = groups is not None or desk.view.rows == "classes"
    summary = _cells(desk, answer.summary, True, answer.relative)
    flagged, colours = set(desk.flagged), tones(desk)
    index = _index(desk.shown) if desk.shown is not None and not group else {}
    rows: Sequence[Row] = ()
    if groups is not None:
        total, page = len(groups.looked.groups), groups.page
        lines = [groups.cells(k, answer.relative) for k in groups.places]
    else:
        rows, total, page = _rows(desk, answer)
        lines = [_cells(desk, row, group, answer.relative) for row in rows]
    most = _most([summary, *lines], desk.measure.kind, answer.relative)
    below = any((c.value or 0) < 0 for cells in (summary, *lines) for c in cells)
    drawn = [[_bar(c, most, answer.relative, below) for c in cells] for cells in lines]
    return {
        "models": [_model(desk, k, colours[desk.ready[k]][0]) for k in range(len(answer.models))],
        "relative": sent_relative(desk, answer),
        "what": "Group" if groups else "Class" if group else "Instance",
        "summary": {
            "count": _counted(answer),
            "cells": [_bar(c, most, answer.relative, below) for c in summary],
            "often": [_often(answer, name) for name in answer.models],
        },
        "histogram": _histogram(desk, answer),
        "rows": [groups.line(k, cells) for k, cells in zip(groups.places, drawn, strict=True)]
        if groups
        else [
            _line(desk, row, cells, flagged, index) for row, cells in zip(rows, drawn, strict=True)
        ],
        "words": _words(desk, groups),
        "pages": _pages(desk.view, total, page),
        "free": search(replace(desk.view, bounds=(), page=1)) if desk.view.bounds else "",
    }


def _rows(desk: Desk, answer: Answer) -> tuple[Sequence[Row], int, int]:
    """(rows of the page, rows of all pages, the page from 0)."""
    if desk.view.rows in ("classes", "instances") or desk.asking is None:
        return answer.rows, answer.count, answer.page
    given, question = desk.asking.given, desk.question()
    keep = desk.asking.keep(question)
    if desk.view.rows == "sensitive":
        places = sensitive(columns(given, desk.measure, True), keep, MOST_SENSITIVE)[0].tolist()
    else:
        wanted = set(desk.flagged)
        places = [k for k, id in enumerate(given.ids.tolist()) if id in wanted and keep[k]]
    page = max(0, min(desk.view.page - 1, (len(places) - 1) // PAGE))
    some = places[page * PAGE : (page + 1) * PAGE]
    return [instance(given, desk.measure, k) for k in some], len(places), page


def _cells(desk: Desk, row: Row, group: bool, relative: bool) -> list[Cell]:
    assert desk.asking is not None
    none = [math.nan] * len(row.values)
    low, high, measure = row.low or none, row.high or none, desk.measure
    return [
        cell(measure, relative, (row.values[k], row.differences[k], low[k], high[k]), not k,
             group, _why(desk, row, k, group))
        for k in range(len(row.values))
    ]  # fmt: skip


def _why(desk: Desk, row: Row, k: int, group: bool) -> str:
    """Why something is not known."""
    assert desk.asking is not None
    side = desk.asking.given.sides[k]
    if group and desk.measure.relative and row.values[0] == 0:
        return "The base's mean is zero, so there is no change relative to it"
    if row.count == 0:
        return "No instance remains"
    if not group and not row.label and desk.measure.how.needs == "labels":
        return "This instance has no label"
    if not group and row.said and row.said[k] and desk.measure.how.needs == "labels":
        return "Its file does not say which score is of which class"
    if not group and row.said and not row.said[k] and side.missing:
        return "This model has no prediction for it"
    return "NaN: the scores hold no number that it can be reckoned from"


def _most(lines: Sequence[Sequence[Cell]], kind: str, relative: bool) -> float:
    """The value of a whole bar."""
    values = [abs(c.value) for line in lines for c in line if c.value is not None]
    most = max(values, default=0.0)
    return max(1.0, most) if kind in SHARES and not relative else most or 1.0


def _bar(c: Cell, most: float, relative: bool, below: bool) -> list[Any]:
    """[text, more, tone, left %, width %, title]; what may have either sign begins in the middle.

    Args:
        c: the cell.
        most: the value of a whole bar.
        relative: changes are shown.
        below: some bar is of a value below 0.
    """
    left = width = 0.0
    if c.value is not None and math.isfinite(c.value):
        part = min(1.0, abs(c.value) / most) * 100
        signed = below or (relative and c.more)
        width = part / 2 if signed else part
        left = (50 - width if c.value < 0 else 50) if signed else 0
    return [c.text, c.more, c.tone, round(left, 1), round(width, 1), c.title]


def _model(desk: Desk, k: int, tone: int) -> dict[str, Any]:
    """The head of a column: name, the sort that a press asks for."""
    row, view = desk.ready[k], desk.view
    now = ("up" if view.up else "down") if view.by == row else ""
    after = {"": replace(view, by=row, up=False), "down": replace(view, by=row, up=True),
             "up": replace(view, by=None, up=False)}[now]  # fmt: skip
    plain = replace(view, page=1)
    return {
        "row": row,
        "name": recipe_words(desk.found, row),
        "step": tone,
        "sort": now,
        "go": search(replace(after, page=1)),
        "sheets": [[text, search(replace(plain, sheet=sheet, of=row))]
                   for sheet, text in (("confusion", "Confusion"), ("changes", "Changes"))
                   if k or sheet == "confusion"],
    }  # fmt: skip


def tones(desk: Desk) -> dict[int, tuple[int, str]]:
    """Row of a model -> its colour on the map of the experiment, -1 unknown, and what it says."""
    quality = quality_of(desk.found)
    if quality is None:
        return dict.fromkeys(desk.order, (-1, ""))
    values = desk.found.frame[quality.column].to_list()
    known, how = [v for v in values if v is not None], shown(quality, values)
    low, high = min(known, default=0.0), max(known, default=0.0)

    def step(value: float | None) -> int:
        if value is None:
            return -1
        return (
            min(STEPS - 1, int((value - low) / (high - low) * STEPS)) if high > low else STEPS - 1
        )

    return {k: (step(values[k]), f"{quality.name} {how.text(values[k])}") for k in desk.order}


def _counted(answer: Answer) -> str:
    words = count(answer.kept, "instance")
    return words if answer.kept == answer.total else f"{answer.kept:,} of {answer.total:,}"


def _often(answer: Answer, name: str) -> list[list[str]]:
    """The most frequent predictions, or changes of them, with their share."""
    return [
        [" → ".join(str(word) for word in one[:-1]), percent(float(one[-1]))]
        for one in answer.frequent.get(name, ())
    ]


def crossed(desk: Desk) -> dict[str, Any]:
    """Counts of pairs of bars, with the key of the histograms that they belong to."""
    assert desk.asking is not None
    return {"key": _key(desk), "counts": np.ravel(desk.asking.crossed(desk.question())).tolist()}


def _key(desk: Desk) -> str:
    """Another one wherever counts of pairs are others."""
    question = desk.question()
    assert desk.data is not None
    return repr((desk.ready, question.measure, question.relative, question.inside,
                 sorted(question.bounds.items()), desk.data.id))  # fmt: skip


def _histogram(desk: Desk, answer: Answer) -> dict[str, Any]:
    """Counts of bars."""
    found = answer.histogram
    edges = found.edges.tolist()
    bars, ends = _scale(desk.measure, edges, sent_relative(desk, answer))
    return {
        "key": _key(desk),
        "edges": edges,
        "said": bars,
        "ends": ends,
        "total": found.total.tolist(),
        "kept": found.counts.tolist(),
        "unknown": found.unknown.tolist(),
        "bounds": {str(desk.ready.index(k)): [low, high] for k, low, high in desk.view.bounds},
    }


def sent_relative(desk: Desk, answer: Answer) -> bool:
    """Changes from a value are shown, not values, nor what only compares."""
    return answer.relative and desk.measure.how.value is not None


def _scale(
    measure: Measure, edges: Sequence[float], relative: bool
) -> tuple[list[str], tuple[str, str]]:
    """(what each bar stands for, both ends): bars of whole numbers stand for one each."""
    text = _change if relative else value_text
    if all((e - 0.5).is_integer() for e in edges):
        middle = [e + 0.5 for e in edges[:-1]]
        turned = relative and measure.kind in TURNS and set(middle) <= {-1, 0, 1}
        bars = [
            change_text(measure, v, group=False) if turned else text(measure, v) for v in middle
        ]
        return bars, (bars[0], bars[-1])
    said = [text(measure, e) for e in edges]
    bars = [f"{a} to {b}" for a, b in pairwise(said)]
    return bars, (said[0], said[-1])


def _change(measure: Measure, value: float) -> str:
    """An edge of a scale of changes: signed, shares in points."""
    sign = "+" if value > 0 else "−" if value < 0 else ""
    size = abs(value)
    return f"{sign}{size * 100:.3g}" if measure.kind in SHARES else f"{sign}{significant(size)}"


def _line(
    desk: Desk, row: Row, cells: list[list[Any]], flagged: set[str], index: dict[str, int]
) -> dict[str, Any]:
    if desk.view.rows == "classes":
        inside = replace(desk.view, rows="instances", inside=row.name, page=1)
        return {"name": row.name, "note": count(row.count, "instance"), "go": search(inside),
                "cells": cells}  # fmt: skip
    said = []
    for k, word in enumerate(row.said):
        mark = "" if not row.label or not word else "✓" if word == row.label else "✗"
        was = f"was {row.said[0]}" if k and word and word != row.said[0] else ""
        said.append([mark, word or "no prediction", was])
    sent: dict[str, Any] = {
        "name": row.name, "note": f"Label: {row.label}" if row.label else "No label",
        "cells": cells, "said": said, "flag": row.name in flagged,
    }  # fmt: skip
    if row.name in index and desk.shown is not None:
        at = index[row.name]
        sent |= picture(desk.shown, at)
        sent["go"] = search(replace(desk.view, sheet="instance", of=at))
    return sent


def picture(shown: Instances, at: int, most: int = SMALL) -> dict[str, Any]:
    """How an instance is drawn; {} where it was not kept.

    Args:
        shown: the instances.
        at: place of it.
        most: pixels a side; above those of a row nothing is cut.

    Returns:
        {"image"} and {"wave"}, addresses; {"text"}; of a row large {"pairs"}, [name, number] each.
    """
    if at >= len(shown.values):
        return {}
    value = shown.values[at]
    if shown.kind == "image":
        return {"image": png(value, most)}
    if shown.kind == "wave":
        return {"wave": curve(value)}
    text = str(value)
    if shown.kind == "row":
        pairs = [[n, _number(v)] for n, v in zip(shown.columns, value.tolist(), strict=False)]
        if most > SMALL:
            return {"pairs": pairs}
        text = " · ".join(f"{n}\N{NO-BREAK SPACE}{v}" for n, v in pairs)
    return {"text": text if len(text) <= LETTERS or most > SMALL else f"{text[: LETTERS - 1]}…"}


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "not known"
    return f"{'−' if value < 0 else ''}{significant(abs(value))}"


def _index(shown: Instances) -> dict[str, int]:
    """Place of each instance that is kept."""
    return {str(id): k for k, id in enumerate(shown.ids[: len(shown.values)].tolist())}


def _words(desk: Desk, groups: GroupRows | None) -> str:
    """The order of the rows in a sentence."""
    view = desk.view
    if groups is not None:
        sorts = view.by in desk.ready and view.by != view.base
        return groups.words(recipe_words(desk.found, view.by or 0) if sorts else "")
    if view.rows == "sensitive":
        return "Instances that change most, in the mean size over all models"
    if view.rows == "flagged":
        return "Instances flagged for review"
    if view.by is None or view.by not in desk.ready:
        return "Sorted by name"
    what = "size of the change" if view.relative and desk.measure.how.value else "value"
    ends = "smallest first" if view.up else "largest first"
    return f"Sorted by the {what} of {recipe_words(desk.found, view.by)}, {ends}"


def _pages(view: BehaviorsView, total: int, page: int) -> dict[str, str]:
    """What the foot says, and where its ways lead; "" where there is none."""
    first, last = page * PAGE, min(total, (page + 1) * PAGE)
    noun = view.rows if view.rows in ("classes", "groups") else "instances"
    text = f"{first + 1:,}–{last:,} of {total:,} {noun}" if total else f"No {noun}"
    return {
        "text": text,
        "before": search(replace(view, page=page)) if page else "",
        "after": search(replace(view, page=page + 2)) if last < total else "",
    }
