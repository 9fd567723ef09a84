"""From measured kernels to the models that predict them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.cost import Floats, KernelModel, Trees
from engine.cost import kernel_features as features_of
from engine.cost import kernel_terms as terms_of
from engine.execute.boosting import Growth, grow

FEW = 40  # kernels: below, the sum of terms stands alone
FOLDS = 3


def fit_class(
    counts: dict[str, Floats], seconds: Floats, net: NDArray[np.int64], seed: int = 0,
    check: bool = True,
) -> KernelModel:  # fmt: skip
    """Fit one class, and find its error on networks left out.

    Args:
        counts: columns by name, [kernels].
        seconds: [kernels], s.
        net: [kernels] the network that each was in: what is left out together.
        seed: of the trees.
        check: find the error too, which takes five fits more.
    """
    model = _fit(counts, seconds, seed)
    if not check:
        return model
    return replace(model, error=held_out(counts, seconds, net, seed)[1])


def held_out(
    counts: dict[str, Floats], seconds: Floats, net: NDArray[np.int64], seed: int = 0
) -> tuple[Floats, float]:
    """(predictions of kernels of networks left out [kernels], median error)."""
    guess = np.zeros(len(seconds))
    fold = net % FOLDS
    for k in range(FOLDS):
        out, rest = fold == k, fold != k
        if not out.any() or not rest.any():
            guess[out] = seconds[out]
            continue
        part = _fit({c: v[rest] for c, v in counts.items()}, seconds[rest], seed)
        guess[out] = part.seconds({c: v[out] for c, v in counts.items()})
    return guess, float(np.median(np.abs(guess / seconds - 1))) if len(seconds) else np.nan


def plain(counts: dict[str, Floats], seconds: Floats) -> KernelModel:
    """A sum of terms alone: what prices a kernel whose class was never measured."""
    terms = terms_of(counts)
    rates = _rates(terms, seconds)
    error = float(np.median(np.abs(np.maximum(terms @ rates, 1e-9) / seconds - 1)))
    return KernelModel(rates, _none(), error, len(seconds), float((terms @ rates).max(initial=0)))


def _none() -> Trees:
    return Trees(np.zeros((0, 1), np.int16), np.zeros((0, 1), np.float32),
                 np.zeros((0, 2), np.float32))  # fmt: skip


def _fit(counts: dict[str, Floats], seconds: Floats, seed: int) -> KernelModel:
    terms = terms_of(counts)
    rates = _rates(terms, seconds)
    base = np.maximum(terms @ rates, 1e-9)
    n = len(seconds)
    trees = _none()
    if n >= FEW:
        # long kernels decide a model's time; below some us the clock's steps are noise
        weight = np.sqrt(np.clip(seconds / 1e-5, 0.03, 30.0))
        x, y = features_of(counts, base), np.log(seconds / base)
        depth = 3 if n < 150 else 4 if n < 600 else 5
        trees = grow(x, y, weight, Growth(trees=240 if n >= 300 else 120, depth=depth), seed)
        moved = base * np.exp(trees.predict(x))
        trees.leaf[0] += np.float32(np.log(_mean_ratio(seconds, moved)))
    return KernelModel(rates, trees, np.nan, n, float(base.max(initial=0)))


def _mean_ratio(seconds: Floats, guess: Floats) -> float:
    """What brings the mean right: a fit of logarithms is the median, and times have long tails."""
    weight = np.sqrt(seconds)
    ratio = float((np.clip(seconds / guess, 0.5, 2.0) * weight).sum() / weight.sum())
    return min(max(ratio, 0.8), 1.3)


def _rates(terms: Floats, seconds: Floats) -> Floats:
    """Rates >= 0 with the least squared relative error, robust against single outliers."""
    weight = np.ones(len(seconds))
    rates = np.zeros(terms.shape[1])
    for _ in range(4):
        scale = (weight / seconds)[:, None]
        rates = nonnegative(terms * scale, weight)
        ratio = np.abs(np.log(np.maximum(terms @ rates, 1e-9) / seconds))
        weight = 1 / np.sqrt(1 + (ratio / 0.3) ** 2)
    return rates


def nonnegative(a: Floats, b: Floats, rounds: int = 2000) -> Floats:
    """Least squares of a @ x = b with x >= 0, by coordinate descent."""
    size = np.sqrt((a**2).sum(axis=0))
    a = a / np.where(size > 0, size, 1)
    gram, target = a.T @ a, a.T @ b
    x = np.zeros(a.shape[1])
    for _ in range(rounds):
        largest = 0.0
        for j in range(len(x)):
            if not size[j]:
                continue
            new = max(0.0, x[j] + (target[j] - gram[j] @ x) / max(gram[j, j], 1e-12))
            largest = max(largest, abs(new - x[j]))
            x[j] = new
        if largest < 1e-7:
            break
    return np.asarray(np.where(size > 0, x / np.where(size > 0, size, 1), 0.0))
