"""Groups that a person names: a JSON object of label -> pattern, read and applied.

    {"backbone": "model.layers.*", "backbone/attention": "*.self_attn", "head": "lm_head"}

A pattern is a glob over the names of tasks and over module paths; "/" and "." are equal.  It
takes all that lies in a path that it names.  A label with "/" lies inside another.
"""

from __future__ import annotations

import fnmatch
import json
import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence

from engine.errors import EngineError

MOST_BYTES = 1_000_000
MOST_ENTRIES = 1_000
MOST_DEPTH = 8
MOST_LABEL = 120
MOST_PATTERN = 300
MOST_NAME = 1_000  # characters of a task's name that are looked at
MOST_LOOKS = 5_000_000  # names compared with patterns, about two seconds
_WHERE = "groups"


def read_own(text: str) -> Mapping[str, str]:
    """Label -> pattern from a user's JSON.

    Raises:
        EngineError: it is no such object, or too large; the sentence says what is wrong.
    """
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise EngineError("the file is larger than 1 MB", _WHERE)
    try:
        found = json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise EngineError(f"the file is not JSON, see line {error.lineno}", _WHERE) from None
    except (RecursionError, ValueError):
        raise EngineError(
            "the file is nested too deep or holds too large a number", _WHERE
        ) from None
    if not isinstance(found, dict):
        raise EngineError(
            "the file is no object of names", _WHERE, expected='{"name": "pattern", …}'
        )
    check_own(found)
    return found


def check_own(own: Mapping[str, str]) -> None:
    """Labels and patterns are texts of a sensible size.

    Raises:
        EngineError: one is not.
    """
    if len(own) > MOST_ENTRIES:
        raise EngineError(
            "there are too many groups", _WHERE, f"at most {MOST_ENTRIES:,}", f"{len(own):,}"
        )
    for label, pattern in own.items():
        where = f"group {label[:60]!r}"
        parts = label.split("/")
        if not label.isprintable() or "#" in label or len(label) > MOST_LABEL or not all(parts):
            rule = f'at most {MOST_LABEL} printable characters, no "#" and no empty part'
            raise EngineError("the name cannot be used", where, rule)
        if len(parts) > MOST_DEPTH:
            raise EngineError("the name is nested too deep", where, f"at most {MOST_DEPTH} parts")
        if not isinstance(pattern, str) or not pattern:
            raise EngineError("its pattern is not a text", where, 'one like "model.layers.*"')
        if len(pattern) > MOST_PATTERN:
            rule = f"at most {MOST_PATTERN} characters"
            raise EngineError("its pattern is too long", where, rule, f"{len(pattern):,}")


def labels_of(
    own: Mapping[str, str], names: Sequence[str], groups: Sequence[str]
) -> list[tuple[str, ...]]:
    """The parts of the label that each task falls under, () for none.

    Where several patterns fit, the label that lies deepest wins, then the one named first.

    Raises:
        EngineError: a label or pattern is not sound, or there are too many to try.
    """
    check_own(own)
    found: list[tuple[str, ...]] = [()] * len(names)
    if not own:
        return found
    holders: dict[str, list[int]] = {}
    for i, (name, group) in enumerate(zip(names, groups, strict=True)):
        for text in {_plain(name), *_paths(_plain(group))}:
            holders.setdefault(text, []).append(i)
    texts = sorted(holders)
    looks = 0
    for label, pattern in sorted(own.items(), key=lambda entry: -entry[0].count("/")):
        parts, glob = tuple(label.split("/")), _plain(pattern)
        start = re.split(r"[*?\[]", glob, maxsplit=1)[0]
        near = texts[bisect_left(texts, start) : bisect_left(texts, start + "\U0010ffff")]
        looks += len(near)
        if looks > MOST_LOOKS:
            raise EngineError(
                f"too many patterns for {len(names):,} tasks", _WHERE,
                try_this="begin patterns with a name in place of *",
            )  # fmt: skip
        fits = re.compile(fnmatch.translate(glob)).match
        for text in filter(fits, near):
            for i in holders[text]:
                found[i] = found[i] or parts
    return found


def _plain(text: str) -> str:
    return text.replace("/", ".").strip(".")[:MOST_NAME]


def _paths(group: str) -> list[str]:
    """The module path and all paths around it."""
    ends = [k for k, c in enumerate(group) if c == "."]
    return [*(group[:k] for k in ends), group] if group else []


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise EngineError("one name stands for two groups", _WHERE)
    return found
