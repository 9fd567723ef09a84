"""Many models: the forest that compression operations make of them, and which one to choose.

It reads and writes the experiment format, lays out the map, explains how selected models differ,
finds Pareto fronts, judges budgets.  It runs nothing and draws nothing.  Start reading in
`model.py` (the records), then `read.py` (how a file becomes them), `layout.py`.
"""

from engine.experiments.budgets import (
    RELAXATION_SCHEMA,
    VERDICT_SCHEMA,
    Bound,
    BudgetSet,
    Feasible,
    bound,
    feasible,
    read_bound,
    read_sets,
    relaxation,
    with_sets,
)
from engine.experiments.cells import CELL_SCHEMA, Chart, chart
from engine.experiments.compare import compare, nearest_base
from engine.experiments.comparison import Comparison, Variable, shown
from engine.experiments.derive import with_formula
from engine.experiments.edit import ExperimentFile, annotated, with_model
from engine.experiments.effects import EFFECT_SCHEMA, Effect, effect
from engine.experiments.grown import with_entries
from engine.experiments.identity import digest_of
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
    metric,
    plain,
)
from engine.experiments.pareto import FRONT_SCHEMA, Front, beaters, pareto
from engine.experiments.read import loads, read
from engine.experiments.related import RELATIONS, Relation, related, search
from engine.experiments.report import report
from engine.experiments.write import dumps, save
from engine.report import Report

__all__ = [
    "CELL_SCHEMA",
    "EFFECT_SCHEMA",
    "FRONT_SCHEMA",
    "MODEL_SCHEMA",
    "POSITION_SCHEMA",
    "RELATIONS",
    "RELAXATION_SCHEMA",
    "VERDICT_SCHEMA",
    "Bound",
    "BudgetSet",
    "Chart",
    "Column",
    "Comparison",
    "Effect",
    "Experiment",
    "ExperimentFile",
    "Feasible",
    "Forest",
    "Front",
    "Issue",
    "Layout",
    "MetricSpec",
    "Model",
    "Operation",
    "OperationSpec",
    "ParameterSpec",
    "Relation",
    "Report",
    "Variable",
    "annotated",
    "beaters",
    "bound",
    "chart",
    "compare",
    "digest_of",
    "dumps",
    "effect",
    "feasible",
    "layout",
    "loads",
    "metric",
    "nearest_base",
    "pareto",
    "plain",
    "read",
    "read_bound",
    "read_sets",
    "related",
    "relaxation",
    "report",
    "save",
    "search",
    "shown",
    "with_entries",
    "with_formula",
    "with_model",
    "with_sets",
]
