"""What is priced: one entry a task or conversion, its shape and what was chosen for it."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.units import FORMAT_BITS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

# Formats as small integers, so that a choice is an array.  0 is "", no format.
FORMATS: tuple[str, ...] = ("", *FORMAT_BITS)
FORMAT_IDS = MappingProxyType({fmt: i for i, fmt in enumerate(FORMATS)})


def bits_of(formats: Ints) -> Floats:
    """Bits an element of each format; 0 for no format."""
    return np.array([0.0, *FORMAT_BITS.values()])[formats]


@dataclass(frozen=True, slots=True)
class Work:
    """Rows to price; all arrays have one entry a row, NaN is unknown.

    Args:
        runs: executions per inference; all counts below are for one run.
        macs, operations, rows, depth, columns, products, window: as in `compile.TASK_SCHEMA`.
        special: its operations are exponentials, roots or the like.
        depthwise, deconv: kinds of convolution whose product has another form.
        input_bytes, output_bytes: activations in the chosen formats.
        output_elements: outputs of the kernel.
        gathered: share of its weights that a run reads (1 but for embeddings).
        kernel_elements: weights that the kernel reads, to which formats and sparsity apply.
        other_bytes: further weights that it reads (bias, norm).
        first_share: share of the kernel weights that is stored on account of this row.
        first_other_bytes: stored other weights on account of this row.
        live_bytes: activations alive while it runs, in the chosen formats.
        unit: index in the target's units, -1 when nothing runs it.
        compute: format id it multiplies in; kernel: format id of its kernel weights.
        base_kernel: format id of the kernel weights in the baseline.
        sparsity: share of zeros, 0..1; palette: bits of an index, 0 for none.
        keep_in, keep_out: share of input and output channels that structured pruning leaves.
        transfer_bytes, hops: what is handed over from another unit before it runs.
        factor: calibrated time / modelled time in the chosen formats; 1 where not calibrated.
    """

    runs: Floats
    macs: Floats
    operations: Floats
    rows: Floats
    depth: Floats
    columns: Floats
    products: Floats
    window: Floats
    special: Mask
    depthwise: Mask
    deconv: Mask
    input_bytes: Floats
    output_bytes: Floats
    output_elements: Floats
    gathered: Floats
    kernel_elements: Floats
    other_bytes: Floats
    first_share: Floats
    first_other_bytes: Floats
    live_bytes: Floats
    unit: Ints
    compute: Ints
    kernel: Ints
    base_kernel: Ints
    sparsity: Floats
    palette: Ints
    keep_in: Floats
    keep_out: Floats
    transfer_bytes: Floats
    hops: Floats
    factor: Floats

    def __len__(self) -> int:
        return len(self.runs)

    @property
    def kept(self) -> Floats:
        """Share of weights and MACs that structured pruning leaves: keep_in x keep_out.

        A depthwise kernel has one channel on both sides, so its share is keep_out.
        """
        return np.where(self.depthwise, self.keep_out, self.keep_in * self.keep_out)

    def take(self, rows: Ints | Mask) -> Work:
        """The rows at these places."""
        return Work(*[getattr(self, name)[rows] for name in Work.__slots__])
