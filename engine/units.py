"""Units and element types, said once: 1 MAC = 2 FLOPs; bytes, joules, seconds; decimal prefixes.

A *dtype* is the word of the ONNX specification ("FLOAT" -> "float32"); a *format* is the short
word that targets, recipes and the user share ("fp32").
"""

from __future__ import annotations

from types import MappingProxyType

FLOPS_PER_MAC = 2

# dtype -> (format, bits an element).  Sub-byte types are stored packed, as the ONNX specification
# does (onnx.proto, TensorProto.DataType); "string" has no size of its own and is priced as unknown.
_DTYPES = {
    "float32": ("fp32", 32),
    "float64": ("fp64", 64),
    "float16": ("fp16", 16),
    "bfloat16": ("bf16", 16),
    "float8e4m3fn": ("fp8", 8),
    "float8e4m3fnuz": ("fp8", 8),
    "float8e5m2": ("fp8", 8),
    "float8e5m2fnuz": ("fp8", 8),
    "float8e8m0": ("fp8", 8),
    "float6e2m3": ("fp6", 6),
    "float6e3m2": ("fp6", 6),
    "float4e2m1": ("fp4", 4),
    "int8": ("int8", 8),
    "uint8": ("int8", 8),
    "int16": ("int16", 16),
    "uint16": ("int16", 16),
    "int4": ("int4", 4),
    "uint4": ("int4", 4),
    "int2": ("int2", 2),
    "uint2": ("int2", 2),
    "int32": ("int32", 32),
    "uint32": ("int32", 32),
    "int64": ("int64", 64),
    "uint64": ("int64", 64),
    "bool": ("bool", 8),
    "complex64": ("complex64", 64),
    "complex128": ("complex128", 128),
    "string": ("string", 0),
}
FORMAT_OF = MappingProxyType({dtype: fmt for dtype, (fmt, _) in _DTYPES.items()})
DTYPE_BITS = MappingProxyType({dtype: bits for dtype, (_, bits) in _DTYPES.items()})
FORMAT_BITS = MappingProxyType(dict(_DTYPES.values()))


def bytes_of(elements: int, dtype: str) -> int:
    """Size in bytes of `elements` packed values of a dtype, rounded up to a whole byte."""
    return -(-elements * DTYPE_BITS[dtype] // 8)
