"""What people see of the instances of a data set: small pictures, texts, rows, waveforms.

They are kept once a data set and in few bytes: pictures of at most 64 × 64, waveforms of 256
points, and no more instances than 32 MB hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.behaviors.keeping import Arrays, heard, packed, told, unpacked
from engine.behaviors.outputs import Words
from engine.compress import NO_INPUTS, Samples
from engine.errors import EngineError
from engine.formats import SHOWN

MOST_BYTES = 32_000_000  # of all that is kept of a data set
SIDE, POINTS, COLUMNS, LETTERS = 64, 256, 64, 2_000
WAVE_FROM = 64  # numbers in a row from which they are drawn as a curve
_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Instances:
    """The instances of a data set, as they are shown.

    Args:
        kind: "image", "text", "row", "wave"; "" where nothing is known of them.
        ids: [instances] names, each once; labels: [instances], "" where there is none.
        values: of the first instances: [kept, h, w] or [kept, h, w, 3] of 0..255, [kept] words,
            [kept, columns] or [kept, points] numbers.
        columns: names, of rows.
    """

    kind: str
    ids: Words
    labels: Words
    values: NDArray[Any]
    columns: Sequence[str] = ()

    @property
    def count(self) -> int:
        """Number of instances."""
        return len(self.ids)


def instances(
    ids: Words, labels: Words, arrays: Mapping[str, NDArray[Any]], inputs: Sequence[str] = ()
) -> Instances:
    """Small views of what a data file holds.

    Args:
        ids: names of the instances.
        labels: their labels in words.
        arrays: name -> [instances, …]; `shown` is what to show, before all others.
        inputs: names of those that a model reads, in its order.
    """
    plain = {k: a for k, a in arrays.items() if a.ndim and len(a) == len(ids)}
    if SHOWN in plain:
        plain = {SHOWN: plain[SHOWN]}
    elif inputs and any(k in plain for k in inputs):
        plain = {k: plain[k] for k in inputs if k in plain}
    numbers = {k: a for k, a in plain.items() if a.ndim == 1 and a.dtype.kind != "U"}
    if plain and len(numbers) == len(plain):
        columns = [n[:LETTERS] for n in list(numbers)[:COLUMNS]]
        rows = np.stack([numbers[n] for n in columns], axis=1)
        return Instances("row", ids, labels, _few(rows), columns)
    for view in (_image, _wave, _text, _row):
        for array in plain.values():
            found = view(array)
            if found is not None:
                kind, values = found
                names = tuple(map(str, range(values.shape[1]))) if kind == "row" else ()
                return Instances(kind, ids, labels, values, names)
    return Instances("", ids, labels, np.zeros((0, 0)))


def of_samples(made_ids: Words, labels: Words, arrays: Arrays, samples: Samples) -> Instances:
    """Views of checked samples; a table keeps the names of its columns."""
    beside = {k: a for k, a in arrays.items() if k == SHOWN}
    table = {
        k: a for k, a in arrays.items()
        if a.ndim == 1 and a.dtype.kind != "U" and k not in NO_INPUTS
    }  # fmt: skip
    if not beside and len(table) > 1:
        return instances(made_ids, labels, table)
    return instances(made_ids, labels, {**samples.inputs, **beside}, tuple(samples.inputs))


def arrays_of_instances(shown: Instances) -> Arrays:
    """Instances as arrays of numbers, see `keeping`."""
    head: dict[str, Any] = {
        "kind": shown.kind, "columns": list(shown.columns), "ids": shown.ids.tolist(),
        "labels": shown.labels.tolist(),
    }  # fmt: skip
    text = shown.kind == "text"
    head |= {"texts": shown.values.tolist()} if text else {}
    return {"head": told(head), "values": np.zeros(0) if text else shown.values}


def instances_of(arrays: Mapping[str, NDArray[Any]]) -> Instances:
    """The instances of `arrays_of_instances`.

    Raises:
        EngineError: they are none.
    """
    try:
        head = heard(arrays["head"])
        values = np.array(head["texts"], np.str_) if "texts" in head else arrays["values"]
        ids, labels = (np.array(head[k], np.str_) for k in ("ids", "labels"))
        return Instances(str(head["kind"]), ids, labels, values, tuple(map(str, head["columns"])))
    except (KeyError, ValueError, TypeError) as error:
        raise EngineError("these are no instances that were kept") from error


def dump_instances(shown: Instances) -> bytes:
    """Instances as an .npz without objects; the same are the same bytes."""
    return packed(arrays_of_instances(shown))


def load_instances(data: bytes) -> Instances:
    """The instances of `dump_instances`, from bytes whose digest was checked.

    Raises:
        EngineError: they are none.
    """
    return instances_of(unpacked(data))


def _few(values: NDArray[Any]) -> NDArray[Any]:
    """As many as may be kept."""
    each = max(1, int(values.nbytes / max(1, len(values))))
    return values[: max(1, MOST_BYTES // each)]


def _image(array: NDArray[Any]) -> tuple[str, NDArray[Any]] | None:
    """[n, h, w], [n, h, w, 1 or 3] or [n, 1 or 3, h, w], of any numbers, as bytes."""
    if array.dtype.kind not in "fiub" or array.ndim not in (3, 4):
        return None
    if array.ndim == 4 and array.shape[1] in (1, 3):
        array = np.moveaxis(array, 1, 3)
    if array.ndim == 4 and array.shape[3] == 1:
        array = array[..., 0]
    if (array.ndim == 4 and array.shape[3] != 3) or min(array.shape[1:3]) < 4:
        return None
    by = -(-max(array.shape[1:3]) // SIDE)
    height, width = (max(1, s // by) for s in array.shape[1:3])
    size = height * width * int(np.prod(array.shape[3:]))
    kept = array[: max(1, MOST_BYTES // size)]
    low, high = (float(pick(kept)) for pick in (np.min, np.max))
    if low >= 0:
        low, high = 0.0, 1.0 if high <= 1 and kept.dtype.kind == "f" else high
    made = np.zeros((len(kept), height, width, *array.shape[3:]), np.uint8)
    for start in range(0, len(kept), _AT_ONCE):
        part = kept[start : start + _AT_ONCE, : height * by, : width * by].astype(np.float32)
        part = part.reshape(len(part), height, by, width, by, *array.shape[3:]).mean(axis=(2, 4))
        scaled = (part - low) / ((high - low) or 1.0)
        made[start : start + _AT_ONCE] = np.clip(np.round(255 * scaled), 0, 255)
    return "image", made


def _wave(array: NDArray[Any]) -> tuple[str, NDArray[Any]] | None:
    """[n, t], [n, few, t] or [n, t, few]: the first channel, highest and lowest by turns."""
    if array.dtype.kind != "f" or array.ndim not in (2, 3):
        return None
    if array.ndim == 3:
        array = array[:, 0] if array.shape[1] < array.shape[2] else array[..., 0]
    length = array.shape[1]
    if length < WAVE_FROM:
        return None
    array = _few(array) if length <= POINTS else array[: MOST_BYTES // (4 * POINTS)]
    if length <= POINTS:
        return "wave", array.astype(np.float32)
    edges = np.linspace(0, length, POINTS // 2 + 1).astype(int)[:-1]
    made = np.zeros((len(array), POINTS), np.float32)
    for start in range(0, len(array), _AT_ONCE):
        part = array[start : start + _AT_ONCE]
        made[start : start + _AT_ONCE, 0::2] = np.maximum.reduceat(part, edges, axis=1)
        made[start : start + _AT_ONCE, 1::2] = np.minimum.reduceat(part, edges, axis=1)
    return "wave", made


def _text(array: NDArray[Any]) -> tuple[str, NDArray[Any]] | None:
    if array.dtype.kind != "U" or array.ndim != 1:
        return None
    letters = min(LETTERS, max(1, array.dtype.itemsize // 4))
    return "text", array[: max(1, MOST_BYTES // (4 * letters))].astype(f"<U{letters}")


def _row(array: NDArray[Any]) -> tuple[str, NDArray[Any]] | None:
    if array.dtype.kind not in "fiub":
        return None
    return "row", _few(array.reshape(len(array), -1)[:, :COLUMNS])
