"""The tables and how the database is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine.errors import EngineError

SCHEMA_VERSION = 1

METADATA = sa.MetaData()
MODELS = sa.Table(
    "models",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),  # unguessable: an id in a link is a key
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("project", sa.String(200), nullable=False),
    sa.Column("owner", sa.String(200), nullable=False),
    sa.Column("origin", sa.String(20), nullable=False),  # "upload", "command line", "demo"
    sa.Column("created", sa.String(32), nullable=False),  # ISO 8601, UTC
    sa.Column("file_bytes", sa.BigInteger, nullable=False),
    sa.Column("op_count", sa.Integer, nullable=False),
    sa.Column("dims", sa.Text, nullable=False),  # JSON: [[name, value, given], …]
    sa.Column("properties", sa.Text, nullable=False),  # JSON: facts of the file
    sa.Column("notes", sa.Text, nullable=False),  # JSON: sentences of the reader
    sa.Column("description", sa.Text, nullable=False),
    sa.UniqueConstraint("owner", "sha256"),
)
MARKS = sa.Table(
    "marks",  # things that happened once: "demo" when the demo models were offered
    METADATA,
    sa.Column("name", sa.String(40), primary_key=True),
)


def open_database(path: Path) -> sa.Engine:
    """Open the database, create what is missing.

    WAL with synchronous FULL: a row that was acknowledged survives a power cut, and readers do
    not wait for the writer.  No memory mapping: SQLite before 3.51.3 may corrupt with it.

    Raises:
        EngineError: the file is not a database, or of a newer Paredown.
    """
    database = sa.create_engine(f"sqlite:///{path}")

    @sa.event.listens_for(database, "connect")
    def _set_up(connection: Any, _record: object) -> None:
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=30000",
        ):
            connection.execute(f"PRAGMA {pragma}")

    try:
        with database.begin() as connection:
            version = connection.scalar(sa.text("PRAGMA user_version")) or 0
            if version > SCHEMA_VERSION:
                raise EngineError(
                    "the data folder was written by a newer Paredown",
                    where=path.parent.name,
                    expected=f"schema {SCHEMA_VERSION} or older",
                    found=f"schema {version}",
                    try_this="update Paredown, or name another folder in PAREDOWN_DATA",
                )
            METADATA.create_all(connection)
            connection.execute(sa.text(f"PRAGMA user_version={SCHEMA_VERSION}"))
    except sa.exc.DatabaseError as error:
        database.dispose()
        raise EngineError(
            "the database of the data folder cannot be opened",
            where=path.name,
            found=str(error.orig),
            try_this="another folder in PAREDOWN_DATA, or a backup",
        ) from error
    return database
