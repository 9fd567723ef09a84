"""Networks on images: plain, residual, mobile, dense, branched, U-shaped."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.execute.networks.net import Net, Value

WIDTHS = (8, 12, 16, 20, 24, 32, 36, 40, 48, 56, 64, 72, 80, 96, 112, 120, 128, 144, 160, 184, 192,
          200, 224, 240, 256, 288, 320, 384, 448, 480, 512, 576, 672, 768, 960, 1024, 1280, 1536,
          2048)  # fmt: skip
SIZES = (24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 288, 320, 416)
ACTIVATIONS = ("relu", "relu", "relu", "", "silu", "hardswish", "relu6", "leaky", "gelu",
               "sigmoid", "tanh", "hardsigmoid", "elu", "prelu")  # fmt: skip
MACS = (1e7, 3e7, 3e7, 1e8, 1e8, 4e8, 1.5e9)  # of one convolution at most


def conv(net: Net, x: Value, columns: int, size: int | tuple[int, int] = 3, stride: int = 1,
         groups: int = 1, act: str = "", dilation: int = 1, bias: bool | None = None,
         pads: tuple[int, ...] | None = None) -> Value:  # fmt: skip
    """A convolution whose output keeps the size but for the stride, and its activation."""
    kernel = (size, size) if isinstance(size, int) else size
    if pads is None:
        pads = tuple(dilation * (k - 1) // 2 for k in kernel) * 2
    height, width = (
        (n + pads[i] + pads[i + 2] - dilation * (k - 1) - 1) // stride + 1
        for i, (n, k) in enumerate(zip(x.shape[2:], kernel, strict=True))
    )
    operands = [x, net.weight(columns, x.shape[1] // groups, *kernel)]
    if bias is None:
        bias = net.chance(0.9)
    if bias:
        operands.append(net.weight(columns))
    made = net.op("Conv", operands, (x.shape[0], columns, height, width), kernel_shape=kernel,
                  strides=(stride, stride), pads=pads, group=groups,
                  dilations=(dilation, dilation))  # fmt: skip
    return net.act(made, act)


def pool(net: Net, x: Value, kind: str, size: int, stride: int, pad: int = 0) -> Value:
    """MaxPool or AveragePool."""
    space = [(n + 2 * pad - size) // stride + 1 for n in x.shape[2:]]
    extra: dict[str, Any] = (
        {"count_include_pad": int(net.chance(0.5))} if kind == "AveragePool" else {}
    )
    return net.op(kind, [x], (*x.shape[:2], *space), kernel_shape=(size, size),
                  strides=(stride, stride), pads=(pad,) * 4, **extra)  # fmt: skip


def squeeze(net: Net, x: Value, act: str = "relu") -> Value:
    """Squeeze and excite."""
    channels = x.shape[1]
    small = max(4, channels // net.pick((4, 8, 16)))
    if net.chance(0.5):
        y = net.op("GlobalAveragePool", [x], (x.shape[0], channels, 1, 1))
    else:
        y = net.op("ReduceMean", [x], (x.shape[0], channels, 1, 1), axes=(2, 3), keepdims=1)
    y = conv(net, y, small, 1, act=act)
    return net.mul(x, conv(net, y, channels, 1, act=net.pick(("sigmoid", "hardsigmoid"))))


def resize(net: Net, x: Value, factor: float, linear: bool) -> Value:
    """Enlarged."""
    scales = net.constant(np.array([1, 1, factor, factor], np.float32))
    words = {"mode": "linear" if linear else "nearest",
             "coordinate_transformation_mode": net.pick(
                 ("asymmetric", "half_pixel",
                  "align_corners" if linear else "asymmetric"))}  # fmt: skip
    if not linear:
        words["nearest_mode"] = "floor"
    shape = (*x.shape[:2], *(int(np.floor(n * factor)) for n in x.shape[2:]))
    return net.op("Resize", [x, None, scales], shape, **words)


def batch_norm(net: Net, x: Value) -> Value:
    """A norm that no convolution takes."""
    n = x.shape[1]
    four = [net.weight(n), net.weight(n), net.weight(n), net.weight(n, low=0.5)]
    return net.op("BatchNormalization", [x, *four], x.shape)


def block(net: Net, x: Value, columns: int, stride: int, kind: str, act: str) -> Value:
    """One block of a stage."""
    size = net.pick((3, 3, 3, 3, 5, 7, 1))
    if kind == "plain":
        return conv(net, x, columns, size, stride, act=act, dilation=net.pick((1, 1, 1, 1, 2)))
    if kind == "residual":
        y = conv(net, x, columns, 3, stride, act=act)
        y = conv(net, y, columns, 3)
        x = x if x.shape == y.shape else conv(net, x, columns, 1, stride)
        return net.act(net.add(y, x), act)
    if kind == "bottleneck":
        small = max(8, columns // 4)
        groups = net.pick((1, 1, 1, 4, 32))
        groups = groups if small % groups == 0 else 1
        y = conv(net, x, small, 1, act=act)
        y = conv(net, y, small, 3, stride, groups, act)
        y = conv(net, y, columns, 1)
        if net.chance(0.2):
            y = squeeze(net, y)
        x = x if x.shape == y.shape else conv(net, x, columns, 1, stride)
        return net.act(net.add(y, x), act)
    if kind == "mobile":
        wide = int(x.shape[1] * net.pick((1, 2, 3, 4, 6)))
        y = conv(net, x, wide, 1, act=act)
        y = conv(net, y, wide, net.pick((3, 3, 5, 7)), stride, wide, act)
        if net.chance(0.3):
            y = squeeze(net, y, act or "relu")
        y = conv(net, y, columns, 1)
        return net.add(y, x) if y.shape == x.shape else y
    if kind == "separable":
        y = conv(net, x, x.shape[1], net.pick((3, 3, 5)), stride, x.shape[1], act)
        return conv(net, y, columns, 1, act=act)
    if kind == "dense":
        y = net.act(batch_norm(net, x), "relu") if net.chance(0.5) else x
        y = conv(net, y, 4 * max(4, columns // 8), 1, act="relu")
        y = conv(net, y, max(4, columns // 8), 3)
        return net.concat([x, y], 1)
    if kind == "branches":
        small = max(8, columns // 4)
        parts = [conv(net, x, small, 1, act=act)]
        parts.append(conv(net, conv(net, x, small, 1, act=act), small, 3, act=act))
        if net.chance(0.5):
            y = conv(
                net, conv(net, x, small, 1, act=act), small, (1, 5), act=act, pads=(0, 2, 0, 2)
            )
            parts.append(conv(net, y, small, (5, 1), act=act, pads=(2, 0, 2, 0)))
        y = pool(net, x, net.pick(("MaxPool", "AveragePool")), 3, 1, 1)
        parts.append(conv(net, y, small, 1, act=act))
        return net.concat(parts, 1)
    if kind == "shuffle":
        groups = net.pick((2, 3, 4, 8))
        columns = max(groups, columns // groups) * groups
        if x.shape[1] % groups:
            x = conv(net, x, columns, 1)
        y = conv(net, x, columns, 1, 1, groups, act)
        n, c, h, w = y.shape
        y = net.reshape(y, n, groups, c // groups, h, w)
        y = net.reshape(net.transpose(y, 0, 2, 1, 3, 4), n, c, h, w)
        return conv(net, y, columns, 3, stride, columns)
    if kind == "convnext":
        y = conv(net, x, x.shape[1], 7, 1, x.shape[1])
        y = net.norm(net.transpose(y, 0, 2, 3, 1))
        y = net.act(net.linear(y, 4 * y.shape[-1]), "gelu")
        y = net.transpose(net.linear(y, x.shape[1]), 0, 3, 1, 2)
        return net.add(x, y)
    y = conv(net, x, max(4, columns // 4), 1, act=act)  # fire
    return net.concat([conv(net, y, columns // 2, 1, act=act),
                       conv(net, y, columns // 2, 3, act=act)], 1)  # fmt: skip


KINDS = ("plain", "residual", "bottleneck", "mobile", "mobile", "separable", "dense", "branches",
         "shuffle", "convnext", "fire")  # fmt: skip


def _fits(x: Value, columns: int, macs: float) -> int:
    """Columns that keep a block's largest convolution below a number of MACs."""
    most = macs / max(1, x.elements * 9)
    return max(8, min(columns, int(most) // 8 * 8 if most > 8 else 8))


def image_net(random: np.random.Generator, small: bool = False) -> bytes:
    """A random network on an image; `small`: one whose values and weights stay in the caches."""
    net = Net(random)
    size = net.pick((8, 12, 14, 16, 24, 28, 32, 40, 48, 64)) if small else net.pick(SIZES)
    wide = (
        size if net.chance(0.6) else max(8, int(size * net.pick((0.5, 0.75, 1.5, 2, 4))) // 8 * 8)
    )
    if size * wide > 200_000:
        wide = size
    macs = 8e6 if small else net.pick(MACS)
    batch = 1 if small or size > 64 else net.pick((1, 1, 1, 1, 2, 4))
    x = net.input((batch, net.pick((1, 3, 3, 3, 3)), size, wide))
    act = net.pick(ACTIVATIONS)
    stem = net.pick((3, 3, 5, 7)) if min(size, wide) > 16 else 3
    x = conv(net, x, net.pick((8, 16, 24, 32, 48, 64)), stem, net.pick((1, 2, 2)), act=act)
    if net.chance(0.3) and min(x.shape[2:]) >= 8:
        x = pool(
            net,
            x,
            net.pick(("MaxPool", "MaxPool", "AveragePool")),
            *net.pick(((3, 2, 1), (2, 2, 0), (3, 2, 0))),
        )
    skips: list[Value] = []
    home = net.pick(KINDS)
    width = x.shape[1]
    exact = net.chance(0.5)  # widths as people choose them, or any
    for _ in range(int(random.integers(1, 4))):
        width = net.pick([w for w in WIDTHS if width * 0.75 <= w <= width * 2.5] or [width])
        if not exact and net.chance(0.3):
            width = max(4, width + int(random.integers(-6, 7)))
        for depth in range(int(random.integers(1, 3))):
            stride = 2 if depth == 0 and min(x.shape[2:]) > 8 and net.chance(0.6) else 1
            columns = _fits(x, width, macs)
            kind = home if net.chance(0.7) else net.pick(KINDS)
            x = block(net, x, columns, stride, kind, act)
        skips.append(x)
        if net.chance(0.25) and min(x.shape[2:]) >= 6:
            x = pool(
                net,
                x,
                net.pick(("MaxPool", "AveragePool")),
                *net.pick(((2, 2, 0), (3, 2, 1), (3, 1, 1))),
            )
    ends: list[Value] = []
    if net.chance(0.3):
        x = _decoder(net, x, skips, act, macs)
        ends.append(x)
    if not ends or net.chance(0.5):
        ends.append(_head(net, x))
    return net.bytes("image", ends)


def _decoder(net: Net, x: Value, skips: list[Value], act: str, macs: float) -> Value:
    how = net.pick(("nearest", "linear", "deconv"))
    for skip in reversed(skips):
        if x.elements > 400_000:
            break
        columns = _fits(x, max(8, x.shape[1] // 2), macs / 4)
        if how == "deconv":
            n, c, h, w = x.shape
            operands = [x, net.weight(c, columns, 2, 2), net.weight(columns)]
            x = net.op("ConvTranspose", operands, (n, columns, 2 * h, 2 * w), kernel_shape=(2, 2),
                       strides=(2, 2))  # fmt: skip
        else:
            x = resize(net, conv(net, x, columns, 1), 2, how == "linear")
        if x.shape[2:] == skip.shape[2:]:
            joined = (
                net.add(x, conv(net, skip, columns, 1))
                if net.chance(0.4)
                else net.concat([x, skip], 1)
            )
            x = conv(net, joined, _fits(joined, columns, macs), 3, act=act)
    return x


def _head(net: Net, x: Value) -> Value:
    n, c = x.shape[:2]
    kind = net.random.random()
    if kind < 0.5:
        y = net.op("GlobalAveragePool", [x], (n, c, 1, 1))
        y = net.op("Flatten", [y], (n, c), axis=1) if net.chance(0.5) else net.reshape(y, n, c)
    elif kind < 0.8:
        y = net.op("ReduceMean", [x], (n, c), axes=(2, 3), keepdims=0)
    else:
        if x.elements > 30_000:
            x = conv(net, x, 16, 1)
        y = net.reshape(x, n, x.elements // n)
    y = net.linear(y, net.pick((10, 100, 128, 512, 1000, 1000)))
    return net.op("Softmax", [y], y.shape, axis=-1) if net.chance(0.4) else y
