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

from engine.cost import FORMATS, Ints, Mask, Work
from engine.recipe.alike import alike, kinds
from engine.recipe.alive import alive
from engine.recipe.border import border, borders
from engine.recipe.channels import spread
from engine.recipe.choose import Choice
from engine.recipe.convert import Conversions, conversions
from engine.recipe.flow import Wishes, flow
from engine.recipe.part import Part, nets_of, of_nets, part
from engine.recipe.place import Placement, place
from engine.recipe.plan import Plan
from engine.recipe.rows import joined, rows

Lost = dict[int, tuple[float, float]]  # task -> share of channels left of inputs, of outputs

_FEW = 16  # tasks up to which looking for like ones costs more than it saves


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
        own: rows of the tasks chosen and of those that share their weights, case by case; where
            they are many, one for all that are alike.
        own_at: for each of them case x number of tasks + place in `own`; own_stands: for how many.
        own_in, own_out: their formats.
        others: all further rows, before and after, alike ones once.
        of: for each further row its case, K: as it is now; stands: for how many it stands.
        inside: tasks of the model that are among them; [tasks].
        touched: tasks beside `own` that a case changes; [K].
        conversions: how many more conversions it needs; [K].
        border: the first task that the first unit does not run, as in `border`; [K].
    """

    own: Work
    own_at: Ints
    own_stands: Ints
    own_in: Ints
    own_out: Ints
    others: Work
    of: Ints
    stands: Ints
    inside: Mask
    touched: Ints
    conversions: Ints
    border: Ints


def reach(
    plan: Plan, tasks: Ints, own: Ints, cases: tuple[Case, ...], lost: dict[float, Lost],
    parts: dict[int, Part],
) -> Reached:  # fmt: skip
    """Lay out what the cases change.

    Args:
        plan: the model as it is now.
        tasks: who gets the choice.
        own: the same and those that share their weights, ascending.
        cases: what they may do.
        lost: `removed` for each share of channels that any case removes.
        parts: what was laid out for these tasks before, by the number of copies; filled.
    """
    p, k = plan.prepared, len(cases)
    reads, makes = nets_of(p)
    reads_in, makes_in = of_nets(p, np.concatenate([reads[own], makes[own]]))
    inside = reads_in | makes_in
    inside[own] = True
    for changed in lost.values():
        inside[list(changed)] = True
    if k + 1 not in parts:
        parts[k + 1] = part(p, inside, k + 1)
    made = parts[k + 1]
    choice = _choice(plan, made, tasks, own, cases, (reads_in, makes_in))
    choice = _pruned(choice, made, cases, lost)
    after = np.tile(made.rows > border(plan), made.copies)
    placement = place(made.prepared, choice, after)
    found = conversions(made.prepared, choice)
    live, far = alive(plan, made, choice, found, inside)
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
    own_at, own_stands = np.arange(len(own_rows)), np.ones(len(own_rows), np.int64)
    stands = np.ones(len(further), np.int64)
    if len(own) > _FEW:
        columns = _told(plan, made, choice, placement, found, work)
        if (p.sharing[own] < 0).all():
            own_at, own_stands = alike([copy[own_rows], *(c[own_rows] for c in columns)])
            own_rows = own_rows[own_at]
        first, stands = alike([copy[further], *(c[further] for c in columns)])
        further = further[first]
    added = np.bincount(copy[size:], minlength=k + 1)
    others, of = work.take(further), copy[further]
    if len(far[1]):
        others, of = joined(others, far[0]), np.concatenate([of, far[1]])
        stands = np.concatenate([stands, np.ones(len(far[1]), np.int64)])
    return Reached(
        own=work.take(own_rows),
        own_at=own_at,
        own_stands=own_stands,
        own_in=choice.in_fmt[own_rows],
        own_out=choice.out_fmt[own_rows],
        others=others,
        of=of,
        stands=stands,
        inside=inside | _mask(p.count, far[2]),
        touched=_touched(choice, made, own),
        conversions=added[:k] - added[k],
        border=borders(plan, made, placement, inside),
    )


def _told(
    plan: Plan, made: Part, choice: Choice, placement: Placement, found: Conversions, work: Work
) -> list[np.ndarray]:
    """All in which the price of rows can differ; [copies x rows, then conversions]."""
    none, extra = np.zeros(len(made.prepared.in_fmt)), len(found.anchor)
    own = made.spread(kinds(plan))
    fmt = choice.in_fmt * len(FORMATS) + choice.out_fmt
    between = found.before * len(FORMATS) + found.after
    columns = [
        np.concatenate([own, -1 - between]), np.concatenate([fmt, np.zeros(extra, np.int64)]),
        np.concatenate([none, found.elements]), np.concatenate([none, work.runs[len(none) :]]),
        work.unit, work.keep_in, work.keep_out, work.transfer_bytes, work.hops,
    ]  # fmt: skip
    if any(m.arena for m in plan.prepared.target.memories):
        columns.append(work.live_bytes)
    return columns


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
        own_at=np.arange(len(own)),
        own_stands=np.ones(len(own), np.int64),
        own_in=after.choice.in_fmt[own],
        own_out=after.choice.out_fmt[own],
        others=joined(after.work.take(after_rows), plan.work.take(before_rows)),
        of=np.repeat([0, 1], [len(after_rows), len(before_rows)]),
        stands=np.ones(len(after_rows) + len(before_rows), np.int64),
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
