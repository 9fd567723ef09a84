"""Shapes and run counts across the borders of control-flow bodies.

Rules: 1 a Loop with a known trip count and a condition that stays true runs that often; else its
body is counted once.  2 a Scan runs once an element of its scanned axis.  3 of an If whose
condition is a constant, the branch not taken runs 0 times; else both run once.  4 nested bodies
multiply.  5 a Loop variable has the shape of its first value; where the body returns another, the
result is unknown.  6 what each turn of a loop collects is stacked along a new axis as long as the
count.  Whatever is assumed here becomes a sentence for the user.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from engine.formats.flatten import Region, Step
from engine.formats.limits import MAX_RUNS
from engine.formats.names import shown_list
from engine.graph import Op, Tensor

Tensors = dict[str, Tensor]
MakerOf = Callable[[], Mapping[str, Op]]


class Control:
    """Handles the steps that open and close bodies; collects the sentences.

    Args:
        tensors: the tensors so far; changed in place.
        maker: gives, when it is needed, the op that makes a tensor, by tensor name.
    """

    def __init__(self, tensors: Tensors, maker: MakerOf) -> None:
        self._tensors, self._maker = tensors, maker
        self._both: list[str] = []
        self._one: list[str] = []
        self._once: list[str] = []
        self._most: list[str] = []

    def open(self, step: Step) -> None:
        """Set how often the body runs and the shapes of its inputs."""
        region, op = step.region, step.op
        if region is None:
            return
        own = 1
        name = region.path.rpartition("/")[0]
        if region.kind == "If":
            own = self._branch(region, op.inputs[0] if op.inputs else "", name)
        elif region.kind == "Loop":
            own = self._loop(region, op, name)
        elif region.kind == "Scan":
            own = self._scan(region, op, step)
        elif name not in self._once:
            self._once.append(name)
        region.runs = own * (region.parent.runs if region.parent else 1)
        if region.runs > MAX_RUNS:
            region.runs = 1
            self._once.append(name)

    def close(self, step: Step) -> None:
        """Set the shapes of a control op's outputs from the results of its bodies."""
        op, regions = step.op, step.regions
        kind = regions[0].kind if regions else ""
        if kind == "If" and len(regions) == 2:
            self._join(op, regions)
        elif kind == "Loop":
            start = op.inputs[2 : 2 + len(regions[0].inputs) - 2]
            self._stack(op, regions[0], regions[0].outputs[1:], start, ())
        elif kind == "Scan":
            self._close_scan(step)

    def notes(self) -> list[str]:
        """One sentence for each kind of assumption."""
        texts = (
            (self._one, "The condition of {} is a constant: the branch not taken counts nothing."),
            (self._both, "Which branch of {} runs depends on the data: both are counted once."),
            (self._once, "How often {} runs depends on the data: its body is counted once."),
            (self._most, "{} may stop early: its body is counted for the most turns it can take."),
        )
        return [t.format(shown_list(list(dict.fromkeys(names)), 3)) for names, t in texts if names]

    def _branch(self, region: Region, condition: str, name: str) -> int:
        tensor = self._tensors.get(condition)
        if tensor is None or not tensor.value:
            if name not in self._both:
                self._both.append(name)
            return 1
        if name not in self._one:
            self._one.append(name)
        return int(bool(tensor.value[0]) == (region.path.rpartition("/")[2] == "then"))

    def _loop(self, region: Region, op: Op, name: str) -> int:
        for inner, outer in zip(region.inputs[2:], op.inputs[2:], strict=False):
            self._copy(outer, inner)
        for inner, dtype in zip(region.inputs[:2], ("int64", "bool"), strict=False):
            self._tensors[inner] = Tensor(inner, dtype, ())
        count, condition = (self._value(t) for t in (*op.inputs, "", "")[:2])
        if condition == 0:
            return 0
        if count is None or count > MAX_RUNS:
            self._once.append(name)
            return 1
        if not self._stays_true(region):
            self._most.append(name)
        return max(0, int(count))

    def _stays_true(self, region: Region) -> bool:
        """Whether the body hands its condition on unchanged, or states a true constant."""
        name = region.outputs[0] if region.outputs else ""
        for _ in range(20):
            if len(region.inputs) > 1 and name == region.inputs[1]:
                return True
            maker = self._maker().get(name)
            if maker is None or maker.type not in ("Identity", "Cast"):
                break
            name = maker.inputs[0]
        return bool(self._value(name))

    def _scan(self, region: Region, op: Op, step: Step) -> int:
        old = step.opsets.get("", 9) < 9  # opset 8: an optional first input and a batch axis
        outer = op.inputs[1:] if old else op.inputs
        count, runs = self._scanned(region, op), 1
        axes = self._ints(op, "scan_input_axes", count)
        for i, (name, given) in enumerate(zip(region.inputs, outer, strict=False)):
            tensor = self._tensors.get(given)
            shape = tensor.shape if tensor else None
            slot = i - (len(region.inputs) - count)
            if tensor is None or shape is None:
                continue
            if slot >= 0 and shape:
                axis = 1 if old and len(shape) > 1 else axes[slot] % len(shape)
                runs = shape[axis] * (shape[0] if old and len(shape) > 1 else 1)
                shape = (*shape[:axis], *shape[axis + 1 :])
            shape = shape[1:] if old else shape
            self._tensors[name] = Tensor(name, tensor.dtype, shape)
        return runs

    @staticmethod
    def _scanned(region: Region, op: Op) -> int:
        """Number of scanned inputs, which stand last."""
        value = op.attributes.get("num_scan_inputs", 1)
        return min(value if isinstance(value, int) else 1, len(region.inputs))

    def _close_scan(self, step: Step) -> None:
        op, region = step.op, step.regions[0]
        states = len(region.inputs) - self._scanned(region, op)
        if step.opsets.get("", 9) < 9:
            return  # opset 8 stacks along two axes; no exporter in use writes it
        axes = self._ints(op, "scan_output_axes", len(region.outputs) - states)
        self._stack(op, region, region.outputs, op.inputs[:states], axes)

    def _stack(self, op: Op, region: Region, results: Sequence[str], start: Sequence[str],
               axes: Sequence[int]) -> None:  # fmt: skip
        own = region.runs // max(1, region.parent.runs if region.parent else 1)
        for i, (name, made) in enumerate(zip(op.outputs, results, strict=False)):
            tensor = self._tensors.get(made)
            if not name or tensor is None:
                continue
            shape = tensor.shape
            if i < len(start):
                first = self._tensors.get(start[i])
                if own == 0 and first is not None:
                    shape = first.shape
                elif first is not None and first.shape is not None and first.shape != shape:
                    shape = None
            elif shape is not None:
                axis = axes[i - len(start)] if axes else 0
                axis = axis % (len(shape) + 1)
                shape = (*shape[:axis], own, *shape[axis:])
            self._tensors[name] = Tensor(name, tensor.dtype, shape)

    def _join(self, op: Op, regions: tuple[Region, ...]) -> None:
        for i, name in enumerate(op.outputs):
            sides = [
                self._tensors[r.outputs[i]] for r in regions if i < len(r.outputs)
                and (r.runs or not any(s.runs for s in regions))
            ]  # fmt: skip
            if not name or not sides:
                continue
            shapes = {t.shape for t in sides}
            shape = sides[0].shape if len(shapes) == 1 else None
            value = sides[0].value if len(sides) == 1 else None
            self._tensors[name] = Tensor(name, sides[0].dtype, shape, value=value)

    def _copy(self, outer: str, inner: str) -> None:
        tensor = self._tensors.get(outer)
        if tensor is not None:
            self._tensors[inner] = Tensor(inner, tensor.dtype, tensor.shape)

    def _value(self, name: str) -> int | float | None:
        tensor = self._tensors.get(name)
        return tensor.value[0] if tensor is not None and tensor.value else None

    @staticmethod
    def _ints(op: Op, name: str, count: int) -> list[int]:
        value = op.attributes.get(name, ())
        given = [v for v in value if isinstance(v, int)] if isinstance(value, tuple) else []
        return given + [0] * (count - len(given))
