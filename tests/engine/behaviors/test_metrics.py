"""Every comparison metric against numpy's own functions or a sum by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.behaviors.metrics import BINS, EPSILON, KINDS, are_shares, shares

RNG = np.random.default_rng(3)
M, B = RNG.dirichlet(np.ones(5), 40), RNG.dirichlet(np.ones(5), 40)
Y = RNG.integers(0, 5, 40)
K = B.argmax(axis=1)
ROWS = np.arange(40)
RIGHT_M, RIGHT_B = (M.argmax(1) == Y).astype(float), (B.argmax(1) == Y).astype(float)


def cosine(m: np.ndarray, b: np.ndarray) -> float:
    return 1 - np.dot(m / np.linalg.norm(m), b / np.linalg.norm(b))


def second(p: np.ndarray) -> np.ndarray:
    return np.sort(p, axis=1)[:, -2]


# kind -> (value or None, difference), reckoned otherwise than in the engine
TRUTH = {
    "difference": (M.mean(1), M.mean(1) - B.mean(1)),
    "abs_difference": (M.mean(1), abs(M.mean(1) - B.mean(1))),
    "difference_argmax": (M[ROWS, K], M[ROWS, K] - B[ROWS, K]),
    "abs_difference_argmax": (M[ROWS, K], abs(M[ROWS, K] - B[ROWS, K])),
    "ratio": (M.mean(1), (M / (B + EPSILON)).mean(1)),
    "ratio_argmax": (M[ROWS, K], M[ROWS, K] / (B[ROWS, K] + EPSILON)),
    "mse": (None, ((M - B) ** 2).mean(1)),
    "correctness": (RIGHT_M, RIGHT_M - RIGHT_B),
    "error_rate": (1 - RIGHT_M, RIGHT_B - RIGHT_M),
    "true_confidence": (M[ROWS, Y], M[ROWS, Y] - B[ROWS, Y]),
    "confidence": (M.max(1), M.max(1) - B.max(1)),
    "margin": (M.max(1) - second(M), M.max(1) - second(M) - B.max(1) + second(B)),
    "calibration": (M.max(1) - RIGHT_M, M.max(1) - RIGHT_M - B.max(1) + RIGHT_B),
    "agreement": (None, (M.argmax(1) == B.argmax(1)).astype(float)),
    "cosine": (None, np.array([cosine(m, b) for m, b in zip(M, B, strict=True)])),
}


@pytest.mark.parametrize("kind", TRUTH)
def test_a_metric_is_what_it_says(kind: str):
    value, difference = TRUTH[kind]
    how = KINDS[kind]
    np.testing.assert_allclose(how.difference(M, B, Y), difference, rtol=1e-12, atol=1e-12)
    assert (how.value is None) == (value is None)
    if how.value:
        np.testing.assert_allclose(how.value(M, B, Y), value, rtol=1e-12)


@pytest.mark.parametrize("kind", ["kl", "kl_divergence"])
def test_divergence_is_the_sum_in_bits(kind: str):
    truth = [
        math.fsum(q * math.log((q + EPSILON) / (p + EPSILON), 2) for p, q in zip(m, b, strict=True))
        for m, b in zip(M.tolist(), B.tolist(), strict=True)
    ]
    np.testing.assert_allclose(KINDS[kind].difference(M, B, Y), truth, rtol=1e-9)


def test_all_metrics_are_tested():
    assert set(KINDS) == {*TRUTH, "kl", "kl_divergence"}


def test_logits_become_probabilities_and_probabilities_stay():
    logits = RNG.normal(size=(6, 4)) * 9
    assert not are_shares(logits)
    truth = [[1 / sum(math.exp(o - own) for o in row) for own in row] for row in logits.tolist()]
    np.testing.assert_allclose(shares(logits, False), truth)
    assert are_shares(M)
    assert shares(M, True) is M
    one = shares(np.array([[0.0], [2.0]]), False)
    np.testing.assert_allclose(one[:, 1], [0.5, 1 / (1 + np.exp(-2))])


def test_no_number_stays_no_number():
    m = M.copy()
    m[3, 2] = np.nan
    for kind in ("difference", "correctness", "confidence", "kl", "agreement", "cosine", "margin"):
        found = KINDS[kind].difference(m, B, Y)
        assert np.isnan(found[3]), kind
        assert not np.isnan(np.delete(found, 3)).any(), kind


def test_a_label_that_no_score_stands_for_is_unknown():
    y = Y.copy()
    y[:2] = [-1, 9]
    assert np.isnan(KINDS["true_confidence"].value(M, B, y)[:2]).all()
    assert np.isnan(KINDS["correctness"].value(M, B, y)[0])


def test_confidence_of_one_falls_into_the_last_bin():
    assert KINDS["calibration"].bins(np.array([[1.0, 0.0], [0.5, 0.5]])).tolist() == [
        BINS - 1, BINS // 2,
    ]  # fmt: skip
