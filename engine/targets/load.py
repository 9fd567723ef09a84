"""Reads the catalogue: TOML with `inherit`, checked key by key."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.errors import EngineError
from engine.targets.constraints import RULES
from engine.targets.model import Codec, Figure, Limit, Memory, Target, Unit
from engine.units import FORMAT_BITS

CATALOGUE = Path(__file__).parent / "catalogue"
GRADES = ("A", "A*", "B", "B-", "C", "M", "D")
# Field -> the unit its figures must be in.
_UNIT_OF = MappingProxyType(
    {
        "rates": "MAC/s", "element_rate": "op/s", "special_rate": "op/s", "output_rate": "op/s",
        "weight_rate": "weight/s", "launch": "s", "hop": "s", "efficiency": "", "depthwise": "",
        "mac_energy": "J/MAC", "op_energy": "J/op", "tile": "", "sparse_2_4": "", "fps": "1/s",
        "bandwidth": "B/s", "link_bandwidth": "B/s", "energy": "J/B", "link_energy": "J/B",
        "idle": "W", "static": "W", "tdp": "W", "capacity": "B",
    }
)  # fmt: skip
_FIGURES_OF = frozenset({"rates", "mac_energy", "tile", "depthwise"})
_WORDS = MappingProxyType(
    {
        "kind": ("microcontroller", "npu", "cpu", "gpu"),
        "partition": ("any", "prefix"),
        "confidence": ("modelled", "calibrated", "measured"),
        "sparse": ("run", "load"),
        "runtime": ("onnxruntime",),
    }
)
# The order in which a person meets the targets: from small to large, and what runs here last.
ORDER = (
    "stm32h7", "ethos-u55-256", "ethos-u65-512", "ethos-u85-512", "ethos-u85-2048", "edge-tpu",
    "raspberry-pi-5", "phone-npu", "apple-neural-engine", "jetson-orin-nano-15w",
    "jetson-orin-nano-25w", "jetson-orin-nano-maxn", "h200", "x86-avx2", "onnxruntime-cpu",
)  # fmt: skip


@cache
def targets() -> tuple[Target, ...]:
    """All targets of the catalogue, from small to large."""
    return tuple(load_file(CATALOGUE / f"{name}.toml") for name in ORDER)


def target(id: str) -> Target:
    """One target by its id.

    Raises:
        EngineError: no such target; the sentence lists the known ids.
    """
    for found in targets():
        if found.id == id:
            return found
    raise EngineError("no such target", id, f"one of {', '.join(t.id for t in targets())}")


def load_file(path: Path) -> Target:
    """Read and check one file of a catalogue; `inherit` names a file beside it, without ".toml".

    Tables merge key by key, the heir wins; `order` sorts the units where an heir adds one.

    Raises:
        EngineError: names the file and the key that is wrong.
    """
    data = _merged(path, ())
    where = path.name
    order = data.pop("order", None)
    units = data.pop("units", {})
    data["units"] = tuple(
        _record(Unit, {"id": name, **_table(units, name, where)}, f"{where}: units.{name}")
        for name in (order or units)
    )
    memories = data.pop("memories", {})
    order = data.pop("levels", None)
    data["memories"] = tuple(
        _record(Memory, {"id": name, **_table(memories, name, where)}, f"{where}: memories.{name}")
        for name in (order or memories)
    )
    data["id"] = path.stem
    made: Target = _record(Target, data, where)
    _check_whole(made, where)
    return made


def _table(tables: Mapping[str, Any], name: str, where: str) -> dict[str, Any]:
    if not isinstance(tables.get(name), dict):
        raise EngineError("is not a table", f"{where}: {name}")
    return dict(tables[name])


def _merged(path: Path, seen: tuple[str, ...]) -> dict[str, Any]:
    if path.name in seen:
        raise EngineError("inherits from itself", path.name, found=" → ".join((*seen, path.name)))
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise EngineError("no such file in the catalogue", path.name) from None
    except tomllib.TOMLDecodeError as fault:
        raise EngineError(f"is not TOML: {fault}", path.name) from None
    parent = data.pop("inherit", None)
    if parent is None:
        return data
    return _merge(_merged(path.parent / f"{parent}.toml", (*seen, path.name)), data)


def _merge(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Tables merge, but a figure (a table with a value) and a list are replaced as a whole."""
    out = dict(old)
    for key, value in new.items():
        mine = out.get(key)
        tables = isinstance(value, dict) and isinstance(mine, dict) and "value" not in value
        out[key] = _merge(out[key], value) if tables else value
    return out


def _record(kind: Any, data: dict[str, Any], where: str) -> Any:
    known = {f.name: f for f in fields(kind)}
    for key in data:
        if key not in known:
            raise EngineError("unknown key", f"{where}.{key}", f"one of {', '.join(known)}")
    for name, f in known.items():
        if name not in data and f.default is MISSING and f.default_factory is MISSING:
            raise EngineError("missing key", f"{where}.{name}")
    return kind(**{key: _value(key, value, f"{where}.{key}") for key, value in data.items()})


def _value(key: str, value: Any, where: str) -> Any:
    if key in _FIGURES_OF:
        return MappingProxyType({k: _figure(v, _UNIT_OF[key], f"{where}.{k}")
                                 for k, v in value.items()})  # fmt: skip
    if key in _UNIT_OF:
        return _figure(value, _UNIT_OF[key], where)
    if key == "limits":
        return tuple(_limit(rule, values, f"{where}.{rule}") for rule, values in value.items())
    if key == "codec":
        return _codec(value, where)
    if key == "palettes":
        return MappingProxyType({int(k): _word("sparse", v, where) for k, v in value.items()})
    if key == "without_passes":
        return frozenset(value)
    if key in _WORDS:
        return _word(key, value, where)
    if isinstance(value, dict):
        for fmt in value:
            _format(fmt, where)
        return MappingProxyType(dict(value))
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise EngineError("is a bare number", where, "{ value, unit, grade, source }")
    return value


def _figure(value: Any, unit: str, where: str) -> Figure:
    if not isinstance(value, dict) or "value" not in value:
        raise EngineError("is not a figure", where, "{ value, unit, grade, source }")
    extra = set(value) - {"value", "unit", "grade", "source", "assumption", "range"}
    if extra:
        raise EngineError("unknown key", f"{where}.{min(extra)}")
    number, found = value["value"], value.get("unit", "")
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not number >= 0:
        raise EngineError("is not a number of zero or more", where, found=repr(number))
    if found != unit:
        raise EngineError("has another unit", where, f'"{unit}"', f'"{found}"')
    grade = value.get("grade", "D" if "assumption" in value else "")
    if grade not in GRADES:
        raise EngineError("has no grade", where, f"one of {', '.join(GRADES)}", f'"{grade}"')
    key = "assumption" if grade == "D" else "source"
    if not value.get(key) or len(value.keys() & {"source", "assumption"}) != 1:
        raise EngineError(f"has no {key}", where, f"{key} = where the number comes from")
    return Figure(float(number), unit, grade, value[key], _range(value, float(number), where))


def _range(value: Any, number: float, where: str) -> tuple[float, float] | None:
    if "range" not in value:
        return None
    match value["range"]:
        case [float() | int() as low, float() | int() as high] if 0 <= low <= number <= high:
            return float(low), float(high)
    raise EngineError("has a range that does not hold its value", where, "range = [low, high]")


def _limit(rule: str, values: Any, where: str) -> Limit:
    if rule not in RULES:
        raise EngineError("unknown rule", where, f"one of {', '.join(RULES)}")
    needs = "{low}" in (RULES[rule].__doc__ or "")
    if set(values) != ({"low", "high"} if needs else set()):
        raise EngineError("has other limits", where, "low and high" if needs else "none")
    return Limit(rule, MappingProxyType({k: float(v) for k, v in values.items()}))


def _codec(value: Mapping[str, Any], where: str) -> Codec:
    for key in ("zeros", "palettes", "grade", "source"):
        if not value.get(key):
            raise EngineError("missing key", f"{where}.{key}")
    zeros = tuple((float(a), float(b)) for a, b in value["zeros"])
    palettes = MappingProxyType({int(k): float(v) for k, v in value["palettes"].items()})
    return Codec(zeros, palettes, value["grade"], value["source"])


def _word(key: str, value: Any, where: str) -> str:
    if value not in _WORDS[key]:
        raise EngineError("unknown word", where, f"one of {', '.join(_WORDS[key])}", repr(value))
    return str(value)


def _format(fmt: str, where: str) -> None:
    if fmt not in FORMAT_BITS:
        raise EngineError("unknown format", where, f"one of {', '.join(FORMAT_BITS)}", f'"{fmt}"')


def _check_whole(made: Target, where: str) -> None:
    if not made.units or not made.memories:
        raise EngineError("has no units or no memories", where)
    for unit in made.units:
        for fmt in (*unit.rates, *unit.computes_as.values(), *unit.integers, *unit.weights):
            _format(fmt, f"{where}: units.{unit.id}")
        for fmt in unit.rates:
            if fmt not in unit.mac_energy:
                raise EngineError("missing key", f"{where}: units.{unit.id}.mac_energy.{fmt}")
        for wide in unit.computes_as.values():
            if wide not in unit.rates:
                raise EngineError("computes in a format without a rate",
                                  f"{where}: units.{unit.id}", found=wide)  # fmt: skip
        levels = made.levels(unit.id)
        if not any(m.weights == "home" for m in levels) or not any(m.activations for m in levels):
            raise EngineError("has no memory for its weights or its activations",
                              f"{where}: units.{unit.id}")  # fmt: skip
    if made.fallback.kernels:
        raise EngineError("the last unit is the fallback and runs every kernel",
                          f"{where}: units.{made.fallback.id}.kernels")  # fmt: skip
