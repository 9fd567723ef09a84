"""Small networks for tests, five lines each: `Net` collects nodes, `Net.model()` is the ONNX file.

Weights are drawn from a seeded generator (`weight`) or filled by a ConstantOfShape node (`fill`),
so that a network of any width costs a few bytes.  Everything is deterministic.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT


class Net:
    """An ONNX graph in the making.

    Args:
        name: of the graph.
        opset: of the default domain.
        seed: of the weights.
    """

    def __init__(self, name: str = "net", opset: int = 20, seed: int = 0) -> None:
        self.name, self.opset = name, opset
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []
        self.domains: dict[str, int] = {}
        self.scope: tuple[str, ...] = ()  # written into the metadata of nodes as torch does
        self._random = np.random.default_rng(seed)
        self._names = 0

    def fresh(self, stem: str) -> str:
        """A name not used before: "conv_3"."""
        self._names += 1
        return f"{stem.lower()}_{self._names}"

    def input(self, name: str, shape: tuple[int | str, ...], dtype: int = FLOAT) -> str:
        self.inputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    def output(self, *names: str, dtype: int = FLOAT) -> None:
        """Declare outputs of unknown shape."""
        self.outputs += [helper.make_tensor_value_info(n, dtype, None) for n in names]

    def constant(self, value: Any, dtype: str = "int64", name: str = "") -> str:
        """An initializer with the value."""
        name = name or self.fresh("const")
        self.initializers.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def weight(self, *shape: int, name: str = "", dtype: str = "float32") -> str:
        """An initializer of random values; integers span their type's small values."""
        if np.dtype(dtype).kind in "iu":
            return self.constant(self._random.integers(1, 8, shape), dtype, name)
        return self.constant(self._random.standard_normal(shape) * 0.2, dtype, name)

    def positive(self, *shape: int, name: str = "") -> str:
        """An initializer of random values between 0.5 and 1.5 (variances, scales)."""
        return self.constant(self._random.random(shape) + 0.5, "float32", name)

    def fill(self, *shape: int, value: float = 0.01, name: str = "") -> str:
        """A weight made by a ConstantOfShape node: any size for a few bytes."""
        name = name or self.fresh("fill")
        like = helper.make_tensor("", FLOAT, [1], [value])
        size = self.constant(shape, name=f"{name}__shape")
        self.nodes.append(
            helper.make_node("ConstantOfShape", [size], [name], name=f"{name}__fill", value=like)
        )
        return name

    def op(self, kind: str, *inputs: str, out: int = 1, **attributes: Any) -> Any:
        """Add a node ("Conv" or "com.acme::Foo"); return its output name, or a list of them.

        `name=` names the node; its only output is then called `<name>_out`.
        """
        domain, _, type_ = kind.rpartition("::")
        if domain:
            self.domains[domain] = 1
        name = attributes.pop("name", "") or self.fresh(type_)
        made = [f"{name}_out" if out == 1 else f"{name}_out{i}" for i in range(out)]
        node = helper.make_node(type_, inputs, made, name=name, domain=domain, **attributes)
        if self.scope:
            scopes = ["", *(".".join(self.scope[: i + 1]) for i in range(len(self.scope)))]
            node.metadata_props.add(key="pkg.torch.onnx.name_scopes", value=str([*scopes, name]))
        self.nodes.append(node)
        return made[0] if out == 1 else made

    def model(self) -> onnx.ModelProto:
        """The file."""
        graph = helper.make_graph(
            self.nodes, self.name, self.inputs, self.outputs, self.initializers
        )
        opsets = [helper.make_opsetid("", self.opset)]
        opsets += [helper.make_opsetid(d, v) for d, v in self.domains.items()]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=9, producer_name="tests")
        inferred = onnx.shape_inference.infer_shapes(model, data_prop=True).graph.output
        for mine, found in zip(model.graph.output, inferred, strict=True):
            mine.CopyFrom(found)
        return model

    def bytes(self) -> bytes:
        """The file's bytes."""
        return self.model().SerializeToString()


def conv_bn_relu(net: Net, x: str, cin: int, cout: int, kernel: int = 3, stride: int = 1) -> str:
    """Conv without bias, BatchNormalization, Relu."""
    pad = kernel // 2
    w = net.weight(cout, cin, kernel, kernel)
    x = net.op("Conv", x, w, pads=[pad] * 4, strides=[stride] * 2, kernel_shape=[kernel] * 2)
    x = net.op("BatchNormalization", x, net.positive(cout), net.weight(cout), net.weight(cout),
               net.positive(cout))  # fmt: skip
    return net.op("Relu", x)


def conv_net(size: int = 16, channels: int = 8, classes: int = 10) -> onnx.ModelProto:
    """Two conv + norm + relu, a pool, a global pool, Flatten and Gemm."""
    net = Net("conv_net")
    x = conv_bn_relu(net, net.input("x", (1, 3, size, size)), 3, channels)
    x = net.op("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = net.op("GlobalAveragePool", conv_bn_relu(net, x, channels, 2 * channels))
    x = net.op("Flatten", x)
    net.output(net.op("Gemm", x, net.weight(classes, 2 * channels), net.weight(classes), transB=1))
    return net.model()


def mlp(width: int = 32, depth: int = 3) -> onnx.ModelProto:
    """`depth` layers of MatMul + Add + Relu."""
    net = Net("mlp")
    x = net.input("x", (4, width))
    for _ in range(depth):
        x = net.op("Relu", net.op("Add", net.op("MatMul", x, net.weight(width, width)),
                                  net.weight(width)))  # fmt: skip
    net.output(x)
    return net.model()


def residual_net(blocks: int = 2, channels: int = 8, size: int = 8) -> onnx.ModelProto:
    """`blocks` residual blocks: conv + norm + relu, conv + norm, Add, Relu."""
    net = Net("residual_net")
    x = net.input("x", (1, channels, size, size))
    for _ in range(blocks):
        y = conv_bn_relu(net, x, channels, channels)
        y = net.op("Conv", y, net.weight(channels, channels, 3, 3), pads=[1] * 4)
        x = net.op("Relu", net.op("Add", y, x))
    net.output(x)
    return net.model()


def linear(net: Net, x: str, cin: int, cout: int) -> str:
    """MatMul with a filled weight, Add of a filled bias."""
    return net.op("Add", net.op("MatMul", x, net.fill(cin, cout)), net.fill(cout))


def attention(net: Net, x: str, tokens: int, width: int, heads: int) -> str:
    """Self-attention as exporters write it: 21 nodes from x to the projection, no residual."""
    split = net.constant([1, tokens, heads, width // heads])
    q, k, v = (net.op("Reshape", linear(net, x, width, width), split) for _ in range(3))
    q = net.op("Transpose", q, perm=[0, 2, 1, 3])
    k = net.op("Transpose", k, perm=[0, 2, 3, 1])
    v = net.op("Transpose", v, perm=[0, 2, 1, 3])
    scale = net.constant((width // heads) ** -0.5, "float32")
    s = net.op("Softmax", net.op("Mul", net.op("MatMul", q, k), scale), axis=-1)
    y = net.op("Transpose", net.op("MatMul", s, v), perm=[0, 2, 1, 3])
    return linear(net, net.op("Reshape", y, net.constant([1, tokens, width])), width, width)


def block(net: Net, x: str, tokens: int, width: int, heads: int) -> str:
    """A pre-norm transformer block of 29 nodes (weights not counted)."""
    root = net.scope
    net.scope = (*root, "attn")
    y = net.op("LayerNormalization", x, net.fill(width), net.fill(width), axis=-1)
    x = net.op("Add", attention(net, y, tokens, width, heads), x)
    net.scope = (*root, "mlp")
    y = net.op("LayerNormalization", x, net.fill(width), net.fill(width), axis=-1)
    y = net.op("Gelu", linear(net, y, width, 4 * width))
    x = net.op("Add", linear(net, y, 4 * width, width), x)
    net.scope = root
    return x


def transformer_block(tokens: int = 6, width: int = 16, heads: int = 2) -> onnx.ModelProto:
    """One transformer block."""
    net = Net("transformer_block")
    net.output(block(net, net.input("x", (1, tokens, width)), tokens, width, heads))
    return net.model()


def vit(
    blocks: int = 12, size: int = 224, patch: int = 16, width: int = 384, heads: int = 6
) -> onnx.ModelProto:
    """A vision transformer with module scopes; the weights are ConstantOfShape nodes.

    A block has 45 nodes: 29 that compute and 16 fills.  `vit(blocks_for(5000))` has about 5,000.
    """
    net = Net(f"vit_{blocks}")
    tokens = (size // patch) ** 2
    x = net.input("x", (1, 3, size, size))
    net.scope = ("vit", "embeddings")
    x = net.op("Conv", x, net.fill(width, 3, patch, patch), net.fill(width), strides=[patch] * 2)
    x = net.op("Reshape", x, net.constant([1, width, tokens]))
    x = net.op("Add", net.op("Transpose", x, perm=[0, 2, 1]), net.fill(1, tokens, width))
    for i in range(blocks):
        net.scope = ("vit", "layers", str(i))
        x = block(net, x, tokens, width, heads)
    net.scope = ("vit", "head")
    x = net.op("LayerNormalization", x, net.fill(width), net.fill(width), axis=-1)
    x = net.op("ReduceMean", x, net.constant([1]), keepdims=0)
    net.output(net.op("Gemm", x, net.fill(width, 10), net.fill(10)))
    return net.model()


def blocks_for(nodes: int) -> int:
    """Blocks of a `vit` whose file has about so many nodes, fills included."""
    return max(1, round((nodes - 14) / NODES_A_BLOCK))


NODES_A_BLOCK = 45
