"""The answer to a question: the row of the data set, histograms, one page of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.behaviors.changes import frequent, turned
from engine.behaviors.groups import Means, classes, whole
from engine.behaviors.matched import Matched, Measure
from engine.behaviors.metrics import Floats, Ints
from engine.behaviors.question import (
    Question,
    columns,
    is_relative,
    measure_of,
    ordered,
    page_of,
    passing,
)
from engine.errors import EngineError

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


def ask(given: Matched, question: Question) -> Answer:
    """Answer a question about matched models.

    Raises:
        EngineError: no such measure, model or class, or an order that is none.
    """
    measure = measure_of(given, question.measure)
    relative = is_relative(measure, question)
    names = tuple(s.name for s in given.sides)
    if question.by and question.by not in names:
        raise EngineError("is no model of this comparison", question.by[:200])
    if question.order not in ("", "down", "up"):
        raise EngineError("is no order", question.order[:200], "down, up or none")
    shown, keep = columns(given, measure, relative), passing(given, question)
    by = names.index(question.by) if question.by else 0
    rows, count, page = (
        _class_rows(given, measure, question, keep, relative, by)
        if question.classes
        else _instance_rows(given, measure, question, keep, shown, relative, by)
    )
    summary = _row("", "", whole(given, measure, keep), 0)
    often = {
        side.name: turned(given, k, keep) if relative else frequent(given, k, keep)
        for k, side in enumerate(given.sides)
        if k or not relative
    }
    return Answer(
        measure, relative, names, int(keep.sum()), given.count, summary, often,
        histogram(shown, keep), rows, count, page,
    )  # fmt: skip


def histogram(shown: Floats, keep: NDArray[np.bool_], bars: int = BARS) -> Histogram:
    """Counts by value on one scale; whole numbers of a small range get a bar each.

    Args:
        shown: [models, instances].
        keep: instances that remain.
        bars: about how many.
    """
    sound = np.isfinite(shown)
    x = shown[sound]
    low, high = (float(x.min()), float(x.max())) if x.size else (0.0, 1.0)
    if x.size and high - low <= bars and (x == np.round(x)).all():
        edges = np.arange(low, high + 2) - 0.5
    else:
        edges = _nice(low, high, bars)
    spots = len(edges) - 1
    place = np.clip(np.searchsorted(edges, shown, side="right") - 1, 0, spots - 1)
    counts, everything = (
        np.stack([np.bincount(p[s], minlength=spots) for p, s in zip(place, some, strict=True)])
        for some in (sound & keep, sound)
    )
    return Histogram(edges, counts, everything, (~sound).sum(axis=1))


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


def _class_rows(
    given: Matched, measure: Measure, question: Question, keep: NDArray[np.bool_], relative: bool,
    by: int,
) -> tuple[tuple[Row, ...], int, int]:  # fmt: skip
    present, found = classes(given, measure, keep)
    words = np.array([given.words[k] for k in present.tolist()], dtype=np.str_)
    value = (found.difference if relative else found.value)[by]
    order = ordered(value, words, question.order, relative)
    page, first, last = page_of(question, len(order))
    rows = tuple(_row(str(words[k]), "", found, k) for k in order[first:last].tolist())
    return rows, len(order), page


def _instance_rows(
    given: Matched, measure: Measure, question: Question, keep: NDArray[np.bool_], shown: Floats,
    relative: bool, by: int,
) -> tuple[tuple[Row, ...], int, int]:  # fmt: skip
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


def _row(name: str, label: str, found: Means, k: int) -> Row:
    return Row(
        name, label, int(found.count[k]), found.value[:, k].tolist(),
        found.difference[:, k].tolist(), found.low[:, k].tolist(), found.high[:, k].tolist(),
    )  # fmt: skip


def _word(given: Matched, k: int) -> str:
    return given.words[k] if k >= 0 else ""
