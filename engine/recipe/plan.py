"""Everything that a recipe decides, as arrays, before it becomes a table."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

import polars as pl

from engine.compile import Compilation
from engine.cost import Price, Work, price
from engine.recipe.choose import Choice, Said, finish, said
from engine.recipe.convert import Conversions, conversions
from engine.recipe.model import Recipe
from engine.recipe.place import Placement, place
from engine.recipe.prepare import Prepared, prepare
from engine.recipe.rows import rows
from engine.targets import Target
from engine.targets import target as find_target

_KEPT = 2  # plans that are remembered for a compilation: a person's draft and what came before it


class Plan(NamedTuple):
    """Everything that a recipe decides."""

    prepared: Prepared
    said: Said
    choice: Choice
    placement: Placement
    found: Conversions
    work: Work
    price: Price


def plan(
    compilation: Compilation,
    recipe: Recipe,
    target: Target | None,
    table: Callable[[Plan], pl.DataFrame],
    keep: bool = True,
) -> Plan:
    """Choose, place, convert, hand over, price.

    Args:
        compilation: what the model was compiled to.
        recipe: rules.
        target: hardware in place of the catalogue's.
        table: turns the baseline into its frame, for selectors that ask for a figure.
        keep: remember the plan for the next question.

    Raises:
        EngineError: the recipe means nothing on this compilation.
    """
    prepared = prepare(compilation, target or find_target(compilation.target))
    kept: OrderedDict[Recipe, Plan] = prepared.kept.setdefault("plans", OrderedDict())
    found = kept.get(recipe)
    if found is None:

        def figures() -> pl.DataFrame:
            if "figures" not in prepared.kept:
                prepared.kept["figures"] = table(priced(prepared, said(prepared, Recipe(), None)))
            frame: pl.DataFrame = prepared.kept["figures"]
            return frame

        found = priced(prepared, said(prepared, recipe, figures))
        if keep:
            kept[recipe] = found
        while len(kept) > _KEPT:
            kept.popitem(last=False)
    return found


def priced(prepared: Prepared, rules: Said) -> Plan:
    """A plan from what rules say."""
    choice = finish(prepared, rules)
    placement = place(prepared, choice)
    found = conversions(prepared, choice)
    work = rows(prepared, choice, placement, found)
    return Plan(prepared, rules, choice, placement, found, work, price(prepared.target, work))
