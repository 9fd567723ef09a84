"""What was wrong with layers in the system that this one follows, and is right here."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from dashboard.demo import MODELS
from dashboard.demo.digits_data import INPUT, fit_arrays
from engine import layers as ly
from engine.compress import Samples
from engine.formats import Network
from engine.layers.ranges import narrow_sums, operands
from tests.builders import Net


@pytest.fixture(scope="module")
def base() -> bytes:
    return gzip.decompress(MODELS[0].path.read_bytes())


@pytest.fixture(scope="module")
def pruned(base: bytes) -> bytes:
    return engine.run_operation(base, "prune", {"amount": 0.7}).model


@given(
    st.floats(-1e30, 1e30),
    st.floats(1e-30, 1e30),
    st.integers(0, 2**32 - 1),
)
def test_every_range_has_all_its_bars(low: float, wide: float, seed: int):
    values = low + wide * np.random.default_rng(seed).random(64)
    values = np.float32(values).astype(float)
    edges = ly.edges_of(values)
    assert len(edges) == 31
    found = ly.sums(values, values, edges)
    assert found.table[0].sum() == found.table[-1].sum() == 0  # nothing outside its own range
    assert found.table.sum() == found.own.sum() == 64
    np.testing.assert_array_equal(found.table.sum(axis=1), found.own)


def test_a_layer_of_a_small_range_has_bars_of_its_own(base: bytes):
    own, shared = [], []
    for layer in ly.compare_weights(base, base).layers:
        if layer.size > 1000:
            own.append((layer.sums.own > 0).sum())
            shared.append((layer.overall.own > 0).sum())
    assert min(shared) < 15  # with bars that all share, a layer has but a few of them
    assert min(own) > 25


def test_weights_that_came_back_are_counted():
    before, after = np.array([0.0, 0, 1, 2]), np.array([3.0, 0, 0, 2])
    found = ly.sums(after, before, ly.edges_of(before))
    assert found.base_zeros - found.both_zeros == 1  # came back
    assert found.zeros - found.both_zeros == 1  # new


def test_activations_of_a_module_are_those_of_its_layers(base: bytes, pruned: bytes):
    images = {INPUT: fit_arrays()[INPUT][:16]}
    sides = [ly.compare_activations(base, m, images) for m in (base, pruned)]
    modules = ly.tree(sides)
    inner = [m for m in modules.values() if not m.leaf]
    assert inner
    for module in inner:
        below = [m for m in modules.values() if m.leaf and _inside(modules, m.name, module.name)]
        assert module.tensors == len(below)
        assert module.sums[1].count == sum(m.whole[1].count for m in below)
        assert np.isfinite(ly.figure(module, 1, "relative"))


def _inside(modules: dict, name: str, around: str) -> bool:
    while name:
        name = modules[name].parent
        if name == around:
            return True
    return False


def test_tensors_without_a_counterpart_are_named(base: bytes):
    images = {INPUT: fit_arrays()[INPUT]}
    folded = engine.run_operation(base, "quantize_static", {}, Samples(images)).model
    narrow = engine.run_operation(base, "prune_channels", {"amount": 0.5}).model
    for model in (folded, narrow):
        found = ly.compare_weights(base, model)
        assert found.layers
        assert found.only_base
        names = {layer.name for layer in found.layers}
        assert not names & set(found.only_base)


def test_a_tree_of_one_model_less_is_a_tree(base: bytes, pruned: bytes):
    sides = [ly.compare_weights(base, m) for m in (base, pruned)]
    both, alone = ly.tree(sides), ly.tree(sides[:1])
    assert list(both) == list(alone)
    for key in ly.KEYS:
        assert len(ly.shown(alone, by=0, key=key, whole=True).rows) == len(alone)


@pytest.mark.parametrize("order", ["up", "down"])
def test_what_has_no_figure_comes_last_in_both_orders(base: bytes, pruned: bytes, order: str):
    full, other = (ly.compare_weights(base, m) for m in (base, pruned))
    short = ly.Compared(other.layers[3:], other.only_base, other.only_model)
    modules = ly.tree([full, short])
    rows = ly.shown(modules, by=1, key="relative", order=order, whole=True).rows
    known = [np.isfinite(ly.figure(m, 1, "relative")) for m in rows]
    assert not all(known)
    assert known == sorted(known, reverse=True)


def test_a_name_of_many_dots_is_no_deep_tree():
    name = ".".join(["a"] * 20_000)
    made = Net("deep")
    made.output(made.op("MatMul", made.input("x", ("n", 4)), made.constant(np.eye(4), "float32",
                                                                           name)))  # fmt: skip
    side = ly.compare_weights(made.bytes(), made.bytes())
    modules = ly.tree([side, side])
    assert len(modules) < 50
    assert modules[name].leaf


@pytest.mark.parametrize(("kind", "alarms"), [("uint8", 1), ("uint16", 0)])
def test_a_sum_in_sixteen_bits_tells_small_operands(kind: str, alarms: int):
    made = Net("sum")
    x = made.input("x", ("n", 4))
    zero = made.constant(np.zeros(()), kind, "zero")
    sides = []
    for name, scale in (("large", 1.0), ("small", 1e-3)):
        step = made.constant(np.array(scale), "float32", f"{name}_scale")
        sides.append(made.op("DequantizeLinear", made.op("QuantizeLinear", x, step, zero), step,
                             zero))  # fmt: skip
    step = made.constant(np.array(1.0), "float32", "sum_scale")
    made.output(made.op("QuantizeLinear", made.op("Add", *sides), step, zero))
    assert len(operands(Network(made.bytes()))) == alarms
    assert bool(narrow_sums(Network(made.bytes()))) == bool(alarms)
