"""Give a compressed model back what it lost, without training: on samples without labels.

Norms: running mean and variance are measured anew.  Least squares: layer by layer, the weights
that are left are refitted so that the layer makes, from what it now reads, what it made before
compression: min Σ ‖x W − y‖² + λ ‖W − W₀‖² over the weights that are not zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.compress.data import Samples
from engine.compress.layers import Layer, chosen, layers
from engine.compress.prune import moved, some
from engine.compress.runner import Arrays, Runner, batches
from engine.compress.solve import Product, product_of, refitted
from engine.compress.spec import Change, Made
from engine.compress.structured import kept_channels
from engine.errors import EngineError
from engine.formats import Network

FEW = 256  # different values of a kernel from which it is no palette
ROWS = 4  # rows of samples for each weight of a channel: more change nothing measurable


def repair_norms(model: bytes, values: Mapping[str, Any], samples: Samples) -> Made:
    """Measure the running mean and variance of each batch norm anew, one after the other.

    Args:
        model: bytes of an ONNX file, its norms not folded.
        values: `strength`: share of the measured figures in the new ones.
        samples: like what the model will see; a one-sided set harms.

    Raises:
        EngineError: the model has no batch norm with stored figures.
    """
    network = Network(model)
    stored = set(network.weights)
    norms = [
        (i, n) for i, n in enumerate(network.nodes)
        if n.op_type == "BatchNormalization" and stored.issuperset(n.input[1:5])
    ]  # fmt: skip
    if not norms:
        raise EngineError(
            "the model has no batch norms",
            try_this="repair by least squares; norms that were folded are gone",
        )
    found = list(batches(samples.inputs, network.inputs))
    strength = float(values["strength"])
    changes = []
    for _, node in norms:
        count, total, square = 0, np.zeros(0), np.zeros(0)
        for made in _runs(network, node.input[0], found):
            flat = np.moveaxis(made, 1, -1).reshape(-1, made.shape[1]).astype(np.float64)
            total = flat.sum(axis=0) + (total if count else 0)
            square = (flat**2).sum(axis=0) + (square if count else 0)
            count += len(flat)
        mean = total / count
        variance = np.maximum(square / count - mean**2, 0)
        for name, value in ((node.input[3], mean), (node.input[4], variance)):
            before = network.array(name)
            after = ((1 - strength) * before + strength * value).astype(before.dtype)
            network.put(name, after)
            changes.append(Change(name, node.name, "measured anew", 0.0, 0, moved(before, after)))
    return Made(network.bytes(), tuple(changes))


def repair_layers(model: bytes, values: Mapping[str, Any], samples: Samples, base: bytes) -> Made:
    """Refit the weights that are left, layer by layer, to what the model before compression made.

    Args:
        model: bytes of an ONNX file.
        values: `ridge` (λ as a share of the mean square of what is read), `seed`, `spec.WHICH`.
        samples: like what the model will see.
        base: the model before compression, with the same names.

    Raises:
        EngineError: no layer is selected.
    """
    network, before = Network(model), Network(base)
    kept = kept_channels(network)
    known = {t for n in before.nodes for t in n.output}
    nodes = {n.output[0]: n for n in network.nodes if n.output}
    found = list(batches(samples.inputs, network.inputs))
    random = np.random.default_rng(int(values["seed"]))
    changes, notes = [], []
    for layer in some(chosen(layers(network), values)):
        product = product_of(network, nodes[layer.output])
        reason = "" if layer.output in known else "the model before compression has no such layer"
        reason = reason or _why_not(network, layer, product)
        if reason or product is None:
            notes.append(f"{layer.node}: {reason}.")
            continue
        weight = network.array(layer.tensor)
        rows, made = _pairs(network, before, product, kept.get(layer.output), found, random)
        if made.shape[-1] != product.channels or not len(rows):
            notes.append(f"{layer.node}: its channels cannot be told from those before.")
            continue
        fitted, bias = refitted(product, weight, rows, made, float(values["ridge"]))
        after = fitted.astype(weight.dtype)
        network.put(layer.tensor, after)
        if product.bias:
            network.put(product.bias, bias.astype(weight.dtype))
        changes.append(Change(layer.tensor, layer.node, "refitted", float(np.mean(after == 0)),
                              error=moved(weight, after)))  # fmt: skip
    return Made(network.bytes(), tuple(changes), tuple(notes))


def _why_not(network: Network, layer: Layer, product: Product | None) -> str:
    if product is None:
        return "it is no convolution or linear layer with weights in the file"
    array = network.array(layer.tensor)
    left = array[array != 0]
    distinct = len(np.unique(left))
    if distinct <= FEW and left.size > 4 * distinct:
        return "its weights are a palette, which a refit would undo"
    return ""


def _runs(network: Network, name: str, found: Sequence[Arrays]) -> Sequence[NDArray[Any]]:
    """What a tensor holds, batch by batch."""
    if name in network.inputs:
        return [feeds[name] for feeds in found]
    runner = Runner(network.cut([name]))
    return [runner(feeds)[name] for feeds in found]


def _pairs(
    network: Network, before: Network, product: Product, kept: Sequence[int] | None,
    found: Sequence[Arrays], random: np.random.Generator,
) -> tuple[NDArray[Any], NDArray[Any]]:  # fmt: skip
    """What a layer reads now and what it made before, at the same places, some of all.

    Returns:
        [rows, groups, depth] and [rows, channels].
    """
    reads = _runs(network, product.reads, found)
    makes = _runs(before, product.makes, found)
    wanted = ROWS * product.depth + 2048
    each = max(1, -(-wanted // len(found)))
    left, right = [], []
    for x, y in zip(reads, makes, strict=True):
        y = product.flat_output(y)
        if kept is not None and max(kept, default=-1) < y.shape[1]:
            y = y[:, list(kept)]
        at = np.sort(random.permutation(len(y))[:each])
        left.append(product.rows(x, at))
        right.append(y[at])
    return np.concatenate(left), np.concatenate(right)
