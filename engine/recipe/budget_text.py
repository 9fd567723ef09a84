"""Budgets as people write them ("latency=34ms"), and as JSON, both ways.

{"schema": 1, "budgets": [{"metric": "latency", "limit": 0.034, "use": "real-time"}]}
"""

from __future__ import annotations

import json
import re
from dataclasses import fields as fields_of
from types import MappingProxyType
from typing import Any

from engine.errors import EngineError
from engine.recipe.budget import BASES, DAILY, MEASURES, Budget, Measure, one_of
from engine.recipe.strict import SCHEMA, fields, read_json, real, sequence, versioned, word

MAX_BUDGETS = 64
MAX_LINE = 4_000  # characters of budgets in one line
# flag of the command line -> (field of `Budget`, its unit)
AMOUNTS = MappingProxyType(
    {"battery": ("battery_j", "J"), "lasts": ("lasts_s", "s"), "app": ("app_bytes", "B"),
     "runtime": ("runtime_bytes", "B")}
)  # fmt: skip
_WORDS = ("metric", "use")
_NUMBERS = tuple(f.name for f in fields_of(Budget) if f.name not in _WORDS)


# suffix -> (unit, scale to SI)
UNITS = MappingProxyType(
    {"s": ("s", 1.0), "ms": ("s", 1e-3), "us": ("s", 1e-6), "µs": ("s", 1e-6), "ns": ("s", 1e-9),
     "min": ("s", 60.0), "h": ("s", 3600.0), "W": ("W", 1.0), "mW": ("W", 1e-3),
     "uW": ("W", 1e-6), "µW": ("W", 1e-6),
     "J": ("J", 1.0), "mJ": ("J", 1e-3), "uJ": ("J", 1e-6), "µJ": ("J", 1e-6), "kJ": ("J", 1e3),
     "Wh": ("J", 3600.0), "mWh": ("J", 3.6), "B": ("B", 1.0), "kB": ("B", 1e3), "MB": ("B", 1e6),
     "GB": ("B", 1e9), "KiB": ("B", 1024.0), "MiB": ("B", 1024.0**2), "GiB": ("B", 1024.0**3),
     "%": ("", 0.01), "fps": ("1/s", 1.0), "Hz": ("1/s", 1.0), "": ("", 1.0)}
)  # fmt: skip
_TEXT = re.compile(
    r"\s*([a-z_]+)\s*(=|<=|>=|≤|≥)\s*([-+0-9.eE]+|[a-z]+)\s*(\S*?)\s*", re.ASCII | re.I
)
_AMOUNT = re.compile(r"\s*(\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)\s*(\S*?)\s*", re.ASCII)
_FLAG = re.compile(r"--([a-z-]+)(?:\s*=\s*|\s+)(\S+)", re.ASCII)
# where one budget ends: what follows is a word and a sign of comparison
_BETWEEN = re.compile(r"[\s,;]+(?=[a-z_-]+\s*(?:=|<=|>=|≤|≥))", re.ASCII | re.I)
_SPOKEN = MappingProxyType(
    {"memory-power": "memory_power", "thermal": "heat", "memory": "peak", "runtime": "runtime_size"}
)


def parse(text: str, use: str = "", **base: float | None) -> Budget:
    """A budget as people write it: "latency=34ms", "size<=2.5MB", "fps=30", "battery=5%".

    Args:
        text: metric, sign, number and unit; a bare number is in the SI unit.
        use: a key of `USES`.
        base: further fields of `Budget`.

    Raises:
        EngineError: it cannot be read, or does not fit the metric.
    """
    metric, limit = _read(text)
    return Budget(metric, limit, use, **base)


def _read(text: str) -> tuple[str, float]:
    """Metric and limit in its SI unit.

    Raises:
        EngineError: it cannot be read.
    """
    where = "budget"
    found = _TEXT.fullmatch(text[:200].replace("-power", "_power"))
    if not found:
        raise EngineError("cannot be read", where, 'such as "latency=34ms" or "size<=2.5MB"',
                          repr(text[:80]))  # fmt: skip
    name, sign, number, suffix = found.groups()
    metric = _SPOKEN.get(name.lower(), name.lower())
    if metric not in MEASURES:
        raise EngineError("no such figure to limit", where, one_of(MEASURES), name)
    measure = MEASURES[metric]
    wrong = {"lower": (">=", "≥"), "higher": ("<=", "≤")}[measure.better]
    if sign in wrong:
        meant = "<=" if measure.better == "lower" else ">="
        raise EngineError("limits the wrong side", f"budget on {metric}", meant, sign)
    if suffix not in UNITS:
        raise EngineError("no such unit", f"budget on {metric}", _units(measure), suffix[:20])
    unit, scale = UNITS[suffix]
    if suffix and unit != measure.unit:
        raise EngineError("is in a unit of something else", f"budget on {metric}",
                          _units(measure), suffix)  # fmt: skip
    try:
        value = float(number) * scale
    except ValueError:
        raise EngineError("is no number", f"budget on {metric}", "a number", number[:40]) from None
    return metric, value


def parse_all(text: str, use: str = "") -> tuple[Budget, ...]:
    """Several budgets in one line, with the flags of the command line for what they rest on.

        latency<=34ms size<=2.5MB battery<=5% --battery 15Wh --use always-on

    Args:
        text: budgets beside each other; a flag holds for all of them.
        use: a key of `USES`, where no flag names one.

    Raises:
        EngineError: the first that cannot be read, or does not fit its metric; too many.
    """
    if len(text) > MAX_LINE:
        raise EngineError("too long", "budgets", f"at most {MAX_LINE:,} characters",
                          f"{len(text):,}")  # fmt: skip
    base: dict[str, float | None] = {}
    for flag, value in _FLAG.findall(text):
        if flag == "use":
            use = value
        elif flag == "per-day":
            base["per_day"] = amount(value, "", "--per-day")
        elif flag in AMOUNTS:
            name, unit = AMOUNTS[flag]
            base[name] = amount(value, unit, f"--{flag}")
        elif flag != "budget":
            known = ", ".join(f"--{f}" for f in ("use", "per-day", *AMOUNTS))
            raise EngineError("no such flag", "budgets", f"one of {known}", f"--{flag[:40]}")
        else:
            continue
    rest = _FLAG.sub(lambda m: f" {m[2]}" if m[1] == "budget" else " ", text).strip(" ,;\n\t")
    parts = [p for p in _BETWEEN.split(rest) if p.strip(" ,;")]
    if len(parts) > MAX_BUDGETS:
        raise EngineError("too many", "budgets", f"at most {MAX_BUDGETS}", f"{len(parts)}")
    if not parts:
        raise EngineError("cannot be read", "budgets", 'such as "latency=34ms size<=2.5MB"')
    made = []
    for part in parts:
        metric, limit = _read(part.strip(" ,;"))
        needed = (*BASES.get(metric, ()), *(("per_day",) if metric in DAILY else ()))
        made.append(Budget(metric, limit, use, **{n: base.get(n) for n in needed}))
    return tuple(made)


def amount(text: str, unit: str, where: str) -> float:
    """A figure with its unit as people write it, in SI: "15Wh" -> 54000.0 J, "80MB" -> 8e7 B.

    Args:
        text: number and unit; a bare number is in the SI unit.
        unit: the SI unit that is meant; "" for a count.
        where: what it is for, for the sentence.

    Raises:
        EngineError: it cannot be read, or is in a unit of something else.
    """
    found = _AMOUNT.fullmatch(text[:80])
    known = [s for s, (of, _) in UNITS.items() if of == unit and s] if unit else []
    expected = f"a number and one of {', '.join(known)}" if unit else "a plain number"
    if not found or (found[2] and found[2] not in known):
        raise EngineError("cannot be read", where, expected, repr(text[:80]))
    value = float(found[1]) * (UNITS[found[2]][1] if found[2] else 1.0)
    if not 0 < value < float("inf"):
        raise EngineError("out of range", where, "a finite number above 0", text[:40])
    return value


def plain_budgets(budgets: tuple[Budget, ...]) -> dict[str, Any]:
    """Budgets as what JSON is made of."""
    rows = [
        {f: getattr(b, f) for f in (*_WORDS, *_NUMBERS) if getattr(b, f) not in (None, "")}
        for b in budgets
    ]
    return {"schema": SCHEMA, "budgets": rows}


def dump_budgets(budgets: tuple[Budget, ...]) -> str:
    """Budgets as JSON, `load_budgets(dump_budgets(b)) == b`."""
    return json.dumps(plain_budgets(budgets), allow_nan=False, ensure_ascii=False)


def load_budgets(text: str) -> tuple[Budget, ...]:
    """The budgets of a JSON text that may be broken or hostile.

    Raises:
        EngineError: not budgets; the sentence says where.
    """
    rows = versioned(read_json(text, "budgets"), "budgets", "budgets")
    sequence(rows, "budgets", MAX_BUDGETS)
    return tuple(_budget(row, f"budget {i}") for i, row in enumerate(rows, 1))


def _budget(body: Any, where: str) -> Budget:
    made = fields(body, where, {*_WORDS, *_NUMBERS}, {"metric", "limit"})
    given: dict[str, Any] = {f: word(made[f], f"{where}.{f}", 40) for f in _WORDS if f in made}
    given |= {f: real(made[f], f"{where}.{f}") for f in _NUMBERS if f in made}
    return Budget(**given)


def _units(measure: Measure) -> str:
    known = [s for s, (unit, _) in UNITS.items() if unit == measure.unit and s]
    return f"one of {', '.join(known)}" if known else "a plain number"
