"""The rules by which a unit accepts a task.

Each rule is a function from the tasks' columns to a mask (True: the rule holds).  Its docstring,
with the unit's limits filled in, is the sentence that the user reads as the reason why a task is
not placed on that unit; {unit} is the unit's label.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.targets.model import Unit

Columns = Mapping[str, NDArray]  # columns of `compile.TASK_SCHEMA`, one entry a task
Mask = NDArray[np.bool_]
Rule = Callable[[Columns, Mapping[str, float]], Mask]


def rank(tasks: Columns, limits: Mapping[str, float]) -> Mask:
    """{unit} takes tensors of rank {low}..{high}."""
    return _between(tasks["rank"], limits)


def window(tasks: Columns, limits: Mapping[str, float]) -> Mask:
    """{unit} takes windows of {low}..{high} elements."""
    return (tasks["window"] == 0) | _between(tasks["window"], limits)


def batch(tasks: Columns, limits: Mapping[str, float]) -> Mask:
    """{unit} multiplies a batch of {low}..{high} matrices at a time."""
    return (tasks["products"] == 0) | _between(tasks["products"], limits)


def depth(tasks: Columns, limits: Mapping[str, float]) -> Mask:
    """{unit} sums {low}..{high} products in one output."""
    return (tasks["depth"] == 0) | _between(tasks["depth"], limits)


def static_shape(tasks: Columns, limits: Mapping[str, float]) -> Mask:
    """{unit} needs shapes that are known before it runs."""
    return np.asarray(tasks["static"], bool)


def straight_line(tasks: Columns, limits: Mapping[str, float]) -> Mask:
    """{unit} runs no bodies of branches and loops."""
    return np.asarray(tasks["straight"], bool)


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        rule.__name__: rule
        for rule in (rank, window, batch, depth, static_shape, straight_line)
    }
)  # fmt: skip


def failing(unit: Unit, tasks: Columns) -> tuple[tuple[str, Mask], ...]:
    """For each rule of a unit: its sentence, and where it does not hold."""
    return tuple(
        (sentence(unit, limit.rule, limit.values), ~RULES[limit.rule](tasks, limit.values))
        for limit in unit.limits
    )


def sentence(unit: Unit, rule: str, limits: Mapping[str, float]) -> str:
    """The reason that the user reads when a rule does not hold."""
    text = (RULES[rule].__doc__ or "").strip().rstrip(".")
    return text.format(unit=unit.label, **{key: f"{value:g}" for key, value in limits.items()})


def _between(values: NDArray, limits: Mapping[str, float]) -> Mask:
    return (values >= limits["low"]) & (values <= limits["high"])
