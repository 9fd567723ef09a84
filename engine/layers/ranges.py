"""Sums and joins in a quantized file whose operands have very different ranges.

Both are brought to one scale.  An operand whose whole range spans a few steps of that scale is
rounded to a few values, whatever its own 8 bits could tell.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.behaviors import Finding, Remedy, amount
from engine.formats import Network

STEPS = 256  # of 8 bits
FEW = 8.0  # steps of the result below which an operand is told too coarsely
_MEETINGS = frozenset({"Add", "Sub", "Concat"})
_BYTES = frozenset({"int8", "uint8"})
_THROUGH = frozenset({"Relu", "Clip"})


def narrow_sums(network: Network) -> Finding | None:
    """What stands out in a model in QDQ form; None where nothing does."""
    steps = operands(network)
    few = {name: least for name, least in steps.items() if least < FEW}
    if not few:
        return None
    names = sorted(few, key=lambda n: few[n])
    rest = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return Finding(
        "ranges", tuple(names),
        (amount("Steps that the smaller operand spans", few[names[0]]),),
        f"Values of very different size meet at {names[0]}{rest}: in 8 bits the smaller operand "
        f"spans {few[names[0]]:.2g} of {STEPS} steps, so most of it is rounded away.",
        Remedy("quantize_static", {"between": "no"}, "before", "Keep sums in floats",
               "Layers stay in 8 bits; what meets is added as it is."), few,
    )  # fmt: skip


def operands(network: Network) -> dict[str, float]:
    """What a sum or a join of quantized tensors makes -> steps that its smallest operand spans.

    An operand spans 256 of its own steps, so 256 × its scale / the result's scale of the result's.
    """
    stored = set(network.weights)
    made = {t: n for n in network.nodes for t in n.output}
    readers: dict[str, list[Any]] = {}
    for node in network.nodes:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    found = {}
    for node in network.nodes:
        if node.op_type not in _MEETINGS:
            continue
        scales = [_scale(network, made.get(t), stored) for t in node.input]
        if len(scales) < 2 or not all(scales):
            continue
        if result := _behind(network, node, readers, stored):
            found[node.output[0]] = float(STEPS * min(scales) / result)
    return found


def _scale(network: Network, node: Any, stored: set[str]) -> float:
    """Scale of an activation that DequantizeLinear gives; 0 where it is no such thing."""
    if node is None or node.op_type != "DequantizeLinear" or node.input[0] in stored:
        return 0.0
    return _number(network, node, stored)


def _behind(network: Network, node: Any, readers: dict[str, list[Any]], stored: set[str]) -> float:
    """Scale in which a result is stored; 0 where it stays in floats."""
    at = node
    while True:
        after = readers.get(at.output[0], [])
        if len(after) != 1:
            return 0.0
        at = after[0]
        if at.op_type == "QuantizeLinear":
            return _number(network, at, stored)
        if at.op_type not in _THROUGH:
            return 0.0


def _number(network: Network, node: Any, stored: set[str]) -> float:
    """Scale of a tensor in 8 bits; 0 where it is stored in others, or by channels."""
    name, zero = node.input[1], node.input[2] if len(node.input) > 2 else ""
    if zero in stored and network.dtype(zero) not in _BYTES:
        return 0.0
    value = np.asarray(network.array(name)) if name in stored else np.zeros(0)
    return float(value.reshape(-1)[0]) if value.size == 1 else 0.0
