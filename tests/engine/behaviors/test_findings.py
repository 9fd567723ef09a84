"""Findings of behaviors on outputs that have exactly one fault, and on outputs that have none."""

from __future__ import annotations

import numpy as np
import pytest

from engine import behaviors as bh

N, CLASSES = 600, 10
Y = np.arange(N) % CLASSES


def called(said: np.ndarray) -> np.ndarray:
    """Scores of a model that says so."""
    return np.eye(CLASSES)[said] * 0.9 + 0.01


def flawed(wrong: np.ndarray, seed: int = 0) -> np.ndarray:
    """Right everywhere but there."""
    other = (Y + np.random.default_rng(seed).integers(1, CLASSES, N)) % CLASSES
    return np.where(wrong, other, Y)


def beside(base: np.ndarray, model: np.ndarray, **more: object) -> bh.Matched:
    one, two = (bh.outputs(None, {"scores": called(s)}, Y.tolist(), **more) for s in (base, model))
    return bh.matched(("base", one), [("model", two)])


DICE = np.random.default_rng(2)
CHANCE = DICE.random(N)


def test_a_class_that_pays_is_found_with_its_interval():
    worse = flawed((CHANCE < 0.01) | ((Y == 8) & (CHANCE < 0.3)))
    (found,) = bh.findings(beside(Y, worse))
    assert (found.kind, found.where) == ("harmed", ("8",))
    lost = found.figures[0]
    assert 0 < lost.low < lost.value < lost.high
    share = (worse[Y == 8] != 8).mean()
    assert found.figures[1].value == pytest.approx(-share)
    assert lost.value == pytest.approx(share - (worse != Y)[Y != 8].mean())
    assert "Class '8' pays" in found.sentence
    assert "10 classes looked at" in found.sentence


@pytest.mark.parametrize("share", [0.0, 0.03, 0.2, 0.45])
def test_harm_that_falls_on_all_alike_is_none_of_a_class(share: float):
    assert bh.findings(beside(Y, flawed(share > CHANCE))) == ()


def test_a_class_that_gains_is_not_harmed():
    base = flawed((Y == 3) & (CHANCE < 0.5))
    assert bh.findings(beside(base, Y)) == ()


def test_chance_raises_an_alarm_in_one_of_twenty_sets_at_most():
    alarms = 0
    for seed in range(60):
        dice = np.random.default_rng(seed)
        alarms += bool(bh.findings(beside(Y, flawed(dice.random(N) < 0.05, seed))))
    assert alarms <= 6  # three are expected at most; more than six in one of thirty runs


def test_of_a_class_of_two_nothing_is_said():
    rare = [["rare"] if k < 2 else ["usual"] for k in range(N)]
    worse = flawed((np.arange(N) < 2) | (CHANCE < 0.1))
    assert bh.findings(beside(Y, worse, classes=rare)) == ()


def test_a_group_of_several_attributes_is_looked_at_like_a_class():
    older = CHANCE < 0.2
    classes = [[str(y), "older" if o else "younger"] for y, o in zip(Y, older, strict=True)]
    worse = flawed(older & (np.random.default_rng(9).random(N) < 0.4))
    assert [f.where for f in bh.findings(beside(Y, worse, classes=classes))] == [("older",)]


def test_everything_is_lost_alike_when_a_model_is_ruined():
    (found,) = bh.findings(beside(Y, flawed(CHANCE < 0.9)))
    assert (found.kind, found.where) == ("ruined", ())
    now, was = (f.value for f in found.figures)
    assert now == pytest.approx((CHANCE >= 0.9).mean())
    assert was == pytest.approx(1)
    assert (
        bh.findings(beside(Y, flawed(CHANCE < 0.4))) == ()
    )  # the rest is right, and said elsewhere


def test_a_model_that_says_one_thing_has_collapsed():
    said = np.where(CHANCE < 0.99, 4, Y)
    (found,) = bh.findings(beside(Y, said))
    assert (found.kind, found.where) == ("collapsed", ())
    assert found.figures[0].value == pytest.approx((said == 4).mean())
    assert "it says '4' to 100% of 600 instances; its base says that to 10%" in found.sentence


def test_a_base_that_says_one_thing_makes_no_collapse():
    assert bh.findings(beside(np.full(N, 4), np.full(N, 4))) == ()


def test_errors_of_numbers_are_looked_at_as_well():
    off = np.abs(DICE.normal(1, 0.1, N))
    more = off + np.where(Y == 2, 1.0, 0.0) + np.abs(DICE.normal(0, 0.05, N))
    one, two = (bh.outputs(None, {"error": e}, Y.tolist(), said=[None] * N) for e in (off, more))
    (found,) = bh.findings(bh.matched(("base", one), [("model", two)]))
    assert found.where == ("2",)
    assert found.figures[0].value == pytest.approx(1, abs=0.05)


def test_what_is_not_known_counts_for_nothing():
    worse = flawed((Y == 8) & (CHANCE < 0.4))
    scores = called(worse)
    scores[Y == 5] = np.nan
    one, two = (bh.outputs(None, {"scores": s}, Y.tolist()) for s in (called(Y), scores))
    given = bh.matched(("base", one), [("model", two)])
    assert [f.where for f in bh.findings(given)] == [("8",)]


def test_without_labels_nothing_is_right_or_wrong():
    one, two = (bh.outputs(None, {"scores": called(s)}) for s in (Y, flawed(CHANCE < 0.3)))
    assert bh.findings(bh.matched(("base", one), [("model", two)])) == ()
