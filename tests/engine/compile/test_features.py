"""Known values of the figures, each with its sum."""

from __future__ import annotations

from typing import Any

import pytest

from engine.compile import TASK_SCHEMA, compile_model
from engine.compile.products import Unknown, product_of
from engine.graph import Graph, Op, Tensor
from tests.builders import Net, conv_net
from tests.engine.compile.checks import AnyTarget, compiled


def product(kind: str, shapes: list[tuple[int, ...]], out: tuple[int, ...], domain: str = "",
            **attributes: Any) -> tuple[int, ...]:  # fmt: skip
    names = [f"t{i}" if s else "" for i, s in enumerate(shapes)]
    tensors = {n: Tensor(n, "float32", s) for n, s in zip(names, shapes, strict=True) if n}
    tensors["y"] = Tensor("y", "float32", out)
    found = product_of(Op("n", kind, tuple(names), ("y",), domain, attributes), tensors)
    assert found is not None
    return (*found, found.macs)


PRODUCTS = [
    # rows, depth, columns, products, window, macs
    ("Conv", [(2, 6, 9, 9), (8, 6, 3, 3)], (2, 8, 7, 7), {},
     (2 * 49, 6 * 9, 8, 1, 9, 98 * 54 * 8)),
    ("Conv", [(1, 6, 9, 9), (6, 1, 3, 3)], (1, 6, 7, 7), {"group": 6},
     (49, 9, 1, 6, 9, 49 * 9 * 6)),
    ("Conv", [(1, 4, 50), (8, 2, 5)], (1, 8, 46), {"group": 2}, (46, 10, 4, 2, 5, 46 * 10 * 8)),
    ("ConvTranspose", [(1, 6, 4, 4), (6, 3, 2, 2)], (1, 3, 8, 8), {},
     (16, 6, 12, 1, 4, 16 * 6 * 12)),
    ("ConvTranspose", [(1, 6, 4, 4), (6, 3, 2, 2)], (1, 6, 8, 8), {"group": 2},
     (16, 3, 12, 2, 4, 16 * 3 * 12 * 2)),
    ("Gemm", [(5, 7), (9, 7)], (5, 9), {"transB": 1}, (5, 7, 9, 1, 0, 5 * 7 * 9)),
    ("Gemm", [(7, 5), (7, 9)], (5, 9), {"transA": 1}, (5, 7, 9, 1, 0, 5 * 7 * 9)),
    ("MatMul", [(2, 3, 5, 7), (7, 9)], (2, 3, 5, 9), {}, (30, 7, 9, 1, 0, 30 * 7 * 9)),
    ("MatMul", [(2, 3, 5, 7), (3, 7, 9)], (2, 3, 5, 9), {}, (5, 7, 9, 6, 0, 6 * 5 * 7 * 9)),
    ("MatMul", [(7,), (7, 9)], (9,), {}, (1, 7, 9, 1, 0, 63)),
    ("MatMul", [(5, 7), (7,)], (5,), {}, (5, 7, 1, 1, 0, 35)),
    ("Einsum", [(2, 5, 7), (2, 7, 9)], (2, 5, 9), {"equation": "bik,bkj->bij"},
     (5, 7, 9, 2, 0, 2 * 5 * 7 * 9)),
    ("Einsum", [(2, 3, 5, 7), (2, 3, 9, 7)], (2, 3, 5, 9), {"equation": "...ik,...jk->...ij"},
     (5, 7, 9, 6, 0, 6 * 5 * 7 * 9)),
    ("Einsum", [(5, 7), (7, 9)], (5, 9), {"equation": "ik,kj"}, (5, 7, 9, 1, 0, 315)),
    ("LSTM", [(10, 2, 8), (1, 64, 8), (1, 64, 16)], (10, 1, 2, 16), {"hidden_size": 16},
     (2, 24, 64, 10, 0, 10 * 2 * 24 * 64)),
    ("GRU", [(10, 2, 8), (2, 48, 8), (2, 48, 16)], (10, 2, 2, 16),
     {"hidden_size": 16, "direction": "bidirectional"}, (2, 24, 48, 20, 0, 20 * 2 * 24 * 48)),
    ("RNN", [(10, 2, 8), (1, 16, 8), (1, 16, 16)], (10, 1, 2, 16), {"hidden_size": 16},
     (2, 24, 16, 10, 0, 10 * 2 * 24 * 16)),
    ("Attention", [(1, 4, 5, 8), (1, 2, 6, 8), (1, 2, 6, 3)], (1, 4, 5, 3), {},
     (5, 11, 6, 4, 0, 4 * (5 * 8 * 6 + 5 * 6 * 3))),
    ("Attention", [(1, 5, 32), (1, 6, 16), (1, 6, 16)], (1, 5, 32),
     {"q_num_heads": 4, "kv_num_heads": 2}, (5, 16, 6, 4, 0, 4 * 2 * 5 * 8 * 6)),
    ("com.microsoft::Attention", [(2, 5, 12), (12, 36)], (2, 5, 12), {"num_heads": 3},
     (5, 46, 12, 2, 0, 2 * (5 * 12 * 36 + 2 * 5 * 5 * 12))),
    ("com.microsoft::MultiHeadAttention", [(2, 5, 12), (2, 7, 12), (2, 7, 12)], (2, 5, 12),
     {"num_heads": 3}, (5, 8, 7, 6, 0, 6 * 2 * 5 * 4 * 7)),
    ("com.microsoft::GroupQueryAttention",
     [(1, 5, 12), (1, 5, 4), (1, 5, 4), (1, 1, 11, 4)], (1, 5, 12),
     {"num_heads": 3, "kv_num_heads": 1}, (5, 8, 16, 3, 0, 3 * 2 * 5 * 4 * 16)),
    ("QLinearMatMul", [(5, 7), (1,), (1,), (7, 9)], (5, 9), {}, (5, 7, 9, 1, 0, 315)),
    ("com.microsoft::QGemm", [(5, 7), (1,), (1,), (9, 7)], (5, 9), {"transB": 1},
     (5, 7, 9, 1, 0, 315)),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "shapes", "out", "attributes", "wanted"), PRODUCTS)
def test_products(
    kind: str, shapes: Any, out: Any, attributes: dict[str, Any], wanted: tuple[int, ...]
) -> None:
    domain, _, type_ = kind.rpartition("::")
    assert product(type_, shapes, out, domain, **attributes) == wanted


@pytest.mark.parametrize(
    ("kind", "shapes", "reason"),
    [("MatMul", [(5, 7), (8, 9)], "the shapes of MatMul do not fit together"),
     ("Conv", [(1, 3, 8, 8)], "Conv lacks its input 1"),
     ("Einsum", [(2, 2), (2, 2), (2, 2)], "Einsum of more than two operands is not modelled")],
)  # fmt: skip
def test_what_does_not_fit_is_unknown(kind: str, shapes: Any, reason: str) -> None:
    with pytest.raises(Unknown, match=reason):
        product(kind, shapes, (1, 1))


def one(net: Net, *outputs: str) -> dict[str, Any]:
    net.output(*outputs)
    found = compiled(net)
    assert len(found.tasks) == 1
    return found.tasks.row(0, named=True)


def test_a_conv_with_bias_norm_and_activation() -> None:
    net = Net()
    x = net.input("x", (1, 3, 8, 8))
    x = net.op("Conv", x, net.weight(4, 3, 3, 3), net.weight(4), pads=[1] * 4)
    x = net.op("BatchNormalization", x, net.positive(4), net.weight(4), net.weight(4),
               net.positive(4))  # fmt: skip
    row = one(net, net.op("Clip", x, net.constant(0, "float32"), net.constant(6, "float32")))
    assert row["macs"] == 4 * 64 * 3 * 9
    # one addition for the bias, into which the norm folds, and two comparisons for the Clip
    assert row["operations"] == 4 * 64 * (1 + 2)
    assert row["parameters"] == row["weight_elements"] == 4 * 3 * 9 + 5 * 4
    assert row["weight_bytes"] == 4 * (4 * 3 * 9 + 5 * 4)
    assert row["kernel_elements"] == 4 * 3 * 9
    assert (row["input_elements"], row["output_elements"]) == (192, 256)
    assert (row["input_bytes"], row["output_bytes"]) == (768, 1024)
    assert row["live_bytes"] == 768 + 1024
    assert (row["input_shape"], row["output_shape"]) == ("1×3×8×8", "1×4×8×8")
    assert (row["kernel_shape"], row["window"], row["rank"]) == ("4×3×3×3", 9, 4)
    assert (row["input_format"], row["kernel_format"]) == ("fp32", "fp32")


def test_a_norm_without_bias_counts_as_the_bias() -> None:
    net = Net()
    x = net.op("Conv", net.input("x", (1, 3, 8, 8)), net.weight(4, 3, 1, 1))
    row = one(net, net.op("BatchNormalization", x, net.positive(4), net.weight(4), net.weight(4),
                          net.positive(4)))  # fmt: skip
    assert row["operations"] == 256


def test_an_embedding_reads_the_rows_it_picks() -> None:
    net = Net()
    row = one(net, net.op("Gather", net.weight(1000, 16), net.input("ids", (2, 5), 7)))
    assert row["parameters"] == 16_000
    assert row["weight_elements"] == row["kernel_elements"] == 2 * 5 * 16
    assert (row["input_format"], row["output_format"], row["kernel_format"]) == ("fp32",) * 3
    assert row["macs"] == row["operations"] == 0


def test_shared_weights_are_parameters_once() -> None:
    net = Net()
    x, w = net.input("x", (4, 4)), net.weight(4, 4)
    turned = net.op("Transpose", w, perm=[1, 0])
    net.output(net.op("MatMul", net.op("Softmax", net.op("MatMul", x, w)), turned))
    found = compiled(net)
    assert found.tasks["parameters"].to_list() == [16, 0, 0]
    assert found.tasks["weight_elements"].to_list() == [16, 0, 16]
    assert found.tasks["weight_bytes"].to_list() == [64, 0, 0]


OPERATIONS = [
    ("Relu", {}, 48), ("Sigmoid", {}, 4 * 48), ("Softmax", {}, 5 * 48), ("Exp", {}, 48),
    ("MaxPool", {"kernel_shape": [2, 2], "strides": [2, 2]}, 12 * 4),
    ("AveragePool", {"kernel_shape": [2, 2], "strides": [2, 2]}, 12 * 5),
    ("GlobalAveragePool", {}, 48 + 3), ("ReduceMax", {"keepdims": 0}, 48),
    ("Transpose", {"perm": [0, 2, 3, 1]}, 0), ("LRN", {"size": 5}, 48 * 10),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "attributes", "wanted"), OPERATIONS)
def test_element_operations(kind: str, attributes: dict[str, Any], wanted: int) -> None:
    net = Net()
    row = one(net, net.op(kind, net.input("x", (1, 3, 4, 4)), **attributes))
    assert (row["macs"], row["operations"]) == (0, wanted)


def test_resize_operations() -> None:
    for mode, each in (("nearest", 1), ("linear", 2 * 4 - 1), ("cubic", 2 * 16 - 1)):
        net = Net()
        sizes = net.constant([1, 3, 8, 8])
        row = one(net, net.op("Resize", net.input("x", (1, 3, 4, 4)), "", "", sizes, mode=mode))
        assert row["operations"] == 3 * 64 * each


def test_unknown_shapes_are_null_with_a_reason() -> None:
    net = Net()
    x = net.op("NonZero", net.input("x", (3, 4)))
    net.output(net.op("Cast", x, to=1))
    found = compiled(net)
    row = found.tasks.row(0, named=True)
    assert row["output_elements"] is None
    assert row["live_bytes"] is None
    assert row["unknown"] == "the shape of nonzero_1_out is not known"
    assert row["output_shape"] in ("?", "2×?")


def test_work_that_depends_on_the_data_is_unknown() -> None:
    net = Net()
    boxes, scores = net.input("boxes", (1, 50, 4)), net.input("scores", (1, 3, 50))
    net.output(net.op("NonMaxSuppression", boxes, scores, net.constant(10)), dtype=7)
    found = compiled(net)
    assert found.tasks["operations"].to_list() == [None]
    assert "depends on what it finds" in found.tasks["unknown"][0]


def test_signatures_are_shared_by_equal_kernels_only() -> None:
    net = Net()
    x = net.input("x", (1, 4, 6, 6))
    for size, pads in ((3, 1), (3, 1), (5, 2)):
        x = net.op("Conv", x, net.weight(4, 4, size, size), pads=[pads] * 4)
        x = net.op("Softmax", x)
    net.output(x)
    assert compiled(net).tasks["signature"].to_list() == [0, 1, 0, 1, 2, 1]


def test_live_memory_counts_what_waits() -> None:
    net = Net()
    a = net.op("Softmax", net.input("x", (256,)))  # 1 KiB each
    b = net.op("Softmax", a)
    c = net.op("Softmax", net.op("Reshape", b, net.constant([16, 16])))
    net.output(net.op("Add", c, net.op("Reshape", a, net.constant([16, 16]))))
    # x a | a b | a b c | a c y: `a` waits for the addition; views are no copies
    found = compiled(net)
    assert found.tasks["live_bytes"].to_list() == [2048, 2048, 3072, 3072]


def test_edges_look_through_views() -> None:
    found = compiled(conv_net())
    pairs = found.edges.select("source", "target").rows()
    assert pairs == [(-1, 0), (0, 1), (1, 2), (2, 3), (3, 4), (4, -1)]
    assert found.edges["format"].unique().to_list() == ["fp32"]
    assert found.edges["elements"].to_list()[:2] == [3 * 16 * 16, 8 * 16 * 16]


def test_groups_and_names_come_from_scopes() -> None:
    net = Net()
    net.scope = ("body", "0")
    x = net.op("Softmax", net.input("x", (2, 3)), name="first")
    x = net.op("ReduceSum", x, name="second")
    net.scope = ("head",)
    net.output(net.op("Softmax", x, name="third"))
    found = compiled(net)
    assert found.tasks["group"].to_list() == ["body/0", "body/0", "head"]
    assert found.tasks["name"].to_list() == ["body/0/first", "body/0/second", "head"]


def test_a_branch_not_taken_keeps_its_figures() -> None:
    ops = (Op("n", "Relu", ("x",), ("y",), region="If_0/else", runs=0),)
    tensors = {"x": Tensor("x", "float32", (4,), "input"), "y": Tensor("y", "float32", (4,))}
    found = compile_model(Graph("g", ops, tensors, ("x",), ("y",)), AnyTarget())
    row = found.tasks.row(0, named=True)
    assert (row["runs"], row["region"], row["operations"]) == (0, "If_0/else", 4)


def test_a_branch_not_taken_needs_no_memory_and_no_shapes() -> None:
    ops = (
        Op("n", "Relu", ("x",), ("a",)),
        Op("m", "NonZero", ("a",), ("b",), region="If_0/else", runs=0),
        Op("o", "Neg", ("a",), ("y",)),
    )
    shapes = {"x": (4,), "a": (4,), "b": None, "y": (4,)}
    tensors = {n: Tensor(n, "float32", s) for n, s in shapes.items()}
    tensors["x"] = Tensor("x", "float32", (4,), "input")
    found = compile_model(Graph("g", ops, tensors, ("x",), ("y", "b")), AnyTarget())
    assert found.tasks["unknown"].to_list() == ["", "", ""]
    assert found.tasks["live_bytes"].to_list() == [32, 16, 32]


def test_sizes_that_no_column_holds_are_unknown() -> None:
    big = (2**36, 2**36)
    tensors = {"x": Tensor("x", "float32", big, "input"), "y": Tensor("y", "float32", big)}
    graph = Graph("g", (Op("n", "MatMul", ("x", "x"), ("y",)),), tensors, ("x",), ("y",))
    row = compile_model(graph, AnyTarget()).tasks.row(0, named=True)
    assert row["unknown"] == "it computes more than we can count"
    assert row["macs"] is row["input_bytes"] is row["live_bytes"] is None


def test_a_model_without_ops_has_no_tasks() -> None:
    graph = Graph("g", (), {"x": Tensor("x", "float32", (2,), "input")}, ("x",), ("x",))
    found = compile_model(graph, AnyTarget())
    assert (len(found.tasks), len(found.lineage)) == (0, 0)
    assert found.edges.row(0) == (-1, -1, "x", "2", "fp32", 2, 8)


def test_the_frame_keeps_its_schema() -> None:
    found = compiled(conv_net())
    assert found.tasks.schema == TASK_SCHEMA
    assert found.tasks["task_id"].to_list() == list(range(5))
    assert found.target == "any"
    assert set(found.tasks["unknown"]) == {""}
