"""Models beside their base, instance by instance: only sums and columns stay, never vectors.

The base's vectors and those of one model are in memory at a time; what remains of a model is one
number an instance and measure.  Instances are matched by their ids, not by their places.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from engine.behaviors.metrics import KINDS, Ints, Kind, Rows, are_shares, as_rows, shares
from engine.behaviors.outputs import MOST_WIDTH, SCORES, Outputs, Words, check_names
from engine.errors import EngineError

Column = NDArray[np.float32]
AT_ONCE = 4_000_000  # numbers of a vector that are reckoned at a time
MADE = ("correctness", "error_rate", "true_confidence", "confidence", "margin", "calibration",
        "agreement", "kl")  # of scores; some need labels  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measure:
    """A comparison metric of this set of outputs.

    Args:
        id: unique; label: words; kind: of `KINDS`; vector: that it reads.
        relative: a class's relative difference is a share of the base's mean.
    """

    id: str
    label: str
    kind: str
    vector: str
    relative: bool

    @property
    def how(self) -> Kind:
        """The functions behind it."""
        return KINDS[self.kind]


@dataclass(frozen=True, slots=True)
class Side:
    """What remains of one model.

    Args:
        name: of the model; said: [instances] number of its prediction's word, -1 for none.
        values: measure -> [instances], without those that only compare.
        differences: measure -> [instances] from the base; NaN where it is not known.
        bins: measure -> [instances], where a measure has bins.
        missing: instances of the base that it does not have; they are NaN and -1.
        extra: instances that the base does not have, left out.
    """

    name: str
    said: Ints
    values: Mapping[str, Column]
    differences: Mapping[str, Column]
    bins: Mapping[str, Ints]
    missing: int
    extra: int


@dataclass(frozen=True, slots=True)
class Matched:
    """Models beside their base.

    Args:
        ids: [instances]; labels: [instances] number of the true label's word, -1 for none.
        words: of labels, classes and predictions, by number.
        member: [memberships] instance of each; of: the class of each, as a number of `words`.
        measures: that can be asked for; sides: the base first.
    """

    ids: Words
    labels: Ints
    words: Sequence[str]
    member: Ints
    of: Ints
    measures: tuple[Measure, ...]
    sides: tuple[Side, ...]

    @property
    def count(self) -> int:
        """Number of instances."""
        return len(self.ids)


def matched(base: tuple[str, Outputs], models: Iterable[tuple[str, Outputs]]) -> Matched:
    """Lay models beside a base.

    Args:
        base: its name and outputs.
        models: of the others, each read when it is its turn.

    Raises:
        EngineError: a model shares no instance with the base, labels or the order of the classes
            differ, or nothing compares.
    """
    name, b = base
    words = {"": -1}

    def numbers(some: Sequence[str]) -> Ints:
        for word in dict.fromkeys(some):
            words.setdefault(word, len(words) - 1)
        return np.fromiter(map(words.__getitem__, some), np.int64, len(some))

    labels = numbers(b.labels.tolist())
    if b.alone:
        member = np.flatnonzero(labels >= 0)
        of = labels[member]
    else:
        member = np.repeat(np.arange(b.count), [len(c) for c in b.classes])
        of = numbers([c for some in b.classes for c in some])
    measures = _measures(b)
    if not measures:
        raise EngineError("has nothing to compare", name, "scores of classes, or named vectors")
    classes = _order(b)
    y = np.array([classes.get(w, -1) for w in [*words][1:]] + [-1], np.int64)[labels]
    read = _Base(b, y)
    sides = []
    for other, m in chain([base], models):
        at = _places(m.ids, b.ids)
        mine = np.flatnonzero(at >= 0)
        if not mine.size:
            raise EngineError("shares no instance with the base", other, f"ids as {b.ids[0]!r}",
                              repr(str(m.ids[0])))  # fmt: skip
        rows = at[mine]
        theirs, ours = m.labels[mine], b.labels[rows]
        if (other_label := np.flatnonzero((theirs != ours) & (theirs != ""))).size:
            k = other_label[0]
            raise EngineError("has another label than the base", f"{other}, {b.ids[rows[k]]}",
                              repr(str(ours[k])), repr(str(theirs[k])))  # fmt: skip
        check_names(m, b, other)
        said = np.full(b.count, -1)
        said[rows] = numbers(m.said[mine].tolist())
        side = _side(other, m, read, mine, rows, said, measures)
        sides.append(side)
        _judge_words(side, sides[0], labels)
    return Matched(b.ids, labels, tuple(words)[1:], member, of, measures, tuple(sides))


def _places(ids: Words, known: Words) -> Ints:
    """Place of each name among those that are known, -1 for none; most often they are the same."""
    if ids is known or np.array_equal(ids, known):
        return np.arange(len(ids))
    index = {id: k for k, id in enumerate(known.tolist())}
    return np.array([index.get(id, -1) for id in ids.tolist()], np.int64)


class _Base:
    """The base as models are laid beside it: what fits into one part is read once for all.

    Args:
        made: its outputs.
        y: [instances] class of the scores that the label stands for, -1 for none.
    """

    def __init__(self, made: Outputs, y: Ints) -> None:
        self.made, self.y = made, y
        self._held: dict[tuple[str, bool], Rows] = {}
        self.shares = {name: are_shares(v) for name, v in made.vectors.items()}

    def rows(self, vector: str, at: Ints, needs: bool) -> Rows:
        """Some rows of a vector; needs: as probabilities."""
        found, key = self.made.vectors[vector], (vector, needs)
        whole = len(at) == len(found) and bool((at == np.arange(len(at))).all())
        if whole and key in self._held:
            return self._held[key]
        rows = _rows(found if whole else found[at], self.shares[vector] if needs else None)
        if whole:
            self._held[key] = rows
        return rows


def _rows(some: NDArray[np.float32], already: bool | None) -> Rows:
    """In float64; as probabilities where it is said whether they are some already."""
    wide = some.astype(np.float64)
    return as_rows(wide if already is None else shares(wide, already))


def _measures(b: Outputs) -> tuple[Measure, ...]:
    """What the base's vectors can be asked: what its file declares, and what can be made of it."""
    found = [
        Measure(id, id, kind, vector, relative)
        for id, (kind, vector, relative) in b.measures.items()
        if kind in KINDS and vector in b.vectors
    ]
    declared = {m.vector for m in found}
    if SCORES in b.vectors:
        labelled = bool((b.labels != "").any())
        found += [
            Measure(kind, KINDS[kind].label, kind, SCORES, KINDS[kind].relative)
            for kind in MADE if labelled or KINDS[kind].needs != "labels"
        ]  # fmt: skip
        found.append(Measure("outputs_mse", "Mean square error of outputs", "mse", SCORES, False))
    for name in (v for v in b.vectors if v != SCORES and v not in declared):
        wide = b.vectors[name].shape[1] > 1
        kinds = ("mse", "cosine") if wide else ("difference",)
        found += [
            Measure(f"{name}_{k}", name if not wide else f"{name}: {KINDS[k].label.lower()}", k,
                    name, False) for k in kinds
        ]  # fmt: skip
    return tuple(found)


def _side(
    name: str, m: Outputs, base: _Base, mine: Ints, rows: Ints, said: Ints,
    measures: Sequence[Measure],
) -> Side:  # fmt: skip
    values: dict[str, Column] = {}
    differences: dict[str, Column] = {}
    bins: dict[str, Ints] = {}
    count = base.made.count
    for vector in dict.fromkeys(measure.vector for measure in measures):
        one, two = m.vectors.get(vector), base.made.vectors[vector]
        if one is None or one.shape[1] != two.shape[1]:
            found = "none" if one is None else f"{one.shape[1]:,}"
            raise EngineError("has no such vector", f"{name}, {vector}", f"{two.shape[1]:,} numbers"
                              " an instance, as the base", found)  # fmt: skip
        asked = [measure for measure in measures if measure.vector == vector]
        for measure in asked:
            differences[measure.id] = np.full(count, np.nan, np.float32)
            if measure.how.value:
                values[measure.id] = np.full(count, np.nan, np.float32)
            if measure.how.bins:
                bins[measure.id] = np.full(count, 0)
        already = are_shares(one, base.shares[vector])
        step = max(1, AT_ONCE // max(1, one.shape[1]))
        for start in range(0, len(mine), step):
            part, at = mine[start : start + step], rows[start : start + step]
            for needs in {bool(measure.how.needs) for measure in asked}:
                q = base.rows(vector, at, needs)
                p = q if m is base.made else _rows(one[part], already if needs else None)
                for measure in (a for a in asked if bool(a.how.needs) == needs):
                    how = measure.how
                    differences[measure.id][at] = how.difference(p, q, base.y[at])
                    if how.value:
                        values[measure.id][at] = how.value(p, q, base.y[at])
                    if how.bins:
                        bins[measure.id][at] = how.bins(p)
    return Side(name, said, values, differences, bins, count - len(rows), m.count - len(mine))


def _judge_words(side: Side, base: Side, labels: Ints) -> None:
    """Judge predictions by their words where no score is known to be of the label.

    Files may say labels and predictions in words, and not which score is of which class.
    """
    if not np.intersect1d(base.said[base.said >= 0], labels).size:
        return  # numbers of classes beside labels in words: nothing is known
    known = (side.said >= 0) & (labels >= 0)
    for id, right in (("correctness", side.said == labels), ("error_rate", side.said != labels)):
        if id in side.values:
            gap = known & np.isnan(side.values[id])
            side.values[id][gap] = right[gap]
            side.differences[id][gap] = side.values[id][gap] - base.values[id][gap]


def _order(b: Outputs) -> dict[str, int]:
    """Word of a label -> class of the scores: by the names of the classes, else by number."""
    if b.names:
        return {word: k for k, word in enumerate(b.names)}
    few = len(str(MOST_WIDTH))
    return {w: int(w) for w in set(b.labels.tolist()) if w.isdecimal() and len(w) <= few}
