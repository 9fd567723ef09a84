"""Recipes between the browser and the engine: the document that the page edits, and its text.

A document is a recipe with its history, as JSON:

    {"pool": [rule, ...], "states": [[place in the pool, ...], ...], "at": place in states}

The rules in use are those of `states[at]`.  Undo and redo move `at`; an edit drops what comes
after it.  A rule stands in the pool once, however many states hold it: a selection of thousands of
tasks travels and is kept once.  The browser writes documents (`assets/js/recipe.js`), so nothing
in one is trusted.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from typing import Any

import engine
from engine.errors import EngineError
from engine.recipe.model import Preset, Recipe

Document = dict[str, Any]

MAX_POOL = 5_000  # rules that a history may hold


@functools.lru_cache(maxsize=256)
def recipe_of(text: str) -> Recipe:
    """The recipe of a text; "" is the baseline.

    Raises:
        EngineError: not a recipe.
    """
    return engine.read_recipe(text) if text else Recipe()


def text_of(document: object) -> str:
    """Text of the recipe that a document has in use; "" when it has no rules.

    Raises:
        EngineError: not a document, or its rules are no recipe.
    """
    if document is None:
        return ""
    if not isinstance(document, dict):
        raise _odd("an object", document)
    pool, states, at = (document.get(name) for name in ("pool", "states", "at"))
    if not isinstance(pool, list) or len(pool) > MAX_POOL or not isinstance(states, list):
        raise _odd("a pool of rules and a list of states", document)
    if not isinstance(at, int) or isinstance(at, bool) or not 0 <= at < len(states):
        raise _odd(f"a state from 0 to {len(states) - 1}", at)
    chosen = states[at]
    places = range(len(pool))
    if not isinstance(chosen, list) or not all(type(k) is int and k in places for k in chosen):
        raise _odd("places of the pool", chosen)
    return written([pool[k] for k in chosen])


def held_of(document: object) -> str:
    """Token of the figures that the page held when it sent a document, or ""."""
    held = document.get("held") if isinstance(document, dict) else ""
    return held if isinstance(held, str) else ""


def written(rules: Sequence[Any]) -> str:
    """The canonical text of rules as JSON; equal recipes get equal texts, "" without rules.

    Raises:
        EngineError: one of them is no rule; the sentence says which.
    """
    if not rules:
        return ""
    return engine.write_recipe(engine.read_recipe(json.dumps({"schema": 1, "rules": rules})))


def rules_of(recipe: Recipe) -> list[Any]:
    """The rules of a recipe as JSON."""
    found: list[Any] = json.loads(engine.write_recipe(recipe))["rules"]
    return found


def document_of(text: str) -> Document:
    """A document that begins at a recipe, without a past.

    Raises:
        EngineError: not a recipe.
    """
    rules = rules_of(recipe_of(text))
    return {"pool": rules, "states": [list(range(len(rules)))], "at": 0}


def split(recipe: Recipe) -> tuple[Preset | None, Recipe]:
    """The preset that a recipe begins with, the longest of those that fit, and the other rules."""
    rules = recipe.rules
    fits = [p for p in engine.presets() if p.recipe.rules == rules[: len(p.recipe.rules)]]
    found = max(fits, key=lambda p: len(p.recipe.rules), default=None)
    return found, Recipe(rules[len(found.recipe.rules) :] if found else rules)


def preset_rules() -> dict[str, list[Any]]:
    """The rules of every preset as JSON, for the page that puts them into documents."""
    return {preset.id: rules_of(preset.recipe) for preset in engine.presets()}


def canonical(text: str) -> str:
    """The text that every equal recipe has, "" without rules.

    Raises:
        EngineError: not a recipe.
    """
    recipe = recipe_of(text)
    return engine.write_recipe(recipe) if recipe.rules else ""


def _odd(expected: str, found: object) -> EngineError:
    return EngineError("is no history of a recipe", "recipe", expected, repr(found)[:80],
                       "loading the page again")  # fmt: skip
