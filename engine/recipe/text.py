"""A recipe as JSON, both ways: what is saved, shared and given to the command line.

    {"schema": 1, "rules": [
      {"select": "all", "action": {"activations": "int8", "kernel": "int8"}},
      {"select": {"and": [{"kernel": "gemm"}, {"metric": "share", "op": "ge", "value": 0.01}]},
       "action": {"kernel": "int4"}},
      {"select": {"tasks": [4, 7]}, "action": {}}]}

Selectors: "all" · {"tasks": [ids]} · {"kernel": class} · {"name": glob} · {"module": glob} ·
{"metric", "op", "value"} · {"group": name, "tasks": [ids]} · {"dynamic": true} · {"and": [...]} ·
{"or": [...]} · {"not": ...}.  An empty action leaves its tasks alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from engine.compile import KERNELS
from engine.errors import EngineError
from engine.metrics import BY_ID
from engine.recipe.model import (
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
    Recipe,
    Rule,
    Selector,
)
from engine.recipe.refuse import check
from engine.recipe.select import DEPTH, OPERATORS
from engine.recipe.strict import (
    SCHEMA,
    fields,
    flag,
    read_json,
    real,
    sequence,
    shown,
    versioned,
    whole,
    word,
)

MAX_RULES = 1_000
MAX_TASKS = 200_000
MAX_PARTS = 64
_FORMATS = ("activations", "input", "output", "kernel")
_ACTION = {*_FORMATS, "sparsity", "structured", "pattern", "palette_bits"}
# the field that says what a selector is -> the other fields that it has
_KINDS: Mapping[str, set[str]] = {
    "kernel": set(), "name": set(), "module": set(), "metric": {"op", "value"},
    "group": {"tasks"}, "tasks": set(), "dynamic": set(), "and": set(), "or": set(), "not": set(),
}  # fmt: skip


def dumps(recipe: Recipe) -> str:
    """A recipe as JSON, `loads(dumps(r)) == r`."""
    return json.dumps(plain(recipe), allow_nan=False, ensure_ascii=False)


def plain(recipe: Recipe) -> dict[str, Any]:
    """A recipe as what JSON is made of."""
    rules = [
        {"select": _plain(r.selector), "action": _plain_action(r.action)} for r in recipe.rules
    ]
    return {"schema": SCHEMA, "rules": rules}


def loads(text: str) -> Recipe:
    """The recipe of a JSON text that may be broken or hostile.

    Raises:
        EngineError: not a recipe; the sentence says where ("rule 3, select.and[2]").
    """
    rules = versioned(read_json(text, "recipe"), "recipe", "rules")
    sequence(rules, "recipe, rules", MAX_RULES)
    return Recipe(tuple(_rule(rule, f"rule {i}") for i, rule in enumerate(rules, 1)))


def _rule(body: Any, where: str) -> Rule:
    made = fields(body, where, {"select", "action"}, {"select", "action"})
    selector = _selector(made["select"], f"{where}, select", DEPTH)
    return Rule(_action(made["action"], f"{where}, action"), selector)


def _action(body: Any, where: str) -> Action:
    made = fields(body, where, _ACTION)
    texts = {f: word(made[f], f"{where}.{f}", 20) for f in (*_FORMATS, "pattern") if f in made}
    numbers: dict[str, Any] = dict(texts)
    if "sparsity" in made:
        numbers["sparsity"] = real(made["sparsity"], f"{where}.sparsity")
    if "structured" in made:
        numbers["structured"] = flag(made["structured"], f"{where}.structured")
    if "palette_bits" in made:
        numbers["palette_bits"] = whole(made["palette_bits"], f"{where}.palette_bits")
    action = Action(**numbers)
    check(action, where)
    if action.structured and not action.share:
        raise EngineError("removes channels without saying how many", f"{where}.structured",
                          "a sparsity above 0")  # fmt: skip
    return action


def _selector(body: Any, where: str, depth: int) -> Selector:
    if body == "all" and isinstance(body, str):
        return "all"
    if depth < 0:
        raise EngineError(f"selectors nest deeper than {DEPTH}", where[:200])
    if not isinstance(body, dict):
        raise EngineError("is no selector", where, '"all" or {...}', shown(body))
    kind = next((k for k in _KINDS if k in body), "")
    if not kind:
        found = ", ".join(body) if body else "{}"
        raise EngineError("is no selector", where, f"one of {', '.join(_KINDS)}", found[:80])
    made = fields(body, where, {kind, *_KINDS[kind]}, {kind, *_KINDS[kind]})
    value, place = made[kind], f"{where}.{kind}"
    match kind:
        case "tasks":
            return _ids(value, place)
        case "group":
            return InGroup(word(value, place), _ids(made["tasks"], f"{where}.tasks"))
        case "kernel":
            return OfKernel(_one_of(value, KERNELS, "kernel class", place))
        case "name":
            return ByName(word(value, place))
        case "module":
            return InModule(word(value, place, least=0))
        case "metric":
            metric = _one_of(value, BY_ID, "metric", place)
            op = _one_of(made["op"], OPERATORS, "comparison", f"{where}.op")
            return ByMetric(metric, op, real(made["value"], f"{where}.value"))
        case "dynamic":
            if not flag(value, place):
                raise EngineError("says nothing when false", place, "true")
            return Dynamic()
        case "not":
            return Not(_selector(value, place, depth - 1))
    parts = sequence(value, place, MAX_PARTS)
    if not parts:
        raise EngineError("has no parts", place, "at least one selector")
    made_of = tuple(_selector(p, f"{place}[{i}]", depth - 1) for i, p in enumerate(parts))
    return AllOf(made_of) if kind == "and" else AnyOf(made_of)


def _ids(value: Any, where: str) -> tuple[int, ...]:
    ids = sequence(value, where, MAX_TASKS)
    return tuple(whole(id_, f"{where}[{i}]") for i, id_ in enumerate(ids))


def _one_of(value: Any, known: Mapping[str, Any], what: str, where: str) -> str:
    text = word(value, where, 80)
    if text not in known:
        raise EngineError(f"no such {what}", where, f"one of {', '.join(known)}", text)
    return text


def _plain(s: Selector) -> Any:
    match s:
        case str():
            return s
        case tuple():
            return {"tasks": list(s)}
        case InGroup():
            return {"group": s.name, "tasks": list(s.tasks)}
        case OfKernel():
            return {"kernel": s.kernel}
        case ByName():
            return {"name": s.glob}
        case InModule():
            return {"module": s.glob}
        case ByMetric():
            return {"metric": s.metric, "op": s.op, "value": s.value}
        case Dynamic():
            return {"dynamic": True}
        case AllOf():
            return {"and": [_plain(p) for p in s.parts]}
        case AnyOf():
            return {"or": [_plain(p) for p in s.parts]}
        case Not():
            return {"not": _plain(s.part)}


def _plain_action(action: Action) -> dict[str, Any]:
    made: dict[str, Any] = {f: getattr(action, f) for f in _FORMATS if getattr(action, f)}
    if action.sparsity is not None:
        made["sparsity"] = action.sparsity
    if action.structured:
        made["structured"] = True
    if action.pattern:
        made["pattern"] = action.pattern
    if action.palette_bits is not None:
        made["palette_bits"] = action.palette_bits
    return made
