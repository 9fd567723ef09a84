"""The whole compiler: order, lineage, random networks, size, control flow."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from engine.compile import PIPELINE, compile_model, passes
from engine.errors import EngineError
from engine.graph import Graph, Op, Tensor, verify
from tests.builders import Net, blocks_for, conv_net, residual_net, transformer_block, vit
from tests.effort import allowed, took, tries
from tests.engine.compile.checks import AnyTarget, check_numbers, compiled, read

WHOLE = {"conv": conv_net, "residual": residual_net, "transformer": transformer_block}


def test_each_pass_is_in_the_pipeline_with_a_reason() -> None:
    assert sorted(step.name for step in PIPELINE) == sorted(passes.__all__)
    for step in PIPELINE:
        assert step.reason
        assert step.because
        text = step.run.__doc__ or ""
        for part in ("Rules:", "Must not:", "Given:", "Result:"):
            assert part in text, f"{step.name} does not say {part}"


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("step", [s.name for s in PIPELINE])
def test_numbers_hold_without_any_one_pass(name: str, step: str) -> None:
    model = WHOLE[name]()
    check_numbers(model.SerializeToString(), compiled(model, step))


def test_lineage_says_where_each_op_went() -> None:
    found = compiled(conv_net())
    reasons = dict(zip(found.lineage["op_type"], found.lineage["reason"], strict=True))
    assert reasons == {
        "Conv": "the anchor of its task",
        "BatchNormalization": "fused into the convolution",
        "Relu": "fused into the convolution",
        "MaxPool": "a task of its own",
        "GlobalAveragePool": "the anchor of its task",
        "Flatten": "free: the same bytes under another shape or name",
        "Gemm": "a task of its own",
    }


UNARY = ("Relu", "Sigmoid", "Tanh", "Neg", "Abs", "Softplus", "Identity", "HardSwish", "Erf")


@st.composite
def nets(draw: st.DrawFn) -> Net:
    """Up to 14 ops on [2, 4, 6] tensors (and their reshapes), any operand any earlier result."""
    net = Net(seed=draw(st.integers(0, 99)))
    values = [net.input("x", (2, 4, 6)), net.input("y", (2, 4, 6))]
    read_ = set()
    for _ in range(draw(st.integers(1, 14))):
        # recent results are likelier, so that chains and patterns arise
        a, b = (values[-draw(st.integers(1, min(4, len(values))))] for _ in range(2))
        kind = draw(st.sampled_from(
            ("unary", "scale", "bias", "add", "mul", "silu", "linear", "conv", "norm", "softmax",
             "view", "turn", "attend", "mean", "split", "fold")))  # fmt: skip
        read_.update((a,))
        match kind:
            case "unary":
                out = net.op(draw(st.sampled_from(UNARY)), a)
            case "scale":
                out = net.op("Mul", a, net.constant(0.5, "float32"))
            case "bias":
                out = net.op("Add", net.weight(6), a)
            case "add" | "mul":
                out = net.op("Add" if kind == "add" else "Mul", a, b)
                read_.add(b)
            case "silu":
                out = net.op("Mul", net.op("Sigmoid", a), a)
            case "linear":
                out = net.op("MatMul", a, net.weight(6, 6))
            case "conv":
                out = net.op("Conv", a, net.weight(4, 4, 3), pads=[1, 1])
            case "norm":
                out = net.op("LayerNormalization", a, net.positive(6), net.weight(6))
            case "softmax":
                out = net.op("Softmax", a, axis=-1)
            case "view":
                flat = net.op("Reshape", a, net.constant([8, 6]))
                out = net.op("Reshape", net.op("Relu", flat), net.constant([2, 4, 6]))
            case "turn":
                turned = net.op("Exp", net.op("Transpose", a, perm=[0, 2, 1]))
                out = net.op("Transpose", net.op("Softmax", turned), perm=[0, 2, 1])
            case "attend":
                turned = net.op("Transpose", b, perm=[0, 2, 1])
                out = net.op("MatMul", net.op("Softmax", net.op("MatMul", a, turned)), b)
                read_.add(b)
            case "mean":
                out = net.op("Sub", a, net.op("ReduceMean", a, net.constant([-1])))
            case "split":
                parts = net.op("Split", a, axis=1, num_outputs=2, out=2)
                out = net.op("Concat", parts[1], parts[0], axis=1)
            case _:
                weight = net.op("Transpose", net.weight(6, 6), perm=[1, 0])
                out = net.op("MatMul", a, net.op("Relu", weight))
        values.append(out)
    loose = [v for v in values[2:] if v not in read_]
    extra = draw(st.sampled_from(values[2:]))  # a value in between may be returned as well
    net.output(*dict.fromkeys([*loose, extra]))
    return net


@given(nets())
@settings(max_examples=tries(20, 200), deadline=None, suppress_health_check=list(HealthCheck))
def test_random_networks_keep_their_numbers(net: Net) -> None:
    found = compiled(net)
    verify(found.graph)
    assert found.lineage["op"].n_unique() == len(found.source.ops)
    check_numbers(net.bytes(), found)


def test_time_is_linear_in_the_number_of_ops() -> None:
    seconds: dict[int, list[float]] = {2_500: [], 10_000: []}
    for nodes in (2_500, 10_000, 2_500):
        graph = read(vit(blocks_for(nodes), size=32, width=8, heads=2))
        assert len(graph.ops) == pytest.approx(nodes, rel=0.02)
        seconds[nodes].append(took(partial(compile_model, graph, AnyTarget()), 1))
        found = compile_model(graph, AnyTarget())
        assert len(found.tasks) == pytest.approx(nodes / 5, rel=0.02)
        assert found.tasks["signature"].n_unique() == 11
    (many,), few = seconds[10_000], seconds[2_500]
    assert many < allowed(1.0)
    assert many < 8 * max(few)


def test_bodies_are_never_fused_with_what_is_outside() -> None:
    inner = helper.make_graph(
        [helper.make_node("Neg", ["r"], ["a"], name="n"),
         helper.make_node("Relu", ["a"], ["b"], name="m")],
        "body", [], [helper.make_tensor_value_info("b", TensorProto.FLOAT, [2])],
    )  # fmt: skip
    net = Net()
    net.input("c", (), TensorProto.BOOL)
    r = net.op("Relu", net.input("x", (2,)), name="r")
    net.nodes[-1].output[0] = r = "r"
    y = net.op("If", "c", then_branch=inner, else_branch=_renamed(inner))
    net.output(net.op("Exp", net.op("Abs", y)), net.op("Abs", r))
    found = compiled(net)
    regions = [{p.region for p in op.parts} for op in found.graph.ops]
    assert all(len(r) == 1 for r in regions)
    assert "control" in found.tasks["kernel"].to_list()
    assert found.tasks["macs"].to_list() == [0] * len(found.tasks)
    assert "Neg+Relu" in found.tasks["ops"].to_list()


def _renamed(graph: object) -> object:
    copy = type(graph)()
    copy.CopyFrom(graph)  # type: ignore[attr-defined]
    for node in copy.node:  # type: ignore[attr-defined]
        node.name += "_else"
    return copy


def test_an_unsound_graph_is_refused() -> None:
    ops = (Op("n", "Relu", ("x",), ("y",)),)
    tensors = {t: Tensor(t, "float32", (2,)) for t in "xy"}
    with pytest.raises(EngineError, match="before any node makes it"):
        compile_model(Graph("g", ops, tensors, ("x",), ("y",)), AnyTarget())


def test_a_target_that_leaves_out_an_unknown_pass_is_refused() -> None:
    with pytest.raises(EngineError, match=r"does not exist.*fuse_conv.*found fuse_cnov"):
        compiled(conv_net(), "fuse_cnov")
