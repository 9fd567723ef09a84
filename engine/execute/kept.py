"""The last validation of a target: kept beside its calibration, shown by the dashboard."""

from __future__ import annotations

import json
import math
import os
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl

from engine.cost import own_folder
from engine.execute.validating import VALIDATED_SCHEMA, Validation, summarize

_SHIPPED = Path(__file__).parents[1] / "cost" / "calibrations"
_MAX_BYTES = 4_000_000
_MAX_MODELS = 5_000
_WORDS = 300  # characters of a text that is kept


def keep_validation(done: Validation, target: str, folder: Path | None = None) -> Path:
    """Write a validation, whole or not at all; returns the file.

    Models of the last one stay, each with its own last figures, where machine and runtime are the
    same.
    """
    place = folder or own_folder()
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"{target}.validation.json"
    rows = done.models.to_dicts()
    last = _file(path)
    if last and (last[0].machine, last[0].runtime) == (done.machine, done.runtime):
        anew = {row["sha256"] or row["model"] for row in rows}
        before = last[0].models.iter_rows(named=True)
        rows = [row for row in before if (row["sha256"] or row["model"]) not in anew] + rows
    text = json.dumps({
        "machine": done.machine, "runtime": done.runtime,
        "date": datetime.now(UTC).date().isoformat(), "models": rows,
    }, indent=1)  # fmt: skip
    fresh = path.with_suffix(f".{os.getpid()}.new")
    fresh.write_text(text, "utf-8")
    fresh.replace(path)
    return path


def kept_validation(target: str) -> tuple[Validation, str] | None:
    """The user's last validation of a target, else the one that ships, and its date.

    None without any, or when the file holds something else.
    """
    for folder in (own_folder(), _SHIPPED):
        found = _file(folder / f"{target}.validation.json")
        if found:
            return found
    return None


def _file(path: Path) -> tuple[Validation, str] | None:
    """What a file holds; None for no file and for one that is something else."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            return None
        return _read(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _read(body: Any) -> tuple[Validation, str]:
    rows = body["models"][:_MAX_MODELS]
    clean = [
        {name: _value(row.get(name), kind) for name, kind in VALIDATED_SCHEMA.items()}
        for row in rows
    ]
    frame = pl.DataFrame(clean, schema=VALIDATED_SCHEMA)
    words = [str(body[name])[:_WORDS] for name in ("machine", "runtime", "date")]
    summary = MappingProxyType(dict(summarize(frame)))
    return Validation(frame, summary, words[0], words[1]), words[2]


def _value(value: Any, kind: Any) -> Any:
    """A cell of the right type; null for what cannot be one."""
    if kind == pl.String:
        return str(value)[:_WORDS] if value is not None else ""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if kind == pl.Int64 else float(value)
