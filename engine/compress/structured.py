"""Remove whole channels: what really makes a model faster.

A channel of one layer is a channel of all that is computed from it element by element: a residual
sum, a norm, a gate that multiplies (squeeze and excite).  So channels are first put into sets that
must go together (union-find over the nodes), then the least important of each set are cut out of
every tensor that has them.  A set stays whole when one of its channels is an output of the model
or passes an operator that is not known to keep channels apart (a softmax, a transposition, a split
into heads).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.compress.layers import chosen, layers
from engine.compress.prune import some
from engine.compress.spec import Change, Made
from engine.errors import EngineError
from engine.formats import Channels, Network, Place, trace_channels

NOTE = "paredown.channels"


def prune_channels(model: bytes, values: Mapping[str, Any]) -> Made:
    """Remove the output channels of least norm, with all that depends on them.

    Args:
        model: bytes of an ONNX file.
        values: `amount` (share of channels), `multiple` (channels stay a multiple of it), and
            `spec.WHICH`.

    Raises:
        EngineError: no layer is selected, or no channel can go.
    """
    picked = some(chosen(layers(Network(model)), values))
    asked = {layer.output: float(values["amount"]) for layer in picked}
    return remove(model, asked, int(values["multiple"]))


def remove(model: bytes, asked: Mapping[str, float], multiple: int = 1) -> Made:
    """Remove channels layer by layer; of layers that share channels the least share counts.

    Args:
        model: bytes of an ONNX file.
        asked: what a layer makes -> share of its channels.
        multiple: channels that stay are a multiple of it.

    Raises:
        EngineError: no channel can go.
    """
    network = Network(model)
    traced = trace_channels(network)
    names = {layer.output: layer.node for layer in layers(network) if layer.role == "weight"}
    gone: dict[int, NDArray[np.bool_]] = {}
    notes = []
    for root, makers in sorted(traced.makers().items()):
        wanted = [m for m in makers if m in asked]
        if not wanted:
            continue
        label = names.get(wanted[0], wanted[0])
        if reason := traced.stays(root):
            notes.append(f"{label}: {reason}.")
            continue
        if others := [m for m in makers if m not in asked]:
            other = names.get(others[0], others[0])
            notes.append(f"{label}: its channels are those of {other} too, which keeps all.")
            continue
        size = traced.size(root)
        left = size - int(min(asked[m] for m in wanted) * size + 1e-9)
        left = min(size, max(multiple, -(-left // multiple) * multiple))
        if left < size:
            order = np.argsort(_importance(network, traced, root), kind="stable")
            mask = np.zeros(size, bool)
            mask[order[: size - left]] = True
            gone[root] = mask
    if not gone:
        raise EngineError("no channel can be removed", found=notes[0] if notes else "",
                          try_this="select other layers, or single weights")  # fmt: skip
    changes = _cut(network, traced, gone)
    _remember(network, traced, gone)
    network.forget_shapes()
    return Made(network.bytes(), changes, tuple(notes))


def kept_channels(network: Network) -> dict[str, list[int]]:
    """Channels of the first model that are left: what a layer makes -> their places there.

    What no channel went from is not named.
    """
    try:
        noted = json.loads(network.noted(NOTE) or "{}")
        return {str(k): [int(i) for i in v] for k, v in noted.items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def _importance(network: Network, traced: Channels, root: int) -> NDArray[np.float64]:
    """Norm of the weights that make a channel, as a share of the layer's, summed over layers."""
    total = np.zeros(traced.size(root))
    for place in traced.places:
        if not place.makes or not any(traced.find(s) == root for s in place.segments):
            continue
        array = np.moveaxis(network.array(place.tensor).astype(np.float64), place.axis, 0)
        norms = np.sqrt((array.reshape(len(array), -1) ** 2).sum(axis=1))
        total += norms / (norms.sum() or 1.0)
    return total


def _cut(
    network: Network, traced: Channels, gone: Mapping[int, NDArray[np.bool_]]
) -> tuple[Change, ...]:
    changes = {}
    for place in traced.places:
        mask = _mask(traced, place, gone)
        if not mask.any():
            continue
        array = network.array(place.tensor)
        if array.shape[place.axis] != len(mask):
            raise EngineError("its channels cannot be followed", place.tensor[:200])
        network.put(place.tensor, np.compress(~mask, array, axis=place.axis))
        shape = "×".join(map(str, network.shape(place.tensor)))
        if place.weight:
            changes[place.tensor] = Change(place.tensor, place.node, f"now {shape}", 0.0)
    for node in network.nodes:
        if node.output and node.output[0] in traced.groups:
            segment = traced.groups[node.output[0]]
            whole = gone.get(traced.find(segment))
            if whole is not None:
                for entry in node.attribute:
                    if entry.name == "group":
                        entry.i = int((~whole).sum())
    return tuple(changes.values())


def _mask(
    traced: Channels, place: Place, gone: Mapping[int, NDArray[np.bool_]]
) -> NDArray[np.bool_]:
    parts = []
    for segment in place.segments:
        root = traced.find(segment)
        mask = gone.get(root, np.zeros(traced.size(root), bool))
        parts.append(np.repeat(mask, place.repeat))
    return np.concatenate(parts) if parts else np.zeros(0, bool)


def _remember(network: Network, traced: Channels, gone: Mapping[int, NDArray[np.bool_]]) -> None:
    kept = kept_channels(network)
    made = [(maker, root) for root, makers in traced.makers().items() for maker in makers]
    made += [(maker, traced.find(segment)) for maker, segment in traced.groups.items()]
    for maker, root in made:
        if root in gone:
            before = kept.get(maker, list(range(len(gone[root]))))
            kept[maker] = [i for i, g in zip(before, gone[root], strict=True) if not g]
    network.note(NOTE, json.dumps(kept))
