"""The records of the network.  All frozen; a pass makes a new `Graph`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from types import MappingProxyType

from engine.units import DTYPE_BITS, bytes_of

Scalar = int | float | str
Attribute = Scalar | tuple[Scalar, ...]
NO_ATTRIBUTES: Mapping[str, Attribute] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Tensor:
    """A value that flows between ops.

    Args:
        name: unique in the graph, as in the file.
        dtype: a key of `units.DTYPE_BITS`, or "" when the file does not say.
        shape: non-negative sizes, or None when it is not known for every axis.
        kind: "input" (the user feeds it), "weight" (stored in the file or made from what is
            stored), or "activation" (computed from inputs at run time).
        value: the elements in row-major order, kept only for small constants (integers and
            booleans up to 10,000 elements, floats up to 16) so that shape arithmetic folds.
    """

    name: str
    dtype: str = ""
    shape: tuple[int, ...] | None = None
    kind: str = "activation"
    value: tuple[int | float, ...] | None = None

    @property
    def elements(self) -> int | None:
        """Number of elements, or None when the shape is unknown."""
        return None if self.shape is None else prod(self.shape)

    @property
    def bytes(self) -> int | None:
        """Packed size in bytes in the file's own dtype, or None when unknown."""
        if self.shape is None or self.dtype not in DTYPE_BITS or self.dtype == "string":
            return None
        return bytes_of(prod(self.shape), self.dtype)


@dataclass(frozen=True, slots=True)
class Op:
    """A node of the ONNX graph, or a fused kernel made of several (`members`).

    Args:
        name: unique, never empty.  A fused op carries its anchor's name.
        type: the ONNX op_type; of a fused op its anchor's (the conv of conv + norm + relu).
        inputs: tensor names; "" where an optional input is absent.
        outputs: tensor names; "" where an optional output is absent.
        scope: module path from the outside in, e.g. ("down", "0", "conv"); () when unknown.
        region: path of the control-flow body that holds it, e.g. "If_12/then"; "" outside.
        runs: how often it runs per inference (a Loop body: its trip count; a branch not taken: 0).
        members: the original ops of a fused kernel in execution order; () for an original op.
        kernel: kernel class (`compile.kernels`) once the compiler has decided it, else "".
    """

    name: str
    type: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    domain: str = ""
    attributes: Mapping[str, Attribute] = field(default_factory=lambda: NO_ATTRIBUTES)
    scope: tuple[str, ...] = ()
    region: str = ""
    runs: int = 1
    members: tuple[Op, ...] = ()
    kernel: str = ""

    @property
    def parts(self) -> tuple[Op, ...]:
        """The original ops: its members, or itself."""
        return self.members or (self,)


@dataclass(frozen=True, slots=True)
class Dim:
    """A symbolic size of an input and what it was set to.

    Args:
        name: the file's word ("batch"), or "input[axis]" where the file gives none.
        value: the size used.
        given: True if the user bound it, False if it is our visible default.
    """

    name: str
    value: int
    given: bool


@dataclass(frozen=True)
class Graph:
    """A flat, acyclic network in execution order.

    Control-flow bodies are inlined and marked by `Op.region`; functions are inlined.

    Args:
        ops: topologically sorted.
        tensors: every name that an op, an input or an output mentions.
        inputs: names the user feeds (initializers excluded).
        outputs: names the model returns.
        dims: symbolic sizes with the values used.
        notes: sentences for the user on what the reader repaired or assumed.
        properties: facts of the file: opset, ir_version, producer, sha256, file_bytes ...
    """

    name: str
    ops: tuple[Op, ...]
    tensors: Mapping[str, Tensor]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    dims: tuple[Dim, ...] = ()
    notes: tuple[str, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def producer(self) -> Mapping[str, int]:
        """Tensor name -> index in `ops` of the op that makes it."""
        return {t: i for i, op in enumerate(self.ops) for t in op.outputs if t}

    @cached_property
    def consumers(self) -> Mapping[str, tuple[int, ...]]:
        """Tensor name -> indices of the ops that read it, each once, in order."""
        found: dict[str, list[int]] = {}
        for i, op in enumerate(self.ops):
            for t in dict.fromkeys(op.inputs):
                if t:
                    found.setdefault(t, []).append(i)
        return {t: tuple(readers) for t, readers in found.items()}
