"""The answer to a question: the row of the data set, histograms, one page of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.behaviors.groups import Means
from engine.behaviors.matched import Matched, Measure
from engine.behaviors.metrics import Floats, Ints
from engine.behaviors.question import Question, ordered, page_of

BARS = 20


@dataclass(frozen=True, slots=True)
class Histogram:
    """Instances by value.

    Args:
        edges: [bars + 1], one scale for all models.
        counts: [models, bars] of the instances kept; total: [models, bars] of all.
        unknown: [models] instances that are NaN.
    """

    edges: Floats
    counts: Ints
    total: Ints
    unknown: Ints


@dataclass(frozen=True, slots=True)
class Row:
    """A class or an instance.

    Args:
        name: of the class, id of the instance; label: its true label, "" of a class.
        count: instances of a class that remain; 1.
        values, differences: of each model; low, high: interval of a class's difference.
        said: prediction of each model, of an instance.
    """

    name: str
    label: str
    count: int
    values: Sequence[float]
    differences: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    said: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What is shown.

    Args:
        measure: that was asked for; relative: differences are shown.
        models: names, the base first.
        kept: instances that remain; total: of all.
        summary: the instances that remain as one row, each counted once.
        frequent: model -> its most frequent predictions, or, of differences, changes of them.
        histogram: over instances; rows: one page; count: rows of all pages; page: this one.
    """

    measure: Measure
    relative: bool
    models: tuple[str, ...]
    kept: int
    total: int
    summary: Row
    frequent: Mapping[str, Sequence[tuple[str, ...] | tuple[str, float] | tuple[str, str, float]]]
    histogram: Histogram
    rows: tuple[Row, ...]
    count: int
    page: int


def histogram(shown: Floats, keep: NDArray[np.bool_], bars: int = BARS) -> Histogram:
    """Counts by value on one scale; whole numbers of a small range get a bar each.

    Args:
        shown: [models, instances].
        keep: instances that remain.
        bars: about how many.
    """
    edges = edges_of(shown, bars)
    place, spots = places_of(shown, edges), len(edges) - 1
    counts, everything = (
        np.stack([np.bincount(p, minlength=spots + 1) for p in some])
        for some in (place[:, keep], place)
    )
    return Histogram(edges, counts[:, :-1], everything[:, :-1], everything[:, -1])


def edges_of(shown: Floats, bars: int = BARS) -> Floats:
    """Edges of about so many bars that hold all that is a number."""
    x = shown[np.isfinite(shown)]
    low, high = (float(x.min()), float(x.max())) if x.size else (0.0, 1.0)
    if x.size and high - low <= bars and (x == np.round(x)).all():
        return np.arange(low, high + 2) - 0.5
    return _nice(low, high, bars)


def places_of(shown: Floats, edges: Floats) -> Ints:
    """Bar of each value, [models, instances]; the number of bars where it is no number."""
    spots = len(edges) - 1
    place = np.clip(np.searchsorted(edges, shown, side="right") - 1, 0, spots - 1)
    return np.where(np.isfinite(shown), place, spots)


def _nice(low: float, high: float, bars: int) -> Floats:
    """Edges at multiples of 1, 2 or 5 times a power of ten that hold low and high."""
    if high - low < np.finfo(np.float32).tiny:  # one value, as far as float32 tells
        low, high = low - 0.5, high + 0.5
    rough = (high - low) / bars
    power = 10.0 ** np.floor(np.log10(rough))
    step = power * next(m for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9))
    first, last = np.floor(low / step), np.ceil(high / step)
    # a quotient below what floats hold is 0
    first, last = first - (first * step > low), last + (last * step < high)
    return np.asarray(np.arange(first, max(last, first + 1) + 1) * step)


def class_rows(
    given: Matched, present: Ints, found: Means, question: Question, relative: bool, by: int
) -> tuple[tuple[Row, ...], int, int]:
    """A page of classes: (rows, rows of all pages, the page).

    Args:
        given: models.
        present: [classes] number of each one's word.
        found: means of each.
        question: order and page.
        relative: differences decide the order.
        by: place of the model that does.
    """
    words = np.array([given.words[k] for k in present.tolist()], dtype=np.str_)
    value = (found.difference if relative else found.value)[by]
    order = ordered(value, words, question.order, relative)
    page, first, last = page_of(question, len(order))
    rows = tuple(row_of(str(words[k]), "", found, k) for k in order[first:last].tolist())
    return rows, len(order), page


def instance_rows(
    given: Matched, measure: Measure, question: Question, keep: NDArray[np.bool_], shown: Floats,
    relative: bool, by: int,
) -> tuple[tuple[Row, ...], int, int]:  # fmt: skip
    """A page of instances: (rows, rows of all pages, the page)."""
    rows = np.flatnonzero(keep)
    order = rows[ordered(shown[by][rows], given.ids[rows], question.order, relative)]
    page, first, last = page_of(question, len(order))
    return tuple(instance(given, measure, k) for k in order[first:last].tolist()), len(order), page


def instance(given: Matched, measure: Measure, k: int) -> Row:
    """One instance as a row."""
    return Row(
        str(given.ids[k]), _word(given, int(given.labels[k])), 1,
        [float(s.values[measure.id][k]) if measure.how.value else float("nan")
         for s in given.sides],
        [float(s.differences[measure.id][k]) for s in given.sides],
        said=[_word(given, int(s.said[k])) for s in given.sides],
    )  # fmt: skip


def row_of(name: str, label: str, found: Means, k: int) -> Row:
    """Group k of means as a row."""
    return Row(
        name, label, int(found.count[k]), found.value[:, k].tolist(),
        found.difference[:, k].tolist(), found.low[:, k].tolist(), found.high[:, k].tolist(),
    )  # fmt: skip


def _word(given: Matched, k: int) -> str:
    return given.words[k] if k >= 0 else ""
