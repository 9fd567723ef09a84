"""What each option costs: its own rows by every choice of weights, and what it reaches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from engine.cost import Floats, Ints, Mask, Price, Work
from engine.recipe.accept import acceptance, first_true
from engine.recipe.border import border, shifted
from engine.recipe.choose import Said, apply, share
from engine.recipe.combine import Combination, Offer
from engine.recipe.part import Part
from engine.recipe.plan import Plan, priced
from engine.recipe.reach import Case, Reached, reach, removed, whole
from engine.recipe.residency import State, by_unit, held, priced_as, same, state
from engine.recipe.rows import fixed, joined, speed_up
from engine.recipe.wiring import IS_REAL

_PRICED = ("latency_s", "memory_energy_j", "energy_j", "size_bytes")
TOTALS = tuple(f"model_{name}" for name in _PRICED)
_ROWS = 150_000  # that are laid out at a time


class _Weights(NamedTuple):
    """What the options do to the weights of `own`; [options, own]."""

    kernel: Ints
    sparsity: Floats
    pattern: Mask
    structured: Mask
    palette: Ints
    first: Floats  # share of the weights that is stored on account of the row
    shared: Ints  # [options] further tasks whose weights differ from now


def effects(plan: Plan, tasks: Ints, found: Offer) -> dict[str, Floats]:
    """Figures of every option, by column; `TOTALS` are changes against the plan; [options]."""
    p = plan.prepared
    own, labels = tasks, p.sharing[tasks]
    if (labels >= 0).any():
        own = np.union1d(tasks, np.flatnonzero(np.isin(p.sharing, labels[labels >= 0])))
    weights = _weights(plan, tasks, own, found)
    cases, of = _cases(plan, tasks, own, found, weights)
    sharing = bool((p.sharing[own] >= 0).any())
    out = {name: np.zeros(len(found.all)) for name in (*_PRICED, *TOTALS, "touched", "conversions")}
    lost = {share: removed(plan, tasks, share) for share in {c.channels for c in cases}}
    parts: dict[int, Part] = {}
    for chunk in _chunks(plan, own, len(cases)):
        some = cases[chunk.start : chunk.stop]
        reached = reach(plan, tasks, own, some, lost, parts)
        whole_ = sharing & _prunes(plan, tasks, some)
        place_ = np.where(whole_, -1, reached.border)
        for first in np.unique(place_).tolist():
            which = np.flatnonzero(place_ == first)
            at = np.flatnonzero(np.isin(of, which + chunk.start))
            case = np.searchsorted(which, of[at] - chunk.start)
            if first == border(plan):
                _fill(plan, tasks, own, weights, reached, at, which[case], out)
            elif first >= 0:
                other = shifted(plan, first)
                again = reach(
                    other, tasks, own, tuple(some[i] for i in which.tolist()), lost, parts
                )
                _fill(other, tasks, own, weights, again, at, case, out)
                for name, change in _between(plan, other).items():
                    out[name][at] += change
        for i in np.flatnonzero(whole_).tolist():
            at = np.flatnonzero(of == i + chunk.start)
            far = _far(plan, tasks, own, found.all[int(at[0])])
            _fill(plan, tasks, own, weights, far, at, np.zeros(len(at), np.int64), out)
    out["touched"] += weights.shared
    return out


def _between(plan: Plan, other: Plan) -> dict[str, float]:
    """Totals of another plan less those of the plan."""
    sums = [
        [
            float(np.nansum(_running(name, p.price.figures[name], p.work.runs)))
            for p in (other, plan)
        ]
        for name in _PRICED
    ]
    return {total: a - b for total, (a, b) in zip(TOTALS, sums, strict=True)}


def _prunes(plan: Plan, tasks: Ints, cases: tuple[Case, ...]) -> Mask:
    """Cases that change channels: who shares the weights loses them too, wherever it is."""
    now = bool(plan.choice.structured[tasks].any())
    return np.array([now or case.channels > 0 for case in cases], bool)


def _chunks(plan: Plan, own: Ints, cases: int) -> list[range]:
    size = max(1, _ROWS // (8 * len(own) + 64))
    return [range(i, min(i + size, cases)) for i in range(0, cases, size)]


def _weights(plan: Plan, tasks: Ints, own: Ints, found: Offer) -> _Weights:
    p, now = plan.prepared, plan.choice
    n = len(found.all)

    def spread(values: np.ndarray) -> np.ndarray:
        return np.tile(values[own], (n, 1))

    kernel, sparsity, pattern, structured, palette = map(
        spread, (now.kernel_fmt, now.sparsity, now.pattern, now.structured, now.palette)
    )
    first = spread(np.where(now.copies >= 0, 1.0, fixed(p).first_share))
    mine = np.isin(own, tasks) & IS_REAL[p.kernel_fmt[own]]
    asked = found.formats[:, 2:]
    kernel[:, mine] = np.where(asked >= 0, asked, kernel[:, mine])
    for values, given in (
        (sparsity, found.sparsity), (pattern, found.pattern), (structured, found.channels),
        (palette, found.palette),
    ):  # fmt: skip
        values[:, mine] = given[:, None]
    shared = np.zeros(n, np.int64)
    if (p.sharing[own] >= 0).any():
        seen: dict[Combination, int] = {}
        for i, option in enumerate(found.all):
            key = option._replace(formats=("", "", option.formats[2]))
            if key in seen:
                j = seen[key]
                for values in (kernel, sparsity, pattern, structured, palette, first, shared):
                    values[i] = values[j]
                continue
            seen[key] = i
            said = _said(plan, tasks, option)
            kernel[i] = np.where(said.kernel[own] >= 0, said.kernel[own], p.kernel_fmt[own])
            sparsity[i], pattern[i] = said.sparsity[own], said.pattern[own]
            structured[i], palette[i] = said.structured[own], said.palette[own]
            first[i] = np.where(said.copies[own] >= 0, 1.0, fixed(p).first_share[own])
            differ = (kernel[i] != now.kernel_fmt[own]) | (sparsity[i] != now.sparsity[own])
            differ |= (palette[i] != now.palette[own]) | (structured[i] != now.structured[own])
            shared[i] = int((differ & ~np.isin(own, tasks)).sum())
    return _Weights(kernel, sparsity, pattern, structured, palette, first, shared)


def _cases(
    plan: Plan, tasks: Ints, own: Ints, found: Offer, weights: _Weights
) -> tuple[tuple[Case, ...], Ints]:
    """What options do to others, each once, and the case of every option."""
    p, wide = plan.prepared, len(tasks)
    sharing = (p.sharing[own] >= 0).any()
    keys_ = (found.formats + 1) @ np.array([2**16, 2**8, 1])
    _, first, which = np.unique(keys_, return_index=True, return_inverse=True)
    triples, which = found.formats[first], which.reshape(-1)
    unit = np.empty((len(triples), wide), np.int64)
    at, step = np.searchsorted(own, tasks), max(1, _ROWS // max(wide, 1))
    for start in range(0, len(triples), step):
        some = slice(start, min(start + step, len(triples)))
        reads, makes = (triples[some, i : i + 1] for i in (0, 1))
        in_fmt = np.where((reads >= 0) & IS_REAL[p.in_fmt[tasks]], reads, p.in_fmt[tasks])
        out_fmt = np.where((makes >= 0) & IS_REAL[p.out_fmt[tasks]], makes, p.out_fmt[tasks])
        kernel = weights.kernel[first[some]][:, at]
        count = len(in_fmt)
        took = acceptance(p, in_fmt.ravel(), out_fmt.ravel(), kernel.ravel(),
                          np.tile(p.kind[tasks], count))  # fmt: skip
        broken = np.tile(p.broken[:, tasks], count)
        unit[some] = first_true((took.why == 0) & (broken == 0)).reshape(count, wide)
    places: dict[bytes, int] = {}  # where the tasks run -> number
    on = np.array([places.setdefault(row.tobytes(), len(places)) for row in unit], np.int64)
    lost, share_ = np.unique(found.sparsity * found.channels, return_inverse=True)
    kernels: dict[bytes, int] = {}
    keys = ((keys_ >> 8) * len(places) + on[which]) * len(lost) + share_.reshape(-1)
    if sharing:
        kinds = [kernels.setdefault(row.tobytes(), len(kernels)) for row in weights.kernel]
        keys = keys * len(kernels) + np.array(kinds, np.int64)
    _, at_, of = np.unique(keys, return_index=True, return_inverse=True)
    cases = tuple(
        Case(reads_, makes_, float(lost[share_.flat[i]]), weights.kernel[i])
        for i, (reads_, makes_, _) in zip(at_.tolist(), found.formats[at_].tolist(), strict=True)
    )
    return cases, of.reshape(-1)


def _far(plan: Plan, tasks: Ints, own: Ints, option: Combination) -> Reached:
    """One case that reaches everything."""
    return whole(plan, priced(plan.prepared, _said(plan, tasks, option)), own)


def _said(plan: Plan, tasks: Ints, option: Combination) -> Said:
    """What rules say with one more, that chooses an option for the tasks."""
    p = plan.prepared
    said = plan.said.take(np.arange(p.count))
    said.words = list(said.words)
    apply(p, said, tasks, option.action, True)
    share(p, said)
    return said


class _Rows(NamedTuple):
    """Rows of `own` under the options, those that are alike once; one entry a row.

    Args:
        work: to be priced.
        option: place among the options at hand, ascending; stands: for how many tasks.
        chosen: it is a task that was chosen, not one that shares its weights.
    """

    work: Work
    option: Ints
    stands: Ints
    chosen: Mask

    def of(self, options: Ints) -> _Rows:
        """The rows of some options, which keep their places."""
        if len(options) == (self.option[-1] + 1 if len(self.option) else 0):
            return self
        at = np.flatnonzero(np.isin(self.option, options))
        return _Rows(self.work.take(at), self.option[at], self.stands[at], self.chosen[at])

    def total(self, values: Floats, mask: Mask | None = None) -> Floats:
        """Sums by option; [options up to the last]."""
        weights = values * self.stands if mask is None else values * self.stands * mask
        return np.asarray(np.bincount(self.option, weights=weights), np.float64)


def _fill(
    plan: Plan, tasks: Ints, own: Ints, weights: _Weights, reached: Reached, options: Ints,
    of: Ints, out: dict[str, Floats],
) -> None:  # fmt: skip
    """Price some options, `of` the reached cases, under the weights that stay near each unit."""
    if not len(options):
        return
    target, units = plan.prepared.target, len(plan.prepared.target.units)
    mine = _own_rows(plan, tasks, own, weights, reached, options, of)
    now_held, now_state = _held_now(plan)
    sums = by_unit(now_held, plan.work.unit, units)
    both = joined(mine.work, reached.others)
    first = priced_as(target, both, now_state, sums)
    figures, further = _split(first.figures, len(mine.work), len(both))
    before = _sums(reached, further)[:, -1]
    out["touched"][options] = reached.touched[of]
    out["conversions"][options] = reached.conversions[of]
    now = [np.nansum(_running(name, plan.price.figures[name][own], plan.work.runs[own]))
           for name in _PRICED]  # fmt: skip
    for wanted, total, at in _states(plan, own, reached, mine, first, of, sums):
        rows, found, beyond, rest = mine, figures, further, np.zeros(len(_PRICED))
        if wanted != now_state:
            rows = mine.of(at)
            both = joined(rows.work, reached.others)
            again = priced_as(target, both, wanted, total)
            found, beyond = _split(again.figures, len(rows.work), len(both))
            everywhere = priced_as(target, plan.work, wanted, total)
            rest = _outside(plan, reached, everywhere.figures)
        after = _sums(reached, beyond)
        for i, name in enumerate(_PRICED):
            values = _running(name, found[name], rows.work.runs)
            out[name][options[at]] = rows.total(values, rows.chosen)[at]
            change = rows.total(np.nan_to_num(values))[at] - now[i]
            out[TOTALS[i]][options[at]] = change + after[i][of[at]] - before[i] + rest[i]


def _split(
    figures: Mapping[str, Floats], mine: int, both: int
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Figures of the rows of `own`, and of the further rows behind them."""
    return (
        {name: figures[name][:mine] for name in _PRICED},
        {name: figures[name][mine:both] for name in _PRICED},
    )


def _sums(reached: Reached, figures: Mapping[str, Floats]) -> Floats:
    """Figures of the further rows by case, last as they are now; [figures, cases + 1]."""
    runs, cases = reached.others.runs, len(reached.touched)
    values = [
        np.nan_to_num(_running(name, figures[name], runs)) * reached.stands for name in _PRICED
    ]
    return np.stack([np.bincount(reached.of, weights=v, minlength=cases + 1) for v in values])


def _running(name: str, values: Floats, runs: Floats) -> Floats:
    """Figures of an inference: what never runs counts with its size only."""
    return values if name == "size_bytes" or (runs > 0).all() else np.where(runs > 0, values, 0.0)


def _own_rows(
    plan: Plan, tasks: Ints, own: Ints, weights: _Weights, reached: Reached, options: Ints, of: Ints
) -> _Rows:
    """The rows of `own` under every option, option by option."""
    p, wide, cases = plan.prepared, len(own), len(reached.touched)
    case = reached.own_at // wide
    starts = np.searchsorted(case, np.arange(cases))
    sizes = np.bincount(case, minlength=cases)[of]
    option = np.repeat(np.arange(len(of)), sizes)
    within = np.arange(len(option)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    at = starts[of][option] + within
    column, work = reached.own_at[at] % wide, reached.own.take(at)
    index = own[column]
    kernel, pattern, structured, sparsity, palette, first = (
        getattr(weights, name)[options[option], column]
        for name in ("kernel", "pattern", "structured", "sparsity", "palette", "first")
    )
    unit = work.unit
    took = acceptance(p, reached.own_in[at], reached.own_out[at], kernel, p.kind[index])
    compute = took.compute[np.maximum(unit, 0), np.arange(len(unit))]
    work = replace(
        work,
        kernel=kernel,
        sparsity=np.where(structured, 0.0, sparsity),
        palette=palette,
        first_share=first,
        macs=p.columns["macs"][index] / speed_up(p, pattern, unit),
        compute=np.where(unit >= 0, compute, 0),
    )
    return _Rows(work, option, reached.own_stands[at], np.isin(own, tasks)[column])


def _held_now(plan: Plan) -> tuple[Floats, State]:
    """Bytes of weights that every row keeps near its unit, and what the near memories serve."""
    kept: list[tuple[Work, Floats, State]] = plan.prepared.kept.setdefault("held", [])
    for work, values, now in kept:
        if work is plan.work:
            return values, now
    target = plan.prepared.target
    values = held(plan.price, len(plan.work))
    now = state(target, by_unit(values, plan.work.unit, len(target.units)))
    kept[:] = [*kept[-3:], (plan.work, values, now)]
    return values, now


def _states(
    plan: Plan, own: Ints, reached: Reached, mine: _Rows, found: Price, of: Ints, sums: Floats
) -> list[tuple[State, Floats, Ints]]:  # fmt: skip
    """What the near memories serve under each option: (state, bytes by unit, places in `of`)."""
    now, wanted = _held_now(plan)
    if not any(wanted):
        return [(wanted, sums, np.arange(len(of)))]
    units, cases = len(sums), len(reached.touched)
    each = held(found, len(found.bound))
    here, theirs = np.split(each[: len(mine.work) + len(reached.of)], [len(mine.work)])
    theirs = theirs * reached.stands
    totals = np.zeros((len(of), units))
    for u in range(units):
        by_case = np.bincount(
            reached.of, weights=np.where(reached.others.unit == u, theirs, 0), minlength=cases + 1
        )
        gone = now[own][plan.work.unit[own] == u].sum()
        added = mine.total(np.where(mine.work.unit == u, here, 0.0))
        totals[:, u] = sums[u] - gone + added + by_case[of] - by_case[cases]
    target = plan.prepared.target
    if same(target, totals, sums):
        return [(wanted, sums, np.arange(len(of)))]
    groups: dict[State, list[int]] = {}
    known: dict[bytes, State] = {}
    for i, row in enumerate(totals):
        key = row.tobytes()
        if key not in known:
            known[key] = state(target, row)
        groups.setdefault(known[key], []).append(i)
    return [(s, totals[at[0]], np.array(at)) for s, at in groups.items()]


def _outside(plan: Plan, reached: Reached, figures: Mapping[str, Floats]) -> Floats:
    """What other shares of near memory do to all tasks that are not reached."""
    rows = np.flatnonzero(~reached.inside)
    runs = plan.work.runs[rows]
    change = []
    for name in _PRICED:
        difference = figures[name][rows] - plan.price.figures[name][rows]
        change.append(float(np.nansum(_running(name, difference, runs))))
    return np.array(change)
