"""Constants computed by us equal what onnx's own reference computes; the rest is refused."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper
from onnx.reference import ReferenceEvaluator

from engine.formats.attributes import attributes
from engine.graph import Op, Tensor, evaluate

I = np.int64  # noqa: E741
V, S, M = np.array([5, -3, 2, 7], I), np.array(4, I), np.arange(6, dtype=I).reshape(2, 3)
X = np.array([1.5, -2.25, 4.0], np.float32)


def ints(*values: int) -> np.ndarray:
    return np.array(values, I)


CASES: list[tuple[str, list[np.ndarray], dict[str, object], int]] = [
    ("Shape", [M], {}, 18), ("Shape", [M], {"start": -1}, 18), ("Size", [M], {}, 18),
    ("Gather", [V, ints(2, -1)], {}, 18), ("Gather", [M, S * 0], {"axis": 1}, 18),
    ("Slice", [V, ints(1), ints(3)], {}, 18),
    ("Slice", [V, ints(-1), ints(-9), ints(0), ints(-2)], {}, 18),
    ("Slice", [M, ints(0, 1), ints(2**62, 3), ints(0, 1)], {}, 18),
    ("Slice", [V], {"starts": [1], "ends": [100], "axes": [0]}, 9),
    ("Concat", [V, V], {"axis": 0}, 18), ("Unsqueeze", [S, ints(0)], {}, 18),
    ("Unsqueeze", [V], {"axes": [0, 2]}, 11), ("Squeeze", [M[:1], ints(0)], {}, 18),
    ("Cast", [X], {"to": 7}, 18), ("Cast", [V], {"to": 1}, 18), ("Cast", [V], {"to": 9}, 18),
    ("Add", [V, S], {}, 18), ("Sub", [V, S], {}, 18), ("Mul", [V, S], {}, 18),
    ("Div", [V, ints(2)], {}, 18), ("Div", [X, X], {}, 18), ("Mod", [V, ints(3)], {}, 18),
    ("Mod", [V, ints(3)], {"fmod": 1}, 18), ("Min", [V, S], {}, 18), ("Max", [V, S, V], {}, 18),
    ("Equal", [V, ints(2)], {}, 18), ("Less", [V, S], {}, 18), ("Greater", [V, S], {}, 18),
    ("Not", [V > 2], {}, 18), ("And", [V > 2, V < 6], {}, 18), ("Where", [V > 2, V, S], {}, 18),
    ("Range", [S * 0, S, S // 2], {}, 18), ("ReduceProd", [V, ints(0)], {}, 18),
    ("ReduceProd", [M], {"axes": [1], "keepdims": 0}, 13), ("ReduceSum", [M, ints(1)], {}, 18),
    ("ReduceMax", [M], {}, 18), ("ConstantOfShape", [ints(2, 3)], {}, 18),
    ("Reshape", [M, ints(3, -1)], {}, 18), ("Reshape", [M, ints(0, 3)], {}, 18),
    ("Expand", [V, ints(2, 4)], {}, 18), ("Tile", [V, ints(2)], {}, 18),
    ("Transpose", [M], {}, 18), ("Floor", [X], {}, 18), ("Ceil", [X], {}, 18), ("Neg", [V], {}, 18),
    ("Abs", [V], {}, 18), ("Clip", [V, S * 0, S], {}, 18), ("Identity", [V], {}, 18),
    ("Flatten", [M], {}, 18), ("NonZero", [V], {}, 18), ("Pow", [V, ints(2)], {}, 18),
]  # fmt: skip


def tensor(name: str, array: np.ndarray) -> Tensor:
    return Tensor(name, array.dtype.name, array.shape, "weight", tuple(array.ravel().tolist()))


@pytest.mark.parametrize(("kind", "arrays", "given", "opset"), CASES)
def test_equals_the_reference(
    kind: str, arrays: list[np.ndarray], given: dict[str, object], opset: int
) -> None:
    names = [f"i{i}" for i in range(len(arrays))]
    node = helper.make_node(kind, names, ["o"], **given)
    graph = helper.make_graph(
        [node], "g",
        [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)
         for n, a in zip(names, arrays, strict=True)],
        [helper.make_empty_tensor_value_info("o")],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    (expected,) = ReferenceEvaluator(model).run(None, dict(zip(names, arrays, strict=True)))
    op = Op("op", kind, tuple(names), ("o",), "", attributes(node.attribute, "op", {}))
    made = evaluate(op, {n: tensor(n, a) for n, a in zip(names, arrays, strict=True)})
    assert made is not None
    assert made[0].dtype == np.asarray(expected).dtype.name
    assert made[0].shape == np.asarray(expected).shape
    assert made[0].value == tuple(np.asarray(expected).ravel().tolist())


def test_split_with_and_without_sizes() -> None:
    known = {"v": tensor("v", V), "s": tensor("s", ints(1, 3))}
    for op in (
        Op("a", "Split", ("v", "s"), ("p", "q")),
        Op("a", "Split", ("v",), ("p", "q"), "", {"split": (1, 3)}),
    ):
        assert [t.value for t in evaluate(op, known) or ()] == [(5,), (-3, 2, 7)]
    halves = evaluate(Op("a", "Split", ("v",), ("p", "q"), "", {"num_outputs": 2}), known)
    assert [t.value for t in halves or ()] == [(5, -3), (2, 7)]


REFUSED = [
    Op("too large", "ConstantOfShape", ("huge",), ("o",)),
    Op("too large", "Expand", ("v", "huge"), ("o",)),
    Op("too large", "Tile", ("v", "huge4"), ("o",)),
    Op("too large", "Range", ("zero", "top", "one"), ("o",)),
    Op("outer sum", "Add", ("row", "column"), ("o",)),
    Op("by zero", "Div", ("v", "zero"), ("o",)),
    Op("endless", "Range", ("one", "top", "zero"), ("o",)),
    Op("outside", "Gather", ("v", "top"), ("o",)),
    Op("wrong axis", "Concat", ("v", "v"), ("o",), "", {"axis": 5}),
    Op("do not fit", "Add", ("v", "row"), ("o",)),
    Op("does not fit", "Reshape", ("v", "top1"), ("o",)),
    Op("unknown input", "Add", ("v", "absent"), ("o",)),
    Op("no inputs", "Add", (), ("o",)),
    Op("another domain", "Add", ("v", "v"), ("o",), "com.acme"),
    Op("not our business", "Conv", ("v", "v"), ("o",)),
    Op("not a number", "Sqrt", ("x",), ("o",)),
]


@pytest.mark.parametrize("op", REFUSED, ids=lambda op: f"{op.type}-{op.name}")
def test_refused(op: Op) -> None:
    known = {
        "v": tensor("v", V), "x": tensor("x", X), "zero": tensor("zero", S * 0),
        "one": tensor("one", S // 4), "top": tensor("top", np.array(2**41, I)),
        "huge": tensor("huge", ints(2**41)), "huge4": tensor("huge4", ints(2**41)),
        "row": tensor("row", np.zeros((1, 5000), I)), "top1": tensor("top1", ints(3)),
        "column": tensor("column", np.zeros((5000, 1), I)),
        "absent": Tensor("absent", "int64", (1,)),
    }  # fmt: skip
    assert evaluate(op, known) is None


def test_shape_needs_no_value() -> None:
    made = evaluate(Op("s", "Shape", ("x",), ("o",)), {"x": Tensor("x", "float32", (2, 9))})
    assert made is not None
    assert made[0].value == (2, 9)
