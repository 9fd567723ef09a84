"""Every component id, one StrEnum a page, as `page--thing`.

Repeated parts use `{"type": <member>, "index": <id>}`, built with `repeated`.
"""

from __future__ import annotations

from enum import StrEnum


class Shell(StrEnum):
    """Parts of the frame that every page has."""

    LOCATION = "shell--location"
    NOTICES = "shell--notices"
    SCHEME = "shell--scheme"
    CRUMBS = "shell--crumbs"
    TOOLS = "shell--tools"


class Models(StrEnum):
    """The list of models."""

    PAGE = "models--page"
    LIST = "models--list"
    SUMMARY = "models--summary"
    SEARCH = "models--search"
    TARGET = "models--target"
    SORT = "models--sort"
    SORT_BUTTON = "models--sort-button"
    MORE = "models--more"
    LIMIT = "models--limit"
    POLL = "models--poll"
    UPLOADS = "models--uploads"
    UPLOADED = "models--uploaded"
    CHOOSE = "models--choose"
    FILE = "models--file"
    REMOVE = "models--remove"
    REMOVE_DIALOG = "models--remove-dialog"
    REMOVE_TEXT = "models--remove-text"
    REMOVE_YES = "models--remove-yes"
    REMOVE_NO = "models--remove-no"
    REMOVING = "models--removing"
    DEMO = "models--demo"


def repeated(member: StrEnum, index: str) -> dict[str, str]:
    """Pattern id of one of many equal parts."""
    return {"type": str(member), "index": index}
