from __future__ import annotations

import pytest

from engine.compile.passes import fold_constants
from tests.builders import Net, transformer_block
from tests.engine.compile.checks import check, compiled, read


def test_rule_1_ops_on_weights_are_folded() -> None:
    net = Net()
    x = net.input("x", (2, 3))
    w = net.op("Transpose", net.op("Cast", net.weight(4, 3), to=1), perm=[1, 0], name="turn")
    net.output(net.op("MatMul", x, w))
    found = check(net, "Cast Transpose MatMul", "MatMul")
    assert found.tasks["kernel"].to_list() == ["gemm"]
    assert found.graph.tensors["turn_out"].kind == "weight"
    assert found.lineage["task_id"].to_list() == [None, None, 0]
    assert found.lineage["reason"][1].startswith("folded")


def test_rule_2_shape_arithmetic_is_folded() -> None:
    net = Net()
    x = net.input("x", (2, 3, 4))
    rows = net.op("Gather", net.op("Shape", x), net.constant(0), axis=0)
    shape = net.op("Concat", net.op("Unsqueeze", rows, net.constant([0])), net.constant([12]),
                   axis=0)  # fmt: skip
    net.output(net.op("Relu", net.op("Reshape", x, shape)))
    check(net, "Shape Gather Unsqueeze Concat Reshape Relu", "Relu")


def test_rule_3_a_dequantized_weight_is_not_folded() -> None:
    net = Net()
    x = net.input("x", (2, 3))
    w = net.op("DequantizeLinear", net.weight(3, 4, dtype="int8"), net.constant(0.1, "float32"))
    net.output(net.op("MatMul", x, w))
    found = check(net, "DequantizeLinear MatMul", "DequantizeLinear+MatMul")
    assert found.tasks["kernel_format"].to_list() == ["int8"]
    assert found.tasks["kernel"].to_list() == ["gemm"]


def test_rule_3_but_goes_with_what_is_computed_from_it() -> None:
    net = Net()
    x = net.input("x", (2, 3))
    w = net.op("DequantizeLinear", net.weight(4, 3, dtype="int8"), net.constant(0.1, "float32"))
    net.output(net.op("MatMul", x, net.op("Transpose", w, perm=[1, 0])))
    found = check(net, "DequantizeLinear Transpose MatMul", "MatMul")
    assert found.tasks["kernel_format"].to_list() == ["int8"]
    assert found.tasks["weight_bytes"].to_list() == [12]


@pytest.mark.parametrize(
    ("kind", "attributes", "reason"),
    [("RandomNormal", {"shape": [4]}, "each run draws other numbers"),
     ("RandomUniform", {"shape": [4]}, "each run draws other numbers")],
)  # fmt: skip
def test_rule_4_random_ops_stay(kind: str, attributes: dict[str, object], reason: str) -> None:
    net = Net()
    x = net.input("x", (4,))
    net.output(net.op("Add", x, net.op(kind, **attributes)))
    assert kind in compiled(net).tasks["ops"].to_list(), reason


def test_rule_5_a_constant_is_not_blown_up() -> None:
    net = Net()
    x = net.input("x", (1, 1, 2048))
    big = net.op("Expand", net.weight(1, 1, 2048), net.constant([1, 1024, 2048]))
    net.output(net.op("Add", x, big))
    assert "Expand" in compiled(net).tasks["ops"].to_list()


def test_rule_6_a_returned_constant_stays() -> None:
    net = Net()
    net.output(net.op("Relu", net.input("x", (2,))), net.op("Neg", net.weight(2)))
    check(net, "Relu Neg", "Relu Neg")


def test_nothing_to_fold_returns_the_same_graph() -> None:
    net = Net()
    net.output(net.op("Relu", net.input("x", (2,))))
    graph = read(net.model())
    assert fold_constants(graph) is graph


def test_weights_of_fills_are_weights() -> None:
    found = compiled(transformer_block())
    assert "ConstantOfShape" not in "+".join(found.tasks["ops"])
    # 6 layers of 16x16 or 16x64, their biases, two norms
    assert found.tasks["parameters"].sum() == 4 * (256 + 16) + (1024 + 64) + (1024 + 16) + 4 * 16
