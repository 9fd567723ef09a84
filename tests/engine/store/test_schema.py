"""Databases of other versions: adopted with their rows, or refused and left alone."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.errors import EngineError
from engine.store import Store, database, schema
from engine.store.database import Database
from engine.store.schema import HEAD, REVISIONS

ROOT = Path(__file__).parents[3]
# What the first Paredown made, as SQLite holds it: it had no revisions.
FIRST = """
CREATE TABLE models (
    id VARCHAR(32) NOT NULL, sha256 VARCHAR(64) NOT NULL, name VARCHAR(200) NOT NULL,
    project VARCHAR(200) NOT NULL, owner VARCHAR(200) NOT NULL, origin VARCHAR(20) NOT NULL,
    created VARCHAR(32) NOT NULL, file_bytes BIGINT NOT NULL, op_count INTEGER NOT NULL,
    dims TEXT NOT NULL, properties TEXT NOT NULL, notes TEXT NOT NULL,
    description TEXT NOT NULL, PRIMARY KEY (id), UNIQUE (owner, sha256)
);
CREATE TABLE marks (name VARCHAR(40) NOT NULL, PRIMARY KEY (name));
PRAGMA user_version=1;
"""
ROW = (
    *("m" * 22, "0" * 64, "net", "net", "local", "upload", "2026-11-20T10:00:00.000000+00:00"),
    *(5, 1, "[]", "{}", "[]", ""),
)


def first(folder: Path) -> Path:
    """A data folder as the first Paredown left it."""
    folder.mkdir()
    path = folder / "paredown.db"
    with closing(sqlite3.connect(path)) as old:
        old.execute("PRAGMA journal_mode=WAL")
        old.executescript(FIRST)
        old.execute(f"INSERT INTO models VALUES ({','.join('?' * len(ROW))})", ROW)
        old.execute("INSERT INTO marks VALUES ('demo')")
        old.commit()
    return path


def ask(path: Path, query: str) -> list[tuple]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def plain(index: dict) -> str:
    """An index as text; the condition of a partial one is an object that equals only itself."""
    where = index["dialect_options"].get("sqlite_where")
    return str({**index, "dialect_options": str(where)})


def tables(path: Path) -> dict[str, object]:
    """Everything that SQLAlchemy can read back about the tables of a file."""
    found = sa.create_engine(f"sqlite:///{path}")
    look = sa.inspect(found)
    seen = {
        name: (
            [{**c, "type": str(c["type"])} for c in look.get_columns(name)],
            look.get_pk_constraint(name)["constrained_columns"],
            sorted(look.get_foreign_keys(name), key=str),
            sorted(look.get_unique_constraints(name), key=str),
            sorted(map(plain, look.get_indexes(name))),
        )
        for name in look.get_table_names()
    }
    found.dispose()
    return seen


def test_the_first_database_is_adopted_with_its_rows(tmp_path):
    path = first(tmp_path / "data")
    store = Store(tmp_path / "data")
    assert [(row.id, row.name) for row in store.models()] == [("m" * 22, "net")]
    assert not store.mark("demo")
    store.close()
    assert ask(path, "SELECT version_num FROM alembic_version") == [(HEAD,)]
    copy = path.with_name(f"paredown-before-{HEAD}.db")
    assert ask(copy, "SELECT name FROM models") == [("net",)]
    assert ask(copy, "SELECT name FROM sqlite_master WHERE name = 'analyses'") == []


def test_migrated_and_new_have_the_same_tables(tmp_path):
    path = first(tmp_path / "old")
    Store(tmp_path / "old").close()
    Store(tmp_path / "new").close()
    assert tables(path) == tables(tmp_path / "new" / "paredown.db")
    assert len(tables(path)) == 21


def test_each_revision_has_its_step():
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    steps = ScriptDirectory.from_config(config)
    assert tuple(step.revision for step in steps.walk_revisions())[::-1] == REVISIONS


def test_the_steps_are_packaged():
    import tomllib

    from setuptools import find_namespace_packages

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    where = project["tool"]["setuptools"]["packages"]["find"]["include"]
    packages = find_namespace_packages(str(ROOT), include=where)
    assert {"engine.store.migrations", "engine.store.migrations.versions"} <= set(packages)


def test_what_an_older_one_looks_at_says_that_this_is_newer(tmp_path):
    Store(tmp_path / "data").close()
    assert ask(tmp_path / "data" / "paredown.db", "PRAGMA user_version") == [(int(HEAD),)]


@pytest.mark.parametrize("version", ["0099", "", "x" * 500, "0002b"])
def test_an_unknown_revision_is_refused_and_left(tmp_path, version):
    Store(tmp_path / "data").close()
    path = tmp_path / "data" / "paredown.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
        connection.commit()
    with pytest.raises(EngineError, match="newer Paredown") as refused:
        Store(tmp_path / "data")
    assert len(str(refused.value)) < 400
    assert ask(path, "SELECT version_num FROM alembic_version") == [(version,)]
    assert not list(path.parent.glob("*-before-*"))


def test_a_newer_one_without_revisions_is_refused(tmp_path):
    path = first(tmp_path / "data")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version=9")
    with pytest.raises(EngineError, match="newer Paredown"):
        Store(tmp_path / "data")


def test_a_database_of_another_program_is_refused_and_left(tmp_path):
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / "paredown.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    with pytest.raises(EngineError, match=r"another program.*bookmarks"):
        Store(tmp_path / "data")
    assert ask(path, "SELECT name FROM sqlite_master") == [("bookmarks",)]


def test_a_step_that_fails_changes_nothing(tmp_path, monkeypatch):
    path = first(tmp_path / "data")
    before = ask(path, "SELECT sql FROM sqlite_master ORDER BY name")

    def fail(*_):
        raise sa.exc.OperationalError("DROP", None, sqlite3.OperationalError("no such column: x"))

    monkeypatch.setattr(schema, "_number", fail)  # after every step, before the commit
    with pytest.raises(
        EngineError, match=r"left as it is.*such column.*copy of the database is paredown-before"
    ):
        Store(tmp_path / "data")
    assert ask(path, "SELECT sql FROM sqlite_master ORDER BY name") == before
    assert ask(path, "SELECT name FROM models") == [("net",)]
    monkeypatch.undo()
    Store(tmp_path / "data").close()
    assert ask(path, "SELECT version_num FROM alembic_version") == [(HEAD,)]


def test_rows_without_an_owner_stop_a_migration(tmp_path):
    path = first(tmp_path / "data")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (m REFERENCES models (id))")
        connection.execute("INSERT INTO t VALUES ('nobody')")
        connection.commit()
    with pytest.raises(EngineError, match=r"1 rows of t that name what is not there"):
        Store(tmp_path / "data")
    assert ask(path, "PRAGMA user_version") == [(1,)]


def test_a_disk_without_room_for_the_copy_changes_nothing(tmp_path, monkeypatch):
    path = first(tmp_path / "data")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(schema.os, "fsync", full)
    with pytest.raises(EngineError, match=r"cannot be copied.*No space left"):
        Store(tmp_path / "data")
    assert ask(path, "PRAGMA user_version") == [(1,)]
    assert not list(path.parent.glob("*.part"))


def test_a_holder_of_the_lock_is_waited_for_and_then_named(tmp_path, monkeypatch):
    import fcntl

    (tmp_path / "data").mkdir()
    monkeypatch.setattr(schema, "WAIT_S", 0.1)
    with (tmp_path / "data" / "paredown.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(EngineError, match="still at work"):
            Store(tmp_path / "data")
    Store(tmp_path / "data").close()


@pytest.mark.parametrize("old", [False, True])
def test_many_open_at_once(tmp_path, old):
    """Fresh and old folders: one process makes the tables, the others find them."""
    folder = tmp_path / "data"
    if old:
        first(folder)
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from engine.store import Store\n"
        "children = []\n"
        "for _ in range(6):\n"
        "    child = os.fork()\n"
        "    if not child:\n"
        "        Store(Path(sys.argv[1])).close()\n"
        "        os._exit(0)\n"
        "    children.append(child)\n"
        "sys.exit(sum(os.waitpid(c, 0)[1] != 0 for c in children))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert ask(folder / "paredown.db", "SELECT count(*) FROM alembic_version") == [(1,)]


def test_opening_what_is_current_imports_no_alembic(tmp_path):
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from engine.store import Store\n"
        "Store(Path(sys.argv[1])).close()\n"
        "sys.exit('alembic' in sys.modules)\n"
    )
    for _ in range(2):  # a new folder and a current one
        command = [sys.executable, "-c", program, str(tmp_path / "data")]
        assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def test_writers_wait_for_each_other(tmp_path):
    """A transaction that reads and then writes is never refused for a write in between."""
    made = Database(tmp_path / "a.db")
    with made.writing() as one:
        one.exec_driver_sql("CREATE TABLE n (v INTEGER)")
        one.exec_driver_sql("INSERT INTO n VALUES (0)")

    def add() -> None:
        for _ in range(5):
            with made.writing() as connection:
                seen = connection.exec_driver_sql("SELECT v FROM n").scalar()
                connection.exec_driver_sql("UPDATE n SET v = ?", (seen + 1,))

    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(add) for _ in range(4)]:
            done.result()
    with made.reading() as connection:
        assert connection.exec_driver_sql("SELECT v FROM n").scalar() == 20
    made.close()


def test_a_writer_that_waits_too_long_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "BUSY_MS", 50)
    one, two = Database(tmp_path / "a.db"), Database(tmp_path / "a.db")
    with (
        one.writing(),
        pytest.raises(EngineError, match="another program holds the database"),
        two.writing(),
    ):
        pass
    with two.writing():
        pass
    for each in (one, two):
        each.close()


def test_a_folder_that_may_only_be_read_says_so(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("nothing is forbidden to root")
    Store(tmp_path / "data").close()
    (tmp_path / "data" / "paredown.db").chmod(0o400)
    with pytest.raises(EngineError):
        Store(tmp_path / "data").mark("x")


def test_killed_amid_a_migration_it_is_the_older_one_still(tmp_path):
    path = first(tmp_path / "data")
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from engine.store import Store, schema\n"
        "schema._number = lambda _: os.kill(os.getpid(), 9)\n"  # after the steps, no commit yet
        "Store(Path(sys.argv[1]))\n"
    )
    command = [sys.executable, "-c", program, str(path.parent)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -9
    assert ask(path, "SELECT name FROM sqlite_master WHERE name = 'analyses'") == []
    assert ask(path, "PRAGMA user_version") == [(1,)]
    store = Store(path.parent)
    assert [row.name for row in store.models()] == ["net"]
    store.close()
