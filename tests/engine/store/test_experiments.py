"""Experiments in the store: identity, edits with versions, blobs that go with the last row."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import EngineError
from engine.store import DataRow, FileRow, PredictionRow, Principal, Role, Store, limits
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


def fork(store: Store, who: str, id: str, *name: object):
    return by(who, store.experiments.fork, id, *name)


def test_a_fork_is_a_copy_of_ones_own_that_shares_the_files(store, tmp_path):
    mine, _ = put(store, tmp_path, owner="ana")
    by("ana", store.experiments.edit, mine.id, '{"notes": {}}', 1)
    by("ana", store.offspring.ask, mine.id, [{"id": "made"}, {"id": "waits"}], "job")
    net = FileRow("model", "made", mine.sha256, "a file")
    store.offspring.land(mine.id, {}, {"metrics": {"a": 1}}, net)
    blob = store.blobs.path(mine.sha256)
    data = DataRow("d" * 64, "digits", 3, "image", mine.sha256)
    store.predictions.keep(
        mine.id, data, PredictionRow("made", data.data, mine.sha256, "job", "w", "", "1")
    )
    by("ana", store.sharing.grant, "experiment", mine.id, "user:bob", Role.FORKER)
    made = fork(store, "bob", mine.id)
    assert (made.name, made.owner, made.version, made.model_count) == ("Fork of tree", "bob", 1, 4)
    assert (made.forked_from, made.forked_name, made.forked_owner) == (mine.id, "tree", "ana")
    assert (made.edits, made.sha256, made.summary) == ('{"notes": {}}', mine.sha256, mine.summary)
    assert [(c.model, c.job_id) for c in store.offspring.list(made.id)] == [("made", "")]
    assert store.offspring.files(made.id) == (net,)
    assert store.predictions.stored(made.id) == store.predictions.stored(mine.id)
    # each goes its own way, and the file with the last
    by("bob", store.experiments.edit, made.id, "{}", 1)
    assert by("ana", store.experiments.get, mine.id).edits == '{"notes": {}}'
    by("ana", store.experiments.remove, mine.id)
    assert by("bob", store.experiments.get, made.id).forked_name == "tree"
    assert blob.exists()
    assert store.sweep(older_than_s=-1) == 0
    by("bob", store.experiments.remove, made.id)
    assert not blob.exists()


def test_forks_have_names_and_ones_own_file_is_still_kept_once(store, tmp_path):
    mine, _ = put(store, tmp_path)
    names = [fork(store, "local", mine.id, *name).name for name in ((), (), ("try\u202e",))]
    assert names == ["Fork of tree", "Fork of tree 2", "try"]
    assert put(store, tmp_path) == (mine, False)
    with pytest.raises(EngineError, match="name"):
        fork(store, "local", mine.id, 3)
    by("ana", store.sharing.seen)
    for row in store.experiments.list():  # of which one is no fork
        store.sharing.transfer("experiment", row.id, "ana")
    assert put(store, tmp_path)[1]
    with pytest.raises(EngineError, match="ana has the same experiment already"):
        store.sharing.transfer("experiment", put(store, tmp_path)[0].id, "ana")


@pytest.mark.parametrize("role", [Role.NONE, Role.VIEWER])
def test_who_may_only_look_forks_nothing(store, tmp_path, role):
    mine, _ = put(store, tmp_path, owner="ana")
    by("ana", store.sharing.grant, "experiment", mine.id, "user:bob", role)
    with pytest.raises(EngineError, match="may not be forked by you" if role else "no such"):
        fork(store, "bob", mine.id)
    embed = by("ana", store.sharing.link, "experiment", mine.id, embed=True)
    with pytest.raises(EngineError, match="may not be forked by you"):
        by(Principal("", link=embed.id), store.experiments.fork, mine.id)


@pytest.mark.parametrize("source", [False, True])
def test_a_fork_by_a_link_has_the_files_that_the_link_shows(store, tmp_path, source):
    mine, _ = put(store, tmp_path, owner="ana")
    by("ana", store.offspring.keep_file, mine.id, FileRow("model", "a", mine.sha256, "a file"))
    link = by("ana", store.sharing.link, "experiment", mine.id, Role.FORKER, source=source)
    by("bob", store.sharing.join, link.id)
    made = fork(store, "bob", mine.id)
    assert bool(store.offspring.files(made.id)) == source


def test_an_id_can_be_a_word_of_a_command(monkeypatch):
    found = iter(("-option", "--x", "a-b"))
    monkeypatch.setattr(limits.secrets, "token_urlsafe", lambda _bytes: next(found))
    assert limits.new_id() == "a-b"
