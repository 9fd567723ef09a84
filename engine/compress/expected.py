"""What weights should take in a packed file, by the cost model's formula, before it is packed.

The state of each weight is followed from operation to operation: how many there are, the share of
zeros, the bits of a value, its table or scales.  `cost.layout_bits` says what that takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine.compress.codec import FURTHER, NODES
from engine.compress.layers import layers
from engine.compress.packing import SMALL
from engine.compress.quantize import block_of
from engine.compress.spec import Made
from engine.cost import layout_bits
from engine.formats import Network

_SCALE, _FINE_SCALE = 4.0, 2.0  # bytes: fp32 a channel, fp16 a block
# Share of zeros from which a weight may be laid out by bits or gaps, as `codec.best` has it.
_LEAST_ZEROS = 1 / 8


@dataclass(frozen=True, slots=True)
class Held:
    """One weight.

    Args:
        zeros: share of zeros; bits: of a value; side: bytes of its table or scales.
        values: how they are stored, a word of `codec.Values`.
    """

    zeros: float = 0.0
    bits: float = 32.0
    side: float = 0.0
    values: str = "raw"


State = Mapping[str, Held]


def after(state: State, operation: str, values: Mapping[str, Any], made: Made) -> dict[str, Held]:
    """The state of the weights after an operation, from what it says it did."""
    network, found = Network(made.model), dict(state)
    known = {y.tensor: y for y in layers(network)}
    for change in made.changes:
        name, was = change.tensor, found.get(change.tensor, Held())
        if name in known and known[name].role not in ("weight", "embed"):
            continue  # norms and biases are not packed
        if operation in ("prune", "prune_pattern"):
            found[name] = replace(was, zeros=change.zeros)
        elif operation == "repair_layers":
            found[name] = Held(change.zeros)
        elif operation == "palettize":
            entries = min(2 ** int(values["bits"]), change.distinct or 256)
            found[name] = Held(was.zeros, float(values["bits"]), entries * 4.0, "table")
        elif operation == "quantize_weights" and name in known:
            bits, shape = int(values["bits"]), network.shape(name)
            channels = shape[known[name].out_axis or 0] if shape else 1
            count = float(np.prod(shape))
            blocks = count / block_of(int(count / channels)) * _FINE_SCALE
            side = {16: 0.0, 8: channels * _SCALE, 4: blocks}[bits]
            word = {16: "half", 8: "grid8", 4: "grid4"}[bits]
            found[name] = Held(was.zeros, float(bits), side, word)
        elif operation in ("quantize_static", "quantize_dynamic"):
            found[name] = Held(was.zeros, 8.0)  # its scales are tensors of their own
        elif operation == "quantize_half":
            found[name] = Held(was.zeros, 16.0)
        elif operation == "restore":
            found[name] = Held(change.zeros)
    return found


def expected_bytes(model: bytes, state: State) -> float:
    """Bytes of all stored tensors of a dense model, once it is packed."""
    network = Network(model)
    total = 0.0
    for name in network.weights:
        held = state.get(name.removesuffix("_quantized"))
        count = int(np.prod(network.shape(name)))
        if held is None or count < SMALL:
            total += network.stored_bytes(name)
            continue
        total += _packed(count, network.stored_bytes(name), held)
    return total


def _packed(count: int, dense: float, held: Held) -> float:
    """Bytes of a weight in the way that takes the fewest, what its nodes take included."""
    ways = [(dense, 0)]
    for bits, side, values in ((held.bits, held.side, held.values), (32.0, 0.0, "raw")):
        nodes = FURTHER[values]
        ways.append((count * bits / 8 + side, nodes))
        if held.zeros > _LEAST_ZEROS:
            laid = layout_bits(np.array([bits]), np.array([held.zeros]))
            ways += [
                (count * float(b[0]) / 8 + side, nodes + NODES[word])
                for b, word in zip(laid, ("bits", "gaps"), strict=True)
            ]
    return min(ways, key=lambda way: way[0] + way[1])[0]
