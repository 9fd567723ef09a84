"""Whether a unit takes a kernel class in given formats, for kinds and for arrays of tasks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.compile import KERNELS
from engine.cost import FORMATS, Ints, Mask
from engine.recipe.prepare import Prepared
from engine.targets import Target, Unit, is_float

CLASSES = tuple(KERNELS)
Asked = tuple[str, str, str, str]  # kernel class, input, output and kernel format


class Acceptance(NamedTuple):
    """[units, rows]: index in `words` of why a unit does not take a row (0: it does), formats."""

    why: Ints
    compute: Ints
    words: tuple[str, ...]


def accepts(unit: Unit, last: bool, asked: Asked) -> tuple[str, str]:
    """Why a unit does not take a class and formats ("" if it does), and what it computes in.

    The fallback (`last`) also runs in integers what it prefers in floats: a file may hold such a
    task.
    """
    kernel_class, in_fmt, out_fmt, kernel_fmt = asked
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


def first_unit(target: Target, asked: Asked) -> int:
    """Index of the first unit that takes a class and formats, -1 for none."""
    for index, unit in enumerate(target.units):
        if not accepts(unit, unit is target.fallback, asked)[0]:
            return index
    return -1


def acceptance(
    p: Prepared, in_fmt: Ints, out_fmt: Ints, kernel_fmt: Ints, kind: Ints
) -> Acceptance:
    """Which units take rows of given formats (ids) and kinds (places in `p.kinds`), all [rows].

    Each combination is judged once and kept on `p`.
    """
    base = len(FORMATS)
    keys = ((p.class_of_kind[kind] * base + in_fmt) * base + out_fmt) * base + kernel_fmt
    table = judged(p)
    words: list[str] = p.kept.setdefault("reasons", [""])
    why = table[0][:, keys]
    new = keys[why[0] < 0]
    if len(new):
        for key in np.unique(new).tolist():
            table[:, :, key] = np.array(
                [_judged(p.target, unit, key, words) for unit in p.target.units]
            ).T
        why = table[0][:, keys]
    return Acceptance(why.astype(np.int64), table[1][:, keys].astype(np.int64), tuple(words))


def judged(p: Prepared) -> NDArray[np.int16]:
    """[(reason, format), units, every combination]: what was found out so far, -1 nothing yet."""
    if "accepts" not in p.kept:
        shape = (2, len(p.target.units), len(CLASSES) * len(FORMATS) ** 3)
        p.kept["accepts"] = np.full(shape, -1, np.int16)
    found: NDArray[np.int16] = p.kept["accepts"]
    return found


def first_true(mask: Mask) -> Ints:
    """Index of the first true entry along axis 0, -1 for none; [columns]."""
    return np.where(mask.any(axis=0), mask.argmax(axis=0), -1)


def _judged(target: Target, unit: Unit, key: int, words: list[str]) -> tuple[int, int]:
    key, kernel = divmod(key, len(FORMATS))
    key, out = divmod(key, len(FORMATS))
    kernel_class, read = divmod(key, len(FORMATS))
    asked = (CLASSES[kernel_class], FORMATS[read], FORMATS[out], FORMATS[kernel])
    why, compute = accepts(unit, unit is target.fallback, asked)
    if why not in words:
        words.append(why)
    return words.index(why), FORMATS.index(compute)
