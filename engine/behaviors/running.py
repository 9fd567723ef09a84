"""Run a model on samples, batch by batch, and keep what it made of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.behaviors.outputs import MOST_WIDTH, SCORES, Outputs, outputs
from engine.compress import Samples, judged_output, runs, samples, unpack
from engine.errors import EngineError
from engine.formats import load, read_arrays

Arrays = Mapping[str, NDArray[Any]]
ERROR = "error"  # the vector that holds how far an instance is off its target


def run_outputs(
    model: bytes, samples: Samples, names: Sequence[str] = (), output: str = "",
    told: Callable[[int], None] = lambda _done: None, ids: Sequence[str] | None = None,
) -> Outputs:  # fmt: skip
    """What a model makes of samples.

    Beside the samples only the output that counts is in memory, whatever else the model gives.

    Args:
        model: bytes of an ONNX file.
        samples: with labels, or targets; without both only models compare with each other.
        names: of the classes, by number.
        output: name of the output; "" takes the first that fits.
        told: called with the number of samples that are done, after every batch.
        ids: names of the samples; None numbers them.

    Returns:
        `scores` of a classifier: of a model with labels, or whose output is one row of floats a
        sample; else the named output, a map or a number, beside `error`, the mean size of what it
        is off the targets.

    Raises:
        EngineError: the model does not run, or no output fits.
    """
    off, classes = np.zeros(0, np.float32), False
    made = np.zeros((0, 0), np.float32)
    for rows, batch in runs(model, samples.inputs):
        part = samples.take(np.asarray(rows))
        output, found = judged_output(batch, output, part)
        if not rows.start:
            if found.shape[1] > MOST_WIDTH:
                raise EngineError("is too wide", output[:200], f"at most {MOST_WIDTH:,} numbers",
                                  f"{found.shape[1]:,} an instance")  # fmt: skip
            row = sum(s > 1 for s in batch[output].shape[1:]) == 1  # no map, nor one number
            classes = found.dtype.kind == "f" and (row or part.labels is not None)
            made = np.zeros((samples.count, found.shape[1]), np.float32)
            off = np.zeros(samples.count if part.targets is not None else 0, np.float32)
        if found.shape[1] != made.shape[1]:
            raise EngineError("has another width for other samples", output[:200],
                              f"{made.shape[1]:,} numbers", f"{found.shape[1]:,}")  # fmt: skip
        made[rows] = found
        if part.targets is not None:
            off[rows] = np.abs(found - part.targets.reshape(found.shape)).mean(axis=1)
        told(rows.stop)
    labels = None if samples.labels is None else samples.labels.tolist()
    # an output may have a name that means something here
    own = f"{output} (output)" if output in (SCORES, ERROR) else output
    if samples.targets is not None:
        return outputs(ids, {own: made, ERROR: off}, labels, said=[None] * len(made))
    return outputs(ids, {SCORES if classes else own: made}, labels, names=names)


def predict(
    models: Mapping[str, str | Path | bytes], data: str | Path | bytes | Arrays,
    names: Sequence[str] = (), output: str = "",
) -> Iterator[tuple[str, Outputs]]:  # fmt: skip
    """What models make of a data file, one after the other; the file is read once.

    Args:
        models: name -> ONNX file or its bytes, packed or not.
        data: .npz, CSV or Parquet file with samples, its bytes, or what `read_arrays` gave.
        names: of the classes, by number; () those in the data.
        output: name of the output that counts; "" takes the first that fits.

    Raises:
        EngineError: the data does not fit a model, or it does not run.
    """
    arrays = data if isinstance(data, Mapping) else read_arrays(data)
    for name, source in models.items():
        model = unpack(load(source, name).data)
        given = samples(model, arrays)
        ids, own = words_in(arrays, given.count)
        yield name, run_outputs(model, given, names or own, output, ids=ids)


def words_in(arrays: Arrays, count: int) -> tuple[list[str] | None, list[str]]:
    """Names of the samples and of the classes, where a data file says them in words.

    Args:
        arrays: as `read_arrays` gave them.
        count: of the samples.
    """
    ids, names = (
        a.tolist() if a is not None and a.dtype.kind == "U" and a.ndim == 1 else []
        for a in (arrays.get("ids"), arrays.get("classes"))
    )
    return ids if len(ids) == count else None, names


def frame(made: Outputs) -> pl.DataFrame:
    """Outputs as a table that `read_outputs` takes as Parquet: a row an instance.

    Columns: `ids`, `labels` and `predictions` as words, null where nothing is known; `classes` as
    lists; a column each vector, of numbers or arrays of them.
    """
    words = {"ids": made.ids, "labels": made.labels, "predictions": made.said}
    table = pl.DataFrame({n: pl.Series(w.tolist(), dtype=pl.String) for n, w in words.items()})
    table = table.with_columns(pl.col("labels", "predictions").replace("", None))
    classes = pl.Series("classes", [list(c) for c in made.classes], dtype=pl.List(pl.String))
    vectors = [pl.Series(n, v[:, 0] if v.shape[1] == 1 else v) for n, v in made.vectors.items()]
    return table.with_columns(classes, *vectors)
