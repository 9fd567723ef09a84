"""What a target does not offer for some tasks, and why: a missing option has a reason too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from engine.compile import Compilation
from engine.cost import FORMATS, Ints
from engine.recipe.choose import too_few, uneven, verdict
from engine.recipe.combine import PALETTES, PATTERN, formats_of, known
from engine.recipe.model import Action
from engine.recipe.prepare import REAL, Prepared, prepare
from engine.recipe.refuse import FIXED
from engine.targets import Target
from engine.targets import target as find_target


class Withheld(NamedTuple):
    """One reason.

    Args:
        what: what is not offered because of it ("int4 weights"); () is anything at all.
        why: the reason, in words.
        tasks: ids of those that it holds for, ascending.
    """

    what: tuple[str, ...]
    why: str
    tasks: tuple[int, ...]


def withheld(
    compilation: Compilation, task_ids: Sequence[int], target: Target | None = None
) -> tuple[Withheld, ...]:
    """What cannot be chosen for some tasks, by reason; what holds for most tasks comes first.

    Args:
        compilation: what the model was compiled to.
        task_ids: tasks.
        target: hardware in place of the catalogue's.

    Raises:
        EngineError: no such task.
    """
    p = prepare(compilation, target or find_target(compilation.target))
    tasks = known(p, task_ids)
    found: dict[str, tuple[dict[str, None], set[int]]] = {}
    for what, why, rows in _reasons(p, tasks):
        names, ids = found.setdefault(why, ({}, set()))
        names.update(dict.fromkeys([what] if what else []))
        ids.update(rows.tolist())
    reasons = [Withheld(tuple(w), why, tuple(sorted(ids))) for why, (w, ids) in found.items()]
    return tuple(sorted(reasons, key=lambda r: (bool(r.what), -len(r.tasks))))


def _reasons(p: Prepared, tasks: Ints) -> Iterator[tuple[str, str, Ints]]:
    """What is refused to whom, and why."""
    for kind in np.unique(p.kind[tasks]).tolist():
        rows = tasks[p.kind[tasks] == kind]
        for what, why in _of_kind(p, kind):
            yield what, why, rows
        if p.kinds[kind][3] in REAL and p.kinds[kind][0] not in FIXED:
            yield from _of_size(p, rows)


def _of_kind(p: Prepared, kind: int) -> Iterator[tuple[str, str]]:
    """What a kind of task is refused."""
    kernel_class, reads, makes, kernel = p.kinds[kind]
    offered = formats_of(p, kind)
    if not offered or kernel_class in FIXED:
        wanted = next(f for f in FORMATS if f in REAL)
        why = verdict(p, kind, Action(activations=wanted)).refusal
        yield "", why or "no unit of this target runs it in a format that can be chosen"
        return
    stored, taken = _spoken(p)
    of_input, of_output, of_kernel = ({f[i] for f in offered} for i in range(3))
    for fmt in taken:
        missing = []
        if reads in REAL and fmt not in of_input:
            missing.append(("input", Action(input=fmt)))
        if makes in REAL and fmt not in of_output:
            missing.append(("output", Action(output=fmt)))
        whys = [(name, verdict(p, kind, action).refusal) for name, action in missing]
        if len(whys) == 2 and whys[0][1] == whys[1][1]:
            whys = [("activations", whys[0][1])]
        yield from ((f"{fmt} {name}", why) for name, why in whys if why)
    if kernel not in REAL:
        return
    squeezed: list[tuple[str, Action]] = [
        *((f"{f} weights", Action(kernel=f)) for f in stored if f not in of_kernel),
        (f"{PATTERN} sparsity", Action(pattern=PATTERN)),
        ("fewer channels", Action(sparsity=0.5, structured=True)),
    ]
    if any(unit.palettes for unit in p.target.units):
        squeezed += [(f"{bits}-bit palettes", Action(palette_bits=bits)) for bits in PALETTES]
    else:
        yield "palettes", "no unit of this target reads palettes"
    for what, action in squeezed:
        if why := verdict(p, kind, action).refusal:
            yield what, why


def _of_size(p: Prepared, rows: Ints) -> Iterator[tuple[str, str, Ints]]:
    """What tasks are refused by their own size and place."""
    read = {bits for unit in p.target.units for bits in unit.palettes}
    for bits in sorted(read & set(PALETTES)):
        few = rows[too_few(p, rows, p.kernel_fmt[rows], np.full(len(rows), bits))]
        if len(few):
            yield f"{bits}-bit palettes", "has too few weights to gain from a palette", few
    for i in np.unique(p.tied[rows]).tolist():
        if i:
            yield "fewer channels", p.ties[i], rows[p.tied[rows] == i]
    odd = rows[uneven(p, rows)]
    if len(odd) and any(unit.sparse_2_4 for unit in p.target.units):
        yield f"{PATTERN} sparsity", "its input channels are no multiple of 4", odd


def _spoken(p: Prepared) -> tuple[list[str], list[str]]:
    """Formats of weights, and of activations, that any unit of the target has a word for.

    Not fp64: no file is made smaller by it, and nobody asks.
    """
    units = p.target.units
    taken = {f for u in units for f in (*u.rates, *u.computes_as) if f != "fp64"} & REAL
    stored = taken | {f for u in units for f in u.weights}
    return [f for f in FORMATS if f in stored & REAL], [f for f in FORMATS if f in taken]
