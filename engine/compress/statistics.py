"""Figures of predictions, and their intervals, as sums over samples that can be drawn again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_TINY = 1e-12  # below it a probability says nothing more
_WORK = 40_000_000  # numbers that the draws of one evaluation may touch
_Z = 1.959964  # of a 95 % interval of the normal distribution


@dataclass(frozen=True)
class Rows:
    """What each sample adds to the figures.

    Args:
        columns: [samples, sums] whose sums decide every figure.
        figures: means of the columns, or None for the samples as they are -> id -> figure.
        counts: how many predictions moved.
        table: [classes, (samples, called so, found, found by the base)]; None without labels.
        usual: spread of the labels, or of the base's predictions, in bits.
    """

    columns: Floats
    figures: Callable[[Floats | None], dict[str, float]]
    counts: Mapping[str, int] = field(default_factory=dict)
    table: Floats | None = None
    usual: float = 0.0


def class_rows(scores: Floats, base: Floats | None, labels: Ints | None) -> Rows:
    """Sums that decide the figures of a classifier.

    Args:
        scores: [samples, classes] probabilities.
        base: the same of the model before.
        labels: [samples].
    """
    count, classes = scores.shape
    called = scores.argmax(axis=1)
    before = None if base is None else base.argmax(axis=1)
    one = np.eye(classes)
    columns: dict[str, Floats] = {"called": one[called]}
    counts: dict[str, int] = {}
    hit = labels is not None and called == labels
    if labels is not None:
        columns["true"] = one[labels]
        columns["hit"] = one[labels] * np.asarray(hit)[:, None]
    if base is not None and before is not None:
        ratio = np.log(np.maximum(base, _TINY) / np.maximum(scores, _TINY))
        columns["kl"] = (base * ratio).sum(axis=1)[:, None]
        columns["same"] = (called == before).astype(float)[:, None]
        counts["moved"] = int((called != before).sum())
        if labels is not None:
            was = before == labels
            columns["gain"] = (np.asarray(hit).astype(float) - was)[:, None]
            counts["right_to_wrong"] = int((was & ~np.asarray(hit)).sum())
            counts["wrong_to_right"] = int((~was & np.asarray(hit)).sum())
    places, start = {}, 0
    for name, part in columns.items():
        places[name] = slice(start, start + part.shape[1])
        start += part.shape[1]
    whole = np.concatenate(list(columns.values()), axis=1)

    def figures(means: Floats | None) -> dict[str, float]:
        sums = whole.mean(axis=0) if means is None else means
        at = {name: sums[place] for name, place in places.items()}
        found = {}
        if "hit" in at:
            found["accuracy"] = float(at["hit"].sum())
            there = at["true"] > 0
            both = at["true"] + at["called"]
            found["f1"] = float((2 * at["hit"][there] / both[there]).mean())
            found["worst_class"] = float((at["hit"][there] / at["true"][there]).min())
        found["spread"] = entropy(at["called"])
        if "same" in at:
            found["agreement"] = float(at["same"][0])
            found["kl"] = float(at["kl"][0])
        if "gain" in at:
            found["accuracy_change"] = float(at["gain"][0])
        return found

    shares = np.bincount(labels, minlength=classes) / count if labels is not None else None
    if shares is None and before is not None:
        shares = np.bincount(before, minlength=classes) / count
    table = None
    if labels is not None:
        same = np.zeros(classes) if before is None else np.bincount(
            labels[before == labels], minlength=classes
        )  # fmt: skip
        table = np.stack([
            np.bincount(labels, minlength=classes), np.bincount(called, minlength=classes),
            np.bincount(labels[np.asarray(hit)], minlength=classes),
            same if before is not None else np.full(classes, np.nan),
        ], axis=1).astype(float)  # fmt: skip
    return Rows(whole, figures, counts, table, entropy(shares) if shares is not None else 0.0)


def number_rows(values: NDArray[Any], base: NDArray[Any] | None, targets: Floats | None) -> Rows:
    """Sums that decide the figures of a regression; mean figures over all numbers of a sample."""
    made = values.reshape(len(values), -1).astype(np.float64)
    columns, names = [], []
    if targets is not None:
        true = targets.reshape(len(made), -1)
        off = made - true
        columns += [np.abs(off).mean(axis=1), (off**2).mean(axis=1), true.mean(axis=1),
                    (true**2).mean(axis=1)]  # fmt: skip
        names += ["absolute", "square", "mean", "power"]
    if base is not None:
        before = base.reshape(len(made), -1).astype(np.float64)
        columns += [((made - before) ** 2).mean(axis=1), (before**2).mean(axis=1)]
        names += ["gap", "whole"]
    whole = np.stack(columns, axis=1)

    def figures(means: Floats | None) -> dict[str, float]:
        sums = whole.mean(axis=0) if means is None else means
        at = dict(zip(names, sums.tolist(), strict=True))
        found = {}
        if "square" in at:
            found["mean_absolute"] = at["absolute"]
            found["root_mean_square"] = max(at["square"], 0.0) ** 0.5
            variance = at["power"] - at["mean"] ** 2
            found["explained"] = 1 - at["square"] / variance if variance > 0 else float("nan")
        if "gap" in at:
            found["distance"] = (at["gap"] / at["whole"]) ** 0.5 if at["whole"] > 0 else 0.0
        return found

    return Rows(whole, figures)


def resampled(rows: Rows, seed: int, rounds: int) -> dict[str, tuple[float, float]]:
    """95 % intervals by the bootstrap: samples drawn with replacement, percentiles of figures."""
    count, width = rows.columns.shape
    rounds = max(200, min(rounds, _WORK // max(1, count * width)))
    random = np.random.default_rng(seed)
    drawn: dict[str, list[float]] = {}
    for _ in range(rounds):
        weight = np.bincount(random.integers(0, count, count), minlength=count) / count
        for id, value in rows.figures(weight @ rows.columns).items():
            drawn.setdefault(id, []).append(value)
    found = {}
    for id, values in drawn.items():
        low, high = np.nanpercentile(values, [2.5, 97.5]) if np.isfinite(values).any() else (
            np.nan, np.nan
        )  # fmt: skip
        found[id] = (float(low), float(high))
    return found


def entropy(shares: Floats) -> float:
    """Entropy of shares that add up to one, in bits."""
    left = shares[shares > 0]
    return float(abs((left * np.log2(left)).sum()))


def wilson(hit: float, count: float) -> tuple[float, float]:
    """95 % interval of a share of few samples (E. B. Wilson, 1927)."""
    if not count:
        return float("nan"), float("nan")
    share, square = hit / count, _Z**2 / count
    middle = (share + square / 2) / (1 + square)
    half = _Z * ((share * (1 - share) + square / 4) / count) ** 0.5 / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)
