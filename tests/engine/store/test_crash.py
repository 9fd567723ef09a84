"""A process that dies while it stores a model leaves nothing that anybody sees."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.store import Store
from engine.store.blobs import digest_of

ROOT = Path(__file__).parents[3]
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
