"""Samples that a user brings, checked against the model before any work starts.

An array for each input of the model, under its name (or any name, when both are single), samples
along the first axis; beside them `labels`, one whole number a sample, or `targets`, numbers that
the model is to give.  `shown` is what people see of each sample, where its inputs say too little;
`ids` and `classes`, as words, name the samples and the classes.  In a table each row is a sample:
columns with the names of the inputs, or else one column for each number of the only input, in its
order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError
from engine.formats import SHOWN, Network, load, read_arrays

LABELS, TARGETS = "labels", "targets"
_ALSO = {"label": LABELS, "class": LABELS, "target": TARGETS}  # words for them in tables
_AT_ONCE = 1024  # samples that are looked at
NO_INPUTS = frozenset({LABELS, TARGETS, SHOWN, *_ALSO})  # but where a model has such an input


@dataclass(frozen=True, slots=True)
class Samples:
    """Checked samples of a model.

    Args:
        inputs: name -> [samples, ...], in the model's own types.
        labels: [samples] whole numbers from 0; None when there are none.
        targets: [samples, ...] numbers that the model is to give; None when there are none.
    """

    inputs: Mapping[str, NDArray[Any]]
    labels: NDArray[np.int64] | None = None
    targets: NDArray[np.float64] | None = None

    @property
    def count(self) -> int:
        """Number of samples."""
        return min(len(a) for a in self.inputs.values())

    def take(self, rows: NDArray[Any]) -> Samples:
        """Some of the samples."""
        pick = {n: a[rows] for n, a in self.inputs.items()}
        labels, targets = (None if a is None else a[rows] for a in (self.labels, self.targets))
        return Samples(pick, labels, targets)


def read_samples(
    model: str | Path | bytes, source: str | Path | bytes, classes: int | None = None
) -> Samples:
    """The samples of an .npz, CSV or Parquet file, checked against a model.

    Raises:
        EngineError: as `read_arrays` and `samples`.
    """
    return samples(load(model, "").data, read_arrays(source), classes)


def samples(
    model: bytes, arrays: Mapping[str, NDArray[Any]], classes: int | None = None
) -> Samples:
    """Check arrays against a model.

    Args:
        model: bytes of an ONNX file.
        arrays: name -> values; `labels` are labels.
        classes: number of classes, when it is known; every one must have a sample.

    Raises:
        EngineError: one sentence on what does not fit.
    """
    sizes = Network(model).inputs
    arrays = {k if k in sizes else _ALSO.get(k, k): np.asarray(v) for k, v in arrays.items()}
    numbers = {k: v for k, v in arrays.items() if v.dtype.kind != "U"}
    given = {k: v for k, v in numbers.items() if k in sizes or k not in NO_INPUTS}
    if not sizes:
        raise EngineError("the model has no inputs", "data")
    if len(given) == 1 == len(sizes):  # one array, one input: its name says nothing more
        given = {next(iter(sizes)): next(iter(given.values()))}
    elif len(sizes) == 1 and not sizes.keys() & given.keys():
        given = _joined(given, *next(iter(sizes.items())))
    missing = [n for n in sizes if n not in given]
    if missing:
        raise EngineError("has no array for an input of the model", "data", f"{missing[0]!r}",
                          ", ".join(map(repr, given))[:200] or "none")  # fmt: skip
    inputs = {n: _fitting(n, given[n], *sizes[n]) for n in sizes}
    counts = {n: len(a) for n, a in inputs.items()}
    if len(set(counts.values())) > 1:
        found = ", ".join(f"{n} {c}" for n, c in counts.items())[:200]
        raise EngineError("the inputs have different numbers of samples", "data", found=found)
    count = next(iter(counts.values()))
    if not count:
        raise EngineError("holds no samples", "data", "at least one")
    labels = _labels(arrays[LABELS], count, classes) if LABELS in arrays else None
    targets = _targets(arrays[TARGETS], count) if TARGETS in arrays else None
    return Samples(inputs, labels, targets)


def labels_of(arrays: Mapping[str, NDArray[Any]], count: int) -> NDArray[np.int64] | None:
    """The labels of a data file, without a model; None when there are none.

    Raises:
        EngineError: they are none.
    """
    named = {_ALSO.get(k, k): np.asarray(v) for k, v in arrays.items()}
    return _labels(named[LABELS], count, None) if LABELS in named else None


def _joined(
    columns: Mapping[str, NDArray[Any]], name: str, entry: tuple[str, tuple[int | str, ...]]
) -> dict[str, NDArray[Any]]:
    """Columns of a table as the one input of a model, where they are as many as its numbers."""
    sizes = entry[1][1:]
    if (
        not all(a.ndim == 1 for a in columns.values())
        or len({len(a) for a in columns.values()}) > 1
    ):
        return dict(columns)
    whole = [s for s in sizes if isinstance(s, int)]
    if len(whole) < len(sizes) or int(np.prod(whole)) != len(columns):
        wanted = "×".join(map(str, sizes)) or "one number"
        raise EngineError("its columns are not the numbers of the model's input", f"data, {name}",
                          f"{wanted}, so {int(np.prod(whole))} columns beside labels",
                          f"{len(columns)} columns")  # fmt: skip
    table = np.stack(list(columns.values()), axis=1)
    return {name: table.reshape(len(table), *whole)}


def _fitting(
    name: str, array: NDArray[Any], dtype: str, sizes: tuple[int | str, ...]
) -> NDArray[Any]:
    where = f"data, {name}"
    wanted = "×".join("any" if not isinstance(s, int) else str(s) for s in ("any", *sizes[1:]))
    found = "×".join(map(str, array.shape)) or "one number"
    fits = array.ndim == len(sizes) and all(
        not isinstance(s, int) or s == d for s, d in zip(sizes[1:], array.shape[1:], strict=True)
    )
    if not fits or array.ndim == 0:
        raise EngineError("has the wrong shape", where, wanted, found)
    if isinstance(sizes[0], int) and len(array) < sizes[0]:
        raise EngineError("has fewer samples than the model takes at once", where,
                          f"at least {sizes[0]}", str(len(array)))  # fmt: skip
    floats, numbers = np.dtype(dtype or "float32").kind == "f", array.dtype.kind in "fiub"
    if not numbers or (not floats and array.dtype.kind == "f"):
        raise EngineError("has the wrong type", where, dtype, str(array.dtype))
    bad = 0
    if array.dtype.kind == "f":
        parts = (array[k : k + _AT_ONCE] for k in range(0, len(array), _AT_ONCE))
        bad = sum(int(part.size - np.isfinite(part).sum()) for part in parts)
    if bad:
        raise EngineError(f"holds {bad:,} values that are no number (NaN or infinite)", where)
    return array.astype(dtype or "float32", copy=False)


def _labels(labels: NDArray[Any], count: int, classes: int | None) -> NDArray[np.int64]:
    where = f"data, {LABELS}"
    if labels.shape != (count,):
        raise EngineError("has the wrong shape", where, f"{count} labels, one a sample",
                          "×".join(map(str, labels.shape)) or "one number")  # fmt: skip
    if labels.dtype.kind == "f":
        if np.isnan(labels).any():
            raise EngineError(f"{int(np.isnan(labels).sum()):,} labels are missing (NaN)", where)
        if (labels != np.floor(labels)).any() or not np.isfinite(labels).all():
            raise EngineError("labels are not whole numbers", where)
    elif labels.dtype.kind not in "iub":
        raise EngineError("labels are not numbers", where, "whole numbers from 0",
                          str(labels.dtype))  # fmt: skip
    low, high = float(labels.min()), float(labels.max())
    top = classes - 1 if classes else 2**31
    if low < 0 or high > top:
        raise EngineError("a label is out of range", where, f"0 to {top}",
                          f"{low if low < 0 else high:g}")  # fmt: skip
    whole = labels.astype(np.int64)
    if classes:
        seen = np.bincount(whole, minlength=classes)
        if (empty := np.flatnonzero(seen == 0)).size:
            raise EngineError(f"class {empty[0]} has no sample", where,
                              f"at least one of each of {classes} classes")  # fmt: skip
    return whole


def _targets(targets: NDArray[Any], count: int) -> NDArray[np.float64]:
    where = f"data, {TARGETS}"
    if targets.ndim == 0 or len(targets) != count:
        raise EngineError("has the wrong shape", where, f"{count} rows, one a sample",
                          "×".join(map(str, targets.shape)) or "one number")  # fmt: skip
    if targets.dtype.kind not in "fiub":
        raise EngineError("targets are not numbers", where, found=str(targets.dtype))
    bad = int(targets.size - np.isfinite(targets.astype(np.float64)).sum())
    if bad:
        raise EngineError(f"{bad:,} targets are no number (NaN or infinite)", where)
    return targets.astype(np.float64)
