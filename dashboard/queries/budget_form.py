"""A budget as the fields of a form, both ways, and what each metric asks for."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from engine.errors import EngineError
from engine.recipe import (
    AMOUNTS,
    BASES,
    DAILY,
    MEASURES,
    UNITS,
    USES,
    Budget,
    amount,
    parse,
    shown,
)  # fmt: skip

# field -> (label, example); each but the first two is one of `AMOUNTS`
FIELDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "limit": ("Limit", "34"),
        "per_day": ("Inferences a day", "as of the use"),
        "battery": ("Battery", "15 Wh"),
        "lasts": ("It lasts", "20 h"),
        "app": ("Rest of the application", "80 MB"),
        "runtime": ("Runtime", "1 MB"),
    }
)
# SI unit -> what a person picks from, the usual one first
PICKED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "s": ("ms", "µs", "s", "min", "h"),
        "1/s": ("fps",),
        "W": ("mW", "W", "µW"),
        "J": ("mJ", "µJ", "J", "kJ", "mWh", "Wh"),
        "B": ("MB", "kB", "GB", "B", "MiB", "KiB", "GiB"),
        "": ("%",),
    }
)
USUAL = MappingProxyType({"energy_day": "J", "battery_time": "min", "power": "W"})  # of a metric
MAX_TEXT = 80  # characters of a field


def kinds() -> dict[str, dict[str, Any]]:
    """Metric -> what the form shows for it: sign, units, the fields that it needs, help."""
    return {
        metric: {
            "sign": _sign(metric),
            "units": list(PICKED[measure.unit]),
            "usual": USUAL.get(metric, PICKED[measure.unit][0]),
            "needs": sorted(_needed(metric)),
            "help": measure.help,
        }
        for metric, measure in MEASURES.items()
    }


def read_form(fields: Mapping[str, object]) -> Budget:
    """The budget of a form that anyone may have filled in.

    Args:
        fields: "metric", "unit", "use" and the keys of `FIELDS`, as text.

    Raises:
        EngineError: the first field that is wrong; `field_of` says which.
    """
    texts = {k: v.strip() if isinstance(v, str) else "" for k, v in fields.items()}
    metric, limit, unit = (texts.get(k, "") for k in ("metric", "limit", "unit"))
    if metric not in MEASURES:
        raise EngineError("choose what to limit", FIELDS["limit"][0])
    if not limit:
        raise EngineError("say how much", FIELDS["limit"][0], f"such as {FIELDS['limit'][1]}")
    long = [k for k, text in texts.items() if k in FIELDS and len(text) > MAX_TEXT]
    if long:
        raise EngineError("too long", FIELDS[long[0]][0], f"at most {MAX_TEXT} characters")
    base: dict[str, float | None] = {}
    for field in _needed(metric):
        name, si = AMOUNTS.get(field, (field, ""))
        label, example = FIELDS[field]
        if texts.get(field):
            base[name] = amount(texts[field], si, label)
        elif field != "per_day":  # the use says how many inferences there are
            raise EngineError("is needed for this limit", label, f"such as {example}")
    bare = limit[-1].isdigit() or limit[-1] == "."  # else the unit stands in the field
    return parse(f"{metric}={limit}{unit if bare else ''}", texts.get("use", ""), **base)


def field_of(error: EngineError) -> str:
    """The field that an error of `read_form` is about."""
    return next((f for f, (label, _) in FIELDS.items() if error.where == label), "limit")


def form_of(budget: Budget) -> dict[str, str]:
    """The fields that make a budget."""
    units = PICKED[budget.measure.unit]
    texts = {u: _plain(budget.limit / UNITS[u][1]) for u in units if not u.endswith("iB")}
    fits = [u for u in texts if UNITS[u][1] <= budget.limit * 1.0000001] or [units[0]]
    unit = min(fits, key=lambda u: (len(texts[u]), -UNITS[u][1]))
    made = {
        "metric": budget.metric,
        "limit": texts[unit],
        "unit": unit,
        "use": budget.use,
        "per_day": "" if budget.per_day is None else _plain(budget.per_day),
    }
    for field, (name, si) in AMOUNTS.items():
        value = getattr(budget, name)
        whole = {"J": ("Wh", 3600.0), "s": ("h", 3600.0), "B": ("MB", 1e6)}[si]
        made[field] = "" if value is None else f"{_plain(value / whole[1])} {whole[0]}"
    return made


def words(budget: Budget) -> tuple[str, str]:
    """("Latency at most 34 ms", "in real time, 20 a day"): a budget in plain words."""
    rests = []
    if budget.use:
        rests.append(USES[budget.use].label[0].lower() + USES[budget.use].label[1:])
    if budget.per_day is not None:
        rests.append(f"{_plain(budget.per_day)} inferences a day")
    texts = form_of(budget)
    rests += [
        f"{FIELDS[f][0][0].lower()}{FIELDS[f][0][1:]} {texts[f]}" for f in AMOUNTS if texts[f]
    ]
    said = f"{budget.measure.label} {_sign(budget.metric)} {shown(budget.limit, budget)}"
    return said, ", ".join(rests)


def _sign(metric: str) -> str:
    return "at least" if MEASURES[metric].better == "higher" else "at most"


def _needed(metric: str) -> list[str]:
    flags = [f for f, (name, _) in AMOUNTS.items() if name in BASES.get(metric, ())]
    return [*(["per_day"] if metric in DAILY else []), *flags]


def _plain(value: float) -> str:
    """A number that reads back as itself, without an exponent unless it is very long."""
    text = f"{value:.12g}"
    return text if "e" not in text or len(f"{Decimal(text):f}") > 30 else f"{Decimal(text):f}"
