"""The text of a source file with what each part of a line is, for the browser to colour.

Pygments finds the tokens.  Where that takes longer than `MOST_S` (a file that somebody made for
it, or one without line ends), the rest of the file stays plain.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

PLAIN, KEYWORD, STRING, COMMENT, NUMBER, NAME, OTHER = range(7)
MOST_S = 4.0
MOST_COLUMNS = 1_000  # characters of a line that are shown
MOST_LINES = 100_000


def rows(text: str) -> list[tuple[str, list[int]]]:
    """Each line as (text, [length, kind, length, kind, …]); what is left of a line is plain."""
    lines = text.split("\n")[:MOST_LINES]
    marks: list[list[int]] = [[] for _ in lines]
    at = 0
    until = time.monotonic() + MOST_S
    for kind, part in _tokens("\n".join(lines)):
        for i, piece in enumerate(part.split("\n")):
            at += i > 0
            if piece and at < len(lines):
                _put(marks[at], len(piece), kind)
        if time.monotonic() > until:
            break
    return [
        (line if len(line) <= MOST_COLUMNS else line[:MOST_COLUMNS] + "…", mark)
        for line, mark in zip(lines, marks, strict=True)
    ]


def _put(row: list[int], length: int, kind: int) -> None:
    if row and row[-1] == kind:
        row[-2] += length
    else:
        row += (length, kind)


def _tokens(text: str) -> Iterator[tuple[int, str]]:
    from pygments.lexers.python import PythonLexer

    found: Iterable[tuple[Any, str]] = PythonLexer(stripnl=False, ensurenl=False).get_tokens(text)
    for token, part in found:
        yield _kind(str(token)), part


def _kind(token: str) -> int:
    """Of a token's dotted name, such as "Token.Name.Function"."""
    for start, kind in (
        ("Token.Keyword", KEYWORD), ("Token.Operator.Word", KEYWORD),
        ("Token.Literal.String", STRING), ("Token.Comment", COMMENT),
        ("Token.Literal.Number", NUMBER), ("Token.Name.Function", NAME),
        ("Token.Name.Class", NAME), ("Token.Name.Decorator", OTHER),
        ("Token.Name.Builtin", OTHER),
    ):  # fmt: skip
        if token.startswith(start):
            return kind
    return PLAIN
