"""Stage C, "try any optimization on any task": the lines that must be shown.

The measuring and the judging of each line stand in a module of their own.
"""

from __future__ import annotations

from tests.acceptance import crash, edits, refusals, scenario
from tests.acceptance.line import Check

CHECKS = (
    Check("1", "Talaria's scenario in the browser", scenario.measure, scenario.judge),
    Check("2", "an edit at 10,000 tasks", edits.measure, edits.at_once),
    Check("3", "properties of recipes", edits.properties, edits.hold),
    Check("4", "crash safety", crash.measure, crash.judge),
    Check("5", "bad recipes, budgets, addresses", refusals.measure, refusals.judge),
)
