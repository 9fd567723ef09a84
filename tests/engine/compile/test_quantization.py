"""absorb_weight_quantization, absorb_quantization, and both quantized dialects."""

from __future__ import annotations

import pytest

from tests.builders import Net
from tests.engine.compile.checks import check, check_numbers, compiled


def quantize(net: Net, x: str, scale: float = 0.05) -> str:
    return net.op("QuantizeLinear", x, net.constant(scale, "float32"), net.constant(0, "int8"))


def dequantize(net: Net, q: str, scale: float = 0.05) -> str:
    return net.op("DequantizeLinear", q, net.constant(scale, "float32"), net.constant(0, "int8"))


def qdq(net: Net, x: str) -> str:
    return dequantize(net, quantize(net, x))


def qdq_conv(net: Net, x: str) -> str:
    weight = dequantize(net, net.weight(4, 4, 3, 3, dtype="int8"), 0.02)
    bias = net.op("DequantizeLinear", net.weight(4, dtype="int32"), net.constant(0.001, "float32"))
    return net.op("Conv", x, weight, bias, pads=[1] * 4)


def formats(found: object) -> list[tuple[str, str, str]]:
    frame = found.tasks.select("input_format", "kernel_format", "output_format")  # type: ignore[attr-defined]
    return frame.rows()


def test_rule_2_dequantize_conv_relu_quantize_is_one_integer_task() -> None:
    net = Net()
    x = qdq(net, net.input("x", (1, 4, 6, 6)))
    net.output(qdq(net, net.op("Relu", qdq_conv(net, x))))
    found = check(
        net,
        "QuantizeLinear DequantizeLinear DequantizeLinear DequantizeLinear Conv Relu "
        "QuantizeLinear DequantizeLinear",
        "QuantizeLinear DequantizeLinear+DequantizeLinear+DequantizeLinear+Conv+Relu+"
        "QuantizeLinear DequantizeLinear",
    )
    assert found.tasks["kernel"].to_list() == ["convert", "conv", "convert"]
    assert formats(found) == [("fp32", "", "int8"), ("int8", "int8", "int8"), ("int8", "", "fp32")]
    row = found.tasks.row(1, named=True)
    assert row["macs"] == 4 * 36 * 4 * 9  # out channels x pixels x in channels x window
    assert (row["input_bytes"], row["output_bytes"]) == (144, 144)
    assert row["weight_bytes"] == 4 * 4 * 9 + 4 * 4  # int8 kernel, int32 bias
    assert row["kernel_elements"] == 144


def test_rule_1_a_shared_dequantize_is_stored_as_integers() -> None:
    net = Net()
    x = qdq(net, net.input("x", (1, 4, 6, 6)))
    a = qdq(net, qdq_conv(net, x))
    b = qdq(net, net.op("Add", qdq_conv(net, a), a))
    net.output(net.op("ReduceMean", b, keepdims=0))
    found = compiled(net)
    assert formats(found)[1:3] == [("int8", "int8", "int8")] * 2
    assert found.tasks["output_bytes"].to_list()[:3] == [144, 144, 144]
    edges = found.edges.filter(found.edges["source"] == 1)
    assert set(edges["format"]) == {"int8"}


def test_rule_1_views_between_equal_scales_cost_nothing() -> None:
    net = Net()
    x = qdq(net, qdq_conv(net, qdq(net, net.input("x", (1, 4, 6, 6)))))
    x = net.op("Reshape", x, net.constant([1, 144]))
    w = dequantize(net, net.weight(144, 8, dtype="int8"))
    net.output(net.op("MatMul", qdq(net, x), w))
    found = compiled(net)
    check_numbers(net.bytes(), found)
    assert found.tasks["kernel"].to_list() == ["convert", "conv", "gemm"]
    assert formats(found)[1] == ("int8", "int8", "int8")
    assert found.tasks["output_bytes"].to_list() == [144, 144, 32]


def test_rule_1_must_not_hide_a_change_of_scale() -> None:
    net = Net()
    x = dequantize(net, quantize(net, net.input("x", (2, 3)), 0.1), 0.1)
    x = net.op("Reshape", x, net.constant([6]))
    net.output(dequantize(net, quantize(net, x, 0.2), 0.2))
    check(net, "QuantizeLinear DequantizeLinear Reshape QuantizeLinear DequantizeLinear",
          "QuantizeLinear DequantizeLinear+Reshape QuantizeLinear DequantizeLinear")  # fmt: skip


def test_rule_5_a_layer_with_float_weights_works_on_floats() -> None:
    net = Net()
    x = qdq(net, net.input("x", (1, 4, 6, 6)))
    net.output(qdq(net, net.op("ConvTranspose", x, net.weight(4, 2, 2, 2), strides=[2, 2])))
    found = compiled(net)
    mine = found.tasks.filter(found.tasks["kernel"] == "deconv").row(0, named=True)
    assert (mine["ops"], mine["input_format"]) == ("ConvTranspose", "fp32")


@pytest.mark.parametrize("kind", ["MaxPool", "Concat", "Add", "Transpose", "Sigmoid"])
def test_rule_2_other_kernels(kind: str) -> None:
    net = Net()
    x = qdq(net, net.input("x", (1, 4, 6, 6)))
    y = {
        "MaxPool": lambda: net.op("MaxPool", x, kernel_shape=[2, 2]),
        "Concat": lambda: net.op("Concat", x, qdq(net, net.input("y", (1, 4, 6, 6))), axis=1),
        "Add": lambda: net.op("Add", x, qdq(net, net.input("y", (1, 4, 6, 6)))),
        "Transpose": lambda: net.op("Transpose", x, perm=[0, 2, 3, 1]),
        "Sigmoid": lambda: net.op("Sigmoid", x),
    }[kind]()
    net.output(qdq(net, y))
    found = compiled(net)
    mine = found.tasks.filter(found.tasks["ops"].str.contains(kind)).row(0, named=True)
    assert (mine["input_format"], mine["output_format"]) == ("int8", "int8")


def test_rule_3_a_product_may_end_in_floats() -> None:
    net = Net()
    x = qdq(net, net.input("x", (3, 8)))
    w = dequantize(net, net.weight(8, 8, dtype="int8"))
    net.output(net.op("Softmax", net.op("MatMul", x, w)))
    found = check(net, "QuantizeLinear DequantizeLinear DequantizeLinear MatMul Softmax",
                  "QuantizeLinear DequantizeLinear+DequantizeLinear+MatMul Softmax")  # fmt: skip
    assert formats(found)[1] == ("int8", "int8", "fp32")


def test_weights_alone_in_integers() -> None:
    net = Net(opset=21)
    w = net.op("DequantizeLinear", net.weight(8, 8, dtype="int8"), net.positive(8), axis=1)
    net.output(net.op("Relu", net.op("MatMul", net.input("x", (3, 8)), w)))
    found = check(net, "DequantizeLinear MatMul Relu", "DequantizeLinear+MatMul+Relu")
    assert formats(found) == [("fp32", "int8", "fp32")]
    assert found.tasks["operations"].to_list() == [24]  # the Relu; unpacking is the kernel's
    assert found.tasks["parameters"].to_list() == [72]  # 64 and 8 scales


def test_must_not_a_weight_that_two_ops_read_stays_a_conversion() -> None:
    net = Net()
    w = dequantize(net, net.weight(4, 4, dtype="int8"))
    x = net.input("x", (4, 4))
    net.output(net.op("MatMul", x, w), net.op("MatMul", net.op("Exp", x), w))
    found = check(net, "DequantizeLinear MatMul Exp MatMul", "DequantizeLinear MatMul Exp MatMul")
    assert found.tasks["parameters"].to_list() == [16, 0, 0, 0]
    assert found.edges.filter(found.edges["source"] == 0)["target"].to_list() == [1, 3]


def test_must_not_rule_4_scales_of_run_time() -> None:
    net = Net()
    x, scale = net.input("x", (3, 8)), net.input("scale", ())
    q = net.op("QuantizeLinear", x, scale, net.constant(0, "int8"))
    y = net.op("DequantizeLinear", q, scale, net.constant(0, "int8"))
    net.output(net.op("MatMul", y, net.weight(8, 8)))
    assert compiled(net).tasks["op_count"].to_list() == [1, 1, 1]


def test_must_not_rule_5_elementwise_into_floats() -> None:
    net = Net()
    x = dequantize(net, net.input("x", (3, 8), 3))
    net.output(net.op("Exp", x))
    check(net, "DequantizeLinear Exp", "DequantizeLinear Exp")


def test_must_not_rule_6_a_stray_pair_is_two_conversions() -> None:
    net = Net()
    net.output(net.op("Softmax", qdq(net, net.op("Softmax", net.input("x", (3, 8))))))
    found = check(net, "Softmax QuantizeLinear DequantizeLinear Softmax",
                  "Softmax QuantizeLinear DequantizeLinear Softmax")  # fmt: skip
    assert found.tasks["kernel"].to_list() == ["softmax", "convert", "convert", "softmax"]


def test_the_operator_dialect_has_its_formats() -> None:
    net = Net()
    one, zero = net.constant(0.1, "float32"), net.constant(0, "int8")
    x = net.op("QuantizeLinear", net.input("x", (1, 4, 6, 6)), one, zero)
    w = net.weight(4, 4, 3, 3, dtype="int8")
    bias = net.weight(4, dtype="int32")
    y = net.op("QLinearConv", x, one, zero, w, one, zero, one, zero, bias)
    y = net.op("com.microsoft::QLinearAdd", y, one, zero, y, one, zero, one, zero)
    net.output(net.op("DequantizeLinear", y, one, zero))
    found = compiled(net)
    assert found.tasks["ops"].to_list()[1] == "QLinearConv"
    row = found.tasks.row(1, named=True)
    assert (row["input_format"], row["kernel_format"], row["output_format"]) == ("int8",) * 3
    assert row["macs"] == 4 * 16 * 4 * 9
    assert row["operations"] == 4 * 16  # the bias


def test_four_bit_blocks_count_unpacked() -> None:
    net = Net()
    packed = net.weight(16, 1, 16, dtype="uint8")  # 16 columns of one block of 32 4-bit values
    y = net.op("com.microsoft::MatMulNBits", net.input("x", (3, 32)), packed, net.positive(16),
               K=32, N=16, bits=4, block_size=32)  # fmt: skip
    net.output(y)
    row = compiled(net).tasks.row(0, named=True)
    assert (row["rows"], row["depth"], row["columns"], row["macs"]) == (3, 32, 16, 3 * 32 * 16)
    assert row["kernel_elements"] == 32 * 16
    assert row["kernel_format"] == "int4"
    assert row["weight_bytes"] == 16 * 16 + 16 * 4
    assert row["parameters"] == 32 * 16 + 16
