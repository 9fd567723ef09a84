"""The figures that a checkpoint keeps for lists, as JSON: written once, read with suspicion."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from dashboard.queries.model import DEFAULT_FPS, ModelQueries
from dashboard.urls import View
from engine.errors import EngineError
from engine.recipe.model import Totals


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of a whole model; None is unknown.

    Args:
        latency_s: s.
        memory_power_w: W, at the frame rate of `Saved`.
        energy_j: J an inference.
        size_bytes: stored weights, B.
    """

    latency_s: float | None = None
    memory_power_w: float | None = None
    energy_j: float | None = None
    size_bytes: float | None = None


NOTHING = Figures()


@dataclass(frozen=True, slots=True)
class Saved:
    """What a checkpoint's recipe costs, beside the baseline.

    Args:
        target: id of the target that the figures are for.
        fps: frame rate, 1/s.
        now, base: with the recipe and without.
    """

    target: str = ""
    fps: float = DEFAULT_FPS
    now: Figures = NOTHING
    base: Figures = NOTHING


def price(ask: ModelQueries, view: View) -> Saved:
    """What the recipe of a view costs.

    Raises:
        EngineError: no such target, or the recipe means nothing here.
    """
    base, now, _ = ask.totals(replace(view, against=""))
    fps = view.fps or DEFAULT_FPS
    return Saved(view.target, fps, _figures(now, fps), _figures(base, fps))


def totals_text(ask: ModelQueries, view: View, made_with: Callable[[], Mapping[str, Any]]) -> str:
    """The figures of a view as JSON; "" when they cannot be computed, which stops no save.

    Args:
        ask: prices them.
        view: model, target, recipe.
        made_with: tells what a replay has to find again, see `queries.replay`.
    """
    try:
        return json.dumps({**asdict(price(ask, view)), **made_with()})
    except EngineError:
        return ""


def saved_of(text: str) -> Saved:
    """The figures of a text that any version may have written; what does not read is unknown."""
    try:
        body = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        body = {}
    body = body if isinstance(body, dict) else {}
    fps, target = _number(body.get("fps")), body.get("target")
    return Saved(
        target if isinstance(target, str) else "",
        fps or DEFAULT_FPS,
        _read(body.get("now")),
        _read(body.get("base")),
    )


def _figures(totals: Totals, fps: float) -> Figures:
    power = totals.memory_power(fps)
    return Figures(totals.latency_s, power, totals.energy_j, totals.size_bytes)


def _read(body: Any) -> Figures:
    body = body if isinstance(body, dict) else {}
    return Figures(**{name: _number(body.get(name)) for name in Figures.__slots__})


def _number(value: Any) -> float | None:
    good = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if good and 0 <= value < 1e300 and math.isfinite(value) else None
