"""Networks and samples that the tests of compression share."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

import numpy as np

from engine import compress
from tests.builders import Net, conv_bn_relu

ROOT = Path(__file__).parents[3]


@cache
def digits() -> bytes:
    """The demo's model: 11 convolutions with norms, residual sums, depthwise layers."""
    return gzip.decompress((ROOT / "dashboard/demo/digits_cnn.onnx.gz").read_bytes())


@cache
def strokes(count: int = 64, seed: int = 0) -> compress.Samples:
    """Blurred strokes of the size of the demo's images."""
    random = np.random.default_rng(seed)
    images = np.zeros((count, 1, 32, 32), np.float32)
    for image in images:
        at, step = random.integers(8, 24, 2).astype(float), random.normal(size=2)
        for _ in range(24):
            x, y = np.clip(at, 1, 30).astype(int)
            image[0, x - 1 : x + 2, y - 1 : y + 2] += 0.3
            step += random.normal(size=2) * 0.4
            at += step / np.linalg.norm(step)
    return compress.samples(digits(), {"image": np.clip(images, 0, 1)})


def small(opset: int = 20, batch: int | str = "n", seed: int = 0) -> bytes:
    """Conv + norm + relu, a residual, a pool, a linear layer: [batch, 3, 8, 8] -> [batch, 4]."""
    net = Net("small", opset, seed)
    x = conv_bn_relu(net, net.input("x", (batch, 3, 8, 8)), 3, 8)
    y = conv_bn_relu(net, x, 8, 8)
    x = net.op("Relu", net.op("Add", x, y))
    x = net.op("Flatten", net.op("GlobalAveragePool", x))
    net.output(net.op("Gemm", x, net.weight(4, 8, name="w"), net.weight(4), transB=1, name="last"))
    return net.bytes()


def noise(model: bytes, count: int = 16, seed: int = 0) -> compress.Samples:
    """Random samples of a model's shape."""
    from engine.formats import Network

    random = np.random.default_rng(seed)
    arrays = {
        name: random.standard_normal((count, *(d if isinstance(d, int) else 4 for d in dims[1:])))
        for name, (_, dims) in Network(model).inputs.items()
    }
    return compress.samples(model, arrays)
