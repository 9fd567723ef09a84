"""Measured kernels under a recipe: a choice costs what the runtime's other kernel costs."""

from __future__ import annotations

import numpy as np
import pytest

import engine
from engine.compress.data import Samples
from engine.cost import FORMAT_IDS, calibration, conversion_seconds, integer_seconds
from engine.recipe import Recipe, preset
from engine.recipe.prepare import prepare
from engine.recipe.rows import times
from tests.builders import conv_net, residual_net, transformer_block
from tests.engine.recipe.test_options import exact

TARGET = "onnxruntime-cpu"


def compiled(model: bytes):
    return engine.compile_model(engine.read_trusted(model), engine.target(TARGET), model)


@pytest.fixture(scope="module")
def conv():
    return compiled(conv_net(64, 32).SerializeToString())


def test_the_effect_of_an_option_is_what_a_full_resolve_gives(conv):
    for recipe in (Recipe(), preset("int8").recipe):
        for task in range(0, conv.tasks.height, 2):
            exact(conv, recipe, [task], 4)
    exact(conv, Recipe(), [0, 1, 2], 6)


@pytest.mark.parametrize(
    "model", [conv_net(64, 32), residual_net(3, 32, 28)], ids=["conv", "residual"]
)
def test_int8_is_priced_as_the_file_that_the_recipe_makes(model):
    data = model.SerializeToString()
    before = compiled(data)
    shape = before.source.tensors["x"].shape
    samples = Samples({"x": np.random.default_rng(0).normal(size=shape).astype(np.float32)})
    made = engine.apply_recipe(data, preset("int8").recipe, samples, TARGET, before)
    said = engine.resolve(before, preset("int8").recipe).totals.latency_s
    assert said == pytest.approx(engine.resolve(compiled(made.model)).totals.latency_s, rel=0.2)


def test_without_a_recipe_times_are_the_calibrated_ones(conv):
    made = calibration(TARGET)
    total = engine.resolve(conv).totals.latency_s
    assert total == pytest.approx(made.seconds(conv.kernels).sum(), rel=1e-9)


def test_what_has_no_integer_kernel_is_converted_before_and_after():
    model = transformer_block(64, 64).SerializeToString()
    c, made = compiled(model), calibration(TARGET)
    at = c.kernels["type"].to_list().index("LayerNormalization")
    ops = c.tasks["ops"].to_list()
    elements = np.array([64.0 * 64])
    between = sum(
        float(conversion_seconds(made, elements, np.array([b]))[0]) for b in (True, False)
    )
    slower = integer_seconds(made, c.kernels, ops)[at] - made.seconds(c.kernels)[at]
    assert slower == pytest.approx(between, rel=0.3)


def test_every_way_of_formats_has_a_factor(conv):
    p = prepare(conv, engine.target(TARGET))
    for values in times(p):
        assert values.shape == (p.count,)
        assert np.isfinite(values).all()
        assert (values >= 0).all()
    assert FORMAT_IDS["int8"] not in p.in_fmt
