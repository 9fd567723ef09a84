"""What a file says arrives in the graph: weights, types, order, scopes, functions, archives."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine.formats import read_trusted
from engine.graph import Graph, text
from engine.units import DTYPE_BITS

LIGHT = Path(onnx.__file__).parent / "backend/test/data/light"
OPSETS = [helper.make_opsetid("", 20)]


def info(
    name: str, *shape: int | str | None, dtype: int = TensorProto.FLOAT
) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, dtype, shape or None)


def build(
    nodes: list, inputs: list | None = None, outputs: list | None = None, weights: list = (),
    functions: list = (), opsets: list = OPSETS,
) -> onnx.ModelProto:  # fmt: skip
    graph = helper.make_graph(
        nodes, "g", inputs or [info("x", 1, 4)], outputs or [info("y")], list(weights)
    )
    made = helper.make_model(graph, opset_imports=list(opsets), functions=list(functions))
    made.ir_version = 10
    return made


def graph_of(made: onnx.ModelProto, **bindings: int) -> Graph:
    return read_trusted(made.SerializeToString(), bindings)


def weight(name: str, *shape: int) -> onnx.TensorProto:
    return numpy_helper.from_array(np.ones(shape, np.float32), name)


@pytest.mark.parametrize("path", sorted(LIGHT.glob("*.onnx")), ids=lambda p: p.stem)
def test_light_models_are_known_to_the_last_tensor(path: Path) -> None:
    graph = read_trusted(path)
    assert [t.name for t in graph.tensors.values() if t.shape is None or not t.dtype] == []
    assert len(graph.inputs) == 1  # ir_version 3 lists the weights as inputs too: weights win
    assert not graph.notes


@pytest.mark.parametrize("word", [d for d in DTYPE_BITS if d != "string"])
def test_every_element_type(word: str) -> None:
    number = getattr(TensorProto, {"float32": "FLOAT", "float64": "DOUBLE"}.get(word, word.upper()))
    raw = bytes(-(-3 * DTYPE_BITS[word] // 8))
    proto = TensorProto(name="w", data_type=number, dims=[3], raw_data=raw)
    graph = graph_of(build([helper.make_node("Identity", ["w"], ["y"])], weights=[proto]))
    assert (graph.tensors["w"].dtype, graph.tensors["w"].bytes) == (word, len(raw))
    assert graph.tensors["y"].dtype == word


def test_small_values_of_both_encodings() -> None:
    typed = helper.make_tensor("a", TensorProto.FLOAT16, [2], [1.5, -2.0])
    raw = numpy_helper.from_array(np.array([[1, 2], [3, 4]], np.int64), "b")
    flags = helper.make_tensor("c", TensorProto.BOOL, [2], [True, False])
    nodes = [helper.make_node("Identity", [n], [n + "y"]) for n in "abc"]
    graph = graph_of(build(nodes, outputs=[info("ay")], weights=[typed, raw, flags]))
    values = [graph.tensors[n].value for n in "abc"]
    assert values == [(1.5, -2.0), (1, 2, 3, 4), (True, False)]


def test_weights_in_constant_nodes_stay_ops() -> None:
    nodes = [
        helper.make_node("Constant", [], ["a"], value=weight("", 20, 4)),
        helper.make_node("Constant", [], ["s"], value_ints=[4, 4]),
        helper.make_node("ConstantOfShape", ["s"], ["b"]),
        helper.make_node("MatMul", ["a", "b"], ["y"]),
    ]
    graph = graph_of(build(nodes))
    assert [op.type for op in graph.ops] == ["Constant", "Constant", "ConstantOfShape", "MatMul"]
    assert {n: (t.kind, t.shape) for n, t in graph.tensors.items() if n in "abs"} == {
        "a": ("weight", (20, 4)), "s": ("weight", (2,)), "b": ("weight", (4, 4)),
    }  # fmt: skip
    assert graph.tensors["s"].value == (4, 4)
    assert graph.tensors["a"].value is None


def test_fill_of_computed_shape_is_not_a_weight() -> None:
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("ConstantOfShape", ["s"], ["z"]),
        helper.make_node("Add", ["x", "z"], ["y"]),
    ]
    assert graph_of(build(nodes)).tensors["z"].kind == "activation"


def test_sparse_weight() -> None:
    made = build([helper.make_node("MatMul", ["x", "w"], ["y"])])
    made.graph.sparse_initializer.append(
        helper.make_sparse_tensor(
            weight("w", 2), helper.make_tensor("i", TensorProto.INT64, [2], [0, 5]), [4, 4]
        )
    )
    assert graph_of(made).tensors["w"].shape == (4, 4)


def test_external_weights_count_by_their_dims() -> None:
    proto = TensorProto(name="w", data_type=1, dims=[4, 8], data_location=TensorProto.EXTERNAL)
    proto.external_data.add(key="location", value="model.onnx.data")
    graph = graph_of(build([helper.make_node("MatMul", ["x", "w"], ["y"])], weights=[proto]))
    assert graph.tensors["w"].bytes == 128
    assert graph.properties["weights"] == "external"
    assert any("file of their own" in note for note in graph.notes)


def test_stripped_weights() -> None:
    proto = TensorProto(name="w", data_type=1, dims=[4, 8])
    graph = graph_of(build([helper.make_node("MatMul", ["x", "w"], ["y"])], weights=[proto]))
    assert graph.properties["weights"] == "stripped"


def test_packed_files() -> None:
    plain = build([helper.make_node("Relu", ["x"], ["y"])]).SerializeToString()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("net/net.onnx", plain)
        archive.writestr("net/net.onnx.data", b"weights")
    for packed, name in ((gzip.compress(plain), "net.onnx.gz"), (out.getvalue(), "net.zip")):
        graph = read_trusted(packed, name=name)
        assert graph.name == "net"
        assert text(graph) == "y = Relu(x)"
        assert graph.properties["file_bytes"] == str(len(plain))
    assert "net.onnx.data" in graph.notes[0]


def test_unsorted_nodes_are_sorted() -> None:
    nodes = [helper.make_node("Relu", ["h"], ["y"]), helper.make_node("Neg", ["x"], ["h"])]
    graph = graph_of(build(nodes))
    assert text(graph) == "h = Neg(x)\ny = Relu(h)"
    assert "sorted" in graph.notes[0]


def test_names_of_nodes() -> None:
    nodes = [
        helper.make_node("Relu", ["x"], ["a"]),
        helper.make_node("Relu", ["a"], ["b"], "act"),
        helper.make_node("Relu", ["b"], ["y"], "act"),
    ]
    graph = graph_of(build(nodes))
    assert [op.name for op in graph.ops] == ["Relu_0", "act", "act_2"]
    assert "share a name" in graph.notes[0]


def test_attributes_are_plain() -> None:
    nodes = [
        helper.make_node("Cast", ["x"], ["h"], to=TensorProto.FLOAT16),
        helper.make_node("Pad", ["h"], ["y"], mode="edge", pads=[0, 1, 0, 1]),
    ]
    graph = graph_of(build(nodes, opsets=[helper.make_opsetid("", 9)]))
    assert dict(graph.ops[0].attributes) == {"to": "float16"}
    assert dict(graph.ops[1].attributes) == {"mode": "edge", "pads": (0, 1, 0, 1)}


@pytest.mark.parametrize(
    ("name", "metadata", "scope"),
    [
        ("n", {"pkg.torch.onnx.name_scopes": "['', 'down', 'down.0', 'conv2d']"}, ("down", "0")),
        ("n", {"pkg.torch.onnx.name_scopes": "['', 'relu']"}, ()),
        ("n", {"pkg.torch.onnx.name_scopes": "[__import__('os'), 'relu']"}, ()),
        ("n", {"namespace": ": m.Net/a.b: m.Block/relu: aten.relu"}, ("a", "b")),
        ("/down/down.0/Conv", {}, ("down", "down", "0")),
        ("model.layer1.conv", {}, ("model", "layer1")),
        ("p2o.Conv.12", {}, ()),
        ("Conv_3", {}, ()),
    ],
)
def test_scopes(name: str, metadata: dict[str, str], scope: tuple[str, ...]) -> None:
    node = helper.make_node("Relu", ["x"], ["y"], name)
    for key, value in metadata.items():
        node.metadata_props.add(key=key, value=value)
    assert graph_of(build([node])).ops[0].scope == scope


def test_scope_is_inherited_where_the_file_has_metadata() -> None:
    nodes = [helper.make_node("Relu", ["x"], ["h"]), helper.make_node("Neg", ["h"], ["y"])]
    nodes[0].metadata_props.add(key="namespace", value="a: A/relu: r")
    assert [op.scope for op in graph_of(build(nodes)).ops] == [("a",), ("a",)]


def scaled() -> onnx.FunctionProto:
    """Return alpha x Relu(a), and a itself."""
    constant = helper.make_node("Constant", [], ["s"])
    constant.attribute.add(name="value_float", ref_attr_name="alpha", type=1)
    nodes = [
        constant,
        helper.make_node("Relu", ["a"], ["r"], "act"),
        helper.make_node("Mul", ["s", "r"], ["b"]),
    ]
    return helper.make_function("f", "Scaled", ["a"], ["b", "a"], nodes, OPSETS, ["alpha"])


def test_functions_take_the_place_of_their_call() -> None:
    nodes = [
        helper.make_node("Scaled", ["x"], ["h", "same"], "one", domain="f", alpha=2.0),
        helper.make_node("Scaled", ["h"], ["y", ""], "two", domain="f", alpha=3.0),
    ]
    opsets = [*OPSETS, helper.make_opsetid("f", 1)]
    graph = graph_of(build(nodes, functions=[scaled()], opsets=opsets))
    once = ["Constant", "Relu", "Mul"]
    assert [op.type for op in graph.ops] == [*once, "Identity", *once]
    assert [graph.tensors[op.outputs[0]].value for op in graph.ops if op.type == "Constant"] == [
        (2.0,), (3.0,),
    ]  # fmt: skip
    assert graph.ops[1].name == "one/act"
    assert graph.tensors["y"].shape == (1, 4)
    assert graph.tensors["same"].shape == (1, 4)


def test_quantized_dialects() -> None:
    scale = numpy_helper.from_array(np.array(0.1, np.float32), "s")
    zero = numpy_helper.from_array(np.array(0, np.uint8), "z")
    small = numpy_helper.from_array(np.zeros((8, 3, 3, 3), np.int8), "w")
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        helper.make_node("QLinearConv", ["q", "s", "z", "w", "s", "i", "s", "z"], ["c"]),
        helper.make_node("QLinearAdd", ["c", "s", "z", "c", "s", "z", "s", "z"], ["a"],
                         domain="com.microsoft"),
        helper.make_node("QLinearGlobalAveragePool", ["a", "s", "z", "s", "z"], ["p"],
                         domain="com.microsoft"),
        helper.make_node("DequantizeLinear", ["p", "s", "z"], ["y"]),
    ]  # fmt: skip
    ints = numpy_helper.from_array(np.array(0, np.int8), "i")
    graph = graph_of(build(nodes, [info("x", 1, 3, 8, 8)], weights=[scale, zero, small, ints],
                           opsets=[*OPSETS, helper.make_opsetid("com.microsoft", 1)]))  # fmt: skip
    made = [(graph.tensors[n].dtype, graph.tensors[n].shape) for n in "qcapy"]
    assert made == [
        ("uint8", (1, 3, 8, 8)), ("uint8", (1, 8, 6, 6)), ("uint8", (1, 8, 6, 6)),
        ("uint8", (1, 8, 1, 1)), ("float32", (1, 8, 1, 1)),
    ]  # fmt: skip
