"""drop_dead, free_views."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.compile.passes import drop_dead, free_views
from tests.builders import Net
from tests.engine.compile.checks import check, compiled, read


def test_dead_rule_1_ops_without_readers_go() -> None:
    net = Net()
    x = net.input("x", (2, 3))
    net.op("Exp", net.op("Neg", x))
    net.output(net.op("Relu", x))
    found = check(net, "Neg Exp Relu", "Relu")
    assert found.lineage["reason"].to_list()[:2] == ["dropped: no output of the model needs it"] * 2


def test_dead_rule_2_outputs_without_readers_are_not_written() -> None:
    net = Net()
    x = net.input("x", (2, 3))
    kept, _ = net.op("Dropout", net.op("Relu", x), out=2)
    net.output(net.op("Neg", kept))
    found = check(net, "Relu Dropout Neg", "Relu+Dropout+Neg")
    assert found.tasks["output_elements"].to_list() == [6]


def test_dead_rule_3_unknown_ops_stay() -> None:
    net = Net()
    x = net.input("x", (2, 3))
    net.op("com.acme::Log", x)
    net.output(net.op("Relu", x))
    assert compiled(net).tasks["ops"].to_list() == ["Log", "Relu"]


def test_nothing_dead_returns_the_same_graph() -> None:
    net = Net()
    net.output(net.op("Relu", net.input("x", (2,))))
    graph = read(net.model())
    assert drop_dead(graph) is graph
    assert free_views(graph) is graph


VIEWS = {
    "Reshape": lambda net, x: net.op("Reshape", x, net.constant([3, 2])),
    "Flatten": lambda net, x: net.op("Flatten", x, axis=0),
    "Unsqueeze": lambda net, x: net.op("Unsqueeze", x, net.constant([0])),
    "Squeeze": lambda net, x: net.op("Squeeze", x),
    "Identity": lambda net, x: net.op("Identity", x),
    "Dropout": lambda net, x: net.op("Dropout", x),
    "Cast": lambda net, x: net.op("Cast", x, to=1),
    "Expand": lambda net, x: net.op("Expand", x, net.constant([2, 3])),
    "Transpose": lambda net, x: net.op("Transpose", x, perm=[0, 1]),
    "Pad": lambda net, x: net.op("Pad", x, net.constant([0, 0, 0, 0])),
    "Concat": lambda net, x: net.op("Concat", x, axis=1),
    "Slice": lambda net, x: net.op("Slice", x, net.constant([0]), net.constant([99]),
                                   net.constant([1]), net.constant([1])),
}  # fmt: skip


@pytest.mark.parametrize("kind", VIEWS)
def test_views_rule_1_join_what_makes_their_data(kind: str) -> None:
    net = Net()
    x = net.op("Softmax", net.input("x", (2, 3)), axis=-1)
    net.output(net.op("ReduceSum", VIEWS[kind](net, x), keepdims=0))
    found = check(net, f"Softmax {kind} ReduceSum", f"Softmax+{kind} ReduceSum")
    assert found.tasks["output_bytes"].to_list() == [24, 4]


def test_views_rule_1_others_may_read_between() -> None:
    net = Net()
    x = net.op("Softmax", net.input("x", (2, 3)), axis=-1)
    a = net.op("Reshape", x, net.constant([6]))
    net.output(net.op("ReduceSum", x, keepdims=0), net.op("ReduceMax", a, keepdims=0))
    found = check(net, "Softmax Reshape ReduceSum ReduceMax", "Softmax+Reshape ReduceSum ReduceMax")
    assert found.tasks["output_elements"].to_list() == [6, 1, 1]


def test_views_rule_2_of_inputs_are_the_input() -> None:
    net = Net()
    x = net.op("Reshape", net.input("x", (2, 3)), net.constant([6]))
    net.output(net.op("Softmax", net.op("Unsqueeze", x, net.constant([0]))))
    found = check(net, "Reshape Unsqueeze Softmax", "Softmax")
    assert found.lineage["task_id"].to_list() == [None, None, 0]
    assert found.lineage["reason"][0].startswith("free")
    assert found.edges.row(0)[:3] == (-1, 0, "unsqueeze_4_out")


def test_views_rule_3_a_shape_of_run_time_is_a_task() -> None:
    net = Net()
    shape = net.input("shape", (1,), 7)
    x = net.op("Softmax", net.input("x", (2, 3)))
    net.output(net.op("Relu", net.op("Reshape", x, shape)))
    assert compiled(net).tasks["ops"].to_list() == ["Softmax", "Reshape", "Relu"]


def test_views_rule_4_a_returned_view_of_an_input_is_a_task() -> None:
    net = Net()
    net.output(net.op("Reshape", net.input("x", (2, 3)), net.constant([6])))
    found = check(net, "Reshape", "Reshape")
    assert found.tasks.select("output_elements", "operations", "input_bytes").row(0) == (0, 0, 0)


NO_VIEWS: dict[str, tuple[str, Any, str]] = {
    "moves": ("Transpose", lambda net, x: net.op("Transpose", x, perm=[1, 0]), "elements move"),
    "type": ("Cast", lambda net, x: net.op("Cast", x, to=10), "the elements change"),
    "repeats": ("Expand", lambda net, x: net.op("Expand", x, net.constant([4, 2, 3])), "it grows"),
    "flips": ("Slice", lambda net, x: net.op("Slice", x, net.constant([-1]), net.constant([-9]),
              net.constant([1]), net.constant([-1])), "the order changes"),
    "mean": ("Mean", lambda net, x: net.op("Mean", x, x), "it has a second operand"),
    "train": ("Dropout", lambda net, x: net.op("Dropout", x, net.constant(0.5, "float32"),
              net.constant(np.array(True), "bool")), "it drops in training"),
}  # fmt: skip


@pytest.mark.parametrize("case", NO_VIEWS)
def test_no_views(case: str) -> None:
    kind, make, reason = NO_VIEWS[case]
    net = Net()
    x = net.op("Softmax", net.input("x", (2, 3)), axis=-1)
    net.output(net.op("ArgMax", make(net, x)), dtype=7)
    assert f"Softmax+{kind}" not in compiled(net).tasks["ops"].to_list(), reason
