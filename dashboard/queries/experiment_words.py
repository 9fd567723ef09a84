"""An experiment in the words and units of the page: metrics, operations, names of models."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from dashboard.components import significant
from engine.experiments import Experiment, MetricSpec, Model, plain

MAX_STEPS = 5  # operations in the name of a model
_PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
_QUALITY = re.compile(r"accuracy|\bf-?1|score|exact|\bmap\b|iou|bleu|auc", re.IGNORECASE)
_COSTS = (re.compile(r"size|bytes", re.IGNORECASE), re.compile(r"latency|time", re.IGNORECASE))


@dataclass(frozen=True, slots=True)
class Shown:
    """How a metric is shown: page value = value x scale, with a unit.

    Args:
        spec: the metric.
        scale: to page units.
        unit: of the page.
        digits: significant ones.
        places: decimal ones instead; None: none.
    """

    spec: MetricSpec
    scale: float
    unit: str
    digits: int = 3
    places: int | None = None

    @property
    def header(self) -> str:
        """Name and unit of a column."""
        return f"{self.spec.name}, {self.unit}" if self.unit else self.spec.name

    def text(self, value: float | None) -> str:
        """A value with its unit; "unknown" without one."""
        if value is None:
            return "unknown"
        return f"{self.number(value)} {self.unit}".strip()

    def number(self, value: float) -> str:
        """A value in page units, without its unit."""
        size = abs(value * self.scale)
        text = significant(size, self.digits) if self.places is None else f"{size:.{self.places}f}"
        return text if value >= 0 else f"-{text}"


def shown(spec: MetricSpec, values: Sequence[float | None]) -> Shown:
    """How a metric is shown, from its format and the largest of its values.

    A share (format ends in %, or 0 to 1 and higher is better) is shown in percent; a value with an
    SI format, or in bytes, gets the prefix that fits the largest.
    """
    known = [abs(v) for v in values if v is not None]
    most = max(known, default=0.0)
    digits = 3
    found = re.search(r"\.(\d)", spec.format)
    if spec.format.endswith("%") or (
        not spec.unit and spec.low == 0 and spec.high == 1 and most <= 1
    ):
        return Shown(spec, 100.0, "%", places=2 if found and int(found[1]) >= 2 else 1)
    unit = spec.unit.strip()
    if spec.format.endswith("s") or unit in ("B", "bytes"):
        base = "B" if unit in ("B", "bytes") else unit
        for size, prefix in _PREFIXES:
            if most >= size:
                return Shown(spec, 1 / size, prefix + base, digits)
        return Shown(spec, 1.0, base, digits)
    if known and all(float(v).is_integer() for v in known) and most < 1e6:
        digits = max(digits, len(str(int(most))))
    return Shown(spec, 1.0, unit, digits)


def glossary(experiment: Experiment) -> dict[str, dict[str, Any]]:
    """Column -> what the page says of the metric, in its order."""
    told: dict[str, dict[str, Any]] = {}
    for spec in experiment.metrics:
        how = shown(spec, experiment.frame[spec.column].to_list())
        better = {"higher": "higher is better", "lower": "lower is better"}.get(spec.direction, "")
        guessed = "" if spec.stated or not better else " (taken from its name)"
        told[spec.column] = {
            "id": spec.column,
            "label": spec.name,
            "header": how.header,
            "unit": how.unit,
            "scale": how.scale,
            "digits": how.digits,
            **({} if how.places is None else {"places": how.places}),
            "better": spec.direction,
            "primary": spec.primary,
            "formula": spec.formula,
            "low": spec.low,
            "high": spec.high,
            "help": ". ".join(p for p in (spec.name, better + guessed, spec.formula) if p),
        }
    return told


def quality_of(experiment: Experiment) -> MetricSpec | None:
    """The metric that says how good a model is: a primary one where higher is better."""
    known = [m for m in (*experiment.primary, *experiment.metrics) if _varies(experiment, m)]
    higher = [m for m in known if m.direction == "higher"]
    named = [m for m in higher if _QUALITY.search(m.name)]
    return next(iter((*named, *higher, *known, *experiment.metrics)), None)


def cost_of(experiment: Experiment) -> MetricSpec | None:
    """The metric that says what a model costs: size before latency before another."""
    quality = quality_of(experiment)
    known = [m for m in (*experiment.primary, *experiment.metrics) if _varies(experiment, m)]
    lower = [m for m in known if m.direction == "lower" and m is not quality]
    named = [m for pattern in _COSTS for m in lower if pattern.search(m.name)]
    others = [m for m in known if m is not quality]
    return next(iter((*named, *lower, *others)), None)


def _varies(experiment: Experiment, spec: MetricSpec) -> bool:
    column = experiment.frame[spec.column].drop_nulls()
    return len(column) > 0 and bool(column.min() != column.max())


def step_words(experiment: Experiment, model: Model) -> str:
    """What sets a model apart from others of its operation: the values of its parameters."""
    if model.operation is None or not model.base:
        return model.label
    name, differ = model.operation.name, differing(experiment).get(model.operation.name)
    words = (
        parameter_words(name, k, v)
        for k, v in told(model)
        if (differ is None or k in differ) and plain(v) != name
    )
    return ", ".join(filter(None, words))


@lru_cache(maxsize=8)
def differing(experiment: Experiment) -> Mapping[str, frozenset[str]]:
    """Operation -> the parameters in which its models differ.

    An operation that made one model only is not in it: all its parameters are told.
    """
    seen: dict[str, list[tuple[tuple[str, Any], ...]]] = {}
    for model in experiment.models:
        if model.operation is not None and model.base:
            seen.setdefault(model.operation.name, []).append(tuple(told(model)))
    found: dict[str, frozenset[str]] = {}
    for name, every in seen.items():
        values: dict[str, set[str]] = {}
        for pairs in every:
            for parameter, value in pairs:
                values.setdefault(parameter, set()).add(plain(value))
        count = {p: sum(p in dict(pairs) for pairs in every) for p in values}
        differ = frozenset(p for p in values if len(values[p]) > 1 or count[p] < len(every))
        if len(every) > 1:
            found[name] = differ
    return MappingProxyType(found)


def told(model: Model) -> list[tuple[str, Any]]:
    """(parameter, value) of a model's operation, in the order of the file."""
    return list(model.operation.parameters.items()) if model.operation else []


def parameter_words(operation: str, name: str, value: Any) -> str:
    """A value of a parameter: 0.5 of an amount or a sparsity is "50 %", bits 8 is "8 bits".

    A flag is its name where it is set, and "" where it is not.
    """
    if isinstance(value, bool):
        return name.replace("_", " ") if value else ""
    share = re.search(r"amount|sparsity|ratio|fraction|rate", name, re.IGNORECASE)
    number = isinstance(value, int | float)
    if share and number and 0 < value < 1 and math.isfinite(value):
        return f"{float(value) * 100:.3g} %"
    if number and re.fullmatch(r"(n_?)?bits?", name, re.IGNORECASE):
        return f"{plain(value)} bits" if value != 1 else "1 bit"
    if number:
        return f"{name} {plain(value)}" if len(name) <= 12 else plain(value)
    return plain(value)


def recipe_words(experiment: Experiment, row: int) -> str:
    """The name of a model as the steps that made it: "prune 70 % → repair → 4 bits".

    A root is called by its label; of a long chain the last steps are told.
    """
    steps: list[str] = []
    at = row
    while experiment.forest.parent[at] >= 0:
        model = experiment.models[at]
        if model.operation is None:
            steps.append(model.label)
        else:
            steps.append(f"{model.operation.name} {step_words(experiment, model)}".strip())
        at = experiment.forest.parent[at]
        if len(steps) > MAX_STEPS:
            break
    if not steps:
        return experiment.models[row].label
    if len(steps) > MAX_STEPS:
        steps = [*steps[: MAX_STEPS - 1], "…"]
    return " → ".join(reversed(steps))
