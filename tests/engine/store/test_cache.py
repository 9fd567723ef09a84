"""The cache: bytes only, checked, bounded, and never needed."""

from __future__ import annotations

import pickle
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.store.cache import ByteCache, PickleRefused

PLANTED = []


class Trap:
    def __reduce__(self):
        return PLANTED.append, ("executed",)


@pytest.fixture
def cache(tmp_path):
    cache = ByteCache(tmp_path / "cache")
    yield cache
    cache.close()


def test_bytes_come_back(cache):
    cache.set("key", b"value")
    cache.set("large", b"x" * 100_000)  # kept as a file
    assert cache.get("key") == b"value"
    assert cache.get("large") == b"x" * 100_000
    assert cache.get("other") is None


@pytest.mark.parametrize("value", ["text", 1, None, [1], Trap()])
def test_only_bytes_go_in(cache, value):
    with pytest.raises(PickleRefused):
        cache._cache.set("key", value)
    with pytest.raises(PickleRefused):
        cache._cache.set(Trap(), b"value")


def test_a_planted_pickle_is_never_run(cache, tmp_path):
    cache.set("key", b"value")
    with sqlite3.connect(tmp_path / "cache" / "cache.db") as database:
        database.execute("UPDATE Cache SET mode = 4, value = ?", (pickle.dumps(Trap()),))
    database.close()
    assert cache.get("key") is None
    assert PLANTED == []


def test_a_changed_value_is_a_miss(cache, tmp_path):
    cache.set("key", b"value")
    with sqlite3.connect(tmp_path / "cache" / "cache.db") as database:
        database.execute("UPDATE Cache SET value = ?", (b"x" * 40,))
    database.close()
    assert cache.get("key") is None


def test_a_truncated_file_is_a_miss(cache, tmp_path):
    cache.set("large", b"x" * 100_000)
    path = next((tmp_path / "cache").rglob("*.val"))
    path.write_bytes(path.read_bytes()[:50_000])
    assert cache.get("large") is None


@pytest.mark.parametrize("again", ["nothing", "an empty file", "a cache of another process"])
def test_a_deleted_folder_costs_only_speed(cache, tmp_path, again):
    cache.set("key", b"value")
    shutil.rmtree(tmp_path / "cache")
    if again == "an empty file":
        (tmp_path / "cache").mkdir()
        (tmp_path / "cache" / "cache.db").touch()
    elif again == "a cache of another process":
        ByteCache(tmp_path / "cache").close()
    assert cache.get("key") is None
    for body in (b"value", b"x" * 100_000):
        cache.set("key", body)
        assert cache.get("key") == body
        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(cache.get, "key").result() == body


def test_a_folder_that_cannot_be_made_again_is_a_miss(cache, tmp_path):
    cache.set("key", b"value")
    shutil.rmtree(tmp_path / "cache")
    (tmp_path / "cache").write_text("a file")
    cache.set("key", b"value")
    assert cache.get("key") is None
    (tmp_path / "cache").unlink()
    cache.set("key", b"value")
    assert cache.get("key") == b"value"


def test_a_broken_cache_is_made_anew(tmp_path):
    folder = tmp_path / "cache"
    folder.mkdir()
    (folder / "cache.db").write_bytes(b"\0" * 4096)
    cache = ByteCache(folder)
    cache.set("key", b"value")
    assert cache.get("key") == b"value"
    cache.close()
