"""Predictions of an experiment: kept once, checked when read, forgotten, gone with it."""

from __future__ import annotations

import numpy as np
import pytest

from engine import behaviors as bh
from engine.errors import EngineError
from engine.store import DataRow, PredictionRow, Store

DATA = "d" * 64


def blob(store: Store, body: bytes) -> str:
    with store.blobs.incoming() as path:
        path.write_bytes(body)
        return store.blobs.keep(path)


def made(seed: int = 0) -> bh.Outputs:
    scores = np.random.default_rng(seed).random((5, 3))
    return bh.outputs(None, {"scores": scores}, [0, 1, 2, 0, 1])


def rows(store: Store, model: str = "a", seed: int = 0, kind: str = "row", **more: str):
    out = made(seed)
    shown = bh.instances(out.ids, out.labels, {"x": np.zeros((5, 2))} if kind else {})
    data = DataRow(DATA, "five rows", 5, kind, blob(store, bh.dump_instances(shown)))
    told = {"source": "job", "words": "run", "made_from": "", "engine": "1"} | more
    return data, PredictionRow(model, DATA, blob(store, bh.dumps(out)), **told)


@pytest.fixture
def id(store: Store, tmp_path) -> str:
    (tmp_path / "e.json").write_text("{}")
    return store.experiments.add(tmp_path / "e.json", name="e", model_count=1, summary={})[0].id


def test_what_is_kept_is_listed_and_loaded(store: Store, id: str):
    assert store.predictions.stored(id) == ((), ())
    for model in ("a", "b"):
        assert store.predictions.keep(id, *rows(store, model))
    (data,), found = store.predictions.stored(id)
    assert (data.name, data.count, data.kind) == ("five rows", 5, "row")
    assert [(p.model, p.source, p.created is not None) for p in found] == [
        ("a", "job", True), ("b", "job", True)]  # fmt: skip
    got = store.predictions.load(id, "a", DATA)
    np.testing.assert_array_equal(got.vectors["scores"], made().vectors["scores"])
    assert bh.frame(got)["predictions"].to_list() == got.said.tolist()
    assert store.predictions.instances(id, DATA).columns == ("0", "1")
    assert len(list(store.blobs._folder.glob("??/*"))) == 3  # experiment, outputs, instances


def test_again_replaces_and_nothing_known_does_not(store: Store, id: str):
    store.predictions.keep(id, *rows(store))
    store.predictions.keep(id, *rows(store, seed=1, kind="", words="other"))
    (data,), (row,) = store.predictions.stored(id)
    assert (data.kind, row.words) == ("row", "other")
    np.testing.assert_array_equal(
        store.predictions.load(id, "a", DATA).vectors["scores"], made(1).vectors["scores"]
    )


def test_a_changed_or_missing_file_is_said(store: Store, id: str):
    data, row = rows(store)
    store.predictions.keep(id, data, row)
    path = store.blobs.path(row.sha256)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(EngineError, match="changed on the disk"):
        store.predictions.load(id, "a", DATA)
    path.unlink()
    with pytest.raises(EngineError, match="is gone"):
        store.predictions.load(id, "a", DATA)
    with pytest.raises(EngineError, match="is gone"):
        store.predictions.keep(id, data, row)
    with pytest.raises(EngineError, match="no predictions of this model"):
        store.predictions.load(id, "b", DATA)
    with pytest.raises(EngineError, match="no such set"):
        store.predictions.instances(id, "0" * 64)


def test_what_is_forgotten_is_gone_and_swept(store: Store, id: str):
    for model in ("a", "b"):
        store.predictions.keep(id, *rows(store, model, seed=len(model)))
    store.predictions.forget(id, "a", DATA)
    assert [p.model for p in store.predictions.stored(id)[1]] == ["b"]
    store.sweep(older_than_s=-1)
    assert store.predictions.load(id, "b", DATA).count == 5  # a blob that a row names stays
    store.predictions.forget(id, "b", DATA)
    assert store.predictions.stored(id) == ((), ())
    assert store.sweep(older_than_s=-1) == 2


def test_they_go_with_their_experiment(store: Store, id: str):
    store.predictions.keep(id, *rows(store))
    store.experiments.remove(id)
    assert store.predictions.stored(id) == ((), ())
    assert store.predictions.keep(id, *rows(store)) is False
