"""The stored tensors of a model under the names of its base, whatever form they are stored in.

Packed files are unpacked; a weight that DequantizeLinear reads is what it gives; the integer
weights of MatMulInteger and ConvInteger are scaled back.  What is stored in yet another form is
named as not read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.compress import Runner, layers, unpack
from engine.formats import Network

Array = NDArray[np.floating]
_QUANTIZED = "_quantized"  # what onnxruntime.quantization adds to a weight's name
_UNREAD = frozenset({"MatMulNBits", "GatherBlockQuantized", "MatMulBnb4"})
_FLOATS = frozenset({"float32", "float16", "float64"})


@dataclass(frozen=True, slots=True)
class Tensor:
    """A stored tensor.

    Args:
        name: as the base has it; role: of `engine.compress.ROLES`, "" where it is not known.
        output: what the first node that reads it makes; "" where none is known.
        shape: sizes; values: gives its numbers, a new array each time.
        module: around the node that reads it, as the file says; "" it does not.
    """

    name: str
    role: str
    output: str
    shape: tuple[int, ...]
    values: Callable[[], Array]
    module: str = ""

    @property
    def count(self) -> int:
        """Numbers in it."""
        return int(np.prod(self.shape, dtype=np.int64))


def tensors(data: bytes) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """(name -> tensor, names of weights in a form that is not read).

    Args:
        data: bytes of an ONNX file.

    Raises:
        EngineError: it cannot be read, or what it says of its packing is wrong.
    """
    network = Network(unpack(data))
    made = _dequantized(network)
    known = {layer.tensor: layer for layer in layers(network)}
    modules = network.modules()
    found: dict[str, Tensor] = {}
    for name in network.weights:
        if network.dtype(name) in _FLOATS and name in known and known[name].role != "quant":
            layer = known[name]
            found[name] = Tensor(name, layer.role, layer.output, network.shape(name),
                                 lambda n=name: network.array(n),  # type: ignore[misc]
                                 modules.get(layer.output, ""))  # fmt: skip
    for name, values in made.items():
        found[name] = Tensor(name, "weight", "", values.shape, lambda v=values: v.copy())  # type: ignore[misc]
    for name, values in _integer(network).items():
        found.setdefault(name, Tensor(name, "weight", "", values.shape, lambda v=values: v.copy()))  # type: ignore[misc]
    unread = {n.input[1] for n in network.nodes if n.op_type in _UNREAD and len(n.input) > 1}
    return found, tuple(sorted(unread))


def _plain(name: str) -> str:
    return name.removesuffix(_QUANTIZED)


def _dequantized(network: Network) -> dict[str, Array]:
    """Weights that DequantizeLinear makes of what is stored alone, name in the base -> values."""
    stored = set(network.weights)
    wanted: dict[str, str] = {}
    for node in network.nodes:
        if node.op_type == "DequantizeLinear" and stored.issuperset(filter(None, node.input)):
            wanted.setdefault(_plain(node.input[0]), node.output[0])
    if not wanted:
        return {}
    values = Runner(network.cut(tuple(wanted.values())))({})
    return {name: values[output] for name, output in wanted.items()}


def _integer(network: Network) -> dict[str, Array]:
    """Weights that integer kernels read, scaled back: name in the base -> values."""
    stored, found = set(network.weights), {}
    for node in network.nodes:
        if node.op_type not in ("MatMulInteger", "ConvInteger") or node.input[1] not in stored:
            continue
        name = _plain(node.input[1])
        scale, zero = f"{name}_scale", f"{name}_zero_point"
        if scale not in stored:
            continue
        codes = network.array(node.input[1]).astype(np.float32)
        shift = network.array(zero).astype(np.float32) if zero in stored else np.float32(0)
        factor = network.array(scale).astype(np.float32)
        if node.op_type == "ConvInteger":  # a scale for each output channel, the first axis
            tail = (1,) * (codes.ndim - 1)
            factor, shift = (
                a.reshape(-1, *tail) if a.size > 1 else a.reshape(())
                for a in map(np.asarray, (factor, shift))
            )
        found[name] = np.asarray((codes - shift) * factor, np.float32)
    return found


def module_of(tensor: Tensor) -> str:
    """Dotted module that a tensor belongs to: of its own name, else around the node that reads it.

    `encoder.layer.0.weight` belongs to `encoder.layer.0`, `onnx::Conv_123` to where its node is, as
    the metadata of the file say, or what the node makes.
    """
    name = tensor.name
    if "::" in name or not re.search(r"[./]", name):
        if tensor.module:
            return tensor.module
        name = tensor.output or name
        if "/" in name:
            return ".".join(p for p in name.split("/")[:-1] if p) or name
        return name
    parts = [p for p in re.split(r"[./]", name) if p]
    return ".".join(parts[:-1]) or parts[0]


def matching(
    base: Mapping[str, Tensor], other: Mapping[str, Tensor]
) -> tuple[list[str], list[str], list[str]]:
    """Names that both have in one shape, that only the base has so, that only the other has so."""
    both = [n for n in base if n in other and base[n].shape == other[n].shape]
    same = set(both)
    return both, [n for n in base if n not in same], [n for n in other if n not in same]


def same_outputs(base: Network, other: Network) -> dict[str, str]:
    """Tensor that a node of the base makes -> the one that stands for it in the other model.

    Names stay under every operation of ours.  In a file of onnxruntime.quantization what follows
    reads `X_DequantizeLinear_Output`.
    """
    made = {t: n for n in other.nodes for t in n.output if t}
    found: dict[str, str] = {}
    for node in base.nodes:
        for name in node.output:
            behind = f"{name}_DequantizeLinear_Output"
            if behind in made:
                found[name] = behind
            elif name in made:
                found[name] = name
    return found


def weight_outputs(network: Network, pairs: Mapping[str, str]) -> tuple[str, ...]:
    """What nodes with a weight of their own make, in execution order.

    Args:
        network: the base.
        pairs: of `same_outputs`; what a norm makes stands for what was folded into it.
    """
    own = {layer.output for layer in layers(network) if layer.role in ("weight", "embed")}
    normed = {n.input[0]: n.output[0] for n in network.nodes if n.op_type == "BatchNormalization"}
    made = [t for node in network.nodes for t in node.output if t in own]
    return tuple(t if t in pairs else normed.get(t, t) for t in made)
