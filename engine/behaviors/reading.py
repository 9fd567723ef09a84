"""Parse predictions that were made elsewhere: NPZ, Parquet, JSON, the original's format.

NPZ: `ids`, `labels`, `predictions`, `classes` (names of the classes) and any arrays of numbers,
`scores` for one score a class.  Parquet: a row an instance, columns of the same names (`classes`
a list of the classes it counts in), every other column of numbers or lists of numbers a vector.
JSON: {"predictions": [{"id", "label", "pred", "classes"}], "comparisons": {name: {"comparison",
"vectors", "options"}}}, as Compress and Compare writes it.  Beside these `shown` (an array, a
column, or "text" of each prediction) is what people see of an instance; `groups` (a word each, or
several) are counted like classes, besides them.  A file of instances alone, see `pictures.py`, is
outputs that say nothing, and what is shown.

Runs in the confined process of `arriving.py`, which is what to call.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.behaviors.instances import LETTERS, Instances, instances
from engine.behaviors.metrics import KINDS
from engine.behaviors.outputs import MOST_INSTANCES, Outputs, outputs
from engine.behaviors.pictures import shown_of
from engine.errors import EngineError
from engine.formats import SHOWN

WORDS = ("ids", "labels", "predictions", "classes", "groups")
MOST_BYTES = 1 << 30  # of a file, and of what it unpacks to


Read = tuple[Outputs, dict[str, Any]]


def parsed(data: bytes, name: str) -> tuple[Outputs, Instances]:
    """Outputs of a file, and what it shows of their instances.

    Args:
        data: its bytes.
        name: whose ending, one of `arriving.ENDINGS`, says what it is.

    Raises:
        EngineError: not what it should be.
    """
    ending = name.lower().rsplit(".", 1)[-1]
    readers = {"npz": _npz, "parquet": _parquet, "json": _json}
    try:
        made, shown = readers[ending](data)
    except EngineError as error:
        raise EngineError(error.what, f"{name[:200]}, {error.where}".rstrip(", "), error.expected,
                          error.found, error.try_this) from error  # fmt: skip
    return made, instances(made.ids, made.labels, shown)


def _npz(data: bytes) -> Read:
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = {k: file[k] for k in file.files}
    except MemoryError:
        raise
    except Exception as error:  # numpy and zipfile raise what they like on broken files
        raise EngineError("cannot be read as .npz", expected="plain arrays, no objects",
                          found=str(error)[:200]) from error  # fmt: skip
    names = arrays.pop("classes", np.array([]))
    shown = {SHOWN: arrays.pop(SHOWN)} if SHOWN in arrays else {}
    groups = arrays.pop("groups", None)
    if groups is not None and (groups.ndim not in (1, 2) or groups.dtype.kind not in "iuU"):
        raise EngineError("is no list of words", "groups", "[instances] or [instances, groups]",
                          f"{groups.dtype} of {groups.ndim} axes")  # fmt: skip
    given = {k: arrays.pop(k) for k in ("ids", "labels", "predictions") if k in arrays}
    for key, array in given.items():
        if array.ndim != 1 or array.dtype.kind not in "iuU":
            raise EngineError("is no list of words or whole numbers", key, found=str(array.dtype))
    return outputs(
        None if "ids" not in given else [str(i) for i in given["ids"].tolist()], arrays,
        given["labels"].tolist() if "labels" in given else None,
        given["predictions"].tolist() if "predictions" in given else None,
        names=[str(n) for n in names.tolist()] if names.ndim == 1 else [],
        groups=None if groups is None else _lists(groups.tolist()),
    ), shown  # fmt: skip


def _parquet(data: bytes) -> Read:
    import polars as pl

    try:
        rows = pl.scan_parquet(io.BytesIO(data)).select(pl.len()).collect().item()
        frame = pl.read_parquet(io.BytesIO(data)) if rows <= MOST_INSTANCES else pl.DataFrame()
    except Exception as error:  # polars raises its own, unrelated types
        raise EngineError("cannot be read as Parquet", found=str(error)[:200]) from error
    if rows > MOST_INSTANCES:
        raise EngineError("holds too many rows", expected=f"at most {MOST_INSTANCES:,}",
                          found=f"{rows:,}")  # fmt: skip
    vectors: dict[str, Any] = {}
    for name, kind in frame.schema.items():
        if name in WORDS or (name == SHOWN and kind == pl.String):
            continue
        column = frame[name]
        if kind.is_numeric() or kind == pl.Boolean:
            vectors[name] = column.cast(pl.Float32).to_numpy()
        elif isinstance(kind, (pl.List, pl.Array)) and kind.inner.is_numeric():
            width = column.list.len() if isinstance(kind, pl.List) else None
            if width is not None and (width.n_unique() > 1 or column.null_count()):
                raise EngineError("has lists of different lengths", name)
            vectors[name] = np.array(column.to_list(), np.float32)
        else:
            raise EngineError("is no column of numbers or lists of numbers", name, found=str(kind))
    given = {k: frame[k].to_list() for k in WORDS if k in frame.columns}
    shown = {SHOWN: vectors.pop(SHOWN)} if SHOWN in vectors else {}
    if frame.schema.get(SHOWN) == pl.String:
        shown = {SHOWN: np.array(frame[SHOWN].fill_null("").to_list(), np.str_)}
    ids = given.get("ids")
    return outputs(
        None if ids is None else [str(i) for i in ids], vectors, given.get("labels"),
        given.get("predictions"), _lists(given.get("classes")), groups=_lists(given.get("groups")),
    ), shown  # fmt: skip


def _lists(values: list[Any] | None) -> list[list[str]] | None:
    if values is None:
        return None
    return [[str(c) for c in v] if isinstance(v, list) else [] if v is None else [str(v)]
            for v in values]  # fmt: skip


def _json(data: bytes) -> Read:
    try:
        whole = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise EngineError("is no JSON", found=str(error)[:200]) from error
    whole = whole.get("result", whole) if isinstance(whole, dict) else whole
    if isinstance(whole, dict) and "instances" in whole and "predictions" not in whole:
        ids, shown = shown_of(whole)
        return outputs(ids, {}), shown
    if not isinstance(whole, dict) or not isinstance(whole.get("predictions"), list):
        raise EngineError("holds no list of predictions", expected='{"predictions": [...]}')
    rows = whole["predictions"]
    for k, row in enumerate(rows):
        if not isinstance(row, dict) or "id" not in row:
            raise EngineError("has no id", f"predictions[{k}]")
    declared = whole.get("comparisons") or {}
    if not isinstance(declared, dict):
        raise EngineError("is no object", "comparisons")
    vectors, measures = {}, {}
    for name, one in declared.items():
        vectors[name], measures[name] = _declared(name, one)
    several = [r["classes"] for r in rows if isinstance(r.get("classes"), list)]
    texts = [str(r["text"])[:LETTERS] for r in rows if isinstance(r.get("text"), str)]
    shown = {SHOWN: np.array(texts)} if len(texts) == len(rows) else {}
    return outputs(
        [str(r["id"]) for r in rows], vectors, [r.get("label") for r in rows],
        [r.get("pred") for r in rows], several if len(several) == len(rows) else None,
        measures=measures,
    ), shown  # fmt: skip


def _declared(name: str, one: Any) -> tuple[Any, tuple[str, str, bool]]:
    where = f"comparisons, {name[:200]}"
    kind = one.get("comparison") if isinstance(one, Mapping) else one
    if not isinstance(one, Mapping) or not isinstance(kind, str) or kind not in KINDS:
        raise EngineError("has no comparison that is known", where, ", ".join(KINDS),
                          repr(kind)[:100])  # fmt: skip
    try:
        vectors = np.array(one.get("vectors"), np.float32)
    except (ValueError, TypeError) as error:
        raise EngineError("has vectors that are not numbers of one length", where) from error
    options = one.get("options")
    relative = isinstance(options, Mapping) and options.get("relative") is True
    return vectors, (kind, name, relative)
