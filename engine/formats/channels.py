"""Which channels of which tensors are the same: the dependency graph of structured pruning.

Each tensor that has channels carries them along one axis, as segments one behind the other (a
concatenation has several).  A segment is a number; `find` gives the set that it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from engine.formats.network import attribute

_ELEMENTWISE = frozenset(
    {"Relu", "LeakyRelu", "Clip", "Sigmoid", "HardSigmoid", "HardSwish", "Tanh", "Elu", "Selu",
     "Celu", "Gelu", "Mish", "Softplus", "Softsign", "Erf", "Sqrt", "Exp", "Log", "Neg", "Abs",
     "Reciprocal", "Identity", "Dropout", "Cast", "Swish", "ThresholdedRelu", "Floor", "Round"}
)  # fmt: skip
_JOINS = frozenset({"Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean", "PRelu", "Pow"})
_POOLS = frozenset({"MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "LpPool"})
_REDUCES = frozenset({"ReduceMean", "ReduceMax", "ReduceSum"})


@dataclass(frozen=True, slots=True)
class Place:
    """An axis of a stored tensor that holds channels.

    Args:
        tensor: its name; node: who reads it.
        axis: of the channels; segments: of these sets, in order.
        repeat: entries a channel takes (a flattened map of 7 × 7: 49).
        makes: whether its entries make the channels (output axis of a layer).
        weight: whether it is a kernel.
    """

    tensor: str
    node: str
    axis: int
    segments: tuple[int, ...]
    repeat: int = 1
    makes: bool = False
    weight: bool = False


@dataclass(frozen=True, slots=True)
class _Flow:
    """Channels of a tensor: axis, segments, entries each; rank of the tensor."""

    axis: int
    segments: tuple[int, ...]
    repeat: int = 1
    rank: int = 0


class Channels:
    """Sets of channels, and where they are stored; it grows while a network is followed.

    `places`: axes of stored tensors.  `groups`: depthwise convolutions (what they make) -> segment
    that counts their groups.
    """

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.groups: dict[str, int] = {}
        self._parent: list[int] = []
        self._sizes: list[int] = []
        self._stays: dict[int, str] = {}
        self._makers: dict[str, int] = {}

    def new(self, size: int, maker: str = "") -> int:
        """A set of its own."""
        self._parent.append(len(self._parent))
        self._sizes.append(size)
        if maker:
            self._makers[maker] = len(self._parent) - 1
        return len(self._parent) - 1

    def find(self, segment: int) -> int:
        """The set that a segment belongs to."""
        while self._parent[segment] != segment:
            self._parent[segment] = self._parent[self._parent[segment]]
            segment = self._parent[segment]
        return segment

    def join(self, one: int, other: int) -> None:
        """Make two sets one."""
        one, other = self.find(one), self.find(other)
        if one == other:
            return
        if self._sizes[one] != self._sizes[other]:
            self.hold((one, other), "its channels are combined with others of another number")
            return
        self._parent[other] = one
        if reason := self._stays.pop(other, ""):
            self._stays.setdefault(one, reason)

    def hold(self, segments: tuple[int, ...], reason: str) -> None:
        """Let sets keep all their channels."""
        for segment in segments:
            self._stays.setdefault(self.find(segment), reason)

    def stays(self, root: int) -> str:
        """Why a set keeps all its channels; "" if it need not."""
        return self._stays.get(self.find(root), "")

    def size(self, root: int) -> int:
        """Channels of a set."""
        return self._sizes[self.find(root)]

    def makers(self) -> dict[int, list[str]]:
        """Set -> what the layers make that make its channels."""
        found: dict[int, list[str]] = {}
        for maker, segment in self._makers.items():
            found.setdefault(self.find(segment), []).append(maker)
        return found


def trace(network: Any) -> Channels:
    """Follow channels through a `Network`, or an `Outline` of one."""
    return _Tracer(network).run()


class _Tracer:
    def __init__(self, network: Any) -> None:
        self.network = network
        self.stored = set(network.weights)
        self.ranks = network.ranks()
        self.found = Channels()
        self.flows: dict[str, _Flow] = {}
        self.readers: dict[str, int] = {}
        for node in network.nodes:
            for name in node.input:
                self.readers[name] = self.readers.get(name, 0) + 1

    def run(self) -> Channels:
        """Follow the channels node by node."""
        for node in self.network.nodes:
            known = _RULES.get(node.op_type)
            if not (known and known(self, node)):
                self.stop(node)
        for name in (*self.network.outputs, *self.network.held()):
            if name in self.flows:
                self.found.hold(
                    self.flows[name].segments, "its channels are an output of the model"
                )
        shared = {p.tensor for p in self.found.places if self.readers.get(p.tensor, 0) > 1}
        for place in self.found.places:
            if place.tensor in shared:
                self.found.hold(place.segments, "its weights are used in several places")
        return self.found

    def stop(self, node: Any) -> None:
        """An operator that mixes channels or is not known: what reaches it stays whole."""
        for name in node.input:
            if name in self.flows:
                self.found.hold(self.flows[name].segments, f"its channels pass a {node.op_type}")

    def store(self, name: str, node: Any, axis: int, flow: _Flow, **kind: bool) -> None:
        self.found.places.append(
            Place(name, node.name or node.output[0], axis, flow.segments, flow.repeat, **kind)
        )

    def product(self, node: Any, out_axis: int, in_axis: int, flow_axis: int, rank: int) -> bool:
        """A layer with stored weights: new channels come out, the old are summed up."""
        weight = node.input[1]
        if weight not in self.stored or len(self.network.shape(weight)) < 2:
            return False
        flow = self.flows.get(node.input[0])
        shape = self.network.shape(weight)
        if flow is not None:
            if flow.axis != flow_axis:
                return False
            self.store(weight, node, in_axis, flow)
        made = self.found.new(shape[out_axis], node.output[0])
        out = _Flow(flow_axis, (made,), rank=rank)
        self.store(weight, node, out_axis, out, makes=True, weight=True)
        if len(node.input) > 2 and node.input[2]:
            if node.input[2] not in self.stored:
                self.found.hold((made,), "its bias is computed")
            elif self.network.shape(node.input[2])[-1:] == (shape[out_axis],):
                self.store(node.input[2], node, len(self.network.shape(node.input[2])) - 1, out)
        self.flows[node.output[0]] = out
        return True

    def conv(self, node: Any) -> bool:
        groups = attribute(node, "group", 1)
        if node.input[1] not in self.stored:
            return False
        shape = self.network.shape(node.input[1])
        transposed = node.op_type == "ConvTranspose"
        if groups == 1:
            return self.product(node, 1 if transposed else 0, 0 if transposed else 1, 1, len(shape))
        flow = self.flows.get(node.input[0])
        if flow is None or transposed or shape[1] != 1 or shape[0] != groups:
            return False
        if len(flow.segments) != 1 or flow.repeat != 1 or flow.axis != 1:
            return False
        self.store(node.input[1], node, 0, flow, weight=True)
        if len(node.input) > 2 and node.input[2]:
            if node.input[2] not in self.stored:
                return False
            self.store(node.input[2], node, 0, flow)
        self.found.groups[node.output[0]] = flow.segments[0]
        self.flows[node.output[0]] = flow
        return True

    def gemm(self, node: Any) -> bool:
        if attribute(node, "transA", 0):
            return False
        axes = (0, 1) if attribute(node, "transB", 0) else (1, 0)
        return self.product(node, *axes, 1, 2)

    def matmul(self, node: Any) -> bool:
        if node.input[1] not in self.stored or len(self.network.shape(node.input[1])) != 2:
            return False
        flow = self.flows.get(node.input[0])
        rank = flow.rank if flow is not None else self.ranks.get(node.input[0], 0)
        return rank > 0 and self.product(node, 1, 0, rank - 1, rank)

    def norm(self, node: Any) -> bool:
        flow = self.flows.get(node.input[0])
        if flow is None or flow.axis != 1 or not self.stored.issuperset(node.input[1:5]):
            return False
        for name in node.input[1:5]:
            self.store(name, node, 0, flow)
        self.flows[node.output[0]] = flow
        return True

    def passes(self, node: Any) -> bool:
        flow = self.flows.get(node.input[0])
        if flow is None:
            return True
        self.flows[node.output[0]] = flow
        return all(name not in self.flows for name in node.input[1:])

    def pool(self, node: Any) -> bool:
        flow = self.flows.get(node.input[0])
        return (flow is None or (flow.axis == 1 and flow.repeat == 1)) and self.passes(node)

    def reduce(self, node: Any) -> bool:
        """Over other axes than the channels'."""
        flow = self.flows.get(node.input[0])
        if flow is None:
            return True
        axes = attribute(node, "axes")
        if axes is None and len(node.input) > 1 and node.input[1] in self.stored:
            axes = self.network.array(node.input[1]).ravel().tolist()
        if not axes or not flow.rank:
            return False
        axes = {a % flow.rank for a in axes}
        if flow.axis in axes:
            return False
        if not attribute(node, "keepdims", 1):
            axis = flow.axis - sum(a < flow.axis for a in axes)
            flow = _Flow(axis, flow.segments, flow.repeat, flow.rank - len(axes))
        self.flows[node.output[0]] = flow
        return True

    def joins(self, node: Any) -> bool:
        """Element by element: channels of all operands are the same."""
        carried = [self.flows[n] for n in node.input if n in self.flows]
        if not carried:
            return True
        first = max(carried, key=lambda f: f.rank)
        for flow in carried:
            same = flow.rank - flow.axis == first.rank - first.axis
            if not same or len(flow.segments) != len(first.segments) or not first.rank:
                return False
            if flow.repeat != first.repeat:
                return False
            for one, other in zip(first.segments, flow.segments, strict=True):
                self.found.join(one, other)
        for name in node.input:
            if name in self.flows:
                continue
            if name not in self.stored:
                if self.ranks.get(name) == 0:
                    continue
                return False
            shape = self.network.shape(name)
            axis = first.axis - (first.rank - len(shape))
            if len(shape) > first.rank:
                return False
            if axis >= 0 and shape[axis] != 1:
                self.store(name, node, axis, first)
        self.flows[node.output[0]] = first
        return True

    def concat(self, node: Any) -> bool:
        flows = [self.flows.get(n) for n in node.input]
        if all(f is None for f in flows):
            return True
        first = next(f for f in flows if f is not None)
        axis = attribute(node, "axis")
        if any(f is None or (f.axis, f.repeat) != (first.axis, first.repeat) for f in flows):
            return False
        if not first.rank or axis % first.rank != first.axis:
            return False
        segments = tuple(s for f in flows if f is not None for s in f.segments)
        self.flows[node.output[0]] = _Flow(first.axis, segments, first.repeat, first.rank)
        return True

    def flatten(self, node: Any) -> bool:
        """[n, c, h, w] -> [n, c h w]: each channel becomes h w entries side by side."""
        flow = self.flows.get(node.input[0])
        if flow is None:
            return True
        if flow.axis != 1 or attribute(node, "axis", 1) != 1:
            return False
        return self.flattened(node, flow)

    def reshape(self, node: Any) -> bool:
        """Only [n, c, …] -> [n, …], which becomes a Flatten: no number of channels stays in it."""
        flow = self.flows.get(node.input[0])
        if flow is None:
            return True
        out = node.output[0]
        readers = {n.op_type for n in self.network.nodes if out in n.input}
        if flow.axis != 1 or not (readers == {"Gemm"} or self.ranks.get(out) == 2):
            return False
        if not self.flattened(node, flow):
            return False
        node.op_type = "Flatten"
        del node.attribute[:], node.input[1:]
        return True

    def flattened(self, node: Any, flow: _Flow) -> bool:
        """Entries a channel takes follow from the layer that reads the flattened tensor."""
        out = node.output[0]
        total = sum(self.found.size(s) for s in flow.segments)
        for reader in self.network.nodes:
            if out in reader.input and reader.op_type in ("Gemm", "MatMul"):
                if reader.input[1] not in self.stored:
                    return False
                shape = self.network.shape(reader.input[1])
                turned = reader.op_type == "Gemm" and attribute(reader, "transB", 0)
                entries = shape[1 if turned else 0]
                if entries % total:
                    return False
                self.flows[out] = _Flow(1, flow.segments, entries // total, 2)
                return True
        if flow.rank == 2:
            self.flows[out] = flow
            return True
        return False


_RULES: Mapping[str, Callable[[_Tracer, Any], bool]] = MappingProxyType(
    {
        **dict.fromkeys(_ELEMENTWISE, _Tracer.passes), **dict.fromkeys(_JOINS, _Tracer.joins),
        **dict.fromkeys(_POOLS, _Tracer.pool), **dict.fromkeys(_REDUCES, _Tracer.reduce),
        "Conv": _Tracer.conv, "ConvTranspose": _Tracer.conv, "Gemm": _Tracer.gemm,
        "MatMul": _Tracer.matmul, "BatchNormalization": _Tracer.norm, "Concat": _Tracer.concat,
        "Flatten": _Tracer.flatten, "Reshape": _Tracer.reshape,
        "Shape": lambda tracer, node: True,  # sizes are read when the model runs
    }
)  # fmt: skip
