"""What matchers ask of a graph, and how they hand in what they found.

A pass makes one `Matcher`, looks for its pattern, offers clusters with `join`, and returns
`fused()`.  `join` refuses what must never be fused, so each pass states only its own pattern.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.compile.kernels import anchor_of, classify
from engine.graph import Graph, fuse


class Matcher:
    """One pass's view of a graph.  Op indices are ints; -1 means there is none."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self.ops, self.tensors = graph, graph.ops, graph.tensors
        self._producer, self._consumers = graph.producer, graph.consumers
        self._returned = frozenset(graph.outputs)
        self._clusters: list[tuple[str, Sequence[int]]] = []
        self._taken: set[int] = set()
        self._kinds = [""] * len(graph.ops)  # filled as asked

    def maker(self, tensor: str) -> int:
        """The op that makes the tensor; -1 for inputs, weights and absent tensors."""
        return self._producer.get(tensor, -1)

    def readers(self, tensor: str) -> tuple[int, ...]:
        """The ops that read the tensor."""
        return self._consumers.get(tensor, ())

    def next(self, index: int) -> int:
        """The only reader of the only output of the op; -1 if others read it or it is returned."""
        made = [t for t in self.ops[index].outputs if t]
        if len(made) != 1 or made[0] in self._returned:
            return -1
        readers = self._consumers.get(made[0], ())
        return readers[0] if len(readers) == 1 else -1

    def source(self, tensor: str, reader: int) -> int:
        """The op that makes the tensor for this reader alone; -1 if others read it too."""
        index = self._producer.get(tensor, -1)
        return index if index >= 0 and self.next(index) == reader else -1

    def out(self, index: int) -> str:
        """The last output of an op: after views of it, the one that is read further."""
        return next((t for t in reversed(self.ops[index].outputs) if t), "")

    def kind(self, index: int) -> str:
        """Kernel class of an op; "" for no op."""
        if index < 0:
            return ""
        found = self._kinds[index]
        if not found:
            found = self._kinds[index] = classify(self.ops[index], self.tensors)
        return found

    def is_(self, index: int, *types: str) -> bool:
        """Whether it is a single op of one of the types (views fused to it do not matter)."""
        return index >= 0 and self.ops[index].type in types and not self.ops[index].kernel

    def constant(self, tensor: str) -> bool:
        """Whether the tensor is stored, or made from what is stored alone."""
        return bool(tensor) and self.tensors[tensor].kind == "weight"

    def scalar(self, tensor: str) -> bool:
        """Whether the tensor is a stored single number."""
        return self.constant(tensor) and self.tensors[tensor].elements == 1

    def number(self, tensor: str) -> float | None:
        """The stored single number, if its value is known."""
        found = self.tensors.get(tensor)
        if found is None or found.value is None or len(found.value) != 1:
            return None
        return float(found.value[0])

    def same_shape(self, one: str, other: str) -> bool:
        """Whether both shapes are known and equal."""
        shape = self.tensors[one].shape
        return shape is not None and shape == self.tensors[other].shape

    def operands(self, index: int) -> tuple[str, ...]:
        """What the op itself reads, in the order of its type; not what its views need."""
        op = self.ops[index]
        return op.inputs if op.kernel else anchor_of(op).inputs

    def result(self, index: int) -> str:
        """What the op itself makes, before views of it."""
        op = self.ops[index]
        return self.out(index) if op.kernel else anchor_of(op).outputs[0]

    def data(self, index: int) -> list[str]:
        """The operands that are computed at run time."""
        return [t for t in self.operands(index) if t and self.tensors[t].kind != "weight"]

    def is_taken(self, indices: Iterable[int]) -> bool:
        """Whether one of the ops is in a cluster already."""
        return not self._taken.isdisjoint(indices)

    def join(self, kernel: str, anchor: int, indices: Iterable[int]) -> bool:
        """Offer a cluster; the anchor is one of its ops.  Returns whether it was accepted.

        Must not: 1 share an op with another cluster of this pass; 2 cross into another
        control-flow body; 3 be left by more than one op, or be left and entered again: what an
        inner op makes may be read inside only, and not returned (so it is always convex).
        """
        order = sorted(set(indices))
        if len(order) < 2 or self.is_taken(order) or not self._one_body(order):
            return False
        inside = set(order)
        for i in order[:-1]:
            for t in self.ops[i].outputs:
                if t in self._returned or not inside.issuperset(self._consumers.get(t, ())):
                    return False
        self._accept(kernel, anchor, order)
        return True

    def attach(self, head: int, tails: Iterable[int]) -> bool:
        """Offer a head and ops that need nothing but it and constants (views of its result).

        Others may read between them: it is entered at its head alone, so it is convex too.
        """
        order = sorted({head, *tails})
        if len(order) < 2 or self.is_taken(order) or not self._one_body(order):
            return False
        self._accept(self.ops[head].kernel, head, order)
        return True

    def fused(self) -> Graph:
        """The graph with all accepted clusters fused; the same object if there was none."""
        return fuse(self.graph, self._clusters)

    def _one_body(self, order: list[int]) -> bool:
        first = self.ops[order[0]]
        return all(
            self.ops[i].region == first.region and self.ops[i].runs == first.runs for i in order[1:]
        )

    def _accept(self, kernel: str, anchor: int, order: list[int]) -> None:
        self._clusters.append((kernel, [anchor, *(i for i in order if i != anchor)]))
        self._taken.update(order)
