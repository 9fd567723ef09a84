"""Experiments as rows: add, list, find, remove; what people write on their models.

The file of an experiment is a blob that never changes.  Notes, flags, budgets and formulas of
people are the row's `edits`, one JSON of the caller with a version: a writer says which version it
has seen, and one that is behind is refused, so that nothing is overwritten unseen.

A fork is another row with the same file, and copies of the rows that say what was added to it: no
blob is written twice.
"""

from __future__ import annotations

import json
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
from engine.store.rights import forget, need, reads_files
from engine.store.roles import listed
from engine.store.rows import named
from engine.store.tables import (
    EXPERIMENT_DATA,
    EXPERIMENT_FILES,
    EXPERIMENT_MODELS,
    EXPERIMENTS,
    PREDICTIONS,
)
from engine.store.usage import BROUGHT, Verb, record


@dataclass(frozen=True, slots=True)
class ExperimentRow:
    """An experiment that the store keeps.

    Args:
        id: unguessable, 22 characters, safe in an address.
        sha256: of the file's bytes.
        origin: "upload", "command line", "demo".
        created, updated: UTC; the second when the edits changed.
        forked_from: id of the experiment it was forked from, there or not, or ""; forked_name and
            forked_owner: what that was called then, and whose it was.
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
    forked_from: str = ""
    forked_name: str = ""
    forked_owner: str = ""


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
                same = sa.select(EXPERIMENTS).where(
                    mine, EXPERIMENTS.c.sha256 == digest, EXPERIMENTS.c.forked_from == ""
                )
                found = connection.execute(same).one_or_none()
                if found is not None:
                    return _row(found), False
                _check_room(connection, owner)
                connection.execute(
                    sa.insert(EXPERIMENTS).values(
                        id=limits.new_id(),
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

    def fork(self, experiment_id: object, name: object = None) -> ExperimentRow:
        """Copy an experiment as one's own: tree, figures, edits, predictions, files by their hash.

        Models that jobs have yet to make stay behind.  So do the ONNX files and samples of models
        where the one who asks may not read them.

        Args:
            experiment_id: of which they are a forker or more.
            name: of the fork, which gets a number where another has it; None one from its own.

        Raises:
            EngineError: no such experiment, a bad name, too many, or `Refused`.
        """
        wanted = None if name is None else limits.name_from(name)
        with self._database.writing() as connection:
            source = _one(connection, experiment_id, Role.FORKER)
            owner, time, made = somebody(), now(), limits.new_id()
            _check_room(connection, owner)
            mine = sa.select(EXPERIMENTS.c.name).where(EXPERIMENTS.c.owner == owner)
            shown = limits.free_name(
                wanted or limits.clean_name(f"Fork of {source.name}"),
                frozenset(connection.scalars(mine)),
            )
            values = {
                "id": made, "name": shown, "owner": owner, "created": time, "updated": time,
                "version": 1, "forked_from": source.id, "forked_name": source.name,
                "forked_owner": source.owner,
            }  # fmt: skip
            copied = sa.select(EXPERIMENTS).where(EXPERIMENTS.c.id == source.id)
            row = connection.execute(copied).mappings().one()
            connection.execute(sa.insert(EXPERIMENTS).values({**row, **values}))
            files = reads_files(connection, "experiment", source.id)
            for table in (EXPERIMENT_MODELS, EXPERIMENT_DATA, PREDICTIONS, EXPERIMENT_FILES):
                if files or table is not EXPERIMENT_FILES:
                    _copy(connection, table, source.id, made)
            record(connection, Verb.EXPERIMENT_FORKED, "experiment", made)
            return _one(connection, made)

    def remove(self, experiment_id: object) -> ExperimentRow:
        """Remove an experiment with what was written on it; returns what it was."""
        with self._files:
            with self._database.writing() as connection:
                row = _one(connection, experiment_id, Role.OWNER)
                forget(connection, "experiment", row.id)
                connection.execute(sa.delete(EXPERIMENTS).where(EXPERIMENTS.c.id == row.id))
                left = named(connection, row.sha256)
            if not left:
                self._blobs.remove(row.sha256)  # after the row: a crash leaves a blob to sweep
        return row


def _copy(connection: sa.Connection, table: sa.Table, source: str, made: str) -> None:
    """Give a fork the rows of its source; what a job still works at is not among them."""
    own: dict[str, Any] = {"experiment_id": made}
    where = [table.c.experiment_id == source]
    if table is EXPERIMENT_MODELS:
        own |= {"job_id": "", "seq": 0}  # the jobs are of the source
        where.append(table.c.made)
    columns = [sa.literal(own[c.name]).label(c.name) if c.name in own else c for c in table.c]
    rows = sa.select(*columns).where(*where)
    connection.execute(sa.insert(table).from_select([c.name for c in table.c], rows))


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
