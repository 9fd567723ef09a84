"""Rules as people say them: "int8 weights", "tasks 3, 5 and 7"."""

from __future__ import annotations

from engine.metrics import BY_ID
from engine.recipe.model import (
    Action,
    AllOf,
    AnyOf,
    ByMetric,
    ByName,
    Dynamic,
    InGroup,
    InModule,
    Not,
    OfKernel,
    Selector,
)

NAMED = 4  # tasks whose numbers are said; of more, how many there are
SIGNS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤", "eq": "=", "ne": "≠"}


def action_words(action: Action) -> str:
    """What an action asks for, without its tasks."""
    reads, makes, kernel = action.reads, action.makes, action.kernel
    parts = []
    if reads and reads == makes == kernel:
        parts.append(f"{reads} weights and activations")
    else:
        if kernel:
            parts.append(f"{kernel} weights")
        if reads and reads == makes:
            parts.append(f"{reads} activations")
        else:
            parts += [f"{f} {what}" for f, what in ((reads, "input"), (makes, "output")) if f]
    if action.pattern:
        parts.append(f"{action.pattern} sparse")
    elif action.sparsity:
        what = "channels removed" if action.structured else "sparse"
        parts.append(f"{100 * action.sparsity:g} % {what}")
    if action.palette_bits:
        parts.append(f"{action.palette_bits}-bit palette")
    return ", ".join(parts) or "left alone"


def selector_words(selector: Selector) -> str:
    """What a selector picks."""
    match selector:
        case str():
            return "all tasks"
        case tuple():
            return _tasks(selector)
        case OfKernel(kernel):
            return f"every {kernel}"
        case ByName(glob):
            return f"name {glob}"
        case InModule(glob):
            return f"module {glob or '(none)'}"
        case ByMetric(metric, op, value):
            known = BY_ID[metric]
            figure = f"{value * known.scale:.{known.digits}g} {known.unit}".strip()
            return f"{known.label.lower()} {SIGNS[op]} {figure}"
        case InGroup(name, tasks):
            return f"{name} ({len(tasks):,} tasks)"
        case Dynamic():
            return "products of two activations"
        case AllOf(parts):
            return " and ".join(_part(p) for p in parts)
        case AnyOf(parts):
            return " or ".join(_part(p) for p in parts)
        case Not(part):
            return f"not {_part(part)}"


def _part(selector: Selector) -> str:
    words = selector_words(selector)
    return f"({words})" if isinstance(selector, (AllOf, AnyOf)) else words


def _tasks(ids: tuple[int, ...]) -> str:
    if len(ids) > NAMED:
        return f"{len(ids):,} tasks"
    if not ids:
        return "no task"
    *most, last = [f"{i:,}" for i in ids]
    if not most:
        return f"task {last}"
    return f"tasks {', '.join(most)} and {last}"
