"""Calling verbs of the store as somebody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.store import Principal, act_as


def by(who: str | Principal, verb: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What a verb answers to somebody, named or described."""
    with act_as(Principal(who) if isinstance(who, str) else who):
        return verb(*args, **kwargs)
