"""A partition's border: the first task that the first unit does not run, and all after it.

A choice that moves it reaches every task behind it.  Such a choice is compared with the plan whose
border is already there: beyond that, it reaches as little as any other.
"""

from __future__ import annotations

import numpy as np

from engine.cost import Ints, Mask, price
from engine.recipe.part import Part
from engine.recipe.place import Placement, place
from engine.recipe.plan import Plan
from engine.recipe.rows import rows


def border(plan: Plan) -> int:
    """The first task that the first unit of a partition does not run; their number for none."""
    return plan.placement.last if plan.placement.last >= 0 else plan.prepared.count


def borders(plan: Plan, made: Part, placement: Placement, inside: Mask) -> Ints:
    """Where each case puts the border of a partition, after which all is the fallback's; [K]."""
    k, p = made.copies - 1, plan.prepared
    if p.target.partition != "prefix" or len(p.target.units) < 2:
        return np.full(k, border(plan))
    outside = ~plan.placement.takes & ~inside
    first_out = int(outside.argmax()) if outside.any() else p.count
    bad = ~placement.takes.reshape(made.copies, -1)[:k] & inside[made.rows]
    first_in = np.where(bad, made.rows, p.count).min(axis=1, initial=p.count)
    return np.asarray(np.minimum(first_in, first_out))


def shifted(plan: Plan, first: int) -> Plan:
    """The plan with its partition's border elsewhere, and every choice as it is.

    It is what cases that move the border there are compared with: they reach as little of it as
    others reach of the plan.

    Args:
        plan: the model as it is now.
        first: the first task that the first unit does not run; the number of tasks for none.
    """
    p = plan.prepared
    placement = place(p, plan.choice, np.arange(p.count) > first)
    placement = placement._replace(last=first if first < p.count else -1)
    work = rows(p, plan.choice, placement, plan.found, plan.work.live_bytes[: p.count])
    return plan._replace(placement=placement, work=work, price=price(p.target, work))
