"""JSON bytes that a stranger may have written, made into one document or one sentence.

Only what makes the whole file unreadable is refused here; what concerns one model is reported by
`read.py` and the rest loads.
"""

from __future__ import annotations

import json
import math
from typing import Any

from engine.errors import EngineError

MAX_BYTES = 32_000_000  # 6,000 models with 30 metrics take about 8 MB
MAX_DEPTH = 40
MAX_DIGITS = 300  # of a whole number; more cannot become a float


class Document(dict[str, Any]):
    """The object of a file, with what its text had that JSON values cannot hold.

    Attributes:
        odd: numbers that are not finite ("NaN", "1e400"), which became null.
        twice: names that stand twice in one object; the last one counts.
    """

    odd: list[str]
    twice: list[str]


def document(data: bytes, where: str = "experiment") -> Document:
    """The object of a JSON file.

    Raises:
        EngineError: too large, not UTF-8, not JSON, nested too deep, or no object.
    """
    if len(data) > MAX_BYTES:
        raise EngineError(
            "too large", where, f"at most {MAX_BYTES:,} bytes", f"{len(data):,}",
            "leave out metrics that nobody compares",
        )  # fmt: skip
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise EngineError("is not text", where, "JSON in UTF-8", f"byte {fault.start}") from None
    odd: list[str] = []
    twice: list[str] = []

    def real(word: str) -> float | None:
        value = float(word)
        if not math.isfinite(value):
            strange(word)
            return None
        return value

    def whole(word: str) -> int | None:
        if len(word) > MAX_DIGITS:
            strange(word)
            return None
        return int(word)

    def strange(word: str) -> None:
        odd.append(word[:40])

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            seen: set[str] = set()
            for name, _ in pairs:
                if name in seen:
                    twice.append(name[:80])
                seen.add(name)
        return made

    try:
        found = json.loads(
            text, parse_float=real, parse_int=whole, parse_constant=strange, object_pairs_hook=once
        )
    except RecursionError:
        raise EngineError("nests too deep", where, f"at most {MAX_DEPTH} levels") from None
    except json.JSONDecodeError as fault:
        place = f"line {fault.lineno}, column {fault.colno}"
        raise EngineError(f"is not JSON ({fault.msg})", where, found=place) from None
    if not isinstance(found, dict):
        raise EngineError(
            "is no object", where, '{"models": [...], ...}', f"a JSON {kind(found)}",
        )  # fmt: skip
    _not_deep(found, where)
    made = Document(found)
    made.odd, made.twice = odd, twice
    return made


def kind(value: Any) -> str:
    """What a JSON value is, in a word: "list", "text"."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "number"
    return "text" if isinstance(value, str) else "list" if isinstance(value, list) else "object"


def _not_deep(value: Any, where: str) -> None:
    """Refuse what nests so deep that others who read it, or we who write it, would fail."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise EngineError("nests too deep", where, f"at most {MAX_DEPTH} levels")
        level = [
            child
            for box in level
            for child in (box.values() if isinstance(box, dict) else box)
            if isinstance(child, (dict, list))
        ]
