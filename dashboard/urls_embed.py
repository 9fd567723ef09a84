"""Addresses of embeds: the view that a link opens, and which part of it a frame shows.

The part is one more key of the view's query, which the page itself does not know.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import parse_qsl, urlencode

EMBED = "/embed/<token>"  # the route of the page inside a frame
PART = "part"
THEMES = ("auto", "light", "dark")

# first part of a path -> the parts of that page, the usual one first, as people read them
PARTS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "model": {
            "graph": "Graph",
            "table": "Table",
            "both": "Table and graph",
            "totals": "Totals",
        },
        "experiments": {"map": "Model map", "trade": "Trade-off", "compare": "Comparison"},
    }
)
_PATH = re.compile(r"/(model|experiments)/([A-Za-z0-9_-]{1,64})/?\Z")


def page_of(address: str) -> tuple[str, str]:
    """("model" or "experiments", id) of an address; ("", "") when it is of neither."""
    found = _PATH.match(address.partition("?")[0])
    return (found[1], found[2]) if found else ("", "")


def query_of(address: str) -> dict[str, list[str]]:
    """What an address asks for, by key; {} where it cannot be read."""
    found: dict[str, list[str]] = {}
    for key, value in _pairs(address):
        found.setdefault(key, []).append(value)
    return found


def part_of(address: str) -> str:
    """Which part of its page an address shows in a frame; "" for the address of another page."""
    known = PARTS.get(page_of(address)[0], {})
    asked = query_of(address).get(PART, [""])[-1]
    return asked if asked in known else next(iter(known), "")


def with_part(address: str, part: str) -> str:
    """An address that shows a part of its page in a frame; "" the whole page."""
    query = [(key, value) for key, value in _pairs(address) if key != PART]
    query += [(PART, part)] if part else []
    return address.partition("?")[0] + (f"?{urlencode(query)}" if query else "")


def _pairs(address: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(address.partition("?")[2], keep_blank_values=True, max_num_fields=200)
    except ValueError:
        return []
