"""A recipe on a compilation: the optimization table, priced."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np

from engine.compile import Compilation
from engine.cost import Step, calibration, explain
from engine.recipe.choose import Choice, baseline
from engine.recipe.model import Recipe, Resolution, Totals
from engine.recipe.plan import Plan
from engine.recipe.plan import plan as plan_of
from engine.recipe.prepare import Prepared, prepare
from engine.recipe.table import table, totals
from engine.targets import Target
from engine.targets import target as find_target

BASELINE = Recipe()
_SUMMARIES = 64  # recipes whose totals are remembered for a compilation: all presets
_STRANGE = (
    0.03  # share of the time in kernels that were never measured, up to which it is calibrated
)


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
    changed = touched(made)
    p = made.prepared
    found = calibration(p.target.id) if _known(p) and not changed else None
    return Resolution(
        tasks=table(made),
        totals=totals(made),
        reference=p.reference,
        touched=changed,
        kind="calibrated" if found else "modelled",
        error=found.error if found else None,
    )


def _known(p: Prepared) -> bool:
    """Whether nearly all of the time is in kernels of classes that were measured."""
    if p.calibrated is None or p.error is None:
        return False
    strange = np.isnan(p.error)
    return bool(p.calibrated[strange].sum() <= _STRANGE * p.calibrated.sum())


class Summary(NamedTuple):
    """A recipe in a few figures.

    Args:
        touched: tasks that it changes; refused: tasks to which it does not apply.
        refusal: the commonest reason; conversions: how many it needs.
    """

    totals: Totals
    touched: int
    refused: int
    refusal: str
    conversions: int


def summary(compilation: Compilation, recipe: Recipe, target: Target | None = None) -> Summary:
    """What a recipe comes to, without the table; remembered for a short recipe."""
    p = prepare(compilation, target or find_target(compilation.target))
    kept: dict[Recipe, Summary] = p.kept.setdefault("summaries", {})
    found = kept.get(recipe)
    if found is None:
        made = plan(compilation, recipe, target, keep=False)
        words = made.choice.words
        refusals: Counter[str] = Counter()
        for word, count in zip(words, np.bincount(made.choice.refusal, minlength=len(words)),
                               strict=True):  # fmt: skip
            refusals[word] += int(count) if word else 0
        reason, most = refusals.most_common(1)[0]
        found = Summary(totals(made), touched(made), refusals.total(), reason if most else "",
                        len(made.found.anchor))  # fmt: skip
        if len(recipe.rules) <= 1 and len(kept) < _SUMMARIES:
            kept[recipe] = found
    return found


def why(
    compilation: Compilation, recipe: Recipe, task_id: int, target: Target | None = None
) -> tuple[Step, ...]:
    """The formula of a row of the table, step by step; () when it is not priced."""
    made = plan(compilation, recipe, target)
    return explain(made.prepared.target, made.price, task_id)


def plan(
    compilation: Compilation, recipe: Recipe, target: Target | None = None, keep: bool = True
) -> Plan:
    """What `resolve` decides, without the table; `keep` remembers it for the next question."""
    return plan_of(compilation, recipe, target, table, keep)


def touched(made: Plan) -> int:
    """Tasks that a recipe treats differently from the baseline."""
    return int(np.count_nonzero(made.choice.differs(untouched(made.prepared))))


def untouched(p: Prepared) -> Choice:
    """The baseline's choice; made once."""
    if "baseline" not in p.kept:
        p.kept["baseline"] = baseline(p)
    kept: Choice = p.kept["baseline"]
    return kept
