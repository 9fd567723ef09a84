"""Open sizes: named, defaulted visibly, bound; and the shapes that follow from them."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine.errors import EngineError
from engine.formats import read_trusted
from engine.graph import Graph
from tests.builders import Net

Sizes = tuple[int | str | None, ...]


def info(
    name: str, *shape: int | str | None, dtype: int = TensorProto.FLOAT
) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, dtype, shape or None)


def build(nodes: list, inputs: list, weights: list = (), outputs: list | None = None) -> bytes:
    graph = helper.make_graph(nodes, "g", inputs, outputs or [info("y")], list(weights))
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()


def relu(*shape: int | str | None, name: str = "x", dtype: int = TensorProto.FLOAT) -> bytes:
    nodes = [helper.make_node("Identity", [name], ["y"])]
    return build(nodes, [info(name, *shape, dtype=dtype)])


def ints(name: str, *values: int) -> onnx.TensorProto:
    return numpy_helper.from_array(np.array(values, np.int64), name)


@pytest.mark.parametrize(
    ("name", "dtype", "shape", "expected"),
    [
        ("image", 1, ("batch", 3, "height", "width"), (1, 3, 224, 224)),
        ("image", 1, (None, 3, None, None), (1, 3, 224, 224)),
        ("image", 1, (None, None, None, 3), (1, 224, 224, 3)),
        ("ids", 7, ("N", "sequence_length"), (1, 128)),
        ("ids", 7, (None, None), (1, 128)),
        ("mask", 7, ("b", "past_len + seq_len"), (1, 128)),
        ("audio", 1, (None, None), (1, 16_000)),
        ("waveform", 1, (None,), (16_000,)),
        ("features", 1, ("s0", "s1", 80), (1, 128, 80)),
        ("state", 1, (2, None, 128), (2, 1, 128)),
        ("x", 1, (1, 7), (1, 7)),
    ],
)
def test_defaults(name: str, dtype: int, shape: Sizes, expected: tuple[int, ...]) -> None:
    graph = read_trusted(relu(*shape, name=name, dtype=dtype))
    assert graph.tensors[name].shape == graph.tensors["y"].shape == expected
    assert not any(d.given for d in graph.dims)
    assert bool(graph.notes) == bool(graph.dims)


def test_binding_by_word_and_by_place() -> None:
    graph = read_trusted(relu("batch", None, 4), {"batch": 8, "x[1]": 3})
    assert graph.tensors["y"].shape == (8, 3, 4)
    assert [(d.name, d.value, d.given) for d in graph.dims] == [
        ("batch", 8, True), ("x[1]", 3, True),
    ]  # fmt: skip
    assert not graph.notes
    by_place = read_trusted(relu("batch", None, 4), {"x[0]": 8, "x[1]": 3})
    assert by_place.tensors["y"].shape == (8, 3, 4)


def test_arithmetic_follows_its_words() -> None:
    nodes = [helper.make_node("MatMul", ["a", "b"], ["y"])]
    data = build(nodes, [info("a", "past", "seq"), info("b", "seq", "past + 2*seq")])
    graph = read_trusted(data, {"past": 5, "seq": 3})
    assert graph.tensors["y"].shape == (5, 11)


@pytest.mark.parametrize(
    ("bindings", "words"),
    [
        ({"bach": 2}, "'batch', 'x[1]'"),
        ({"batch": -1}, "whole number"),
        ({"batch": 10**12}, "whole number"),
        ({"batch": 2.5}, "whole number"),
        ({"x[2]": 5}, "'batch'"),
    ],
)
def test_bindings_that_cannot_be(bindings: dict[str, int], words: str) -> None:
    with pytest.raises(EngineError) as caught:
        read_trusted(relu("batch", None, 4), bindings)
    assert words in str(caught.value)


def test_sizes_of_one_window_are_found() -> None:
    """A network built for 512 samples: the first default, 16,000, cannot be."""
    nodes = [
        helper.make_node("MatMul", ["audio", "w"], ["y"]),
    ]
    weight = numpy_helper.from_array(np.ones((512, 2), np.float32), "w")
    graph = read_trusted(build(nodes, [info("audio", "batch", "samples")], [weight]))
    assert [d.value for d in graph.dims] == [1, 512]


def test_stale_sizes_of_the_file_do_not_win() -> None:
    nodes = [helper.make_node("Relu", ["x"], ["h"]), helper.make_node("Neg", ["h"], ["y"])]
    made = onnx.load_from_string(build(nodes, [info("x", "batch", 4)]))
    made.graph.value_info.append(info("h", 1, 4))
    graph = read_trusted(made.SerializeToString(), {"batch": 6})
    assert graph.tensors["h"].shape == graph.tensors["y"].shape == (6, 4)


def test_what_the_file_says_of_an_unknown_op_is_used() -> None:
    nodes = [
        helper.make_node("Foo", ["x"], ["h"], domain="com.acme"),
        helper.make_node("Foo", ["h"], ["s"], domain="com.acme"),
        helper.make_node("Add", ["h", "s"], ["y"]),
    ]
    made = onnx.load_from_string(build(nodes, [info("x", "batch", 4)]))
    made.graph.value_info.extend([info("h", "batch", 9), info("s", 1, 9)])
    graph = read_trusted(made.SerializeToString(), {"batch": 6})
    assert graph.tensors["h"].shape == (6, 9)
    assert graph.tensors["s"].shape is None  # it names no open size: perhaps of another batch
    assert any("com.acme" in n or "Foo" in n for n in graph.notes)


def shape_arithmetic() -> bytes:
    """Reshape, Resize, Expand and Slice whose sizes are computed from the input's shape."""
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Gather", ["s", "i1"], ["c"]),
        helper.make_node("Gather", ["s", "i2"], ["h"]),
        helper.make_node("Div", ["h", "two"], ["half"]),
        helper.make_node("Unsqueeze", ["half", "zero"], ["half1"]),
        helper.make_node("Unsqueeze", ["c", "zero"], ["c1"]),
        helper.make_node("Concat", ["one", "c1", "half1", "minus"], ["to"], axis=0),
        helper.make_node("Reshape", ["x", "to"], ["r"]),
        helper.make_node("Cast", ["half1"], ["hf"], to=TensorProto.FLOAT),
        helper.make_node("Floor", ["hf"], ["fl"]),
        helper.make_node("Cast", ["fl"], ["end"], to=TensorProto.INT64),
        helper.make_node("Slice", ["r", "zero", "end", "three"], ["cut"]),
        helper.make_node("ConstantOfShape", ["to2"], ["fill"]),
        helper.make_node("Expand", ["fill", "c1"], ["wide"]),
        helper.make_node("Resize", ["cut", "", "", "size"], ["big"]),
        helper.make_node("Concat", ["one", "c1", "end", "end"], ["size"], axis=0),
        helper.make_node("Range", ["zero0", "half", "one0"], ["steps"]),
        helper.make_node("Split", ["big"], ["y", "rest"], axis=1, num_outputs=2),
    ]
    weights = [
        ints("zero", 0), ints("one", 1), ints("minus", -1), ints("three", 3), ints("to2", 1),
        *(numpy_helper.from_array(np.array(v, np.int64), n)
          for n, v in (("i1", 1), ("i2", 2), ("two", 2), ("zero0", 0), ("one0", 1))),
    ]  # fmt: skip
    outputs = [
        helper.make_empty_tensor_value_info(n) for n in ("y", "rest", "wide", "steps", "cut")
    ]
    return build(nodes, [info("x", "batch", 6, 10, "width")], weights, outputs)


def test_shape_arithmetic_is_what_onnxruntime_computes() -> None:
    graph = read_trusted(shape_arithmetic(), {"batch": 1, "width": 7})
    made = onnx.load_from_string(shape_arithmetic())
    order = [op.outputs[0] for op in graph.ops]
    by_output = {n.output[0]: n for n in made.graph.node}
    del made.graph.node[:]
    made.graph.node.extend(by_output[t] for t in order)
    names = list(graph.outputs)
    session = onnxruntime.InferenceSession(made.SerializeToString())
    arrays = session.run(names, {"x": np.zeros((1, 6, 10, 7), np.float32)})
    assert [graph.tensors[n].shape for n in names] == [a.shape for a in arrays]
    assert [t for t in graph.tensors.values() if t.shape is None] == []
    assert graph.tensors["to"].value == (1, 6, 5, -1)


def test_data_dependent_shapes_stay_unknown_and_say_so() -> None:
    nodes = [helper.make_node("NonZero", ["x"], ["n"]), helper.make_node("Neg", ["n"], ["y"])]
    graph = read_trusted(build(nodes, [info("x", 2, 2)]))
    assert graph.tensors["y"].shape is None
    assert graph.tensors["y"].dtype == "int64"
    assert "2 of 3 tensors" in graph.notes[0]


def contrib(kind: str, inputs: list[Sizes], outputs: int = 1, **attributes: int) -> Graph:
    names = [f"i{i}" for i in range(len(inputs))]
    nodes = [
        helper.make_node(kind, names, [f"o{i}" for i in range(outputs)], domain="com.microsoft",
                         **attributes)
    ]  # fmt: skip
    infos = [info(n, *s) for n, s in zip(names, inputs, strict=True)]
    return read_trusted(build(nodes, infos, outputs=[info("o0")]))


@pytest.mark.parametrize(
    ("kind", "inputs", "attributes", "expected"),
    [
        ("Gelu", [(2, 3)], {}, (2, 3)),
        ("SkipLayerNormalization", [(1, 5, 8)] * 2 + [(8,)], {}, (1, 5, 8)),
        ("FusedConv", [(1, 3, 8, 8), (4, 3, 3, 3)], {}, (1, 4, 6, 6)),
        ("FusedMatMul", [(2, 5, 3), (2, 5, 7)], {"transA": 1}, (2, 3, 7)),
        ("MatMulNBits", [(1, 5, 64), (32, 2, 16), (64,)], {"N": 32, "K": 64}, (1, 5, 32)),
        ("MultiHeadAttention", [(1, 5, 8)] * 3, {"num_heads": 2}, (1, 5, 8)),
        ("GroupQueryAttention", [(1, 5, 8), (1, 5, 4), (1, 5, 4)],
         {"num_heads": 4, "kv_num_heads": 2}, (1, 5, 8)),
        ("Attention", [(1, 5, 8), (8, 24), (24,)], {"num_heads": 2}, (1, 5, 8)),
        ("DynamicQuantizeMatMul", [(2, 3), (3, 4), (1,), (1,)], {}, (2, 4)),
        ("QLinearConcat", [(), (), (1, 2, 4), (), (), (1, 3, 4), (), ()], {"axis": 1}, (1, 5, 4)),
    ],
)  # fmt: skip
def test_contrib_shapes(
    kind: str, inputs: list[Sizes], attributes: dict[str, int], expected: tuple[int, ...]
) -> None:
    assert contrib(kind, inputs, **attributes).tensors["o0"].shape == expected


def test_contrib_rule_on_wrong_inputs_is_only_unknown() -> None:
    assert contrib("MatMulNBits", [(1, 5)], N=3).tensors["o0"].shape == (1, 3)
    assert contrib("FusedMatMul", [(1, 5), (4, 4)]).tensors["o0"].shape is None
    assert contrib("Attention", [(1, 5)], num_heads=1).tensors["o0"].shape is None


@pytest.mark.parametrize(
    ("attributes", "outputs", "widths"),
    [
        ({"num_outputs": 3}, 3, [3, 3, 1]),
        ({"num_outputs": 3}, 4, [None] * 4),  # inside onnx this one ends the process
        ({"num_outputs": 2, "axis": -1}, 2, [4, 3]),
        ({"num_outputs": 8}, 1, [None]),
    ],
)
def test_split(attributes: dict[str, int], outputs: int, widths: list[int | None]) -> None:
    names = ["y", *(f"o{i}" for i in range(1, outputs))]
    node = helper.make_node("Split", ["x"], names, **{"axis": 1, **attributes})
    graph = read_trusted(build([node], [info("x", 2, 7)]))
    shapes = [graph.tensors[n].shape for n in names]
    assert [s and s[1] for s in shapes] == widths


@pytest.mark.parametrize("padding", [{"pads": [1, 1, 1, 1]}, {"auto_pad": "SAME_UPPER"}])
@pytest.mark.parametrize(
    ("kind", "last"),
    [("NhwcMaxPool", True), ("QLinearAveragePool", True), ("QLinearAveragePool", False)],
)
def test_pools_of_a_runtime_have_the_sizes_that_it_gives(kind: str, last: bool, padding: dict):
    net = Net()
    x = net.input("x", (1, 9, 9, 4) if last else (1, 4, 9, 9), TensorProto.UINT8)
    one, zero = net.constant(1.0, "float32"), net.constant(0, "uint8")
    further = () if kind == "NhwcMaxPool" else (one, zero, one, zero)
    more = {"channels_last": 1} if last and further else {}
    made = net.op(f"com.microsoft::{kind}", x, *further, kernel_shape=[3, 3], strides=[2, 2],
                  **padding, **more)  # fmt: skip
    net.output(made, dtype=TensorProto.UINT8)
    data = net.bytes()
    run = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"]).run
    truth = run(None, {"x": np.zeros((1, 9, 9, 4) if last else (1, 4, 9, 9), np.uint8)})[0]
    assert read_trusted(data).tensors[made].shape == truth.shape


def test_a_convolution_with_the_channels_last_is_not_refused_for_a_long_window():
    net = Net()
    x = net.input("x", (1, 32, 1), TensorProto.UINT8)
    one, zero = net.constant(1.0, "float32"), net.constant(0, "uint8")
    w = net.constant(np.ones((6, 1, 16)), "int8")
    made = net.op("com.microsoft::QLinearConv", x, one, zero, w, one, net.constant(0, "int8"), one,
                  zero, kernel_shape=[16], strides=[8], channels_last=1)  # fmt: skip
    net.output(made, dtype=TensorProto.UINT8)
    assert read_trusted(net.bytes()).tensors[made].shape == (1, 3, 6)
