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
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from engine.errors import EngineError
from engine.store.database import Database
from engine.store.limits import LOCAL, now
from engine.store.people import acting
from engine.store.tables import EVENTS, MODELS, PEOPLE


class Verb(StrEnum):
    """What is noted, each at the one place where it happens."""

    MODEL = "model uploaded"
    EXPERIMENT = "experiment uploaded"
    SAVED = "analysis saved"
    FORKED = "analysis forked"
    EXPERIMENT_FORKED = "experiment forked"
    JOB = "job asked for"
    SHARED = "shared"
    EMBED_MADE = "embed made"
    EMBED_OPENED = "embed opened"


SPAN_DAYS = 30  # of the counts of what was done lately
BROUGHT = frozenset({"upload", "command line"})  # origins of what a person put in


def record(connection: sa.Connection, verb: str, kind: str = "", object_id: str = "") -> None:
    """Note, in the transaction that does it, that the one who acts did something.

    Who only holds a link has no name here.  What cannot be noted is not, and nothing else fails.
    """
    if not connection.get_execution_options().get("notes", True):
        return
    values = {"time": now(), "user": acting().user, "verb": verb[:40], "kind": kind,
              "object_id": object_id}  # fmt: skip
    with contextlib.suppress(sa.exc.SQLAlchemyError):
        connection.execute(sa.insert(EVENTS).values(values))


@dataclass(frozen=True, slots=True)
class Feature:
    """How often one thing was done.

    Args:
        verb: of `Verb`, or what an older Paredown noted.
        total: since the first note that is kept.
        recent: in the last 30 days; before: in the 30 days before those.
        people: how many did it in the last 30 days; who only holds a link counts for nobody.
    """

    verb: str
    total: int
    recent: int
    before: int
    people: int


@dataclass(frozen=True, slots=True)
class Report:
    """How the product is used.

    Args:
        days: (day as "2026-11-21", people, models) where one of them grew: how many there were at
            its end.  Models are those that people put in: no demo, nothing that was made here.
        people: who have been here, in all; submitters: of them, who own such a model.
        features: the most frequent first.
        since: UTC of the first note that is kept; None without any.
    """

    days: tuple[tuple[str, int, int], ...]
    people: int
    submitters: int
    features: tuple[Feature, ...]
    since: datetime | None

    @property
    def months(self) -> tuple[tuple[str, int, int], ...]:
        """As `days`, at the ends of months: "2026-11"."""
        last = {day[:7]: (people, models) for day, people, models in self.days}
        return tuple((month, *counts) for month, counts in last.items())

    @property
    def share(self) -> float:
        """Submitters of all people, 0..1; 0 where nobody was here."""
        return self.submitters / self.people if self.people else 0.0


class Usage:
    """What people did, and the sums over it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, verb: str, kind: str = "", object_id: str = "") -> None:
        """As `record`, for what the store itself does not see."""
        with contextlib.suppress(EngineError), self._database.writing() as connection:
            record(connection, verb, kind, object_id)

    def forget(self, days: int) -> int:
        """Drop the notes that are older than some days; returns how many there were."""
        with self._database.writing() as connection:
            old = sa.delete(EVENTS).where(EVENTS.c.time < _ago(days))
            return connection.execute(old).rowcount

    def report(self, leaving_out: Collection[str] = ()) -> Report:
        """The sums, without the people named: testers, say."""
        out = tuple(leaving_out)
        brought = sa.and_(MODELS.c.owner.not_in(out), MODELS.c.origin.in_(BROUGHT))
        with self._database.reading() as connection:
            people = connection.execute(
                sa.select(PEOPLE.c.name, PEOPLE.c.first).where(PEOPLE.c.name.not_in(out))
            ).all()
            models = connection.execute(sa.select(MODELS.c.owner, MODELS.c.created).where(brought))
            made = [(str(owner), str(created)) for owner, created in models]
            done = connection.execute(_features(out)).all()
            since = connection.scalar(sa.select(sa.func.min(EVENTS.c.time)))
            noted = connection.scalar(
                sa.select(sa.func.min(EVENTS.c.time)).where(EVENTS.c.user == LOCAL)
            )
        first = {str(name): str(time) for name, time in people}
        if not first and LOCAL not in out:  # the one person of this machine never signs in
            here = [time for time in (noted, *(t for who, t in made if who == LOCAL)) if time]
            first = {LOCAL: min(here)} if here else {}
        joined = Counter(time[:10] for time in first.values())
        added = Counter(time[:10] for _, time in made)
        days, total, files = [], 0, 0
        for day in sorted({*joined, *added}):
            total, files = total + joined[day], files + added[day]
            days.append((day, total, files))
        features = (Feature(str(r.verb), r.total, r.recent, r.before, r.people) for r in done)
        return Report(
            tuple(days), len(first), len(first.keys() & {owner for owner, _ in made}),
            tuple(sorted(features, key=lambda f: (-f.total, f.verb))),
            datetime.fromisoformat(since) if since else None,
        )  # fmt: skip


def _features(out: tuple[str, ...]) -> sa.Select[Any]:
    """Counts of each verb, without some people."""
    recent = EVENTS.c.time >= _ago(SPAN_DAYS)
    before = sa.and_(EVENTS.c.time >= _ago(2 * SPAN_DAYS), sa.not_(recent))
    named = sa.case((sa.and_(recent, EVENTS.c.user != ""), EVENTS.c.user))  # else NULL: not counted
    return (
        sa.select(
            EVENTS.c.verb,
            sa.func.count().label("total"),
            sa.func.count(sa.case((recent, 1))).label("recent"),
            sa.func.count(sa.case((before, 1))).label("before"),
            sa.func.count(sa.distinct(named)).label("people"),
        )
        .where(EVENTS.c.user.not_in(out))
        .group_by(EVENTS.c.verb)
    )


def _ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="microseconds")
