"""HTML attributes whose names Python cannot write as keywords."""

from __future__ import annotations

from typing import Any


def aria(**values: str) -> dict[str, Any]:
    """`aria(label="Tasks")` -> {"aria-label": "Tasks"}, to be unpacked into a component."""
    return {f"aria-{name}": value for name, value in values.items()}


def data(**values: str) -> dict[str, Any]:
    """`data(preset="int8")` -> {"data-preset": "int8"}, to be unpacked into a component."""
    return {f"data-{name}": value for name, value in values.items()}
