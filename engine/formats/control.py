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
        impossible: branches that contradict the sizes used; they run 0 times.
    """

    def __init__(
        self, tensors: Tensors, maker: MakerOf, impossible: frozenset[str] = frozenset()
    ) -> None:
        self._tensors, self._maker, self._impossible = tensors, maker, impossible
        self._open: dict[str, list[str]] = {}  # If that the data decide -> its branches
        self._fits: list[str] = []
        self._one: list[str] = []
        self._once: list[str] = []
        self._most: list[str] = []
        self._said = (self._one, self._once, self._most)

    def open(self, step: Step) -> None:
        """Set how often the body runs and the shapes of its inputs."""
        region, op = step.region, step.op
        if region is None:
            return
        if region.parent is not None and not region.parent.runs:
            region.runs = 0  # nothing to say of what never runs; its inputs still get shapes
            self._quiet(region, op, step)
            return
        own = 1
        name = region.owner
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

    def _quiet(self, region: Region, op: Op, step: Step) -> None:
        kept = [len(names) for names in self._said]
        if region.kind == "Loop":
            self._loop(region, op, region.owner)
        elif region.kind == "Scan":
            self._scan(region, op, step)
        for names, length in zip(self._said, kept, strict=True):
            del names[length:]

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
            (self._one, "{} chosen by constants: branches not taken count nothing."),
            (list(self._open), "{} chosen by the data: both branches are counted once."),
            (self._fits, "{} chosen by the data: the branch that the sizes used fit counts."),
            (self._once, "{} repeated as the data say: the body is counted once."),
            (self._most, "{} able to stop early: the body is counted for all its turns."),
        )
        notes = []
        for names, text in texts:
            if distinct := list(dict.fromkeys(names)):
                verb = "is" if len(distinct) == 1 else "are"
                notes.append(text.format(f"{shown_list(distinct, 1)} {verb}"))
        return notes

    def misfits(self, contradictory: Sequence[str]) -> frozenset[str]:
        """Branches that cannot be the one taken, as their ops contradict the sizes used.

        Only of an If that the data decide and whose other branch has no contradiction; the
        innermost such If is blamed.

        Args:
            contradictory: the region of each op whose inputs do not fit each other.
        """
        left, found = list(contradictory), set()
        for paths in sorted(self._open.values(), key=lambda p: -len(p[0])):
            bad = [p for p in paths if any(f"{r}/".startswith(f"{p}/") for r in left)]
            if len(bad) == 1 and len(paths) == 2:
                found.add(bad[0])
                left = [r for r in left if not f"{r}/".startswith(f"{bad[0]}/")]
        return frozenset(found)

    def _branch(self, region: Region, condition: str, name: str) -> int:
        siblings = {f"{region.path.rpartition('/')[0]}/{side}" for side in ("then", "else")}
        if siblings & self._impossible:
            self._fits.append(name)
            return int(region.path not in self._impossible)
        tensor = self._tensors.get(condition)
        if tensor is None or not tensor.value:
            paths = self._open.setdefault(name, [])
            paths.append(region.path)
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
