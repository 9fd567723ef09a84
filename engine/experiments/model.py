"""The records of an experiment: models joined by operations, with metrics.

Everything here is frozen.  `Experiment.document` is the JSON as it was read; it is kept so that
writing gives back what this version does not understand, and nobody may change it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

from engine.errors import EngineError

Direction = Literal["higher", "lower", ""]
Level = Literal["error", "warning", "note"]
Value = str | float | int | bool | None

# Columns of `Experiment.frame` before those of the metrics, which are "m0", "m1" ... (floats; null
# is unknown).  `parent` and `root` are rows of the same frame; -1: none.
MODEL_SCHEMA: dict[str, Any] = {
    "row": pl.Int32,
    "id": pl.String,
    "label": pl.String,
    "base": pl.String,
    "operation": pl.String,
    "parameters": pl.String,
    "parent": pl.Int32,
    "root": pl.Int32,
    "depth": pl.Int32,
    "children": pl.Int32,
    "time": pl.String,
    "author": pl.String,
    "notes": pl.String,
    "flags": pl.List(pl.String),
}


@dataclass(frozen=True, slots=True)
class Issue:
    """What reading an experiment found, of one kind.

    Args:
        level: "error": something was left out or cut; "warning": it looks wrong; "note": odd.
        kind: a word for programs, such as "missing-base".
        sentence: what a person reads.
        models: ids it concerns, the first ones.
        count: how many it concerns.
    """

    level: Level
    kind: str
    sentence: str
    models: tuple[str, ...] = ()
    count: int = 1


@dataclass(frozen=True, slots=True)
class Operation:
    """The compression step from a model's base to it.

    Args:
        name: what was done.
        parameters: name -> value, in the order of the file; a list or object stands as its JSON.
    """

    name: str
    parameters: Mapping[str, Value] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """As people write it: "prune (amount 0.5, method magnitude)"."""
        told = ", ".join(f"{k} {plain(v)}" for k, v in self.parameters.items())
        return f"{self.name} ({told})" if told else self.name


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """What the file declares on a parameter of an operation.

    Args:
        name: of the parameter.
        kind: "continuous", "nominal", "ordinal" or another word of the file; "" undeclared.
        format: d3 format of its values; "" plain.
        options: values that are declared.
        low: declared minimum.
        high: declared maximum.
    """

    name: str
    kind: str = ""
    format: str = ""
    options: tuple[Value, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class OperationSpec:
    """An operation that the file declares, or that its models use (`declared` is false)."""

    name: str
    parameters: tuple[ParameterSpec, ...] = ()
    declared: bool = True


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """A metric of the models.

    Args:
        name: key of the models' values.
        column: of `Experiment.frame`: "m0", "m1" ...
        unit: suffix of its values.
        format: d3 format of its values; "" leaves it to the page.
        primary: shown first; when the file marks none, all are.
        direction: which values are better; "" not known.
        stated: the direction stands in the file; else it was guessed from the name.
        low: declared minimum; None: the data's.
        high: declared maximum; None: the data's.
        error: ± of every value where a model states none; None: not known.
        formula: of a metric computed from others; "" measured.
        declared: the file names it in its list.
    """

    name: str
    column: str
    unit: str = ""
    format: str = ""
    primary: bool = True
    direction: Direction = ""
    stated: bool = False
    low: float | None = None
    high: float | None = None
    error: float | None = None
    formula: str = ""
    declared: bool = True


@dataclass(frozen=True, slots=True)
class Model:
    """One model of the experiment.

    Args:
        row: its place in the experiment, 0-based.
        id: unique name.
        base: id of the model it was made from; "" for a root, or where the base is not there.
        others: ids of further bases (a teacher, the second model of a merge).
        operation: the step that made it; None: not told.
        tag: label of the file; "" none.
        metrics: name -> value; None is unknown.
        errors: name -> ± of the value.
        time: when it was made, ISO 8601; "" not told.
        author: who made it.
        notes: free text.
        flags: words that people put on it ("chosen", "suspect").
        artefacts: label -> address or path of what belongs to it.
    """

    row: int
    id: str
    base: str = ""
    others: tuple[str, ...] = ()
    operation: Operation | None = None
    tag: str = ""
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    errors: Mapping[str, float] = field(default_factory=dict)
    time: str = ""
    author: str = ""
    notes: str = ""
    flags: tuple[str, ...] = ()
    artefacts: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The tag, else the id."""
        return self.tag or self.id


@dataclass(frozen=True, slots=True)
class Forest:
    """Who was made from whom, by row; no cycles.

    Args:
        parent: row -> row of its base; -1 for a root.
        children: row -> rows made from it, in the order of the file.
        roots: in the order of the file.
        order: all rows, every base before what was made from it.
        depth: row -> operations from its root.
        root: row -> row of its root.
    """

    parent: tuple[int, ...]
    children: tuple[tuple[int, ...], ...]
    roots: tuple[int, ...]
    order: tuple[int, ...]
    depth: tuple[int, ...]
    root: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Experiment:
    """A forest of models that compression operations join.

    Args:
        name: of the experiment; "" not told.
        operations: declared ones first, then those that models use.
        metrics: in the order of the file.
        models: in the order of the file; `models[k].row == k`.
        issues: what reading found, the gravest first.
        forest: the links that hold.
        frame: one row a model, columns `MODEL_SCHEMA`, then one float column a metric.
        digest: sha256 of the canonical JSON, the experiment's identity.
        document: the JSON as it was read; read only.
    """

    name: str
    operations: tuple[OperationSpec, ...]
    metrics: tuple[MetricSpec, ...]
    models: tuple[Model, ...]
    issues: tuple[Issue, ...]
    forest: Forest
    frame: pl.DataFrame
    digest: str
    document: Mapping[str, Any]
    rows: Mapping[str, int]

    @property
    def primary(self) -> tuple[MetricSpec, ...]:
        """The metrics that are shown first."""
        return tuple(m for m in self.metrics if m.primary)


def metric(experiment: Experiment, name: str) -> MetricSpec:
    """A metric by its name.

    Raises:
        EngineError: there is none; the sentence lists those that are.
    """
    for spec in experiment.metrics:
        if spec.name == name:
            return spec
    known = ", ".join(m.name for m in experiment.metrics[:12]) or "none"
    raise EngineError("no such metric", "metric", f"one of {known}", repr(name[:80]))


def plain(value: Value) -> str:
    """A value as people read it: 0.6000000000000001 is 0.6, true is "true"."""
    if value is None:
        return "None"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.12g}"
    return str(value)
