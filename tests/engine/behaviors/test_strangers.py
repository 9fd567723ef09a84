"""Outputs as strangers' models and files have them: rounded, named, gappy, of maps."""

from __future__ import annotations

import io
import math

import numpy as np
import polars as pl
import pytest
from onnx import TensorProto, helper

from engine import behaviors as bh
from engine.behaviors import joining
from engine.compress import Samples
from engine.errors import EngineError

RNG = np.random.default_rng(5)
LOGITS = RNG.normal(size=(60, 300)) + 6 * np.eye(300)[np.arange(60) % 7]
SOFT = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
THREE = RNG.dirichlet(np.ones(3), 30)


def asked(base: bh.Outputs, model: bh.Outputs, measure: str, **more: object) -> bh.Answer:
    return bh.ask(bh.matched(("base", base), [("model", model)]), bh.Question(measure, **more))


def some(scores: np.ndarray, **more: object) -> bh.Outputs:
    return bh.outputs(None, {"scores": scores}, **more)


def test_a_softmax_in_eight_bits_stays_one():
    steps = np.round(SOFT * 256) / 256
    assert np.abs(steps.sum(axis=1) - 1).max() > 0.1  # the small ones are rounded away
    before, after = asked(some(SOFT), some(steps), "confidence").summary.values
    assert after == pytest.approx(before, abs=1 / 512)


def test_sigmoids_are_as_sure_as_they_say():
    each = 1 / (1 + np.exp(-LOGITS))
    assert asked(some(each), some(each), "confidence").summary.values[0] > 0.99
    half = asked(some(each), some(each / 2), "kl").summary.differences[1]
    assert half == pytest.approx(0, abs=1e-3)  # one distribution, whatever its sum


def test_logits_that_compression_flattened_are_logits():
    flat = np.full((30, 3), 0.2)
    found = asked(some(THREE * 9 - 4), some(flat), "confidence")
    assert found.summary.values[1] == pytest.approx(1 / 3)


def test_an_infinite_probability_is_no_number():
    broken = THREE.copy()
    broken[0, 1] = math.inf
    found = bh.matched(("base", some(THREE)), [("model", some(broken))]).sides[1]
    assert np.isnan(found.values["confidence"]).tolist() == [True] + [False] * 29


def test_one_score_predicts_a_class():
    assert some(np.array([0.2, 0.9, np.nan])[:, None]).said.tolist() == ["0", "1", ""]
    assert some(np.array([-3.0, 0.2, 0.0])[:, None]).said.tolist() == ["0", "1", "0"]


@pytest.mark.parametrize("ids", [[f"{10**24 + k}" for k in range(30)], [f"{k}" for k in range(30)]])
def test_names_of_many_digits_stand_in_order(ids: list[str]):
    one = bh.outputs(ids, {"scores": THREE}, labels=["9" * 30] * 30)
    found = asked(one, one, "confidence", classes=False)
    assert [r.name for r in found.rows] == ids


def test_a_vector_of_no_numbers_is_refused():
    with pytest.raises(EngineError, match="holds no numbers"):
        some(np.zeros((5, 0)))


def test_classes_in_another_order_do_not_stand_beside_each_other():
    one = some(THREE, labels=["a"] * 30, names=["a", "b", "c"])
    turned = some(THREE[:, ::-1], labels=["a"] * 30, names=["c", "b", "a"])
    with pytest.raises(EngineError, match="names the classes otherwise"):
        bh.matched(("base", one), [("model", turned)])


def test_labels_of_a_table_with_gaps_are_whole_numbers():
    file = io.BytesIO()
    labels = [0.0, math.nan, 2.0] * 10
    pl.DataFrame({"labels": labels, "scores": THREE.tolist()}).write_parquet(file)
    found = bh.read_outputs(file.getvalue(), "p.parquet")
    assert found.labels[:3].tolist() == ["0", "", "2"]
    assert [list(c) for c in found.classes[:2]] == [["0"], []]


def test_words_judge_where_no_score_is_known_to_be_of_a_label():
    said = ["cat", "dog", "dog"] * 10
    base = some(THREE, labels=["cat", "dog", "owl"] * 10, said=said)
    model = some(THREE, labels=base.labels.tolist(), said=["cat"] * 30)
    found = asked(base, model, "correctness")
    assert found.summary.values == pytest.approx([2 / 3, 1 / 3])
    assert found.summary.differences[1] == pytest.approx(-1 / 3)
    unknown = some(THREE, labels=base.labels.tolist())  # which number is which word?
    assert np.isnan(asked(unknown, unknown, "correctness").summary.values).all()


def test_a_model_that_collapsed_onto_a_class_of_no_instance_may_come():
    of = bh.instances(np.array(["0", "1"]), np.array(["cat", "dog"]), {})
    made = bh.outputs(None, {"scores": np.eye(3)[[2, 2]]}, names=["cat", "dog", "owl"])
    assert joining.fitted(made, of, "p.npz").said.tolist() == ["owl", "owl"]
    with pytest.raises(EngineError, match="predicts other classes"):
        joining.fitted(bh.outputs(None, {"x": np.ones(2)}, said=["x", "x"]), of, "p.npz")


def model(shape: list[int], output: str) -> bytes:
    """Gives back what it reads, in another shape."""
    told = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", *s])
            for n, s in (("x", [12]), (output, shape))]  # fmt: skip
    size = helper.make_tensor("size", TensorProto.INT64, [1 + len(shape)], [-1, *shape])
    node = helper.make_node("Reshape", ["x", "size"], [output])
    graph = helper.make_graph([node], "g", told[:1], told[1:], [size])
    made = helper.make_model(graph, ir_version=9, opset_imports=[helper.make_opsetid("", 17)])
    return made.SerializeToString()


@pytest.mark.parametrize(
    ("shape", "output", "labelled", "vector"),
    [([12], "y", False, "scores"), ([1, 12, 1], "y", False, "scores"), ([3, 4], "y", False, "y"),
     ([3, 4], "scores", False, "scores (output)"), ([12], "y", True, "scores")],
)  # fmt: skip
def test_a_map_is_no_row_of_scores(shape: list[int], output: str, labelled: bool, vector: str):
    labels = np.arange(8) % 4 if labelled else None
    numbers = RNG.random((8, 12)).astype(np.float32)
    found = bh.run_outputs(model(shape, output), Samples({"x": numbers}, labels))
    assert list(found.vectors) == [vector]


def test_a_map_is_no_classifier_of_labels():
    samples = Samples({"x": np.zeros((8, 12), np.float32)}, np.arange(8) % 4)
    with pytest.raises(EngineError, match=r"no output of the model fits the labels.*classes"):
        bh.run_outputs(model([3, 4], "y"), samples)
