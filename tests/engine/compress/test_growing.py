"""A tree that is really made: its file is an experiment, its sizes are as predicted; timing."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest

import engine
from engine import compress
from engine.compress.expected import Held, after, expected_bytes
from engine.compress.paired import paired
from engine.errors import EngineError
from engine.formats import Network
from tests.builders import Net
from tests.engine.compress.nets import digits, noise, small, strokes

Branch = compress.Branch
TREE = (
    Branch("p50", "base", "prune", {"amount": 0.5}),
    Branch("p50-norms", "p50", "repair_norms"),
    Branch("p50-p4", "p50", "palettize", {"bits": 4}),
    Branch("w8", "base", "quantize_weights", {"bits": "8"}),
    Branch("w4", "base", "quantize_weights", {"bits": "4"}),
    Branch("int8", "base", "quantize_static"),
    Branch("half", "base", "quantize_half"),
    Branch("channels", "base", "prune_channels", {"amount": 0.5}),
    Branch("local", "base", "prune", {"amount": 0.7, "scope": "local"}),
)


@pytest.fixture(scope="module")
def grown():
    images = strokes(48)
    labels = np.arange(48) % 10
    test = compress.Samples(images.inputs, labels)
    return compress.grow(digits(), TREE, strokes(16), test, name="tree", rare=(8, 9), rounds=0)


def test_what_grew_is_an_experiment(grown):
    found = engine.read_experiment(json.dumps(grown.document).encode())
    assert not [i for i in found.issues if i.level != "note"]
    assert [m.id for m in found.models] == ["base", *(b.id for b in TREE)]
    assert found.models[3].base == "p50"
    assert {m.name for m in found.metrics if m.primary} == {"Accuracy", "Worst class", "Size"}
    prunes = [m.operation.parameters for m in found.models if m.operation and
              m.operation.name == "prune"]  # fmt: skip
    assert prunes[0] == {"amount": 0.5, "scope": "global"}  # what one sets, all say
    assert set(grown.facts) == set(found.rows)
    assert grown.facts["p50"]["weights"]


def test_every_size_is_as_predicted(grown):
    """By the cost model's formula, before packing; the largest error is said."""
    for entry in grown.document["models"]:
        found, expected = (entry["metrics"][k] for k in ("Weights", "Predicted weights"))
        assert found == pytest.approx(expected, rel=0.01), entry["id"]


def test_a_prediction_can_miss():
    model = compress.run(digits(), "prune", {"amount": 0.9}).model
    wrong = expected_bytes(model, {})
    assert wrong > 3 * Network(compress.pack(model).model).stored_bytes()


def test_states_follow_the_operations():
    made = compress.run(small(), "palettize", {"bits": 2, "only": "const_9"})
    state = after({"const_9": Held(0.5)}, "palettize", {"bits": 2}, made)
    assert state == {"const_9": Held(0.5, 2.0, 16.0, "table")}
    assert after(state, "repair_layers", {}, compress.Made(small())) == state


def test_branches_are_checked_before_any_work():
    test = compress.Samples(noise(small()).inputs, np.arange(16) % 4)
    for tree, says in (
        ((Branch("a", "none", "prune"),), "its base is not there"),
        ((Branch("a", "base", "prune"), Branch("a", "base", "prune")), "is there twice"),
        ((Branch("a", "base", "melt"),), "no such operation"),
        ((Branch("a", "base", "prune", {"amount": 7}),), "out of range"),
    ):
        with pytest.raises(EngineError, match=says):
            compress.grow(small(), tree, test, test)


def test_the_same_tree_gives_the_same_file():
    test = compress.Samples(noise(small()).inputs, np.arange(16) % 4)
    one, other = (compress.grow(small(), TREE, test, test, rounds=0) for _ in range(2))
    assert one.document == other.document
    assert one.files == other.files


def chain(layers: int) -> bytes:
    """That many matrix products of 256 x 256."""
    net = Net("chain")
    x = net.input("x", ("n", 256))
    for _ in range(layers):
        x = net.op("MatMul", x, net.weight(256, 256))
    net.output(x)
    return net.bytes()


def test_pitfall_latency_is_the_ratio_of_neighbours():
    """Pitfall 13: a model against itself is at 1, twice the work at 2, on a busy machine too."""
    feeds = {"x": np.ones((64, 256), np.float32)}
    same, twice = (paired(chain(4), chain(n), feeds, 20) for n in (4, 8))
    assert same.low <= same.value <= same.high
    assert same.value == pytest.approx(1, abs=0.2)
    assert twice.value == pytest.approx(2, rel=0.25)


def test_pitfall_a_file_of_two_gigabytes_is_refused_with_a_sentence(monkeypatch):
    """Pitfall 11: protobuf ends there; weights beside the file are refused as well."""
    monkeypatch.setattr("engine.formats.network.MAX_FILE_BYTES", 1000)
    with pytest.raises(EngineError, match="larger than one ONNX file"):
        compress.run(small(), "prune")


def test_pitfall_zeros_are_never_called_faster():
    """Pitfall 12, the latency's side: the form says so, for what saves space alone."""
    for id in ("prune", "quantize_weights"):
        assert "no faster" in engine.operation(id).help
    assert "faster" in engine.operation("prune_channels").help


def test_the_thirteen_pitfalls_are_tested():
    from pathlib import Path

    words = Counter()
    for path in Path(__file__).parent.glob("test_*.py"):
        text = path.read_text("utf-8")
        words.update(n for n in range(1, 14) if f"Pitfall {n}:" in text or f"Pitfall {n}," in text)
    assert sorted(words) == list(range(1, 14))
