"""How long the arithmetic of a row takes on a unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from engine.cost.work import FORMATS, Floats, Work
from engine.targets import Figure, Unit


class Compute(NamedTuple):
    """Time of the arithmetic of one run, s, and what it is made of.

    Args:
        total: what the row takes.
        macs: multiply-accumulates that are really done (structured pruning taken off).
        padding: macs after rounding up to the tile / macs, at least 1.
        rate: MAC/s that well-shaped kernels reach; peak: MAC/s of the data sheet.
        product: s of the products; decode: s to bring the weights to the multipliers.
        other: s of the other operations; ideal: s at the peak without any rounding.
    """

    total: Floats
    macs: Floats
    padding: Floats
    rate: Floats
    peak: Floats
    product: Floats
    decode: Floats
    other: Floats
    ideal: Floats


def compute(unit: Unit, work: Work) -> Compute:
    """Time of the arithmetic.

    product = macs x padding / (peak x efficiency); a depthwise convolution has its own share of
    the peak in place of padding and efficiency.  decode = weights / weight_rate.
    other = operations / element_rate, or outputs / special_rate for exponentials.
    A unit with an output stage does other work beside the products: max(product, decode, outputs /
    output_rate); a unit without does one after the other: max(product, decode) + other.
    """
    macs = work.macs * work.kept
    peak = _by_format(unit.rates, work)
    share = np.where(work.depthwise, _depthwise(unit, work), unit.efficiency.value)
    pad = padding(unit, work)
    rate = peak * share
    matrix = ~(macs == 0)
    product = np.where(matrix, macs * pad / rate, 0.0)
    weights = work.kernel_elements * work.kept
    decode = np.where(matrix, weights / unit.weight_rate.value, 0.0) if unit.weight_rate else (
        np.zeros(len(work)))  # fmt: skip
    outputs = work.output_elements * work.keep_out
    plain = work.operations * work.keep_out / unit.element_rate.value
    other = np.where(work.special, outputs / unit.special_rate.value, plain)
    other = np.where(work.operations == 0, 0.0, other)
    if unit.output_rate:
        stage = np.where(work.special, unit.special_rate.value, unit.output_rate.value)
        other = np.where(matrix, outputs / stage, other)
        total = np.where(matrix, np.maximum(np.maximum(product, decode), other), other)
    else:
        total = np.maximum(product, decode) + other
    ideal = np.where(matrix, macs / peak, work.operations * work.keep_out / unit.element_rate.value)
    return Compute(total, macs, pad, rate, peak, product, decode, other, ideal)


def padding(unit: Unit, work: Work) -> Floats:
    """MACs after rounding each side of the product up to the unit's tile, over MACs.

    ceil(rows/r) r x ceil(channels/d) d x ceil(columns/c) c, where the depth of a convolution is
    channels x window and only the channels are rounded.  1 where there is no product to round, and
    for depthwise kernels, which do not use the tile.
    """
    rows, columns = work.rows, work.columns * work.keep_out
    window = np.where(work.window > 0, work.window, 1)
    channels = work.depth * work.keep_in / np.where(work.deconv, 1, window)
    columns = columns / np.where(work.deconv, window, 1)
    factor = np.ones(len(work))
    with np.errstate(invalid="ignore", divide="ignore"):
        for side, size in (("rows", rows), ("depth", channels), ("columns", columns)):
            if side in unit.tile:
                tile = unit.tile[side].value
                factor = factor * np.ceil(size / tile - 1e-9) * tile / size
    plain = work.depthwise | ~np.isfinite(factor) | (factor < 1)
    return np.where(plain, 1.0, factor)


def _by_format(figures: Mapping[str, Figure], work: Work) -> Floats:
    values = [figures[fmt].value if fmt in figures else np.nan for fmt in FORMATS]
    return np.array(values)[work.compute]


def _depthwise(unit: Unit, work: Work) -> Floats:
    default = unit.depthwise["all"].value if "all" in unit.depthwise else np.nan
    values = [unit.depthwise[f].value if f in unit.depthwise else default for f in FORMATS]
    return np.array(values)[work.compute]
