"""Models in the store: identity, names, versions, what a broken folder says."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from engine.errors import EngineError
from engine.graph import Dim, Graph, Op, Tensor
from engine.store import Store, clean_name
from engine.store.models import project_of
from tests.acting import by

GRAPH = Graph(
    name="net",
    ops=(Op("relu", "Relu", ("x",), ("y",)),),
    tensors={n: Tensor(n, "float32", (1, 4), k) for n, k in (("x", "input"), ("y", "activation"))},
    inputs=("x",),
    outputs=("y",),
    dims=(Dim("batch", 1, given=False),),
    notes=("batch is set to 1.",),
    properties={"opset": "ai.onnx 20"},
)


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "data")
    yield store
    store.close()


def file(folder: Path, body: bytes = b"model") -> Path:
    path = folder / "some.onnx"
    path.write_bytes(body)
    return path


def test_a_model_is_kept_with_its_facts(store, tmp_path):
    row, new = store.add(file(tmp_path), GRAPH, name="net_v2")
    assert new
    assert store.model(row.id) == row
    assert store.models() == (row,)
    assert (row.project, row.op_count, row.file_bytes) == ("net", 1, 5)
    assert (row.dims, row.notes, row.owner) == (GRAPH.dims, GRAPH.notes, "local")
    assert row.properties == {"opset": "ai.onnx 20"}
    assert len(row.id) >= 22  # 128 bits, unguessable


def test_the_file_itself_stays_where_it_was_and_the_copy_is_private(store, tmp_path):
    source = file(tmp_path)
    row, _ = store.add(source, GRAPH)
    assert source.exists()
    blob = store.blobs.path(row.sha256)
    assert blob.read_bytes() == b"model"
    assert stat.S_IMODE(blob.stat().st_mode) == 0o600


def test_an_arriving_file_is_moved_not_copied(store):
    with store.blobs.incoming() as path:
        path.write_bytes(b"model")
        inode = path.stat().st_ino
        row, _ = store.add(path, GRAPH)
    assert store.blobs.path(row.sha256).stat().st_ino == inode


def test_the_same_bytes_are_the_same_model(store, tmp_path):
    first, _ = store.add(file(tmp_path), GRAPH, name="one")
    again, new = store.add(file(tmp_path), GRAPH, name="two")
    assert (again, new) == (first, False)
    assert len(store.models()) == 1


def test_another_owner_has_a_row_of_its_own_and_one_blob(store, tmp_path):
    mine, _ = store.add(file(tmp_path), GRAPH)
    theirs, new = by("else", store.add, file(tmp_path), GRAPH)
    assert new
    with pytest.raises(EngineError, match="no such model"):
        store.model(theirs.id)
    store.remove(mine.id)
    assert store.blobs.path(theirs.sha256).exists()
    by("else", store.remove, theirs.id)
    assert not store.blobs.path(theirs.sha256).exists()


def test_equal_files_at_once_make_one_row(store, tmp_path):
    source = file(tmp_path)
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(store.add(source, GRAPH))) for _ in range(8)
    ]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sum(new for _, new in found) == 1
    assert len({row.id for row, _ in found}) == 1


def test_the_parsed_graph_comes_from_the_cache(store, tmp_path):
    row, _ = store.add(file(tmp_path), GRAPH)  # "model" is no ONNX file: reading it would fail
    assert store.graph(row) == GRAPH


def test_a_lost_file_is_said(store, tmp_path):
    row, _ = store.add(file(tmp_path), GRAPH)
    store.blobs.remove(row.sha256)
    with pytest.raises(EngineError, match="the file of this model is gone"):
        store.graph(row, {"batch": 7})


def test_a_changed_file_is_said(store, tmp_path):
    row, _ = store.add(file(tmp_path), GRAPH)
    store.blobs.path(row.sha256).write_bytes(b"other")
    with pytest.raises(EngineError, match="has changed on the disk"):
        store.graph(row, {"batch": 7})


def test_rename_and_remove(store, tmp_path):
    row, _ = store.add(file(tmp_path), GRAPH)
    assert store.rename(row.id, "  new\nname ").name == "newname"
    store.remove(row.id)
    assert store.models() == ()
    with pytest.raises(EngineError, match="no such model"):
        store.remove(row.id)


@pytest.mark.parametrize("bad", ["", "x", "../../etc/passwd", "' OR 1=1 --", "\x00", "a" * 5000])
def test_odd_ids_find_nothing(store, bad):
    with pytest.raises(EngineError, match="no such model"):
        store.model(bad)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a\u202eb\x00c\nd", "abcd"),
        ("\ud800x", "x"),
        ("   ", "unnamed"),
        ("<script>", "<script>"),
        ("x" * 5000, "x" * 120),
    ],
)
def test_names_are_safe_to_show(text, shown):
    assert clean_name(text) == shown


@pytest.mark.parametrize(
    ("name", "project"),
    [("unet_v2", "unet"), ("unet v12", "unet"), ("resnet50", "resnet50"), ("_v1", "_v1")],
)
def test_project_of_a_name(name, project):
    assert project_of(name) == project


def test_marks_happen_once(store):
    assert [store.mark("demo"), store.mark("demo")] == [True, False]


def test_a_broken_database_is_one_sentence(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "paredown.db").write_bytes(b"not a database, not at all" * 100)
    with pytest.raises(EngineError, match="cannot be opened"):
        Store(folder)


def test_a_newer_database_is_refused(tmp_path):
    import sqlite3

    Store(tmp_path / "data").close()
    connection = sqlite3.connect(tmp_path / "data" / "paredown.db")
    connection.execute("UPDATE alembic_version SET version_num = '0099'")
    connection.commit()
    connection.close()
    with pytest.raises(EngineError, match="newer Paredown"):
        Store(tmp_path / "data")


def test_a_folder_that_is_a_file_is_one_sentence(tmp_path):
    (tmp_path / "data").write_text("x")
    with pytest.raises(EngineError, match="data folder cannot be written"):
        Store(tmp_path / "data")


def test_the_database_is_durable(store):
    with store._database.reading() as connection:
        pragma = {
            p: connection.exec_driver_sql(f"PRAGMA {p}").scalar()
            for p in ("journal_mode", "synchronous", "foreign_keys", "mmap_size")
        }
    assert pragma == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "mmap_size": 0}


def test_groups_are_kept_with_their_model(store, tmp_path):
    row, _ = store.add(file(tmp_path), GRAPH)
    assert store.groups(row.id) == ""
    store.set_groups(row.id, '{"all": "*"}')
    assert store.groups(row.id) == '{"all": "*"}'
    assert by("another", store.groups, row.id) == ""
    with pytest.raises(EngineError, match="there is no such model"):
        by("another", store.set_groups, row.id, "{}")
    store.set_groups(row.id, "")
    assert store.groups(row.id) == ""
