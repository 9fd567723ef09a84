"""Line 3: our counts beside onnx-tool's, beside arithmetic by hand, beside a naive count."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path

import onnx
import onnx_tool
import polars as pl

import engine
from engine.compile import Compilation
from tests.acceptance import corpus

MAC_OPS = frozenset({"Conv", "Gemm", "MatMul"})


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted for one model.

    Args:
        nodes: (node's first output, our MACs, theirs without bias adds) for each Conv/Gemm/MatMul.
        macs: our total.  by_hand: the total derived below, None for the other models.
        parameters, activation_bytes: (ours, the naive count).
    """

    model: str
    nodes: tuple[tuple[str, int, int], ...]
    macs: int
    by_hand: int | None
    parameters: tuple[int, int]
    activation_bytes: tuple[int, int]


def resnet50() -> int:
    """MACs of ResNet-50 at 224x224, stride in the 3x3 (He et al. 2016, table 1, and its v1.5)."""
    stem = 112 * 112 * 64 * (7 * 7 * 3)

    def stage(blocks: int, cin: int, mid: int, size: int, stride: int) -> int:
        out, before = 4 * mid, size * stride
        first = (
            before * before * mid * cin  # 1x1, at the size that comes in
            + size * size * mid * (3 * 3 * mid)
            + size * size * out * mid
            + size * size * out * cin  # the shortcut's 1x1
        )
        other = size * size * (mid * out + mid * (3 * 3 * mid) + out * mid)
        return first + (blocks - 1) * other

    return (
        stem
        + stage(3, 64, 64, 56, 1)
        + stage(4, 256, 128, 28, 2)
        + stage(6, 512, 256, 14, 2)
        + stage(3, 1024, 512, 7, 2)
        + 2048 * 1000
    )


def vgg19() -> int:
    """MACs of VGG-19 at 224x224 (Simonyan and Zisserman 2015, table 1, column E)."""

    def stage(convs: int, cin: int, out: int, size: int) -> int:
        return size * size * out * 9 * (cin + (convs - 1) * out)

    return (
        stage(2, 3, 64, 224)
        + stage(2, 64, 128, 112)
        + stage(4, 128, 256, 56)
        + stage(4, 256, 512, 28)
        + stage(4, 512, 512, 14)
        + (512 * 7 * 7) * 4096
        + 4096 * 4096
        + 4096 * 1000
    )


def squeezenet() -> int:
    """MACs of SqueezeNet 1.1 at 224x224 (Iandola et al. 2016; the authors' 1.1 release)."""

    def fire(cin: int, squeeze: int, expand: int, size: int) -> int:
        return size * size * (squeeze * cin + expand * squeeze + expand * 9 * squeeze)

    return (
        111 * 111 * 64 * (3 * 3 * 3)
        + fire(64, 16, 64, 55)
        + fire(128, 16, 64, 55)
        + fire(128, 32, 128, 27)
        + fire(256, 32, 128, 27)
        + fire(256, 48, 192, 13)
        + fire(384, 48, 192, 13)
        + fire(384, 64, 256, 13)
        + fire(512, 64, 256, 13)
        + 13 * 13 * 1000 * 512
    )


BY_HAND = (
    ("light_resnet50", resnet50),
    ("light_vgg19", vgg19),
    ("light_squeezenet", squeezenet),
)


def count(path: Path) -> Counted:
    """Count one model in every way."""
    compilation = engine.compile_model(engine.read_trusted(path), engine.target("onnxruntime-cpu"))
    tasks = compilation.tasks
    model = onnx.shape_inference.infer_shapes(onnx.load(path), data_prop=True)
    name = corpus.name(path)
    return Counted(
        model=name,
        nodes=tuple(by_node(path, compilation)),
        macs=int(tasks["macs"].sum()),
        by_hand=next((hand() for known, hand in BY_HAND if known == name), None),
        parameters=(int(tasks["parameters"].sum()), naive_parameters(model)),
        activation_bytes=(
            int(tasks["input_bytes"].sum() + tasks["output_bytes"].sum()),
            naive_activation_bytes(model, compilation),
        ),
    )


def measure(paths: tuple[Path, ...] | None = None) -> tuple[Counted, ...]:
    """All nine light models, or those named."""
    return tuple(count(p) for p in paths or corpus.light())


def by_node(path: Path, compilation: Compilation) -> Iterator[tuple[str, int, int]]:
    """Our MACs and onnx-tool's of each node; a task has at most one such node in these models."""
    with contextlib.redirect_stdout(io.StringIO()):
        model = onnx_tool.Model(str(path))
        model.graph.shape_infer()
        model.graph.profile()
    theirs = {n.output[0]: n for n in model.graph.nodemap.values() if n.op_type in MAC_OPS}
    ours = dict(compilation.tasks.select("task_id", "macs").iter_rows())
    for task, op in enumerate(compilation.graph.ops):
        members = [p for p in op.parts if p.type in MAC_OPS and p.outputs[0] in theirs]
        for part in members:
            node = theirs.pop(part.outputs[0])
            bias = prod(node.outshape) if len(node.input) > 2 else 0
            yield part.outputs[0], ours[task] // len(members), int(node.macs[0]) - bias
    for output in theirs:  # nodes that we lost
        yield output, 0, int(theirs[output].macs[0])


def weights(model: onnx.ModelProto) -> dict[str, int]:
    """Float elements by name: initializers, and what ConstantOfShape makes."""
    sizes = {}
    shapes = {i.name: list(onnx.numpy_helper.to_array(i)) for i in model.graph.initializer
              if i.data_type == onnx.TensorProto.INT64}  # fmt: skip
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            sizes[tensor.name] = prod(tensor.dims)
    for node in model.graph.node:
        if node.op_type == "ConstantOfShape":
            sizes[node.output[0]] = int(prod(shapes[node.input[0]]))
    return sizes


def naive_parameters(model: onnx.ModelProto) -> int:
    """All float elements that are stored or filled, each once, that some node reads."""
    read = {i for node in model.graph.node for i in node.input}
    return sum(size for name, size in weights(model).items() if name in read)


def naive_activation_bytes(model: onnx.ModelProto, compilation: Compilation) -> int:
    """Tensors that cross the border of a task, 4 bytes an element, counted from the file.

    An op outside every task is a view: what it makes is what it reads.
    """
    shapes = {
        v.name: [d.dim_value for d in v.type.tensor_type.shape.dim]
        for v in (*model.graph.value_info, *model.graph.input, *model.graph.output)
    }
    held = compilation.lineage.filter(pl.col("task_id").is_not_null())
    task_of = {o: int(t) for o, t in held.select("op", "task_id").iter_rows()}
    by_output = {op.outputs[0]: task_of.get(op.name) for op in compilation.source.ops}
    stored = {*weights(model), *(i.name for i in model.graph.initializer)}
    made_by: dict[str, int | None] = {}
    alias: dict[str, str] = {}
    reads: dict[int, set[str]] = {}
    for node in model.graph.node:
        inputs = [alias.get(i, i) for i in node.input if i and i not in stored]
        task = by_output.get(node.output[0])
        if task is None:
            if inputs:
                alias[node.output[0]] = inputs[0]
            else:  # made of weights alone
                stored.update(node.output)
            continue
        made_by.update(dict.fromkeys(node.output, task))
        reads.setdefault(task, set()).update(i for i in inputs if i in shapes)
    total = 0
    wanted = {alias.get(o.name, o.name) for o in model.graph.output}
    for task, names in reads.items():
        total += sum(4 * prod(shapes[n]) for n in names if made_by.get(n) != task)
    for name, task in made_by.items():
        if name in wanted or any(name in names for t, names in reads.items() if t != task):
            total += 4 * prod(shapes[name])
    return total
