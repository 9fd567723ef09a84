"""How far a model is from its budgets.

judge(totals, (Budget("latency", 0.034), Budget("size", 2.5e6)), target, fps=30)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from engine.recipe.budget import DAILY, USES, Budget, Verdict, shown
from engine.recipe.model import Totals
from engine.targets import Target


def judge(
    totals: Totals,
    budgets: Sequence[Budget],
    target: Target,
    fps: float | None = None,
    presets: Mapping[str, Totals] | None = None,
) -> tuple[Verdict, ...]:
    """Every budget against a model's totals.

    Args:
        totals: of the recipe.
        budgets: limits.
        target: hardware, for its sustained power and its usual frame rate.
        fps: inferences a second; None: the target's usual one.
        presets: label -> totals, to say in a violation how near another comes.
    """
    rate = fps if fps is not None else target.fps.value
    return tuple(_judge(totals, b, target, rate, presets or {}) for b in budgets)


def value_of(totals: Totals, budget: Budget, target: Target, fps: float) -> float | None:
    """The figure that a budget limits, in its SI unit; None when it is not known."""
    latency, energy = totals.latency_s, totals.energy_j
    rate = min(fps, 1 / latency) if latency else None
    use = USES[budget.use]
    day = None
    if rate is not None:
        day = rate * use.seconds if use.per_day is None else use.per_day
    day = budget.per_day if budget.per_day is not None else day
    spent = energy * day if energy is not None and day is not None else None
    drained = 0.0 if budget.use == "overnight" else spent
    power = energy * rate if energy is not None and rate is not None else None
    match budget.metric:
        case "latency":
            return latency
        case "fps":
            return 1 / latency if latency else None
        case "memory_power":
            return totals.memory_power(fps)
        case "power":
            return power
        case "energy":
            return energy
        case "energy_day":
            return spent
        case "battery":
            return None if drained is None else drained / (budget.battery_j or 1)
        case "battery_time":
            share = None if drained is None else drained / (budget.battery_j or 1)
            return None if share is None else share * (budget.lasts_s or 0)
        case "heat":
            allowed = target.tdp.value if target.tdp else math.inf
            return None if power is None or math.isinf(allowed) else power / allowed
        case "peak":
            return None if totals.peak_bytes is None else float(totals.peak_bytes)
        case "size":
            return None if totals.size_bytes is None else float(totals.size_bytes)
        case "accuracy":
            return None  # nothing evaluates it yet
    if totals.size_bytes is None:
        return None
    if budget.metric == "runtime_size":
        return totals.size_bytes + (budget.runtime_bytes or 0)
    return totals.size_bytes / (totals.size_bytes + (budget.app_bytes or 0))


def fitting(
    candidates: Mapping[str, Totals],
    budgets: Sequence[Budget],
    target: Target,
    fps: float | None = None,
) -> tuple[str, ...]:
    """Which of many recipes meet every budget, in their order."""
    return tuple(
        name
        for name, totals in candidates.items()
        if all(v.met for v in judge(totals, budgets, target, fps))
    )


def relaxation(
    candidates: Mapping[str, Totals],
    budgets: Sequence[Budget],
    moved: Budget,
    target: Target,
    fps: float | None = None,
) -> tuple[tuple[float, str], ...]:
    """As one budget moves: the limit from which each further candidate fits, strictest first.

    Candidates that miss another budget are left out; so are those whose figure is not known.
    """
    rate = fps if fps is not None else target.fps.value
    others = [b for b in budgets if b != moved]
    found = []
    for name in fitting(candidates, others, target, fps):
        value = value_of(candidates[name], moved, target, rate)
        if value is not None:
            found.append((value, name))
    return tuple(sorted(found, reverse=moved.measure.better == "higher"))


def gap(verdict: Verdict) -> str:
    """How far from the limit, in a few words: "12 % under 34 ms", "7 % over 34 ms"."""
    budget, limit = verdict.budget, shown(verdict.budget.limit, verdict.budget)
    if verdict.slack is None:
        reason = "not evaluated" if budget.metric == "accuracy" else "not known"
        return f"{reason}, limit {limit}"
    share = _percent(abs(verdict.slack) / budget.limit)
    if share == "0 %":
        return f"at the limit of {limit}" if verdict.met else f"just beyond {limit}"
    if abs(verdict.slack) >= 9 * budget.limit:
        return f"{(abs(verdict.slack) / budget.limit + 1):,.0f} times {limit}"
    if budget.measure.better == "higher":
        return f"{share} {'above' if verdict.met else 'short of'} {limit}"
    return f"{share} {'under' if verdict.met else 'over'} {limit}"


def _judge(
    totals: Totals, budget: Budget, target: Target, fps: float, presets: Mapping[str, Totals]
) -> Verdict:
    value = value_of(totals, budget, target, fps)
    assumed = budget.metric == "heat" or (budget.metric in DAILY and budget.per_day is None)
    label = budget.measure.label
    if value is None:
        why = f"{label} is not known: {_unknown(budget, target)}."
        if budget.metric == "accuracy":
            why = "Accuracy is not evaluated."
        return Verdict(budget, None, None, None, assumed, why)
    higher = budget.measure.better == "higher"
    slack = value - budget.limit if higher else budget.limit - value
    amount = f"{shown(abs(slack), budget)} ({_percent(abs(slack) / budget.limit)})"
    if slack >= 0:
        text = f"{label}: {shown(value, budget)}, within the limit by {amount}."
        return Verdict(budget, value, slack, True, assumed, text)
    side = "short of the limit by" if higher else "over by"
    needs = f"needs {_moved(budget.limit, value)}"
    near = _nearest(value, budget, target, fps, presets)
    text = f"{label}: {shown(value, budget)}, {side} {amount}: {needs}{near}."
    return Verdict(budget, value, slack, False, assumed, text)


def _unknown(budget: Budget, target: Target) -> str:
    if budget.metric == "heat" and (not target.tdp or math.isinf(target.tdp.value)):
        return f"no sustained power is published for {target.label}"
    return "tasks that cannot be priced stand in the way"


def _nearest(
    value: float, budget: Budget, target: Target, fps: float, presets: Mapping[str, Totals]
) -> str:
    """What the best of the presets would change, and whether it is enough; "" without any."""
    values = {n: value_of(t, budget, target, fps) for n, t in presets.items()}
    known = {n: v for n, v in values.items() if v is not None}
    if not known:
        return ""
    higher = budget.measure.better == "higher"
    name = (max if higher else min)(known, key=lambda n: known[n])
    best = known[name]
    if best <= value if higher else best >= value:
        return "; no preset does better than this"
    enough = best >= budget.limit if higher else best <= budget.limit
    given = f"{_moved(best, value, math.floor)} ({shown(best, budget)})"
    return f"; the best preset, {name}, gives {given}, {'enough' if enough else 'not enough'}"


def _moved(to: float, value: float, whole: Callable[[float], int] = math.ceil) -> str:
    """A change as signed per cent: what is needed rounded up, what is given rounded down."""
    share = (to / value - 1) * 100 if value else math.inf
    if not math.isfinite(share):
        return "more"
    places = 0 if abs(share) >= 10 else 1
    size = whole(round(abs(share) * 10**places, 6)) / 10**places
    return f"{'+' if share > 0 else '−'}{size:,.{places}f} %"


def _percent(share: float) -> str:
    """A share as per cent, with one digit under ten: "33 %", "4.2 %", "0 %"."""
    size = share * 100
    if size < 0.05:
        return "0 %"
    return f"{size:,.{0 if size >= 9.95 else 1}f} %".replace(".0 %", " %")
