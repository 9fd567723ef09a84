"""What each stored tensor is for: its role, the layer that reads it, where its channels are.

Roles: "weight" (of a convolution, a linear or a recurrent layer), "embed" (rows that are looked
up), "norm" (scale and shift of a normalization), "stat" (its running mean and variance), "bias",
"quant" (scales and zero points), "other".  Operations change weights only unless told otherwise.
"""

from __future__ import annotations

import fnmatch
import re
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from engine.formats import Network, attribute

ROLES: Mapping[str, str] = MappingProxyType(
    {
        "weight": "weights", "embed": "embeddings", "norm": "norms", "stat": "running statistics",
        "bias": "biases", "other": "other parameters",
    }
)  # fmt: skip
_NORMS = frozenset({"BatchNormalization", "LayerNormalization", "InstanceNormalization",
                    "GroupNormalization", "RMSNormalization", "SimplifiedLayerNormalization",
                    "SkipLayerNormalization", "SkipSimplifiedLayerNormalization"})  # fmt: skip
_CONVS = frozenset({"Conv", "ConvTranspose"})
_LINEAR = frozenset({"Gemm", "MatMul"})
_RECURRENT = frozenset({"LSTM", "GRU", "RNN"})
_FLOATS = frozenset({"float32", "float16", "float64"})
# Between a stored tensor and its reader; they hand on the same values.
_RELAYS = frozenset({"Transpose", "Reshape", "Identity", "Squeeze", "Unsqueeze", "Flatten"})


@dataclass(frozen=True, slots=True)
class Layer:
    """A stored tensor with its role.

    Args:
        tensor: name in the file.
        role: see above.
        node: name of the first node that reads it, its output where it has no name.
        output: what that node makes first.
        op: its type.
        shape: sizes of the tensor.
        out_axis: axis of the output channels; None where it is not known.
        in_axis: axis of the input channels (of a group).
        depthwise: a convolution whose every group has one input channel.
        first, last: no weight lies before, or after it.
        held: read by the body of a control flow, so that it must stay.
    """

    tensor: str
    role: str
    node: str
    output: str
    op: str
    shape: tuple[int, ...]
    out_axis: int | None = None
    in_axis: int | None = None
    depthwise: bool = False
    first: bool = False
    last: bool = False
    held: bool = False


def layers(network: Network) -> tuple[Layer, ...]:
    """Every floating-point tensor of the main graph that has a reader, in execution order."""
    held, ranks = network.held(), network.ranks()
    products = {t for node in network.nodes if node.op_type == "MatMul" for t in node.output}
    roots: dict[str, tuple[str, tuple[str, ...]]] = {
        n: (n, ()) for n in network.weights if network.dtype(n) in _FLOATS
    }
    found: dict[str, Layer] = {}
    for node in network.nodes:
        at = node.input[0] if node.input else ""
        if node.op_type in _RELAYS and at in roots:
            root, path = roots[at]
            roots[node.output[0]] = root, (*path, _relay(node))
            if node.op_type in ("Transpose", "Identity"):
                ranks.setdefault(node.output[0], ranks[at])
            continue
        for place, name in enumerate(node.input):
            if name not in roots:
                continue
            root, path = roots[name]
            role, out_axis, in_axis = _role(node, place, ranks, products)
            shape = network.shape(root)
            out_axis, in_axis = (_back(axis, path) for axis in (out_axis, in_axis))
            groups = attribute(node, "group", 1) if node.op_type in _CONVS else 1
            if root not in found or (found[root].role == "other" and role != "other"):
                found[root] = Layer(
                    root, role, node.name or node.output[0], node.output[0], node.op_type, shape,
                    out_axis, in_axis,
                    depthwise=role == "weight" and groups > 1 and shape[1] == 1,
                    held=root in held,
                )  # fmt: skip
    return _ends(network, found, roots)


def _relay(node: Any) -> str:
    if node.op_type == "Transpose":
        perm = attribute(node, "perm")
        return ",".join(map(str, perm)) if perm else "reversed"
    return "same" if node.op_type == "Identity" else "lost"


def _back(axis: int | None, path: tuple[str, ...]) -> int | None:
    """An axis of what a node reads, as an axis of what is stored before relays."""
    for step in reversed(path):
        if axis is None or step == "lost":
            return None
        if step == "reversed":
            axis = 1 - axis  # perm may be left out only where it says nothing else of two axes
        elif step != "same":
            axis = int(step.split(",")[axis])
    return axis


def _role(
    node: Any, place: int, ranks: Mapping[str, int], products: Container[str]
) -> tuple[str, int | None, int | None]:
    """Role of an operand, and its axes of output and input channels."""
    op, rank = node.op_type, ranks.get(node.input[place])
    if op in _CONVS and place == 1:
        if op == "ConvTranspose":  # its second axis counts one group only
            return "weight", (1 if attribute(node, "group", 1) == 1 else None), 0
        return "weight", 0, 1
    if op == "Gemm" and place == 1:
        return "weight", *((0, 1) if attribute(node, "transB", 0) else (1, 0))
    if op in _LINEAR and place in (0, 1) and rank != 1:
        if rank is None or op == "Gemm":
            return "weight", None, None
        pair = (rank - 1, rank - 2)
        return "weight", *(pair if place == 1 else pair[::-1])
    if op in _RECURRENT:
        return ("weight", 1, 2) if place in (1, 2) else ("bias", None, None)
    if op == "Gather" and place == 0:
        return "embed", None, None
    if op in _NORMS:
        return ("stat" if op == "BatchNormalization" and place > 2 else "norm"), None, None
    if op in _CONVS or op == "Gemm":
        return "bias", None, None
    if op in ("QuantizeLinear", "DequantizeLinear"):
        return "quant", None, None
    if op == "Add" and rank is not None and rank <= 1 and any(t in products for t in node.input):
        return "bias", None, None
    return "other", None, None


def _ends(
    network: Network, found: Mapping[str, Layer], roots: Mapping[str, tuple[str, tuple[str, ...]]]
) -> tuple[Layer, ...]:
    """The layers with `first` and `last` set."""

    def weighs(node: Any) -> list[str]:
        reads = [roots[t][0] for t in node.input if t in roots]
        return [r for r in reads if r in found and found[r].role == "weight"]

    after: set[str] = set()  # tensors behind a weight
    first: set[str] = set()
    for node in network.nodes:
        own = weighs(node)
        behind = any(t in after for t in node.input)
        if own and not behind:
            first.update(own)
        if own or behind:
            after.update(node.output)
    before: set[str] = set()
    last: set[str] = set()
    for node in reversed(network.nodes):
        own = weighs(node)
        ahead = any(t in before for t in node.output)
        if own and not ahead:
            last.update(own)
        if own or ahead:
            before.update(node.input)
    made = []
    for layer in found.values():
        weight = layer.role == "weight"
        ends = weight and layer.tensor in first, weight and layer.tensor in last
        made.append(replace(layer, first=ends[0], last=ends[1]))
    return tuple(made)


def chosen(
    found: Iterable[Layer], values: Mapping[str, Any], roles: Iterable[str] = ("weight",)
) -> tuple[Layer, ...]:
    """The layers that an operation's parameters `spec.WHICH` select.

    Args:
        found: of `layers`.
        values: parameters of the operation.
        roles: that it changes at all.
    """
    wanted = set(roles)
    if values.get("include_norms"):
        wanted |= {"norm", "bias", "other"}
    only, skip = (_pattern(values.get(key, ())) for key in ("only", "skip"))
    return tuple(
        layer
        for layer in found
        if layer.role in wanted
        and not layer.held
        and (only is None or any(only.match(n) for n in (layer.node, layer.tensor, layer.output)))
        and not (skip and any(skip.match(n) for n in (layer.node, layer.tensor, layer.output)))
        and not (values.get("keep_first") and layer.first)
        and not (values.get("keep_last") and layer.last)
        and not (values.get("keep_depthwise") and layer.depthwise)
    )


def _pattern(globs: Any) -> re.Pattern[str] | None:
    if not globs:
        return None
    return re.compile("|".join(f"(?:{fnmatch.translate(g)})" for g in dict.fromkeys(globs)))


def by_output(found: Iterable[Layer]) -> dict[str, list[Layer]]:
    """Layers by what their node makes."""
    grouped: dict[str, list[Layer]] = defaultdict(list)
    for layer in found:
        grouped[layer.output].append(layer)
    return dict(grouped)
