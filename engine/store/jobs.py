"""Jobs as rows: ask for one, list, cancel.  Who carries them out is in `work.py`.

The rows are the truth; whatever carries jobs out may die at any time and nothing is lost.  A job
is units of a kind, each small and with one effect however often it runs: its result is named by
the digest of what it is to do.  The same job asked for twice while it is under way is one job.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.errors import EngineError
from engine.store import limits
from engine.store.database import Database
from engine.store.limits import now
from engine.store.people import acting, somebody
from engine.store.tables import ACTIVE, JOBS, UNITS
from engine.store.usage import Verb, record

MAX_UNITS = 1_000  # of a job
MAX_ACTIVE = 100  # jobs of an owner that are not finished
MAX_ARGS = 2_000_000  # bytes of JSON of a unit
MAX_KEPT = 500  # finished jobs of an owner; the oldest go
OPEN = ("queued", "running")


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A part of a job.

    Args:
        state: "queued", "running", "done", "failed", "cancelled".
        attempts: how often it was started.
        share: of it that is done, 0..1.
        words: what it does now, or why it failed.
        result: what it answered; None until it is done.
    """

    job_id: str
    seq: int
    args: Mapping[str, Any]
    digest: str
    state: str
    attempts: int
    share: float
    words: str
    result: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class JobRow:
    """Something long that was asked for.

    Args:
        id: unguessable, 22 characters.
        kind: which code does it, "compress".
        title: in words, for the list.
        subject: id of the model or experiment that it is about; "".
        state: "queued", "running", "done", "failed" (some unit did), "cancelled".
        cancel: whether that was asked for.
        finished: UTC; None until then.
        units: in order.
    """

    id: str
    owner: str
    kind: str
    title: str
    subject: str
    state: str
    cancel: bool
    created: datetime
    finished: datetime | None
    units: tuple[UnitRow, ...]

    @property
    def share(self) -> float:
        """Of all units that is done, 0..1."""
        ended = ("done", "failed", "cancelled")
        done = sum(1.0 if u.state in ended else u.share for u in self.units)
        return done / max(1, len(self.units))


class Jobs:
    """The jobs of a data folder, as those see them who ask for them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, kind: str, title: str, units: Sequence[Mapping[str, Any]], *,
        version: str, subject: str = "",
    ) -> tuple[JobRow, bool]:  # fmt: skip
        """Ask for a job.  Returns it, and False when the same is under way already.

        Args:
            kind: which code does it.
            title: in words.
            units: arguments of each unit, as JSON takes them.
            version: of the code that does it: another may give another result.
            subject: id of the model or experiment that it is about.

        Raises:
            EngineError: no units or too many, arguments too long, too many jobs under way.
        """
        if not 0 < len(units) <= MAX_UNITS:
            raise EngineError(
                "a job has some units", title[:80], expected=f"1 to {MAX_UNITS:,}",
                found=f"{len(units):,}",
            )  # fmt: skip
        texts = [_text(u) for u in units]
        for text in texts:
            limits.document(text, "the arguments of a job", MAX_ARGS)
        digests = [unit_digest(kind, version, u) for u in units]
        whole = _digest(*digests)
        id, owner = limits.new_id(), somebody()
        with self._database.writing() as connection:
            same = sa.select(JOBS.c.id).where(JOBS.c.owner == owner, JOBS.c.digest == whole, ACTIVE)
            found = connection.scalar(same)
            if found is None:
                self._check_room(connection, owner)
                connection.execute(
                    sa.insert(JOBS).values(
                        id=id, owner=owner, kind=kind, title=limits.clean_name(title),
                        subject=subject, state="queued", cancel=False, digest=whole,
                        created=now(), finished="",
                    )
                )  # fmt: skip
                rows = [
                    {"job_id": id, "seq": k, "args": text, "digest": digest, "state": "queued",
                     "attempts": 0, "epoch": 0, "share": 0.0, "words": "", "result": ""}
                    for k, (text, digest) in enumerate(zip(texts, digests, strict=True))
                ]  # fmt: skip
                connection.execute(sa.insert(UNITS), rows)
                record(connection, Verb.JOB, "job", id)
        return self.get(found or id), found is None

    def get(self, id: str) -> JobRow:
        """One job.

        Raises:
            EngineError: there is none with this id that they may see.
        """
        found = self._read(sa.and_(JOBS.c.id == str(id), JOBS.c.owner == acting().user))
        if not found:
            raise EngineError("there is no such job", try_this="the list of jobs")
        return found[0]

    def list(self, most: int = 50, subject: str = "") -> tuple[JobRow, ...]:
        """One's own jobs: those under way, then the others, newest first; of a subject."""
        if subject and not limits.is_id(subject):  # what no database takes
            return ()
        where = JOBS.c.owner == acting().user
        return self._read(sa.and_(where, JOBS.c.subject == subject) if subject else where, most)

    def active(self, owner: str | None = None) -> int:
        """How many are not finished; of one owner or of all."""
        query = sa.select(sa.func.count()).select_from(JOBS).where(ACTIVE)
        if owner is not None:
            query = query.where(JOBS.c.owner == owner)
        with self._database.reading() as connection:
            return int(connection.scalar(query) or 0)

    def cancel(self, id: str) -> JobRow:
        """Ask that a job stops: what waits never starts, what runs is stopped by the worker."""
        row = self.get(id)
        with self._database.writing() as connection:
            mine = JOBS.c.id == row.id
            connection.execute(sa.update(JOBS).where(mine, ACTIVE).values(cancel=True))
            waiting = sa.and_(UNITS.c.job_id == row.id, UNITS.c.state == "queued")
            connection.execute(sa.update(UNITS).where(waiting).values(state="cancelled"))
            settle(connection, row.id)
        return self.get(row.id)

    def _check_room(self, connection: sa.Connection, owner: str) -> None:
        mine = JOBS.c.owner == owner
        count = sa.select(sa.func.count()).select_from(JOBS)
        if (connection.scalar(count.where(mine, ACTIVE)) or 0) >= MAX_ACTIVE:
            raise EngineError(
                "too many jobs are under way", expected=f"at most {MAX_ACTIVE}",
                try_this="waiting, or cancelling some",
            )  # fmt: skip
        ended = sa.select(JOBS.c.id).where(mine, sa.not_(ACTIVE)).order_by(JOBS.c.created.desc())
        old = connection.scalars(ended.offset(MAX_KEPT)).all()
        if old:
            connection.execute(sa.delete(JOBS).where(JOBS.c.id.in_(old)))

    def _read(self, where: sa.ColumnElement[bool], most: int = 1) -> tuple[JobRow, ...]:
        order = sa.case((ACTIVE, 0), else_=1), JOBS.c.created.desc()
        query = sa.select(JOBS).where(where).order_by(*order).limit(most)
        with self._database.reading() as connection:
            jobs = connection.execute(query).all()
            ids = [row.id for row in jobs]
            units = connection.execute(
                sa.select(UNITS).where(UNITS.c.job_id.in_(ids)).order_by(UNITS.c.seq)
            ).all()
        held = {id: tuple(unit_row(u) for u in units if u.job_id == id) for id in ids}
        return tuple(_row(row, held[row.id]) for row in jobs)


def settle(connection: sa.Connection, job_id: str) -> None:
    """Set a job's state from those of its units; called in the transaction that changed them."""
    states = connection.scalars(sa.select(UNITS.c.state).where(UNITS.c.job_id == job_id)).all()
    cancel = connection.scalar(sa.select(JOBS.c.cancel).where(JOBS.c.id == job_id))
    if "running" in states or (any(s in OPEN for s in states) and set(states) != {"queued"}):
        state = "running"
    elif "queued" in states:
        state = "queued"
    elif cancel and "cancelled" in states:
        state = "cancelled"
    else:
        state = "failed" if "failed" in states else "done"
    values: dict[str, Any] = {"state": state}
    if state not in OPEN:
        values["finished"] = now()
    connection.execute(sa.update(JOBS).where(JOBS.c.id == job_id, ACTIVE).values(values))


def unit_row(row: Any) -> UnitRow:
    """A row of the table as a record."""
    return UnitRow(
        row.job_id, row.seq, json.loads(row.args), row.digest, row.state, row.attempts, row.share,
        row.words, json.loads(row.result) if row.result else None,
    )  # fmt: skip


def _row(row: Any, units: tuple[UnitRow, ...]) -> JobRow:
    finished = datetime.fromisoformat(row.finished) if row.finished else None
    return JobRow(
        row.id, row.owner, row.kind, row.title, row.subject, row.state, row.cancel,
        datetime.fromisoformat(row.created), finished, units,
    )  # fmt: skip


def unit_digest(kind: str, version: str, args: Mapping[str, Any]) -> str:
    """What the result of a unit is named by: the same to do is the same result."""
    return _digest(kind, version, _text(args))


def _text(args: Mapping[str, Any]) -> str:
    return json.dumps(dict(args), sort_keys=True, allow_nan=False)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
