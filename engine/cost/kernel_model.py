"""The time of a class of kernels as a function of their counts: a sum of terms, then trees.

seconds = sum(rate x term) x exp(trees), rates >= 0.  The terms carry what physics says (work and
bytes take time in proportion), so that a kernel larger than any that was measured is priced
sensibly; the trees correct what caches, tiles and borders do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.cost.trees import Trees
from engine.cost.work import Floats

# Terms of the sum, by their counts; each in units that make the rates of one size.
TERMS = ("one", "macs", "padded macs", "read", "write", "weights", "elements", "runs", "steps")
_PLAIN = ("code", "variant", "sources", "rank", "item", "stride", "dilation", "pad",
          "row_fill", "column_fill")  # fmt: skip
_SIZES = ("macs", "read_bytes", "write_bytes", "weight_bytes", "rows", "depth", "columns",
          "products", "window", "height", "width", "inner", "outer", "axis", "elements",
          "near", "far", "round")  # fmt: skip
_TAILS = (("columns", 16), ("rows", 6), ("width", 6), ("inner", 8), ("depth", 4), ("axis", 8))
FEATURES = (*_SIZES, *_PLAIN, *(f"{name} mod {n}" for name, n in _TAILS),
            "bytes", "intensity", "macs a row", "guess")  # fmt: skip


@dataclass(frozen=True, slots=True)
class KernelModel:
    """Times of one class.

    Args:
        rates: [terms] s a unit of each term.
        trees: of the logarithm of time / sum of terms.
        error: median |predicted / measured - 1| on networks that it was not fitted to.
        count: kernels that it was fitted to.
        largest: the largest sum of terms that was measured, s.
    """

    rates: Floats
    trees: Trees
    error: float
    count: int
    largest: float

    def seconds(self, counts: dict[str, Floats]) -> Floats:
        """Time of each kernel, s; [rows] from columns by name."""
        base = terms(counts) @ self.rates
        # beyond what was measured, and where nothing is known, the sum alone stands
        moved = self.trees.predict(features(counts, base))
        return np.asarray(np.maximum(base, 1e-9) * np.exp(np.clip(moved, -2.5, 2.5)))


def terms(counts: dict[str, Floats]) -> Floats:
    """[rows, terms] from columns by name."""
    one = np.ones_like(counts["macs"])
    return np.stack(
        [
            one,
            counts["macs"] * 1e-4,
            counts["macs"] * counts["row_fill"] * counts["column_fill"] * 1e-4,
            counts["read_bytes"] * 1e-4,
            counts["write_bytes"] * 1e-4,
            counts["weight_bytes"] * 1e-4,
            counts["elements"] * 1e-4,
            counts["outer"] * 1e-3,
            counts["axis"] * 1e-2,
        ],
        axis=1,
    )


def features(counts: dict[str, Floats], base: Floats) -> Floats:
    """[rows, features]: what the trees ask for."""
    columns = [np.log2(1 + np.maximum(counts[c], 0)) for c in _SIZES]
    columns += [counts[c] for c in _PLAIN]
    columns += [np.mod(counts[c], n) for c, n in _TAILS]
    moved = counts["read_bytes"] + counts["write_bytes"] + counts["weight_bytes"]
    columns += [
        np.log2(1 + moved),
        np.log2((1 + counts["macs"]) / (1 + moved)),
        np.log2((1 + counts["macs"]) / (1 + counts["rows"])),
        np.log2(np.maximum(base, 1e-9)),
    ]
    return np.stack(columns, axis=1)
