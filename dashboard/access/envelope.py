"""The envelope of a callback request: checked before Dash, which a broken one could only crash."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import abort, request

MAX_DEPTH = 60  # nesting of a callback's body; ours need under 20
MAX_PARTS = 1_000_000  # values in a callback's body


def check_envelope(callbacks: Mapping[str, Mapping[str, Any]]) -> str:
    """Answer 400 to a callback body that Dash itself could only crash on; its key otherwise."""
    try:
        body = request.get_json()
    except RecursionError:
        abort(400, "The request is nested too deeply.")
    if _too_deep(body):
        abort(400, "The request is nested too deeply or too large.")
    if not isinstance(body, dict) or not isinstance(body.get("output"), str):
        abort(400, "This is not a callback request.")
    callback = callbacks.get(body["output"])
    if callback is None or "callback" not in callback:  # the second kind runs in the browser
        abort(400, "There is no such callback.")
    for key in ("inputs", "state"):
        sent, wanted = body.get(key, []), callback.get(key, [])
        if not isinstance(sent, list) or len(sent) != len(wanted):
            abort(400, f"The callback expects {len(wanted)} {key}.")
        if not all(_is_dependency(part) for part in sent):
            abort(400, f"The {key} of the callback are malformed.")
        if not all(_is_of(part, wire) for part, wire in zip(sent, wanted, strict=True)):
            abort(400, f"The {key} of the callback are those of another.")
    changed = body.get("changedPropIds", [])
    if not isinstance(changed, list) or not all(isinstance(c, str) for c in changed):
        abort(400, "The list of changed properties is malformed.")
    outputs = body.get("outputs")
    parts = outputs if isinstance(outputs, list) else [outputs]
    if not all(_is_dependency(part) for part in parts):
        abort(400, "The outputs of the callback are malformed.")
    return str(body["output"])


def _is_dependency(part: object) -> bool:
    if isinstance(part, list):
        return all(_is_dependency(p) for p in part if not isinstance(p, list)) and not any(
            isinstance(p, list) for p in part
        )
    return (
        isinstance(part, dict)
        and isinstance(part.get("id"), (str, dict))
        and isinstance(part.get("property"), str)
    )


def _is_of(part: Any, wire: Mapping[str, Any]) -> bool:
    """Whether a part is what the callback takes in this place.

    Dash goes by the place, the gate by the name: a part under another's name would be looked at by
    one and used by the other.
    """
    wanted = str(wire["id"])
    if wanted.startswith("{"):  # parts that repeat have ids of several keys
        return isinstance(part, list) or isinstance(part["id"], dict)
    return isinstance(part, dict) and (part["id"], part["property"]) == (wanted, wire["property"])


def _too_deep(body: object) -> bool:
    """Whether a JSON value is nested too deeply or has too many parts; no recursion."""
    level, seen = [body], 0
    for _ in range(MAX_DEPTH):
        level = [
            child
            for part in level
            if isinstance(part, (dict, list))
            for child in (part.values() if isinstance(part, dict) else part)
        ]
        seen += len(level)
        if not level:
            return False
        if seen > MAX_PARTS:
            return True
    return True
