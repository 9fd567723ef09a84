"""The map: columns, rows and positions, by hand, by the original's results, and of any forest."""

from __future__ import annotations

import json
from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import experiments
from engine.experiments import Experiment, layout
from tests.effort import allowed, took
from tests.engine.experiments.forests import generated, model, shared, tree

CIFAR = "Base, Train, Prune, Train, Quantize, Prune, Train, Prune, Train, Prune, Train, Calibrate"
# columns by operation, rows, columns by step
GOLDEN = {
    "celeba_models.json": ("train, iterative magnitude prune", 7, 2),
    "imagenet_models_userstudy_tutorial.json": (
        "train, quantize, magnitude prune, train, calibrate", 3, 3),
    "imagenet_models_userstudy_part1.json": (
        "train, quantize, magnitude prune, gradient prune, train, calibrate", 13, 3),
    "cifar10_image_classification_models.json": (CIFAR, 36, 10),
}  # fmt: skip


def titles(experiment: Experiment, **how) -> str:
    return ", ".join(c.title for c in layout(experiment, **how).columns)


def places(experiment: Experiment, **how) -> dict[str, tuple[int, int]]:
    made = layout(experiment, **how).positions
    ids = [m.id for m in experiment.models]
    return {ids[r]: (c, n) for r, c, n in made.select("row", "column", "lane").iter_rows()}


@pytest.mark.parametrize("name", GOLDEN)
def test_columns_and_rows_are_the_originals(name: str):
    columns, rows, steps = GOLDEN[name]
    found = experiments.loads(shared(name))
    assert titles(found) == columns
    assert layout(found).lanes == layout(found, by="step").lanes == rows
    assert titles(found, by="step") == ", ".join(["Base", *(f"Step {k}" for k in range(1, steps))])


def test_rows_of_the_study_are_the_originals():
    found = places(experiments.loads(shared("imagenet_models_userstudy_part1.json")))
    trunk = [f"{kind}pruning{n}" for kind in ("gradient", "magnitude") for n in (50, 75, 90)]
    for lane, name in zip(range(0, 12, 2), trunk, strict=True):
        id = f"resnet50trained-{name}_compressed"
        assert found[id][1] == found[f"{id}-recalibrated"][1] == lane
        assert found[f"{id}-retrained"][1] == lane + 1
    assert found["resnet50trained"][1] == 0
    assert found["resnet50trained_quantizeint8"] == (1, 12)


def test_a_step_between_moves_the_column_of_what_follows():
    found = tree(model("b"), model("p", "b", "Prune"), model("q1", "p", "Quantize"),
                 model("c", "p", "Calibrate"), model("q2", "c", "Quantize"))  # fmt: skip
    assert titles(found) == "Base, Prune, Calibrate, Quantize"
    at = places(found)
    assert at["q1"][0] == at["q2"][0] == 3


def test_swapped_steps_get_a_column_more():
    found = tree(model("b"), model("p", "b", "Prune"), model("pq", "p", "Quantize"),
                 model("q", "b", "Quantize"), model("qp", "q", "Prune"))  # fmt: skip
    assert titles(found) == "Base, Prune, Quantize, Prune"


def test_a_model_with_a_base_and_no_operation_gets_a_base_column():
    assert titles(tree(model("a"), model("b", "a"))) == "Base, Base"


def test_branches_near_the_leaf_stand_directly_under_the_trunk():
    found = tree(
        model("r"), model("p1", "r", "prune", amount=0.1), model("p9", "r", "prune", amount=0.9),
        model("p10", "r", "prune", amount=10), model("t1", "p1", "train"),
        model("q1", "p1", "quantize"), model("q", "r", "other"),
    )  # fmt: skip
    at = places(found)
    assert [at[i][1] for i in ("r", "p1", "p9", "p10")] == [0, 0, 2, 3]  # as numbers, not as text
    assert {at["t1"][1], at["q1"][1]} == {0, 1}
    assert layout(found).lanes == 5


def test_collapsed_models_stand_for_what_they_hide():
    found = tree(model("a"), model("b", "a", "prune"), model("c", "b", "train"),
                 model("d", "b", "quantize"), model("e", "a", "train"))  # fmt: skip
    made = layout(found, collapsed=["b", "nobody"])
    assert made.lanes == 2
    assert dict(made.positions.select("row", "hidden").iter_rows()) == {0: 0, 1: 2, 4: 0}
    assert "quantize" not in [c.title for c in made.columns]


def test_nothing_is_laid_out_of_nothing():
    made = layout(tree())
    assert (made.lanes, made.columns, made.positions.height) == (0, (), 0)


@st.composite
def forests(draw):
    count = draw(st.integers(1, 25))
    made = []
    for k in range(count):
        base = draw(st.integers(-1, k - 1)) if k else -1
        step = draw(st.sampled_from(["", "P", "Q", "C"]))
        amount = draw(st.sampled_from([1, 2.5, "x", None]))
        made.append(
            model(str(k), None if base < 0 else str(base), step, **({"a": amount} if step else {}))
        )
    return tree(*draw(st.permutations(made)))


@settings(max_examples=150, deadline=None)
@given(forests())
def test_any_forest_is_laid_out_soundly(found: Experiment):
    leaves = sum(not c for c in found.forest.children)
    for by in ("operation", "step"):
        made = layout(found, by=by)
        at = {r: (c, n) for r, c, n, _ in made.positions.iter_rows()}
        assert made.lanes == leaves
        assert len(set(at.values())) == len(at) == len(found.models)  # one model a cell
        for k, parent in enumerate(found.forest.parent):
            assert parent < 0 or at[parent][0] < at[k][0]  # left to right
            branches = found.forest.children[k]
            assert not branches or at[k][1] == min(at[c][1] for c in branches)
        for column in made.columns:
            lanes = [at[k][1] for k in column.rows]
            assert all(a < b for a, b in pairwise(lanes))
            if by == "operation":
                names = {found.models[k].operation.name if found.models[k].operation else "Base"
                         for k in column.rows}  # fmt: skip
                assert names == {column.title}


def test_six_thousand_models_within_a_second():
    found = experiments.loads(json.dumps(generated(6000)))
    for by in ("operation", "step"):
        assert took(partial(layout, found, by=by)) < allowed(1.0)


def test_a_chain_and_a_comb_of_thousands():
    chain = [model("0")] + [model(str(k), str(k - 1), f"op{k}") for k in range(1, 4000)]
    comb = chain[:2000] + [model(f"leaf{k}", str(k), f"own{k}") for k in range(2000)]
    for models in (chain, comb):
        found = tree(*models)
        assert layout(found).positions.height == len(models)
        assert took(partial(layout, found)) < allowed(1.0)
