"""Arithmetic on small constants: what folds the shape computations that exporters leave behind.

It is not an interpreter of models.  Integers and booleans up to 10,000 elements and floats up to
16 are computed, because they decide shapes; everything else is None, so that a file of 100 bytes
which asks for 2**41 elements costs nothing.  Sizes are checked before anything is allocated.
The reader uses it for shapes that onnx leaves open, the compiler to fold the ops away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.graph.model import Op, Tensor

MAX_INTEGERS = 10_000
MAX_FLOATS = 16
_FLOATS = frozenset({"float16", "float32", "float64"})
_KNOWN = frozenset(
    {"bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"} | _FLOATS
)

Array = NDArray[Any]


class _TooLarge(Exception):
    """The result would exceed our caps; never leaves this file."""


def small(dtype: str, shape: Sequence[int]) -> bool:
    """Whether a constant of this type and shape is one that we compute with."""
    return dtype in _KNOWN and prod(shape) <= (MAX_FLOATS if dtype in _FLOATS else MAX_INTEGERS)


def evaluate(op: Op, tensors: Mapping[str, Tensor]) -> tuple[Tensor, ...] | None:
    """Compute an op whose inputs are known constants.

    Args:
        op: any op, at any opset (axes as attribute or as input).
        tensors: by name; an input is known where `Tensor.value` is.  For Shape and Size a known
            shape is enough.

    Returns:
        One weight tensor with dtype, shape and value for each entry of `op.outputs` (a nameless
        one for an output that is absent), or None when an input is unknown, the type of op is
        not one we compute, or the result would be too large or not a number.
    """
    rule = _RULES.get(op.type)
    if rule is None or op.domain not in ("", "ai.onnx"):
        return None
    try:
        if op.type in ("Shape", "Size"):
            source = tensors.get(op.inputs[0])
            if source is None or source.shape is None:
                return None
            arrays: list[Array | None] = [np.array(source.shape, np.int64)]
        else:
            arrays = []
            for name in op.inputs:
                array = _array(tensors.get(name)) if name else None
                if name and array is None:
                    return None
                arrays.append(array)
        with np.errstate(all="ignore"):
            results = rule(op, arrays)
        if not isinstance(results, list):
            results = [results]
        return tuple(_tensor(n, a) for n, a in zip(op.outputs, results, strict=True))
    except (_TooLarge, ValueError, IndexError, TypeError, KeyError, ArithmeticError, MemoryError):
        return None  # the file asks for what the specification does not define


def _array(tensor: Tensor | None) -> Array | None:
    if tensor is None or tensor.value is None or tensor.shape is None:
        return None
    if tensor.dtype not in _KNOWN:
        return None
    return np.array(tensor.value, tensor.dtype).reshape(tensor.shape)


def _tensor(name: str, array: Array) -> Tensor:
    dtype = array.dtype.name
    if not small(dtype, array.shape):
        raise _TooLarge
    if dtype in _FLOATS and not np.isfinite(array).all():
        raise ValueError("not a number")
    return Tensor(name, dtype, tuple(array.shape), "weight", tuple(array.ravel().tolist()))


def _check(shape: Sequence[int]) -> tuple[int, ...]:
    if min(shape, default=0) < 0 or prod(shape) > MAX_INTEGERS:
        raise _TooLarge
    return tuple(shape)


def _axes(op: Op, arrays: list[Array | None], at: int = 1) -> tuple[int, ...] | None:
    """Axes from the attribute of old opsets or the input of new ones."""
    if "axes" in op.attributes:
        stated: Any = op.attributes["axes"]
        return tuple(stated)
    given = arrays[at] if len(arrays) > at else None
    return None if given is None else tuple(int(a) for a in given.ravel())


def _int(op: Op, name: str, default: int) -> int:
    value = op.attributes.get(name, default)
    if not isinstance(value, int):
        raise TypeError(name)
    return value


def _shape(op: Op, a: list[Array | None]) -> Array:
    return _must(a[0])[slice(_int(op, "start", 0), op.attributes.get("end"))]


def _size(op: Op, a: list[Array | None]) -> Array:
    return np.array(prod(_must(a[0]).tolist()), np.int64)


def _must(array: Array | None) -> Array:
    if array is None:
        raise TypeError("absent input")
    return array


def _gather(op: Op, a: list[Array | None]) -> Array:
    data, index, axis = _must(a[0]), _must(a[1]), _int(op, "axis", 0)
    _check((*data.shape[:axis], *index.shape, *data.shape[axis:][1:]))
    return np.take(data, index, axis)


def _slice(op: Op, a: list[Array | None]) -> Array:
    data = _must(a[0])
    if "starts" in op.attributes:
        starts: Any = op.attributes["starts"]
        ends: Any = op.attributes["ends"]
        axes: Any = op.attributes.get("axes")
        steps: Any = None
    else:
        lists = [None if x is None else x.ravel().tolist() for x in a[1:]] + [None, None]
        starts, ends, axes, steps = _some(lists[0]), _some(lists[1]), lists[2], lists[3]
    index: list[slice] = [slice(None)] * data.ndim
    axes = range(len(starts)) if axes is None else axes
    for axis, start, end, step in zip(axes, starts, ends, steps or [1] * len(starts), strict=True):
        n = data.shape[axis]
        low = -1 if step < 0 else 0
        start = max(start + n, low) if start < 0 else min(start, n - 1 if step < 0 else n)
        stop: int | None = max(end + n, low) if end < 0 else min(end, n)
        index[axis] = slice(start, None if stop == -1 else stop, step)
    return data[tuple(index)]


def _some(values: list[Any] | None) -> list[Any]:
    if values is None:
        raise TypeError("absent input")
    return values


def _unsqueeze(op: Op, a: list[Array | None]) -> Array:
    return np.expand_dims(_must(a[0]), _axes(op, a) or ())


def _squeeze(op: Op, a: list[Array | None]) -> Array:
    return np.squeeze(_must(a[0]), _axes(op, a))


def _cast(op: Op, a: list[Array | None]) -> Array:
    to = str(op.attributes.get("to", ""))
    if to not in _KNOWN:
        raise TypeError(to)
    return _must(a[0]).astype(to)


def _cast_like(op: Op, a: list[Array | None]) -> Array:
    return _must(a[0]).astype(_must(a[1]).dtype)


def _reshape(op: Op, a: list[Array | None]) -> Array:
    data = _must(a[0])
    asked: Any = op.attributes["shape"] if "shape" in op.attributes else _must(a[1]).tolist()
    return data.reshape(reshaped(data.shape, tuple(asked), bool(_int(op, "allowzero", 0))))


def reshaped(
    shape: tuple[int, ...], asked: tuple[int, ...], allow_zero: bool = False
) -> tuple[int, ...]:
    """Shape that Reshape gives: 0 copies the old size unless zeros are allowed, one -1 is filled.

    Raises:
        ValueError: the sizes do not fit.
    """
    out = [
        shape[i] if d == 0 and not allow_zero and i < len(shape) else int(d)
        for i, d in enumerate(asked)
    ]
    total = prod(shape)
    if out.count(-1) == 1:
        rest = -prod(out)
        if rest == 0 or total % rest:
            raise ValueError("sizes do not fit")
        out[out.index(-1)] = total // rest
    if min(out, default=0) < 0 or prod(out) != total:
        raise ValueError("sizes do not fit")
    return tuple(out)


def _expand(op: Op, a: list[Array | None]) -> Array:
    data = _must(a[0])
    shape = _check(np.broadcast_shapes(data.shape, tuple(_must(a[1]).tolist())))
    return np.broadcast_to(data, shape)


def _tile(op: Op, a: list[Array | None]) -> Array:
    data, repeats = _must(a[0]), _must(a[1]).tolist()
    _check([n * r for n, r in zip(data.shape, repeats, strict=True)])
    return np.tile(data, repeats)


def _constant_of_shape(op: Op, a: list[Array | None]) -> Array:
    # The reader states the fill as `value` (one number) and `dtype`; absent means float32 zero.
    dtype = str(op.attributes.get("dtype", "float32"))
    shape = _check(_must(a[0]).tolist())
    if not small(dtype, shape):
        raise _TooLarge
    return np.full(shape, op.attributes.get("value", 0), dtype)


def _range(op: Op, a: list[Array | None]) -> Array:
    start, limit, delta = (_must(x).reshape(()) for x in a)
    count = np.ceil((float(limit) - float(start)) / float(delta))
    _check((max(0, int(count)),))
    return np.arange(start.item(), limit.item(), delta.item()).astype(start.dtype)


def _concat(op: Op, a: list[Array | None]) -> Array:
    return np.concatenate([_must(x) for x in a], _int(op, "axis", 0))


def _split(op: Op, a: list[Array | None]) -> list[Array]:
    data, axis, count = _must(a[0]), _int(op, "axis", 0), len(op.outputs)
    sizes: Any = op.attributes.get("split") or (a[1].tolist() if len(a) > 1 and a[1] is not None
                                                else None)  # fmt: skip
    if sizes is None:
        each = -(-data.shape[axis] // count)
        sizes = [min(each, max(0, data.shape[axis] - i * each)) for i in range(count)]
    if sum(sizes) != data.shape[axis] or len(sizes) != count:
        raise ValueError("sizes do not fit")
    return np.split(data, np.cumsum(sizes)[:-1], axis)


def _transpose(op: Op, a: list[Array | None]) -> Array:
    return np.transpose(_must(a[0]), op.attributes.get("perm"))  # type: ignore[arg-type]


def _flatten(op: Op, a: list[Array | None]) -> Array:
    data, axis = _must(a[0]), _int(op, "axis", 1)
    return data.reshape(prod(data.shape[:axis]), -1)


def _where(op: Op, a: list[Array | None]) -> Array:
    arrays = [_must(x) for x in a]
    _check(np.broadcast_shapes(*(x.shape for x in arrays)))
    return np.where(*arrays)


def _nonzero(op: Op, a: list[Array | None]) -> Array:
    return np.stack(np.nonzero(_must(a[0]))).astype(np.int64)


def _divide(x: Array, y: Array) -> Array:
    if x.dtype.kind == "f":
        return np.asarray(x / y)
    if (y == 0).any():
        raise ValueError("division by zero")
    quotient = np.abs(x) // np.abs(y)  # integers round towards zero, unlike numpy's //
    return np.asarray(np.where((x < 0) != (y < 0), -quotient, quotient).astype(x.dtype))


def _mod(op: Op, a: list[Array | None]) -> Array:
    function = np.fmod if _int(op, "fmod", 0) else np.mod
    return np.asarray(_elementwise(function)(op, a))


def _clip(op: Op, a: list[Array | None]) -> Array:
    data, low, high = (*a, None, None)[:3]
    low = np.array(op.attributes["min"]) if "min" in op.attributes else low
    high = np.array(op.attributes["max"]) if "max" in op.attributes else high
    data = _must(data)
    return data if low is None and high is None else np.clip(data, low, high).astype(data.dtype)


def _elementwise(function: Callable[..., Any]) -> _Rule:
    """Broadcast a numpy function over the inputs; more than two are taken pair by pair."""

    def rule(op: Op, a: list[Array | None]) -> Array:
        arrays = [_must(x) for x in a]
        _check(np.broadcast_shapes(*(x.shape for x in arrays)))
        if len(arrays) == 1:
            return np.asarray(function(arrays[0]))
        result = arrays[0]
        for other in arrays[1:]:
            result = np.asarray(function(result, other))
        return result

    return rule


def _same_type(function: Callable[..., Any]) -> _Rule:
    """Elementwise, with the type of the first input (numpy widens some)."""
    inner = _elementwise(function)
    return lambda op, a: np.asarray(inner(op, a)).astype(_must(a[0]).dtype)


def _reduce(function: Callable[..., Any]) -> _Rule:
    def rule(op: Op, a: list[Array | None]) -> Array:
        data, axes = _must(a[0]), _axes(op, a)
        if not axes and _int(op, "noop_with_empty_axes", 0):
            return data
        keep = bool(_int(op, "keepdims", 1))
        return np.asarray(function(data, axis=axes or None, keepdims=keep)).astype(data.dtype)

    return rule


_Rule = Callable[[Op, list[Array | None]], Array | list[Array]]
_RULES: Mapping[str, _Rule] = MappingProxyType(
    {
        "Shape": _shape, "Size": _size, "Gather": _gather, "Slice": _slice, "Concat": _concat,
        "Unsqueeze": _unsqueeze, "Squeeze": _squeeze, "Cast": _cast, "CastLike": _cast_like,
        "Reshape": _reshape, "Expand": _expand, "Tile": _tile, "Range": _range, "Split": _split,
        "ConstantOfShape": _constant_of_shape, "Transpose": _transpose, "Flatten": _flatten,
        "Where": _where, "NonZero": _nonzero, "Mod": _mod, "Clip": _clip,
        "Identity": _elementwise(lambda x: x),
        "Add": _elementwise(np.add), "Sub": _elementwise(np.subtract),
        "Mul": _elementwise(np.multiply), "Div": _elementwise(_divide),
        "Min": _elementwise(np.minimum), "Max": _elementwise(np.maximum),
        "Sum": _elementwise(np.add), "Pow": _same_type(np.power),
        "Equal": _elementwise(np.equal), "Less": _elementwise(np.less),
        "Greater": _elementwise(np.greater), "LessOrEqual": _elementwise(np.less_equal),
        "GreaterOrEqual": _elementwise(np.greater_equal), "Not": _elementwise(np.logical_not),
        "And": _elementwise(np.logical_and), "Or": _elementwise(np.logical_or),
        "Xor": _elementwise(np.logical_xor), "Neg": _elementwise(np.negative),
        "Abs": _elementwise(np.abs), "Sign": _same_type(np.sign), "Floor": _same_type(np.floor),
        "Ceil": _same_type(np.ceil), "Round": _same_type(np.round), "Sqrt": _same_type(np.sqrt),
        "ReduceProd": _reduce(np.prod), "ReduceSum": _reduce(np.sum),
        "ReduceMax": _reduce(np.max), "ReduceMin": _reduce(np.min),
    }
)  # fmt: skip
