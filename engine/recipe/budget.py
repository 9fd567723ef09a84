"""What a model may cost in its use.

    Budget("latency", 0.034), Budget("size", 2.5e6, "always-on")

A budget is a metric, a limit in its SI unit, and how the model is used.  The use says how many
inferences there are in a day when nothing else does; all such figures are assumptions.
`budget_judge.py` holds a model against it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple

from engine.errors import EngineError

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
        "runtime_size": Measure("Size with its runtime", "B", "lower",
                                "Stored weights + the bytes that you name for the runtime; "
                                "Paredown does not model those."),
        "accuracy": Measure("Accuracy", "", "higher",
                            "Share of right answers; nothing evaluates it yet."),
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


# metric -> fields of `Budget` that it cannot be judged without
BASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "battery": ("battery_j",),
        "battery_time": ("battery_j", "lasts_s"),
        "app_share": ("app_bytes",),
        "runtime_size": ("runtime_bytes",),
    }
)
BASE_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "battery_j": "the energy of the battery, J",
        "lasts_s": "how long the battery lasts without the model, s",
        "app_bytes": "the bytes of the rest of the application",
        "runtime_bytes": "the bytes that the runtime brings along",
    }
)
DAILY = ("energy_day", "battery", "battery_time")  # metrics that rest on the inferences a day


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
        runtime_bytes: code and tables that the runtime brings along, B, for "runtime_size".

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
    runtime_bytes: float | None = None

    def __post_init__(self) -> None:
        if self.metric not in MEASURES:
            raise EngineError("no such figure to limit", "budget", one_of(MEASURES),
                              str(self.metric)[:80])  # fmt: skip
        where = f"budget on {self.metric}"
        if self.use not in USES:
            raise EngineError("no such use", where, one_of(USES), str(self.use)[:80])
        numbers = {"limit": self.limit, "per_day": self.per_day, "battery_j": self.battery_j,
                   "lasts_s": self.lasts_s, "app_bytes": self.app_bytes,
                   "runtime_bytes": self.runtime_bytes}  # fmt: skip
        for name, value in numbers.items():
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise EngineError("is no number", f"{where}, {name}", "a number", str(value)[:40])
            if not math.isfinite(value) or value <= 0:
                raise EngineError("out of range", f"{where}, {name}", "a finite number above 0",
                                  f"{value:g}")  # fmt: skip
        if self.metric in ("battery", "app_share", "accuracy") and self.limit > 1:
            raise EngineError("a share above the whole", where, "at most 100 %", f"{self.limit:g}")
        for name in BASES.get(self.metric, ()):
            if getattr(self, name) is None:
                raise EngineError("cannot be judged without its base", where,
                                  f"{name}: {BASE_WORDS[name]}")  # fmt: skip

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


def shown(value: float, budget: Budget) -> str:
    """A figure as a person reads it: "3.1 ms", "2.5 MB", "9.3 %"; never in exponent form."""
    unit = budget.measure.unit
    if not unit:
        return f"{_digits(value * 100)} %"
    if unit == "1/s":
        return f"{_digits(value)} fps"
    if unit == "s" and value >= 60:
        return f"{_digits(value / 60)} min"
    for scale, lead in ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1, ""), (1e-3, "m"), (1e-6, "µ")):
        if value >= scale and (unit != "s" or scale <= 1) and (unit != "B" or scale >= 1):
            return f"{_digits(value / scale)} {lead}{unit}"
    least = "µ" if value > 0 and unit != "B" else ""
    return f"{_digits(value * 1e6 if least else value)} {least}{unit}"


def _digits(value: float) -> str:
    """Three significant digits: "0.0312", "9.3", "1,240"."""
    if not value or not math.isfinite(value):
        return f"{value:g}"
    places = max(0, 2 - math.floor(math.log10(abs(float(f"{value:.2e}")))))
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if places else text


def one_of(known: Mapping[str, object]) -> str:
    """The keys of a table, for the sentence of an error."""
    return f"one of {', '.join(k for k in known if k)}"
