"""Component ids of a replay, in the sheet of analyses; as `ids.py`."""

from __future__ import annotations

from enum import StrEnum


class Replay(StrEnum):
    """The checkpoints of an analysis computed again."""

    SHOWN = "replay--shown"
