"""Open sizes of the inputs: named, given a value before any shape is computed, and shown.

A size is open when the file gives a word ("batch") or nothing.  It takes, in this order: what the
user bound to its word or to "input[axis]"; the value of its word as arithmetic of other words
("past + seq"); our default for what the word and the place suggest.  Every value used is listed
in `Graph.dims`, so a default is never silent.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from engine.errors import EngineError
from engine.formats.limits import MAX_DIM, MAX_RANK
from engine.formats.names import shown_list, visible
from engine.formats.tensors import checked_shape, dtype_of
from engine.graph import Dim, Tensor

# assumption: usual sizes of the field; a user who means another binds it.  Where the first size
# contradicts the network (it was built for one window, say), the reader tries the next ones.
BATCH, PAST, CHANNELS, OTHER = (1,), (0,), (3,), (1,)
SEQUENCE, IMAGE, SAMPLES = (128, 1, 512), (224, 256, 640), (16_000, 512, 32_000)
ATTEMPTS = 3
Sizes = tuple[int, ...]
_STATE = re.compile(r"state|hidden|cell|^[hc]n?_?(0|in)?$", re.IGNORECASE)
_WORDS: tuple[tuple[re.Pattern[str], Sizes], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), values)
    for pattern, values in (
        (r"batch|^(n|b|bs|bsz)$", BATCH),
        (r"past|cache", PAST),
        (r"sample|audio|wave|signal|pcm", SAMPLES),
        (r"seq|tokens?$|time|length|^(t|s|l|len)$|frames?", SEQUENCE),
        (r"height|width|^(h|w|hh|ww)$|image|img", IMAGE),
        (r"channel|^c$", CHANNELS),
    )
)
_FLOATS = frozenset({"float32", "float16", "float64", "bfloat16"})
_ARITHMETIC: Mapping[type, Callable[[int, int], int]] = MappingProxyType(
    {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
     ast.FloorDiv: operator.floordiv, ast.Div: operator.floordiv, ast.Mod: operator.mod}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bound:
    """The inputs with all sizes known, and how they came to be.

    Args:
        inputs: one tensor an input of the file, in its order (weights listed as inputs too).
        dims: the open sizes with the values used.
        words: raw word of the file -> value, to read other shapes of the file with.
    """

    inputs: tuple[Tensor, ...]
    dims: tuple[Dim, ...]
    words: Mapping[str | bytes, int]


@dataclass(slots=True)
class _Open:
    """An open size: its raw word or None, where it is first met, and its value once it has one."""

    word: str | bytes | None
    name: str
    tensor: str
    axis: int
    rank: int
    dtype: str
    shape: tuple[int | None, ...]
    places: list[str]


def bind(inputs: Sequence[Any], weights: frozenset[str | bytes], bindings: Mapping[str, int],
         attempt: int = 0) -> Bound:  # fmt: skip
    """Give every open size of the inputs a value.

    Args:
        inputs: the ValueInfoProtos of the main graph.
        weights: raw names that are stored weights, whatever the inputs say.
        bindings: the user's values by word or "input[axis]".
        attempt: which of our default sizes to take, 0 to `ATTEMPTS` - 1.

    Raises:
        EngineError: a binding that names no open size, or a value that cannot be; an input of an
            unknown element type.
    """
    tensors: list[tuple[str, str, tuple[int | _Open, ...] | None]] = []
    open_: dict[str | bytes | tuple[str, int], _Open] = {}
    for value in inputs:
        name = visible(value.name)
        stored = value.name in weights
        tensors.append(_input(value, name, {} if stored else open_))
    values = _values(open_, bindings, attempt)
    result = []
    for name, dtype, shape in tensors:
        sizes = None if shape is None else tuple(
            values.get(id(d), 1) if isinstance(d, _Open) else d for d in shape
        )  # fmt: skip
        if sizes is not None:
            checked_shape(sizes, f"input '{name}'")
        result.append(Tensor(name, dtype, sizes, "input"))
    given = {id(o) for o in open_.values() if _given(o, bindings) is not None}
    return Bound(
        tuple(result),
        tuple(Dim(o.name, values[id(o)], id(o) in given) for o in open_.values()),
        MappingProxyType({o.word: values[id(o)] for o in open_.values() if o.word is not None}),
    )


def _input(
    value: Any, name: str, open_: dict[Any, _Open]
) -> tuple[str, str, tuple[int | _Open, ...] | None]:
    kind = value.type
    if kind.HasField("sparse_tensor_type"):
        kind = kind.sparse_tensor_type
    elif kind.HasField("tensor_type"):
        kind = kind.tensor_type
    else:
        return name, "", None  # a sequence, a map, an optional: no size of its own
    dtype = dtype_of(kind.elem_type, f"input '{name}'") if kind.elem_type else ""
    if not kind.HasField("shape"):
        return name, dtype, None
    dims = list(kind.shape.dim[: MAX_RANK + 1])
    if len(dims) > MAX_RANK:
        raise EngineError("input has too many axes", f"input '{name}'", f"at most {MAX_RANK}")
    fixed = tuple(d.dim_value if d.dim_value > 0 else None for d in dims)
    shape: list[int | _Open] = []
    for axis, d in enumerate(dims):
        if (size := fixed[axis]) is not None:
            shape.append(size)
            continue
        place = f"{name}[{axis}]"
        word = d.dim_param if d.HasField("dim_param") and d.dim_param not in ("", "?") else None
        key = word if word is not None else (name, axis)
        shown = place if word is None else visible(word)
        one = open_.setdefault(key, _Open(word, shown, name, axis, len(dims), dtype, fixed, []))
        one.places.append(place)
        shape.append(one)
    return name, dtype, tuple(shape)


def _given(size: _Open, bindings: Mapping[str, int]) -> int | None:
    for key in (size.name, *size.places):
        if key in bindings:
            return bindings[key]
    return None


def _values(
    open_: Mapping[Any, _Open], bindings: Mapping[str, int], attempt: int
) -> dict[int, int]:
    """Value of each open size by identity; the user's first, then arithmetic, then defaults."""
    known = {key for o in open_.values() for key in (o.name, *o.places)}
    names = [o.name for o in open_.values()]
    for key, value in bindings.items():
        if key not in known:
            raise EngineError(
                f"the model has no open size called '{visible(str(key))[:80]}'",
                expected=shown_list(names, 12) if names else "no bindings: every size is fixed",
            )
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_DIM:
            raise EngineError(f"the size '{visible(str(key))}' cannot be used",
                              expected=f"a whole number from 0 to {MAX_DIM:,}",
                              found=str(value)[:40])  # fmt: skip
    values: dict[int, int] = {}
    words: dict[str, int] = {}
    later = []
    for size in open_.values():
        given = _given(size, bindings)
        if given is None and isinstance(size.word, str) and _tree(size.word) is not None:
            later.append(size)
            continue
        values[id(size)] = _default(size, attempt) if given is None else given
        if isinstance(size.word, str):
            words[size.word] = values[id(size)]
    for size in later:
        tree = _tree(str(size.word))
        result = None if tree is None else _arithmetic(tree, words, attempt)
        values[id(size)] = _default(size, attempt) if result is None else result
    return values


def _default(size: _Open, attempt: int) -> int:
    sizes = _usual(size)
    return sizes[min(attempt, len(sizes) - 1)]


def _of_word(word: str, attempt: int) -> int | None:
    sizes = next((v for pattern, v in _WORDS if pattern.search(word)), None)
    return None if sizes is None else sizes[min(attempt, len(sizes) - 1)]


def _usual(size: _Open) -> Sizes:
    if isinstance(size.word, str):
        if size.axis == 0 and size.rank > 1:
            return PAST if "past" in size.word.lower() else BATCH
        for pattern, values in _WORDS:
            if pattern.search(size.word):
                return values
    real = size.dtype in _FLOATS
    if size.rank == 1:
        return SAMPLES if real and re.search(r"audio|wave|signal|speech|pcm", size.tensor) else (
            SEQUENCE if re.search(r"ids|tokens|mask", size.tensor) else OTHER)  # fmt: skip
    if size.axis == 0 or _STATE.search(size.tensor):
        return BATCH
    if size.rank == 2:
        return SAMPLES if real else SEQUENCE
    if size.rank == 3:
        audio = size.axis == 2 and size.shape[1] in (1, 2)  # [batch, 1 or 2 channels, samples]
        return SAMPLES if audio else SEQUENCE
    if size.rank == 4 and real:
        last = size.shape[3] is not None and size.shape[3] <= 4  # [batch, height, width, channel]
        if size.axis == (3 if last else 1):
            return CHANNELS
        return IMAGE
    return OTHER


def _tree(word: str) -> ast.expr | None:
    """The word as arithmetic of words, or None when it is just a word."""
    if len(word) > 200 or not re.search(r"[-+*/%]", word):
        return None
    try:
        tree = ast.parse(word.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tree if isinstance(tree, ast.BinOp) else None


def _arithmetic(tree: ast.expr, words: Mapping[str, int], attempt: int) -> int | None:
    if isinstance(tree, ast.Constant) and type(tree.value) is int:
        return tree.value
    if isinstance(tree, ast.Name):
        return words[tree.id] if tree.id in words else _of_word(tree.id, attempt)
    if isinstance(tree, ast.BinOp) and (function := _ARITHMETIC.get(type(tree.op))):
        left = _arithmetic(tree.left, words, attempt)
        right = _arithmetic(tree.right, words, attempt)
        if left is None or right is None or (not right and function is not operator.add):
            return None
        result = function(left, right)
        return result if 0 <= result <= MAX_DIM else None
    return None
