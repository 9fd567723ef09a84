"""What a user chose, and what comes of it: recipes, presets, and the priced optimization table.

It decides formats, places tasks on units, inserts conversions and has `cost` price the result; it
changes no file (that is `compress`).  Start reading in `model.py` (the records), then `resolve.py`
(the steps in their order), `choose.py` (formats and refusals), `place.py`, `convert.py`.
"""

from engine.recipe.model import PRICED_SCHEMA, Action, Preset, Recipe, Resolution, Rule, Totals
from engine.recipe.presets import PRESET_TABLE_SCHEMA, preset, preset_table, presets
from engine.recipe.resolve import resolve, why

__all__ = [
    "PRESET_TABLE_SCHEMA",
    "PRICED_SCHEMA",
    "Action",
    "Preset",
    "Recipe",
    "Resolution",
    "Rule",
    "Totals",
    "preset",
    "preset_table",
    "presets",
    "resolve",
    "why",
]
