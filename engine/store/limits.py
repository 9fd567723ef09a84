"""What a value from outside may be before a row holds it: names, notes, documents, numbers.

Anything may arrive here, of any type: whatever does not fit is refused in one sentence, and
nothing that passes can break a statement, a page or another program that reads the database.
"""

from __future__ import annotations

import json
import re
import secrets
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime

from engine.errors import EngineError

LOCAL = "local"  # the one owner until there are accounts
MAX_NAME = 120  # characters, as the next
MAX_NOTE = 10_000
MAX_TARGET = 80
MAX_RECIPE = 2_000_000  # bytes of UTF-8, as the next
MAX_HISTORY = 2_000_000
MAX_VIEW = 256_000
MAX_TOTALS = 64_000
MAX_BUDGETS = 64_000
MAX_GROUPS = 1_000_000
MAX_SUMMARY = 64_000
MAX_EDITS = 4_000_000
MAX_BINDINGS = 100
MAX_SIZE = 2**31 - 1  # of a symbolic dimension
MAX_FPS = 1e6
MAX_ANALYSES = 10_000  # of an owner
MAX_CHECKPOINTS = 5_000  # of an analysis
MAX_KEPT = 200  # of those, how many the store may make by itself
MAX_EXPERIMENTS = 2_000  # of an owner

_ID = re.compile(r"[A-Za-z0-9_-]{22}\Z")


def now() -> str:
    """The time as rows hold it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def is_id(value: object) -> bool:
    """Whether a value can be an id that this store made: 22 characters, safe in an address."""
    return isinstance(value, str) and _ID.match(value) is not None


def clean_name(text: str) -> str:
    """A name that is safe to show: no control, direction or surrogate characters, not too long."""
    kept = "".join(c for c in text if unicodedata.category(c)[0] != "C")
    return " ".join(kept.split())[:MAX_NAME] or "unnamed"


def name_from(value: object) -> str:
    """A clean name from anything.

    Raises:
        EngineError: it is not text.
    """
    return clean_name(_text(value, "a name"))


def new_id() -> str:
    """An unguessable id: 22 characters, safe in an address and as a word of a command."""
    found = secrets.token_urlsafe(16)
    while found.startswith("-"):  # which a command takes for an option
        found = secrets.token_urlsafe(16)
    return found


def free_name(name: str, taken: frozenset[str]) -> str:
    """The name itself, or with the first number from 2 on that makes it one nobody has."""
    found, number = name, 2
    while found in taken:
        end = f" {number}"
        found, number = name[: MAX_NAME - len(end)].rstrip() + end, number + 1
    return found


def note_from(value: object) -> str:
    """A note that is safe to show: lines stay, other control characters go.

    Raises:
        EngineError: it is not text, or too long to be a note.
    """
    text = _text(value, "a note").replace("\r\n", "\n")
    kept = "".join(c for c in text if c in "\n\t" or unicodedata.category(c)[0] != "C").strip()
    if len(kept) > MAX_NOTE:
        raise EngineError(
            "the note is too long",
            expected=f"at most {MAX_NOTE:,} characters",
            found=f"{len(kept):,}",
        )
    return kept


def document(value: object, what: str, most: int) -> str:
    """A text that the store keeps as it is, without reading it.

    Args:
        value: what arrived.
        what: its name in a sentence, "the recipe".
        most: bytes that it may have.

    Raises:
        EngineError: it is not text, holds what no database takes, or is too long.
    """
    text = _text(value, what)
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise EngineError(
            f"{what} holds half a character", found=f"U+{ord(text[error.start]):04X}"
        ) from None
    if "\0" in text:
        raise EngineError(f"{what} holds a character of value zero")
    if size > most:
        raise EngineError(
            f"{what} is too long", expected=f"at most {most:,} bytes", found=f"{size:,} bytes"
        )
    return text


def target_from(value: object) -> str:
    """The id of a target as written; whether there is such a target is for the reader to say.

    Raises:
        EngineError: it is not text of at most `MAX_TARGET` printable characters.
    """
    text = _text(value, "a target")
    if len(text) > MAX_TARGET or not text.isprintable():
        raise EngineError("this is not the id of a target", found=repr(text[:MAX_TARGET]))
    return text


def fps_from(value: object) -> float | None:
    """A frame rate in 1/s; None is the target's own.

    Raises:
        EngineError: it is not a positive number of at most `MAX_FPS`.
    """
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= MAX_FPS:
        return float(value)  # "not a number" compares as False
    raise EngineError(
        "this is not a frame rate",
        expected=f"a number above 0, at most {MAX_FPS:,.0f} a second",
        found=_short(value),
    )


def bindings_from(value: object) -> dict[str, int]:
    """Symbolic sizes and their values, sorted by name.

    Raises:
        EngineError: it is not a mapping of names to positive whole numbers.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping) or len(value) > MAX_BINDINGS:
        raise EngineError(
            "these are not sizes of a model",
            expected=f"at most {MAX_BINDINGS} names with their values",
            found=_short(value),
        )
    for name, size in value.items():
        if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME or not name.isprintable():
            raise EngineError("this is not the name of a size", found=_short(name))
        if type(size) is not int or not 0 < size <= MAX_SIZE:
            raise EngineError(
                "this is not a size",
                where=name,
                expected=f"a whole number from 1 to {MAX_SIZE:,}",
                found=_short(size),
            )
    return dict(sorted(value.items()))


def version_from(value: object) -> int:
    """The version of a draft that a writer has seen.

    Raises:
        EngineError: it is not a whole number from 0 on.
    """
    if type(value) is not int or not 0 <= value < 2**53:
        raise EngineError("this is not the version of a draft", found=_short(value))
    return value


def bindings_text(bindings: Mapping[str, int]) -> str:
    """Sizes as a row holds them."""
    return json.dumps(bindings)


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise EngineError(f"{what} must be text", found=_short(value))
    return value


def _short(value: object) -> str:
    """A value in a sentence: never long, never able to fail."""
    if value is None or isinstance(value, bool | float):
        return repr(value)
    if isinstance(value, int):
        return repr(value) if -(10**15) < value < 10**15 else "a number of many digits"
    if isinstance(value, str):
        return ascii(value[:40])
    return f"a value of type {type(value).__name__}"
