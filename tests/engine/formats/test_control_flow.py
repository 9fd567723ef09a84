"""Bodies of If, Loop and Scan laid out in one graph: regions, runs, names, shapes."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine.formats import read_trusted
from engine.graph import Graph, text

F, I, B = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL  # noqa: E741


def info(name: str, dtype: int = F, *shape: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, dtype, shape)


def scalar(name: str, value: int | bool) -> onnx.TensorProto:
    return numpy_helper.from_array(np.array(value), name)


def body(nodes: list, inputs: list, outputs: list, name: str = "b") -> onnx.GraphProto:
    return helper.make_graph(nodes, name, inputs, outputs)


def read(nodes: list, inputs: list, weights: list = (), opset: int = 20) -> Graph:
    graph = helper.make_graph(
        nodes, "g", inputs, [helper.make_empty_tensor_value_info("y")], list(weights)
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    return read_trusted(made.SerializeToString())


def branches() -> dict[str, onnx.GraphProto]:
    """Two branches that use the same local name and capture x."""
    made = {}
    for side, kind in (("then", "Relu"), ("else", "Neg")):
        nodes = [helper.make_node(kind, ["x"], ["t"], "op"), helper.make_node("Exp", ["t"], ["r"])]
        made[f"{side}_branch"] = body(nodes, [], [info("r", F, 2)])
    return made


def test_if_on_data_keeps_both_branches() -> None:
    node = helper.make_node("If", ["c"], ["y"], "choose", **branches())
    graph = read([node], [info("x", F, 2), info("c", B)])
    assert text(graph) == "\n".join((
        "t = Relu(x)", "r = Exp(t)", "choose/else/t = Neg(x)",
        "choose/else/r = Exp(choose/else/t)", "y = If(c, r, choose/else/r)",
    ))  # fmt: skip
    assert [op.region for op in graph.ops] == ["choose/then"] * 2 + ["choose/else"] * 2 + [""]
    assert [op.name for op in graph.ops][::2] == ["op", "choose/else/op", "choose"]
    assert {op.runs for op in graph.ops} == {1}
    assert graph.tensors["y"].shape == (2,)
    assert "both branches" in graph.notes[0]
    assert graph.ops[-1].attributes["then_branch"] == "choose/then"


@pytest.mark.parametrize("taken", [True, False])
def test_if_on_a_constant_counts_one_branch(taken: bool) -> None:
    node = helper.make_node("If", ["c"], ["y"], "choose", **branches())
    graph = read([node], [info("x", F, 2)], [scalar("c", taken)])
    runs = {op.region: op.runs for op in graph.ops}
    assert runs == {"choose/then": int(taken), "choose/else": int(not taken), "": 1}
    assert "constant" in graph.notes[0]


def test_if_takes_the_branch_that_fits_the_sizes() -> None:
    weights = [numpy_helper.from_array(np.ones((n, 3), np.float32), f"w{n}") for n in (2, 5)]
    sides = {
        f"{side}_branch": body([helper.make_node("MatMul", ["x", f"w{n}"], ["r"])], [], [info("r")])
        for side, n in (("then", 5), ("else", 2))
    }
    node = helper.make_node("If", ["c"], ["y"], "choose", **sides)
    graph = read([node], [info("x", F, 4, 2), info("c", B)], weights)
    assert [op.runs for op in graph.ops] == [0, 1, 1]
    assert graph.tensors["y"].shape == (4, 3)


def loop(*nodes: onnx.NodeProto, cond: str = "keep") -> onnx.NodeProto:
    """y, all = Loop(n, go, x): v -> nodes -> out, out collected."""
    inputs = [info("i", I), info("keep", B), info("v", F, 2)]
    outputs = [info(cond, B), info("out", F, 2), info("out", F, 2)]
    return helper.make_node("Loop", ["n", "go", "x"], ["y", "all"], "turn",
                            body=body(list(nodes), inputs, outputs))  # fmt: skip


def test_loop_with_a_known_count() -> None:
    node = loop(helper.make_node("Relu", ["v"], ["out"], "act"))
    graph = read([node], [info("x", F, 2)], [scalar("n", 7), scalar("go", True)])
    assert text(graph) == "\n".join((
        "i, keep, v = LoopStart(n, go, x)", "out = Relu(v)",
        "y, all = Loop(n, go, x, keep, out, out)",
    ))  # fmt: skip
    assert [(op.region, op.runs) for op in graph.ops] == [
        ("turn/body", 1),
        ("turn/body", 7),
        ("", 1),
    ]
    assert graph.ops[0].domain == "paredown"
    assert graph.tensors["all"].shape == (7, 2)
    assert not graph.notes


def test_loop_on_data_counts_once() -> None:
    node = loop(helper.make_node("Relu", ["v"], ["out"]))
    graph = read([node], [info("x", F, 2), info("n", I)], [scalar("go", True)])
    assert [op.runs for op in graph.ops] == [1, 1, 1]
    assert "counted once" in graph.notes[0]


def test_loop_that_may_stop_early() -> None:
    node = loop(helper.make_node("Relu", ["v"], ["out"]), helper.make_node("Not", ["keep"], ["k"]),
                cond="k")  # fmt: skip
    graph = read([node], [info("x", F, 2)], [scalar("n", 7), scalar("go", True)])
    assert graph.ops[1].runs == 7
    assert "stop early" in graph.notes[0]


def test_loop_that_grows_has_an_unknown_result() -> None:
    node = loop(helper.make_node("Concat", ["v", "v"], ["out"], axis=0))
    graph = read([node], [info("x", F, 2)], [scalar("n", 7), scalar("go", True)])
    assert graph.tensors["y"].shape is None


def test_bodies_in_bodies_multiply() -> None:
    inner = loop(helper.make_node("Relu", ["v"], ["out"]))
    inner.input[:] = ["n", "go", "u"]
    inner.output[:] = ["o", "all2"]
    outer = helper.make_node(
        "Loop", ["n", "go", "x"], ["y"], "outer",
        body=body([inner], [info("j", I), info("k", B), info("u", F, 2)],
                  [info("k", B), info("o", F, 2)]),
    )  # fmt: skip
    graph = read([outer], [info("x", F, 2)], [scalar("n", 3), scalar("go", True)])
    runs = {op.name: (op.region, op.runs) for op in graph.ops}
    assert runs["Relu_0"] == ("outer/body/turn/body", 9)
    assert runs["turn"] == ("outer/body", 3)


def test_scan_runs_once_an_element() -> None:
    nodes = [helper.make_node("Add", ["s", "e"], ["t"])]
    inner = body(nodes, [info("s", F, 2), info("e", F, 2)], [info("t", F, 2), info("t", F, 2)])
    node = helper.make_node("Scan", ["s0", "x"], ["last", "y"], "sum", body=inner,
                            num_scan_inputs=1, scan_output_axes=[1])  # fmt: skip
    graph = read([node], [info("s0", F, 2), info("x", F, 5, 2)])
    assert {op.name: op.runs for op in graph.ops} == {"sum/body/start": 1, "Add_0": 5, "sum": 1}
    assert graph.tensors["e"].shape == (2,)
    assert graph.tensors["last"].shape == (2,)
    assert graph.tensors["y"].shape == (2, 5)


def test_body_of_an_unknown_op_is_laid_out_too() -> None:
    inner = body([helper.make_node("Relu", ["v"], ["out"])], [info("v", F, 2)], [info("out", F, 2)])
    node = helper.make_node("Repeat", ["x"], ["y"], "again", domain="com.acme", step=inner)
    graph = read([node], [info("x", F, 2)])
    assert [op.type for op in graph.ops] == ["BodyStart", "Relu", "Repeat"]
    assert graph.ops[1].region == "again/step"
