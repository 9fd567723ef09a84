"""Many questions about the same models: what an earlier one found is kept for the next.

Sorting, paging and drilling down ask again and again about the same measure, bounds and class; of
100,000 instances only the order of the rows is found anew.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.behaviors.answer import (
    Answer,
    Histogram,
    Row,
    class_rows,
    edges_of,
    instance_rows,
    places_of,
    row_of,
)
from engine.behaviors.changes import frequent, turned
from engine.behaviors.findings import Finding, findings
from engine.behaviors.groups import classes, whole
from engine.behaviors.matched import Matched
from engine.behaviors.metrics import Floats, Ints
from engine.behaviors.question import (
    Question,
    as_asked,
    columns,
    is_relative,
    measure_of,
    passing,
)
from engine.behaviors.subgroups import Looked, look
from engine.errors import EngineError

KEPT = 24  # parts in memory
Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class Spots:
    """Where each instance stands in the histogram of each model.

    Args:
        shown: [models, instances] what is shown; edges: [bars + 1] of all histograms.
        place: [models, instances] bar of each, bars where it is not a number.
    """

    shown: Floats
    edges: Floats
    place: Ints

    @property
    def bars(self) -> int:
        """How many."""
        return len(self.edges) - 1


class Asking:
    """Questions about some models.

    Args:
        given: the models.
    """

    def __init__(self, given: Matched) -> None:
        self.given = given
        self._parts: OrderedDict[tuple[Any, ...], Any] = OrderedDict()

    def ask(self, question: Question) -> Answer:
        """Answer a question.

        Raises:
            EngineError: no such measure, model or class, or an order that is none.
        """
        given = self.given
        measure = as_asked(measure_of(given, question.measure), question.relative)
        relative = is_relative(measure, question)
        names = tuple(s.name for s in given.sides)
        if question.by and question.by not in names:
            raise EngineError("is no model of this comparison", question.by[:200])
        if question.order not in ("", "down", "up"):
            raise EngineError("is no order", question.order[:200], "down, up or none")
        by = names.index(question.by) if question.by else 0
        keep = self.keep(question)
        if question.classes:
            found = self._part(("classes", *_key(question)), lambda: classes(given, measure, keep))
            rows, count, page = class_rows(given, *found, question, relative, by)
        else:
            shown = self.spots(question).shown
            rows, count, page = instance_rows(given, measure, question, keep, shown, relative, by)
        summary, often = self._part(
            ("whole", *_key(question)), lambda: self._whole(measure, keep, relative)
        )
        return Answer(
            measure, relative, names, int(keep.sum()), given.count, summary, often,
            self.histogram(question), rows, count, page,
        )  # fmt: skip

    def groups(self, question: Question, flagged: Collection[str] = ()) -> Looked:
        """Subgroups of the instances that the bounds and the class leave.

        Args:
            question: measure, form, bounds and class.
            flagged: ids of instances.

        Raises:
            EngineError: no such measure, model or class.
        """
        measure = as_asked(measure_of(self.given, question.measure), question.relative)
        key = ("groups", *_key(question), tuple(flagged))
        return self._part(key, lambda: look(self.given, measure, self.keep(question), flagged))

    def harmed(self, model: int) -> frozenset[str]:
        """Classes and named groups that lost out of proportion; model: its place, from 1."""
        return frozenset(n for f in self.found(model) if f.kind == "harmed" for n in f.where)

    def found(self, model: int) -> tuple[Finding, ...]:
        """All that stands out in what a model makes, the worst first; model: its place, from 1."""
        most = len(self.given.words)
        return self._part(("found", model), lambda: findings(self.given, model, most))

    def keep(self, question: Question) -> NDArray[np.bool_]:
        """Instances that the bounds and the class leave."""
        return self._part(("keep", *_key(question)), lambda: passing(self.given, question))

    def spots(self, question: Question) -> Spots:
        """Where instances stand in the histograms."""
        measure = measure_of(self.given, question.measure)
        relative = is_relative(measure, question)

        def find() -> Spots:
            shown = columns(self.given, measure, relative)
            edges = edges_of(shown)
            return Spots(shown, edges, places_of(shown, edges))

        return self._part(("spots", measure.id, relative), find)

    def histogram(self, question: Question) -> Histogram:
        """Counts by value of the instances kept, and of all."""
        spots, keep = self.spots(question), self.keep(question)

        def count(some: NDArray[np.bool_] | None) -> Ints:
            place = spots.place if some is None else spots.place[:, some]
            return np.stack([np.bincount(p, minlength=spots.bars + 1) for p in place])

        total = self._part(("total", question.measure, question.relative), lambda: count(None))
        kept = self._part(("kept", *_key(question)), lambda: count(keep))
        return Histogram(spots.edges, kept[:, :-1], total[:, :-1], total[:, -1])

    def crossed(self, question: Question) -> Ints:
        """Counts of pairs of bars, so that a bound can be moved without asking.

        Returns:
            [models, bars, models, bars]: of the instances that all bounds but those of the first
            model leave, how many stand in its bar and in that bar of the second.
        """
        spots = self.spots(question)
        return self._part(("crossed", *_key(question)), lambda: self._crossed(question, spots))

    def _crossed(self, question: Question, spots: Spots) -> Ints:
        n, side = len(spots.place), spots.bars + 1
        found = np.zeros((n, spots.bars, n, spots.bars), np.int64)
        names = [s.name for s in self.given.sides]
        for a in range(n):
            rest = {m: b for m, b in question.bounds.items() if m != names[a]}
            free = len(rest) == len(question.bounds)
            others = Question(question.measure, question.relative, inside=question.inside,
                              bounds=rest)  # fmt: skip
            place = spots.place[:, self.keep(question if free else others)]
            for b in range(n):
                if free and b < a and names[b] not in question.bounds:
                    found[a, :, b] = found[b, :, a].T
                    continue
                pair = np.bincount(place[a] * side + place[b], minlength=side * side)
                found[a, :, b] = pair.reshape(side, side)[:-1, :-1]
        return found

    def _whole(
        self, measure: Any, keep: NDArray[np.bool_], relative: bool
    ) -> tuple[Row, dict[str, Any]]:
        often: dict[str, Any] = {
            side.name: turned(self.given, k, keep) if relative else frequent(self.given, k, keep)
            for k, side in enumerate(self.given.sides)
            if k or not relative
        }
        return row_of("", "", whole(self.given, measure, keep), 0), often

    def _part(self, key: tuple[Any, ...], find: Callable[[], Part]) -> Part:
        if key not in self._parts:
            self._parts[key] = find()
        self._parts.move_to_end(key)
        while len(self._parts) > KEPT:
            self._parts.popitem(last=False)
        found: Part = self._parts[key]
        return found


def ask(given: Matched, question: Question) -> Answer:
    """Answer a question about matched models.

    Raises:
        EngineError: no such measure, model or class, or an order that is none.
    """
    return Asking(given).ask(question)


def _key(question: Question) -> tuple[Any, ...]:
    bounds = tuple(sorted((m, *b) for m, b in question.bounds.items()))
    return question.measure, question.relative, question.inside, bounds
