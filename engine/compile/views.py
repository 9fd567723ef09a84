"""Which ops are views: the same bytes under another shape or name, so they cost nothing."""

from __future__ import annotations

from collections.abc import Mapping

from engine.compile.kernels import STANDARD_DOMAINS
from engine.graph import Op, Tensor

_SHAPE_ONLY = frozenset({"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity"})
# Views when they happen to change nothing.
_SAME_SHAPE = frozenset({"Expand", "Slice", "Pad", "Tile", "Concat", "Sum", "Max", "Min", "Mean"})

_CANDIDATES = _SHAPE_ONLY | _SAME_SHAPE | {"Cast", "CastLike", "Dropout", "Transpose"}


def is_view(op: Op, tensors: Mapping[str, Tensor]) -> bool:
    """Whether the op only renames or reshapes its first input.

    Reshape, Flatten, Squeeze, Unsqueeze and Identity; Dropout at inference; Cast to its own
    type; Transpose that moves only axes of size 1; Expand, Slice, Pad and Tile that keep the
    shape; Concat, Sum, Max, Min and Mean of a single tensor.
    """
    if op.type not in _CANDIDATES or op.domain not in STANDARD_DOMAINS or op.members:
        return False
    if not _has_ends(op):
        return False
    if any(t and tensors[t].kind != "weight" for t in op.inputs[1:]):
        return False  # a shape computed at run time, or a second operand
    if op.type in _SHAPE_ONLY:
        return True
    source, made = tensors[op.inputs[0]], tensors[op.outputs[0]]
    if op.type in ("Cast", "CastLike"):
        return source.dtype == made.dtype != ""
    if op.type == "Dropout":
        training = len(op.inputs) > 2 and op.inputs[2] and tensors[op.inputs[2]].value != (0,)
        return not training and not any(op.outputs[1:])
    if op.type == "Transpose":
        return _moves_nothing(op, source)
    if op.type not in _SAME_SHAPE or source.shape is None or source.shape != made.shape:
        return False
    if op.type in ("Concat", "Sum", "Max", "Min", "Mean"):
        return sum(1 for t in op.inputs if t) == 1
    return op.type in ("Expand", "Tile") or _keeps_order(op, tensors)


def shares_storage(op: Op, tensors: Mapping[str, Tensor]) -> bool:
    """Whether the first output is the first input's bytes: views, target shape known or not."""
    if op.type in _SHAPE_ONLY and op.domain in STANDARD_DOMAINS and _has_ends(op):
        return True
    return is_view(op, tensors)


def _has_ends(op: Op) -> bool:
    return bool(op.inputs and op.inputs[0] and op.outputs and op.outputs[0])


def _moves_nothing(op: Op, source: Tensor) -> bool:
    perm = op.attributes.get("perm")
    if source.shape is None or not isinstance(perm, tuple):
        return False
    long = [axis for axis in perm if isinstance(axis, int) and source.shape[axis] != 1]
    return long == sorted(long)


def _keeps_order(op: Op, tensors: Mapping[str, Tensor]) -> bool:
    """Whether a Slice takes steps forward only, or a Pad adds nothing anywhere."""
    if op.type == "Pad":
        pads = op.attributes.get("pads") or (
            tensors[op.inputs[1]].value if len(op.inputs) > 1 else None
        )
        return isinstance(pads, tuple) and not any(pads)
    steps = tensors[op.inputs[4]].value if len(op.inputs) > 4 and op.inputs[4] else (1,)
    return steps is not None and all(step == 1 for step in steps)
