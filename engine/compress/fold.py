"""Fold batch norms into the convolutions before them, as it is done before quantizing.

y = γ (Wx + b − μ) / √(σ² + ε) + β, so W' = W γ / √(σ² + ε) and b' = (b − μ) γ / √(σ² + ε) + β.
The convolution then makes what the norm made, under the norm's name; the name in between is gone.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from engine.formats import Network, attribute


def fold_norms(network: Network) -> int:
    """Fold what can be folded; the number of norms that are gone.

    A norm stays when something else reads the convolution, when its figures are not stored, or
    when the convolution shares its weights.
    """
    readers = Counter(t for node in network.nodes for t in node.input)
    readers.update(network.outputs)
    readers.update(network.held())
    stored = set(network.weights)
    makers: dict[str, Any] = {t: node for node in network.nodes for t in node.output}
    gone: dict[str, str] = {}  # what the convolution made -> what it makes now
    drop: set[int] = set()
    for at, norm in enumerate(network.nodes):
        if norm.op_type != "BatchNormalization" or attribute(norm, "training_mode", 0):
            continue
        conv = makers.get(norm.input[0])
        if conv is None or conv.op_type not in ("Conv", "ConvTranspose"):
            continue
        if readers[conv.output[0]] != 1 or not stored.issuperset(
            [*conv.input[1:], *norm.input[1:]]
        ):
            continue
        grouped = conv.op_type == "ConvTranspose" and attribute(conv, "group", 1) > 1
        if grouped or any(readers[t] != 1 for t in (conv.input[1], norm.input[2])):
            continue
        _fold(network, conv, norm)
        gone[conv.output[0]] = norm.output[0]
        drop.add(at)
    if not drop:
        return 0
    nodes = [node for i, node in enumerate(network.nodes) if i not in drop]
    for node in nodes:
        if node.output and node.output[0] in gone:
            node.output[0] = gone[node.output[0]]
    network.replace(nodes)
    network.forget_shapes()
    left = {t for node in network.nodes for t in node.input} | network.held()
    network.drop([w for w in network.weights if w not in left and w not in network.outputs])
    return len(drop)


def _fold(network: Network, conv: Any, norm: Any) -> None:
    scale, shift, mean, variance = (network.array(t).astype(np.float64) for t in norm.input[1:5])
    factor = scale / np.sqrt(variance + attribute(norm, "epsilon", 1e-5))
    weight = network.array(conv.input[1])
    shape = [1] * weight.ndim
    shape[1 if conv.op_type == "ConvTranspose" else 0] = -1
    network.put(conv.input[1], (weight * factor.reshape(shape)).astype(weight.dtype))
    bias = network.array(conv.input[2]).astype(np.float64) if len(conv.input) > 2 else 0.0
    # The norm's shift becomes the bias and keeps its name: nothing else reads it.
    network.put(norm.input[2], ((bias - mean) * factor + shift).astype(weight.dtype))
    if len(conv.input) > 2:
        conv.input[2] = norm.input[2]
    else:
        conv.input.append(norm.input[2])
