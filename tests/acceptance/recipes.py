"""Bad recipes and budgets, and what the sentence that each gets must say."""

from __future__ import annotations

import json
from typing import Any


def _rule(select: Any = "all", action: Any = None, **more: Any) -> str:
    rule = {"select": select, "action": {"kernel": "int8"} if action is None else action, **more}
    return json.dumps({"schema": 1, "rules": [rule]})


def _nested(depth: int) -> Any:
    return {"not": _nested(depth - 1)} if depth else "all"


# (text of the recipe, what the sentence says); some fail only on a model
BAD_RECIPES: tuple[tuple[str, str], ...] = (
    ("", "recipe: is not JSON"),
    ("{", "line 1, column 2"),
    ("[]", "recipe: is no object"),
    ("{}", "recipe: a field is missing"),
    ('{"schema": 2, "rules": []}', "newer than this version"),
    ('{"schema": "1", "rules": []}', "the schema is no whole number"),
    ('{"schema": true, "rules": []}', "the schema is no whole number"),
    ('{"schema": 0, "rules": []}', "no such schema"),
    ('{"schema": 1, "rules": {}}', "recipe, rules: is no list"),
    ('{"schema": 1, "rules": [], "author": "me"}', "unknown field; expected one of rules, schema"),
    ('{"schema": 1, "schema": 1, "rules": []}', "a field stands twice"),
    ('{"schema": 1, "rules": [' + "[" * 100_000, "nests too deep"),
    (_rule(extra=1), "rule 1: unknown field"),
    (_rule(select={"tasks": [1, 99]}), "rule 1: names a task that this model does not have"),
    (_rule(select={"tasks": [1, -1]}), "rule 1, select.tasks[1]: out of range"),
    (_rule(select={"tasks": [1, 1.5]}), "rule 1, select.tasks[1]: is no whole number"),
    (_rule(select={"tasks": [True]}), "rule 1, select.tasks[0]: is no whole number"),
    (_rule(select={"kernel": "convolution"}), "no such kernel class"),
    (_rule(select={"kernel": "conv", "name": "x"}), "rule 1, select: unknown field"),
    (_rule(select={"where": 1}), "rule 1, select: is no selector"),
    (_rule(select={"name": ""}), "rule 1, select.name: has a wrong length"),
    (_rule(select={"metric": "speed", "op": "gt", "value": 1}), "no such metric"),
    (_rule(select={"metric": "macs", "op": ">", "value": 1}), "no such comparison"),
    (_rule(select={"metric": "macs", "op": "gt"}), "a field is missing; expected 'value'"),
    (_rule(select={"metric": "macs", "op": "gt", "value": "1"}), "select.value: is no number"),
    ('{"schema": 1, "rules": [{"select": {"metric": "macs", "op": "gt", "value": 1e400},'
     ' "action": {}}]}', "a number is too large"),
    ('{"schema": 1, "rules": [{"select": {"metric": "macs", "op": "gt", "value": NaN},'
     ' "action": {}}]}', "is no number of JSON"),
    (_rule(select={"and": ["all", {"or": []}]}), "rule 1, select.and[1].or: has no parts"),
    (_rule(select=_nested(9)), "selectors nest deeper than 8"),
    (_rule(action={"kernel": "int5"}), "rule 1, action.kernel: is no format for numbers"),
    (_rule(action={"sparsity": 1}), "rule 1, action.sparsity: out of range"),
    (_rule(action={"pattern": "4:2"}), "rule 1, action.pattern: is no pattern"),
    (_rule(action={"palette_bits": 9}), "rule 1, action.palette bits: out of range"),
    (_rule(action={"palette_bits": "4"}), "rule 1, action.palette_bits: is no whole number"),
    (_rule(action={"structured": True}), "removes channels without saying how many"),
    (_rule(action={"quantize": "int8"}), "rule 1, action: unknown field"),
)  # fmt: skip


def _budget(**fields: Any) -> str:
    return json.dumps({"schema": 1, "budgets": [{"metric": "latency", "limit": 0.03, **fields}]})


# (budget as a person writes it, what the sentence says)
BAD_BUDGETS: tuple[tuple[str, str], ...] = (
    ("", "cannot be read"),
    ("latency", "cannot be read"),
    ("latency=", "cannot be read"),
    ("speed=3", "no such figure to limit"),
    ("latency=34MB", "is in a unit of something else"),
    ("latency=34lightyears", "no such unit"),
    ("latency>=34ms", "limits the wrong side; expected <="),
    ("fps<=30", "limits the wrong side; expected >="),
    ("latency=1e400s", "out of range"),
    ("latency=nan", "out of range"),
    ("latency=-3ms", "out of range"),
    ("latency=0", "out of range"),
    ("latency=1-2ms", "is no number"),
    ("battery=5%", "cannot be judged without its base"),
    ("app_share=5%", "cannot be judged without its base"),
    ("runtime_size=5MB", "cannot be judged without its base"),
    ("accuracy>=120%", "a share above the whole"),
)
# (text of budgets as JSON, what the sentence says)
BAD_BUDGET_FILES: tuple[tuple[str, str], ...] = (
    ("nope", "budgets: is not JSON"),
    ('{"schema": 9, "budgets": []}', "newer than this version"),
    (_budget(limit="34ms"), "budget 1.limit: is no number"),
    (_budget(limit=True), "budget 1.limit: is no number"),
    (_budget(metric="speed"), "no such figure to limit"),
    (_budget(use="sometimes"), "no such use"),
    (_budget(colour="red"), "budget 1: unknown field"),
    (_budget(limit=10**400), "a number is too large"),
    (_budget(per_day=-1), "out of range"),
    ('{"schema": 1, "budgets": [{"limit": 1}]}', "a field is missing; expected 'metric'"),
)
