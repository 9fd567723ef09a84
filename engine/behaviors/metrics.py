"""Comparison metrics of instances, as plain functions of two models' vectors.

The kinds and their formulas are those of Compress and Compare (Boggust et al., 2024), so that its
files give the same figures, less one fault: what is no number stays NaN and is shown as such.
m and b are rows of the model and of the base, [instances, width], reckoned in float64; where a
kind needs scores, they are probabilities of classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Value = Callable[[Floats, Floats, Ints], Floats]  # of m, b and the labels: [instances]
EPSILON = 1e-6  # in ratios and divergences, as the original has it
ROUNDED = 1e-3  # that probabilities in float16 miss a sum of 1 by, at most
_AT_ONCE = 1_000_000  # scores that are looked at together
BINS = 15  # of confidence, for the calibration error (Guo et al., 2017)


class Rows(np.ndarray[Any, np.dtype[np.float64]]):
    """Rows of which several kinds ask the same: it is found once for all of them."""

    @cached_property
    def most(self) -> Floats:
        """Highest score of each; NaN where one is no number."""
        return np.asarray(np.asarray(self).max(axis=1))

    @cached_property
    def top(self) -> Ints:
        """Class with the highest score; -1 where a score is no number."""
        return np.where(np.isnan(self.most), -1, np.asarray(self).argmax(axis=1))

    @cached_property
    def lead(self) -> Floats:
        """Highest score less the second."""
        high = np.partition(np.asarray(self), -2, axis=1)[:, -2:]
        return np.asarray(high[:, 1] - high[:, 0])


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to compare.

    Args:
        label: words for it; help: a sentence.
        value: what one model alone has, [instances]; None where only a comparison exists.
        difference: of a model from the base, [instances].
        needs: "" any vector; "scores" one score a class; "labels" scores and labels.
        better: direction of a value, or of a difference where there is no value.
        relative: a class's difference is divided by the base's mean of that class.
        share: a value, or a difference without values, is 0 or 1, so that means are shares.
        bins: [instances] bins whose signed sums are added without sign, for calibration.
    """

    label: str
    help: str
    value: Value | None
    difference: Value
    needs: Literal["", "scores", "labels"] = ""
    better: Literal["higher", "lower", ""] = ""
    relative: bool = False
    bins: Callable[[Floats], Ints] | None = None
    share: bool = False


def _mean(m: Floats) -> Floats:
    return np.asarray(np.asarray(m).mean(axis=1)) if m.shape[1] else np.full(len(m), np.nan)


def _at(m: Floats, k: Ints) -> Floats:
    """m[i, k[i]]; NaN where k is outside."""
    inside = (k >= 0) & (k < m.shape[1])
    found = np.asarray(m)[np.arange(len(m)), np.where(inside, k, 0)]
    return np.where(inside, found, np.nan)


def as_rows(m: Floats) -> Rows:
    """The same numbers, which remember what was found of them."""
    return m if isinstance(m, Rows) else m.view(Rows)


def top(m: Floats) -> Ints:
    """Class with the highest score; -1 where a score is no number."""
    return as_rows(m).top


def are_shares(scores: NDArray[np.floating], base: bool = True) -> bool:
    """Scores are probabilities already: of each row that is a number, or of one class.

    Rows need not add up to 1: those of a quantized softmax, in steps of 1/256, miss it by up to
    half a step a class, and those of sigmoids add up to anything.  No trained network has logits
    that all lie in 0..1, but one that compression ruined may.

    Args:
        scores: [instances, classes].
        base: those of the model that it was made from are.
    """
    width = scores.shape[1]
    step = max(1, _AT_ONCE // max(1, width))
    for start in range(0, len(scores), step):  # logits end it early; a copy of all may be large
        part = scores[start : start + step]
        part = part[np.isfinite(part).all(axis=1)]
        if not ((part >= 0) & (part <= 1 + ROUNDED)).all():
            return False
        if not base and width > 1 and (np.abs(part.sum(axis=1) - 1) > ROUNDED).any():
            return False
    return True


def shares(m: Floats, already: bool) -> Floats:
    """Scores as probabilities, [instances, classes]; one score alone is that of class 1.

    A row with a probability that is infinite is NaN.

    Args:
        m: scores.
        already: `are_shares` of the whole vector, of which m may be a part.
    """
    if m.shape[1] == 1:
        one = m if already else 1 / (1 + np.exp(-np.clip(m, -700, 700)))
        return np.concatenate([1 - one, one], axis=1)
    if already:
        sound = np.isfinite(m).all(axis=1, keepdims=True)
        return m if sound.all() else np.where(sound, m, np.nan)
    with np.errstate(invalid="ignore"):
        e = np.exp(m - m.max(axis=1, keepdims=True))
        return np.asarray(e / e.sum(axis=1, keepdims=True))


def _right(m: Floats, b: Floats, y: Ints) -> Floats:
    called = top(m)
    return np.where((called < 0) | (y < 0), np.nan, (called == y).astype(float))


def _wrong(m: Floats, b: Floats, y: Ints) -> Floats:
    return 1 - _right(m, b, y)


def _sure(m: Floats, b: Floats, y: Ints) -> Floats:
    return as_rows(m).most


def _sure_true(m: Floats, b: Floats, y: Ints) -> Floats:
    return _at(m, y)


def _margin(m: Floats, b: Floats, y: Ints) -> Floats:
    return as_rows(m).lead


def _overconfident(m: Floats, b: Floats, y: Ints) -> Floats:
    return _sure(m, b, y) - _right(m, b, y)


def _confidence_bins(m: Floats) -> Ints:
    sure = np.nan_to_num(as_rows(m).most)
    return np.minimum((sure * BINS).astype(np.int64), BINS - 1)


def _same(m: Floats, b: Floats, y: Ints) -> Floats:
    p, q = top(m), top(b)
    return np.where((p < 0) | (q < 0), np.nan, (p == q).astype(float))


def _own(m: Floats, b: Floats, y: Ints) -> Floats:
    return _mean(m)


def _less(value: Value) -> Value:
    """The difference of a value."""
    return lambda m, b, y: value(m, b, y) - value(b, b, y)


def _argmax(m: Floats, b: Floats, y: Ints) -> Floats:
    return _at(m, top(b))


def _argmax_less(m: Floats, b: Floats, y: Ints) -> Floats:
    return _at(m, top(b)) - _at(b, top(b))


def _square(m: Floats, b: Floats, y: Ints) -> Floats:
    return _mean((m - b) ** 2)


def _kl(m: Floats, b: Floats, y: Ints) -> Floats:
    """KL from base to model, in bits, never below 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (b * np.log2((b + EPSILON) / (m + EPSILON))).sum(axis=1)
    return np.maximum(0.0, found)  # keeps NaN


def _kl_shares(m: Floats, b: Floats, y: Ints) -> Floats:
    """The same of probabilities, brought to a sum of 1 where they have another."""
    with np.errstate(invalid="ignore", divide="ignore"):
        p, q = (s / s.sum(axis=1, keepdims=True) for s in (m, b))
        return _kl(p, q, y)


def _cosine(m: Floats, b: Floats, y: Ints) -> Floats:
    """1 − cosine of the angle; NaN where a vector is zero."""
    with np.errstate(invalid="ignore", divide="ignore"):
        cosine = (m * b).sum(axis=1) / np.sqrt((m * m).sum(axis=1) * (b * b).sum(axis=1))
    return np.asarray(1 - cosine)


def _ratio(m: Floats, b: Floats, y: Ints) -> Floats:
    return _mean(m / (b + EPSILON))


KINDS: Mapping[str, Kind] = {
    # those of the original, whose names its files use
    "difference": Kind("Difference", "Mean of the model less that of the base.", _own,
                       lambda m, b, y: _mean(m - b)),
    "abs_difference": Kind("Absolute difference", "Size of the difference of the means.", _own,
                           lambda m, b, y: np.abs(_mean(m - b))),
    "difference_argmax": Kind(
        "Difference at the base's class", "At the class that the base scores highest.", _argmax,
        _argmax_less),
    "abs_difference_argmax": Kind(
        "Absolute difference at the base's class", "Size of that difference.", _argmax,
        lambda m, b, y: np.abs(_argmax_less(m, b, y))),
    "ratio": Kind("Ratio", "Mean of model over base, number by number.", _own, _ratio),
    "ratio_argmax": Kind(
        "Ratio at the base's class", "Model over base at the class that the base scores highest.",
        _argmax, lambda m, b, y: _at(m, top(b)) / (_at(b, top(b)) + EPSILON)),
    "mse": Kind("Mean square error from the base", "Mean of the squared differences of outputs.",
                None, _square, better="lower"),
    "kl_divergence": Kind("KL divergence, bits", "From the base's distribution to the model's.",
                          None, _kl, better="lower"),
    # of classifiers
    "correctness": Kind("Correct", "Share of instances called by their label.", _right,
                        _less(_right), "labels", "higher", True, share=True),
    "error_rate": Kind("Error rate", "Share of instances called by another label.", _wrong,
                       _less(_wrong), "labels", "lower", True, share=True),
    "true_confidence": Kind("Confidence in the label", "Probability of the true class.",
                            _sure_true, _less(_sure_true), "labels", "higher"),
    "confidence": Kind("Confidence", "Probability of the predicted class.", _sure, _less(_sure),
                       "scores"),
    "margin": Kind("Margin", "Lead of the first class over the second, in probability.", _margin,
                   _less(_margin), "scores", "higher"),
    "calibration": Kind(
        "Calibration error", f"Confidence less correctness; a group's is the mean of its sizes "
        f"over {BINS} bins of confidence.", _overconfident, _less(_overconfident), "labels",
        "lower", bins=_confidence_bins),
    "agreement": Kind("Agreement with the base", "Share of instances called as the base does.",
                      None, _same, "scores", "higher", share=True),
    "kl": Kind("KL from the base, bits", "Between the probabilities of base and model.", None,
               _kl_shares, "scores", "lower"),
    # of regressions and embeddings
    "cosine": Kind("Cosine distance", "1 − cosine of the angle to the base's vector.", None,
                   _cosine, "", "lower"),
}  # fmt: skip
