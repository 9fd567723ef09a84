"""Networks on sound and other series: convolutions along one axis, recurrent cells, spectra."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.execute.networks.images import conv, pool
from engine.execute.networks.net import Net, Value

LENGTHS = (16, 32, 50, 64, 100, 128, 160, 256, 400, 512, 576, 800, 1000, 1600, 3000, 4000, 8000,
           16000, 43844)  # fmt: skip
WIDTHS = (1, 8, 16, 24, 32, 40, 48, 64, 80, 96, 128, 129, 160, 192, 256, 258, 320, 384, 512)


def conv1d(net: Net, x: Value, columns: int, size: int, stride: int = 1, groups: int = 1,
           act: str = "", dilation: int = 1) -> Value:  # fmt: skip
    """A convolution along the last axis."""
    pad = dilation * (size - 1) // 2
    length = (x.shape[2] + 2 * pad - dilation * (size - 1) - 1) // stride + 1
    operands = [x, net.weight(columns, x.shape[1] // groups, size)]
    if net.chance(0.85):
        operands.append(net.weight(columns))
    made = net.op("Conv", operands, (x.shape[0], columns, length), kernel_shape=(size,),
                  strides=(stride,), pads=(pad, pad), group=groups,
                  dilations=(dilation,))  # fmt: skip
    return net.act(made, act)


def recurrent(net: Net, x: Value, hidden: int, kind: str, both: bool) -> Value:
    """[steps, batch, width] through an LSTM or GRU, to [steps, batch, ways x hidden]."""
    steps, batch, width = x.shape
    gates, ways = (4 if kind == "LSTM" else 3), 1 + both
    operands = [x, net.weight(ways, gates * hidden, width),
                net.weight(ways, gates * hidden, hidden),
                net.weight(ways, 2 * gates * hidden)]  # fmt: skip
    words: dict[str, Any] = {"linear_before_reset": 1} if kind == "GRU" else {}
    y = net.op(kind, operands, (steps, ways, batch, hidden), hidden_size=hidden,
               direction="bidirectional" if both else "forward", **words)  # fmt: skip
    if both:
        return net.reshape(net.transpose(y, 0, 2, 1, 3), steps, batch, 2 * hidden)
    return net.op("Squeeze", [y, net.ints(1)], (steps, batch, hidden))


def sound_net(random: np.random.Generator, small: bool = False) -> bytes:
    """A random network on a series."""
    net = Net(random)
    kind = net.random.random()
    if kind < 0.45:
        ends = [_along(net, small)]
    elif kind < 0.75:
        ends = [_stepwise(net, small)]
    else:
        ends = [_spectral(net, small)]
    return net.bytes("sound", ends)


def _along(net: Net, small: bool) -> Value:
    length = net.pick([n for n in LENGTHS if n <= (128 if small else 43844)])
    x = net.input((1, net.pick((1, 1, 2, 40, 64, 80)), length))
    act = net.pick(("relu", "relu", "leaky", "gelu", "tanh", "silu", "elu", ""))
    exact = net.chance(0.7)
    for _ in range(int(net.random.integers(2, 8))):
        columns = net.pick(WIDTHS[1:]) if exact else net.between(4, 400)
        size = net.pick((1, 1, 2, 3, 3, 3, 5, 7, 9, 10, 15, 25))
        stride = net.pick((1, 1, 1, 2, 2, 4, 5)) if x.shape[2] > 64 else 1
        if x.shape[2] // stride * x.shape[1] * columns * size > (2e6 if small else 6e7):
            size, columns = min(size, 3), min(columns, 32 if small else 64)
        if x.shape[2] // stride * x.shape[1] * columns * size > 1.5e8:
            columns = 8
        groups = x.shape[1] if columns % x.shape[1] == 0 and net.chance(0.2) else 1
        y = conv1d(net, x, columns, size, stride, groups, act,
                   net.pick((1, 1, 1, 2, 4)) if size == 3 and stride == 1 else 1)  # fmt: skip
        x = net.add(x, y) if x.shape == y.shape and net.chance(0.5) else y
        if net.chance(0.15):
            gate, value = conv1d(net, x, x.shape[1], 1), conv1d(net, x, x.shape[1], 1)
            x = net.mul(net.act(gate, "sigmoid"), net.act(value, "tanh"))
        if net.chance(0.1):
            square = net.op("Pow", [x, net.constant(np.float32(2))], x.shape)
            x = net.op("Sqrt", [net.add(square, net.constant(np.float32(1e-6)))], x.shape)
    n, c, t = x.shape
    if net.chance(0.4):
        return net.linear(net.op("ReduceMean", [x], (n, c), axes=(2,), keepdims=0), 10)
    y = net.transpose(x, 0, 2, 1)
    y = net.norm(y) if net.chance(0.5) else y
    return net.linear(y, 32) if t * c < 2e6 else y


def _stepwise(net: Net, small: bool) -> Value:
    steps = net.pick((1, 1, 2, 4, 8, 10, 16, 20, 28, 32, 40, 64, 80, 100, 128, 300))
    batch = net.pick((1, 1, 1, 1, 2, 4))
    width = net.pick((16, 32, 40, 64, 80, 128, 192, 256, 512))
    kind, both = net.pick(("LSTM", "LSTM", "LSTM", "GRU")), net.chance(0.4)
    hidden = net.pick((8, 16, 32, 48, 64, 96, 100, 128, 200, 256, 320, 512))
    while steps * hidden * (hidden + width) * 8 > (5e6 if small else 1e8):
        steps, hidden = max(1, steps // 2), max(8, hidden * 3 // 4)
    x = net.input((steps, batch, width))
    if net.chance(0.3):
        x = net.act(net.linear(x, width), "relu")
    for _ in range(int(net.random.integers(1, 4))):
        x = recurrent(net, x, hidden, kind, both)
        if net.chance(0.3):
            x = net.linear(x, width)
    y = net.linear(x, net.pick((1, 10, 40, 97, 500, 5000)))
    return net.op("Softmax", [y], y.shape, axis=-1) if net.chance(0.4) else y


def _spectral(net: Net, small: bool) -> Value:
    """Frames by a long convolution, power, logarithm, then small kernels of odd sizes."""
    window = net.pick((64, 128, 256, 400, 512, 1024))
    hop = window // net.pick((2, 4))
    length = window + hop * net.pick((8, 16, 31) if small else (16, 31, 62, 100, 172, 300))
    sound = net.input((1, 1, length))
    if net.chance(0.5):
        pad = net.ints(0, 0, window // 2, 0, 0, window // 2)
        sound = net.op("Pad", [sound, pad], (1, 1, length + window // 2 * 2), mode="reflect")
    bins = window // 2 + 1
    frames = (sound.shape[2] - window) // hop + 1
    x = net.op("Conv", [sound, net.weight(2 * bins, 1, window)], (1, 2 * bins, frames),
               kernel_shape=(window,), strides=(hop,))  # fmt: skip
    ends = (
        [net.ints(0), net.ints(bins), net.ints(1)],
        [net.ints(bins), net.ints(2 * bins), net.ints(1)],
    )
    real, imaginary = (net.op("Slice", [x, *e], (1, bins, frames)) for e in ends)
    two = net.constant(np.float32(2))
    power = net.add(
        net.op("Pow", [real, two], real.shape), net.op("Pow", [imaginary, two], real.shape)
    )
    power = net.op("Sqrt", [power], power.shape)
    if net.chance(0.5):
        power = net.op("Log", [net.add(power, net.constant(np.float32(1e-6)))], power.shape)
    if net.chance(0.5):
        scale = [net.weight(bins, 1), net.weight(bins, 1)]
        power = net.add(net.mul(power, scale[0]), scale[1])
    x = net.op("Unsqueeze", [power, net.ints(1)], (1, 1, bins, frames))
    if net.chance(0.5):
        x = net.transpose(x, 0, 1, 3, 2)
    if x.elements > 40_000 or small:
        x = pool(net, x, "MaxPool", 2, 2)
    for _ in range(int(net.random.integers(1, 5))):
        size = net.pick(((3, 3), (5, 5), (3, 39), (5, 1), (1, 7), (7, 7), (3, 5)))
        size = tuple(min(k, n) for k, n in zip(size, x.shape[2:], strict=True))
        columns = net.pick((8, 16, 32, 64))
        if x.elements * columns * size[0] * size[1] > 1e8:
            columns, size = 8, (3, 3)
        x = conv(net, x, columns, size, net.pick((1, 1, 1, 2)),
                 act=net.pick(("relu", "", "sigmoid")),
                 pads=(size[0] // 2, size[1] // 2) * 2)  # fmt: skip
    n, c, h, w = x.shape
    if net.chance(0.4):
        y = net.op("ArgMax", [x], (n, h, w), "int64", axis=1, keepdims=0)
        return net.op("Cast", [y], y.shape, "float32", to=1)
    y = net.reshape(net.transpose(x, 0, 2, 1, 3), n, h, c * w)
    return net.op("Softmax", [y], y.shape, axis=-1)
