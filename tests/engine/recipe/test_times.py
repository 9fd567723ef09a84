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
from tests.builders import Net, conv_net, residual_net, transformer_block
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


def attention() -> bytes:
    """Two products of 64 by 64 and a softmax of 256 by 256 between products of tensors."""
    net = Net()
    x = net.input("x", (1, 256, 64))
    q, k = (net.op("MatMul", x, net.weight(64, 64)) for _ in range(2))
    scores = net.op("MatMul", q, net.op("Transpose", k, perm=[0, 2, 1]))
    net.output(net.op("MatMul", net.op("Softmax", scores, axis=-1), q))
    return net.bytes()


def test_a_softmax_between_integers_is_priced_as_the_integer_one_that_the_runtime_makes():
    """It takes many times as long, which is why int8 everywhere slows attention down."""
    c = compiled(attention())
    at = c.kernels["type"].to_list().index("Softmax")
    before, after = (
        engine.resolve(c, r).tasks["latency_s"][at] for r in (Recipe(), preset("int8").recipe)
    )
    assert after > 3 * before


def test_channels_that_the_file_cannot_lose_are_refused_with_the_reason():
    net = Net()
    x = net.op("MatMul", net.input("x", (1, 8, 32)), net.weight(32, 32), name="mixed")
    x = net.op("MatMul", net.op("Transpose", x, perm=[0, 2, 1]), net.weight(8, 64), name="free")
    net.output(net.op("MatMul", net.op("Relu", x), net.weight(64, 8), name="last"))
    c = compiled(net.bytes())
    table = engine.resolve(c, preset("structured50").recipe).tasks
    said = dict(zip(c.tasks["name"], table["refusal"].to_list()[: c.tasks.height], strict=True))
    assert said["mixed"] == "its channels pass a Transpose"
    assert said["free"] == ""
    assert said["last"] == "its channels are an output of the model"


def test_what_a_recipe_makes_slower_is_named_with_its_tasks():
    c = compiled(attention())
    found = engine.slower(c, preset("int8").recipe)
    at = c.kernels["type"].to_list().index("Softmax")
    assert found.matters
    assert found.ratio == pytest.approx(
        engine.resolve(c, preset("int8").recipe).totals.latency_s
        / engine.resolve(c).totals.latency_s
    )
    assert next(k for k in found.kinds if k.kernel == "softmax").tasks == (at,)
    assert [k.added_s for k in found.kinds] == sorted(k.added_s for k in found.kinds)[::-1]
    assert not engine.slower(c, Recipe()).matters
