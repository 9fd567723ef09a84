"""What a model may cost in its use, and how far a recipe is from it.

    judge(totals, (Budget("latency", 0.034), Budget("size", 2.5e6)), target, fps=30)

A budget is a metric, a limit in its SI unit, and how the model is used.  The use says how many
inferences there are in a day when nothing else does; all such figures are assumptions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple

from engine.errors import EngineError
from engine.recipe.model import Totals
from engine.targets import Target

DAY = 86_400.0  # s
Better = Literal["lower", "higher"]


class Measure(NamedTuple):
    """What a budget can be on.

    Args:
        label: what the user reads; unit: SI unit of the limit, "" for a share.
        better: "higher" for a least value.
        help: one sentence, with the formula.
    """

    label: str
    unit: str
    better: Better
    help: str


MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "latency": Measure("Latency", "s", "lower", "Time of one inference."),
        "fps": Measure("Frames a second", "1/s", "higher", "1 / latency."),
        "memory_power": Measure("Memory power", "W", "lower",
                                "Energy of the memories times the inferences a second."),
        "power": Measure("Power", "W", "lower", "Energy of an inference times the rate."),
        "energy": Measure("Energy", "J", "lower", "Energy of one inference."),
        "energy_day": Measure("Energy a day", "J", "lower",
                              "Energy of an inference times the inferences a day."),
        "battery": Measure("Battery a day", "", "lower", "Energy a day / energy of the battery."),
        "battery_time": Measure("Battery time a day", "s", "lower",
                                "Share of the battery a day x the time that it lasts without it."),
        "heat": Measure("Sustained heat", "", "lower",
                        "Power / the power that the target's vendor allows for long; assumption."),
        "peak": Measure("Peak memory", "B", "lower", "Largest sum of activations alive at once."),
        "size": Measure("Size", "B", "lower", "Stored weights."),
        "app_share": Measure("Share of the application", "", "lower",
                             "Size / (size + rest of the application)."),
    }
)  # fmt: skip


class Use(NamedTuple):
    """How a model is used: inferences a day (None: at the frame rate) for seconds a day."""

    label: str
    per_day: float | None
    seconds: float
    help: str


# Duty of each use; assumptions, made to be overridden by `per_day`.
USES: Mapping[str, Use] = MappingProxyType(
    {
        "": Use("Not said", None, DAY, "At the frame rate, all day."),
        "one-time": Use("Once", 1.0, 0.0, "One inference a day at most, as at installation."),
        "user-invoked": Use("On demand", 100.0, 0.0, "100 inferences a day, when a person asks."),
        "background": Use("In the background", 1_000.0, 0.0, "1,000 inferences a day, unseen."),
        "overnight": Use("Overnight on the charger", None, 8 * 3600.0,
                         "At the frame rate for 8 hours; it takes nothing from the battery."),
        "real-time": Use("In real time", None, 3600.0, "At the frame rate for an hour a day."),
        "always-on": Use("Always on", None, DAY, "At the frame rate, all day."),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit of one figure.

    Args:
        metric: a key of `MEASURES`.
        limit: in its SI unit; shares 0..1.
        use: a key of `USES`.
        per_day: inferences a day, in place of the use's; None for the use's.
        battery_j: energy of the battery, J, for "battery" and "battery_time".
        lasts_s: time that the battery lasts without the model, s, for "battery_time".
        app_bytes: the rest of the application, B, for "app_share".

    Raises:
        EngineError: no such metric or use, or a number out of range.
    """

    metric: str
    limit: float
    use: str = ""
    per_day: float | None = None
    battery_j: float | None = None
    lasts_s: float | None = None
    app_bytes: float | None = None

    def __post_init__(self) -> None:
        if self.metric not in MEASURES:
            raise EngineError("no such figure to limit", "budget", one_of(MEASURES),
                              str(self.metric)[:80])  # fmt: skip
        where = f"budget on {self.metric}"
        if self.use not in USES:
            raise EngineError("no such use", where, one_of(USES), str(self.use)[:80])
        numbers = {"limit": self.limit, "per_day": self.per_day, "battery_j": self.battery_j,
                   "lasts_s": self.lasts_s, "app_bytes": self.app_bytes}  # fmt: skip
        for name, value in numbers.items():
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise EngineError("is no number", f"{where}, {name}", "a number", str(value)[:40])
            if not math.isfinite(value) or value <= 0:
                raise EngineError("out of range", f"{where}, {name}", "a finite number above 0",
                                  f"{value:g}")  # fmt: skip
        if self.metric in ("battery", "app_share") and self.limit > 1:
            raise EngineError("a share above the whole", where, "at most 100 %", f"{self.limit:g}")
        for metric, name, what in (
            ("battery", "battery_j", "the energy of the battery, J"),
            ("battery_time", "battery_j", "the energy of the battery, J"),
            ("battery_time", "lasts_s", "how long the battery lasts without the model, s"),
            ("app_share", "app_bytes", "the bytes of the rest of the application"),
        ):
            if self.metric == metric and getattr(self, name) is None:
                raise EngineError("cannot be judged without its base", where, f"{name}: {what}")

    @property
    def measure(self) -> Measure:
        """What it is on."""
        return MEASURES[self.metric]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A budget against a model.

    Args:
        value: in the budget's unit; None unknown.
        slack: how far within (positive) or beyond (negative) the limit, in its unit; None unknown.
        met: None when the value is not known.
        assumed: the figure rests on an assumption (heat, duty of a use).
        sentence: the same for a person.
    """

    budget: Budget
    value: float | None
    slack: float | None
    met: bool | None
    assumed: bool
    sentence: str


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
    if totals.size_bytes is None:
        return None
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


def _judge(
    totals: Totals, budget: Budget, target: Target, fps: float, presets: Mapping[str, Totals]
) -> Verdict:
    value = value_of(totals, budget, target, fps)
    duty = budget.metric in ("energy_day", "battery", "battery_time") and budget.per_day is None
    assumed = duty or budget.metric == "heat"
    label = budget.measure.label
    if value is None:
        no_limit = budget.metric == "heat" and (not target.tdp or math.isinf(target.tdp.value))
        why = (f"no sustained power is published for {target.label}" if no_limit
               else "tasks that cannot be priced stand in the way")  # fmt: skip
        return Verdict(budget, None, None, None, assumed, f"{label} is not known: {why}.")
    higher = budget.measure.better == "higher"
    slack = value - budget.limit if higher else budget.limit - value
    share = abs(slack) / budget.limit * 100
    places = 0 if share >= 10 else 1
    amount = f"{shown(abs(slack), budget)} ({share:,.{places}f} %)"
    if slack >= 0:
        text = f"{label}: {shown(value, budget)}, within the limit by {amount}."
        return Verdict(budget, value, slack, True, assumed, text)
    side = "short of the limit by" if higher else "over by"
    text = f"{label}: {shown(value, budget)}, {side} {amount}"
    return Verdict(budget, value, slack, False, assumed,
                   f"{text}{_nearest(budget, target, fps, presets)}.")  # fmt: skip


def _nearest(budget: Budget, target: Target, fps: float, presets: Mapping[str, Totals]) -> str:
    """How near the best of the presets comes, "" without any."""
    values = {n: value_of(t, budget, target, fps) for n, t in presets.items()}
    known = {n: v for n, v in values.items() if v is not None}
    if not known:
        return ""
    pick = max if budget.measure.better == "higher" else min
    name = pick(known, key=lambda n: known[n])
    return f"; the best preset, {name}, reaches {shown(known[name], budget)}"


def shown(value: float, budget: Budget) -> str:
    """A figure as a person reads it: "3.1 ms", "2.5 MB", "9.3 %"."""
    unit = budget.measure.unit
    if not unit:
        return f"{value * 100:.3g} %"
    if unit == "1/s":
        return f"{value:.3g} a second"
    if unit == "s" and value >= 60:
        return f"{value / 60:.3g} min"
    for scale, lead in ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1, ""), (1e-3, "m"), (1e-6, "µ")):
        if value >= scale and (unit != "s" or scale <= 1) and (unit != "B" or scale >= 1):
            return f"{value / scale:.3g} {lead}{unit}"
    return f"{value:.3g} {unit}"


def one_of(known: Mapping[str, object]) -> str:
    """The keys of a table, for the sentence of an error."""
    return f"one of {', '.join(k for k in known if k)}"
