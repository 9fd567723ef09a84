"""The report on Ethos-U: what is written as a twin, and how two lists of cycles are compared."""

from __future__ import annotations

import pytest

import engine
from tests.acceptance import vela
from tests.builders import Net


def graph(*, odd=False):
    net = Net("twin")
    x = net.op("Conv", net.input("x", (1, 3, 8, 8)), net.weight(16, 3, 3, 3), pads=[1] * 4,
               strides=[2, 2])  # fmt: skip
    x = net.op("Relu", x)
    y = net.op("Conv", x, net.weight(16, 1, 3, 3), pads=[1] * 4, group=16)
    z = net.op("Add", net.op("Sin", y) if odd else y, x)
    net.output(net.op("ReduceMean", z, net.constant([2, 3]), keepdims=1))
    return engine.read_trusted(net.bytes())


def test_layers_are_those_of_the_network_in_sizes_of_tflite():
    made = vela.layers(graph())
    first, second, added, mean = made["layers"]
    assert [row["kind"] for row in made["layers"]] == ["conv", "depthwise", "add", "mean"]
    assert (first["weight"], first["stride"], first["activation"]) == ([16, 3, 3, 3], 2, "relu")
    assert (first["shapes"], first["made"]) == ([[1, 8, 8, 3]], [1, 4, 4, 16])
    assert second["weight"] == [1, 3, 3, 16]
    assert added["inputs"] == [second["output"], first["output"]]
    assert made["outputs"] == [mean["output"]]


def test_a_layer_that_the_twin_lacks_is_said():
    with pytest.raises(ValueError, match="Sin"):
        vela.layers(graph(odd=True))


def test_layers_of_one_task_are_added_before_they_are_compared():
    mine = ({"a": 0, "b": 0, "c": 1, "d": 2}, {0: 400.0, 1: 50.0, 2: 100.0})
    said = vela.report("net", "t", mine, {"a": 150.0, "b": 50.0, "c": 50.0, "d": 100.0, "e": 50.0})
    assert "3 tasks, 88% of Vela's cycles: rank correlation 1.00" in said
    assert "sum ours / Vela's 1.57, a task is 1.00 times off" in said
