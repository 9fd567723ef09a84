"""What a choice for some tasks does to all others: formats, units, conversions, channels, memory.

Formats flow only inside the two nets of a task (`wiring.nets`), and channels only where `spread`
leads, so the tasks that can change are few.  They are laid out once for every case and once as they
are now, decided and priced in one go; the difference is the effect.  Two effects reach further and
are looked up apart: activations that no longer fit in a memory (an arena), and weights that do or
do not (`residency.py`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from engine.cost import Floats, Ints, Mask, Work, bits_of, price
from engine.recipe.channels import spread
from engine.recipe.choose import Choice
from engine.recipe.convert import Conversions, conversions, lifetimes
from engine.recipe.flow import Wishes, flow
from engine.recipe.part import Part, nets_of, of_nets, part
from engine.recipe.place import Placement, place
from engine.recipe.plan import Plan
from engine.recipe.rows import baseline_live, joined, rows

Lost = dict[int, tuple[float, float]]  # task -> share of channels left of inputs, of outputs


_SMALL = 20_000  # tensors x tasks that are compared one by one


class Case(NamedTuple):
    """What the chosen tasks do to others.

    Args:
        reads, makes: format ids, -1 none.
        channels: share of output channels removed.
        kernels: format ids of the weights of `own` that put it on the same units; [own].
    """

    reads: int
    makes: int
    channels: float
    kernels: Ints


class Reached(NamedTuple):
    """The rows that cases change, to be priced; K cases.

    Args:
        own: rows of the tasks chosen and of those that share their weights, case by case.
        own_in, own_out: their formats.
        others: all further rows, before and after.
        of: for each further row its case, K: as it is now.
        inside: tasks of the model that are among them; [tasks].
        touched: tasks beside `own` that a case changes; [K].
        conversions: how many more conversions it needs; [K].
        border: the first task that the first unit does not run, as in `border`; [K].
    """

    own: Work
    own_in: Ints
    own_out: Ints
    others: Work
    of: Ints
    inside: Mask
    touched: Ints
    conversions: Ints
    border: Ints


def reach(
    plan: Plan, tasks: Ints, own: Ints, cases: tuple[Case, ...], lost: dict[float, Lost]
) -> Reached:
    """Lay out what the cases change.

    Args:
        plan: the model as it is now.
        tasks: who gets the choice.
        own: the same and those that share their weights, ascending.
        cases: what they may do.
        lost: `removed` for each share of channels among the cases.
    """
    p, k = plan.prepared, len(cases)
    reads, makes = nets_of(p)
    reads_in, makes_in = of_nets(p, np.concatenate([reads[own], makes[own]]))
    inside = reads_in | makes_in
    inside[own] = True
    for changed in lost.values():
        inside[list(changed)] = True
    made = part(p, inside, k + 1)
    choice = _choice(plan, made, tasks, own, cases, (reads_in, makes_in))
    choice = _pruned(choice, made, cases, lost)
    after = np.tile(made.rows > border(plan), made.copies)
    placement = place(made.prepared, choice, after)
    found = conversions(made.prepared, choice)
    live, far = _live(plan, made, choice, found, inside)
    work = rows(made.prepared, choice, placement, found, live.reshape(-1))
    n, size = len(made.rows), len(made.rows) * made.copies
    copy = np.concatenate([np.repeat(np.arange(made.copies), n),
                           found.tensor // max(len(made.prepared.kept["tensors"]), 1)])  # fmt: skip
    mine = np.zeros(n, bool)
    mine[made.at(own)] = True
    counts = np.concatenate([np.tile(inside[made.rows] & ~mine, made.copies),
                             np.ones(len(found.anchor), bool)])  # fmt: skip
    further = np.flatnonzero(counts)
    own_rows = (np.arange(k)[:, None] * n + made.at(own)[None, :]).reshape(-1)
    added = np.bincount(copy[size:], minlength=k + 1)
    return Reached(
        own=work.take(own_rows),
        own_in=choice.in_fmt[own_rows],
        own_out=choice.out_fmt[own_rows],
        others=joined(work.take(further), far[0]) if len(far[1]) else work.take(further),
        of=np.concatenate([copy[further], far[1]]),
        inside=inside | _mask(p.count, far[2]),
        touched=_touched(choice, made, own),
        conversions=added[:k] - added[k],
        border=_borders(plan, made, placement, inside),
    )


def whole(plan: Plan, after: Plan, own: Ints) -> Reached:
    """The same for one case whose plan for the whole model is known."""
    count = plan.prepared.count
    mine = _mask(count, own)
    before_rows, after_rows = (
        np.flatnonzero(np.concatenate([~mine, np.ones(len(x.work) - count, bool)]))
        for x in (plan, after)
    )
    differs = after.choice.differs(plan.choice) & ~_mask(count, own)
    added = len(after.found.anchor) - len(plan.found.anchor)
    return Reached(
        own=after.work.take(own),
        own_in=after.choice.in_fmt[own],
        own_out=after.choice.out_fmt[own],
        others=joined(after.work.take(after_rows), plan.work.take(before_rows)),
        of=np.repeat([0, 1], [len(after_rows), len(before_rows)]),
        inside=np.ones(count, bool),
        touched=np.array([int(differs.sum())]),
        conversions=np.array([added]),
        border=np.full(1, border(plan)),
    )


def _mask(count: int, rows: Ints) -> Mask:
    mask = np.zeros(count, bool)
    mask[rows] = True
    return mask


def removed(plan: Plan, tasks: Ints, share: float) -> Lost:
    """What is left of channels wherever it reaches that the tasks lose a share of their own."""
    now = plan.choice
    if not share and not now.structured[tasks].any():
        return {}
    at = np.flatnonzero(now.structured)
    left = dict(zip(at.tolist(), (1 - now.sparsity[at]).tolist(), strict=True))
    for task in tasks.tolist():
        left[task] = 1 - share
    return spread(plan.prepared, tasks.tolist(), left, now.keep_in, now.keep_out)


def _choice(
    plan: Plan, made: Part, tasks: Ints, own: Ints, cases: tuple[Case, ...],
    nets: tuple[Mask, Mask],
) -> Choice:  # fmt: skip
    """What every copy gets: the cases, then the model as it is now."""
    p, said, now, at = plan.prepared, plan.said, plan.choice, made.rows
    free = p.wiring.carrier[at] & ~said.firm[at] & nets[0][at]
    open_ = nets[1][at]
    n, copies = len(at), made.copies
    wished_in = np.tile(np.where(free, said.reads[at], now.in_fmt[at]), copies)
    makes = np.where(open_, said.makes[at], now.out_fmt[at])
    wished_out = np.tile(np.where(free, said.makes[at], makes), copies)
    firm_out = np.tile(np.where(open_, said.firm_out[at], True), copies)
    firm = np.tile(~free, copies)
    kernel = np.tile(now.kernel_fmt[at], copies)
    places = (np.arange(len(cases))[:, None] * n + made.at(tasks)[None, :]).reshape(-1)
    wide = len(tasks)
    for values, name in ((wished_in, "reads"), (wished_out, "makes")):
        values[places] = np.repeat([getattr(c, name) for c in cases], wide)
    stored = (np.arange(len(cases))[:, None] * n + made.at(own)[None, :]).reshape(-1)
    kernel[stored] = np.concatenate([c.kernels for c in cases])
    firm_out[places] = firm[places] = True
    q = made.prepared
    flowed = flow(q, Wishes(wished_in, wished_out, firm_out, firm, kernel))
    return replace(
        now.take(np.tile(at, copies)),
        in_fmt=flowed.in_fmt, out_fmt=flowed.out_fmt, kernel_fmt=kernel,
    )  # fmt: skip


def _pruned(
    choice: Choice, made: Part, cases: tuple[Case, ...],
    lost: dict[float, Lost],
) -> Choice:  # fmt: skip
    if not any(lost.values()):
        return choice
    keep_in, keep_out, n = choice.keep_in.copy(), choice.keep_out.copy(), len(made.rows)
    for i, case in enumerate(cases):
        changed = lost[case.channels]
        if changed:
            at = made.at(np.fromiter(changed, np.int64, len(changed))) + i * n
            keep_in[at], keep_out[at] = np.array(list(changed.values())).T
    return replace(choice, keep_in=keep_in, keep_out=keep_out)


def _touched(choice: Choice, made: Part, own: Ints) -> Ints:
    """Tasks beside `own` whose formats or channels differ from now; [cases]."""
    shape = (made.copies, len(made.rows))
    names = ("in_fmt", "out_fmt", "keep_in", "keep_out")
    values = [getattr(choice, name).reshape(shape) for name in names]
    differ = np.logical_or.reduce([v[:-1] != v[-1] for v in values])
    differ[:, made.at(own)] = False
    return np.asarray(differ.sum(axis=1))


def border(plan: Plan) -> int:
    """The first task that the first unit of a partition does not run; their number for none."""
    return plan.placement.last if plan.placement.last >= 0 else plan.prepared.count


def _borders(plan: Plan, made: Part, placement: Placement, inside: Mask) -> Ints:
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


def _live(
    plan: Plan, made: Part, choice: Choice, found: Conversions, inside: Mask
) -> tuple[Floats, tuple[Work, Ints, Ints]]:
    """Bytes alive at each task of each copy, and rows elsewhere that other memories now serve.

    The second: those rows for each copy, their copies, and the tasks.
    """
    p, k = plan.prepared, made.copies - 1
    tensors, e = made.prepared.kept["tensors"], made.prepared.edges
    keep = np.append(choice.keep_out, 1.0)[e.source]
    size = np.zeros(len(tensors) * made.copies)
    size[e.tensor] = np.nan_to_num(e.elements * bits_of(found.made) / 8) * keep
    by_copy = size.reshape(made.copies, -1)
    more = by_copy - by_copy[-1:]
    now = plan.work.live_bytes[: p.count]
    none = (plan.work.take(np.zeros(0, np.int64)), np.zeros(0, np.int64), np.zeros(0, np.int64))
    if not more.any():
        return np.tile(now[made.rows], (made.copies, 1)), none
    birth, death = (values[tensors] for values in lifetimes(p))
    weight = _alive_weight(plan)
    arenas = [m for m in p.target.memories if m.arena and m.activations and m.capacity]
    if not arenas and len(tensors) * len(made.rows) < _SMALL:
        cover = (birth[:, None] <= made.rows) & (made.rows <= death[:, None])
        return now[made.rows] + weight[made.rows] * (more @ cover), none
    changed = more.any(axis=0)
    low, high = int(birth[changed].min()), int(death[changed].max()) + 1
    step = np.zeros((high - low + 1, made.copies))
    np.add.at(step, birth[changed] - low, more.T[changed])
    np.add.at(step, death[changed] + 1 - low, -more.T[changed])
    alive = now[low:high] + weight[low:high] * np.cumsum(step, axis=0).T[:, :-1]
    live = np.tile(now[made.rows], (made.copies, 1))
    there = (made.rows >= low) & (made.rows < high)
    live[:, there] = alive[:, made.rows[there] - low]
    flips = np.zeros(high - low, bool)
    for memory in arenas:
        fits = alive <= memory.bytes
        flips |= (fits != fits[-1]).any(axis=0)
    at = np.flatnonzero(flips & ~inside[low:high]) + low
    if not len(at):
        return live, none
    far = plan.work.take(np.tile(at, k + 1))
    far = replace(far, live_bytes=alive[:, at - low].reshape(-1))
    return live, (far, np.repeat(np.arange(k + 1), len(at)), at)


def _alive_weight(plan: Plan) -> Floats:
    """Live bytes of a task a byte of the tensors that are alive, in the baseline; [tasks]."""
    p = plan.prepared
    if "alive" not in p.kept:
        e, n = p.edges, p.count
        size = np.zeros(e.count)
        size[e.tensor] = np.nan_to_num(e.elements * bits_of(e.fmt) / 8)
        birth, death = lifetimes(p)
        change = np.zeros(n + 1)
        np.add.at(change, birth, size)
        np.add.at(change, death + 1, -size)
        alive = np.cumsum(change)[:n]
        base = baseline_live(p)
        p.kept["alive"] = np.where(alive > 0, base / np.where(alive > 0, alive, 1), 0.0)
    found: Floats = p.kept["alive"]
    return found
