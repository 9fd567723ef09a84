"""What is asked of matched models, and which instances remain: bounds, order, pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.behaviors.matched import Matched, Measure
from engine.behaviors.metrics import Floats, Ints
from engine.errors import EngineError

PAGE = 50
DIGITS = 18  # of a name that is a number of 64 bits for sure; longer ones stand as words do
Order = Literal["", "down", "up"]


@dataclass(frozen=True, slots=True)
class Question:
    """What a person looks at.

    Args:
        measure: id of a measure.
        relative: differences from the base, not values, and shares of the base's mean where the
            measure has them so; measures that only compare are relative.
        classes: rows are classes, not instances.
        inside: word of the class whose instances are asked for; "" for all.
        bounds: model -> inclusive (low, high) that an instance must lie in, of all of them.
        by: model that decides the order; "" for the order of names. order: of the rows.
        page: from 0; beyond the last one the last is given.
    """

    measure: str
    relative: bool = False
    classes: bool = True
    inside: str = ""
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    by: str = ""
    order: Order = ""
    page: int = 0


def measure_of(given: Matched, id: str) -> Measure:
    """The measure of that id.

    Raises:
        EngineError: there is none.
    """
    for measure in given.measures:
        if measure.id == id:
            return measure
    raise EngineError("is no comparison metric here", id[:200],
                      ", ".join(m.id for m in given.measures)[:300])  # fmt: skip


def as_asked(measure: Measure, relative: bool) -> Measure:
    """The measure as a question means it: beside values, changes are plain differences of them."""
    return replace(measure, relative=measure.relative and relative)


def is_relative(measure: Measure, question: Question) -> bool:
    """Differences are shown: because they are asked for, or because there is nothing else."""
    return question.relative or measure.how.value is None


def columns(given: Matched, measure: Measure, relative: bool) -> Floats:
    """What is shown of each model and instance, [models, instances], float64."""
    return np.stack([
        (s.differences if relative else s.values)[measure.id].astype(np.float64)
        for s in given.sides
    ])  # fmt: skip


def passing(given: Matched, question: Question) -> NDArray[np.bool_]:
    """Instances that the bounds and the chosen class leave; NaN lies within no bound.

    Raises:
        EngineError: no such measure, model or class.
    """
    measure = measure_of(given, question.measure)
    shown = columns(given, measure, is_relative(measure, question))
    keep = np.ones(given.count, bool)
    names = [s.name for s in given.sides]
    for model, (low, high) in question.bounds.items():
        if model not in names:
            raise EngineError("is no model of this comparison", model[:200])
        value = shown[names.index(model)]
        keep &= (value >= low) & (value <= high)
    if question.inside:
        if question.inside not in given.words:
            raise EngineError("is no class of this data", question.inside[:200])
        inside = np.zeros(given.count, bool)
        inside[given.member[given.of == given.words.index(question.inside)]] = True
        keep &= inside
    return keep


def ordered(value: Floats, names: NDArray[np.str_], order: Order, by_size: bool) -> Ints:
    """Rows in order: by value, or by its size; NaN last; without an order by name or number.

    Args:
        value: [rows].
        names: [rows].
        order: "" for names.
        by_size: a change of either sign counts.
    """
    if not order:
        numeric = np.char.isdecimal(names) if len(names) else np.zeros(0, bool)
        if numeric.all() and names.dtype.itemsize <= 4 * DIGITS:
            return np.argsort(names.astype(np.int64), kind="stable")
        return np.argsort(names, kind="stable")
    key = np.abs(value) if by_size else value
    key = np.where(np.isnan(key), np.inf, -key if order == "down" else key)
    return np.argsort(key, kind="stable")


def page_of(question: Question, count: int) -> tuple[int, int, int]:
    """The page that there is: (page, first row, one past the last row)."""
    page = max(0, min(question.page, (count - 1) // PAGE))
    return page, page * PAGE, min(count, (page + 1) * PAGE)
