"""Compiled models in memory: made once, few kept, refused when the row is."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest

import engine
from engine.errors import EngineError
from engine.store import Compilations


@pytest.fixture
def made(monkeypatch):
    made = []

    def compile_model(graph, target):
        time.sleep(0.01)
        made.append((graph, target.id))
        return SimpleNamespace(graph=graph, target=target.id)

    monkeypatch.setattr(engine, "compile_model", compile_model)
    monkeypatch.setattr(engine, "target", lambda id: SimpleNamespace(id=id, runtime=""))
    return made


class Rows:
    """A store of models whose sha256 is their id."""

    def model(self, model_id):
        if model_id == "gone":
            raise EngineError("there is no such model")
        return SimpleNamespace(sha256=model_id)

    def graph(self, row, bindings):
        return row.sha256, tuple(sorted((bindings or {}).items()))


def test_each_is_made_once(made):
    kept = Compilations(Rows())
    assert kept.get("a", "npu") is kept.get("a", "npu")
    kept.get("a", "npu", {"batch": 2})
    kept.get("a", "cpu")
    assert len(made) == 3


def test_once_for_all_threads(made):
    kept = Compilations(Rows())
    threads = [threading.Thread(target=kept.get, args=("a", "npu")) for _ in range(10)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(made) == 1


def test_the_least_recently_used_goes(made):
    kept = Compilations(Rows(), capacity=2)
    for model in "abacab":
        kept.get(model, "npu")
    assert [graph[0] for graph, _ in made] == ["a", "b", "c", "b"]


def test_a_kept_compilation_of_a_removed_model_is_refused(made):
    kept = Compilations(Rows())
    with pytest.raises(EngineError, match="no such model"):
        kept.get("gone", "npu")
