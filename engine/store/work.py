"""The worker's side of the jobs: one lease, claim, progress, finish; fenced by the lease's epoch.

Only who holds the lease carries jobs out.  Each write names the epoch of its lease and does
nothing when another has taken over: a worker that slept through its lease cannot undo what the
next one did.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from engine.store.database import Database
from engine.store.jobs import UnitRow, settle, unit_row
from engine.store.tables import JOBS, LEASES, UNITS

LEASE = "worker"
MAX_ATTEMPTS = 3  # starts of a unit whose process dies
_WORDS = 300


class Fenced(Exception):
    """Another worker holds the lease now."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A unit to carry out, with its job's kind and owner."""

    unit: UnitRow
    kind: str
    owner: str
    subject: str


class Work:
    """The rows as a worker changes them.

    Args:
        database: with the tables.
        holder: a name of this worker that no other has.
        lease_s: how long the lease holds without being renewed.
    """

    def __init__(self, database: Database, holder: str, lease_s: float = 15.0) -> None:
        self._database, self.holder, self.lease_s = database, holder, lease_s
        self.epoch = 0

    def take(self) -> bool:
        """Take the lease if nobody holds it; units of former holders wait again then."""
        with self._database.writing() as connection:
            lease = connection.execute(
                sa.select(LEASES).where(LEASES.c.name == LEASE)
            ).one_or_none()
            if lease is not None and lease.until > time.time():
                return False
            self.epoch = 1 + (lease.epoch if lease is not None else 0)
            connection.execute(sa.delete(LEASES).where(LEASES.c.name == LEASE))
            connection.execute(
                sa.insert(LEASES).values(
                    name=LEASE, holder=self.holder, epoch=self.epoch,
                    until=time.time() + self.lease_s,
                )
            )  # fmt: skip
            left = connection.execute(
                sa.select(UNITS.c.job_id, UNITS.c.seq).where(UNITS.c.state == "running")
            ).all()
            for job_id, seq in left:
                self._died(connection, job_id, seq, "the worker was stopped")
        return True

    def renew(self) -> None:
        """Hold the lease longer.

        Raises:
            Fenced: another holds it.
        """
        with self._database.writing() as connection:
            self._mine(connection)
            until = time.time() + self.lease_s
            connection.execute(sa.update(LEASES).where(LEASES.c.name == LEASE).values(until=until))

    def release(self) -> None:
        """Let go of the lease, so that the next need not wait for its end."""
        mine = sa.and_(LEASES.c.name == LEASE, LEASES.c.epoch == self.epoch)
        with self._database.writing() as connection:
            connection.execute(sa.update(LEASES).where(mine).values(until=0.0))

    def claim(self, most: int) -> list[Claimed]:
        """Mark units as running and return them; owners with few running ones first.

        Raises:
            Fenced: another holds the lease.
        """
        found: list[Claimed] = []
        with self._database.writing() as connection:
            self._mine(connection)
            for _ in range(most):
                row = connection.execute(_next_unit()).one_or_none()
                if row is None:
                    break
                key = _key(row.job_id, row.seq)
                connection.execute(
                    sa.update(UNITS).where(key).values(
                        state="running", attempts=row.attempts + 1, epoch=self.epoch, share=0.0,
                        words="",
                    )
                )  # fmt: skip
                settle(connection, row.job_id)
                unit = unit_row(connection.execute(sa.select(UNITS).where(key)).one())
                found.append(Claimed(unit, row.kind, row.owner, row.subject))
        return found

    def told(self, seen: Mapping[tuple[str, int], tuple[float, str]]) -> None:
        """Write how far units are: (job id, seq) -> (share, words)."""
        with self._database.writing() as connection:
            self._mine(connection)
            for (job_id, seq), (share, words) in seen.items():
                connection.execute(
                    sa.update(UNITS).where(_key(job_id, seq), UNITS.c.state == "running").values(
                        share=min(1.0, max(0.0, share)), words=words[:_WORDS]
                    )
                )  # fmt: skip

    def done(self, job_id: str, seq: int, result: Mapping[str, Any]) -> None:
        """A unit is done."""
        self._end(job_id, seq, state="done", share=1.0, words="", result=json.dumps(dict(result)))

    def failed(self, job_id: str, seq: int, why: str) -> None:
        """A unit said why it cannot be done; the same again would say the same."""
        self._end(job_id, seq, state="failed", words=why[:_WORDS])

    def died(self, job_id: str, seq: int, why: str) -> bool:
        """A unit's process is gone: it waits again, or failed after `MAX_ATTEMPTS`.

        Returns whether it failed for good.
        """
        with self._database.writing() as connection:
            self._mine(connection)
            return self._died(connection, job_id, seq, why)

    def cancelled(self, job_id: str, seq: int) -> None:
        """A running unit was stopped, as its owner asked."""
        self._end(job_id, seq, state="cancelled", words="")

    def to_cancel(self) -> list[tuple[str, int]]:
        """Running units whose job is to stop."""
        query = (
            sa.select(UNITS.c.job_id, UNITS.c.seq)
            .join(JOBS)
            .where(UNITS.c.state == "running", JOBS.c.cancel)
        )
        with self._database.reading() as connection:
            return [(row.job_id, row.seq) for row in connection.execute(query)]

    def _mine(self, connection: sa.Connection) -> None:
        held = connection.scalar(sa.select(LEASES.c.epoch).where(LEASES.c.name == LEASE))
        if held != self.epoch:
            raise Fenced

    def _end(self, job_id: str, seq: int, **values: Any) -> None:
        with self._database.writing() as connection:
            self._mine(connection)
            running = sa.and_(_key(job_id, seq), UNITS.c.state == "running")
            connection.execute(sa.update(UNITS).where(running).values(**values))
            settle(connection, job_id)

    def _died(self, connection: sa.Connection, job_id: str, seq: int, why: str) -> bool:
        key = _key(job_id, seq)
        row = connection.execute(
            sa.select(UNITS.c.attempts, JOBS.c.cancel).join(JOBS).where(key)
        ).one_or_none()
        if row is None:
            return False
        gave_up = row.attempts >= MAX_ATTEMPTS
        state = "cancelled" if row.cancel else "failed" if gave_up else "queued"
        words = why[:_WORDS] if state == "failed" else f"{why}; tried again"[:_WORDS]
        connection.execute(
            sa.update(UNITS).where(key, UNITS.c.state == "running").values(
                state=state, words=words
            )
        )  # fmt: skip
        settle(connection, job_id)
        return state == "failed"


def _key(job_id: str, seq: int) -> sa.ColumnElement[bool]:
    return sa.and_(UNITS.c.job_id == job_id, UNITS.c.seq == seq)


def _next_unit() -> sa.Select[Any]:
    """The unit that starts next: of the owner with the fewest running, the oldest job's first."""
    other, others = UNITS.alias(), JOBS.alias()
    running = (
        sa.select(sa.func.count())
        .select_from(other.join(others, other.c.job_id == others.c.id))
        .where(others.c.owner == JOBS.c.owner, other.c.state == "running")
        .scalar_subquery()
    )
    return (
        sa.select(
            UNITS.c.job_id, UNITS.c.seq, UNITS.c.attempts, JOBS.c.kind, JOBS.c.owner, JOBS.c.subject
        )
        .join(JOBS)
        .where(UNITS.c.state == "queued", sa.not_(JOBS.c.cancel))
        .order_by(running, UNITS.c.attempts, JOBS.c.created, UNITS.c.seq)
        .limit(1)
    )
