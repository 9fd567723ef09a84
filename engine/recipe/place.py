"""Which unit runs each task, and why not the first."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.compile import KERNELS
from engine.cost import FORMATS, Ints, Mask
from engine.recipe.choose import Choice
from engine.recipe.prepare import Prepared
from engine.targets import Unit, failing, is_float

_CLASSES = tuple(KERNELS)


class Placement(NamedTuple):
    """Unit index of every task (-1: none runs it), the format it multiplies in, and the reason."""

    unit: Ints
    compute: Ints
    reason: tuple[str, ...]


def place(prepared: Prepared, choice: Choice) -> Placement:
    """Put each task on the first unit that supports its class, formats and constraints."""
    target, n = prepared.target, prepared.count
    unique, inverse = np.unique(_keys(prepared, choice), return_inverse=True)
    unit, compute = np.full(n, -1), np.zeros(n, np.int64)
    reason = np.full(n, "", object)
    open_ = ~prepared.unpriced
    for index, u in enumerate(target.units):
        verdicts = [_accepts(u, prepared, *_parts(key)) for key in unique.tolist()]
        formats = np.array([FORMATS.index(fmt) for _, fmt in verdicts])[inverse]
        why = np.array([text for text, _ in verdicts], object)[inverse]
        for sentence, broken in failing(u, prepared.columns):
            why = np.where(broken & (why == ""), sentence, why)
        if index == 0 and len(target.units) > 1:
            why = _after_first(prepared, u, why) if target.partition == "prefix" else why
        if index == 0:
            reason = np.where(open_, why, reason)
        takes = open_ & (unit < 0) & (why == "")
        unit[takes], compute[takes] = index, formats[takes]
        if u is target.fallback:
            lost = open_ & (unit < 0)
            reason = np.where(lost, why, reason)
    return Placement(unit, compute, tuple(reason.tolist()))


def _keys(prepared: Prepared, choice: Choice) -> Ints:
    """Class and formats of every task as one integer, so that like tasks are judged once."""
    classes = np.array([_CLASSES.index(kind[0]) for kind in prepared.kinds], np.int64)
    key = classes[prepared.kind] if prepared.count else np.zeros(0, np.int64)
    for formats in (choice.in_fmt, choice.out_fmt, choice.kernel_fmt):
        key = key * len(FORMATS) + formats
    return key


def _parts(key: int) -> tuple[str, str, str, str]:
    """Class, input, output and kernel format of a key."""
    key, kernel = divmod(key, len(FORMATS))
    key, out = divmod(key, len(FORMATS))
    kernel_class, read = divmod(key, len(FORMATS))
    return _CLASSES[kernel_class], FORMATS[read], FORMATS[out], FORMATS[kernel]


def _accepts(
    unit: Unit, prepared: Prepared, kernel_class: str, in_fmt: str, out_fmt: str, kernel_fmt: str
) -> tuple[str, str]:
    """Why a unit does not take a class and formats ("" if it does), and what it computes in.

    The fallback also runs in integers what it prefers in floats: a file may hold such a task.
    """
    last = unit is prepared.target.fallback
    if unit.kernels and kernel_class not in unit.kernels:
        return f"{unit.label} does not run {KERNELS[kernel_class].label.lower()}", ""
    for fmt in (in_fmt, out_fmt):
        if fmt and fmt not in unit.integers and not unit.compute_format(fmt):
            return f"{unit.label} does not compute in {fmt}", ""
        if not unit.runs(kernel_class, fmt) and not last:
            label = KERNELS[kernel_class].label.lower()
            return f"{unit.label} does not run {label} in {fmt}", ""
    a = in_fmt if in_fmt and in_fmt not in unit.integers else out_fmt
    if not a or a in unit.integers:
        return "", next(iter(unit.rates))
    if not kernel_fmt or kernel_fmt in unit.integers:
        return "", unit.compute_format(a)
    compute = unit.compute_format(a, kernel_fmt)
    if not compute:
        return f"{unit.label} takes no {kernel_fmt} weights with {a} activations", ""
    if not is_float(compute) and kernel_class in unit.float_only and not last:
        return f"{unit.label} does not run {KERNELS[kernel_class].label.lower()} in {compute}", ""
    return "", compute


def _after_first(prepared: Prepared, unit: Unit, why: np.ndarray) -> np.ndarray:
    """With one partition, all after the first task that the unit does not run is the fallback's."""
    broken: Mask = (why != "") & (prepared.columns["runs"] != 0)
    if not broken.any():
        return why
    first = int(broken.argmax())
    name = prepared.columns["name"][first]
    after = np.arange(prepared.count) > first
    text = f"comes after {name}, the first task that {unit.label} does not run"
    return np.where(after & (why == ""), text, why)
