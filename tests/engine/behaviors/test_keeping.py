"""Outputs and instances as bytes and back, and what people see of an instance."""

from __future__ import annotations

import struct
import tracemalloc
import zlib

import numpy as np
import pytest

from engine import behaviors as bh
from engine.behaviors.pictures import decoded
from engine.compress import samples
from engine.errors import EngineError
from engine.formats import read_arrays
from tests.engine.compress.nets import small

RANDOM = np.random.default_rng(0)


def same(one: bh.Outputs, other: bh.Outputs) -> None:
    assert one.ids.tolist() == other.ids.tolist()
    assert one.said.tolist() == other.said.tolist()
    assert one.labels.tolist() == other.labels.tolist()
    assert [list(c) for c in one.classes] == [list(c) for c in other.classes]
    assert (dict(one.measures), tuple(one.names)) == (dict(other.measures), tuple(other.names))
    assert list(one.vectors) == list(other.vectors)
    for name, vector in one.vectors.items():
        np.testing.assert_array_equal(vector, other.vectors[name])


MADE = {
    "scores": bh.outputs(None, {"scores": RANDOM.random((7, 3))}, [0, 1, 2, 0, 1, 2, None],
                         names=["cat", "dog", "pet"]),
    "nothing known": bh.outputs(["b", "a"], {"x": np.array([[np.nan], [np.inf]])}),
    "several classes": bh.outputs(["é", "日本", "c"], {"x": np.eye(3)}, ["u", "v", "v"],
                                  said=["v", "", "u"], classes=[["u", "w"], [], ["v"]],
                                  measures={"F1": ("difference", "x", True)}),
}  # fmt: skip


@pytest.mark.parametrize("name", MADE)
def test_outputs_come_back(name: str):
    data = bh.dumps(MADE[name])
    same(MADE[name], bh.loads(data))
    assert bh.dumps(bh.loads(data)) == data  # the same outputs are the same blob


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"x" * 100])
def test_bytes_that_are_no_outputs_are_refused(data: bytes):
    with pytest.raises(EngineError):
        bh.loads(data)
    with pytest.raises(EngineError):
        bh.load_instances(data)


def shown(kind: str, **arrays: np.ndarray) -> bh.Instances:
    count = len(next(iter(arrays.values())))
    names = np.array([str(k) for k in range(count)])
    found = bh.instances(names, np.full(count, ""), arrays)
    assert found.kind == kind
    again = bh.load_instances(bh.dump_instances(found))
    np.testing.assert_array_equal(again.values, found.values)
    assert (again.kind, list(again.columns), again.ids.tolist()) == (
        found.kind, list(found.columns), names.tolist())  # fmt: skip
    return found


def test_pictures_are_small_and_keep_their_brightness():
    grey = shown("image", x=np.full((2, 1, 32, 32), 0.5, np.float32))
    assert grey.values.shape == (2, 32, 32)
    assert set(grey.values.ravel().tolist()) == {128}
    large = np.zeros((1, 3, 200, 100), np.float32)
    large[:, 0, :, 50:] = 1.0
    red = shown("image", x=large).values
    assert red.shape == (1, 50, 25, 3)
    assert red[0, 10, 20].tolist() == [255, 0, 0]
    assert red[0, 10, 2].tolist() == [0, 0, 0]
    signed = shown("image", x=np.linspace(-2, 2, 64).reshape(1, 8, 8)).values
    assert (signed.min(), signed.max()) == (0, 255)
    assert shown("image", x=np.zeros((3, 8, 8), np.uint8)).values.max() == 0


def test_waveforms_keep_their_peaks():
    wave = np.zeros((2, 1, 16_000), np.float32)
    wave[1, 0, 12_345] = -3.0
    found = shown("wave", x=wave)
    assert found.values.shape == (2, 256)
    assert found.values[1].min() == -3.0
    assert shown("wave", x=np.ones((2, 100), np.float32)).values.shape == (2, 100)


def test_tables_keep_the_names_of_their_columns():
    found = shown("row", age=np.array([30.0, 41.0]), hours=np.array([40, 38]))
    assert list(found.columns) == ["age", "hours"]
    assert found.values.tolist() == [[30.0, 40.0], [41.0, 38.0]]
    assert list(shown("row", x=np.zeros((2, 3))).columns) == ["0", "1", "2"]


def test_texts_and_what_is_to_be_shown_come_before_inputs():
    assert shown("text", x=np.array(["a", "b"])).values.tolist() == ["a", "b"]
    both = shown("text", x=np.zeros((2, 3)), shown=np.array(["good film", "bad film"]))
    assert both.values.tolist() == ["good film", "bad film"]
    assert shown("", x=np.zeros((2, 3), complex)).count == 2


def test_a_set_that_is_large_keeps_the_first_of_its_instances():
    many = shown("image", x=np.zeros((9_000, 64, 64), np.uint8))
    assert many.count == 9_000
    assert many.values.nbytes <= 32_000_000
    assert len(many.values) == 7_812


def test_a_run_over_batches_is_the_run_at_once():
    inputs = RANDOM.normal(size=(70, 3, 8, 8)).astype(np.float32)
    given = samples(small(), {"x": inputs, "labels": RANDOM.integers(0, 4, 70)})
    told: list[int] = []
    made = bh.run_outputs(small(), given, told=told.append)
    assert told == [32, 64, 70]
    assert made.vectors["scores"].shape == (70, 4)
    one = samples(small(), {"x": inputs[69:], "labels": np.array([0])})
    np.testing.assert_allclose(bh.run_outputs(small(), one).vectors["scores"][0],
                               made.vectors["scores"][69], atol=1e-5)  # fmt: skip
    assert bh.of_samples(made.ids, made.labels, {"x": inputs}, given).kind == "image"


def test_memory_does_not_grow_with_the_data(tmp_path):
    """Samples stay in a file: 8 MB of them pass through less than 4 MB, what was made included."""
    inputs = RANDOM.normal(size=(10_000, 3, 8, 8)).astype(np.float32)
    np.savez(tmp_path / "data.npz", x=inputs, number=np.float32(3))
    del inputs
    tracemalloc.start()
    try:
        arrays = read_arrays(tmp_path / "data.npz")
        assert (arrays["number"].shape, float(arrays.pop("number"))) == ((), 3.0)
        made = bh.run_outputs(small(), samples(small(), arrays))
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()
    assert made.count == 10_000


def test_a_script_predicts_and_compares(tmp_path):
    """The lines of the README."""
    inputs = RANDOM.normal(size=(40, 3, 8, 8)).astype(np.float32)
    np.savez(tmp_path / "data.npz", x=inputs, labels=RANDOM.integers(0, 4, 40))
    (tmp_path / "base.onnx").write_bytes(small())
    models = {"base": tmp_path / "base.onnx", "other": small(seed=1)}
    made = dict(bh.predict(models, tmp_path / "data.npz"))
    table = bh.frame(made["other"])
    assert table.columns == ["ids", "labels", "predictions", "classes", "scores"]
    found = bh.matched(("base", made["base"]), [("other", made["other"])])
    right = (table["labels"] == table["predictions"]).mean()
    assert bh.ask(found, bh.Question("correctness")).summary.values[1] == pytest.approx(right)
    table.write_parquet(tmp_path / "other.parquet")
    again = bh.read_outputs(tmp_path / "other.parquet")
    same(again, made["other"])


@pytest.mark.parametrize("name", MADE)
def test_a_table_keeps_what_outputs_say(name: str, tmp_path):
    bh.frame(MADE[name]).write_parquet(tmp_path / "p.parquet")
    again = bh.read_outputs(tmp_path / "p.parquet")
    assert again.labels.tolist() == MADE[name].labels.tolist()
    assert again.said.tolist() == MADE[name].said.tolist()
    assert [list(c) for c in again.classes] == [list(c) for c in MADE[name].classes]


def test_pictures_are_read_whatever_filter_their_lines_have():
    """Lines that each filter of PNG leaves as they are, or adds to the one above or before."""

    def picture(lines: list[list[int]], colour: int = 0, wide: int = 2) -> bytes:
        head = struct.pack(">IIBBBBB", wide, len(lines), 8, colour, 0, 0, 0)
        body = zlib.compress(b"".join(map(bytes, lines)))
        parts = ((b"IHDR", head), (b"IDAT", body), (b"PLTE", bytes(range(9))), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(data)) + name + data + bytes(4) for name, data in parts
        )

    made = decoded(picture([[0, 5, 9], [1, 5, 9], [2, 1, 1], [3, 3, 1], [4, 2, 255]]))
    assert made[..., 0].tolist() == [[5, 9], [5, 14], [6, 15], [6, 11], [8, 10]]
    assert decoded(picture([[0, 2, 0]], 3)).tolist() == [[[6, 7, 8], [0, 1, 2]]]
    assert decoded(picture([[0, 90, 255, 90, 0]], 4))[0, :, 0].tolist() == [90, 255]
    for broken in (picture([[9, 0, 0]]), picture([[0, 0]]), picture([[0, 7, 0]], 3),
                   picture([[0]], wide=0), picture([[0, 0, 0]])[:40]):  # fmt: skip
        with pytest.raises(EngineError, match=r"PNG picture|no picture"):
            decoded(broken)
