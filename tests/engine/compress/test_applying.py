"""From a recipe to a file: what the table says is in the file, and what is not is said."""

from __future__ import annotations

import numpy as np
import pytest

import engine
from engine import compress
from engine.compress.verifying import distance, invented, spread
from engine.errors import EngineError
from engine.formats import Network
from engine.recipe import Action, ByName, Recipe, Rule
from tests.engine.compress.nets import digits, small, strokes


def applied(preset: str, model: bytes | None = None, samples=None) -> compress.Applied:
    recipe = engine.preset(preset).recipe
    return engine.apply_recipe(model or digits(), recipe, samples, bindings={"batch": 1})


@pytest.mark.parametrize("preset", ["palette4", "int8w", "int4w", "sparse75", "fp16"])
def test_the_file_is_as_small_as_the_table_says_and_makes_the_same_numbers(preset):
    made = applied(preset)
    assert made.size_bytes == pytest.approx(made.predicted_size_bytes, rel=0.01)
    held = {c.name: c.met for c in made.checks}
    assert held == {"standard": True, "packed": True, "finite": True, "overflow": True,
                    "distance": None}  # fmt: skip
    assert len(made.model) < 0.55 * len(digits())


def test_channels_that_go_take_their_bytes_along():
    made = applied("structured50")
    assert made.size_bytes < 0.3 * Network(digits()).stored_bytes()
    assert any("classify" in text for text in made.missing)


def test_int8_needs_samples_and_says_so_before_it_works():
    with pytest.raises(EngineError, match="needs samples"):
        applied("int8")
    made = applied("int8", samples=strokes(32))
    assert "int8 in" in next(s.words for s in made.steps if s.operation == "quantize_static")
    assert {c.name: c.met for c in made.checks}["overflow"]
    assert made.size_bytes < 0.3 * Network(digits()).stored_bytes()


def test_tasks_have_rules_of_their_own():
    recipe = Recipe((
        Rule(Action(sparsity=0.5), ByName("stem/*")),
        Rule(Action(palette_bits=2), ByName("edges/*")),
    ))  # fmt: skip
    made = engine.apply_recipe(digits(), recipe, bindings={"batch": 1})
    network = Network(made.working)
    changed = {c.tensor: c for s in made.steps for c in s.changes}
    stem = [n for n in changed if "stem" in n]
    assert stem
    assert all((network.array(n) == 0).mean() == pytest.approx(0.5) for n in stem)
    for name in changed.keys() - set(stem):
        assert "edges" in name
        assert len(np.unique(network.array(name))) <= 4


def test_what_a_file_cannot_say_is_listed():
    recipe = Recipe((Rule(Action(activations="int8", palette_bits=4)),))
    made = engine.apply_recipe(digits(), recipe, strokes(32), bindings={"batch": 1})
    assert made.missing
    assert all(text.endswith(".") for text in made.missing)


def test_an_empty_recipe_changes_nothing():
    made = engine.apply_recipe(small(), Recipe(), bindings={"n": 1})
    assert made.missing == ()
    assert {c.name: c.figure for c in made.checks}["distance"] == 0
    assert [s.operation for s in made.steps] in ([], ["pack"])


def test_a_recipe_that_changes_nothing_says_so():
    """This target computes in fp16 whether the file says so or not."""
    recipe = engine.preset("fp16").recipe
    made = engine.apply_recipe(small(), recipe, target="phone-npu", bindings={"n": 1})
    assert "changes nothing" in made.notes[0]


def test_a_model_that_answers_one_class_has_no_spread():
    assert spread(np.array([[2.0, 1], [3, 1], [5, 2], [2, 0]])) == 0
    assert spread(np.array([[2.0, 1], [0, 1], [5, 2], [0, 1]])) == pytest.approx(1)


def test_distances_are_shares_of_the_first():
    one, other = {"y": np.array([3.0, 4])}, {"y": np.array([3.0, 4.5])}
    assert distance(one, one) == 0
    assert distance(one, other) == pytest.approx(0.1)
    with pytest.raises(EngineError, match="other sizes"):
        distance(one, {"y": np.zeros(3)})


def test_made_up_samples_fit_the_model():
    samples = invented(small())
    assert samples.inputs["x"].shape == (16, 3, 8, 8)
