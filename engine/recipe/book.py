"""What each rule of a recipe did: for the list of rules, and for a report."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from engine.recipe.model import Recipe, Resolution
from engine.recipe.words import action_words, selector_words


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule and its effect.

    Args:
        what: the action in words; where: the selector in words.
        decides: tasks in which it has the last word and that are changed by it.
        refused: (reason, tasks) that it could not change.
    """

    what: str
    where: str
    decides: int
    refused: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The rules in order, and what no rule asked for.

    Args:
        lines: one a rule.
        followers: tasks that changed because a neighbour or shared weights did.
        conversions: tasks put in between.
    """

    lines: tuple[RuleLine, ...]
    followers: int
    conversions: int


def rule_book(recipe: Recipe, before: Resolution, after: Resolution) -> RuleBook:
    """What every rule of a recipe did.

    Args:
        recipe: the rules.
        before: the tasks without it.
        after: the tasks with it.
    """
    count = before.tasks.filter(pl.col("origin") == "task").height
    own = after.tasks.head(count)
    sums = own.group_by("rule").agg(
        decides=(pl.col("refusal") == "").sum(),
    )
    decides = dict(sums.select("rule", "decides").iter_rows())
    refused: dict[int, list[tuple[str, int]]] = {}
    reasons = own.filter(pl.col("refusal") != "").group_by("rule", "refusal").len()
    for rule, why, n in reasons.sort("len", "refusal", descending=[True, False]).iter_rows():
        refused.setdefault(rule, []).append((why, n))
    lines = tuple(
        RuleLine(
            action_words(rule.action),
            selector_words(rule.selector),
            decides.get(k, 0),
            tuple(refused.get(k, ())),
        )
        for k, rule in enumerate(recipe.rules)
    )
    followers = int((own["cause"] != "").sum())
    return RuleBook(lines, followers, len(after.tasks) - count)
