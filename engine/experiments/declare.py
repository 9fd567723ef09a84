"""What a file declares: metrics with unit, format and direction, operations with parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.experiments import fields
from engine.experiments.direction import guess
from engine.experiments.issues import Issues
from engine.experiments.model import Direction, MetricSpec, Model, OperationSpec, ParameterSpec

MAX_METRICS = 300
MAX_OPERATIONS = 2000
_METRIC = {"name", "min", "max", "range", "primary", "format", "unit", "direction", "error",
           "formula"}  # fmt: skip
_PARAMETER = {"type", "min", "max", "options", "format"}
_DIRECTIONS: dict[str, Direction] = {
    "higher": "higher", "max": "higher", "maximize": "higher", "maximise": "higher",
    "lower": "lower", "min": "lower", "minimize": "lower", "minimise": "lower", "none": "", "": "",
}  # fmt: skip


def listed(document: Mapping[str, Any], key: str, most: int, issues: Issues) -> list[Any]:
    """A list of the file that may be absent."""
    value = document.get(key)
    if value is None:
        issues.add("warning", "no-list", f"the file has no list of {key}")
        return []
    if not isinstance(value, list):
        issues.add("error", "wrong-type", f"{key} is no list, so it was passed over")
        return []
    if len(value) > most:
        issues.add("error", "too-many", f"{key} has more than {most:,} entries; the rest is left")
    return value[:most]


def metrics(document: Mapping[str, Any], issues: Issues) -> list[dict[str, Any]]:
    """The declared metrics, as arguments of `MetricSpec` without the column."""
    found: dict[str, dict[str, Any]] = {}
    for entry in listed(document, "metrics", MAX_METRICS, issues):
        if isinstance(entry, str):
            entry = {"name": entry}
        name = fields.name(entry.get("name")) if isinstance(entry, dict) else None
        if name is None:
            issues.add("error", "bad-metric", "a declared metric has no name")
        elif name in found:
            issues.add("warning", "metric-twice", f"metric {name!r} is declared twice", "")
        else:
            found[name] = _metric(name, entry, issues)
    return list(found.values())


def _metric(name: str, entry: Mapping[str, Any], issues: Issues) -> dict[str, Any]:
    at = f"metric {name!r}"
    strange = sorted(set(entry) - _METRIC)
    if strange:
        issues.add("note", "unknown-field", f"{at} has fields that mean nothing here: "
                   + ", ".join(map(repr, strange[:5])))  # fmt: skip
    unit = fields.text(entry.get("unit"), f"the unit of {at}", issues, most=40)
    span = entry.get("range")
    span = dict(zip(("min", "max"), span, strict=False)) if isinstance(span, list) else span
    span = span if isinstance(span, dict) else {}
    low = fields.bound(entry.get("min", span.get("min")), f"the minimum of {at}", issues)
    high = fields.bound(entry.get("max", span.get("max")), f"the maximum of {at}", issues)
    if low is not None and high is not None and low > high:
        issues.add("warning", "bounds-swapped", f"the minimum of {at} lies above its maximum")
        low, high = high, low
    primary = entry.get("primary", False)
    if not isinstance(primary, bool):
        issues.add("warning", "wrong-type", f"'primary' of {at} is neither true nor false")
        primary = False
    said = entry.get("direction")
    word = said.lower() if isinstance(said, str) else "?"
    known = word in _DIRECTIONS
    if said is not None and not known:
        issues.add("warning", "bad-direction", f"the direction of {at} is neither higher nor lower")
    error = fields.bound(entry.get("error"), f"the error of {at}", issues)
    return {
        "name": name, "unit": unit, "low": low, "high": high, "primary": primary,
        "format": fields.text(entry.get("format"), f"the format of {at}", issues, most=40),
        "direction": _DIRECTIONS[word] if known else guess(name, unit),
        "stated": known, "error": abs(error) if error is not None else None,
        "formula": fields.text(entry.get("formula"), f"the formula of {at}", issues, most=1000),
    }  # fmt: skip


def metric_specs(made: Sequence[Mapping[str, Any]], used: Mapping[str, int]) -> list[MetricSpec]:
    """All metrics: declared ones, then those that models carry without a declaration.

    When none is marked primary, all declared ones are (and all, when none is declared).
    """
    every = list(made) + [
        {"name": name, "primary": False, "direction": guess(name), "declared": False}
        for name in list(used)[: max(0, MAX_METRICS - len(made))]
        if name not in {m["name"] for m in made}
    ]
    none = not any(m["primary"] for m in every)
    return [
        MetricSpec(**{**m, "column": f"m{k}",
                      "primary": m["primary"] or (none and (not made or k < len(made)))})
        for k, m in enumerate(every)
    ]  # fmt: skip


def operations(document: Mapping[str, Any], issues: Issues) -> list[OperationSpec]:
    """The declared operations; their parameters stand as an object of specs or a list of names."""
    found: dict[str, OperationSpec] = {}
    for entry in listed(document, "operations", MAX_OPERATIONS, issues):
        name = fields.name(entry.get("name")) if isinstance(entry, dict) else None
        if name is None:
            issues.add("error", "bad-operation", "a declared operation has no name")
            continue
        if name in found:
            issues.add("warning", "operation-twice", f"operation {name!r} is declared twice")
            continue
        given = entry.get("parameters")
        if isinstance(given, list):
            issues.add(
                "note", "parameters-as-list", f"operation {name!r} only names its parameters"
            )
            given = {n: {} for n in given if isinstance(n, str)}
        specs = fields.mapping(given, f"parameters of operation {name!r}", issues)
        found[name] = OperationSpec(
            name,
            tuple(
                _parameter(name, key, spec, issues)
                for key, spec in list(specs.items())[: fields.MAX_PARAMETERS]
                if fields.name(key)
            ),
        )
    return list(found.values())


def _parameter(operation: str, name: str, spec: Any, issues: Issues) -> ParameterSpec:
    at = f"parameter {name!r} of operation {operation!r}"
    given = fields.mapping(spec, at, issues)
    strange = sorted(set(given) - _PARAMETER)
    if strange:
        issues.add("warning", "unknown-field", f"{at} has fields that mean nothing here: "
                   + ", ".join(map(repr, strange[:5])))  # fmt: skip
    options = given.get("options")
    if options is not None and not isinstance(options, list):
        issues.add("warning", "wrong-type", f"the options of {at} are no list")
        options = None
    return ParameterSpec(
        name,
        fields.text(given.get("type"), f"the type of {at}", issues, most=40),
        fields.text(given.get("format"), f"the format of {at}", issues, most=40),
        tuple(fields.parameter(o) for o in (options or [])[:200]),
        fields.bound(given.get("min"), f"the minimum of {at}", issues),
        fields.bound(given.get("max"), f"the maximum of {at}", issues),
    )


def with_used(
    declared: Sequence[OperationSpec], models: Sequence[Model], issues: Issues
) -> tuple[OperationSpec, ...]:
    """Declared operations and those that only models use; where the two disagree is reported."""
    known = {spec.name: {p.name: p for p in spec.parameters} for spec in declared}
    extra: dict[str, dict[str, ParameterSpec]] = {}
    for model in models:
        step = model.operation
        if step is None:
            continue
        if step.name not in known:
            issues.add("warning", "undeclared-operation",
                       f"operation {step.name!r} is used but not declared", model.id)  # fmt: skip
            extra.setdefault(step.name, {}).update(
                {p: ParameterSpec(p) for p in step.parameters if p not in extra[step.name]}
                if step.name in extra
                else {p: ParameterSpec(p) for p in step.parameters}
            )
            continue
        specs = known[step.name]
        _against(model.id, step.name, step.parameters, specs, issues)
    return (
        *declared,
        *(OperationSpec(n, tuple(p.values()), declared=False) for n, p in extra.items()),
    )


def _against(
    id: str,
    operation: str,
    given: Mapping[str, Any],
    specs: Mapping[str, ParameterSpec],
    issues: Issues,
) -> None:
    """Report where one model's parameters are not those that its operation declares."""
    if list(given) != list(specs) and set(given) != set(specs):
        issues.add(
            "warning", "other-parameters",
            f"operation {operation!r} declares {_names(specs)}, models use {_names(given)}", id,
        )  # fmt: skip
    for name, value in given.items():
        spec = specs.get(name)
        if spec is None:
            continue
        if spec.options and value not in spec.options:
            text = f"{name} {value!r} of {operation!r} is not among its options"
            issues.add("warning", "not-an-option", text, id)
        real = fields.number(value)
        if real is not None and (
            (spec.low is not None and real < spec.low)
            or (spec.high is not None and real > spec.high)
        ):
            issues.add("warning", "parameter-out-of-bounds",
                       f"{name} of {operation!r} lies outside its bounds", id)  # fmt: skip


def _names(found: Mapping[str, Any]) -> str:
    return ", ".join(sorted(found)[:8]) or "nothing"
