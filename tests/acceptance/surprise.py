"""A vision transformer that int8 slows down: 24 blocks of 64 wide on 1,024 tokens, 631 nodes.

Its products of two activations are large and its layers small, so rounding everything costs more
than it saves; weights are drawn, as time does not depend on them.
"""

from __future__ import annotations

from tests.builders import Net

BLOCKS, WIDTH, TOKENS = 24, 64, 1024


def _linear(net: Net, x: str, before: int, after: int) -> str:
    return str(net.op("Add", net.op("MatMul", x, net.weight(before, after)), net.weight(after)))


def _attention(net: Net, y: str) -> str:
    """One head, as exporters write it, with the scale on both sides of the product."""
    made = net.constant([1, TOKENS, 3, 1, WIDTH])
    qkv = net.op("Transpose", net.op("Reshape", _linear(net, y, WIDTH, 3 * WIDTH), made),
                 perm=[2, 0, 3, 1, 4])  # fmt: skip
    q, k, v = (net.op("Gather", qkv, net.constant(i), axis=0) for i in range(3))
    scale = net.constant(WIDTH**-0.25, "float32")
    turned = net.op("Transpose", k, perm=[0, 1, 3, 2])
    scores = net.op("MatMul", net.op("Mul", q, scale), net.op("Mul", turned, scale))
    y = net.op("MatMul", net.op("Softmax", scores, axis=-1), v)
    y = net.op("Transpose", y, perm=[0, 2, 1, 3])
    return _linear(net, net.op("Reshape", y, net.constant([1, TOKENS, WIDTH])), WIDTH, WIDTH)


def _norm(net: Net, x: str) -> str:
    return str(net.op("LayerNormalization", x, net.positive(WIDTH), net.weight(WIDTH), axis=-1))


def vision_transformer() -> bytes:
    """The file."""
    net, side = Net("vision_transformer"), int(TOKENS**0.5)
    x = net.input("x", (1, 3, 4 * side, 4 * side))
    x = net.op("Conv", x, net.weight(WIDTH, 3, 4, 4), net.weight(WIDTH), strides=[4, 4])
    x = net.op("Reshape", x, net.constant([1, WIDTH, TOKENS]))
    x = net.op("Add", net.op("Transpose", x, perm=[0, 2, 1]), net.weight(1, TOKENS, WIDTH))
    for _ in range(BLOCKS):
        x = net.op("Add", x, _attention(net, _norm(net, x)))
        y = net.op("Gelu", _linear(net, _norm(net, x), WIDTH, 4 * WIDTH))
        x = net.op("Add", x, _linear(net, y, 4 * WIDTH, WIDTH))
    y = net.op("ReduceMean", _norm(net, x), net.constant([1]), keepdims=0)
    net.output(net.op("Gemm", y, net.weight(WIDTH, 10), net.weight(10)))
    return net.bytes()
