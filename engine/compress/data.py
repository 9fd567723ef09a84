"""Samples that a user brings: an .npz without pickles, checked before any work starts.

An array for each input of the model, under its name (or any name, when both are single), samples
along the first axis; beside them `labels`, one whole number a sample, when there are any.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError
from engine.formats import Network, load

LABELS = "labels"
MAX_BYTES = 4 * 2**30
MAX_ARRAYS = 100


@dataclass(frozen=True, slots=True)
class Samples:
    """Checked samples of a model.

    Args:
        inputs: name -> [samples, ...], in the model's own types.
        labels: [samples] whole numbers from 0; None when there are none.
    """

    inputs: Mapping[str, NDArray[Any]]
    labels: NDArray[np.int64] | None = None

    @property
    def count(self) -> int:
        """Number of samples."""
        return min(len(a) for a in self.inputs.values())


def read_arrays(source: str | Path | bytes) -> dict[str, NDArray[Any]]:
    """The arrays of an .npz file that may be broken or hostile.

    Raises:
        EngineError: no such file, no .npz, too large, or it holds Python objects.
    """
    name = "data" if isinstance(source, bytes) else Path(source).name[:200]
    if isinstance(source, bytes):
        opened: Any = io.BytesIO(source)
    else:
        if not Path(source).is_file():
            raise EngineError("no such file", str(source)[:200], "an .npz with samples")
        opened = source
    try:
        with zipfile.ZipFile(opened) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError) as error:
        raise EngineError("is no .npz file", name, "arrays saved by numpy.savez") from error
    if len(members) > MAX_ARRAYS or sum(m.file_size for m in members) > MAX_BYTES:
        raise EngineError("holds too much", name,
                          f"at most {MAX_ARRAYS} arrays and {MAX_BYTES / 1e9:.1f} GB",
                          try_this="fewer samples: a few hundred are enough")  # fmt: skip
    if isinstance(opened, io.BytesIO):
        opened.seek(0)
    found = {}
    try:
        with np.load(opened, allow_pickle=False) as file:
            for key in file.files:
                found[key] = file[key]
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
        objects = "pickle" in str(error).lower() or "object" in str(error).lower()
        what = "holds Python objects, which are never opened" if objects else "cannot be read"
        raise EngineError(what, name, "plain numbers saved by numpy.savez") from error
    return found


def read_samples(
    model: str | Path | bytes, source: str | Path | bytes, classes: int | None = None
) -> Samples:
    """The samples of an .npz file, checked against a model.

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
    given = {k: np.asarray(v) for k, v in arrays.items() if k != LABELS}
    if not sizes:
        raise EngineError("the model has no inputs", "data")
    if len(given) == 1 == len(sizes):  # one array, one input: its name says nothing more
        given = {next(iter(sizes)): next(iter(given.values()))}
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
    labels = _labels(np.asarray(arrays[LABELS]), count, classes) if LABELS in arrays else None
    return Samples(inputs, labels)


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
    bad = int(array.size - np.isfinite(array).sum()) if array.dtype.kind == "f" else 0
    if bad:
        raise EngineError(f"holds {bad:,} values that are no number (NaN or infinite)", where)
    return array.astype(dtype or "float32")


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
