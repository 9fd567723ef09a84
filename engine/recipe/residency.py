"""Weights that stay near a unit if all of them fit: what one change does to every other task.

Which memory serves the weights depends on the weights of the whole unit (`cost`: "cache" keeps all
or nothing, "pinned" as many as fit).  When only some rows are priced, one further row stands for
the weights of all others.
"""

from __future__ import annotations

import numpy as np

from engine.cost import Floats, Ints, Price, Work, price
from engine.recipe.rows import joined
from engine.targets import Target

State = tuple[tuple[float, ...], ...]  # for each unit the share that each near memory serves
_SURE = 1e18  # B, more than any memory holds


def held(found: Price, count: int) -> Floats:
    """Bytes of weights that each row keeps in its unit's near memory if it can; [rows]."""
    out = np.zeros(count)
    for part in found.parts:
        w = part.work
        whole = part.weights.moved / np.where(w.gathered > 0, w.gathered, 1)
        out[part.rows] = np.nan_to_num(whole * w.first_share + w.first_other_bytes)
    return out


def by_unit(values: Floats, unit: Ints, units: int) -> Floats:
    """Sums by unit; [units]."""
    on = unit >= 0
    return np.asarray(np.bincount(unit[on], weights=values[on], minlength=units), np.float64)


def state(target: Target, sums: Floats) -> State:
    """What the near memories of each unit serve when it holds so many bytes of weights."""
    out = []
    for unit, total in zip(target.units, sums.tolist(), strict=True):
        shares = []
        for memory in target.levels(unit.id):
            if memory.weights == "cache":
                shares.append(float(total <= memory.bytes))
            elif memory.weights == "pinned":
                shares.append(min(1.0, memory.bytes / total) if total > 0 else 1.0)
        out.append(tuple(shares))
    return tuple(out)


def same(target: Target, totals: Floats, sums: Floats) -> bool:
    """Whether all options [options, units] leave every weight where it is with `sums` [units]."""
    for unit, held_, now in zip(target.units, totals.T, sums.tolist(), strict=True):
        for memory in target.levels(unit.id):
            if memory.weights in ("cache", "pinned"):
                fits = held_ <= memory.bytes
                if not fits.all() and (memory.weights == "pinned" or fits.any()):
                    return False
                if bool(fits[:1].any()) != (now <= memory.bytes):
                    return False
    return True


def priced_as(target: Target, work: Work, wanted: State, sums: Floats) -> Price:
    """Price some rows of a model whose units hold `sums` bytes of weights in all, B; [units].

    The last rows of the answer, one a unit with such memories, stand for the others' weights.
    """
    units = [i for i, shares in enumerate(wanted) if shares]
    if not units:
        return price(target, work)
    balance = [_SURE * (1 if 0.0 in wanted[i] else -1) for i in units]
    exact = any(set(wanted[i]) - {0.0, 1.0} or len(set(wanted[i])) > 1 for i in units)
    pinned = any(
        m.weights == "pinned" for i in units for m in target.levels(target.units[i].id)
    )  # fmt: skip
    if exact or pinned:
        first = price(target, work)
        own = by_unit(held(first, len(work)), work.unit, len(target.units))
        balance = [max(float(sums[i]), 1e-9) - float(own[i]) for i in units]
    return price(target, joined(work, _standing_for(work, units, balance)))


def _standing_for(work: Work, units: list[int], balance: list[float]) -> Work:
    """Rows that do nothing but hold weights."""
    n = len(units)
    values = {}
    for name in Work.__slots__:
        kind = getattr(work, name).dtype
        values[name] = np.zeros(n, kind)
    values["unit"] = np.array(units, np.int64)
    values["first_other_bytes"] = np.array(balance, float)
    values["gathered"] = np.ones(n)
    return Work(**values)
