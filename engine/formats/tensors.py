"""TensorProto -> `Tensor`: element type, shape and small values; large data is never copied out.

External data is never opened: a file must not make us read another one.  Its sizes come from the
dims, and its location is only judged, so that a hostile path is named instead of ignored.
"""

from __future__ import annotations

import re
from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np
import onnx

from engine.errors import EngineError
from engine.formats.limits import MAX_ELEMENTS, MAX_RANK
from engine.formats.names import visible
from engine.graph import Tensor, small
from engine.units import DTYPE_BITS, bytes_of

# onnx's own number -> our word: the enum in lower case but for the two C names.
DTYPE_OF = MappingProxyType(
    {
        number: {"float": "float32", "double": "float64"}.get(word.lower(), word.lower())
        for word, number in onnx.TensorProto.DataType.items()
        if number
    }
)
NUMBER_OF = MappingProxyType({word: number for number, word in DTYPE_OF.items()})
_ESCAPES = re.compile(r"(^|[\\/])\.\.([\\/]|$)|^[\\/~]|^[a-zA-Z][a-zA-Z0-9+.-]*:|\\|[\x00-\x1f]")
# The typed list that holds a dtype's elements when raw_data is empty (onnx.proto, TensorProto).
_FIELD_OF = MappingProxyType(
    {"float32": "float_data", "float64": "double_data", "int64": "int64_data",
     "uint32": "uint64_data", "uint64": "uint64_data", "string": "string_data",
     "complex64": "float_data", "complex128": "double_data"}
)  # fmt: skip


def dtype_of(number: int, where: str) -> str:
    """Our word for an ONNX element type.

    Raises:
        EngineError: no such type.
    """
    word = DTYPE_OF.get(number)
    if word is None or word not in DTYPE_BITS:
        raise EngineError(
            "unknown element type", where, f"1 to {max(DTYPE_OF)}", str(number),
            "export the model again",
        )  # fmt: skip
    return word


def checked_shape(dims: Any, where: str) -> tuple[int, ...]:
    """Sizes of a stored tensor, in Python integers so that no product overflows.

    Raises:
        EngineError: negative, too many axes or too many elements.
    """
    shape = tuple(int(d) for d in dims)
    if len(shape) > MAX_RANK:
        raise EngineError("tensor has too many axes", where, f"at most {MAX_RANK}", f"{len(shape)}")
    if min(shape, default=0) < 0:
        raise EngineError("tensor has a negative size", where, "0 or more", str(min(shape)))
    if prod(shape) > MAX_ELEMENTS:
        raise EngineError(
            "tensor is too large", where, f"at most {MAX_ELEMENTS:,} elements",
            f"{prod(shape):,}" if prod(shape) < 10**30 else "over 10^30",
        )  # fmt: skip
    return shape


def stored(proto: Any, name: str) -> tuple[Tensor, str]:
    """Read a stored tensor.

    Returns:
        The weight and where its data is: "embedded", "external" or "stripped" (dims without data).

    Raises:
        EngineError: unknown dtype, impossible dims, data that does not fit them, bad location.
    """
    where = f"weight '{name}'"
    dtype = dtype_of(proto.data_type, where)
    shape = checked_shape(proto.dims, where)
    if proto.data_location == onnx.TensorProto.EXTERNAL:
        _check_external(proto, where, bytes_of(prod(shape), dtype))
        return Tensor(name, dtype, shape, "weight"), "external"
    place = _check_size(proto, where, dtype, prod(shape))
    value = _value(proto, dtype, shape) if place == "embedded" and small(dtype, shape) else None
    return Tensor(name, dtype, shape, "weight", value), place


def stored_sparse(proto: Any, name: str) -> tuple[Tensor, str]:
    """Read a sparse tensor as the dense weight that it stands for (no value is kept)."""
    values, place = stored(proto.values, name)
    shape = checked_shape(proto.dims, f"weight '{name}'")
    return Tensor(name, values.dtype, shape, "weight"), place


def _check_size(proto: Any, where: str, dtype: str, elements: int) -> str:
    """Compare the data with the dims; no data at all is a model stripped of its weights."""
    if proto.HasField("raw_data"):
        found, expected, unit = len(proto.raw_data), bytes_of(elements, dtype), "bytes"
    else:
        found = len(getattr(proto, _FIELD_OF.get(dtype, "int32_data")))
        packed = max(1, 8 // DTYPE_BITS[dtype]) if DTYPE_BITS[dtype] in (2, 4) else 1
        pairs = 2 if dtype.startswith("complex") else 1
        expected, unit = -(-elements // packed) * pairs, "elements"
    if elements and not found:
        return "stripped"
    if found < expected:
        raise EngineError(
            "tensor holds less data than its size says", where, f"{expected:,} {unit}",
            f"{found:,}", "the file may be cut off; export or download it again",
        )  # fmt: skip
    return "embedded"


def _check_external(proto: Any, where: str, size: int) -> None:
    entries = {visible(e.key): visible(e.value) for e in proto.external_data[:16]}
    raw = next((e.value for e in proto.external_data[:16] if e.key == "location"), "")
    location = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    if not location or _ESCAPES.search(location):
        raise EngineError(
            "external data points outside the model's folder", where, "a plain file name",
            f"'{visible(location)[:80]}'", "save the model with its weights embedded",
        )  # fmt: skip
    try:
        offset, length = int(entries.get("offset", "0")), int(entries.get("length", str(size)))
    except ValueError:
        offset = length = -1
    if offset < 0 or length < size or offset + length >= 2**63:
        raise EngineError(
            "external data has an impossible offset or length", where, f"{size:,} bytes",
            f"offset {entries.get('offset', '0')}, length {entries.get('length', '?')}"[:120],
        )  # fmt: skip


def _value(proto: Any, dtype: str, shape: tuple[int, ...]) -> tuple[int | float, ...]:
    """Elements of a small constant of a type that numpy has."""
    count = prod(shape)
    if proto.HasField("raw_data"):
        little = np.dtype("bool" if dtype == "bool" else dtype).newbyteorder("<")
        return tuple(np.frombuffer(proto.raw_data, little, count).tolist())
    if dtype == "float16":
        bits = np.array(proto.int32_data[:count], np.uint16)
        return tuple(bits.view(np.float16).tolist())
    field = getattr(proto, _FIELD_OF.get(dtype, "int32_data"))[:count]
    return tuple(np.array(field).astype(dtype).tolist()) if count else ()
