"""Experiments in the store: identity, edits with versions, blobs that go with the last row."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import EngineError
from engine.store import Store
from tests.acting import by


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "data")
    yield store
    store.close()


def put(store: Store, folder: Path, body: bytes = b"{}", owner: str = "local"):
    path = folder / "tree.json"
    path.write_bytes(body)
    return by(
        owner, store.experiments.add, path, name="tree\u202e", model_count=3, summary={"models": 3}
    )


def test_an_experiment_is_kept_once(store, tmp_path):
    row, new = put(store, tmp_path)
    assert new
    assert (row.name, row.model_count, row.file_bytes, row.summary) == ("tree", 3, 2, {"models": 3})
    assert (row.edits, row.version) == ("", 1)
    assert put(store, tmp_path) == (row, False)
    assert store.experiments.list() == (row,)
    assert store.experiments.get(row.id) == row
    assert store.experiments.body(row) == b"{}"


def test_edits_have_a_version_and_one_that_is_behind_changes_nothing(store, tmp_path):
    row, _ = put(store, tmp_path)
    first = store.experiments.edit(row.id, '{"notes": {}}', 1)
    assert (first.edits, first.version) == ('{"notes": {}}', 2)
    with pytest.raises(EngineError, match="in another tab"):
        store.experiments.edit(row.id, "{}", 1)
    assert store.experiments.get(row.id) == first


@pytest.mark.parametrize("edits", [None, 3, "a\0b", "\ud800", "x" * 4_000_001])
def test_edits_that_cannot_be_stored_are_refused(store, tmp_path, edits):
    row, _ = put(store, tmp_path)
    with pytest.raises(EngineError):
        store.experiments.edit(row.id, edits, 1)
    assert store.experiments.get(row.id) == row


@pytest.mark.parametrize("id", ["", "x", None, 3, "a" * 22, "\ud800" * 22, {"a": 1}])
def test_an_id_that_is_none(store, id):
    for verb in (store.experiments.get, store.experiments.remove):
        with pytest.raises(EngineError, match="no such experiment"):
            verb(id)


def test_the_file_goes_with_the_last_row_that_names_it(store, tmp_path):
    mine, _ = put(store, tmp_path)
    theirs, new = put(store, tmp_path, owner="else")
    assert new
    with pytest.raises(EngineError, match="no such experiment"):
        store.experiments.get(theirs.id)
    store.experiments.remove(mine.id)
    assert store.blobs.path(mine.sha256).exists()
    assert store.sweep(older_than_s=-1) == 0
    by("else", store.experiments.remove, theirs.id)
    assert not store.blobs.path(mine.sha256).exists()


def test_a_file_that_is_gone_or_changed(store, tmp_path):
    row, _ = put(store, tmp_path)
    path = store.blobs.path(row.sha256)
    path.write_bytes(b"[]")
    with pytest.raises(EngineError, match="has changed on the disk"):
        store.experiments.body(row)
    path.unlink()
    with pytest.raises(EngineError, match="is gone"):
        store.experiments.body(row)
