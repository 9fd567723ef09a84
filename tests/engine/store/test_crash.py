"""Processes that die while they store, disks that fill up: nothing acknowledged is lost.

`make soak` does the same ten times as long.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.store import Store
from engine.store.blobs import digest_of
from tests.acceptance import crash
from tests.soak import full_disk, kills

ROOT = Path(__file__).parents[3]
ROUNDS = 20
PROGRAM = """
import os, sys
from pathlib import Path
from engine.graph import Graph
from engine.store import Store
from engine.store.blobs import Blobs

folder, source, step = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
store = Store(folder)
keep = Blobs.keep


def die(*_):
    os._exit(9)


def keep_and_die(self, path):
    keep(self, path)
    os._exit(9)


if step == "before the rename":
    Path.rename = die
elif step == "before the row":
    Blobs.keep = keep_and_die
elif step == "before the commit":
    store._database.writing().__class__.__exit__ = die
store.add(source, Graph("net", (), {}, (), ()), name="net")
os._exit(0)
"""


@pytest.mark.parametrize("step", ["before the rename", "before the row", "before the commit"])
def test_killed(step, tmp_path):
    source = tmp_path / "net.onnx"
    source.write_bytes(b"bytes of a model" * 1000)
    folder = tmp_path / "data"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder), str(source), step], cwd=ROOT, check=False
    )
    assert done.returncode == 9
    store = Store(folder)
    assert store.models() == ()
    left = [*(folder / "incoming").iterdir(), *(folder / "blobs").glob("??/*")]
    assert len(left) == 1
    assert store.sweep() == 0  # young: it may be arriving now
    os.utime(left[0], (0, 0))
    assert store.sweep() == 1
    assert not left[0].exists()
    store.close()


def test_sweep_keeps_what_a_row_names(tmp_path):
    from engine.graph import Graph

    source = tmp_path / "net.onnx"
    source.write_bytes(b"bytes")
    store = Store(tmp_path / "data")
    row, _ = store.add(source, Graph("net", (), {}, (), ()))
    assert row.sha256 == digest_of(source)
    assert store.sweep(older_than_s=-1) == 0
    assert store.blobs.path(row.sha256).exists()
    store.close()


@pytest.fixture(scope="module")
def soaked():
    return crash.measure(rounds=ROUNDS)


def test_nothing_acknowledged_is_lost_when_a_writer_is_killed(soaked):
    assert (soaked.kills.lost, soaked.kills.integrity) == ([], "ok")
    assert soaked.kills.rounds == ROUNDS
    assert soaked.kills.amid >= ROUNDS // 2  # else nothing was tried
    assert all(soaked.kills.acknowledged.values())


def test_a_cache_deleted_while_running_costs_only_speed(soaked):
    assert soaked.cache.faults == []


@pytest.mark.parametrize("disk", [full_disk.TMPFS, full_disk.LIMIT])
def test_a_full_disk_is_a_sentence_and_reading_goes_on(soaked, disk):
    found = [d for d in soaked.disks if d.disk == disk]
    if not found:
        pytest.skip("mounting is not permitted here; the limit on files stands in for it")
    assert found[0].faults == []
    assert found[0].acknowledged > 20
    assert all(len(said) < 300 and "\n" not in said for said in found[0].said)


def test_a_lost_save_would_be_seen(store, model_id, tmp_path):
    """What the soak reads from the pipe is compared: a lie about each kind is found."""
    ids = [store.analyses.create(model_id, kind, "begin").id for kind in kills.KINDS]
    store.analyses.save_draft(ids[0], kills.text_of(0, "draft", 1), "", 1)
    point = store.analyses.checkpoint(ids[1], "p", kills.text_of(0, "point", 2)).id
    for told, lost in (
        ([["done", "draft", "1", "2"], ["done", "point", "2", point]], 0),
        ([], 0),  # written, and killed before it could be said
        ([["done", "draft", "3", "4"]], 1),
        ([["done", "draft", "2", "2"]], 1),
        ([["done", "point", "1", point]], 1),
        ([["done", "stale", "1", "x" * 22]], 1),
        ([["failed", "draft:", "no"]], 1),
    ):
        seen = kills.Outcome()
        kills._compare(tmp_path / "data", [(0, ids, told)], seen)
        assert len(seen.lost) == lost, told
