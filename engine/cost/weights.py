"""How many bytes kernel weights take, stored in the file and moved in a run."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.cost.work import FORMAT_IDS, FORMATS, Floats, Work, bits_of
from engine.targets import Unit, is_float
from engine.units import FORMAT_BITS

GAP_BITS = 8  # distance to the next weight that is not zero
FAR = 255  # the largest that they hold
SCALE_BYTES = 4.0  # fp32 scale of an output channel in int8
BLOCK, BLOCK_SCALE_BYTES = 32, 2.0  # weights that share an fp16 scale in int4 and below, at most
LEAST_BLOCK = 8  # a channel that no block of 8 or more divides has one scale
_FLOAT = np.array([is_float(fmt) for fmt in FORMATS])


class Weights(NamedTuple):
    """Bytes of a row's kernel weights.

    Args:
        stored: in the model's file, all of the kernel's weights.
        moved: read from memory in one run.
        kept: weights that structured pruning leaves.
    """

    stored: Floats
    moved: Floats
    kept: Floats


def stored_bits(bits: Floats, sparsity: Floats) -> Floats:
    """Bits a weight takes in the cheapest of three layouts, see `layout_bits`."""
    mask, gaps = layout_bits(bits, sparsity)
    return np.where(sparsity > 0, np.minimum(bits, np.minimum(mask, gaps)), bits)


def layout_bits(bits: Floats, sparsity: Floats) -> tuple[Floats, Floats]:
    """Bits a weight takes with a bit mask, and with gaps: b bits a value, a share s of zeros.

    A bit mask and the values 1 + (1-s) b · values with 8-bit gaps (1-s)(b + 8)(1 + e), e the
    bridges where entries lie further apart than a gap can say: s^255 / (1 - s^255) for each entry,
    if zeros lie anywhere.  One million fp32 weights at 50/90/99 % zeros measured 2.23/.55 MB with a
    mask, .057 MB with gaps (prototype of the packed file), the formulas give 2.13/.53/.054.
    """
    kept = 1 - sparsity
    far = np.minimum(sparsity, 1 - 1e-6) ** FAR
    return 1 + kept * bits, kept * (bits + GAP_BITS) / (1 - far)


def kernel_weights(unit: Unit, work: Work) -> Weights:
    """Bytes of the kernel weights on a unit.

    stored = count x bits / 8 + look-up table of a palette (2^p entries of the baseline's format)
    + scales (fp32 a channel for int8, fp16 a block for fewer bits, see `_block`; only where the
    baseline was a float).  moved is the same where the unit widens while computing ("run"), and the
    wide weights where it widens when the model is loaded ("load").  count = weights that pruned
    channels leave.
    """
    count = work.kernel_elements * work.kept
    bits = bits_of(work.kernel)
    palette = work.palette > 0
    index = np.where(palette, work.palette, bits)
    side = _side_bytes(work, bits, count)
    packed = stored_bits(index, work.sparsity)
    stored = count * packed / 8 + side

    palette_run = palette & np.isin(
        work.palette, [p for p, w in unit.palettes.items() if w == "run"]
    )
    loaded = np.isin(work.kernel, [FORMAT_IDS[f] for f, w in unit.weights.items() if w == "load"])
    native = work.kernel == work.compute
    wide = np.where(loaded & ~native, bits_of(work.compute), bits)
    moving = np.where(palette_run, work.palette, wide)
    if unit.sparse == "run":
        moving = stored_bits(moving, work.sparsity)
    moved = count * moving / 8 + np.where(np.where(palette, palette_run, ~loaded), side, 0)
    if unit.codec:
        coded = count * codec_bits(unit, work) / 8
        eligible = (bits <= FORMAT_BITS["int8"]) & (bits > 0)
        scales = side - np.where(palette, _table_bytes(work), 0)  # the table is in the code
        stored = np.where(eligible, coded + scales, stored)
        moved = np.where(eligible, coded + scales, moved)
    return Weights(stored, moved * work.gathered, count)


def codec_bits(unit: Unit, work: Work) -> Floats:
    """Bits a weight takes in the unit's lossless codec: interpolated between measured points.

    Zeros and a palette each have a figure, the smaller counts; int4 weights are a palette of 16.
    """
    assert unit.codec is not None
    shares, bits = zip(*unit.codec.zeros, strict=True)
    best = np.interp(work.sparsity, shares, bits)
    index = np.where(work.kernel == FORMAT_IDS["int4"], 4, work.palette)
    for size, figure in unit.codec.palettes.items():
        best = np.where(index == size, np.minimum(best, figure), best)
    return best


def _side_bytes(work: Work, bits: Floats, count: Floats) -> Floats:
    table = _table_bytes(work)
    quantized = _FLOAT[work.base_kernel] & ~_FLOAT[work.kernel] & (count > 0)
    channels = work.columns * work.products * work.keep_out
    channels = np.where(channels > 0, channels, 1)
    scales = channels * SCALE_BYTES
    fine = quantized & (bits < 8)
    if fine.any():
        blocks = count / _block(np.where(fine, count / channels, 1))
        scales = np.where(fine, blocks * BLOCK_SCALE_BYTES, scales)
    return table + np.where(quantized, scales, 0)


def _block(depth: Floats) -> Floats:
    """Weights that share a scale: the largest divisor of a channel's weights up to `BLOCK`."""
    depths, where = np.unique(
        np.maximum(np.rint(np.nan_to_num(depth)), 1), return_inverse=True
    )  # many tasks, few depths
    found = depths.copy()
    for size in range(LEAST_BLOCK, BLOCK + 1):
        found = np.where(depths % size == 0, size, found)
    return found[where].reshape(depth.shape)


def _table_bytes(work: Work) -> Floats:
    table = 2.0**work.palette * bits_of(work.base_kernel) / 8
    return np.where((work.palette > 0) & (work.kernel_elements > 0), table, 0)
