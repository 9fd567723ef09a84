"""Transformers: text, vision, windows, gated, with exporters' different ways to write them."""

from __future__ import annotations

import numpy as np

from engine.execute.networks.net import Net, Value

TOKENS = (1, 7, 8, 16, 32, 40, 49, 64, 77, 100, 128, 128, 144, 196, 197, 256, 320, 384, 512, 577,
          750, 1024, 1500)  # fmt: skip
WIDTHS = (32, 48, 64, 96, 120, 128, 144, 160, 192, 240, 256, 312, 320, 384, 448, 512, 640, 768,
          1024, 1280)  # fmt: skip
HEADS = (16, 20, 24, 32, 32, 40, 48, 64, 64, 64, 80, 96, 128)


def attention(net: Net, x: Value, heads: int, style: str, keys: int = 0) -> Value:
    """Self-attention of [batch, tokens, width]; `keys`: tokens of a shorter memory."""
    n, tokens, width = x.shape
    size = width // heads
    if style == "packed":
        y = net.reshape(net.linear(x, 3 * width), n, tokens, 3, heads, size)
        y = net.transpose(y, 2, 0, 3, 1, 4)
        q, k, v = (net.op("Gather", [y, net.constant(np.int64(i))], y.shape[1:], axis=0)
                   for i in range(3))  # fmt: skip
        k = net.transpose(k, 0, 1, 3, 2)
    else:
        bias = style != "rotary"
        if style == "split":
            y = net.linear(x, 3 * width)
            parts = net.ops("Split", [y], [x.shape] * 3, axis=2)
        else:
            memory = x
            if keys and keys < tokens:
                pick = net.ints(*range(keys))
                memory = net.op("Gather", [x, pick], (n, keys, width), axis=1)
            parts = [net.linear(x, width, bias)] + [net.linear(memory, width, bias)
                                                    for _ in range(2)]  # fmt: skip
        q, k, v = (net.reshape(p, n, p.shape[1], heads, size) for p in parts)
        q, v = net.transpose(q, 0, 2, 1, 3), net.transpose(v, 0, 2, 1, 3)
        if style == "rotary":
            k = net.transpose(k, 0, 2, 1, 3)
            q, k = _rotary(net, q), _rotary(net, k)
            k = net.transpose(k, 0, 1, 3, 2)
        else:
            k = net.transpose(k, 0, 2, 3, 1)
    scale = net.constant(np.float32(size**-0.5))
    if net.chance(0.3):
        q = net.mul(q, scale)
    scores = net.op("MatMul", [q, k], (n, heads, tokens, k.shape[-1]))
    if net.chance(0.7):
        scores = net.mul(scores, scale)
    if net.chance(0.35):
        mask = net.weight(*net.pick(((1, 1, tokens, k.shape[-1]), (n, 1, 1, k.shape[-1]),
                                     (1, heads, tokens, k.shape[-1]))))  # fmt: skip
        scores = net.add(scores, mask)
    scores = net.op("Softmax", [scores], scores.shape, axis=-1)
    y = net.transpose(net.op("MatMul", [scores, v], (n, heads, tokens, size)), 0, 2, 1, 3)
    return net.linear(net.reshape(y, n, tokens, width), width)


def _rotary(net: Net, x: Value) -> Value:
    n, heads, tokens, size = x.shape
    half = size // 2
    cos, sin = (net.weight(*net.pick(((1, 1, tokens, size), (1, tokens, size)))) for _ in range(2))
    first = net.op("Slice", [x, net.ints(0), net.ints(half), net.ints(3)], (n, heads, tokens, half))
    last = net.op("Slice", [x, net.ints(half), net.ints(size), net.ints(3)],
                  (n, heads, tokens, size - half))  # fmt: skip
    turned = net.concat([net.op("Neg", [last], last.shape), first], 3)
    return net.add(net.mul(x, cos), net.mul(turned, sin))


def feed_forward(net: Net, x: Value, wide: int, act: str) -> Value:
    """Two products with an activation between, or three with a gate."""
    if act == "gated":
        gate = net.act(net.linear(x, wide, False), "silu")
        return net.linear(net.mul(gate, net.linear(x, wide, False)), x.shape[-1], False)
    return net.linear(net.act(net.linear(x, wide), act), x.shape[-1])


def _embedded(net: Net, tokens: int, width: int, batch: int) -> Value:
    """The first values: looked up, cut from an image, or given."""
    kind = net.random.random()
    if kind < 0.4:
        words = net.pick((1000, 8000, 30522, 50257))
        if words * width > 12_000_000:
            words = 8000
        ids = net.input((batch, tokens), "int64")
        x = net.op("Gather", [net.weight(words, width), ids], (batch, tokens, width), "float32")
        return net.norm(net.add(x, net.weight(1, tokens, width)))
    side = round(tokens**0.5)
    if kind < 0.6 and side * side in (tokens, tokens - 1) and side > 1:
        patch = net.pick((4, 8, 14, 16))
        image = net.input((batch, 3, side * patch, side * patch))
        operands = [image, net.weight(width, 3, patch, patch), net.weight(width)]
        x = net.op("Conv", operands, (batch, width, side, side), kernel_shape=(patch, patch),
                   strides=(patch, patch))  # fmt: skip
        x = net.transpose(net.reshape(x, batch, width, side * side), 0, 2, 1)
        if side * side < tokens:
            x = net.concat([net.weight(batch, 1, width), x], 1)
        return net.add(x, net.weight(1, tokens, width))
    return net.input((batch, tokens, width))


def _windows(net: Net, x: Value, side: int, window: int) -> tuple[Value, Value]:
    """[n, side², c] as windows of `window`² tokens."""
    n, _, width = x.shape
    count = side // window
    y = net.reshape(x, n, count, window, count, window, width)
    y = net.transpose(y, 0, 1, 3, 2, 4, 5)
    return net.reshape(y, n * count * count, window * window, width), y


def sequence_net(random: np.random.Generator, small: bool = False) -> bytes:
    """A random transformer; `small`: few tokens, narrow."""
    net = Net(random)
    size = net.pick(HEADS)
    width = net.pick([w for w in WIDTHS if w <= (160 if small else 1280)])
    heads = max(1, width // size)
    width = heads * size
    tokens = net.pick([t for t in TOKENS if t <= (64 if small else 1500)])
    most = net.pick((5e7, 2e8, 4e8, 1.2e9))
    while tokens * width * width * 12 > most or tokens * tokens * heads > 5e6:
        tokens = max(1, tokens * 3 // 4)
    batch = 1 if tokens > 64 else net.pick((1, 1, 1, 2, 4))
    x = _embedded(net, tokens, width, batch)
    style = net.pick(("plain", "plain", "split", "packed", "rotary", "memory", "window"))
    side = round(tokens**0.5)
    window = next((w for w in (7, 8, 4, 2) if side * side == tokens and side % w == 0), 0)
    norm = "rms" if style == "rotary" else "layer"
    act = net.pick(("gelu", "gelu", "gelu", "relu", "quickgelu", "silu", "gated"))
    wide = int(width * net.pick((1, 2, 8 / 3, 3, 4, 4, 4))) // 8 * 8
    before = net.chance(0.6)
    for _ in range(int(random.integers(1, 3))):
        y = net.norm(x, norm) if before else x
        if style == "window" and window:
            parts, folded = _windows(net, y, side, window)
            parts = attention(net, parts, heads, "plain")
            y = net.reshape(parts, *folded.shape)
            y = net.reshape(net.transpose(y, 0, 1, 3, 2, 4, 5), *x.shape)
        else:
            keys = max(1, tokens // net.pick((4, 16, 64))) if style == "memory" else 0
            y = attention(net, y, heads, style if style != "window" else "plain", keys)
        x = net.add(x, y) if net.chance(0.5) else net.add(y, x)
        if not before:
            x = net.norm(x, norm)
        y = feed_forward(net, net.norm(x, norm) if before else x, wide, act)
        x = net.add(x, y)
        if not before:
            x = net.norm(x, norm)
    return net.bytes("sequence", [_head(net, x)])


def _head(net: Net, x: Value) -> Value:
    n, tokens, width = x.shape
    kind = net.random.random()
    if kind < 0.3:
        words = net.pick((1000, 5000, 8192, 18385, 32000, 50257))
        while words * width > 12_000_000 or words * width * tokens > 3e9:
            words //= 2
        return net.linear(net.norm(x), words, bias=False)
    if kind < 0.5:
        y = net.op("ReduceMean", [x], (n, width), axes=(1,), keepdims=0)
        return net.linear(y, net.pick((2, 10, 1000)))
    if kind < 0.7:
        y = net.op("Gather", [x, net.constant(np.int64(0))], (n, width), axis=1)
        return net.act(net.linear(y, width), "tanh")
    if kind < 0.8:
        y = net.op("Slice", [x, net.ints(0), net.ints(1), net.ints(1)], (n, 1, width))
        return net.linear(net.op("Squeeze", [y, net.ints(1)], (n, width)), 10)
    return net.norm(x)


def product_net(random: np.random.Generator, small: bool = False) -> bytes:
    """Matrix products of any form, one after the other."""
    net = Net(random)
    rows = net.pick((1, 1, 1, 2, 4, 8, 16, 32, 49, 50, 64, 77, 100, 128, 196, 256, 400, 512, 1024))
    deep = net.between(8, 512 if small else 4096)
    if net.chance(0.7):
        deep = max(8, deep // 16 * 16)
    if small:
        rows = min(rows, 16)
    x = net.input((rows, deep) if net.chance(0.5) else (1, rows, deep))
    ends = []
    for _ in range(int(random.integers(2, 6))):
        depth = x.shape[-1]
        wide = net.between(8, 512 if small else net.pick((1024, 4096, 60_000)))
        if net.chance(0.7):
            wide = max(8, wide // 16 * 16)
        most = 3e5 if small else net.pick((3e7, 1e8, 1e9))
        while rows * depth * wide > most or depth * wide > 2e7:
            wide = max(1, wide // 2)
        y = net.linear(x, wide, net.chance(0.7), opened=net.chance(0.5))
        if wide > 8192:
            ends.append(y)
            continue
        x = net.act(y, net.pick(("", "relu", "gelu", "tanh", "silu", "sigmoid")))
    if net.chance(0.4) and rows > 1 and x.elements < 2e6:
        flat = net.reshape(x, rows, x.shape[-1])
        turned = net.transpose(flat, 1, 0)
        if rows * rows * x.shape[-1] < 2e8:
            ends.append(net.op("MatMul", [flat, turned], (rows, rows)))
    return net.bytes("products", [x, *ends])
