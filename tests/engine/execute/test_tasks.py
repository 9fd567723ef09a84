"""The proof must be able to fail: planted faults in a compilation are caught."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from onnx import TensorProto, helper

from engine.errors import EngineError
from engine.execute import run_tasks
from engine.graph import replace_ops
from tests.builders import Net, residual_net
from tests.engine.compile.checks import check_numbers, compiled, random_feeds


def test_wrong_order_is_caught() -> None:
    model = residual_net()
    found = compiled(model)
    planted = replace(found, graph=replace(found.graph, ops=found.graph.ops[::-1]))
    with pytest.raises(EngineError, match="before any task makes it"):
        check_numbers(model.SerializeToString(), planted)


def test_a_forgotten_op_is_caught() -> None:
    net = Net()
    net.output(net.op("Exp", net.op("Softmax", net.input("x", (3,)))))
    found = compiled(net)
    planted = replace(found, graph=replace_ops(found.graph, found.graph.ops[1:]))
    with pytest.raises(EngineError, match="a folded op reads what a task makes"):
        check_numbers(net.bytes(), planted)


def test_a_wrong_constant_is_caught() -> None:
    net = Net()
    x = net.input("x", (3,))
    net.output(net.op("Add", x, net.op("Neg", net.constant([1, 2, 3], "float32"), name="minus")))
    found = compiled(net)
    wrong = replace(found.graph.tensors["minus_out"], value=(9.0, 9.0, 9.0))
    planted = replace(found, graph=replace_ops(found.graph, found.graph.ops, {"minus_out": wrong}))
    with pytest.raises(AssertionError):
        check_numbers(net.bytes(), planted)
    check_numbers(net.bytes(), found)


def test_control_flow_is_refused() -> None:
    body = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["b"])], "body", [],
        [helper.make_tensor_value_info("b", TensorProto.FLOAT, [2])],
    )  # fmt: skip
    net = Net()
    c = net.input("c", (), TensorProto.BOOL)
    net.input("x", (2,))
    net.output(net.op("If", c, then_branch=body, else_branch=body))
    found = compiled(net)
    with pytest.raises(EngineError, match="control flow"):
        run_tasks(net.bytes(), found, {"c": np.array(True), "x": np.ones(2, "float32")})


def test_outputs_come_by_name() -> None:
    net = Net()
    x = net.input("x", (3,))
    net.output(net.op("Exp", x, name="a"), net.op("Neg", x, name="b"))
    found = compiled(net)
    outputs = run_tasks(net.bytes(), found, random_feeds(found.source, 0))
    assert list(outputs) == ["a_out", "b_out"]
