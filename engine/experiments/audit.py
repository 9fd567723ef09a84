"""Remarks on an experiment that loaded: what looks wrong or odd in its values and links.

Each rule is one function with its reason; none changes anything.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.experiments.issues import Issues
from engine.experiments.model import Forest, MetricSpec, Model

_TAG = re.compile(r"\s*([^()]*?)\s*\((.*)\)\s*\Z", re.DOTALL)
MAX_NAMES = 10_000  # models whose ids are compared
_SLOW_S = 5.0  # s; slower than this for one inference or batch is rather ms


def remarks(
    models: Sequence[Model], specs: Sequence[MetricSpec], links: Forest, issues: Issues
) -> None:
    """Add what is odd to the issues."""
    if not models:
        issues.add("warning", "no-models", "the experiment holds no model")
        return
    _metrics(models, specs, issues)
    _roots(models, links, issues)
    _tags(models, issues)
    _noise(models, issues)
    if len(models) <= MAX_NAMES:
        _names(models, issues)
    _twins(models, specs, links, issues)
    _against_parameters(models, specs, issues)


def _metrics(models: Sequence[Model], specs: Sequence[MetricSpec], issues: Issues) -> None:
    """Missing, undeclared, constant, out of bounds, and units that cannot be."""
    by_name = {s.name: s for s in specs}
    for spec in specs:
        if spec.formula:
            continue
        values = [v for m in models if (v := m.metrics.get(spec.name)) is not None]
        if spec.declared:
            lacking = [m.id for m in models if spec.name not in m.metrics]
            for id in lacking:
                issues.add("warning", "missing-value", f"{spec.name} is not given", id)
        else:
            issues.add("warning", "undeclared-metric", f"metric {spec.name!r} is not declared")
        if not values:
            issues.add("warning", "empty-metric", f"{spec.name} is known for no model")
            continue
        low, high = min(values), max(values)
        if low == high and len(values) > 1:
            issues.add("note", "constant-metric", f"{spec.name} is {low:g} for every model")
        for model in models:
            value = model.metrics.get(spec.name)
            if value is not None and (
                (spec.low is not None and value < spec.low)
                or (spec.high is not None and value > spec.high)
            ):
                issues.add("warning", "out-of-bounds",
                           f"{spec.name} lies outside its declared bounds", model.id)  # fmt: skip
        if spec.unit == "s" and re.search("latency", spec.name, re.I) and low > _SLOW_S:
            issues.add("note", "odd-unit", f"{spec.name} is {low:.3g} to {high:.3g} s; "
                       "perhaps these are milliseconds")  # fmt: skip
        spread = re.sub(r"\bSTD\b", "Mean", spec.name)
        if spread != spec.name and spread in by_name:
            for model in models:
                value, mean = model.metrics.get(spec.name), model.metrics.get(spread)
                if value is not None and mean is not None and value > mean > 0:
                    issues.add("note", "wide-spread", f"{spec.name} is above {spread}", model.id)


def _roots(models: Sequence[Model], links: Forest, issues: Issues) -> None:
    """A root may carry an operation, which then opens the first column of the map."""
    for row in links.roots:
        step = models[row].operation
        if step is not None:
            issues.add("note", "root-operation", f"the root carries operation {step.name!r}",
                       models[row].id)  # fmt: skip
    for model in models:
        if model.base and model.operation is None:
            issues.add("warning", "no-operation", "has a base but no operation", model.id)


def _tags(models: Sequence[Model], issues: Issues) -> None:
    """A tag written as "Prune (amount: 0.5)" may not be what the operation says."""
    if not any(m.tag for m in models):
        issues.add("note", "no-tags", "no model has a tag, so ids are shown")
        return
    for model in models:
        found = _TAG.match(model.tag)
        if not found or model.operation is None:
            continue
        keys = {part.split(":")[0].strip() for part in found[2].split(",")}
        step = model.operation
        if found[1].casefold() != step.name.casefold() or keys != set(step.parameters):
            issues.add("note", "tag-differs", "the tag tells another operation or other parameters",
                       model.id)  # fmt: skip


def _noise(models: Sequence[Model], issues: Issues) -> None:
    """0.6000000000000001 was meant as 0.6; numbers are shown and compared so."""
    for model in models:
        for name, value in (model.operation.parameters if model.operation else {}).items():
            if isinstance(value, float) and repr(value) != repr(float(f"{value:.12g}")):
                issues.add("note", "float-noise", f"{name} carries rounding noise", model.id)


def _names(models: Sequence[Model], issues: Issues) -> None:
    """An id that extends another model's id was probably made from that one."""
    ids = {m.id for m in models}
    for model in models:
        if not model.base or not model.id.startswith(model.base):
            continue
        for end in range(len(model.id) - 1, len(model.base), -1):
            if not model.id[end].isalnum() and model.id[:end] in ids:
                issues.add("note", "base-unlike-id",
                           "the id extends another model's, but the base is an earlier one",
                           model.id)  # fmt: skip
                break


def _twins(
    models: Sequence[Model], specs: Sequence[MetricSpec], links: Forest, issues: Issues
) -> None:
    """A child with exactly its base's values: the operation did nothing, or was not measured."""
    shown = [s.name for s in specs if s.primary and not s.formula]
    if len(shown) < 2:
        return
    for model in models:
        parent = links.parent[model.row]
        if parent < 0:
            continue
        mine = [model.metrics.get(n) for n in shown]
        # latency is never the same twice, so it tells nothing here
        same = [
            a == b
            for n, a, b in zip(shown, mine, map(models[parent].metrics.get, shown), strict=True)
            if a is not None and not re.search("latency|time", n, re.I)
        ]
        if len(same) >= 2 and all(same):
            issues.add("note", "twin", "has the same values as its base", model.id)


def _against_parameters(
    models: Sequence[Model], specs: Sequence[MetricSpec], issues: Issues
) -> None:
    """A root's parameter that has a metric's name should have its value too."""
    names = {s.name.casefold(): s.name for s in specs}
    for model in models:
        if model.base or model.operation is None:
            continue
        for name, value in model.operation.parameters.items():
            metric = names.get(name.casefold())
            known = model.metrics.get(metric) if metric else None
            if known is not None and isinstance(value, (int, float)) and value != known:
                issues.add("note", "parameter-unlike-metric",
                           f"parameter {name} is {value}, but metric {metric} is {known:g}",
                           model.id)  # fmt: skip
