"""What one model made of a set of instances: vectors, words for its predictions, true labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import overload

import numpy as np
from numpy.typing import NDArray

from engine.behaviors.metrics import are_shares
from engine.errors import EngineError

Words = NDArray[np.str_]
Numbers = NDArray[np.float32]
SCORES = "scores"  # the vector that holds one score a class
MOST_INSTANCES, MOST_WIDTH = 2_000_000, 20_000


class Alone(Sequence[Sequence[str]]):
    """Classes of instances that count in that of their label and in no other.

    Args:
        labels: [instances] words, "" for none.
    """

    def __init__(self, labels: Words) -> None:
        self.labels = labels

    def __len__(self) -> int:
        return len(self.labels)

    @overload
    def __getitem__(self, k: int) -> Sequence[str]: ...
    @overload
    def __getitem__(self, k: slice) -> Sequence[Sequence[str]]: ...
    def __getitem__(self, k: int | slice) -> Sequence[str] | Sequence[Sequence[str]]:
        return Alone(self.labels[k]) if isinstance(k, slice) else [w for w in [self.labels[k]] if w]

    def __iter__(self) -> Iterator[Sequence[str]]:
        return ([w] if w else [] for w in self.labels.tolist())


@dataclass(frozen=True, slots=True)
class Outputs:
    """What one model made of a set of instances.

    Args:
        ids: [instances] names, each once.
        said: [instances] predictions in words; "" where nothing is known.
        vectors: name -> [instances, width]; `scores` is one score a class.
        labels: [instances] true labels in words; "" where there is none.
        classes: classes that each instance counts in, each once; usually its label alone.
        measures: name -> (kind of comparison, vector, declared relative), as a file declares them.
        names: of the classes that scores are of, in order; () where labels are their numbers.
    """

    ids: Words
    said: Words
    vectors: Mapping[str, Numbers]
    labels: Words
    classes: Sequence[Sequence[str]]
    measures: Mapping[str, tuple[str, str, bool]] = field(default_factory=dict)
    names: Sequence[str] = ()

    @property
    def count(self) -> int:
        """Number of instances."""
        return len(self.ids)

    @property
    def alone(self) -> bool:
        """Each instance counts in the class of its label and in no other."""
        if isinstance(self.classes, Alone) and self.classes.labels is self.labels:
            return True
        pairs = zip(self.classes, Alone(self.labels), strict=True)
        return all(list(some) == one for some, one in pairs)


@lru_cache(maxsize=2)
def numbers_to(count: int) -> Words:
    """The numbers from 0 on in words, the same array for all models of a set."""
    found = np.array(list(map(str, range(count))), np.str_)
    found.flags.writeable = False
    return found


def outputs(
    ids: Sequence[str] | None,
    vectors: Mapping[str, NDArray[np.generic]],
    labels: Sequence[object] | None = None,
    said: Sequence[object] | None = None,
    classes: Sequence[Sequence[str]] | None = None,
    names: Sequence[str] = (),
    measures: Mapping[str, tuple[str, str, bool]] | None = None,
    groups: Sequence[Sequence[str]] | None = None,
) -> Outputs:
    """Check what a model made.

    Args:
        ids: names of the instances; None numbers them from 0.
        vectors: name -> [instances] or [instances, …], flattened behind the first axis.
        labels: true label of each, a word or the number of a class.
        said: prediction of each; None takes the class with the highest score.
        classes: of each instance; None takes its label.
        names: of the classes, by number.
        measures: as in `Outputs`.
        groups: of each instance, which it counts in besides its classes.

    Raises:
        EngineError: nothing in it, lengths that differ, an id twice, a vector that is not numbers.
    """
    counts = {name: len(v) for name, v in vectors.items() if np.ndim(v)}
    if labels is not None:
        counts["labels"] = len(labels)
    if said is not None:
        counts["predictions"] = len(said)
    if ids is not None:
        counts["ids"] = len(ids)
    if not counts or not max(counts.values()):
        raise EngineError("holds no predictions", "predictions", "at least one instance")
    if len(set(counts.values())) > 1:
        found = ", ".join(f"{n} {c:,}" for n, c in counts.items())[:200]
        raise EngineError("its parts differ in length", "predictions", found=found)
    count = next(iter(counts.values()))
    if count > MOST_INSTANCES:
        raise EngineError("holds too many instances", "predictions", f"at most {MOST_INSTANCES:,}",
                          f"{count:,}")  # fmt: skip
    checked = {name[:200]: _vector(name, v) for name, v in vectors.items()}
    id = numbers_to(count) if ids is None else np.array([str(i)[:200] for i in ids])
    if ids is not None and len(set(id.tolist())) < count:
        seen: set[str] = set()
        twice = next(i for i in id.tolist() if i in seen or seen.add(i))  # type: ignore[func-returns-value]
        raise EngineError("names an instance twice", "predictions, ids", found=repr(twice))
    word = _words(labels, names, count)
    if said is None and SCORES in checked:
        said = _called(checked[SCORES]).tolist()
    member: Sequence[Sequence[str]] = Alone(word) if classes is None else [
        list(dict.fromkeys(str(c)[:200] for c in some)) for some in classes
    ]  # fmt: skip
    if len(member) != count:
        raise EngineError("its parts differ in length", "predictions, classes", f"{count:,}",
                          f"{len(member):,}")  # fmt: skip
    if groups is not None:
        if len(groups) != count:
            raise EngineError("its parts differ in length", "predictions, groups", f"{count:,}",
                              f"{len(groups):,}")  # fmt: skip
        member = [list(dict.fromkeys([*c, *(str(g)[:200] for g in more if str(g))]))
                  for c, more in zip(member, groups, strict=True)]  # fmt: skip
    return Outputs(id, _words(said, names, count), checked, word, member, dict(measures or {}),
                   tuple(str(n)[:200] for n in names))  # fmt: skip


def check_names(made: Outputs, other: Outputs, name: str) -> None:
    """Refuse scores of other classes than another model's, or in another order.

    Raises:
        EngineError: both name their classes, and otherwise.
    """
    if made.names and other.names and list(made.names) != list(other.names):
        raise EngineError("names the classes otherwise than other models", name,
                          some_words(other.names), some_words(made.names))  # fmt: skip


def some_words(words: Iterable[object], most: int = 3) -> str:
    """The first words of a list, in its own order or, of a set, that of the alphabet."""
    listed = [str(w) for w in (sorted(map(str, words)) if isinstance(words, set) else words)]
    return ", ".join(w[:40] for w in listed[:most]) + (" …" if len(listed) > most else "")


def _vector(name: str, values: NDArray[np.generic]) -> Numbers:
    array = np.asarray(values)
    if array.ndim == 0 or array.dtype.kind not in "fiub":
        raise EngineError("is not numbers", f"predictions, {name[:200]}",
                          "an array of [instances, …]",
                          f"{array.dtype} of {array.ndim} axes")  # fmt: skip
    if not array.size:
        raise EngineError("holds no numbers", f"predictions, {name[:200]}",
                          "at least one an instance")  # fmt: skip
    flat = array.reshape(len(array), -1).astype(np.float32)
    if flat.shape[1] > MOST_WIDTH:
        raise EngineError("is too wide", f"predictions, {name[:200]}", f"at most {MOST_WIDTH:,}",
                          f"{flat.shape[1]:,} numbers an instance")  # fmt: skip
    return flat


def _called(scores: Numbers) -> NDArray[np.integer]:
    """Class with the highest score, [instances]; one score alone is that of class 1; -1 for NaN."""
    if scores.shape[1] == 1:
        even = 0.5 if are_shares(scores) else 0.0
        best = (scores[:, 0] > even).astype(np.int64)
    else:
        best = scores.argmax(axis=1)
    return np.where(np.isnan(scores.max(axis=1)), -1, best)


def _words(values: Sequence[object] | None, names: Sequence[str], count: int) -> Words:
    """Words for labels: names by number where they are given; "" for None and numbers below 0.

    A table with gaps holds whole numbers as floats, and NaN in the gaps.
    """
    if values is None:
        return np.full(count, "")

    def word(value: object) -> str:
        if isinstance(value, (float, np.floating)):
            if np.isnan(value):
                return ""
            value = int(value) if float(value).is_integer() else value
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
            return "" if value is None else str(value)[:200]
        k = int(value)
        return "" if k < 0 else str(names[k])[:200] if k < len(names) else str(k)

    return np.array([word(v) for v in values])
