"""Which unit runs each task, and why not the first."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.cost import Ints, Mask
from engine.recipe.accept import acceptance, first_true
from engine.recipe.choose import Choice
from engine.recipe.prepare import Prepared


class Placement(NamedTuple):
    """Where every task runs; one entry a task.

    Args:
        unit: index in the target's units, -1: none runs it.
        compute: format id that it multiplies in.
        reason: index in `words` of why it is not on the first unit.
        last: with a partition of type "prefix" the first task that the first unit does not run, -1
            for none or for another type.
        takes: the first unit would run it if it came early enough.
    """

    unit: Ints
    compute: Ints
    reason: Ints
    words: tuple[str, ...]
    last: int = -1
    takes: Mask = np.ones(0, bool)


def place(p: Prepared, choice: Choice, after: Mask | None = None) -> Placement:
    """Put each task on the first unit that supports its class, formats and constraints.

    With one partition ("prefix"), all after the first task that the first unit does not run is the
    fallback's.

    Args:
        p: the compilation.
        choice: formats of the tasks.
        after: which tasks come after that first one, if it is known (a part of a model is placed).
    """
    found = acceptance(p, choice.in_fmt, choice.out_fmt, choice.kernel_fmt, p.kind)
    words = [*found.words, *p.limits[1:]]
    why = np.where((found.why == 0) & (p.broken > 0), p.broken + len(found.words) - 1, found.why)
    first, takes = -1, (why[0] == 0) | (p.columns["runs"] == 0)
    if p.target.partition == "prefix" and len(p.target.units) > 1:
        if after is None:
            first = -1 if takes.all() else int((~takes).argmax())
            after = np.arange(p.count) > (first if first >= 0 else p.count)
        name = p.columns["name"][first] if first >= 0 else ""
        unit_label = p.target.units[0].label
        words.append(f"comes after {name}, the first task that {unit_label} does not run")
        why[0] = np.where(after & (why[0] == 0), len(words) - 1, why[0])
    unit = np.where(p.unpriced, -1, first_true(why == 0)) if p.count else np.zeros(0, np.int64)
    at = np.maximum(unit, 0)
    compute = np.where(unit >= 0, found.compute[at, np.arange(p.count)], 0)
    reason = np.where(unit >= 0, why[0], why[-1]) if len(why) else np.zeros(p.count, np.int64)
    return Placement(unit, compute, np.where(p.unpriced, 0, reason), tuple(words), first, takes)
