r"""Names as people may safely see them, each one once.

A name from a file can hold anything: control characters, text direction overrides, a megabyte.
What an ordinary exporter writes passes through unchanged.  Anything else is written visibly
(`\u202e`), and a name that is too long is cut and ends in a digest of the whole, so that one
file always gives the same names.  HTML, formulas and the like are plain text here and stay; the
page escapes them where it shows them.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Container

from engine.formats.limits import MAX_NAME


def visible(raw: str | bytes) -> str:
    """Return the name in printable characters and at most `MAX_NAME` of them."""
    if isinstance(raw, bytes):  # protobuf hands out bytes where the text is not UTF-8
        raw = raw.decode("utf-8", "backslashreplace")
    if len(raw) <= MAX_NAME and raw.isascii() and raw.isprintable():
        return raw
    digest = ""
    if len(raw) > MAX_NAME:
        whole = hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest()
        digest = f"…{whole[:8]}"
        raw = raw[: MAX_NAME - len(digest)]
    return "".join(c if _shown(c) else _escaped(c) for c in raw) + digest


def _shown(c: str) -> bool:
    return c == " " or not unicodedata.category(c).startswith(("C", "Z"))


def _escaped(c: str) -> str:
    return f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}"


def unique(name: str, taken: Container[str]) -> str:
    """Return the name, or the name with the first free number after it."""
    if name not in taken:
        return name
    n = 2
    while f"{name}_{n}" in taken:
        n += 1
    return f"{name}_{n}"


def shown_list(names: list[str], limit: int = 6) -> str:
    """Join names for a sentence; of a long list the first few and how many more."""
    quoted = [f"'{n}'" for n in names[:limit]]
    more = len(names) - limit
    return ", ".join(quoted) + (f" and {more} more" if more > 0 else "")
