"""fuse_activation, fuse_normalization, fuse_softmax, fuse_rotary, fuse_attention, chains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.compile import passes
from tests.builders import Net, attention, transformer_block
from tests.engine.compile.checks import check, check_numbers, compiled, read


def number(net: Net, value: float) -> str:
    return net.constant(value, "float32")


def gelu_erf(net: Net, x: str) -> str:
    e = net.op("Add", net.op("Erf", net.op("Div", x, number(net, 2**0.5))), number(net, 1))
    return net.op("Mul", net.op("Mul", x, e), number(net, 0.5))


def gelu_erf_half_first(net: Net, x: str) -> str:
    half = net.op("Mul", x, number(net, 0.5))
    e = net.op("Erf", net.op("Mul", x, number(net, 2**-0.5)))
    return net.op("Mul", half, net.op("Add", number(net, 1), e))


def gelu_tanh(net: Net, x: str) -> str:
    cube = net.op("Mul", net.op("Pow", x, number(net, 3)), number(net, 0.044715))
    t = net.op("Tanh", net.op("Mul", net.op("Add", x, cube), number(net, 0.7978845)))
    return net.op("Mul", net.op("Mul", x, number(net, 0.5)), net.op("Add", t, number(net, 1)))


def silu(net: Net, x: str) -> str:
    return net.op("Mul", x, net.op("Sigmoid", x))


def quick_gelu(net: Net, x: str) -> str:
    return net.op("Mul", x, net.op("Sigmoid", net.op("Mul", x, number(net, 1.702))))


def mish(net: Net, x: str) -> str:
    return net.op("Mul", x, net.op("Tanh", net.op("Softplus", x)))


def hard_swish(net: Net, x: str) -> str:
    c = net.op("Clip", net.op("Add", x, number(net, 3)), number(net, 0), number(net, 6))
    return net.op("Div", net.op("Mul", x, c), number(net, 6))


ACTIVATIONS: list[tuple[Callable[[Net, str], str], str]] = [
    (gelu_erf, "Div Erf Add Mul Mul"),
    (gelu_erf_half_first, "Mul Mul Erf Add Mul"),
    (gelu_tanh, "Pow Mul Add Mul Tanh Mul Add Mul"),
    (silu, "Sigmoid Mul"),
    (quick_gelu, "Mul Sigmoid Mul"),
    (mish, "Softplus Tanh Mul"),
    (hard_swish, "Add Clip Mul Div"),
]


@pytest.mark.parametrize(("make", "ops"), ACTIVATIONS)
def test_activation_rules_1_and_2(make: Any, ops: str) -> None:
    net = Net()
    net.output(net.op("ReduceSum", make(net, net.op("Softmax", net.input("x", (3, 4))))))
    found = check(net, f"Softmax {ops} ReduceSum", f"Softmax {ops.replace(' ', '+')} ReduceSum")
    assert found.tasks["kernel"][1] == "activation"
    assert found.tasks["input_elements"].to_list() == [12, 12, 12]


@pytest.mark.parametrize(("make", "ops"), ACTIVATIONS)
def test_an_activation_written_out_joins_the_product_before_it(make: Any, ops: str) -> None:
    net = Net()
    x = net.op("MatMul", net.input("x", (3, 4)), net.weight(4, 4))
    x = net.op("Reshape", x, net.constant([1, 3, 4]))
    x = make(net, net.op("Add", x, net.weight(4)))
    net.output(net.op("ReduceSum", net.op("Reshape", x, net.constant([12]))))
    check(net, f"MatMul Reshape Add {ops} Reshape ReduceSum",
          f"MatMul+Reshape+Add+{ops.replace(' ', '+')}+Reshape ReduceSum")  # fmt: skip


def test_activation_rule_3_must_not_hide_a_value_that_is_read() -> None:
    net = Net()
    x = net.op("Softmax", net.input("x", (3, 4)))
    s = net.op("Sigmoid", x)
    net.output(net.op("Mul", x, s), net.op("ReduceSum", s))
    assert compiled(net).tasks["ops"].to_list() == ["Softmax", "Sigmoid", "Mul", "ReduceSum"]


def test_activation_rule_4_a_gate_is_no_activation() -> None:
    net = Net()
    x = net.op("Softmax", net.input("x", (3, 4)))
    y = net.op("Softmax", net.input("y", (3, 4)))
    net.output(net.op("ReduceSum", net.op("Mul", y, net.op("Sigmoid", x))))
    found = check(net, "Softmax Softmax Sigmoid Mul ReduceSum",
                  "Softmax Softmax Sigmoid+Mul ReduceSum")  # fmt: skip
    assert found.tasks["kernel"][2] == "elementwise"


def centred(net: Net, x: str) -> str:
    return net.op("Sub", x, net.op("ReduceMean", x, net.constant([-1])))


def root(net: Net, d: str, square: str = "Pow") -> str:
    p = net.op("Pow", d, number(net, 2)) if square == "Pow" else net.op("Mul", d, d)
    v = net.op("ReduceMean", p, net.constant([-1]))
    return net.op("Sqrt", net.op("Add", v, number(net, 1e-5)))


def layer_norm(net: Net, x: str) -> str:
    d = centred(net, x)
    n = net.op("Mul", net.op("Div", d, root(net, d)), net.weight(4))
    return net.op("Add", n, net.weight(4))


def rms_norm(net: Net, x: str) -> str:
    n = net.op("Mul", x, net.op("Reciprocal", root(net, x, "Mul")))
    return net.op("Mul", net.weight(4), n)


def test_norm_rules_1_to_3_layer_norm() -> None:
    net = Net()
    net.output(net.op("Softmax", layer_norm(net, net.input("x", (3, 4)))))
    ops = "ReduceMean Sub Pow ReduceMean Add Sqrt Div Mul Add"
    found = check(net, f"{ops} Softmax", f"{ops.replace(' ', '+')} Softmax")
    assert found.tasks["kernel"].to_list() == ["normalization", "softmax"]
    # 12 elements each: mean, subtract, square, mean, divide, scale, shift; 3 rows: /4 twice, +, √
    assert found.tasks["operations"][0] == 7 * 12 + 4 * 3


def test_norm_rules_1_to_3_rms_norm() -> None:
    net = Net()
    net.output(net.op("Softmax", rms_norm(net, net.input("x", (3, 4)))))
    ops = "Mul ReduceMean Add Sqrt Reciprocal Mul Mul"
    found = check(net, f"{ops} Softmax", f"{ops.replace(' ', '+')} Softmax")
    assert found.tasks["kernel"][0] == "normalization"


def test_norm_rule_2_a_mean_that_is_read_stays_outside() -> None:
    net = Net()
    d = centred(net, net.input("x", (3, 4)))
    net.output(net.op("Div", d, root(net, d)), net.op("ReduceMax", d))
    check(net, "ReduceMean Sub Pow ReduceMean Add Sqrt Div ReduceMax",
          "ReduceMean Sub Pow+ReduceMean+Add+Sqrt+Div ReduceMax")  # fmt: skip


def test_norm_rule_3_instance_norm_takes_its_scale_and_activation() -> None:
    net = Net()
    x = net.op("Reshape", net.input("x", (1, 4, 3, 3)), net.constant([1, 2, 18]))
    x = net.op("InstanceNormalization", x, net.positive(2), net.weight(2))
    x = net.op("Reshape", x, net.constant([1, 4, 3, 3]))
    x = net.op("Add", net.op("Mul", x, net.weight(4, 1, 1)), net.weight(4, 1, 1))
    net.output(net.op("Relu", x))
    check(net, "Reshape InstanceNormalization Reshape Mul Add Relu",
          "InstanceNormalization+Reshape+Mul+Add+Relu")  # fmt: skip


def test_norm_rule_4_must_not_hide_a_variance_that_is_read() -> None:
    net = Net()
    x = net.input("x", (3, 4))
    r = root(net, x)
    net.output(net.op("Div", x, r), net.op("ReduceMax", r))
    ops = "Pow ReduceMean Add Sqrt Div ReduceMax"
    assert compiled(net, "fuse_elementwise").tasks["ops"].to_list() == ops.split()


def test_norm_rule_5_an_adaptive_scale_stays_a_task() -> None:
    net = Net()
    x = net.op("LayerNormalization", net.input("x", (3, 4)), net.weight(4))
    net.output(net.op("Mul", x, net.input("style", (3, 4))))
    check(net, "LayerNormalization Mul", "LayerNormalization Mul")


def softmax(net: Net, x: str) -> str:
    top = net.op("ReduceMax", x, net.constant([-1]))
    e = net.op("Exp", net.op("Sub", x, top))
    return net.op("Div", e, net.op("ReduceSum", e, net.constant([-1])))


def test_softmax_rules() -> None:
    net = Net()
    net.output(net.op("ReduceMax", softmax(net, net.input("x", (3, 4)))))
    found = check(net, "ReduceMax Sub Exp ReduceSum Div ReduceMax",
                  "ReduceMax+Sub+Exp+ReduceSum+Div ReduceMax")  # fmt: skip
    assert found.tasks["kernel"][0] == "softmax"


def test_softmax_rule_3_must_not_hide_exponentials_that_are_read() -> None:
    net = Net()
    e = net.op("Exp", net.input("x", (3, 4)))
    s = net.op("ReduceSum", e, net.constant([-1]))
    net.output(net.op("Div", e, s), net.op("ReduceMax", e))
    check(net, "Exp ReduceSum Div ReduceMax", "Exp ReduceSum Div ReduceMax")


def halves(net: Net, x: str) -> list[str]:
    low = net.op("Slice", x, net.constant([0]), net.constant([2]), net.constant([-1]))
    high = net.op("Slice", x, net.constant([2]), net.constant([99]), net.constant([-1]))
    return [low, high]


def rotary(net: Net, x: str, other: str = "") -> str:
    low, high = halves(net, other or x)
    turned = net.op("Concat", net.op("Neg", high), low, axis=-1)
    return net.op("Add", net.op("Mul", x, net.weight(5, 4)),
                  net.op("Mul", turned, net.weight(5, 4)))  # fmt: skip


def test_rotary_rules_1_and_2() -> None:
    net = Net()
    x = net.op("Transpose", net.input("x", (1, 5, 2, 4)), perm=[0, 2, 1, 3])
    net.output(rotary(net, x))
    check(net, "Transpose Slice Slice Neg Concat Mul Mul Add",
          "Transpose+Slice+Slice+Neg+Concat+Mul+Mul+Add")  # fmt: skip


def test_rotary_rule_4_must_not_rotate_another_tensor() -> None:
    net = Net()
    x, y = net.input("x", (1, 2, 5, 4)), net.input("y", (1, 2, 5, 4))
    net.output(rotary(net, x, y))
    check(net, "Slice Slice Neg Concat Mul Mul Add", "Slice Slice Neg Concat Mul+Mul+Add")


def scores(net: Net, mask: str) -> str:
    q, k = net.input("q", (1, 2, 5, 4)), net.input("k", (1, 5, 2, 4))
    k = net.op("Transpose", k, perm=[0, 2, 3, 1])
    s = net.op("Mul", net.op("MatMul", q, k), number(net, 0.5))
    if mask == "add":
        s = net.op("Add", s, net.input("mask", (5, 5)))
    if mask == "where":
        keep = net.op("Greater", net.input("mask", (5, 5)), number(net, 0))
        s = net.op("Where", keep, s, number(net, -1e9))
    return s


@pytest.mark.parametrize("mask", ["", "add", "where"])
@pytest.mark.parametrize("guard", ["", "nan", "empty"])
def test_attention_rules_1_and_2(mask: str, guard: str) -> None:
    net = Net()
    p = net.op("Softmax", scores(net, mask))
    if guard == "nan":
        p = net.op("Where", net.op("IsNaN", p), number(net, 0), p)
    if guard == "empty":
        p = net.op("Where", net.input("empty", (1, 2, 5, 1), 9), number(net, 0), p)
    net.output(net.op("MatMul", p, net.input("v", (1, 2, 5, 4))))
    found = compiled(net)
    check_numbers(net.bytes(), found)
    assert found.tasks["kernel"].to_list()[-1] == "attention"
    assert len(found.tasks) == 1 + (mask == "where")
    # scores and values: 2 heads x 5 x 5 x 4 each
    row = found.tasks.row(-1, named=True)
    assert row["macs"] == 2 * (2 * 5 * 5 * 4)
    assert (row["rows"], row["depth"], row["columns"], row["products"]) == (5, 8, 5, 2)


def test_attention_rule_3_and_a_whole_block() -> None:
    found = compiled(transformer_block())
    assert found.tasks["ops"].to_list() == [
        "LayerNormalization", *["MatMul+Add+Reshape"] * 3,
        "Transpose+Transpose+Transpose+MatMul+Mul+Softmax+MatMul+Transpose+Reshape",
        "MatMul+Add+Add", "LayerNormalization", "MatMul+Add+Gelu", "MatMul+Add+Add"]  # fmt: skip
    check_numbers(transformer_block().SerializeToString(), found)


def test_attention_rule_4_must_not_hide_probabilities_that_are_returned() -> None:
    net = Net()
    p = net.op("Softmax", scores(net, ""))
    net.output(net.op("MatMul", p, net.input("v", (1, 2, 5, 4))), p)
    check(net, "Transpose MatMul Mul Softmax MatMul", "Transpose MatMul+Mul Softmax MatMul")


def test_attention_rule_5_must_not_take_layers() -> None:
    net = Net()
    p = net.op("Softmax", net.op("MatMul", net.input("x", (3, 4)), net.weight(4, 4)))
    net.output(net.op("MatMul", p, net.weight(4, 4)))
    check(net, "MatMul Softmax MatMul", "MatMul Softmax MatMul")


def test_attention_from_opset_11_with_a_squeezed_batch() -> None:
    net = Net(opset=11)
    net.output(attention(net, net.input("x", (1, 6, 8)), 6, 8, 2))
    assert "attention" in compiled(net).tasks["kernel"].to_list()


def test_chain_rules_1_and_2() -> None:
    net = Net()
    x, y = net.input("x", (2, 3)), net.input("y", (2, 3))
    a = net.op("Mul", net.op("Add", x, y), net.weight(3))
    net.output(net.op("Relu", net.op("Sub", a, net.op("Exp", y))))
    check(net, "Add Mul Exp Sub Relu", "Add+Mul+Exp+Sub+Relu")


def test_chain_rule_3_must_not_hide_a_value_that_is_read() -> None:
    net = Net()
    a = net.op("Exp", net.input("x", (2, 3)))
    net.output(net.op("Neg", a), net.op("Softmax", a))
    check(net, "Exp Neg Softmax", "Exp Neg Softmax")


def test_chain_rule_4_must_not_cross_a_change_of_size() -> None:
    net = Net()
    a = net.op("Exp", net.input("x", (3,)))
    net.output(net.op("Add", a, net.input("y", (2, 3))))
    check(net, "Exp Add", "Exp Add")


@pytest.mark.parametrize("name", [n for n in passes.__all__ if n.startswith(("fuse", "absorb"))])
def test_nothing_matched_returns_the_same_graph(name: str) -> None:
    net = Net()
    net.output(net.op("Softmax", net.op("ReduceSum", net.input("x", (2, 3)))))
    graph = read(net.model())
    assert getattr(passes, name)(graph) is graph
