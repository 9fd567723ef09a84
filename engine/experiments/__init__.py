"""Many models: the forest that compression operations make of them, and which one to choose.

It reads and writes the experiment format, lays out the map, explains how selected models differ,
finds Pareto fronts, judges budgets.  It runs nothing and draws nothing.  Start reading in
`model.py` (the records), then `read.py` (how a file becomes them), `layout.py`.
"""

from engine.experiments.layout import POSITION_SCHEMA, Column, Layout, layout
from engine.experiments.model import (
    MODEL_SCHEMA,
    Experiment,
    Forest,
    Issue,
    MetricSpec,
    Model,
    Operation,
    OperationSpec,
    ParameterSpec,
    plain,
)
from engine.experiments.read import digest_of, loads, read
from engine.experiments.write import dumps, save

__all__ = [
    "MODEL_SCHEMA",
    "POSITION_SCHEMA",
    "Column",
    "Experiment",
    "Forest",
    "Issue",
    "Layout",
    "MetricSpec",
    "Model",
    "Operation",
    "OperationSpec",
    "ParameterSpec",
    "digest_of",
    "dumps",
    "layout",
    "loads",
    "plain",
    "read",
    "save",
]
