"""What the roofline dock asks the engine."""

from __future__ import annotations

from typing import Any

import engine
from dashboard.queries.columns import plain
from dashboard.queries.model import ModelQueries
from dashboard.urls import View
from engine.insight import Roofline, roofline


def roofs(ask: ModelQueries, view: View) -> Roofline:
    """The roofline of a view, under its recipe.

    Raises:
        EngineError: no such model or target, or the recipe means nothing here.
    """
    compilation, resolution = ask.compilation(view), ask.resolution(view)
    return roofline(compilation, resolution, engine.target(compilation.target))


def places(found: Roofline, scale: float) -> dict[str, Any]:
    """Place and gain of every row for the browser: ids, and columns as JSON.

    Args:
        found: the roofline.
        scale: of the rates: page value = rate x scale.
    """
    frame = found.tasks.with_columns(found.tasks["rate"] * scale)
    names = [c for c in frame.columns if c != "task_id"]
    return {"ids": frame["task_id"].to_list(), **plain(frame, names)}
