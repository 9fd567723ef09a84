"""Component ids of what pages of models and experiments share: as in `ids.py`."""

from __future__ import annotations

from enum import StrEnum


class Share(StrEnum):
    """The sheet in which an object is shared."""

    SHEET = "share--sheet"
    BODY = "share--body"
    ASK = "share--ask"  # a message of the sheet; see queries/sharing.py
    OF = "share--of"  # the open analysis, or its model


class Fork(StrEnum):
    """The copy of an experiment that somebody makes of it."""

    BUTTON = "fork--button"
    MADE = "fork--made"  # its address
