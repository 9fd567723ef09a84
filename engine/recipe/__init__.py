"""What a user chose, and what comes of it: recipes, presets, and the priced optimization table.

It decides formats, places tasks on units, inserts conversions and has `cost` price the result; it
changes no file (that is `compress`).  Start reading in `model.py` (the records), then `plan.py`
(the steps in their order), `choose.py` (what is said and refused), `flow.py` (what follows from
it), `place.py`, `convert.py`, `rows.py`.  `text.py` is a recipe as JSON.
"""

from engine.recipe.book import RuleBook, RuleLine, rule_book
from engine.recipe.budget import (
    BASE_WORDS,
    BASES,
    DAILY,
    MEASURES,
    USES,
    Budget,
    Measure,
    Use,
    Verdict,
    shown,
)
from engine.recipe.budget_judge import fitting, gap, judge, relaxation
from engine.recipe.budget_text import (
    AMOUNTS,
    MAX_BUDGETS,
    UNITS,
    amount,
    dump_budgets,
    load_budgets,
    parse,
    parse_all,
    plain_budgets,
)
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
from engine.recipe.redundant import REDUNDANT_SCHEMA, redundant
from engine.recipe.resolve import Summary, resolve, summary, why
from engine.recipe.slower import Slowed, Slower, slowed, slower
from engine.recipe.text import dumps, loads, plain
from engine.recipe.withheld import Withheld, withheld
from engine.recipe.words import action_words, selector_words

__all__ = [
    "AMOUNTS",
    "BASES",
    "BASE_WORDS",
    "DAILY",
    "MAX_BUDGETS",
    "MEASURES",
    "OPTION_SCHEMA",
    "PRESET_TABLE_SCHEMA",
    "PRICED_SCHEMA",
    "REDUNDANT_SCHEMA",
    "UNITS",
    "USES",
    "Action",
    "AllOf",
    "AnyOf",
    "Budget",
    "ByMetric",
    "ByName",
    "Dynamic",
    "InGroup",
    "InModule",
    "Measure",
    "Not",
    "OfKernel",
    "Preset",
    "Recipe",
    "Resolution",
    "Rule",
    "RuleBook",
    "RuleLine",
    "Slowed",
    "Slower",
    "Summary",
    "Totals",
    "Use",
    "Verdict",
    "Withheld",
    "action_of",
    "action_words",
    "amount",
    "dump_budgets",
    "dumps",
    "fitting",
    "gap",
    "judge",
    "load_budgets",
    "loads",
    "options",
    "parse",
    "parse_all",
    "plain",
    "plain_budgets",
    "preset",
    "preset_table",
    "presets",
    "redundant",
    "relaxation",
    "resolve",
    "rule_book",
    "selector_words",
    "shown",
    "slowed",
    "slower",
    "summary",
    "why",
    "withheld",
]
