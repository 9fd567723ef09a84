"""Figures by hand, intervals that hold, and data that is refused in one sentence."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import polars as pl
import pytest

from engine import compress
from engine.compress.statistics import entropy, wilson
from engine.errors import EngineError
from engine.formats import Network, read_arrays
from tests.builders import Net
from tests.engine.compress.nets import noise, small


def linear(weight, name: str = "y") -> bytes:
    """Scores x W: [n, i] -> [n, o]."""
    net = Net("linear")
    array = np.array(weight, np.float32)
    w = net.constant(array.tolist(), "float32", name="w")
    net.output(net.op("MatMul", net.input("x", ("n", len(array))), w, name=name))
    return net.bytes()


def eye(count: int) -> bytes:
    return linear(np.eye(count))


def given(model: bytes, scores, **further) -> compress.Samples:
    arrays = {"x": np.array(scores, np.float32), **{k: np.array(v) for k, v in further.items()}}
    return compress.samples(model, arrays)


def figures(found: compress.Evaluation) -> dict[str, float]:
    return {id: f.value for id, f in found.figures.items()}


def test_figures_by_hand():
    """Six samples of three classes: 0 0 1 1 2 2 are called 0 1 1 1 2 0."""
    model = eye(3)
    called = [0, 1, 1, 1, 2, 0]
    found = compress.evaluate(model, given(model, np.eye(3)[called] * 9, labels=[0, 0, 1, 1, 2, 2]))
    values = figures(found)
    assert values["accuracy"] == pytest.approx(4 / 6)
    assert values["f1"] == pytest.approx((2 / 4 + 4 / 5 + 2 / 3) / 3)
    assert values["worst_class"] == 0.5
    assert values["spread"] == pytest.approx(entropy(np.array([2, 3, 1]) / 6))
    one = found.classes[1]
    assert (one.count, one.recall, one.precision) == (2, 1.0, pytest.approx(2 / 3))
    assert not found.dead


def test_a_model_beside_its_base():
    """The base is right on four of four, the other on the first two alone."""
    base, model = linear([[2, 0], [0, 2]]), linear([[2, 0], [2, 0]])
    data = given(base, [[1, 0], [1, 0], [0, 1], [0, 1]], labels=[0, 0, 1, 1])
    found = compress.evaluate(model, data, base)
    assert (found.moved, found.right_to_wrong, found.wrong_to_right) == (2, 2, 0)
    values = figures(found)
    assert values["agreement"] == 0.5
    assert values["accuracy_change"] == -0.5
    p = 1 / (1 + np.exp(-2))
    apart = p * np.log(p / (1 - p)) + (1 - p) * np.log((1 - p) / p)
    assert values["kl"] == pytest.approx(apart / 2)
    assert [c.base_recall for c in found.classes] == [1, 1]
    same = compress.evaluate(base, data, base)
    assert figures(same)["kl"] == 0
    assert figures(same)["agreement"] == 1


def test_pitfall_a_dead_model_is_called_dead_though_its_accuracy_is_a_tenth():
    """Pitfall 9: accuracy says .1, and KL may even fall; the spread of predictions tells."""
    model, base = linear(np.eye(10)[:, [0]] @ np.ones((1, 10)) * 0 + 0), eye(10)
    labels = np.arange(100) % 10
    data = given(base, np.eye(10)[labels], labels=labels)
    found = compress.evaluate(model, data, base)
    assert figures(found)["accuracy"] == pytest.approx(0.1)
    assert figures(found)["spread"] == 0
    assert found.dead
    assert any("dead" in text for text in found.words)
    assert not compress.evaluate(base, data, base).dead


def test_intervals_hold_what_is_true():
    """Of forty drawn sets of 200, the interval of accuracy misses the truth in few."""
    model, random, held = eye(2), np.random.default_rng(3), 0
    for _ in range(40):
        labels = random.integers(0, 2, 200)
        called = np.where(random.random(200) < 0.9, labels, 1 - labels)
        found = compress.evaluate(model, given(model, np.eye(2)[called], labels=labels), rounds=200)
        accuracy = found.figures["accuracy"]
        held += accuracy.low <= 0.9 <= accuracy.high
        assert accuracy.low <= accuracy.value <= accuracy.high
    assert held >= 34


def test_the_same_seed_gives_the_same_intervals():
    model = small()
    data = compress.Samples(noise(model, 40).inputs, np.arange(40) % 4)
    first, again = (compress.evaluate(model, data, model) for _ in range(2))
    assert repr(first) == repr(again)


def test_regression_by_hand():
    model = linear([[1.0], [0.0]])
    data = given(model, [[1, 0], [2, 0], [3, 0]], targets=[1, 2, 5])
    found = compress.evaluate(model, data, model)
    values = figures(found)
    assert found.kind == "numbers"
    assert values["mean_absolute"] == pytest.approx(2 / 3)
    assert values["root_mean_square"] == pytest.approx((4 / 3) ** 0.5)
    assert values["explained"] == pytest.approx(1 - (4 / 3) / np.var([1, 2, 5]))
    assert values["distance"] == 0


def test_one_score_is_that_of_the_second_class():
    model = linear([[1.0]])
    found = compress.evaluate(model, given(model, [[-2], [3], [1]], labels=[0, 1, 1]))
    assert figures(found)["accuracy"] == 1


def test_the_last_batch_need_not_be_full():
    """A batch of 4 in the file, 10 samples."""
    model = small(batch=4)
    data = compress.Samples(noise(model, 10).inputs, np.arange(10) % 4)
    assert compress.evaluate(model, data).count == 10


def test_few_samples_give_a_wide_interval():
    low, high = wilson(9, 10)
    assert (low, high) == (pytest.approx(0.596, abs=0.001), pytest.approx(0.982, abs=0.001))
    assert wilson(0, 5)[0] == 0


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"labels": [0, 1, 3]}, "out of range"),
        ({"labels": [0, 1, -1]}, "out of range"),
        ({"labels": [0, 1]}, "wrong shape"),
        ({"labels": [0.0, 1.0, np.nan]}, "NaN"),
        ({"labels": [0.0, 1.5, 1.0]}, "not whole"),
        ({"labels": ["a", "b", "c"]}, "not numbers"),
        ({"targets": [1.0, 2.0, np.inf]}, "no number"),
        ({"targets": [1.0]}, "wrong shape"),
        ({"x": np.full((3, 2), np.nan)}, "no number"),
        ({"x": np.zeros((0, 2)), "labels": np.zeros(0, int)}, "no samples"),
        ({"x": np.zeros((3, 5))}, "wrong shape"),
    ],
)
def test_bad_data_is_one_sentence(arrays, says):
    model = eye(2)
    whole = {"x": np.zeros((3, 2)), **arrays}
    with pytest.raises(EngineError, match=says):
        compress.evaluate(
            model, compress.samples(model, {k: np.array(v) for k, v in whole.items()})
        )


def test_an_empty_class_is_said_when_the_classes_are_known():
    model = eye(3)
    arrays = {"x": np.zeros((2, 3)), "labels": np.array([0, 2])}
    with pytest.raises(EngineError, match="class 1 has no sample"):
        compress.samples(model, arrays, classes=3)


def test_nothing_to_judge_by():
    model = eye(2)
    with pytest.raises(EngineError, match="nothing to judge by"):
        compress.evaluate(model, given(model, [[1, 0]]))
    with pytest.raises(EngineError, match="no output of the model fits"):
        compress.evaluate(model, given(model, [[1, 0]], targets=[[1.0, 2, 3]]))
    with pytest.raises(EngineError, match="no such output"):
        compress.evaluate(model, given(model, [[1, 0]], labels=[0]), output="z")


def saved(**arrays) -> bytes:
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def test_tables_and_arrays_are_the_same_samples(tmp_path):
    """Two features and a label as npz, CSV and Parquet, and a column of lists."""
    model, x, labels = eye(2), np.array([[1, 0], [0, 1.5]], np.float32), np.array([0, 1])
    frame = pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "label": labels})
    frame.write_csv(tmp_path / "t.csv")
    frame.write_parquet(tmp_path / "t.parquet")
    lists = pl.DataFrame({"x": x.tolist(), "labels": labels})
    lists.write_parquet(tmp_path / "lists.parquet")
    (tmp_path / "t.npz").write_bytes(saved(x=x, labels=labels))
    for name in ("t.csv", "t.parquet", "lists.parquet", "t.npz"):
        found = compress.read_samples(model, tmp_path / name)
        assert np.array_equal(found.inputs["x"], x), name
        assert found.labels is not None
        assert found.labels.tolist() == [0, 1]


def test_files_that_are_refused(tmp_path):
    """Python objects, a bomb, text, images, folders, cut files: a sentence each."""
    objects = saved(x=np.array([{}, []], dtype=object))
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w") as archive:
        for i in range(10_001):
            archive.writestr(f"{i}.npy", b"")
    whole = saved(x=np.arange(1000))
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    cases = {
        "Python objects": objects, "holds too much": bomb.getvalue(), "no .npz": b"\xff\xfe\x00",
        "is empty": b"", "no number": b"a,b\nx,y\n", "is a folder": tmp_path,
        "single image": tmp_path / "a.png", "no such file": tmp_path / "none.npz",
        "is no .npz file": whole[: len(whole) // 2],
    }  # fmt: skip
    for says, source in cases.items():
        with pytest.raises(EngineError, match=says):
            read_arrays(source)


def test_columns_that_are_not_the_input():
    with pytest.raises(EngineError, match="columns are not the numbers"):
        compress.read_samples(eye(2), b"a,b,c\n1,2,3\n")
    with pytest.raises(EngineError, match="no number"):
        compress.read_samples(eye(2), b"a,b\n1,\n")
    assert Network(eye(2)).inputs
