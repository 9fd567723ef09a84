"""Mean and spread of each channel of a layer's output, model beside base."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.formats import Network
from engine.layers.lockstep import LockStep
from engine.layers.sums import Floats
from engine.layers.tensors import same_outputs

# What follows a layer and handles each number, or each channel, alone.
ALONE = frozenset({"BatchNormalization", "Relu", "LeakyRelu", "PRelu", "Clip", "HardSwish", "Elu",
                   "Gelu", "Softplus"})  # fmt: skip
_CHANNELS_SECOND = frozenset({"Conv", "ConvTranspose", "BatchNormalization"})


@dataclass(frozen=True, slots=True)
class Channels:
    """Channels of one tensor over samples and places.

    Args:
        base, model: [channels] standard deviations; base_size: [channels] mean sizes |b|.
    """

    base: Floats
    model: Floats
    base_size: Floats


def axis_of(network: Network, tensor: str) -> int | None:
    """Axis of the channels of what a node makes: 1 behind convolutions, the last one of products.

    None where it is not known.
    """
    made = {t: n for n in network.nodes for t in n.output}
    node = made.get(tensor)
    while node is not None and node.op_type in ALONE and node.op_type not in _CHANNELS_SECOND:
        node = made.get(node.input[0])
    if node is None:
        return None
    if node.op_type in _CHANNELS_SECOND:
        return 1
    return -1 if node.op_type in ("MatMul", "Gemm") else None


def chains(network: Network, starts: tuple[str, ...]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """What norms and activations make of a layer's output alone.

    Args:
        network: the model.
        starts: outputs of layers.

    Returns:
        Output of a layer -> (the last tensor of the chain behind it, what its nodes read besides).
    """
    readers: dict[str, list[Any]] = {}
    for node in network.nodes:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    out, found = set(network.outputs), {}
    for start in starts:
        at, beside = start, list[str]()
        while at not in out and len(readers.get(at, ())) == 1 and readers[at][0].input[0] == at:
            node = readers[at][0]
            if node.op_type not in ALONE:
                break
            beside += [t for t in node.input[1:] if t]
            at = node.output[0]
        found[start] = at, tuple(beside)
    return found


def channels(
    base: bytes, model: bytes, wanted: Mapping[str, int], inputs: Mapping[str, NDArray[Any]]
) -> dict[str, Channels]:
    """Channels of tensors that both models make; others are left out.

    Args:
        base: bytes of an ONNX file.
        model: bytes of an ONNX file.
        wanted: tensor of the base -> axis of its channels.
        inputs: name -> [samples, …].

    Raises:
        EngineError: a model does not run, or there is nothing to run.
    """
    ours, theirs = Network(base), Network(model)
    pairs = {b: x for b, x in same_outputs(ours, theirs).items() if b in wanted}
    if not pairs:
        return {}
    sums: dict[str, NDArray[np.float64]] = {}
    counts: dict[str, int] = {}
    steps = LockStep(ours, theirs, base == model, pairs, inputs)
    with ThreadPoolExecutor(2) as pool:
        for _, made in steps.runs(pool, lambda made, _: made):
            for name, (b, x) in made.items():
                if b.shape != x.shape or b.dtype.kind != "f" or b.ndim < 2:
                    continue
                rows = [np.moveaxis(a, wanted[name], -1).reshape(-1, a.shape[wanted[name]])
                        .astype(np.float64) for a in (b, x)]  # fmt: skip
                add = np.stack([*(f(r) for r in rows for f in (_sum, _square)),
                                _sum(np.abs(rows[0]))])  # fmt: skip
                sums[name] = sums[name] + add if name in sums else add
                counts[name] = counts.get(name, 0) + len(rows[0])
    return {name: _of(s / counts[name]) for name, s in sums.items()}


def _sum(a: Floats) -> Floats:
    return np.asarray(a.sum(axis=0))


def _square(a: Floats) -> Floats:
    return np.asarray(np.einsum("ij,ij->j", a, a))


def _of(means: Floats) -> Channels:
    """From means of b, b², x, x² and |b| by channel."""
    base, base_square, model, square, size = means
    return Channels(_spread(base, base_square), _spread(model, square), size)


def _spread(mean: Floats, square: Floats) -> Floats:
    """Standard deviations; what rounding alone makes of a constant counts as none."""
    variance = square - mean**2
    return np.sqrt(np.where(variance > 1e-10 * square, variance, 0.0))
