"""Metrics by formula: "accuracy / size", in a language of numbers, names and a few functions.

A name with blanks stands in brackets: `[Top-1 Accuracy] / log10([Model Size])`.  The text is
parsed, every node is on a list, and the values are computed on columns; nothing is evaluated as
code.  An unknown value makes the result unknown, and so does one that is no number (1 / 0).
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError

MAX_TEXT = 500  # characters
MAX_NODES = 200
MAX_DEPTH = 40
_Column = NDArray[np.float64]
_BINARY: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide,
    ast.Pow: np.power,
}  # fmt: skip
_UNARY: dict[type[ast.AST], Callable[..., Any]] = {ast.USub: np.negative, ast.UAdd: np.positive}
FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    "log": (1, np.log), "log2": (1, np.log2), "log10": (1, np.log10), "exp": (1, np.exp),
    "sqrt": (1, np.sqrt), "abs": (1, np.abs), "min": (2, np.minimum), "max": (2, np.maximum),
}  # fmt: skip
_QUOTED = re.compile(r"\[([^\[\]]*)\]")
_PLAIN = re.compile(r"[A-Za-z_]\w*\Z")


def names(text: str, known: Mapping[str, object]) -> tuple[str, ...]:
    """The metrics that a formula uses.

    Raises:
        EngineError: it cannot be read; the sentence says why.
    """
    return tuple(dict.fromkeys(_parse(text, known)[1].values()))


def values(text: str, columns: Mapping[str, _Column], count: int) -> _Column:
    """The values of a formula, NaN where unknown.

    Args:
        text: the formula.
        columns: metric -> its values, NaN where unknown.
        count: how many values there are, for a formula without metrics.

    Raises:
        EngineError: it cannot be read, or names what is not there.
    """
    tree, quoted = _parse(text, columns)
    with np.errstate(all="ignore"):
        found = np.asarray(_value(tree, quoted, columns), dtype=np.float64)
    made = np.broadcast_to(found, (count,)).copy()
    made[~np.isfinite(made)] = np.nan
    return made


def _parse(text: str, known: Mapping[str, object]) -> tuple[ast.expr, dict[str, str]]:
    """The checked tree, and the metric behind each name in it."""
    if not isinstance(text, str) or not text.strip():
        raise EngineError("is empty", "formula", "such as [Accuracy] / [Size]")
    if len(text) > MAX_TEXT:
        raise EngineError("is too long", "formula", f"at most {MAX_TEXT} characters")
    stood: dict[str, str] = {}

    def stand(found: re.Match[str]) -> str:
        name = f"q{len(stood)}_"
        stood[name] = found[1].strip()
        return f" {name} "

    plain = _QUOTED.sub(stand, text).replace("^", "**").replace("×", "*").replace("−", "-")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd literals, which are refused below anyway
            tree = ast.parse(plain.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise EngineError(
            "cannot be read", "formula", "numbers, metrics in [ ], + - * / ^ and functions",
            repr(text[:80]),
        ) from None  # fmt: skip
    _check(tree)
    every = list(ast.walk(tree))
    called = {id(n.func) for n in every if isinstance(n, ast.Call)}
    used = {n.id for n in every if isinstance(n, ast.Name) and id(n) not in called}
    behind = {name: stood.get(name, name) for name in sorted(used)}
    for name in behind.values():
        if name not in known:
            listed = ", ".join(list(known)[:12]) or "none"
            raise EngineError("no such metric", "formula", f"one of {listed}", repr(name[:80]))
    return tree, behind


def _check(tree: ast.expr) -> None:
    """Every node is one of ours, there are few, and none lies deep."""
    level: list[ast.AST] = [tree]
    seen = depth = 0
    while level:
        depth, seen = depth + 1, seen + len(level)
        if depth > MAX_DEPTH or seen > MAX_NODES:
            raise EngineError("is too large", "formula", f"at most {MAX_NODES} parts")
        for node in level:
            _allowed(node)
        level = [child for node in level for child in _below(node)]


def _below(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.BinOp):
        yield from (node.left, node.right)
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.Call):
        yield from node.args


def _allowed(node: ast.AST) -> None:
    if isinstance(node, ast.Constant):
        good = type(node.value) in (int, float) and abs(node.value) < 1e300  # type: ignore[arg-type]
    elif isinstance(node, ast.BinOp):
        good = type(node.op) in _BINARY
    elif isinstance(node, ast.UnaryOp):
        good = type(node.op) in _UNARY
    elif isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        good = name in FUNCTIONS and not node.keywords
        if good and len(node.args) != FUNCTIONS[name][0]:
            wanted = FUNCTIONS[name][0]
            raise EngineError(f"{name} takes {wanted} value{'s' * (wanted > 1)}", "formula")
    else:
        good = isinstance(node, ast.Name)
    if not good:
        raise EngineError(
            "holds what a formula may not", "formula",
            "numbers, metrics in [ ], + - * / ^ and " + ", ".join(FUNCTIONS),
            ast.unparse(node)[:60],
        )  # fmt: skip


def _value(node: ast.expr, behind: Mapping[str, str], columns: Mapping[str, _Column]) -> Any:
    """The value of a checked node."""
    if isinstance(node, ast.Constant):
        return np.float64(node.value)  # type: ignore[arg-type]
    if isinstance(node, ast.Name):
        return columns[behind[node.id]]
    if isinstance(node, ast.UnaryOp):
        return _UNARY[type(node.op)](_value(node.operand, behind, columns))
    if isinstance(node, ast.BinOp):
        left, right = (_value(n, behind, columns) for n in (node.left, node.right))
        return _BINARY[type(node.op)](left, right)
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Name)
    return FUNCTIONS[node.func.id][1](*(_value(a, behind, columns) for a in node.args))


def bracketed(name: str) -> str:
    """A metric's name as a formula writes it."""
    return name if _PLAIN.match(name) and name not in FUNCTIONS else f"[{name}]"
