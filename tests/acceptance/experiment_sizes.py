"""Line 2 of stage E but its part in the browser: thousands of models, without waiting."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from engine import experiments
from engine.experiments import bound, compare, feasible, layout, pareto, relaxation
from tests.acceptance.line import Line, judged
from tests.effort import slowness
from tests.engine.experiments.forests import generated

MODELS, DETAILS = 6000, 2000
LAYOUT_S, FRONT_S, BUDGET_S, DETAILS_S = 1.0, 0.05, 0.25, 0.2


@dataclass(frozen=True, slots=True)
class Times:
    """Processor seconds: the slowest of each kind.

    Args:
        models: of the experiment.
        layout: both layouts.
        front: of three metrics.
        budget: a brush judged, and its relaxation curve.
        details: comparisons of 2 to all of 2,000 models, both ways.
        picks: how many comparisons.
        slower: how much slower than the reference machine this one is.
    """

    models: int
    layout: float
    front: float
    budget: float
    details: float
    picks: int
    slower: float


def measure() -> Times:
    e = experiments.loads(json.dumps(generated(MODELS)))
    names = ("Accuracy", "Size", "Latency")
    goal = "Accuracy"
    limits = [bound(e, "Size", 50, 300), bound(e, "Latency", high=60)]
    few = experiments.loads(json.dumps(generated(DETAILS, 1)))
    ids, draw, details = [m.id for m in few.models], random.Random(11), []
    for size in (2, 4, 8, 12, 16, 40, 200, DETAILS):
        for _ in range(5):
            chosen = draw.sample(ids, size)
            for compat in (False, True) if size <= 16 else (False,):
                details.append(_seconds(lambda c=chosen, k=compat: compare(few, c, k)))
    return Times(
        len(e.models),
        max(_seconds(lambda b=by: layout(e, b)) for by in ("operation", "step")),
        min(_seconds(lambda: pareto(e, names)) for _ in range(5)),
        min(_seconds(lambda: (feasible(e, limits, goal), relaxation(e, limits, 0, goal)))
            for _ in range(3)),
        max(details), len(details), slowness(),
    )  # fmt: skip


def judge(seen: Times) -> tuple[Line, ...]:
    enough = seen.models >= MODELS and seen.picks >= 50
    rows = (
        ("2a", f"layout of {seen.models:,} models", seen.layout, LAYOUT_S),
        ("2b", "front of three metrics", seen.front, FRONT_S),
        ("2c", "a brush judged, with its relaxation curve", seen.budget, BUDGET_S),
        ("2d", f"selection details at {DETAILS:,} models, slowest of {seen.picks}", seen.details,
         DETAILS_S),
    )  # fmt: skip
    note = f"limits of processor time are × {seen.slower:.2f} on this machine"
    return tuple(
        judged(id, what, f"{took * 1e3:,.0f} ms", f"{limit * 1e3:,.0f} ms",
               enough and took <= limit * seen.slower, [note] if seen.slower > 1.05 else [])
        for id, what, took, limit in rows
    )  # fmt: skip


def _seconds(act: Callable[[], object]) -> float:
    began = time.process_time()
    act()
    return time.process_time() - began
