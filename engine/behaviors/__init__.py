"""Behaviors: what models make of instances, beside a base: metrics, classes, changes.

Start reading in `outputs.py` (what one model made), `metrics.py` (the formulas), `matched.py`
(models beside their base), `asking.py` (questions and what is kept between them).
"""

from engine.behaviors.answer import Answer, Histogram, Row, histogram, instance
from engine.behaviors.arriving import ENDINGS, read_outputs, read_predictions
from engine.behaviors.asking import Asking, Spots, ask
from engine.behaviors.changes import Confusion, confusion, frequent, sensitive, top_scores, turned
from engine.behaviors.findings import OF_BEHAVIORS, Finding, Remedy, amount, findings, unjudged
from engine.behaviors.groups import Means, classes, means, whole
from engine.behaviors.instances import (
    Instances,
    dump_instances,
    instances,
    load_instances,
    of_samples,
)
from engine.behaviors.joining import check_alike, fitted, is_of, of_data, set_of, shown_for
from engine.behaviors.keeping import dumps, loads
from engine.behaviors.matched import Matched, Measure, Side, matched
from engine.behaviors.metrics import KINDS, Kind
from engine.behaviors.outputs import SCORES, Outputs, outputs
from engine.behaviors.question import (
    PAGE,
    Question,
    as_asked,
    columns,
    is_relative,
    measure_of,
    passing,
)
from engine.behaviors.running import frame, predict, run_outputs, words_in
from engine.behaviors.subgroups import LEAST, Looked, Subgroup, look, subgroups

__all__ = [
    "ENDINGS", "KINDS", "LEAST", "OF_BEHAVIORS", "PAGE", "SCORES", "Answer", "Asking", "Confusion",
    "Finding", "Histogram", "Instances", "Kind", "Looked", "Matched", "Means", "Measure", "Outputs",
    "Question", "Remedy", "Row", "Side", "Spots", "Subgroup", "amount", "as_asked", "ask",
    "check_alike", "classes", "columns", "confusion", "dump_instances", "dumps", "findings",
    "fitted", "frame", "frequent", "histogram", "instance", "instances", "is_of", "is_relative",
    "load_instances", "loads", "look", "matched", "means", "measure_of", "of_data",
    "of_samples", "outputs", "passing", "predict", "read_outputs", "read_predictions",
    "run_outputs", "sensitive", "set_of", "shown_for", "subgroups", "top_scores", "turned",
    "unjudged", "whole", "words_in",
]  # fmt: skip
