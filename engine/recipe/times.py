"""Measured kernels under a recipe: what tasks take in floats, in 8-bit integers, and between.

A calibration knows both kinds of kernels of its runtime.  The model's time of a row is multiplied
by calibrated / modelled of the kernel that the choice asks for, so that the choice costs what the
runtime's other kernel costs, and not what a rate says.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.cost import (
    FORMAT_IDS,
    TAKEN_IN,
    Floats,
    Ints,
    Mask,
    conversion_seconds,
    integer_seconds,
)
from engine.cost import calibration as calibration_of
from engine.recipe.prepare import Prepared
from engine.recipe.wiring import IS_REAL

_INTEGER, _FLOAT = FORMAT_IDS["int8"], FORMAT_IDS["fp32"]
# Whether a task reads and makes integers, for each of `Times`.
WAYS = ((False, False), (True, True), (False, True), (True, False), (False, False))


class Times(NamedTuple):
    """Calibrated / modelled time of each task, [tasks], by whether it reads and makes integers."""

    floats: Floats
    integers: Floats
    makes: Floats
    reads: Floats
    between: (
        Floats  # in floats, with integers on both sides: the runtime may make it an integer one
    )

    def take(self, rows: Ints) -> Times:
        """Those of some tasks."""
        return Times(*(values[rows] for values in self))


def seconds(p: Prepared) -> tuple[Floats, ...]:
    """Calibrated time of one run of each task in each of `WAYS`, s; what a file has stays."""
    made, kernels = calibration_of(p.target.id), p.kernels
    if p.calibrated is None or made is None or kernels is None:
        raise ValueError("no calibration")
    floats = p.calibrated
    ops = [str(o) for o in p.columns["ops"]]
    plain = p.in_fmt == _FLOAT
    integers = np.where(plain, integer_seconds(made, kernels, ops), floats)
    out = np.nan_to_num(p.columns["output_elements"])
    there = conversion_seconds(made, out, np.zeros(p.count, bool))
    back = conversion_seconds(made, out, np.ones(p.count, bool))
    own = p.out_fmt == _INTEGER
    return (
        floats,
        integers,
        np.where(own, floats, floats + there),
        np.where(own, floats, integers + back),
        np.where(_taken(p), integers, floats),
    )


def formats(p: Prepared, reads: bool, makes: bool) -> tuple[Ints, Ints, Ints]:
    """Formats of all tasks where those in fp32 read, make and keep weights in integers."""

    def put(fmt: Ints, yes: bool) -> Ints:
        return np.where(yes & (fmt == _FLOAT) & IS_REAL[fmt], _INTEGER, fmt)

    return put(p.in_fmt, reads), put(p.out_fmt, makes), put(p.kernel_fmt, reads)


def of_choice(p: Prepared, times: Times, in_fmt: Ints, out_fmt: Ints) -> Floats:
    """The factor of each task under a choice of formats; [tasks]."""
    reads = (in_fmt == _INTEGER) & (p.in_fmt == _FLOAT)
    makes = (out_fmt == _INTEGER) & (p.out_fmt == _FLOAT)
    floats = np.where(makes, times.makes, times.floats)
    floats = np.where(_inside(p, in_fmt, out_fmt), times.between, floats)
    return np.where(reads, np.where(makes, times.integers, times.reads), floats)


def _taken(p: Prepared) -> Mask:
    """Tasks that a runtime makes integer ones where it can."""
    types = p.kernels["type"].to_list() if p.kernels is not None else []
    return np.array([t in TAKEN_IN for t in types], bool)


def _inside(p: Prepared, in_fmt: Ints, out_fmt: Ints) -> Mask:
    """Tasks in floats that read only what was integers and make what only becomes integers."""
    e, n = p.edges, p.count
    made = np.append(out_fmt, 0)[e.source] == _INTEGER
    wanted = np.append(in_fmt, 0)[e.target] == _INTEGER
    reads, makes = np.zeros(n, np.int64), np.zeros(n, np.int64)
    np.add.at(reads, e.target[e.target >= 0], np.where(made, 0, 1)[e.target >= 0])
    np.add.at(makes, e.source[e.source >= 0], np.where(wanted, 0, 1)[e.source >= 0])
    whole = (in_fmt == _FLOAT) & (out_fmt == _FLOAT) & (reads == 0) & (makes == 0)
    fed = np.zeros(n, bool)
    fed[e.target[(e.target >= 0) & made]] = True
    return np.asarray(whole & fed, bool)


def between(p: Prepared, elements: Floats, before: Ints, after: Ints) -> Floats | None:
    """Calibrated time of conversions, s; NaN where they are not between fp32 and int8."""
    made = calibration_of(p.target.id) if p.calibrated is not None else None
    if made is None:
        return None
    back = before == _INTEGER
    known = (back & (after == _FLOAT)) | ((before == _FLOAT) & (after == _INTEGER))
    unique, where = np.unique(np.stack([elements, back]), axis=1, return_inverse=True)
    found = conversion_seconds(made, unique[0], unique[1] > 0)[where.reshape(-1)]
    return np.where(known, found, np.nan)
