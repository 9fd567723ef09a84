"""The database file: opened once, read and written in transactions, its faults said in words.

SQLite with a write-ahead log and synchronous FULL: a row that was acknowledged survives a power
cut, and readers do not wait for the writer.  No memory mapping: SQLite before 3.51.3 may corrupt
with it.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine.errors import EngineError

BUSY_MS = 30_000

# SQLite's primary result code -> what is wrong, what to try (https://sqlite.org/rescode.html).
_ELSEWHERE = "a backup, or another folder in PAREDOWN_DATA"
_FAULTS = {
    sqlite3.SQLITE_FULL: (
        "there is no room left on the disk of the data folder",
        "free some space on it; what was saved before is safe",
    ),
    sqlite3.SQLITE_IOERR: (
        "the disk of the data folder cannot be read or written",
        "free some space on it, or check the disk; what was saved before is safe",
    ),
    sqlite3.SQLITE_READONLY: ("the data folder cannot be written", "giving Paredown the right to"),
    sqlite3.SQLITE_BUSY: ("another program holds the database of the data folder", "once more"),
    sqlite3.SQLITE_LOCKED: ("another program holds the database of the data folder", "once more"),
    sqlite3.SQLITE_CORRUPT: ("the database of the data folder is damaged", _ELSEWHERE),
    sqlite3.SQLITE_NOTADB: ("the database of the data folder cannot be opened", _ELSEWHERE),
    sqlite3.SQLITE_CANTOPEN: (
        "the database of the data folder cannot be opened",
        "free some space on its disk, or another folder in PAREDOWN_DATA",
    ),
}


class Database:
    """One SQLite file.  Threads and processes may share it.

    Args:
        path: the file; made by the first who writes.
        references: whether a reference to a row that is not there is refused.  Only a migration
            that moves tables turns this off, and checks at its end.
        notes: whether what people do is noted; see `usage.record`.
    """

    def __init__(self, path: Path, *, references: bool = True, notes: bool = True) -> None:
        self.path = path
        self._engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)))
        self._writer = self._engine.execution_options(writes=True, notes=notes)
        on = "ON" if references else "OFF"

        @sa.event.listens_for(self._engine, "connect")
        def _set_up(connection: Any, _record: object) -> None:
            # Python's own transactions begin late and as readers: a second writer would be
            # refused at once, without the wait that busy_timeout asks for.
            connection.isolation_level = None
            connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
            _write_ahead(connection)
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute(f"PRAGMA foreign_keys={on}")

        @sa.event.listens_for(self._engine, "begin")
        def _begin(connection: sa.Connection) -> None:
            writes = connection.get_execution_options().get("writes")
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of all tables; waits for nobody.

        Raises:
            EngineError: the disk or the file failed.
        """
        with said_in_words(), self._engine.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that is on the disk when the block ends, or was never there.

        One writer at a time: what it reads stays true until it ends.

        Raises:
            EngineError: the disk or the file failed; nothing was changed.
        """
        with said_in_words(), self._writer.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close the connections that nobody uses."""
        self._engine.dispose()


def _write_ahead(connection: Any) -> None:
    """Turn a file to write-ahead logging.

    Of two processes that do so with a new file at once SQLite refuses one without the wait that
    busy_timeout asks for, because each holds what the other needs.
    """
    end = time.monotonic() + BUSY_MS / 1e3
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
        time.sleep(0.01)


@contextlib.contextmanager
def said_in_words() -> Iterator[None]:
    """Turn what a disk or a database file did wrong into one sentence.

    Raises:
        EngineError: the sentence.
    """
    try:
        yield
    except sa.exc.TimeoutError as error:
        raise EngineError("too many at once use the data folder", try_this="once more") from error
    except sa.exc.DBAPIError as error:
        if not isinstance(error.orig, sqlite3.Error):
            raise
        fault = _sentence(error.orig)
        if fault is None:
            raise  # a fault of ours
        raise fault from error
    except sqlite3.Error as error:  # of a connection without SQLAlchemy
        fault = _sentence(error)
        if fault is None:
            raise
        raise fault from error


def _sentence(error: sqlite3.Error) -> EngineError | None:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _FAULTS:
        what, try_this = _FAULTS[code]
        return EngineError(what, found=str(error), try_this=try_this)
    if isinstance(error, sqlite3.OperationalError):  # "no such table": the file was changed
        return EngineError(
            "the data folder cannot be used", found=str(error), try_this="starting Paredown again"
        )
    return None
