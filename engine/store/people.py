"""Who acts: a person, their groups, or only a link; and what they may do with an object.

The verbs of the store ask `acting()`, so that none can be called without somebody being asked
for.  Whoever serves several people wraps each request in `act_as`; where nobody did, the one
person of this machine acts, who owns nothing that others put in.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from enum import IntEnum

from engine.errors import EngineError
from engine.store.limits import LOCAL

EVERYONE = "everyone"  # who has a name, as a grantee


class Role(IntEnum):
    """What somebody may do with an object; each role may do what the ones before it may."""

    NONE = 0  # the object is as if it were not there
    VIEWER = 1
    FORKER = 2  # may begin something of their own with it
    EDITOR = 3
    OWNER = 4  # may share it, give it away and remove it

    @property
    def word(self) -> str:
        """Its name, as people read it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks.

    Args:
        user: name; "" who only holds a link.
        groups: names of the groups that they are in now.
        link: id of the link that they hold, where that is all they have; "" none.
        admin: may give away what others own, and read the usage.
    """

    user: str
    groups: frozenset[str] = frozenset()
    link: str = ""
    admin: bool = False

    @property
    def grantees(self) -> tuple[str, ...]:
        """The names under which something may have been granted to them."""
        if not self.user:
            return ()
        return (f"user:{self.user}", *(f"group:{g}" for g in sorted(self.groups)), EVERYONE)


LOCAL_PERSON = Principal(LOCAL)
_ACTING: ContextVar[Principal] = ContextVar("acting", default=LOCAL_PERSON)


class Refused(EngineError):
    """The object is seen, but this may not be done with it."""


def acting() -> Principal:
    """Who acts in this context."""
    return _ACTING.get()


def somebody() -> str:
    """The name of the one who acts.

    Raises:
        Refused: they have none, only a link.
    """
    who = acting()
    if not who.user:
        raise Refused("a link shows what it shows and no more", try_this="the full view, signed in")
    return who.user


@contextlib.contextmanager
def act_as(principal: Principal) -> Iterator[None]:
    """Let somebody act in this context, until the end of the block."""
    token = _ACTING.set(principal)
    try:
        yield
    finally:
        _ACTING.reset(token)
