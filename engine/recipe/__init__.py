"""What a user chose, and what comes of it: recipes, presets, and the priced optimization table.

It decides formats, places tasks on units, inserts conversions and has `cost` price the result; it
changes no file (that is `compress`).  Start reading in `model.py` (the records), then `plan.py`
(the steps in their order), `choose.py` (what is said and refused), `flow.py` (what follows from
it), `place.py`, `convert.py`, `rows.py`.  `text.py` is a recipe as JSON.
"""

from engine.recipe.model import (
    PRICED_SCHEMA,
    Action,
    AllOf,
    AnyOf,
    ByMetric,
    ByName,
    Dynamic,
    InGroup,
    InModule,
    Not,
    OfKernel,
    Preset,
    Recipe,
    Resolution,
    Rule,
    Totals,
)
from engine.recipe.options import OPTION_SCHEMA, action_of, options
from engine.recipe.presets import PRESET_TABLE_SCHEMA, preset, preset_table, presets
from engine.recipe.resolve import resolve, why
from engine.recipe.text import dumps, loads, plain

__all__ = [
    "OPTION_SCHEMA",
    "PRESET_TABLE_SCHEMA",
    "PRICED_SCHEMA",
    "Action",
    "AllOf",
    "AnyOf",
    "ByMetric",
    "ByName",
    "Dynamic",
    "InGroup",
    "InModule",
    "Not",
    "OfKernel",
    "Preset",
    "Recipe",
    "Resolution",
    "Rule",
    "Totals",
    "action_of",
    "dumps",
    "loads",
    "options",
    "plain",
    "preset",
    "preset_table",
    "presets",
    "resolve",
    "why",
]
