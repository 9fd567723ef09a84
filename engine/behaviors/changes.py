"""What the predictions did: the most frequent ones, what they turned into, who is confused."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.behaviors.matched import Matched
from engine.behaviors.metrics import Floats, Ints, are_shares, shares
from engine.behaviors.outputs import SCORES, Outputs

TOP = 5
MOST_PAIRS = 1_000_000
MOST_CONFUSED = 60  # classes in a matrix; the rest is named as such


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts of pairs of words.

    Args:
        words: of rows and columns; "other" stands for all that are not named.
        counts: [rows, columns]: from the label, or the base's prediction, to the model's.
        unknown: instances without one of both.
    """

    words: tuple[str, ...]
    counts: Ints
    unknown: int


def frequent(
    given: Matched, model: int, keep: NDArray[np.bool_], top: int = TOP
) -> list[tuple[str, float]]:
    """The most frequent predictions of a model, (word, share of the instances kept)."""
    said = given.sides[model].said[keep]
    return [(given.words[k], share) for k, share in _most(said, len(given.words), said >= 0, top)]


def turned(
    given: Matched, model: int, keep: NDArray[np.bool_], top: int = TOP
) -> list[tuple[str, str, float]]:
    """The most frequent changes, (base's word, model's word, share of the instances kept)."""
    before, after = given.sides[0].said[keep], given.sides[model].said[keep]
    n, moved = len(given.words), (before >= 0) & (after >= 0) & (before != after)
    pairs = (before * n + after)[moved]
    if n * n <= MOST_PAIRS:  # counting is faster than sorting
        every = np.bincount(pairs, minlength=n * n)
        values = np.flatnonzero(every)
        counts = every[values]
    else:
        values, counts = np.unique(pairs, return_counts=True)
    best = np.argsort(-counts, kind="stable")[:top]
    return [
        (given.words[int(values[k]) // n], given.words[int(values[k]) % n],
         float(counts[k] / len(moved)))
        for k in best
    ]  # fmt: skip


def confusion(given: Matched, model: int, keep: NDArray[np.bool_], from_base: bool) -> Confusion:
    """How labels, or the base's predictions, became the model's predictions.

    Args:
        given: models.
        model: place of it.
        keep: instances.
        from_base: rows are the base's predictions, not labels.
    """
    rows = (given.sides[0].said if from_base else given.labels)[keep]
    columns = given.sides[model].said[keep]
    sound = (rows >= 0) & (columns >= 0)
    rows, columns = rows[sound], columns[sound]
    n = len(given.words)
    size = np.bincount(rows, minlength=n) + np.bincount(columns, minlength=n)
    used = np.flatnonzero(size)
    if len(used) > MOST_CONFUSED:
        used = np.sort(used[np.argsort(-size[used], kind="stable")[: MOST_CONFUSED - 1]])
    place = np.full(n, len(used))
    place[used] = np.arange(len(used))
    more = bool((place[rows] == len(used)).any() or (place[columns] == len(used)).any())
    width = len(used) + more
    counts = np.bincount(place[rows] * width + place[columns], minlength=width * width)
    words = tuple(given.words[int(k)] for k in used) + (("other",) if more else ())
    return Confusion(words, counts.reshape(width, width), int((~sound).sum()))


def sensitive(shown: Floats, keep: NDArray[np.bool_], top: int) -> tuple[Ints, Floats]:
    """Instances that change most over all models: (rows, mean size of the change).

    Args:
        shown: [models, instances] differences, the base first, which does not count.
        keep: instances.
        top: how many.
    """
    with np.errstate(invalid="ignore"):
        size = np.abs(shown[1:])
    known = (~np.isnan(size)).sum(axis=0)
    mean = np.where(known > 0, np.nansum(size, axis=0) / np.maximum(known, 1), -np.inf)
    mean = np.where(keep, mean, -np.inf)
    rows = np.argsort(-mean, kind="stable")[:top]
    rows = rows[np.isfinite(mean[rows])]
    return rows, mean[rows]


def top_scores(made: Outputs, k: int, top: int) -> tuple[tuple[str, float], ...]:
    """The classes that an instance scores highest, (word, probability).

    Args:
        made: with scores.
        k: place of the instance.
        top: how many.
    """
    scores = made.vectors[SCORES]
    row = shares(scores[k : k + 1].astype(np.float64), are_shares(scores))[0]
    if np.isnan(row).any():
        return ()
    best = np.argsort(-row, kind="stable")[:top].tolist()
    return tuple((made.names[j] if j < len(made.names) else str(j), float(row[j])) for j in best)


def _most(values: Ints, n: int, sound: NDArray[np.bool_], top: int) -> list[tuple[int, float]]:
    if not len(values):
        return []
    counts = np.bincount(values[sound], minlength=n)
    best = [int(k) for k in np.argsort(-counts, kind="stable")[:top] if counts[k]]
    return [(k, float(counts[k] / len(values))) for k in best]
