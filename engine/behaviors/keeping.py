"""Outputs as plain arrays and as bytes: what a store keeps, and what a confined process answers.

Every array is of numbers; words stand once in a list, in JSON, and arrays hold their places.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.behaviors.outputs import MOST_INSTANCES, MOST_WIDTH, Alone, Outputs, Words, numbers_to
from engine.errors import EngineError

Arrays = dict[str, NDArray[Any]]


def arrays_of(made: Outputs) -> Arrays:
    """Outputs as arrays of numbers: `head` (JSON), `said`, `labels`, `v0`, `v1` and so on.

    `member` and `of` say which classes each instance counts in, where that is not its label alone.
    """
    words, places = np.unique(np.concatenate([made.said, made.labels]), return_inverse=True)
    head: dict[str, Any] = {
        "ids": None if numbered(made.ids) else made.ids.tolist(), "words": words.tolist(),
        "names": list(made.names), "vectors": list(made.vectors),
        "measures": {k: list(m) for k, m in made.measures.items()},
    }  # fmt: skip
    found: Arrays = {f"v{k}": v for k, v in enumerate(made.vectors.values())}
    places = places.astype(np.int32)
    found |= {"said": places[: made.count], "labels": places[made.count :]}
    if not made.alone:
        known = {c: k for k, c in enumerate(dict.fromkeys(c for own in made.classes for c in own))}
        head["classes"] = list(known)
        found["member"] = np.array([len(own) for own in made.classes], np.int32)
        found["of"] = np.array([known[c] for own in made.classes for c in own], np.int32)
    return found | {"head": told(head)}


def outputs_of(arrays: Mapping[str, NDArray[Any]]) -> Outputs:
    """The outputs of `arrays_of`, checked again, but not word by word.

    Raises:
        EngineError: they are none.
    """
    try:
        head = heard(arrays["head"])
        words = np.array([str(w)[:200] for w in head["words"]] or [""], np.str_)
        said, labels = (words[_places(arrays[k], len(words))] for k in ("said", "labels"))
        count = len(labels)
        if not 0 < count <= MOST_INSTANCES:
            raise ValueError(count)
        named = None if head["ids"] is None else list(map(str, head["ids"]))
        ids = numbers_to(count) if named is None else np.array(named, np.str_)
        vectors = {str(n): arrays[f"v{k}"] for k, n in enumerate(head["vectors"])}
        flat = all(v.ndim == 2 and v.dtype == np.float32 and len(v) == count
                   and v.shape[1] <= MOST_WIDTH for v in vectors.values())  # fmt: skip
        each = named is None or len(set(named)) == len(named)
        if not (len(ids) == len(said) == count and each and flat):
            raise ValueError(count)
        measures = {str(n): (str(a), str(b), bool(c)) for n, (a, b, c) in head["measures"].items()}
        classes: Sequence[Sequence[str]] = Alone(labels)
        if "classes" in head:
            known = list(map(str, head["classes"]))
            of = [known[k] for k in _places(arrays["of"], len(known)).tolist()]
            ends = np.cumsum(_places(arrays["member"], len(of) + 1)).tolist()
            classes = [of[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True)]
        names = tuple(map(str, head["names"]))
        if len(classes) != count:
            raise ValueError(count)
    except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
        raise EngineError("these are no predictions that were kept") from error
    return Outputs(ids, said, vectors, labels, classes, measures, names)


def _places(numbers: NDArray[Any], count: int) -> NDArray[Any]:
    """Places in a list, each of which is there.

    Raises:
        ValueError: they are none.
    """
    sound = numbers.ndim == 1 and numbers.dtype.kind in "iu"
    if not sound or (numbers.size and (numbers.min() < 0 or numbers.max() >= count)):
        raise ValueError(numbers)
    return numbers


def dumps(made: Outputs) -> bytes:
    """Outputs as an .npz without objects; the same outputs are the same bytes."""
    return packed(arrays_of(made), np.savez)  # scores hardly shrink, and are read often


def loads(data: bytes) -> Outputs:
    """The outputs of `dumps`, from bytes whose digest was checked.

    Raises:
        EngineError: they are none.
    """
    return outputs_of(unpacked(data))


def packed(
    arrays: Mapping[str, NDArray[Any]], save: Callable[..., None] = np.savez_compressed
) -> bytes:
    """Arrays as an .npz; the same arrays are the same bytes."""
    file = io.BytesIO()
    save(file, allow_pickle=False, **dict(sorted(arrays.items())))
    return file.getvalue()


def unpacked(data: bytes) -> Arrays:
    """The arrays of `packed`.

    Raises:
        EngineError: it is no such file.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            return {k: file[k] for k in file.files}
    except (ValueError, OSError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise EngineError("the stored predictions cannot be read") from error


def told(head: Mapping[str, Any]) -> NDArray[np.uint8]:
    """What JSON takes as an array of bytes."""
    return np.frombuffer(json.dumps(dict(head)).encode(), np.uint8)


def heard(head: NDArray[Any]) -> dict[str, Any]:
    """The mapping of `told`.

    Raises:
        ValueError: it is none.
    """
    found = json.loads(np.asarray(head, np.uint8).tobytes())
    if not isinstance(found, dict):
        raise ValueError(head)
    return found


def numbered(ids: Words) -> bool:
    """Whether names are the numbers from 0 on: nobody gave any."""
    return ids is numbers_to(len(ids)) or np.array_equal(ids, numbers_to(len(ids)))
