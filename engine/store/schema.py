"""Bringing a database up to the tables of this Paredown, without losing a row.

A new file gets the tables at once.  An older one is copied, then led through the steps in
`migrations/versions`, all in one transaction: killed half way it is the older one still.  A newer
one is refused.  When nothing is to be done, which is nearly always, it costs one SELECT and alembic
is not imported.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from engine.errors import EngineError
from engine.store.database import Database, said_in_words
from engine.store.tables import METADATA

REVISIONS = tuple(f"{n:04}" for n in range(1, 9))  # oldest first; see `migrations/versions`
HEAD = REVISIONS[-1]
NOTHING, UNMARKED = "nothing", "unmarked"  # an empty file; tables from before there were revisions
WAIT_S = 60.0


def bring_up_to_date(database: Database) -> None:
    """Create or migrate the tables of a database where that is needed.

    Raises:
        EngineError: the file is not a database of Paredown, or of a newer one; it cannot be
            read, copied or written; another process takes too long over the same.
    """
    if _revision(database) == HEAD:
        return
    with _alone(database.path):
        found = _revision(database)  # another process may have been first
        if found == HEAD:
            return
        if found == NOTHING:
            _create(database)
            return
        if found != UNMARKED and found not in REVISIONS:
            raise _newer(database.path, found)
        copy = _copied(database.path)
        database.close()  # what it knows of the older tables
        _migrate(database.path, copy)


def _revision(database: Database) -> str:
    """The revision that the file says it has, or `NOTHING` or `UNMARKED`.

    Raises:
        EngineError: see `bring_up_to_date`.
    """
    with database.reading() as connection:
        try:
            found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        except sa.exc.OperationalError as error:
            if "no such table" not in str(error.orig):
                raise
            found = None
        if found is not None:
            return str(found)
        tables = set(
            connection.exec_driver_sql(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            ).scalars()
        )
        number = connection.exec_driver_sql("PRAGMA user_version").scalar() or 0
    if number > len(REVISIONS):
        raise _newer(database.path, str(number))
    if not tables - {"alembic_version"}:
        return NOTHING
    if not tables & {"models", "marks"}:
        raise EngineError(
            "the database belongs to another program",
            where=database.path.name,
            found=f"a table {min(tables)[:40]!r}",
            try_this="another folder in PAREDOWN_DATA",
        )
    return UNMARKED


def _newer(path: Path, found: str) -> EngineError:
    return EngineError(
        "the data folder was written by a newer Paredown",
        where=path.parent.name,
        expected=f"schema {int(HEAD)} or older",
        found=f"schema {found.lstrip('0')[:40]}",
        try_this="updating Paredown, or another folder in PAREDOWN_DATA",
    )


def _create(database: Database) -> None:
    with database.writing() as connection:
        METADATA.create_all(connection)
        connection.exec_driver_sql(
            "CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL,"
            " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
        )
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (HEAD,))
        _number(connection)


def _number(connection: sa.Connection) -> None:
    """Say the schema where Paredowns from before the revisions look for it, so they refuse it."""
    connection.exec_driver_sql(f"PRAGMA user_version={int(HEAD)}")


def _migrate(path: Path, copy: Path) -> None:
    """All steps from the file's revision to the last, in one transaction."""
    from alembic import command, config, util  # half a second, so only when there is a step to do

    steps = config.Config()
    folder = Path(__file__).parent / "migrations"
    steps.set_main_option("script_location", str(folder).replace("%", "%%"))
    database = Database(path, references=False)  # a step may put a table aside to change it
    try:
        with database.writing() as connection:
            steps.attributes["connection"] = connection
            try:
                command.upgrade(steps, HEAD)
                _number(connection)
                lost = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            except (sa.exc.SQLAlchemyError, util.CommandError) as error:
                raise _not_migrated(path, copy, str(error).splitlines()[0][:200]) from error
            if lost:
                found = f"{len(lost):,} rows of {lost[0][0]} that name what is not there"
                raise _not_migrated(path, copy, found)
    finally:
        database.close()


def _not_migrated(path: Path, copy: Path, found: str) -> EngineError:
    return EngineError(
        "the database could not be brought up to this version; it was left as it is",
        where=path.name,
        found=found,
        try_this=f"the Paredown that wrote it; a copy of the database is {copy.name}",
    )


def _copied(path: Path) -> Path:
    """Copy the database beside itself, whole and on the disk, before it is changed."""
    copy = path.with_name(f"{path.stem}-before-{HEAD}{path.suffix}")
    part = copy.with_suffix(".part")
    try:
        part.unlink(missing_ok=True)
        with (
            said_in_words(),
            contextlib.closing(sqlite3.connect(path)) as source,
            contextlib.closing(sqlite3.connect(part)) as target,
        ):
            source.backup(target)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(copy)
    except OSError as error:
        raise EngineError(
            "the database cannot be copied before it is changed",
            where=path.name,
            found=error.strerror or str(error),
            try_this="free some space on its disk",
        ) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return copy


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock file beside the database: one process creates or migrates at a time."""
    lock = path.with_suffix(".lock")
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise EngineError(
            "the data folder cannot be written",
            where=lock.name,
            found=error.strerror or str(error),
            try_this="another folder in PAREDOWN_DATA",
        ) from error
    try:
        end = time.monotonic() + WAIT_S
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise EngineError(
                        "another Paredown is still at work on the database",
                        where=path.name,
                        try_this="once more when it is done",
                    ) from None
                time.sleep(0.05)
        yield
    finally:
        os.close(handle)  # and with it the lock
