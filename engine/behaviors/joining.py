"""Predictions that arrive, fitted to the set of instances that they are of.

All outputs of a set are kept in its order and under its names, so that a place in one of them is
the same instance in all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.behaviors.instances import Instances, instances
from engine.behaviors.keeping import numbered
from engine.behaviors.outputs import SCORES, Outputs, check_names, outputs, some_words
from engine.behaviors.running import words_in
from engine.compress import NO_INPUTS, labels_of
from engine.errors import EngineError
from engine.formats import SHOWN


def fitted(made: Outputs, of: Instances, name: str) -> Outputs:
    """Predictions in the order of a set, with its names and its labels.

    Args:
        made: as they came; without names of their own they are taken in their order.
        of: the set.
        name: of the file, for sentences.

    Raises:
        EngineError: other instances, other labels, or other classes.
    """
    order = _order(made, of, name)
    labels = np.where(made.labels[order] == "", of.labels, made.labels[order])
    off = np.flatnonzero((labels != of.labels) & (of.labels != ""))
    if off.size:
        k = int(off[0])
        raise EngineError(
            f"labels {off.size:,} of {of.count:,} instances otherwise than the data set", name,
            f"{of.labels[k]} for {of.ids[k]}", str(labels[k]),
        )  # fmt: skip
    said, known = set(made.said.tolist()) - {""}, set(of.labels.tolist()) - {""}
    # a model that collapsed may say nothing but a class that no instance is of
    numbered_too = all(w.isdecimal() for w in said | known)
    if said and len(known) > 1 and not (said & known or known & set(made.names) or numbered_too):
        raise EngineError("predicts other classes than those of the data set", name,
                          some_words(known), some_words(said))  # fmt: skip
    return outputs(
        of.ids.tolist(), {n: v[order] for n, v in made.vectors.items()}, labels.tolist(),
        made.said[order].tolist(), None if made.alone else [made.classes[k] for k in order],
        made.names, made.measures,
    )  # fmt: skip


def check_alike(made: Outputs, other: Outputs, name: str) -> None:
    """Refuse predictions that cannot stand beside those of another model of the same set.

    Raises:
        EngineError: their scores are of other classes.
    """
    if SCORES not in made.vectors or SCORES not in other.vectors:
        return
    here, there = (o.vectors[SCORES].shape[1] for o in (made, other))
    if here != there:
        raise EngineError("has scores of another number of classes than other models", name,
                          f"{there:,}", f"{here:,}")  # fmt: skip
    check_names(made, other, name)


def shown_for(of: Instances, shown: Instances) -> Instances | None:
    """What a file shows, in the order of a set; None: it names none of its instances.

    Args:
        of: the set.
        shown: the file's; what it does not name stays blank.
    """
    place = {id: k for k, id in enumerate(shown.ids[: len(shown.values)].tolist())}
    at = np.array([place.get(id, -1) for id in of.ids.tolist()], np.int64)
    if not (at >= 0).any():
        return None
    at = at[: max(len(shown.values), 1)] if len(at) > len(shown.values) else at
    values = shown.values[np.maximum(at, 0)]
    values[at < 0] = np.zeros((), values.dtype)
    return replace(of, kind=shown.kind, values=values, columns=shown.columns)


def is_of(made: Outputs, of: Instances) -> bool:
    """Whether predictions are surely of a set: all its names, or no names and the same labels."""
    if made.count != of.count:
        return False
    same = bool((made.labels == of.labels).all())
    if numbered(made.ids):
        return same and bool((made.labels != "").any())
    return set(made.ids.tolist()) == set(of.ids.tolist())


def set_of(made: Outputs) -> str:
    """A digest of the instances that predictions are of: their names and labels, in any order."""
    pairs = sorted(zip(made.ids.tolist(), made.labels.tolist(), strict=True))
    return hashlib.sha256(json.dumps(pairs).encode()).hexdigest()


def of_data(arrays: Mapping[str, NDArray[Any]]) -> Instances:
    """The instances of a data file that no model was run on yet.

    Raises:
        EngineError: its labels are none.
    """
    beside = {k for k, a in arrays.items() if k in NO_INPUTS or a.dtype.kind == "U" or not a.ndim}
    inputs = {k: a for k, a in arrays.items() if k not in beside or k == SHOWN}
    count = max(map(len, inputs.values()), default=0)
    labels = labels_of(arrays, count)
    ids, names = words_in(arrays, count)
    made = outputs(ids, {"": np.zeros(count)}, None if labels is None else labels.tolist(),
                   names=names)  # fmt: skip
    return instances(made.ids, made.labels, inputs)


def _order(made: Outputs, of: Instances, name: str) -> NDArray[np.int64]:
    if made.count == of.count and numbered(made.ids):
        return np.arange(of.count)
    place = {id: k for k, id in enumerate(made.ids.tolist())}
    missing = [id for id in of.ids.tolist() if id not in place]
    if missing or made.count != of.count:
        other = made.count - (of.count - len(missing))
        found = [f"{made.count:,}"]
        found += [f"without {len(missing):,} such as {missing[0]!r}"] if missing else []
        found += [f"with {other:,} others"] if other else []
        raise EngineError("has predictions of other instances", name,
                          f"the {of.count:,} of the data set", ", ".join(found))  # fmt: skip
    return np.array([place[id] for id in of.ids.tolist()])
