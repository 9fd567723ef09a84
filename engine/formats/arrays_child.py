"""The child process of `arrays.py`: reads the file on standard input, see `confined.py`."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError
from engine.formats.confined import WORDED, Arrays, respond


def parsed(data: bytes, name: str) -> Arrays:
    """Arrays of numbers.

    Raises:
        EngineError: it is no data file, or holds what is no number.
    """
    if data[:2] == b"PK":
        return _npz(data, name)
    if data[:6] == b"\x93NUMPY":
        return {"data": _npy(data, name)}
    return _table(data, name)


def _npz(data: bytes, name: str) -> Arrays:
    found = {}
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            for key in file.files:
                found[key] = file[key]
    except Exception as error:  # numpy and zipfile raise what they like on broken files
        raise _objects(error, name) from error
    if not all(isinstance(a, np.ndarray) for a in found.values()):
        raise EngineError("is no .npz file", name, "arrays saved by numpy.savez")
    return found


def _npy(data: bytes, name: str) -> NDArray[Any]:
    try:
        return np.asarray(np.load(io.BytesIO(data), allow_pickle=False))
    except Exception as error:
        raise _objects(error, name) from error


def _objects(error: Exception, name: str) -> EngineError:
    words = str(error).lower()
    if "pickle" in words or "object" in words:
        return EngineError("holds Python objects, which are never opened", name,
                           "plain numbers saved by numpy.savez")  # fmt: skip
    return EngineError("cannot be read", name, "an .npz, .csv or .parquet file")


def _table(data: bytes, name: str) -> Arrays:
    import polars as pl

    try:
        if data[:4] == b"PAR1":
            frame = pl.read_parquet(io.BytesIO(data))
        else:
            data.decode("utf-8")
            frame = pl.read_csv(io.BytesIO(data), infer_schema_length=None)
    except Exception as error:  # polars raises its own, unrelated types
        raise EngineError("is no .npz, .csv or .parquet file", name,
                          "arrays by numpy.savez, or a table of numbers") from error  # fmt: skip
    if not frame.height or not frame.width:
        raise EngineError("holds no rows", name)
    return {column: _column(frame[column], name) for column in frame.columns}


def _column(series: Any, name: str) -> NDArray[Any]:
    import polars as pl

    where = f"{name}, column {series.name[:80]}"
    inner = series.dtype
    while isinstance(inner, pl.List | pl.Array):
        inner = inner.inner
    if series.name in WORDED and series.dtype == pl.String:
        return np.asarray(series.fill_null("").to_list(), np.str_)
    if not (inner.is_numeric() or inner == pl.Boolean):
        raise EngineError("a column holds what is no number", where, "numbers", str(series.dtype))
    if not isinstance(series.dtype, pl.List | pl.Array):
        if series.null_count() and not series.dtype.is_float():
            series = series.cast(pl.Float64)  # an empty cell is NaN, which is refused by name later
        return np.asarray(series.to_numpy())
    if series.null_count():
        raise EngineError("a column has empty cells", where)
    try:
        return np.stack([np.asarray(row) for row in series.to_list()])
    except ValueError as error:
        raise EngineError("rows of a column have different sizes", where) from error


def checked(data: bytes, name: str) -> Arrays:
    """Arrays of numbers; of words too, where people are to see them.

    Raises:
        EngineError: it is no data file, or holds something else.
    """
    found = parsed(data, name)
    for key, array in found.items():
        if array.dtype.kind not in ("fiubU" if key in WORDED else "fiub"):
            where = f"{name}, {key[:80]}"
            raise EngineError("holds what is no number", where, "plain numbers", str(array.dtype))
    return found


if __name__ == "__main__":
    respond(checked)
