"""Bringing a file in: the name that it suggests, and faults that name it as its user does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import engine
from engine.errors import EngineError
from engine.graph import Graph


def model_name(file_name: str) -> str:
    """The name that a file suggests: its last part without the ending."""
    last = re.split(r"[/\\]", file_name)[-1]
    return re.sub(r"(\.onnx)?(\.gz|\.zip)?\Z", "", last, flags=re.IGNORECASE) or last


def read(file: Path, file_name: str, bindings: Mapping[str, int] | None = None) -> Graph:
    """Read a file that may be hostile.

    Args:
        file: where the bytes are.
        file_name: what its user calls it; shown only.
        bindings: symbolic size -> value.

    Raises:
        EngineError: the file is no model; the sentence begins with the user's word for it.
    """
    name = model_name(file_name)
    try:
        return engine.read(file, bindings, name)
    except EngineError as error:
        inside = error.where not in ("", name, file_name, file.name)
        where = f"{file_name}, {error.where}" if inside else file_name
        raise EngineError(error.what, where, error.expected, error.found, error.try_this) from error
