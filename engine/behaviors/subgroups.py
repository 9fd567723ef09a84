"""Subgroups of instances: what each lost or gained, when many of them are looked at.

Groups are classes, what a file names, and what can be made of what the base says: a label with a
band of the base's confidence, what is easy or hard for it, what people flagged.  One interval in
twenty misses by chance, so those of many groups are wider: all of them hold together (Bonferroni).
Of means they are Student's; of shares the wider, at each end, of Student's and those of
`intervals.py`: the one is too narrow where shares are near 0 or 1, the other where few instances
turn over often, and what holds by either holds by both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.behaviors.groups import Means, means
from engine.behaviors.matched import Matched, Measure
from engine.behaviors.metrics import Floats, Ints

LEAST = 10  # instances of a group of which a figure is given
LEVEL = 0.05  # chance that any interval of a model misses
UNSURE, SURE = 0.5, 0.9  # confidence of the base below which, and from which
MOST_LABELS = 20  # with which bands of confidence are crossed; more make every group small

Kind = Literal["class", "file", "base", "flagged"]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Subgroup:
    """Some of the instances.

    Args:
        name: of it; how: what puts an instance in it, in words.
        kind: a "class", one that a "file" names, one picked by what the "base" says, or "flagged".
        rows: [members] instances.
    """

    name: str
    how: str
    kind: Kind
    rows: Ints


@dataclass(frozen=True, slots=True)
class Looked:
    """Subgroups that were looked at together.

    Args:
        groups: all of them.
        means: of each; value, difference and interval are NaN below `LEAST` known instances, and
            intervals hold for all groups of a model together.
        count: groups that are large enough for a figure.
    """

    groups: tuple[Subgroup, ...]
    means: Means
    count: int


def subgroups(given: Matched, keep: Mask, flagged: Collection[str] = ()) -> tuple[Subgroup, ...]:
    """The groups that the instances fall into, without empty ones and without any twice.

    Args:
        given: models.
        keep: [instances] that are looked at.
        flagged: ids of instances.
    """
    found = [*_named(given, keep), *_by_base(given, keep)]
    if flagged:
        rows = np.flatnonzero(keep & np.isin(given.ids, np.array(list(flagged), np.str_)))
        found.append(Subgroup("Flagged", "flagged for review", "flagged", rows))
    return tuple(g for g in found if g.rows.size)


def look(given: Matched, measure: Measure, keep: Mask, flagged: Collection[str] = ()) -> Looked:
    """What a measure says of each subgroup.

    Args:
        given: models.
        measure: what is compared.
        keep: [instances] that are looked at.
        flagged: ids of instances.
    """
    some = subgroups(given, keep, flagged)
    sizes = [g.rows.size for g in some]
    rows = np.concatenate([g.rows for g in some]) if some else np.zeros(0, np.int64)
    count = max(1, sum(size >= LEAST for size in sizes))
    found = means(given, measure, rows, np.repeat(np.arange(len(some)), sizes), len(some),
                  NormalDist().inv_cdf(1 - LEVEL / 2 / count),
                  lambda known: _student(known - 1, count))  # fmt: skip
    few = found.known < LEAST

    def large(values: Floats) -> Floats:
        return np.where(few, np.nan, values)

    return Looked(some, replace(found, value=large(found.value), difference=large(found.difference),
                                low=large(found.low), high=large(found.high)),
                  int((found.count >= LEAST).sum()))  # fmt: skip


def _student(freedom: Ints, groups: int) -> Floats:
    """Half width of an interval in standard errors, for so many groups at once.

    Student's t by the expansion 26.7.5 of Abramowitz and Stegun (1964): from 9 degrees of freedom
    and to 1,000 groups it is short by less than 2 %.
    """
    z = NormalDist().inv_cdf(1 - LEVEL / 2 / groups)
    n = np.maximum(freedom, 1).astype(np.float64)
    return np.asarray(
        z + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
    )  # fmt: skip


def _named(given: Matched, keep: Mask) -> Iterator[Subgroup]:
    """Classes, and groups that a file puts instances in besides."""
    there = keep[given.member]
    member, of = given.member[there], given.of[there]
    order = np.argsort(of, kind="stable")
    words, starts = np.unique(of[order], return_index=True)
    for word, rows in zip(words.tolist(), np.split(member[order], starts[1:]), strict=False):
        own = bool((given.labels[rows] == word).all())
        yield Subgroup(given.words[word], "class" if own else "named in the file",
                       "class" if own else "file", rows)  # fmt: skip


def _by_base(given: Matched, keep: Mask) -> Iterator[Subgroup]:
    """What the base finds easy or hard, bands of its confidence, and labels within them."""
    values = given.sides[0].values
    true, sure = values.get("true_confidence"), values.get("confidence")
    whole = int(keep.sum())
    if true is not None:
        for name, how, mask in (
            ("Hard for the base", f"it gives the label under {UNSURE:.0%}", true < UNSURE),
            ("Easy for the base", f"it gives the label {SURE:.0%} or more", true >= SURE),
        ):
            if 0 < (keep & mask).sum() < whole:
                yield Subgroup(name, how, "base", np.flatnonzero(keep & mask))
    if sure is None:
        return
    bands = {f"under {UNSURE:.0%} sure": sure < UNSURE,
             f"{UNSURE:.0%} to {SURE:.0%} sure": (sure >= UNSURE) & (sure < SURE),
             f"{SURE:.0%} sure or more": sure >= SURE}  # fmt: skip
    labels, sizes = np.unique(given.labels[keep & (given.labels >= 0)], return_counts=True)
    crossed = labels.tolist() if 1 < len(labels) <= MOST_LABELS else []
    for words, mask in bands.items():
        rows = np.flatnonzero(keep & mask)
        if not 0 < rows.size < whole:  # all of them: nothing is set apart
            continue
        yield Subgroup(f"Base {words}", "by the base's confidence", "base", rows)
        for label, size in zip(crossed, sizes.tolist(), strict=False):
            some = rows[given.labels[rows] == label]
            if some.size < size:  # else it is the class itself
                yield Subgroup(f"{given.words[label]}, base {words}",
                               "label and confidence", "base", some)  # fmt: skip
