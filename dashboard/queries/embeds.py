"""What an embed says of itself."""

from __future__ import annotations

from datetime import UTC, datetime

import engine


def as_of(time: datetime) -> str:
    """Since when what a frame shows has been as it is, and which engine its figures are of.

    Args:
        time: UTC.
    """
    when = f"as of {time.astimezone(UTC):%-d %b %Y, %H:%M} UTC"
    return f"{when} · engine {engine.VERSION}"
