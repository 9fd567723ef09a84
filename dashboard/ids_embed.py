"""Component ids of the sheet that makes embeds; as `ids.py`."""

from __future__ import annotations

from enum import StrEnum


class Embeds(StrEnum):
    """The sheet in which embeds are made and ended."""

    SHEET = "embeds--sheet"
    BODY = "embeds--body"
    ASK = "embeds--ask"  # a message of the sheet; see queries/embeds.py
    TEXT = "embeds--text"  # the snippet


class Part(StrEnum):
    """Links of a narrow frame, each of which shows one of its two panes."""

    TABLE = "embed--table"
    GRAPH = "embed--graph"
