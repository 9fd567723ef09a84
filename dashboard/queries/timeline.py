"""What the timeline asks the engine."""

from __future__ import annotations

import math

import engine
from engine.errors import EngineError


def room(target: str) -> float | None:
    """Bytes that a target has for activations; None when they have no bound, or no such target."""
    try:
        found = engine.target(str(target)).room[0]
    except EngineError:
        return None
    return found if math.isfinite(found) else None
