"""Fronts, budgets, formulas and selections: by hand, by brute force, by the recorded counts."""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import experiments
from engine.errors import EngineError
from engine.experiments import (
    Experiment,
    beaters,
    bound,
    feasible,
    pareto,
    related,
    relaxation,
    search,
)
from tests.effort import allowed, took
from tests.engine.experiments.forests import generated, model, shared, tree


def points(*values: tuple[float | None, ...]) -> Experiment:
    """Models with accuracy (higher is better) and size (lower)."""
    return tree(*(model(f"m{k}", metrics={"Accuracy": a, "Size": s})
                  for k, (a, s) in enumerate(values)))  # fmt: skip


BOTH = ("Accuracy", "Size")


@pytest.mark.parametrize(("name", "metrics", "count"), [
    ("imagenet_models_userstudy_part1.json", ("Model Size", "Top-1 Accuracy"), 2),
    ("cifar10_image_classification_models.json", ("Model Size", "Top-1 Accuracy"), 8),
    ("celeba_models.json", ("Model Size", "Top-1 Accuracy"), 5),
])  # fmt: skip
def test_fronts_are_the_recorded_ones(name: str, metrics: tuple[str, ...], count: int):
    assert len(pareto(experiments.loads(shared(name)), metrics).rows) == count


def test_the_front_keeps_ties_and_leaves_the_unknown_out():
    found = points((0.9, 5), (0.9, 5), (0.8, 5), (0.5, 1), (None, 0.1), (0.95, 50))
    made = pareto(found, BOTH, counts=True)
    assert made.rows == (5, 0, 1, 3)  # the best of the first metric first
    assert made.unknown == 1
    assert made.models["front"].to_list() == [True, True, False, True, None, True]
    assert made.models["beaten_by"].to_list() == [0, 0, 2, 0, None, 0]
    assert made.models["distance"].to_list() == [0, 0, 0, 0, None, 0]  # m2 is beaten in one only
    assert made.assumed == BOTH


def test_the_direction_can_be_said():
    found = points((0.9, 5), (0.1, 1))
    assert pareto(found, BOTH, {"Accuracy": "lower"}).rows == (1,)
    assert pareto(found, BOTH, {"Accuracy": "lower"}).assumed == ("Size",)


def test_how_far_a_beaten_model_is_from_the_front():
    made = pareto(points((1.0, 0), (0.5, 5), (0.0, 10)), BOTH)
    assert made.rows == (0,)
    assert made.models["distance"].to_list() == [0, 0.5, 1]


def test_which_models_beat_one():
    found = points((0.9, 5), (0.9, 5), (0.8, 5), (0.5, 1), (None, 0.1), (0.7, 9))
    beaten = [beaters(found, k, BOTH) for k in range(6)]
    assert beaten == [(), (), (0, 1), (), (), (0, 1, 2)]
    assert beaters(found, 5, BOTH, among=(2, 3)) == (2,)
    assert beaters(found, 3, BOTH, {"Size": "higher"}) == (0, 1, 2, 5)
    counts = pareto(found, BOTH, counts=True).models["beaten_by"].to_list()
    assert counts == [0, 0, 2, 0, None, 3]
    with pytest.raises(EngineError):
        beaters(found, 0, ("Nope",))


def test_the_knee():
    made = pareto(points((1.0, 100), (0.9, 20), (0.1, 10), (0.0, 0)), BOTH)
    assert made.knee == 1
    assert pareto(points((1, 1), (1, 1)), BOTH).knee is None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 5)] * 3), min_size=0, max_size=60))
def test_the_front_is_what_trying_all_pairs_gives(values: list[tuple[int, int, int]]):
    found = tree(*(model(str(k), metrics=dict(zip(("Accuracy", "Size", "Latency"), v, strict=True)))
                   for k, v in enumerate(values)))  # fmt: skip
    costs = [(-a, s, t) for a, s, t in values]
    beats = lambda a, b: a != b and all(x <= y for x, y in zip(a, b, strict=True))  # noqa: E731
    made = pareto(found, ("Accuracy", "Size", "Latency"), counts=True)
    assert set(made.rows) == {
        k for k, c in enumerate(costs) if not any(beats(o, c) for o in costs)
    }  # fmt: skip
    assert made.models["beaten_by"].to_list() == [sum(beats(o, c) for o in costs) for c in costs]
    for k in made.rows:
        assert made.models["distance"][k] == 0


def test_a_front_of_three_metrics_at_six_thousand_is_instant():
    found = experiments.loads(json.dumps(generated(6000)))
    front = partial(pareto, found, ("Accuracy", "Size", "Latency"))
    assert took(front) < allowed(0.05)
    assert len(front().rows) > 10


def test_budgets_with_slack_and_unknown_values():
    found = points((0.9, 5), (0.8, 2), (0.7, None), (0.2, None), (0.2, 1))
    made = feasible(
        found, [bound(found, "Size", high=4), bound(found, "Accuracy", low=0.5)], "Accuracy"
    )
    assert made.passing == (1,)
    assert made.unknown == (2,)
    assert made.best == 1
    assert made.verdicts["passes"].to_list() == [False, True, None, False, False]
    assert made.slack["s0"].to_list() == [-1, 2, None, None, 3]
    assert made.verdicts["worst"].to_list() == [0, 1, 1, 1, 1]
    assert made.verdicts["slack"][0] == -0.25  # 1 of a range of 4


def test_zero_passing_is_zero():
    found = points((0.9, 5), (0.8, 2))
    made = feasible(found, [bound(found, "Size", high=1)], "Accuracy")
    assert (made.passing, made.best) == ((), None)
    assert feasible(found, [], "Accuracy").passing == (0, 1)


def test_relaxing_a_budget():
    found = points((0.9, 5), (0.8, 2), (0.7, 3), (0.95, 9), (None, 1), (0.99, None))
    bounds = [bound(found, "Size", high=1), bound(found, "Accuracy", high=0.92)]
    made = relaxation(found, bounds, 0, "Accuracy")
    assert made.rows() == [(2, 0.8, 1), (5, 0.9, 0)]
    up = relaxation(found, [bound(found, "Accuracy", low=0.99)], 0, "Size")
    assert up.rows() == [(0.95, 9, 3), (0.9, 5, 0), (0.8, 2, 1)]


@pytest.mark.parametrize(("name", "low", "high"), [
    ("nope", 1, 2), ("Size", 3, 2), ("Size", float("nan"), None), ("Size", "x", None),
    ("Size", True, None), ("Size", None, float("inf")),
])  # fmt: skip
def test_bad_bounds_are_one_sentence(name: str, low: object, high: object):
    with pytest.raises(EngineError):
        bound(points((1, 1)), name, low, high)


def test_named_budgets_of_a_file():
    good = {"name": "Watch", "bounds": [{"metric": "Size", "max": 3}]}
    found = tree(
        model("a"), budgets=[good, {"name": "x"}, 3, {"name": "y", "bounds": [{"metric": 1}]}]
    )
    (made,) = experiments.read_sets(found.document, found)
    assert (made.name, made.bounds[0].high) == ("Watch", 3)
    kept = experiments.with_sets(found, [made])
    assert experiments.read_sets(experiments.loads(experiments.dumps(kept)).document, kept) == (
        made,
    )
    assert "budgets" not in experiments.with_sets(found, []).document
    with pytest.raises(EngineError, match="differ"):
        experiments.with_sets(found, [made, made])


def test_formulas():
    found = points((0.8, 4), (0.5, None), (0.5, 0))
    made = experiments.with_formula(found, "Worth", "100 * Accuracy / [Size] - 2^2", "higher")
    spec = made.metrics[-1]
    assert made.frame[spec.column].to_list() == [pytest.approx(16), None, None]  # 1/0 is unknown
    assert pareto(made, ["Worth", "Size"]).rows == (0,)
    again = experiments.loads(experiments.dumps(made))
    assert again.frame[again.metrics[-1].column].to_list()[0] == pytest.approx(16)
    other = experiments.with_formula(made, "Worth", "min(Accuracy, 0.6)", "higher")
    assert other.frame[spec.column].to_list() == [0.6, 0.5, 0.5]
    assert len(other.metrics) == len(made.metrics)


@pytest.mark.parametrize("text", [
    "", "  ", "1 +", "nope", "[no pe] + 1", "__import__('os')", "().__class__", "Size.real",
    "Size[0]", "lambda: 1", "Size if 1 else 2", "log(1, 2)", "log(x=1)", "'a' * 9", "9" * 400,
    "True", "Size and 1", "1 < 2", "f'{Size}'", "[x for x in y]", "Size := 2", "1" + "+1" * 249,
    "(" * 300, "-" * 400 + "1", "a" * 501, "\x00", "max()", "Size;Size", "exp", "1e999", "{}",
])  # fmt: skip
def test_bad_formulas_are_one_sentence(text: str):
    with pytest.raises(EngineError) as fault:
        experiments.with_formula(points((1, 1)), "New", text)
    assert "\n" not in fault.value.sentence


@settings(max_examples=200, deadline=None)
@given(st.text("0123456789+-*/^()[]., SizeAcuracylogmx_'\"=:<>", max_size=40))
def test_any_formula_is_a_column_or_one_sentence(text: str):
    found = points((0.8, 4), (0.5, None))
    try:
        made = experiments.with_formula(found, "New", text)
    except EngineError:
        return
    column = made.frame[made.metrics[-1].column]
    assert all(v is None or np.isfinite(v) for v in column)


KIN = tree(model("a"), model("b", "a", "p", x=1), model("c", "a", "p", x=2), model("d", "b", "q"),
           model("e", "d", "p", x=1), model("z", tag="Other root"))  # fmt: skip


@pytest.mark.parametrize(("ids", "relation", "told"), [
    ("d", "parents", "b"), ("a", "children", "bc"), ("b", "siblings", "c"), ("a", "siblings", "z"),
    ("e", "ancestors", "abd"), ("b", "descendants", "de"), ("e", "roots", "a"), 
    ("a", "leaves", "ce"),
    ("b", "operation", "ce"), ("b", "parameters", "e"), ("z", "parents", ""), 
    ("bc", "parents", "a"),
])  # fmt: skip
def test_relations(ids: str, relation: str, told: str):
    rows = related(KIN, list(ids), relation)
    assert [KIN.models[r].id for r in rows] == list(told)


def test_search():
    assert search(KIN, "P 1") == [1, 4]
    assert search(KIN, '"other root"') == [5]
    assert search(KIN, " ") == []
    with pytest.raises(EngineError, match="no such relation"):
        related(KIN, ["a"], "cousins")
