"""A recipe on a compilation: the optimization table, priced."""

from __future__ import annotations

import numpy as np

from engine.compile import Compilation
from engine.cost import Step, explain
from engine.recipe.choose import Choice, baseline
from engine.recipe.model import Recipe, Resolution
from engine.recipe.plan import Plan
from engine.recipe.plan import plan as plan_of
from engine.recipe.prepare import Prepared
from engine.recipe.table import table, totals
from engine.targets import Target

BASELINE = Recipe()


def resolve(
    compilation: Compilation, recipe: Recipe = BASELINE, target: Target | None = None
) -> Resolution:
    """Choose formats, place, convert and price every task under a recipe.

    Args:
        compilation: what the model was compiled to.
        recipe: rules; without any, the file as it is (the baseline).
        target: hardware in place of the catalogue's `compilation.target`.

    Raises:
        EngineError: an action means nothing, or a selector names what is not there.
    """
    made = plan(compilation, recipe, target)
    return Resolution(
        tasks=table(made),
        totals=totals(made),
        reference=made.prepared.reference,
        touched=touched(made),
    )


def why(
    compilation: Compilation, recipe: Recipe, task_id: int, target: Target | None = None
) -> tuple[Step, ...]:
    """The formula of a row of the table, step by step; () when it is not priced."""
    made = plan(compilation, recipe, target)
    return explain(made.prepared.target, made.price, task_id)


def plan(compilation: Compilation, recipe: Recipe, target: Target | None = None) -> Plan:
    """What `resolve` decides, without the table."""
    return plan_of(compilation, recipe, target, table)


def touched(made: Plan) -> int:
    """Tasks that a recipe treats differently from the baseline."""
    return int(np.count_nonzero(made.choice.differs(untouched(made.prepared))))


def untouched(p: Prepared) -> Choice:
    """The baseline's choice; made once."""
    if "baseline" not in p.kept:
        p.kept["baseline"] = baseline(p)
    kept: Choice = p.kept["baseline"]
    return kept
