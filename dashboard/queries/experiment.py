"""One experiment for its page: the columns that travel, and the places of the map."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import engine
from dashboard.queries.experiment_words import (
    cost_of,
    glossary,
    quality_of,
    recipe_words,
    step_words,
    told,
)
from dashboard.queries.offspring import unfinished
from engine.experiments import Experiment, Layout, plain
from engine.store import ChildRow, ExperimentRow

DIGITS = 7  # significant digits of a metric that are sent to the browser
WIDE = 20.0  # most over least from which the axis of the cost is logarithmic
MAX_PARAMETERS = 24  # columns of parameters in the table


def about(experiment: Experiment) -> dict[str, Any]:
    """What the page says of metrics and parameters, and which of them it begins with."""
    words = glossary(experiment)
    for spec in experiment.metrics:
        known = [v for v in experiment.frame[spec.column].to_list() if v is not None]
        words[spec.column]["span"] = [min(known), max(known)] if known else [0, 1]
        words[spec.column]["unknown"] = len(experiment.models) - len(known)
    quality, cost = quality_of(experiment), cost_of(experiment)
    return {
        "glossary": words,
        "names": {f"p{k}": name for k, name in enumerate(parameters(experiment))},
        "quality": quality.column if quality else "",
        "cost": cost.column if cost else "",
        "log": "x" if cost and _wide(*words[cost.column]["span"]) else "",
    }


def _wide(least: float, most: float) -> bool:
    """Values so far apart that most would stand on one spot of a linear axis."""
    return least > 0 and most / least > WIDE


def version_of(row: ExperimentRow, children: Sequence[ChildRow]) -> str:
    """Another one whenever the columns are others."""
    return f"{row.sha256[:16]}.{row.version}.{len(children)}"


def payload(
    row: ExperimentRow, experiment: Experiment, children: Sequence[ChildRow] = ()
) -> dict[str, Any]:
    """Every model as columns: identity, words, the metrics; and what `about` says."""
    models = experiment.models
    return about(experiment) | {
        "key": version_of(row, children),
        "unfinished": unfinished(experiment, tuple(children)),
        "version": row.version,
        "model": [m.id for m in models],
        "label": [m.label for m in models],
        "name": [recipe_words(experiment, k) for k in range(len(models))],
        "step": [step_words(experiment, m) for m in models],
        "operation": [m.operation.name if m.operation else "" for m in models],
        "parent": list(experiment.forest.parent),
        "root": list(experiment.forest.root),
        "depth": list(experiment.forest.depth),
        "notes": [m.notes for m in models],
        "flags": [", ".join(m.flags) for m in models],
        "author": [m.author for m in models],
        "time": [m.time for m in models],
        "parameters": {
            f"p{k}": [_value(dict(told(m)).get(name)) for m in models]
            for k, name in enumerate(parameters(experiment))
        },
        "metrics": {
            spec.column: [_short(v) for v in experiment.frame[spec.column].to_list()]
            for spec in experiment.metrics
        },
        "errors": {
            spec.column: {
                str(m.row): m.errors.get(spec.name, spec.error)
                for m in models
                if m.errors.get(spec.name, spec.error) is not None
            }
            for spec in experiment.metrics
            if spec.error is not None or any(spec.name in m.errors for m in models)
        },
    }


def parameters(experiment: Experiment) -> tuple[str, ...]:
    """Names of the parameters that operations of the models use, the most used first."""
    count: dict[str, int] = {}
    for model in experiment.models:
        for name, _ in told(model):
            count[name] = count.get(name, 0) + 1
    ranked = sorted(count, key=lambda name: -count[name])
    return tuple(ranked[:MAX_PARAMETERS])


def _value(value: Any) -> Any:
    if isinstance(value, float):
        return float(plain(value))
    return (
        value
        if isinstance(value, int | str) and not isinstance(value, bool)
        else (None if value is None else plain(value))
    )


def _short(value: float | None) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{DIGITS}g}")


def places(experiment: Experiment, by: str, collapsed: Sequence[int]) -> dict[str, Any]:
    """Where each model stands on the map; arrays in the order of the rows, -1: folded away."""
    ids = [experiment.models[k].id for k in collapsed if 0 <= k < len(experiment.models)]
    found: Layout = engine.model_map(experiment, "step" if by == "step" else "operation", ids)
    column, lane, hidden = ([-1] * len(experiment.models) for _ in range(3))
    for k, c, n, h in found.positions.iter_rows():
        column[k], lane[k], hidden[k] = c, n, h
    return {
        "by": found.by,
        "titles": [c.title for c in found.columns],
        "lanes": found.lanes,
        "column": column,
        "lane": lane,
        "hidden": hidden,
    }
