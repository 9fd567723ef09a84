"""fuse_conv, fuse_matmul, absorb_pad."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from engine.compile.passes import absorb_pad, fuse_conv, fuse_matmul
from tests.builders import Net, conv_net, mlp, residual_net
from tests.engine.compile.checks import check, compiled, read

Make = Callable[[Net, str], str]


def conv(net: Net, x: str, **more: Any) -> str:
    return net.op("Conv", x, net.weight(4, 4, 3, 3), **({"pads": [1] * 4} | more))


def norm(net: Net, x: str, channels: int = 4) -> str:
    return net.op("BatchNormalization", x, net.positive(channels), net.weight(channels),
                  net.weight(channels), net.positive(channels))  # fmt: skip


AFTER_CONV: dict[str, Make] = {
    "BatchNormalization": norm,
    "Add": lambda net, x: net.op("Add", x, net.weight(1, 4, 1, 1)),
    "Mul": lambda net, x: net.op("Mul", net.weight(4, 1, 1), x),
    "Neg": lambda net, x: net.op("Neg", x),
    "Relu": lambda net, x: net.op("Relu", x),
    "Clip": lambda net, x: net.op("Clip", x, net.constant(0, "float32"),
                                  net.constant(6, "float32")),
    "Sigmoid": lambda net, x: net.op("Sigmoid", x),
    "HardSwish": lambda net, x: net.op("HardSwish", x),
    "LeakyRelu": lambda net, x: net.op("LeakyRelu", x, alpha=0.1),
    "PRelu": lambda net, x: net.op("PRelu", x, net.weight(4, 1, 1)),
    "Tanh": lambda net, x: net.op("Tanh", x),
    "Gelu": lambda net, x: net.op("Gelu", x),
    "Mish": lambda net, x: net.op("Mish", x),
    "BatchNormalization Relu": lambda net, x: net.op("Relu", norm(net, x)),
    "Sigmoid Mul": lambda net, x: net.op("Mul", x, net.op("Sigmoid", x)),
    "HardSigmoid Mul": lambda net, x: net.op("Mul", net.op("HardSigmoid", x), x),
}  # fmt: skip


@pytest.mark.parametrize("tail", AFTER_CONV)
def test_conv_rules_1_and_2(tail: str) -> None:
    net = Net()
    x = net.input("x", (1, 4, 6, 6))
    net.output(AFTER_CONV[tail](net, conv(net, x)))
    check(net, f"Conv {tail}", f"Conv+{tail.replace(' ', '+')}")


def test_conv_rules_3_and_4_residual_and_the_later_conv_takes_it() -> None:
    net = Net()
    x = net.input("x", (1, 4, 6, 6))
    a = conv(net, x)
    b = norm(net, conv(net, net.op("Relu", a)))
    net.output(net.op("Relu", net.op("Add", b, a)))
    check(net, "Conv Relu Conv BatchNormalization Add Relu",
          "Conv Relu Conv+BatchNormalization+Add+Relu")  # fmt: skip


def test_deconv_fuses_too() -> None:
    net = Net()
    x = net.input("x", (1, 4, 6, 6))
    x = net.op("ConvTranspose", x, net.weight(4, 2, 2, 2), strides=[2, 2])
    net.output(net.op("Relu", norm(net, x, 2)))
    found = check(net, "ConvTranspose BatchNormalization Relu",
                  "ConvTranspose+BatchNormalization+Relu")  # fmt: skip
    assert found.tasks["kernel"].to_list() == ["deconv"]


def two_readers(net: Net, x: str) -> list[str]:
    a = conv(net, x)
    return [net.op("Relu", a), net.op("Softmax", a)]


def returned(net: Net, x: str) -> list[str]:
    a = conv(net, x)
    return [a, net.op("Relu", a)]


def broadcast(net: Net, x: str) -> list[str]:
    pooled = net.op("GlobalAveragePool", x)
    return [net.op("Add", net.op("Conv", pooled, net.weight(4, 4, 1, 1)), x)]


def gate(net: Net, x: str) -> list[str]:
    return [net.op("Mul", conv(net, x), net.op("GlobalAveragePool", x))]


def itself(net: Net, x: str) -> list[str]:
    a = conv(net, x)
    return [net.op("Add", a, a)]


NOT_AFTER_CONV = [
    (two_readers, "Conv Relu Softmax", "another op reads the result"),
    (returned, "Conv Relu", "the model returns the result"),
    (broadcast, "GlobalAveragePool Conv Add", "the other operand has another shape"),
    (gate, "GlobalAveragePool Conv Mul", "a gate is computed at run time"),
    (itself, "Conv Add", "the residual is the result itself"),
]


@pytest.mark.parametrize(("make", "after", "reason"), NOT_AFTER_CONV)
def test_conv_rules_5_and_6_must_not(make: Any, after: str, reason: str) -> None:
    net = Net()
    x = net.input("x", (1, 4, 6, 6))
    net.output(*make(net, x))
    found = compiled(net)
    assert sorted(found.tasks["ops"]) == sorted(after.split()), reason


AFTER_MATMUL: dict[str, Make] = {
    "Add": lambda net, x: net.op("Add", net.weight(8), x),
    "Add Relu": lambda net, x: net.op("Relu", net.op("Add", x, net.weight(8))),
    "Add Gelu": lambda net, x: net.op("Gelu", net.op("Add", x, net.weight(8))),
    "Mul": lambda net, x: net.op("Mul", x, net.constant(0.5, "float32")),
    "Reshape Add": lambda net, x: net.op("Add", net.op("Reshape", x, net.constant([1, 3, 8])),
                                         net.weight(8)),
}  # fmt: skip


@pytest.mark.parametrize("tail", AFTER_MATMUL)
def test_matmul_rules_1_and_2(tail: str) -> None:
    net = Net()
    x = net.input("x", (3, 8))
    net.output(AFTER_MATMUL[tail](net, net.op("MatMul", x, net.weight(8, 8))))
    found = check(net, f"MatMul {tail}", f"MatMul+{tail.replace(' ', '+')}")
    assert found.tasks["kernel"].to_list() == ["gemm"]


def test_matmul_rules_3_and_4_residual() -> None:
    net = Net()
    x = net.input("x", (3, 8))
    y = net.op("Gemm", net.op("Relu", x), net.weight(8, 8), net.weight(8))
    net.output(net.op("Relu", net.op("Add", x, y)))
    check(net, "Relu Gemm Add Relu", "Relu Gemm+Add+Relu")


def test_matmul_rule_1_of_integers_joins_cast_and_scales() -> None:
    net = Net()
    x = net.input("x", (3, 8))
    q, scale, zero = net.op("DynamicQuantizeLinear", x, out=3)
    y = net.op("MatMulInteger", q, net.weight(8, 8, dtype="int8"), zero)
    y = net.op("Mul", net.op("Cast", y, to=1), net.op("Mul", scale, net.constant(0.1, "float32")))
    net.output(net.op("Add", y, net.weight(8)))
    found = check(net, "DynamicQuantizeLinear MatMulInteger Cast Mul Mul Add",
                  "DynamicQuantizeLinear Mul MatMulInteger+Cast+Mul+Add")  # fmt: skip
    row = found.tasks.row(2, named=True)
    assert (row["input_format"], row["kernel_format"], row["output_format"]) == (
        "int8", "int8", "fp32")  # fmt: skip
    assert found.tasks["output_format"].to_list()[0] == "int8"


def test_matmul_rules_5_and_6_must_not() -> None:
    net = Net()
    x = net.input("x", (3, 8))
    y = net.op("MatMul", x, net.weight(8, 8))
    small = net.op("MatMul", net.op("ReduceMean", x, net.constant([0])), net.weight(8, 8))
    net.output(net.op("Relu", y), net.op("Exp", y), net.op("Add", x, small))
    assert compiled(net).tasks["ops"].to_list() == [
        "MatMul", "ReduceMean", "MatMul", "Relu", "Exp", "Add"]  # fmt: skip


def pad(net: Net, x: str, pads: list[int], **more: Any) -> str:
    return net.op("Pad", x, net.constant(pads), **more)


@pytest.mark.parametrize("reader", ["Conv", "AveragePool"])
def test_pad_rule_1(reader: str) -> None:
    net = Net()
    x = pad(net, net.input("x", (1, 4, 6, 6)), [0, 0, 1, 1, 0, 0, 1, 1])
    more = [net.weight(4, 4, 3, 3)] if reader == "Conv" else []
    net.output(net.op(reader, x, *more, kernel_shape=[3, 3]))
    check(net, f"Pad {reader}", f"Pad+{reader}")


@pytest.mark.parametrize(
    ("pads", "value", "mode", "reader", "reason"),
    [([0, 0, 1, 1, 0, 0, 1, 1], 0, "reflect", "Conv", "the border repeats the image"),
     ([0, 0, 1, 1, 0, 0, 1, 1], 1, "constant", "Conv", "the border is not zero"),
     ([0, 1, 0, 0, 0, 0, 0, 0], 0, "constant", "Conv", "it adds channels"),
     ([0, 0, -1, 0, 0, 0, 0, 0], 0, "constant", "Conv", "it crops"),
     ([0, 0, 1, 1, 0, 0, 1, 1], 0, "constant", "MaxPool", "a maximum pool's border is not zero")],
)  # fmt: skip
def test_pad_must_not(pads: list[int], value: int, mode: str, reader: str, reason: str) -> None:
    net = Net()
    x = net.input("x", (1, 4, 6, 6))
    x = net.op("Pad", x, net.constant(pads), net.constant(value, "float32"), mode=mode)
    more = [net.weight(4, 4 + pads[1], 3, 3)] if reader == "Conv" else []
    net.output(net.op(reader, x, *more, kernel_shape=[3, 3]))
    check(net, f"Pad {reader}", f"Pad {reader}")


def test_whole_networks() -> None:
    assert compiled(mlp()).tasks["ops"].to_list() == ["MatMul+Add+Relu"] * 3
    assert compiled(conv_net()).tasks["ops"].to_list() == [
        "Conv+BatchNormalization+Relu", "MaxPool", "Conv+BatchNormalization+Relu",
        "GlobalAveragePool+Flatten", "Gemm"]  # fmt: skip
    assert compiled(residual_net(1)).tasks["ops"].to_list() == [
        "Conv+BatchNormalization+Relu", "Conv+Add+Relu"]  # fmt: skip


def test_a_target_may_leave_passes_out() -> None:
    found = compiled(mlp(depth=1), "fuse_matmul", "fuse_elementwise")
    assert found.tasks["ops"].to_list() == ["MatMul", "Add", "Relu"]


def test_nothing_matched_returns_the_same_graph() -> None:
    net = Net()
    net.output(net.op("Exp", net.op("Conv", net.input("x", (1, 4, 6, 6)), net.weight(4, 4, 1, 1))))
    graph = read(net.model())
    assert fuse_conv(graph) is fuse_matmul(graph) is absorb_pad(graph) is graph
