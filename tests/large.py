"""Large models for the acceptance: thousands of tasks in a few megabytes, cached as files.

`branched` has the shape of a detector or an inception net (blocks of parallel branches that join,
residuals, long skips), `chain` has no branch at all.  Compiled, conv + relu is one task, an Add is
one, and a Concat, which moves nothing, is none: the number of tasks is known while building.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

CACHE = Path(__file__).parents[1] / ".cache" / "large"
CHANNELS = 4
LONG = 120  # characters of a name with `long`


class _Graph:
    """Nodes and weights without shape inference, which would take seconds at 20,000 nodes."""

    def __init__(self, long: bool) -> None:
        self.long = long
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.tasks = 0
        self._random = np.random.default_rng(0)

    def op(self, kind: str, name: str, *inputs: str, **attributes: object) -> str:
        """A node called `name`; returns its output."""
        name = name.ljust(LONG, "x") if self.long else name
        self.nodes.append(helper.make_node(kind, inputs, [f"{name}_o"], name=name, **attributes))
        return f"{name}_o"

    def conv(self, name: str, x: str, size: int = 1, stride: int = 1, wide: int = CHANNELS) -> str:
        """Conv and Relu: one task.  `wide`: channels of x."""
        shape = (CHANNELS, wide, size, size)
        values = self._random.standard_normal(shape).astype(np.float32) * 0.2
        self.weights.append(
            helper.make_tensor(f"{name}.weight", TensorProto.FLOAT, shape, values.tobytes(), True)
        )
        y = self.op("Conv", f"{name}/conv/Conv", x, f"{name}.weight", kernel_shape=[size] * 2,
                    strides=[stride] * 2, pads=[size // 2] * 4)  # fmt: skip
        self.tasks += 1
        return self.op("Relu", f"{name}/act/Relu", y)

    def add(self, name: str, x: str, y: str) -> str:
        """The sum: one task."""
        self.tasks += 1
        return self.op("Add", f"{name}/Add", x, y)

    def bytes(self, name: str, result: str, shape: tuple[int, ...]) -> bytes:
        """The file, from input "x" of `shape` to `result`."""
        source = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
        sink = helper.make_tensor_value_info(result, TensorProto.FLOAT, None)
        graph = helper.make_graph(self.nodes, name, [source], [sink], self.weights)
        opset = [helper.make_opsetid("", 20)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=9, producer_name="tests")
        return model.SerializeToString()


def branched(tasks: int, long: bool = False) -> bytes:
    """A model of about so many tasks: four stages, blocks of 2 to 6 branches, skips.

    Args:
        tasks: compiled tasks, reached within a block's size.
        long: pad node names to 120 characters.
    """
    net, random = _Graph(long), np.random.default_rng(1)
    x = net.conv("/stem", "x", 3)
    before: list[str] = []
    for stage in range(4):
        if stage:
            x = net.conv(f"/stages.{stage}/downsample", x, 3, 2)
            before = []
        block = 0
        while net.tasks < tasks * (stage + 1) / 4:
            name = f"/stages.{stage}/blocks.{block}"
            x = _block(net, random, name, x)
            if block % 12 == 11:  # a long skip, as between the halves of a U-Net
                x = net.add(f"{name}/skip", x, before[-11])
            before.append(x)
            block += 1
    return net.bytes(f"branched_{tasks}", x, (1, CHANNELS, 64, 64))


def _block(net: _Graph, random: np.random.Generator, name: str, x: str) -> str:
    """Branches of one to three convolutions, a Concat, a projection, the residual."""
    ends = []
    for branch in range(int(random.integers(2, 7))):
        y = x
        for layer in range(int(random.integers(1, 4))):
            size = 3 if random.random() < 0.5 else 1
            y = net.conv(f"{name}/branches.{branch}/layers.{layer}", y, size)
        ends.append(y)
    y = net.op("Concat", f"{name}/cat/Concat", *ends, axis=1)
    y = net.conv(f"{name}/project", y, wide=CHANNELS * len(ends))
    return net.add(f"{name}/add", y, x)


def chain(tasks: int) -> bytes:
    """One convolution after the other: no branch, no skip."""
    net = _Graph(False)
    x = "x"
    for i in range(tasks):
        x = net.conv(f"/layers.{i}", x)
    return net.bytes(f"chain_{tasks}", x, (1, CHANNELS, 16, 16))


def file(build: Callable[..., bytes], tasks: int, **options: bool) -> Path:
    """The model's file in the cache, made when it is not there or this module has changed."""
    edition = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:8]
    words = [build.__name__, str(tasks), *(k for k, v in options.items() if v)]
    path = CACHE / edition / f"{'_'.join(words)}.onnx"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}.part")  # another process may be making it too
        fresh.write_bytes(build(tasks, **options))
        fresh.replace(path)
    return path
