"""An experiment as JSON: what was read comes back, edits change only what they name."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import EngineError
from engine.experiments.model import Experiment


def dumps(experiment: Experiment | Mapping[str, Any]) -> str:
    """The JSON text; equal to what was read after canonical ordering.

    Fields that this version does not know are kept.  A number that was not finite is null.
    """
    body = experiment.document if isinstance(experiment, Experiment) else experiment
    text = json.dumps(body, ensure_ascii=False, indent=1, allow_nan=False)
    if not _encodable(text):  # a lone surrogate can only be written as its escape
        text = json.dumps(body, ensure_ascii=True, indent=1, allow_nan=False)
    return text + "\n"


def save(experiment: Experiment | Mapping[str, Any], path: Path) -> None:
    """Write a file so that a reader sees the old one or the new one, never half of it.

    Raises:
        EngineError: the file cannot be written.
    """
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        with fresh.open("x", encoding="utf-8") as file:
            file.write(dumps(experiment))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as fault:
        raise EngineError(
            f"cannot be written ({fault.strerror or 'unknown reason'})", path.name[:200]
        ) from None
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
