"""Fusing, sorting, serialising and verifying on graphs of a few ops."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import EngineError
from engine.graph import Graph, Op, Tensor, dumps, fuse, loads, replace_ops, text, verify


def chain(*types: str, extra: tuple[Op, ...] = (), outputs: tuple[str, ...] = ()) -> Graph:
    """Ops in a row, x to the last t; each has its own weight."""
    ops = tuple(
        Op(f"op{i}", kind, ("x" if i == 0 else f"t{i - 1}", f"w{i}"), (f"t{i}",))
        for i, kind in enumerate(types)
    )
    names = {f"t{i}" for i in range(len(types))} | {o for op in extra for o in op.outputs}
    tensors = {n: Tensor(n, "float32", (2, 3)) for n in sorted(names)}
    tensors["x"] = Tensor("x", "float32", (2, 3), "input")
    tensors |= {f"w{i}": Tensor(f"w{i}", "float32", (3,), "weight") for i in range(len(types))}
    return Graph("g", ops + extra, tensors, ("x",), outputs or (f"t{len(types) - 1}",))


def test_fusing_keeps_outer_inputs_and_outputs_and_hides_inner_tensors():
    graph = fuse(chain("Conv", "Relu", "Add"), [("conv", (0, 1))])
    assert text(graph) == "t1 = Conv+Relu(x, w0, w1)\nt2 = Add(t1, w2)"
    assert graph.ops[0].name == "op0"
    assert graph.ops[0].kernel == "conv"
    assert [m.name for m in graph.ops[0].members] == ["op0", "op1"]


def test_the_anchor_gives_the_name_even_when_it_runs_last():
    graph = fuse(chain("Pad", "Conv"), [("conv", (1, 0))])
    assert graph.ops[0].name == "op1"
    assert graph.ops[0].type == "Conv"
    assert [m.type for m in graph.ops[0].members] == ["Pad", "Conv"]


def test_a_tensor_read_outside_or_returned_stays_an_output():
    side = Op("side", "Sigmoid", ("t0",), ("s",))
    graph = fuse(chain("Conv", "Relu", extra=(side,), outputs=("t1", "s")), [("conv", (0, 1))])
    assert graph.ops[0].outputs == ("t0", "t1")
    verify(graph)


def test_no_cluster_gives_back_the_same_graph():
    graph = chain("Conv")
    assert fuse(graph, []) is graph


def test_fusing_sorts_again_when_a_member_waits_for_a_later_op():
    # op0 and the last Add fuse; `side` must come before the fused op, which takes the Add's place.
    side = Op("side", "Sigmoid", ("x",), ("s",))
    add = Op("add", "Add", ("t0", "s"), ("y",))
    graph = fuse(chain("Conv", extra=(side, add), outputs=("y",)), [("conv", (0, 2))])
    assert [op.name for op in graph.ops] == ["side", "op0"]
    verify(graph)


def test_two_clusters_that_cross_are_refused_as_a_cycle():
    # a -> b and c -> d fused as {a, d} and {b, c} would wait for each other.
    a, b = Op("a", "A", ("x",), ("ta",)), Op("b", "B", ("ta",), ("tb",))
    c, d = Op("c", "C", ("x",), ("tc",)), Op("d", "D", ("tc",), ("td",))
    tensors = {n: Tensor(n) for n in ("ta", "tb", "tc", "td")} | {"x": Tensor("x", kind="input")}
    graph = Graph("g", (a, b, c, d), tensors, ("x",), ("tb", "td"))
    with pytest.raises(ValueError, match="cycle"):
        fuse(graph, [("", (0, 3)), ("", (1, 2))])


def test_overlapping_clusters_are_the_developers_fault():
    with pytest.raises(ValueError, match="two clusters"):
        fuse(chain("A", "B", "C"), [("", (0, 1)), ("", (1, 2))])


def test_members_of_members_are_flattened():
    graph = fuse(chain("Conv", "Relu", "Add"), [("conv", (0, 1))])
    graph = fuse(graph, [("conv", (0, 1))])
    assert [m.type for m in graph.ops[0].members] == ["Conv", "Relu", "Add"]


def test_json_round_trip_keeps_everything():
    graph = chain("Conv", "Relu")
    op = Op(
        name="o",
        type="Pad",
        inputs=("t1", ""),
        outputs=("y", ""),
        domain="com.acme",
        attributes={"pads": (0, 1), "mode": "edge", "v": 1.5},
        scope=("down", "0"),
        region="If_1/then",
        runs=3,
    )
    tensors = {"y": Tensor("y", "int64", (2,), "activation", (4, -1)), "z": Tensor("z")}
    graph = replace_ops(graph, (*graph.ops, op), tensors)
    assert loads(dumps(graph)) == graph


@given(st.text(max_size=40))
def test_any_name_survives_json(name):
    graph = Graph(name, (), {}, (), ())
    assert loads(dumps(graph)).name == name


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[1]", b'{"version": 99}', b"\xff", b'{"version":1}']
)
def test_foreign_json_is_one_sentence(data):
    with pytest.raises(EngineError, match="stored graph"):
        loads(data)


@pytest.mark.parametrize(
    ("ops", "outputs", "says"),
    [
        ((Op("a", "A", ("x",), ("y",)), Op("a", "A", ("y",), ("z",))), ("z",), "share one name"),
        ((Op("a", "A", ("z",), ("y",)), Op("b", "A", ("x",), ("z",))), ("y",), "before any node"),
        ((Op("a", "A", ("x",), ("y",)), Op("b", "A", ("x",), ("y",))), ("y",), "made twice"),
        ((Op("a", "A", ("x",), ("q",)),), ("q",), "unknown"),
        ((Op("a", "A", ("x",), ("y",)),), ("z",), "no node makes it"),
    ],
)
def test_an_unsound_graph_is_named(ops, outputs, says):
    tensors = {"x": Tensor("x", kind="input"), "y": Tensor("y"), "z": Tensor("z")}
    with pytest.raises(EngineError, match=says):
        verify(Graph("g", ops, tensors, ("x",), outputs))
