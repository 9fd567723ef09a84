"""Builds a small network op by op, with the shape of every value known as it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.formats import write
from engine.graph import Op, Tensor

Shape = tuple[int, ...]
_PATTERN = 2**20 + 7


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor while a network is built."""

    name: str
    shape: Shape
    dtype: str = "float32"

    @property
    def elements(self) -> int:
        """How many."""
        return prod(self.shape)


class Net:
    """A network in the making.

    Args:
        random: decides the weights; families use it for everything else too.
        opset: of the standard ops.
    """

    def __init__(self, random: np.random.Generator, opset: int = 17) -> None:
        self.random, self.opset = random, opset
        self._ops: list[Op] = []
        self._inputs: list[Tensor] = []
        self._weights: dict[str, NDArray[Any]] = {}
        self._count = 0
        self._pattern = random.standard_normal(_PATTERN).astype(np.float32)

    def _fresh(self) -> str:
        self._count += 1
        return f"t{self._count}"

    def input(self, shape: Sequence[int], dtype: str = "float32") -> Value:
        """What the network is fed."""
        value = Value(self._fresh(), tuple(int(n) for n in shape), dtype)
        self._inputs.append(Tensor(value.name, dtype, value.shape, "input"))
        return value

    def weight(self, *shape: int, low: float | None = None) -> Value:
        """Random weights, with a variance that keeps values near 1; above `low` where given."""
        at = int(self.random.integers(_PATTERN))
        values = np.resize(np.roll(self._pattern, -at), prod(shape)).reshape(shape)
        fan_in = 1 if len(shape) < 2 else shape[0] if len(shape) == 2 else prod(shape[1:])
        values = values / np.float32(np.sqrt(fan_in))
        return self.constant(values if low is None else np.abs(values) + np.float32(low))

    def constant(self, values: Any, dtype: str = "") -> Value:
        """A stored tensor."""
        array = np.asarray(values, dtype or None)
        value = Value(self._fresh(), array.shape, str(array.dtype))
        self._weights[value.name] = array
        return value

    def ints(self, *values: int) -> Value:
        """A stored list of 64-bit integers."""
        return self.constant(np.array(values, np.int64))

    def op(
        self, kind: str, inputs: Sequence[Value | None], shape: Sequence[int], dtype: str = "",
        **attributes: Any,
    ) -> Value:  # fmt: skip
        """Add an op with one output; `kind` may be "domain::Type"."""
        return self.ops(kind, inputs, [shape], dtype, **attributes)[0]

    def ops(
        self, kind: str, inputs: Sequence[Value | None], shapes: Sequence[Sequence[int]],
        dtype: str = "", **attributes: Any,
    ) -> list[Value]:  # fmt: skip
        """Add an op with several outputs."""
        domain, _, name = kind.rpartition("::")
        dtype = dtype or next((v.dtype for v in inputs if v is not None), "float32")
        made = [Value(self._fresh(), tuple(int(n) for n in s), dtype) for s in shapes]
        names = tuple(v.name if v is not None else "" for v in inputs)
        self._ops.append(
            Op(f"n{len(self._ops)}", name, names, tuple(v.name for v in made), domain, attributes)
        )
        return made

    def bytes(self, name: str, outputs: Sequence[Value]) -> bytes:
        """The file; what nothing leads to an output is left out."""
        wanted = {v.name for v in outputs}
        kept = []
        for op in reversed(self._ops):
            if wanted & set(op.outputs):
                kept.append(op)
                wanted |= set(op.inputs)
        inputs = [t for t in self._inputs if t.name in wanted]
        weights = {k: v for k, v in self._weights.items() if k in wanted}
        ends = [v.name for v in outputs]
        return write(name, kept[::-1], inputs, ends, weights, self.opset)

    # What every family uses.

    def pick(self, values: Sequence[Any]) -> Any:
        """One of them, at random."""
        return values[int(self.random.integers(len(values)))]

    def chance(self, share: float) -> bool:
        """True so often."""
        return bool(self.random.random() < share)

    def between(self, low: float, high: float) -> int:
        """A whole number, uniform in its logarithm."""
        return round(float(np.exp(self.random.uniform(np.log(low), np.log(high)))))

    def act(self, x: Value, kind: str) -> Value:
        """An activation by name; "" none."""
        if kind in ("", "none"):
            return x
        if kind == "silu":
            return self.op("Mul", [x, self.op("Sigmoid", [x], x.shape)], x.shape)
        if kind == "hardswish":
            if self.opset >= 14 and self.chance(0.4):
                return self.op("HardSwish", [x], x.shape)
            if self.chance(0.5):
                gate = self.op("HardSigmoid", [x], x.shape, alpha=1 / 6, beta=0.5)
                return self.op("Mul", [x, gate], x.shape)
            moved = self.op("Add", [x, self.constant(np.float32(3))], x.shape)
            ends = [self.constant(np.float32(0)), self.constant(np.float32(6))]
            moved = self.op("Clip", [moved, *ends], x.shape)
            moved = self.op("Mul", [x, moved], x.shape)
            return self.op("Div", [moved, self.constant(np.float32(6))], x.shape)
        if kind == "relu6":
            ends = [self.constant(np.float32(0)), self.constant(np.float32(6))]
            return self.op("Clip", [x, *ends], x.shape)
        if kind == "gelu":
            inner = self.op("Div", [x, self.constant(np.float32(2**0.5))], x.shape)
            erf = self.op("Erf", [inner], x.shape)
            one = self.op("Add", [erf, self.constant(np.float32(1))], x.shape)
            half = self.op("Mul", [x, one], x.shape)
            return self.op("Mul", [half, self.constant(np.float32(0.5))], x.shape)
        if kind == "quickgelu":
            inner = self.op("Mul", [x, self.constant(np.float32(1.702))], x.shape)
            return self.op("Mul", [x, self.op("Sigmoid", [inner], x.shape)], x.shape)
        if kind == "prelu":
            slope = self.weight(x.shape[1], *[1] * (len(x.shape) - 2))
            return self.op("PRelu", [x, slope], x.shape)
        if kind == "leaky":
            return self.op("LeakyRelu", [x], x.shape, alpha=0.1)
        plain = {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh", "elu": "Elu",
                 "hardsigmoid": "HardSigmoid", "softplus": "Softplus"}  # fmt: skip
        return self.op(plain[kind], [x], x.shape)

    def reshape(self, x: Value, *shape: int) -> Value:
        """The same elements under another shape."""
        return self.op("Reshape", [x, self.ints(*shape)], shape)

    def transpose(self, x: Value, *perm: int) -> Value:
        """Axes in another order."""
        return self.op("Transpose", [x], [x.shape[i] for i in perm], perm=tuple(perm))

    def add(self, x: Value, y: Value) -> Value:
        """The sum, broadcast."""
        return self.op("Add", [x, y], np.broadcast_shapes(x.shape, y.shape))

    def mul(self, x: Value, y: Value) -> Value:
        """The product, broadcast."""
        return self.op("Mul", [x, y], np.broadcast_shapes(x.shape, y.shape))

    def concat(self, parts: Sequence[Value], axis: int) -> Value:
        """Joined along an axis."""
        shape = list(parts[0].shape)
        shape[axis] = sum(p.shape[axis] for p in parts)
        return self.op("Concat", parts, shape, axis=axis)

    def linear(self, x: Value, columns: int, bias: bool = True, opened: bool = False) -> Value:
        """Times stored weights; as Gemm where `opened` is False and x is a matrix."""
        if len(x.shape) == 2 and not opened:
            if self.chance(0.5):
                operands = [x, self.weight(columns, x.shape[1]), self.weight(columns)]
                return self.op("Gemm", operands, (x.shape[0], columns), transB=1)
            operands = [x, self.weight(x.shape[1], columns), self.weight(columns)]
            return self.op("Gemm", operands, (x.shape[0], columns))
        y = self.op("MatMul", [x, self.weight(x.shape[-1], columns)], (*x.shape[:-1], columns))
        return self.add(y, self.weight(columns)) if bias else y

    def norm(self, x: Value, kind: str = "layer") -> Value:
        """LayerNormalization, or RMS as exporters write it."""
        width = x.shape[-1]
        if kind == "layer":
            both = [x, self.weight(width), self.weight(width)]
            return self.op("LayerNormalization", both, x.shape, axis=-1)
        square = self.op("Pow", [x, self.constant(np.float32(2))], x.shape)
        mean = self.op("ReduceMean", [square], (*x.shape[:-1], 1), axes=(-1,), keepdims=1)
        root = self.op("Sqrt", [self.add(mean, self.constant(np.float32(1e-5)))], mean.shape)
        scaled = self.mul(x, self.op("Reciprocal", [root], root.shape)) if self.chance(0.3) else (
            self.op("Div", [x, root], x.shape))  # fmt: skip
        return self.mul(scaled, self.weight(width))
