"""Experiments as rows: add, list, find, remove; what people write on their models.

The file of an experiment is a blob that never changes.  Notes, flags, budgets and formulas of
people are the row's `edits`, one JSON of the caller with a version: a writer says which version it
has seen, and one that is behind is refused, so that nothing is overwritten unseen.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine.errors import EngineError
from engine.store import limits
from engine.store.blobs import Blobs, digest_of
from engine.store.database import Database
from engine.store.limits import now
from engine.store.people import Role, somebody
from engine.store.rights import forget, listed, need
from engine.store.rows import named
from engine.store.tables import EXPERIMENTS
from engine.store.usage import BROUGHT, Verb, record


@dataclass(frozen=True, slots=True)
class ExperimentRow:
    """An experiment that the store keeps.

    Args:
        id: unguessable, 22 characters, safe in an address.
        sha256: of the file's bytes.
        origin: "upload", "command line", "demo".
        created, updated: UTC; the second when the edits changed.
        summary: what a list shows, as the caller gave it.
        edits: JSON of the caller; "" none.
        version: of the edits, from 1.
    """

    id: str
    sha256: str
    name: str
    owner: str
    origin: str
    created: datetime
    updated: datetime
    file_bytes: int
    model_count: int
    summary: Mapping[str, Any]
    edits: str
    version: int


class Experiments:
    """The experiments of a data folder.

    Args:
        database: with the tables.
        blobs: where the files are.
        files: held while a blob arrives or goes.
    """

    def __init__(self, database: Database, blobs: Blobs, files: threading.Lock) -> None:
        self._database, self._blobs, self._files = database, blobs, files

    def add(
        self,
        file: Path,
        *,
        name: str,
        model_count: int,
        summary: Mapping[str, Any],
        origin: str = "upload",
    ) -> tuple[ExperimentRow, bool]:
        """Keep a file that was read.  Returns its row, and False when it was here already.

        Raises:
            EngineError: there are too many, the summary is too long, or the disk is full.
        """
        told = limits.document(json.dumps(dict(summary)), "the summary", limits.MAX_SUMMARY)
        size, time = file.stat().st_size, now()
        with self._files:
            try:
                digest = self._blobs.keep(file)
            except OSError as error:
                raise EngineError(
                    "the file cannot be kept in the data folder",
                    where=limits.clean_name(name),
                    found=error.strerror or str(error),
                    try_this="free some space on its disk; what was saved before is safe",
                ) from error
            with self._database.writing() as connection:
                owner = somebody()
                mine = EXPERIMENTS.c.owner == owner
                same = sa.select(EXPERIMENTS).where(mine, EXPERIMENTS.c.sha256 == digest)
                found = connection.execute(same).one_or_none()
                if found is not None:
                    return _row(found), False
                _check_room(connection, owner)
                connection.execute(
                    sa.insert(EXPERIMENTS).values(
                        id=secrets.token_urlsafe(16),
                        sha256=digest,
                        name=limits.clean_name(name),
                        owner=owner,
                        origin=origin,
                        created=time,
                        updated=time,
                        file_bytes=size,
                        model_count=model_count,
                        summary=told,
                        edits="",
                        version=1,
                    )
                )
                row = _row(connection.execute(same).one())
                if origin in BROUGHT:
                    record(connection, Verb.EXPERIMENT, "experiment", row.id)
                return row, True

    def list(self) -> tuple[ExperimentRow, ...]:
        """All experiments that the one who asks owns or was granted, newest first."""
        query = sa.select(EXPERIMENTS).where(listed("experiment"))
        with self._database.reading() as connection:
            found = connection.execute(query.order_by(EXPERIMENTS.c.created.desc()))
            return tuple(_row(r) for r in found)

    def get(self, experiment_id: object, role: Role = Role.VIEWER) -> ExperimentRow:
        """One experiment on which the one who asks has this role or a higher one.

        Raises:
            EngineError: there is none with this id that they may see, or `Refused`.
        """
        with self._database.reading() as connection:
            return _one(connection, experiment_id, role)

    def body(self, row: ExperimentRow) -> bytes:
        """The bytes of the file.

        Raises:
            EngineError: the file is gone or was changed.
        """
        path = self._blobs.path(row.sha256)
        if not path.exists():
            raise EngineError(
                "the file of this experiment is gone", row.name, try_this="add it again"
            )
        if digest_of(path) != row.sha256:
            raise EngineError(
                "the stored file has changed on the disk", row.name, try_this="add it again"
            )
        return path.read_bytes()

    def edit(self, experiment_id: object, edits: object, version: object) -> ExperimentRow:
        """Write the edits, which replace what stands.

        Args:
            experiment_id: whose.
            edits: JSON that the caller has checked.
            version: that the writer has seen.

        Raises:
            EngineError: no such experiment, a text that cannot be stored, or another writer was
                first; then nothing is changed.
        """
        text = limits.document(edits, "the edits", limits.MAX_EDITS)
        seen = limits.version_from(version)
        with self._database.writing() as connection:
            row = _one(connection, experiment_id, Role.EDITOR)
            if seen != row.version:
                raise EngineError(
                    "the experiment was changed in another tab; this edit was not kept",
                    expected=f"version {row.version}",
                    found=f"version {seen}",
                    try_this="loading the page anew, then the edit again",
                )
            connection.execute(
                sa.update(EXPERIMENTS)
                .where(EXPERIMENTS.c.id == row.id)
                .values(edits=text, version=row.version + 1, updated=now())
            )
            return _one(connection, row.id)

    def remove(self, experiment_id: object) -> ExperimentRow:
        """Remove an experiment with what was written on it; returns what it was."""
        with self._files:
            with self._database.writing() as connection:
                row = _one(connection, experiment_id, Role.OWNER)
                connection.execute(sa.delete(EXPERIMENTS).where(EXPERIMENTS.c.id == row.id))
                forget(connection, "experiment", row.id)
                left = named(connection, row.sha256)
            if not left:
                self._blobs.remove(row.sha256)  # after the row: a crash leaves a blob to sweep
        return row


def _check_room(connection: sa.Connection, owner: str) -> None:
    where = EXPERIMENTS.c.owner == owner
    count = connection.scalar(sa.select(sa.func.count()).select_from(EXPERIMENTS).where(where)) or 0
    if count >= limits.MAX_EXPERIMENTS:
        raise EngineError(
            f"there are {count:,} experiments, and no more fit", try_this="removing some of them"
        )


def _one(
    connection: sa.Connection, experiment_id: object, role: Role = Role.VIEWER
) -> ExperimentRow:
    id = need(connection, "experiment", experiment_id, role)
    return _row(connection.execute(sa.select(EXPERIMENTS).where(EXPERIMENTS.c.id == id)).one())


def _row(found: sa.Row[Any]) -> ExperimentRow:
    values = found._asdict()
    times = {k: datetime.fromisoformat(values[k]) for k in ("created", "updated")}
    return ExperimentRow(**{**values, **times, "summary": json.loads(values["summary"])})
