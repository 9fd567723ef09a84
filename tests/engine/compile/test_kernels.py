from __future__ import annotations

import pytest
from onnx import defs

from engine.compile.kernels import CLASS_OF, KERNELS, RUNTIME_CLASS_OF, STANDARD_DOMAINS, class_of
from engine.graph import Op
from tests.builders import Net
from tests.engine.compile.checks import compiled


def test_each_op_of_the_standard_has_a_class() -> None:
    missing = {
        f"{s.domain}.{s.name}"
        for s in defs.get_all_schemas_with_history()
        if s.domain not in STANDARD_DOMAINS or s.name not in CLASS_OF
    }
    assert missing == set()


def test_classes_are_kernels_and_kernels_are_described() -> None:
    assert set(CLASS_OF.values()) | set(RUNTIME_CLASS_OF.values()) <= set(KERNELS)
    assert all(k.label and k.help.endswith(".") for k in KERNELS.values())


@pytest.mark.parametrize(
    ("domain", "kind", "name"),
    [("", "Conv", "conv"), ("ai.onnx", "Relu", "activation"), ("com.acme", "Relu", "unknown"),
     ("", "NoSuchOp", "unknown"), ("com.microsoft", "MatMulNBits", "gemm"),
     ("com.microsoft", "QLinearAdd", "elementwise"), ("paredown", "LoopStart", "control")],
)  # fmt: skip
def test_class_by_type_and_domain(domain: str, kind: str, name: str) -> None:
    assert class_of(Op("n", kind, (), (), domain)) == name


def test_operands_decide_depthwise_and_gemm() -> None:
    net = Net()
    x = net.input("x", (1, 4, 8, 8))
    a = net.op("Conv", x, net.weight(4, 1, 3, 3), group=4)
    b = net.op("Conv", a, net.weight(4, 2, 3, 3), group=2)
    c = net.op("MatMul", b, net.weight(4, 4))
    net.output(net.op("MatMul", c, c))
    assert compiled(net).tasks["kernel"].to_list() == ["depthwise_conv", "conv", "gemm", "matmul"]


def test_an_unknown_op_is_a_task_that_says_so() -> None:
    net = Net()
    net.output(net.op("com.acme::Foo", net.op("Relu", net.input("x", (2,)))))
    found = compiled(net)
    assert found.tasks["kernel"].to_list() == ["activation", "unknown"]
    assert found.tasks["unknown"].to_list() == ["", "no kernel is known for com.acme.Foo"]
    assert found.tasks["macs"].to_list() == [0, None]
    assert found.unknown_ops == ("com.acme.Foo",)
