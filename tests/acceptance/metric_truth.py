"""Every comparison metric reckoned once more, row by row, in plain Python and numpy.

scipy is no part of the environment; sums are those of `math.fsum`, which are exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

Row = Sequence[float]
Formula = Callable[[Row, Row, int], float]
TINY = 1e-6  # the original adds it in ratios and divergences


def _mean(row: Row) -> float:
    return math.fsum(row) / len(row)


def _most(row: Row) -> int:
    return list(row).index(max(row))


def _right(row: Row, y: int) -> float:
    return float(_most(row) == y)


def _lead(row: Row) -> float:
    first, second = sorted(row)[-1], sorted(row)[-2]
    return first - second


def _kl(m: Row, b: Row, y: int) -> float:
    terms = [q * (math.log2(q + TINY) - math.log2(p + TINY)) for p, q in zip(m, b, strict=True)]
    return max(0.0, math.fsum(terms))


def _angle(m: Row, b: Row, y: int) -> float:
    long = math.hypot(*m) * math.hypot(*b)
    return 1 - math.fsum(p * q for p, q in zip(m, b, strict=True)) / long


def _mse(m: Row, b: Row, y: int) -> float:
    return float(np.square(np.subtract(m, b)).mean())


# kind -> what one model has, None where it only compares
VALUES: Mapping[str, Formula | None] = {
    "difference": lambda m, b, y: _mean(m),
    "abs_difference": lambda m, b, y: _mean(m),
    "difference_argmax": lambda m, b, y: m[_most(b)],
    "abs_difference_argmax": lambda m, b, y: m[_most(b)],
    "ratio": lambda m, b, y: _mean(m),
    "ratio_argmax": lambda m, b, y: m[_most(b)],
    "mse": None,
    "kl_divergence": None,
    "correctness": lambda m, b, y: _right(m, y),
    "error_rate": lambda m, b, y: 1 - _right(m, y),
    "true_confidence": lambda m, b, y: m[y],
    "confidence": lambda m, b, y: max(m),
    "margin": lambda m, b, y: _lead(m),
    "calibration": lambda m, b, y: max(m) - _right(m, y),
    "agreement": None,
    "kl": None,
    "cosine": None,
}
# kind -> its difference from the base
DIFFERENCES: Mapping[str, Formula] = {
    "difference": lambda m, b, y: _mean(m) - _mean(b),
    "abs_difference": lambda m, b, y: abs(_mean(m) - _mean(b)),
    "difference_argmax": lambda m, b, y: m[_most(b)] - max(b),
    "abs_difference_argmax": lambda m, b, y: abs(m[_most(b)] - max(b)),
    "ratio": lambda m, b, y: _mean([p / (q + TINY) for p, q in zip(m, b, strict=True)]),
    "ratio_argmax": lambda m, b, y: m[_most(b)] / (max(b) + TINY),
    "mse": _mse,
    "kl_divergence": _kl,
    "correctness": lambda m, b, y: _right(m, y) - _right(b, y),
    "error_rate": lambda m, b, y: _right(b, y) - _right(m, y),
    "true_confidence": lambda m, b, y: m[y] - b[y],
    "confidence": lambda m, b, y: max(m) - max(b),
    "margin": lambda m, b, y: _lead(m) - _lead(b),
    "calibration": lambda m, b, y: max(m) - _right(m, y) - max(b) + _right(b, y),
    "agreement": lambda m, b, y: float(_most(m) == _most(b)),
    "kl": _kl,
    "cosine": _angle,
}


def layer_figures(x: np.ndarray, b: np.ndarray) -> dict[str, float]:
    """Figures of a tensor beside its base's, of numbers that are finite in both."""
    good = np.isfinite(x) & np.isfinite(b)
    x, b = (a[good].astype(np.float32).astype(np.float64) for a in (x, b))
    noise = np.linalg.norm(x - b)
    return {
        "sparsity": np.mean(x == 0) - np.mean(b == 0),
        "change": np.mean(np.abs(x - b)),
        "relative": noise / np.linalg.norm(b),
        "sqnr_db": 20 * np.log10(np.linalg.norm(b) / noise),
        "cosine": np.corrcoef(np.r_[x, -x], np.r_[b, -b])[0, 1],  # means are 0: the plain cosine
        "flips": np.mean(np.sign(x) * np.sign(b) == -1),
    }
