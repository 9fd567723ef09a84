"""How models differ: as published (recorded results), and by the default, which is never blank."""

from __future__ import annotations

import json
import random
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import experiments
from engine.errors import EngineError
from engine.experiments import Comparison, Experiment, chart, compare, effect, metric
from tests.effort import allowed, took
from tests.engine.experiments import golden
from tests.engine.experiments.forests import STEPS, generated, model, shared, tree


def read(name: str) -> Experiment:
    return experiments.loads(shared(name))


def axes(made: Comparison) -> list[tuple[str, int]]:
    return [(v.name, len(v.values)) for v in made.variables]


def raw(made: Comparison) -> list[tuple[str, int]]:
    return [(v.name, len(v.values)) for v in made.raw]


@pytest.mark.parametrize(("ids", "variables", "axis", "colour"), [
    (golden.MAGNITUDE + golden.RETRAINED, [("amount", 3), ("train 2", 2)],
     (0.5, 0.75, 0.9), (False, True)),
    (golden.NINE, [("amount", 3), ("train", 2), ("calibrate", 2)],
     (0.5, 0.75, 0.9), ("None", "calibrate", "train")),
    ([*golden.NINE, golden.ROOT],
     [("magnitude prune", 2), ("amount", 4), ("train", 2), ("calibrate", 2)],
     ("None", *(f"magnitude prune & amount {a}" for a in (0.5, 0.75, 0.9))),
     ("None", "calibrate", "train")),
])  # fmt: skip
def test_as_published_on_the_study(ids: list, variables: list, axis: tuple, colour: tuple):
    made = compare(read(golden.STUDY), ids, compat=True)
    assert raw(made) == variables
    assert made.view == "grouped"
    x, hue = made.variables
    assert x.values == axis
    assert sorted(hue.values, key=str) == sorted(colour, key=str)


def test_as_published_two_kinds_are_one_flat_axis_and_by_default_two_axes():
    found, ids = read(golden.STUDY), golden.MAGNITUDE + golden.GRADIENT
    then, now = compare(found, ids, compat=True), compare(found, ids)
    assert (raw(then), then.view, axes(then)) == (
        [("Operation", 6)], "bars", [("Operation", 6)],
    )  # fmt: skip
    assert axes(now) == [("amount", 3), ("operation", 2)]
    assert now.variables[0].numeric
    assert now.variables[1].values == ("gradient prune", "magnitude prune")


def test_as_published_on_cifar():
    found = read(golden.CIFAR)
    first = compare(found, golden.first_prunes(found), compat=True)
    assert raw(first) == axes(first) == [("amount", 3), ("method", 3)]
    chain = compare(found, golden.deepest(found), compat=True)
    assert [n for _, n in raw(chain)] == [2] * 9
    assert {v.kind for v in chain.raw} == {"presence"}
    (only,) = chain.variables
    assert only.values == ("None", *(v.name for v in chain.raw))  # in the order of the steps
    odd = compare(found, golden.below(found, golden.MAG70), compat=True)
    assert (odd.view, len(odd.rows), len(odd.variables)) == ("none", 11, 3)
    assert compare(found, golden.below(found, golden.MAG70)).view == "grouped"


def test_as_published_shares_of_what_can_be_compared():
    """Recorded: 95 % of random eights of the study, 2 % of cifar's; all fours, no sixteens."""
    random_, shares = random.Random(3), {}
    for name, size in ((golden.STUDY, 8), (golden.CIFAR, 8), (golden.CIFAR, 16), (golden.CIFAR, 4)):
        found = read(name)
        ids = [m.id for m in found.models]
        views = [compare(found, random_.sample(ids, size), True).view for _ in range(60)]
        shares[name[:5], size] = sum(v != "none" for v in views) / 60
    assert shares["image", 8] >= 0.85
    assert shares["cifar", 8] <= 0.1
    assert (shares["cifar", 16], shares["cifar", 4]) == (0, 1)


def imagenet_like() -> Experiment:
    """The shape of another of the original's files, told in words by who ran it."""
    made = [model("r", None, "train", epochs=90), model("v", None, "train", epochs=300)]
    for base, name, amount in (
        ("r", "magnitude", 0.5), ("r", "magnitude", 0.75), ("r", "magnitude", 0.9),
        ("r", "gradient", 0.5), ("r", "gradient", 0.75), ("r", "gradient", 0.9),
        ("v", "magnitude", 0.25),
    ):  # fmt: skip
        made += around(f"{base}{name}{amount}", base, name, amount)
    made += around("again", "rmagnitude0.5t", "magnitude", 0.5)
    return tree(*made)


def around(id: str, base: str, name: str, amount: float) -> list[dict]:
    out = [
        model(id, base, f"{name} prune", amount=amount),
        model(f"{id}c", id, "calibrate", data="x"),
        model(f"{id}t", id, "train", epochs=30),
    ]
    return out + [
        model(f"{m}q", m, "quantize", amount="int8", method="q") for m in (id, f"{id}c", f"{id}t")
    ]


def test_as_published_deep_subtrees_and_scattered_columns_cannot_be_compared():
    found = imagenet_like()
    subtree = golden.below(found, "rmagnitude0.5")
    column = [m.id for m in found.models if m.id.endswith("c")]
    assert (len(subtree), len(column)) == (12, 8)
    for ids in (subtree, column):
        assert compare(found, ids, compat=True).view == "none"
        assert compare(found, ids).view in {"grouped", "multiples", "bars"}


def repaired() -> Experiment:
    """The shape of a language model's experiment: prune, restore parts, prune them selectively."""
    made = [model("p", None, "Pruning", sparsity=0.3), model("rt", "p", "Retrain")]
    made += [model(n, "p", "Restore", layers=n) for n in ("norms", "query", "decoder")]
    made.append(model("nrt", "norms", "Retrain"))
    for amount in (0.4, 0.5, 0.6):
        made.append(model(f"at{amount}", "norms", "Selective Pruning", layers="attention",
                          sparsity=amount))  # fmt: skip
    made += [model(f"late{a}", f"at{a}", "Selective Pruning", layers="late", sparsity=a + 0.2)
             for a in (0.4, 0.5)]  # fmt: skip
    return tree(*made)


def test_as_published_a_repaired_branch_cannot_be_compared():
    found = repaired()
    ids = [m.id for m in found.models]
    assert (len(ids), compare(found, ids, compat=True).view) == (11, "none")
    assert compare(found, ids).view == "grouped"


def test_swapped_steps():
    found = tree(model("b"), model("p", "b", "Prune"), model("pq", "p", "Quantize"),
                 model("q", "b", "Quantize"), model("qp", "q", "Prune"))  # fmt: skip
    then = compare(found, ["pq", "qp"], compat=True)
    assert [v.name.strip() for v in then.raw] == ["Quantize", "Quantize"]  # two of one name
    now = compare(found, ["pq", "qp"])
    assert [v.name for v in now.variables] == ["order of operations"]
    assert set(now.variables[0].values) == {"Prune → Quantize", "Quantize → Prune"}


def test_replicates_are_drawn_with_their_spread():
    found = tree(model("b", metrics={"Size": 5}),
                 *(model(f"s{k}", "b", "train", epochs=3, metrics={"Size": k, "Accuracy": None})
                   for k in (1, 2, 6)))  # fmt: skip
    assert compare(found, ["s1", "s2"], compat=True).variables == ()  # the original draws nothing
    made = compare(found, ["s1", "s2", "s6"])
    assert (made.view, made.variables, made.base) == ("replicates", (), 0)
    drawn = chart(found, made, metric(found, "Size"))
    cell = drawn.cells.row(0, named=True)
    assert (cell["mean"], cell["low"], cell["high"], cell["known"]) == (3, 1, 6, 3)
    assert cell["deviation"] == pytest.approx(7**0.5)
    assert (drawn.reference, drawn.low, drawn.high) == (5, 1, 6)
    unknown = chart(found, made, metric(found, "Accuracy"))
    assert (unknown.cells["mean"][0], unknown.low, unknown.reference) == (None, None, None)


def test_a_parameter_of_only_one_model_still_tells_them_apart():
    found = tree(model("b"), model("x", "b", "prune", amount=1), model("y", "b", "prune"))
    assert compare(found, ["x", "y"], compat=True).variables == ()
    made = compare(found, ["x", "y"])
    assert made.view == "bars"
    assert len(made.variables[0].values) == 2


def test_numbers_are_numbers_and_rounding_noise_is_none():
    found = tree(model("b"), *(model(f"p{a}", "b", "prune", amount=a) for a in (0.1, 0.9, 10)),
                 model("n", "b", "prune", amount=0.1 + 1e-17))  # fmt: skip
    made = compare(found, ["p10", "p0.9", "p0.1"])
    assert made.variables[0].values == (0.1, 0.9, 10)
    assert compare(found, ["p0.1", "n"]).view == "replicates"


def test_roots_are_a_variable():
    found = tree(
        *(model(r) for r in "ab"),
        *(model(r + str(a), r, "prune", amount=a) for r in "ab" for a in (1, 2)),
    )
    made = compare(found, ["a1", "a2", "b1", "b2"])
    assert axes(made) == [("root", 2), ("amount", 2)] or axes(made) == [("amount", 2), ("root", 2)]
    assert made.base == -1


@pytest.mark.parametrize(("ids", "compat", "fault"), [
    (["a"], False, "at least two"), ([], True, "at least two"), (["a", "a"], False, "at least two"),
    (["a", "zz"], False, "no such model"),
])  # fmt: skip
def test_bad_selections_are_one_sentence(ids: list[str], compat: bool, fault: str):
    with pytest.raises(EngineError, match=fault):
        compare(tree(model("a"), model("b", "a", "x")), ids, compat)


def test_the_published_way_takes_sixteen():
    found = tree(model("b"), *(model(f"m{k}", "b", "x", k=k) for k in range(17)))
    with pytest.raises(EngineError, match="2 to 16"):
        compare(found, [m.id for m in found.models], compat=True)
    assert compare(found, [m.id for m in found.models]).view == "bars"


@st.composite
def selections(draw):
    found = experiments.loads(
        json.dumps(generated(draw(st.integers(4, 40)), draw(st.integers(0, 9))))
    )
    size = draw(st.integers(2, min(16, len(found.models))))
    return found, draw(st.permutations([m.id for m in found.models]))[:size]


def way(found: Experiment, row: int) -> tuple:
    """How a model was made: its root and all its steps."""
    made = [found.models[found.rows[id]] for id in golden.above(found, row)]
    return made[0].id, *(m.operation.words for m in made if m.operation)


@settings(max_examples=60, deadline=None)
@given(selections())
def test_any_selection_gets_a_chart_or_a_stated_fallback(given_: tuple[Experiment, list[str]]):
    found, ids = given_
    made = compare(found, ids)
    assert made.view != "none"
    assert made.sentence.endswith(".")
    assert {"bars": 1, "grouped": 2, "multiples": 3}.get(made.view, len(made.variables)) == len(
        made.variables
    )
    drawn = chart(found, made, found.metrics[0]).cells
    rows = [r for cell in drawn["models"].to_list() for r in cell]
    assert sorted(rows) == list(made.rows)
    if made.view in {"bars", "grouped", "multiples"}:  # who shares a bar was made the same way
        for cell in drawn["models"].to_list():
            assert len({way(found, r) for r in cell}) == 1
    then = compare(found, ids, compat=True)
    assert (then.view == "none") == (len(then.variables) not in (1, 2))


def test_nothing_blocks_at_two_thousand_models():
    found = experiments.loads(json.dumps(generated(2000)))
    ids, random_ = [m.id for m in found.models], random.Random(1)
    for size in (2, 8, 16, 60, 300, 2000):
        for compat in (False, True)[: 1 + (size <= 16)]:
            chosen = random_.sample(ids, size)
            assert took(partial(compare, found, chosen, compat)) < allowed(0.2)


def test_a_chain_of_thousands_is_compared():
    found = tree(model("0"), *(model(str(k), str(k - 1), f"op{k}") for k in range(1, 3000)))
    for compat in (False, True):
        assert len(compare(found, ["5", "2999"], compat).rows) == 2
        assert took(partial(compare, found, ["5", "2999"], compat)) < allowed(0.5)


def test_the_effect_of_an_operation_over_its_contexts():
    found = tree(
        model("a", metrics={"Size": 10}), model("b", metrics={"Size": 4}),
        model("aq", "a", "q", bits=8, metrics={"Size": 5}), 
        model("bq", "b", "q", metrics={"Size": 3}),
        model("cq", "aq", "q", metrics={"Size": 6}), model("dq", "a", "q"),
    )  # fmt: skip
    made = effect(found, "q", metric(found, "Size"))
    assert (made.count, made.known, made.better) == (4, 3, 2)
    assert (made.low, made.high, made.mean, made.median) == (-5, 1, pytest.approx(-5 / 3), -1)
    assert made.cases["change"].to_list() == [1, -1, -5, None]  # a lower size is better
    assert made.cases["context"][0] == "q (bits 8)"
    with pytest.raises(EngineError, match="no model was made by it"):
        effect(found, STEPS[0], found.metrics[0])
