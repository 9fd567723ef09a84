"""Metrics that a formula makes of others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from engine.errors import EngineError
from engine.experiments import fields, formula
from engine.experiments.direction import guess
from engine.experiments.identity import digest_of
from engine.experiments.issues import Issues
from engine.experiments.model import Direction, Experiment, MetricSpec

MAX_FORMULAS = 50


def computed(frame: pl.DataFrame, specs: Sequence[MetricSpec], issues: Issues) -> pl.DataFrame:
    """The frame with the columns of metrics that have a formula; a bad formula is reported.

    A formula may use metrics that stand before it, and all that are measured.
    """
    if not any(s.formula for s in specs):
        return frame
    columns = {s.name: frame[s.column].to_numpy() for s in specs if not s.formula}
    for spec in [s for s in specs if s.formula][:MAX_FORMULAS]:
        try:
            found = formula.values(spec.formula, columns, frame.height)
        except EngineError as fault:
            issues.add("error", "bad-formula", f"{spec.name}: {fault.sentence.rstrip('.')}")
            continue
        columns[spec.name] = found
        frame = frame.with_columns(pl.Series(spec.column, found).fill_nan(None))
    return frame


def with_formula(
    experiment: Experiment, name: str, text: str, direction: Direction = "", unit: str = ""
) -> Experiment:
    """The experiment with one more metric, computed from others; it is written with the file.

    A formula metric of that name is replaced.

    Raises:
        EngineError: the name is taken or cannot be used, or the formula cannot be read.
    """
    if fields.name(name) is None:
        raise EngineError("the name cannot be used", "metric", found=repr(name[:80]))
    before = next((s for s in experiment.metrics if s.name == name), None)
    if before and not before.formula:
        raise EngineError("there is a metric of that name", "metric", found=repr(name[:80]))
    kept = [s for s in experiment.metrics if s is not before]
    columns = {s.name: experiment.frame[s.column].to_numpy() for s in kept}
    found = formula.values(text, columns, len(experiment.models))
    column = before.column if before else f"m{len(experiment.metrics)}"
    spec = MetricSpec(
        name, column, unit, direction=direction or guess(name, unit), stated=bool(direction),
        formula=text,
    )  # fmt: skip
    listed = experiment.document.get("metrics")
    entries = [e for e in listed if not (isinstance(e, dict) and e.get("name") == name)] if (
        isinstance(listed, list)) else []  # fmt: skip
    entry = {"name": name, "formula": text, "primary": True}
    entry |= {"direction": direction} if direction else {}
    entry |= {"unit": unit} if unit else {}
    body = {**experiment.document, "metrics": [*entries, entry]}
    series = pl.Series(column, np.asarray(found)).fill_nan(None)
    specs = tuple(spec if s is before else s for s in experiment.metrics)
    return replace(
        experiment,
        metrics=specs if before else (*specs, spec),
        frame=experiment.frame.with_columns(series),
        document=body,
        digest=digest_of(body),
    )
