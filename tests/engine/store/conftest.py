"""A store with one model in it, for the tests of what hangs on a model."""

from __future__ import annotations

import pytest

from engine.graph import Graph
from engine.store import Store

NET = Graph("net", (), {}, (), ())


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "data")
    yield store
    store.close()


@pytest.fixture
def model_id(store, tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"model")
    return store.add(tmp_path / "net.onnx", NET)[0].id


@pytest.fixture
def analyses(store):
    return store.analyses
