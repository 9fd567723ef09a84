"""Quantized networks, written as quantizers write them.

Static: pairs of QuantizeLinear and DequantizeLinear around the ops.  Dynamic: products that
quantize their input as they run.  From both the runtime makes its integer kernels.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.execute.networks.images import ACTIVATIONS, SIZES, WIDTHS
from engine.execute.networks.net import Net, Value
from engine.execute.networks.sequences import HEADS, TOKENS
from engine.execute.networks.sequences import WIDTHS as TOKEN_WIDTHS


class Quantizer:
    """Puts the pairs around ops.

    Args:
        net: the network.
        signed: activations as int8 instead of uint8.
        channels: a scale for each column of a weight.
    """

    def __init__(self, net: Net, signed: bool, channels: bool) -> None:
        self.net, self.channels = net, channels
        self._ends: dict[str, tuple[Value, Value]] = {}
        self._dtype = "int8" if signed else "uint8"
        self._zero = net.constant(np.array(0 if signed else 128, self._dtype))
        self._least = net.constant(np.array(-128 if signed else 0, self._dtype))

    def pair(self, x: Value, positive: bool = False, like: Value | None = None) -> Value:
        """QuantizeLinear, DequantizeLinear.

        Args:
            x: what is quantized.
            positive: it is never below zero.
            like: a value of an earlier pair whose scale is taken over, as pools do.
        """
        net = self.net
        zero = self._least if positive else self._zero
        scale = net.constant(np.float32(0.02 + 0.001 * net.random.random()))
        if like is not None and like.name in self._ends:
            scale, zero = self._ends[like.name]
        q = net.op("QuantizeLinear", [x, scale, zero], x.shape, self._dtype)
        y = net.op("DequantizeLinear", [q, scale, zero], x.shape, "float32")
        self._ends[y.name] = scale, zero
        return y

    def weight(self, *shape: int, axis: int = 0) -> Value:
        """A stored int8 weight, dequantized."""
        net = self.net
        values = net.constant(net.random.integers(-127, 128, shape).astype(np.int8))
        if self.channels:
            n = shape[axis]
            scales = net.constant((0.001 + 0.001 * net.random.random(n)).astype(np.float32))
            zeros = net.constant(np.zeros(n, np.int8))
            return net.op("DequantizeLinear", [values, scales, zeros], shape, "float32", axis=axis)
        ends = [net.constant(np.float32(0.002)), net.constant(np.int8(0))]
        return net.op("DequantizeLinear", [values, *ends], shape, "float32")

    def bias(self, n: int) -> Value:
        """A stored int32 bias, dequantized."""
        net = self.net
        values = net.constant(net.random.integers(-999, 999, n).astype(np.int32))
        ends = [net.constant(np.float32(4e-5)), net.constant(np.int32(0))]
        return net.op("DequantizeLinear", [values, *ends], (n,), "float32")


def _conv(q: Quantizer, x: Value, columns: int, size: int, stride: int = 1, groups: int = 1,
          act: str = "") -> Value:  # fmt: skip
    net, pad = q.net, size // 2
    space = [(n + 2 * pad - size) // stride + 1 for n in x.shape[2:]]
    weight = q.weight(columns, x.shape[1] // groups, size, size)
    y = net.op("Conv", [x, weight, q.bias(columns)], (x.shape[0], columns, *space),
               kernel_shape=(size, size), strides=(stride, stride), pads=(pad,) * 4,
               group=groups)  # fmt: skip
    if act in ("relu", "relu6"):  # the least integer does this: quantizers drop the op
        return q.pair(y, positive=True)
    y = q.pair(y)
    if act in ("", "none"):
        return y
    if act == "sigmoid":
        return q.pair(net.act(y, act))
    if act == "silu":
        return q.pair(net.mul(y, q.pair(net.act(y, "sigmoid"))))
    return q.pair(net.act(y, act))


def quantized_image_net(random: np.random.Generator, small: bool = False) -> bytes:
    """A static int8 network on an image."""
    net = Net(random)
    q = Quantizer(net, net.chance(0.12), net.chance(0.4))
    size = net.pick((16, 24, 28, 32)) if small else net.pick([s for s in SIZES if s <= 288])
    act = net.pick([a for a in ACTIVATIONS if a not in ("prelu", "gelu")] + ["relu"] * 6)
    x = q.pair(net.input((1, 3, size, size)))
    x = _conv(q, x, net.pick((8, 16, 32, 64)), net.pick((3, 3, 7)), 2, act=act)
    if net.chance(0.3):
        space = [(n - 1) // 2 + 1 for n in x.shape[2:]]
        made = net.op("MaxPool", [x], (*x.shape[:2], *space), kernel_shape=(3, 3),
                      strides=(2, 2), pads=(1,) * 4)  # fmt: skip
        x = q.pair(made, like=x)  # fmt: skip
    width, most = x.shape[1], net.pick((3e7, 1e8, 2e8, 8e8))
    for _ in range(int(random.integers(2, 5))):
        width = net.pick([w for w in WIDTHS if width * 0.75 <= w <= width * 2.5] or [width])
        stride = 2 if min(x.shape[2:]) > 8 and net.chance(0.5) else 1
        while width > 8 and x.elements * width * 9 > (1e7 if small else most):
            width = max(8, width // 2)
        kind = net.pick(("residual", "plain", "mobile", "mobile", "concat"))
        if kind == "mobile":
            wide = x.shape[1] * net.pick((1, 3, 4, 6))
            y = _conv(q, _conv(q, x, wide, 1, act=act), wide, net.pick((3, 5)), stride, wide, act)
            if net.chance(0.25):
                y = _squeeze(q, y)
            y = _conv(q, y, width, 1)
        elif kind == "residual":
            y = _conv(q, _conv(q, x, width, 3, stride, act=act), width, 3)
            if x.shape != y.shape:
                x = _conv(q, x, width, 1, stride)
        else:
            y = _conv(q, x, width, net.pick((1, 3, 3, 5)), stride, act=act)
        if y.shape == x.shape and kind != "plain":
            x = q.pair(net.add(x, y), positive=net.chance(0.5))
        elif kind == "concat" and x.shape[2:] == y.shape[2:]:
            x = q.pair(net.concat([x, y], 1))
        else:
            x = y
    if net.chance(0.3):
        return net.bytes("quantized image", [x])
    n, c = x.shape[:2]
    y = q.pair(net.op("GlobalAveragePool", [x], (n, c, 1, 1)))
    y = q.pair(net.op("Flatten", [y], (n, c), axis=1))
    made = net.op("Gemm", [y, q.weight(1000, c), q.bias(1000)], (n, 1000), transB=1)
    return net.bytes("quantized image", [q.pair(made)])


def _squeeze(q: Quantizer, x: Value) -> Value:
    net, c = q.net, x.shape[1]
    y = q.pair(net.op("GlobalAveragePool", [x], (x.shape[0], c, 1, 1)))
    y = _conv(q, _conv(q, y, max(8, c // 4), 1, act="relu"), c, 1, act="sigmoid")
    return q.pair(net.mul(x, y))


def _dynamic(net: Net, x: Value, columns: int, bias: bool = True) -> Value:
    """A product as dynamic quantization writes it."""
    scale, zero = net.constant(np.float32(0.002)), net.constant(np.int8(0))
    weight = net.constant(net.random.integers(-127, 128, (x.shape[-1], columns)).astype(np.int8))
    found = _quantize(net, x)
    made = net.op("MatMulInteger", [found[0], weight, found[2], zero], (*x.shape[:-1], columns),
                  "int32")  # fmt: skip
    made = net.op("Cast", [made], made.shape, "float32", to=1)
    y = net.mul(made, net.mul(found[1], scale))
    return net.add(y, net.weight(columns)) if bias else y


def _quantize(net: Net, x: Value) -> list[Value]:
    q, scale, zero = net.ops("DynamicQuantizeLinear", [x], [x.shape, (), ()], "uint8")
    return [q, Value(scale.name, (), "float32"), zero]


def _dynamic_conv(net: Net, x: Value, columns: int, size: int, stride: int, groups: int) -> Value:
    """A convolution as dynamic quantization writes it."""
    pad = size // 2
    space = [(n + 2 * pad - size) // stride + 1 for n in x.shape[2:]]
    shape = (columns, x.shape[1] // groups, size, size)
    low, dtype = (0, np.uint8) if net.chance(0.5) else (-128, np.int8)
    weight = net.constant(net.random.integers(low, low + 256, shape).astype(dtype))
    found = _quantize(net, x)
    made = net.op("ConvInteger", [found[0], weight, found[2], net.constant(dtype(0))],
                  (x.shape[0], columns, *space), "int32", kernel_shape=(size, size),
                  strides=(stride, stride), pads=(pad,) * 4, group=groups)  # fmt: skip
    made = net.op("Cast", [made], made.shape, "float32", to=1)
    y = net.mul(made, net.mul(found[1], net.constant(np.float32(0.002))))
    return net.add(y, net.weight(1, columns, 1, 1))


def quantized_sequence_net(random: np.random.Generator, small: bool = False) -> bytes:
    """Products in int8, static or dynamic, with what stands around them in a transformer."""
    net = Net(random)
    if net.chance(0.4):
        return _dynamic_image(net, small)
    static = net.chance(0.5)
    blunt = static and net.chance(0.5)
    q = Quantizer(net, net.chance(0.12), net.chance(0.4))
    size = net.pick(HEADS)
    width = net.pick([w for w in TOKEN_WIDTHS if w <= (128 if small else 1024)])
    heads = max(1, width // size)
    width = heads * size
    tokens = net.pick([t for t in TOKENS if t <= (32 if small else 512)])
    while tokens * width * width * 12 > net.pick((1e8, 3e8, 2e9)):
        tokens = max(1, tokens // 2)

    def linear(x: Value, columns: int) -> Value:
        if not static:
            return _dynamic(net, x, columns)
        weight = q.weight(x.shape[-1], columns, axis=1)
        made = net.op("MatMul", [q.pair(x), weight], (*x.shape[:-1], columns))
        return q.pair(net.add(q.pair(made), q.bias(columns)))

    def product(a: Value, b: Value, shape: tuple[int, ...]) -> Value:
        if static:
            return q.pair(net.op("MatMul", [q.pair(a), q.pair(b)], shape))
        return net.op("MatMul", [a, b], shape)

    x = net.input((1, tokens, width))
    for _ in range(int(random.integers(1, 2))):
        y = net.norm(x)
        parts = [net.reshape(linear(y, width), 1, tokens, heads, size) for _ in range(3)]
        a, b, c = (net.transpose(p, *perm) for p, perm in
                   zip(parts, ((0, 2, 1, 3), (0, 2, 3, 1), (0, 2, 1, 3)), strict=True))  # fmt: skip
        scores = net.mul(product(a, b, (1, heads, tokens, tokens)),
                         net.constant(np.float32(size**-0.5)))  # fmt: skip
        if blunt:
            scores = q.pair(scores)  # the runtime makes an integer softmax of it
        scores = net.op("Softmax", [scores], scores.shape, axis=-1)
        y = net.transpose(product(scores, c, (1, heads, tokens, size)), 0, 2, 1, 3)
        y = linear(net.reshape(y, 1, tokens, width), width)
        x = net.add(q.pair(x), q.pair(y)) if static and net.chance(0.7) else net.add(x, y)
        y = net.act(linear(net.norm(x), 4 * width), net.pick(("gelu", "gelu", "relu", "silu")))
        x = net.add(x, linear(y, width))
    return net.bytes("quantized sequence", [net.norm(x)])


def _dynamic_image(net: Net, small: bool) -> bytes:
    """A few convolutions quantized dynamically, some grouped."""
    size = net.pick((8, 12, 16)) if small else net.pick((14, 16, 28, 32, 48, 56))
    x: Any = net.input((1, net.pick((3, 16, 32)), size, size))
    for _ in range(int(net.random.integers(2, 6))):
        columns = net.pick((8, 16, 24, 32, 64, 96, 128, 256))
        side = net.pick((1, 1, 3, 3, 5))
        while x.elements * columns * side * side > (2e6 if small else 6e7) and columns > 8:
            columns //= 2
        if net.chance(0.25):
            x = _dynamic_conv(net, x, x.shape[1], 3, 1, x.shape[1])
        stride = net.pick((1, 1, 2)) if min(x.shape[2:]) > 4 else 1
        x = net.act(
            _dynamic_conv(net, x, columns, side, stride, 1), net.pick(("relu", "hardswish", ""))
        )
    y = net.op("GlobalAveragePool", [x], (*x.shape[:2], 1, 1))
    return net.bytes("quantized image", [_dynamic(net, net.reshape(y, *x.shape[:2]), 100)])
