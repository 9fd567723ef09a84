"""Single values of the JSON, taken if they are what they should be; else an issue and a default."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from engine.experiments.guard import kind
from engine.experiments.issues import Issues
from engine.experiments.model import Value

MAX_NAME = 500  # characters of an id or a name
MAX_TEXT = 20_000  # characters of notes
MAX_PARAMETERS = 200  # of one operation
_BAD = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_BAD_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def name(value: Any) -> str | None:
    """An id or a name: text, or a number read as one; None when it is neither."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and 0 < len(value) <= MAX_NAME and not _BAD.search(value):
        return value
    return None


def text(value: Any, what: str, issues: Issues, model: str = "", most: int = MAX_TEXT) -> str:
    """A text that may be absent; what cannot be shown in it becomes U+FFFD."""
    if value is None:
        return ""
    if not isinstance(value, str):
        issues.add("warning", "wrong-type", f"{what} is no text and was passed over", model)
        return ""
    if len(value) > most:
        issues.add("warning", "too-long", f"{what} is longer than {most:,} characters", model)
    return _BAD_TEXT.sub("\ufffd", value[:most])


def number(value: Any) -> float | None:
    """A finite number; None when it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    made = float(value)
    return made if math.isfinite(made) else None


def bound(value: Any, what: str, issues: Issues) -> float | None:
    """A number that may be absent."""
    made = number(value)
    if made is None and value is not None:
        issues.add("warning", "wrong-type", f"{what} is no number and was passed over")
    return made


def words(value: Any, what: str, issues: Issues, model: str = "") -> tuple[str, ...]:
    """A list of names that may be absent."""
    if value is None:
        return ()
    listed = value if isinstance(value, list) else [value]
    made = [name(v) for v in listed[:100]]
    if None in made or len(listed) > 100:
        issues.add("warning", "wrong-type", f"{what} holds what is no name", model)
    return tuple(dict.fromkeys(m for m in made if m is not None))


def mapping(value: Any, what: str, issues: Issues, model: str = "") -> Mapping[str, Any]:
    """An object that may be absent."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        found = kind(value)
        issues.add("warning", "wrong-type", f"{what} is a {found} where an object is due", model)
        return {}
    return value


def parameter(value: Any) -> Value:
    """A parameter's value; what is neither number nor text stands as its JSON."""
    if isinstance(value, str):
        return _BAD_TEXT.sub("\ufffd", value[:MAX_NAME])
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**63 else float(value)
    return json.dumps(value)[:MAX_NAME]


def parameters(value: Any, issues: Issues, model: str) -> dict[str, Value]:
    """The parameters of a model's operation: an object, or a list of names without values."""
    if isinstance(value, list):
        issues.add("note", "parameters-without-values",
                   "the operation's parameters are a list of names", model)  # fmt: skip
        value = {n: None for n in value if isinstance(n, str)}
    found = mapping(value, "the operation's parameters", issues, model)
    if len(found) > MAX_PARAMETERS:
        issues.add("warning", "too-many", f"has more than {MAX_PARAMETERS} parameters", model)
    made: dict[str, Value] = {}
    for key, given in list(found.items())[:MAX_PARAMETERS]:
        good = name(key)
        if good is None:
            issues.add("warning", "bad-name", "a parameter's name cannot be used", model)
        else:
            made[good] = parameter(given)
    return made
