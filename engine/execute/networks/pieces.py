"""Chains of small ops on tensors of any shape: arithmetic, layout, reductions, norms, pools."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from engine.execute.networks.images import batch_norm, pool, resize
from engine.execute.networks.net import Net, Value

BINARY = ("Add", "Add", "Mul", "Mul", "Sub", "Div", "Max", "Min", "Pow")
UNARY = ("Relu", "Sigmoid", "Tanh", "Exp", "Sqrt", "Erf", "Neg", "Abs", "Reciprocal", "HardSigmoid",
         "LeakyRelu", "Clip", "Softplus", "Log", "Sin", "Cos", "Floor", "HardSwish",
         "Elu")  # fmt: skip
REDUCE = ("ReduceMean", "ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL2")
NUMBERS = (1, 2, 3, 4, 6, 7, 8, 10, 12, 14, 16, 24, 28, 32, 40, 48, 49, 56, 64, 77, 80, 96, 100,
           112, 128, 144, 160, 192, 196, 197, 224, 256, 320, 384, 512, 768, 1024)  # fmt: skip


def shape_of(net: Net, rank: int, most: float, least: float = 16) -> tuple[int, ...]:
    """A shape of a rank, its number of elements uniform in the logarithm."""
    wanted = net.between(least, most)
    shape = [1] + [int(net.pick(NUMBERS)) for _ in range(rank - 1)]
    while prod(shape) > wanted * 1.5:
        i = int(net.random.integers(rank))
        shape[i] = max(1, shape[i] // 2)
    while prod(shape) < wanted / 3:
        i = int(net.random.integers(1, rank))
        shape[i] *= 2
    return tuple(shape)


def binary(net: Net, x: Value) -> Value:
    """With another tensor: of the same shape, a vector, a number, or one a channel."""
    kind = net.pick(BINARY)
    rank = len(x.shape)
    forms = [x.shape, (x.shape[-1],), (), (1,)]
    if rank >= 3:
        forms += [(1, x.shape[1], *[1] * (rank - 2)), (*x.shape[:-1], 1)]
    if rank >= 4:
        forms += [(x.shape[0], x.shape[1], *[1] * (rank - 2)), (1, 1, *x.shape[2:])]
    form = forms[0] if net.chance(0.4) else net.pick(forms)
    if kind == "Pow":
        other = net.constant(np.float32(net.pick((2, 0.5, 3))))
    elif form == x.shape and net.chance(0.6):
        other = net.op("Relu", [x], x.shape)
    else:
        other = net.weight(*form, low=0.5)
    pair = [x, other] if kind in ("Pow", "Sub", "Div") or net.chance(0.8) else [other, x]
    return net.op(kind, pair, x.shape)


def layout(net: Net, x: Value) -> Value:
    """Something that moves elements."""
    rank = len(x.shape)
    axis = int(net.random.integers(rank))
    size = x.shape[axis]
    kind = net.pick(("transpose", "transpose", "transpose", "transpose", "concat", "slice", "split",
                     "gather", "pad", "reshape", "expand", "tile", "cast", "depth"))  # fmt: skip
    if kind == "transpose":
        perm = tuple(int(i) for i in net.random.permutation(rank))
        if net.chance(0.5) and rank >= 3:
            perm = net.pick({3: ((0, 2, 1), (1, 0, 2), (2, 0, 1)),
                             4: ((0, 2, 1, 3), (0, 2, 3, 1), (0, 3, 1, 2), (0, 1, 3, 2)),
                             5: ((0, 2, 1, 3, 4), (2, 0, 3, 1, 4), (0, 3, 4, 1, 2)),
                             6: ((0, 1, 3, 2, 4, 5), (0, 2, 4, 1, 3, 5))}[rank])  # fmt: skip
        return net.transpose(x, *perm)
    if kind == "concat" and x.elements < 1_000_000:
        parts = [x, net.op("Relu", [x], x.shape)]
        return net.concat(parts + [x] * net.chance(0.2), axis)
    if kind == "slice" and size > 2:
        step = 2 if net.chance(0.25) else 1
        end = size if step == 2 else max(1, int(size * net.pick((0.25, 0.5, 0.75))))
        shape: Sequence[int] = (*x.shape[:axis], -(-end // step), *x.shape[axis + 1 :])
        operands = [x, net.ints(0), net.ints(end), net.ints(axis), net.ints(step)]
        return net.op("Slice", operands, shape)
    if kind == "split" and size % 2 == 0:
        shape = (*x.shape[:axis], size // 2, *x.shape[axis + 1 :])
        both = net.ops("Split", [x], [shape, shape], axis=axis)
        return net.op("Mul", both, shape)
    if kind == "gather":
        count = max(1, size // 2) if net.chance(0.5) else 1
        index = net.constant(net.random.integers(0, size, count))
        shape = (*x.shape[:axis], count, *x.shape[axis + 1 :])
        return net.op("Gather", [x, index], shape, axis=axis)
    if kind == "pad":
        pads = [0] * (2 * rank)
        pads[rank - 1] = pads[-1] = 1
        shape = (*x.shape[:-1], x.shape[-1] + 2)
        if rank > 2:
            pads[rank - 2] = pads[-2] = 1
            shape = (*x.shape[:-2], x.shape[-2] + 2, x.shape[-1] + 2)
        mode = net.pick(("constant", "constant", "reflect", "edge"))
        if mode == "reflect" and min(x.shape[-2:]) < 2:
            mode = "constant"
        return net.op("Pad", [x, net.ints(*pads)], shape, mode=mode)
    if kind == "expand" and size > 1 and x.elements < 500_000:
        shape = (net.pick((2, 3)), *x.shape[1:]) if x.shape[0] == 1 else x.shape
        return net.op("Expand", [x, net.ints(*shape)], shape)
    if kind == "tile" and x.elements < 500_000:
        times = [1] * rank
        times[axis] = 2
        shape = [n * t for n, t in zip(x.shape, times, strict=True)]
        return net.op("Tile", [x, net.ints(*times)], shape)
    if kind == "cast":
        y = net.op("Cast", [x], x.shape, "int32", to=6)
        return net.op("Cast", [y], x.shape, "float32", to=1)
    if kind == "depth" and rank == 4 and x.shape[1] % 4 == 0:
        n, c, h, w = x.shape
        return net.op("DepthToSpace", [x], (n, c // 4, 2 * h, 2 * w), blocksize=2)
    flat = (x.shape[0], x.elements // max(1, x.shape[0]))
    return net.reshape(net.act(net.reshape(x, *flat), "relu"), *x.shape)


def reduction(net: Net, x: Value) -> Value:
    """A sum or mean along the last axes, the first ones, or the middle; spread again."""
    rank = len(x.shape)
    kind = net.pick(REDUCE)
    options = [(rank - 1,), (rank - 2, rank - 1) if rank > 2 else (rank - 1,), (1,), (rank - 1,)]
    axes = net.pick(options)
    shape = [1 if i in axes else n for i, n in enumerate(x.shape)]
    if kind == "ReduceSum":
        y = net.op(kind, [x, net.ints(*axes)], shape, keepdims=1)
    else:
        y = net.op(kind, [x], shape, axes=axes, keepdims=1)
    return net.op("Sub", [x, y], x.shape)


def norm(net: Net, x: Value) -> Value:
    """A norm of any kind, or a softmax."""
    rank = len(x.shape)
    kind = net.pick(("layer", "layer", "skip", "rms", "softmax", "softmax", "softmax", "batch",
                     "instance", "logsoftmax", "lp"))  # fmt: skip
    if kind == "skip":
        return net.norm(net.add(x, net.op("Relu", [x], x.shape)))
    if kind in ("layer", "rms"):
        return net.norm(x, kind)
    if kind in ("softmax", "logsoftmax"):
        axis = net.pick((-1, -1, -1, 1))
        return net.op("Softmax" if kind == "softmax" else "LogSoftmax", [x], x.shape, axis=axis)
    if kind == "batch" and rank >= 3:
        return batch_norm(net, x)
    if kind == "instance" and rank >= 3:
        both = [x, net.weight(x.shape[1]), net.weight(x.shape[1])]
        return net.op("InstanceNormalization", both, x.shape)
    return net.op("LpNormalization", [x], x.shape, axis=-1, p=2)


def picture(net: Net, x: Value) -> Value:
    """Pools and resizes of [n, c, h, w]."""
    kind = net.pick(("MaxPool", "MaxPool", "AveragePool", "AveragePool", "resize", "resize",
                     "global", "lrn"))  # fmt: skip
    if kind == "resize":
        if x.elements > 300_000:
            return net.act(x, "relu")
        return resize(net, x, net.pick((2, 2, 2, 1.5, 4, 0.5)), net.chance(0.5))
    if kind == "global":
        y = net.op(net.pick(("GlobalAveragePool", "GlobalMaxPool")), [x], (*x.shape[:2], 1, 1))
        return net.mul(x, y)
    if kind == "lrn":
        return net.op("LRN", [x], x.shape, size=5, alpha=1e-4, beta=0.75)
    size, stride, pad = net.pick(((2, 2, 0), (3, 2, 1), (3, 1, 1), (3, 2, 0), (5, 1, 2), (7, 7, 0)))
    if min(x.shape[2:]) + 2 * pad < size:
        return net.act(x, "relu")
    return pool(net, x, kind, size, stride, pad)


def misc(net: Net, x: Value) -> list[Value]:
    """Ops that return something else, at an end: comparisons, searches, running sums."""
    kind = net.pick(("where", "topk", "argmax", "cumsum", "clip"))
    half = net.constant(np.float32(0.5))
    if kind == "where":
        mask = net.op("Greater", [x, half], x.shape, "bool")
        return [net.op("Where", [mask, x, half], x.shape, "float32")]
    if kind == "topk" and x.shape[-1] >= 8:
        shape = (*x.shape[:-1], 5)
        return net.ops("TopK", [x, net.ints(5)], [shape, shape], axis=-1)
    if kind == "argmax":
        y = net.op("ArgMax", [x], (*x.shape[:-1], 1), "int64", axis=len(x.shape) - 1)
        return [net.op("Cast", [y], y.shape, "float32", to=1)]
    if kind == "cumsum":
        return [net.op("CumSum", [x, net.constant(np.int64(1))], x.shape)]
    return [net.op("Clip", [x, net.constant(np.float32(-1)), half], x.shape)]


def pieces_net(random: np.random.Generator, small: bool = False) -> bytes:
    """A chain of small ops."""
    net = Net(random)
    rank = net.pick((2, 3, 3, 4, 4, 4, 5, 6))
    images = rank == 4 and net.chance(0.4)
    most = 20_000 if small else net.pick((100_000, 1_000_000, 3_000_000))
    x = net.input(shape_of(net, rank, most))
    ends: list[Value] = []
    home = net.pick((None, None, binary, layout, norm, reduction))
    for _ in range(int(random.integers(5, 14))):
        rank = len(x.shape)
        if images and rank == 4 and net.chance(0.5):
            x = picture(net, x)
        elif home is not None and net.chance(0.5):
            x = home(net, x)
        else:
            kind = net.random.random()
            if kind < 0.3:
                x = binary(net, x)
            elif kind < 0.5:
                x = net.op("Abs", [x], x.shape) if net.chance(0.3) else x
                x = _unary(net, x)
            elif kind < 0.72:
                x = layout(net, x)
            elif kind < 0.85:
                x = norm(net, x)
            elif kind < 0.95:
                x = reduction(net, x)
            else:
                ends += misc(net, x)
        if x.elements > 4_000_000 or x.elements < 4:
            break
    return net.bytes("pieces", [net.op("Neg", [x], x.shape), *ends])


def _unary(net: Net, x: Value) -> Value:
    kind = net.pick(UNARY)
    if kind in ("Sqrt", "Log", "Reciprocal"):
        x = net.op("Abs", [x], x.shape)
    if kind == "Clip":
        ends = [net.constant(np.float32(0)), net.constant(np.float32(6))]
        return net.op("Clip", [x, *ends], x.shape)
    return net.op(kind, [x], x.shape)
