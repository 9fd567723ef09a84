"""Who uses the product, how much, and for what: from our own records, with no name in the answer.

How many people and models there are over time comes from their own rows; what they do, from the
events that are noted here.  A note never stands in the way of what it notes.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from engine.errors import EngineError
from engine.store.database import Database
from engine.store.limits import LOCAL, now
from engine.store.people import acting
from engine.store.tables import EVENTS, MODELS, PEOPLE


@dataclass(frozen=True, slots=True)
class Report:
    """How the product is used.

    Args:
        months: (month as "2026-11", people, models): how many there were at its end.
        people: who have been here, in all; submitters: of them, who own a model.
        features: (what was done, how often), the most frequent first.
    """

    months: tuple[tuple[str, int, int], ...]
    people: int
    submitters: int
    features: tuple[tuple[str, int], ...]

    @property
    def share(self) -> float:
        """Submitters of all people, 0..1; 0 where nobody was here."""
        return self.submitters / self.people if self.people else 0.0


class Usage:
    """What people did, and the sums over it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, verb: str, kind: str = "", object_id: str = "") -> None:
        """Note that the one who acts did something; who only holds a link has no name here."""
        values = {"time": now(), "user": acting().user, "verb": verb[:40], "kind": kind,
                  "object_id": object_id}  # fmt: skip
        with contextlib.suppress(EngineError), self._database.writing() as connection:
            connection.execute(sa.insert(EVENTS).values(values))

    def forget(self, days: int) -> int:
        """Drop the notes that are older than some days; returns how many there were."""
        end = (datetime.now(UTC) - timedelta(days=days)).isoformat()
        with self._database.writing() as connection:
            return connection.execute(sa.delete(EVENTS).where(EVENTS.c.time < end)).rowcount

    def report(self, leaving_out: Collection[str] = ()) -> Report:
        """The sums, without the people named: testers, say."""
        out = tuple(leaving_out)
        with self._database.reading() as connection:
            people = connection.execute(
                sa.select(PEOPLE.c.name, PEOPLE.c.first).where(PEOPLE.c.name.not_in(out))
            ).all()
            models = connection.execute(
                sa.select(MODELS.c.owner, MODELS.c.created).where(MODELS.c.owner.not_in(out))
            ).all()
            done = connection.execute(
                sa.select(EVENTS.c.verb, sa.func.count())
                .where(EVENTS.c.user.not_in(out))
                .group_by(EVENTS.c.verb)
            ).all()
        users = {name for name, _ in people} or {owner for owner, _ in models if owner == LOCAL}
        joined = Counter(str(first)[:7] for _, first in people)
        made = Counter(str(created)[:7] for _, created in models)
        months, total, files = [], 0, 0
        for month in sorted({*joined, *made}):
            total, files = total + joined[month], files + made[month]
            months.append((month, total, files))
        owners = {owner for owner, _ in models}
        ranked = sorted(((str(verb), int(n)) for verb, n in done), key=lambda f: (-f[1], f[0]))
        return Report(tuple(months), len(users), len(users & owners), tuple(ranked))
