"""JSON that a stranger may have written, read without trust: the first fault is a sentence."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

from engine.errors import EngineError

SCHEMA = 1
MAX_TEXT = 4_000_000  # characters; 200,000 task ids take 1.4 million


def read_json(text: str, what: str) -> Any:
    """The value of a JSON text.

    Args:
        text: the JSON.
        what: what it should be ("recipe"), for the sentences.

    Raises:
        EngineError: not JSON, too long, too deep, a name twice, or a number that is not finite.
    """
    if len(text) > MAX_TEXT:
        raise EngineError("too long", what, f"at most {MAX_TEXT:,} characters", f"{len(text):,}")

    def number(word: str) -> float:
        value = float(word)
        if not math.isfinite(value):
            raise EngineError("a number is too large", what, "a finite number", word[:40])
        return value

    def strange(word: str) -> NoReturn:
        raise EngineError("is no number of JSON", what, "a finite number", word)

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise EngineError("a field stands twice", what, found=repr(key[:80]))
            found[key] = value
        return found

    try:
        return json.loads(text, parse_float=number, parse_constant=strange, object_pairs_hook=once)
    except RecursionError:
        raise EngineError("nests too deep", what) from None
    except json.JSONDecodeError as fault:
        place = f"line {fault.lineno}, column {fault.colno}"
        raise EngineError(f"is not JSON ({fault.msg})", what, found=place) from None
    except ValueError:
        raise EngineError("a whole number has too many digits", what) from None


def versioned(body: Any, what: str, lists: str) -> list[Any]:
    """The list of an object `{"schema": 1, <lists>: [...]}`.

    Raises:
        EngineError: another shape, or a schema that this version does not know.
    """
    made = fields(body, what, {"schema", lists}, {"schema", lists})
    schema = made["schema"]
    if isinstance(schema, bool) or not isinstance(schema, int):
        raise EngineError("the schema is no whole number", what, str(SCHEMA), shown(schema))
    if schema > SCHEMA:
        raise EngineError(
            f"is of schema {str(schema)[:20]}, which is newer than this version",
            what, f"schema {SCHEMA}", try_this="open it with a newer Paredown",
        )  # fmt: skip
    if schema != SCHEMA:
        raise EngineError("no such schema", what, str(SCHEMA), shown(schema))
    return sequence(made[lists], f"{what}, {lists}")


def fields(
    value: Any,
    where: str,
    known: set[str],
    needed: set[str] = frozenset(),  # type: ignore[assignment]
) -> Mapping[str, Any]:
    """An object with no other fields than the known ones, and with all that are needed."""
    if not isinstance(value, dict):
        raise EngineError("is no object", where, "{...}", shown(value))
    for name in value:
        if name not in known:
            raise EngineError(
                "unknown field", where, f"one of {', '.join(sorted(known))}", repr(name[:80])
            )
    for name in sorted(needed):
        if name not in value:
            raise EngineError("a field is missing", where, repr(name))
    return value


def sequence(value: Any, where: str, most: int | None = None) -> list[Any]:
    """A list, of a bounded length."""
    if not isinstance(value, list):
        raise EngineError("is no list", where, "[...]", shown(value))
    if most is not None and len(value) > most:
        raise EngineError("has too many entries", where, f"at most {most:,}", f"{len(value):,}")
    return value


def word(value: Any, where: str, most: int = 200, least: int = 1) -> str:
    """A text of a bounded length."""
    if not isinstance(value, str):
        raise EngineError("is no text", where, '"..."', shown(value))
    if not least <= len(value) <= most:
        found = f"{len(value):,}"
        raise EngineError("has a wrong length", where, f"{least} to {most} characters", found)
    return value


def real(value: Any, where: str) -> float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise EngineError("is no number", where, "a number", shown(value))
    try:
        made = float(value)
    except OverflowError:
        made = math.inf
    if not math.isfinite(made):
        raise EngineError("a number is too large", where, "a finite number", shown(value))
    return made


def whole(value: Any, where: str, most: int = 2**31 - 1) -> int:
    """A whole number from 0."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise EngineError("is no whole number", where, "0, 1, 2 ...", shown(value))
    if not 0 <= value <= most:
        raise EngineError("out of range", where, f"0 to {most}", shown(value))
    return value


def flag(value: Any, where: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise EngineError("is neither true nor false", where, found=shown(value))
    return value


def shown(value: Any) -> str:
    """A value as a person reads it, cut short."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = type(value).__name__
    return text if len(text) <= 60 else text[:57] + "..."
