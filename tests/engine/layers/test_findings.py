"""Findings of layers on models that have exactly one fault, and on models that have none."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from importlib import import_module

import numpy as np
import pytest

import engine
from dashboard.demo import MODELS
from dashboard.demo.digits_data import INPUT, fit_arrays
from engine import layers as ly
from engine.compress import Samples
from engine.formats import Network
from tests.builders import Net

DICE = np.random.default_rng(5)
X = {"x": DICE.normal(size=(32, 3, 8, 8)).astype(np.float32)}


def net(branch: float = 1.0) -> bytes:
    """Stem, two branches that meet in a sum, a head; the second branch is `branch` times as large.

    Norms measure what they read, so that the model is sound.
    """
    made = Net("branches")
    x = made.input("x", ("n", 3, 8, 8))

    def conv(x: str, name: str, cin: int, cout: int, size: float = 0.2) -> str:
        values = np.random.default_rng(len(name)).normal(size=(cout, cin, 3, 3)) * size
        weight = made.constant(values, "float32", f"{name}.weight")
        return made.op("Conv", x, weight, pads=[1] * 4, kernel_shape=[3, 3], name=f"{name}/Conv")

    def norm(x: str, name: str, width: int) -> str:
        parts = [made.constant(np.full(width, v), "float32", f"{name}.{k}")
                 for k, v in (("scale", 1), ("shift", 0.1), ("mean", 0), ("var", 1))]  # fmt: skip
        return made.op("BatchNormalization", x, *parts, name=f"{name}/Norm")

    x = made.op("Relu", norm(conv(x, "stem", 3, 32), "stem.norm", 32))
    x = made.op("Relu", norm(conv(x, "wide", 32, 64, 0.05), "wide.norm", 64))
    left = conv(x, "left", 64, 64, 0.05)
    right = conv(x, "right", 64, 64, 0.05 * branch)
    x = made.op("Relu", made.op("Add", left, right, name="meet/Add"), name="meet/Relu")
    x = made.op("Flatten", made.op("GlobalAveragePool", x))
    head = made.constant(DICE.normal(size=(5, 64)), "float32", "head.weight")
    made.output(made.op("Gemm", x, head, transB=1, name="head/Gemm"))
    raw = made.bytes()
    return engine.run_operation(raw, "repair_norms", {}, Samples(X)).model


@pytest.fixture(scope="module")
def base() -> bytes:
    return net()


def edited(model: bytes, name: str, change: Callable[[np.ndarray], np.ndarray]) -> bytes:
    network = Network(model)
    value = network.array(name).copy()
    network.put(name, np.asarray(change(value), np.float32))
    return network.bytes()


def without(rows: int) -> Callable[[np.ndarray], np.ndarray]:
    """The first rows become zero."""
    return lambda w: np.concatenate([w[:rows] * 0, w[rows:]])


def small_only(w: np.ndarray) -> np.ndarray:
    """The smallest seven of ten weights become zero."""
    return np.where(np.abs(w) < np.quantile(np.abs(w), 0.7), 0, w)


def cured(base: bytes, model: bytes, finding: ly.Finding) -> tuple[ly.Finding, ...]:
    """What is found after the remedy."""
    remedy = finding.remedy
    start = model if remedy.start == "model" else base
    made = engine.run_operation(start, remedy.operation, remedy.values, Samples(X), base).model
    return ly.findings(base, made, X)


@pytest.mark.parametrize("inputs", [None, X], ids=["weights", "samples"])
def test_channels_without_a_weight_fell_silent(base: bytes, inputs: dict | None):
    model = edited(base, "wide.weight", without(16))
    (found,) = ly.findings(base, model, inputs)
    assert (found.kind, found.where) == ("dead", ("wide.weight",))
    assert found.figures[0].value == found.each["wide.weight"] == 0.25
    assert "wide.weight (25%)" in found.sentence
    cut = found.second
    assert (cut.operation, cut.values) == (
        "prune_channels", {"amount": 0.25, "only": ("wide.weight",)},
    )  # fmt: skip
    assert cured(base, model, found) == ()


def test_channels_that_a_shift_silences_are_found_on_samples(base: bytes):
    model = edited(base, "wide.norm.shift", lambda s: np.where(np.arange(64) < 32, -99, s))
    assert ly.findings(base, model) == ()
    (found,) = ly.findings(base, model, X)
    assert (found.kind, found.where) == ("dead", ("wide.weight",))
    assert found.figures[0].value == 0.5
    assert (found.remedy.then, found.second) == ((), None)
    assert found.remedy.values["only"] == ("wide.norm.shift",)  # not the weight, which is as it was
    assert cured(base, model, found) == ()


def test_channels_that_a_norm_silences_are_told_of_the_norm(base: bytes):
    model = edited(base, "wide.norm.scale", lambda s: np.where(np.arange(64) < 16, 0, s))
    (found,) = ly.findings(base, model, X)
    assert (found.kind, found.where) == ("flattened", ("wide.norm.scale",))
    assert cured(base, model, found) == ()


def test_scales_of_a_norm_that_are_gone(base: bytes):
    model = edited(base, "stem.norm.scale", lambda s: np.where(np.arange(32) < 8, 0.05 * s, s))
    (found,) = ly.findings(base, model, X)
    assert (found.kind, found.where) == ("flattened", ("stem.norm.scale",))
    assert found.figures[0].value == 0.25
    assert found.remedy.operation == "restore"
    assert found.remedy.values["role"] == "norm"
    assert cured(base, model, found) == ()


def test_a_norm_that_reads_less_than_it_was_measured_on(base: bytes):
    model = edited(base, "wide.weight", lambda w: 0.2 * w)
    (found,) = ly.findings(base, model, X)
    assert (found.kind, found.where) == ("flattened", ("wide.norm.scale",))
    assert found.figures[0].value == pytest.approx(0.2, abs=0.01)
    assert found.remedy.operation == "repair_norms"
    assert cured(base, model, found) == ()


def test_a_small_layer_that_lost_most_of_its_weights(base: bytes):
    model = edited(base, "stem.weight", small_only)
    (found,) = ly.findings(base, model, X)
    assert (found.kind, found.where) == ("small", ("stem.weight",))
    assert found.figures[0].value == pytest.approx(0.7, abs=0.01)
    assert cured(base, model, found) == ()


def test_a_large_layer_may_lose_as_much(base: bytes):
    assert ly.findings(base, edited(base, "right.weight", small_only), X) == ()


@pytest.mark.parametrize(("branch", "alarms"), [(1, 0), (0.2, 0), (0.002, 1)])
def test_values_of_different_size_that_meet_in_int8(branch: float, alarms: int):
    base = net(branch)
    values = {"between": "yes", "reduce_range": False}
    model = engine.run_operation(base, "quantize_static", values, Samples(X)).model
    found = ly.findings(base, model, X)
    assert [f.kind for f in found] == ["ranges"] * alarms
    for finding in found:
        assert finding.where == ("meet/Relu_out",)
        assert 0.2 < finding.figures[0].value < 2  # of 256 steps, where 256 × 0.002 are due
        assert finding.remedy.start == "before"
        assert cured(base, model, finding) == ()
    assert ly.findings(base, base, X) == ()


def test_stored_otherwise_a_layer_is_left_out_anew_instead_of_restored(base: bytes):
    model = edited(base, "stem.weight", small_only)
    values = {"fold_norms": False}
    integers = engine.run_operation(model, "quantize_static", values, Samples(X)).model
    (found,) = ly.findings(base, integers)
    assert (found.kind, found.remedy.start) == ("small", "before")
    assert found.remedy.values == {"skip": ("stem.weight",)}


def test_faults_of_the_base_are_no_findings(base: bytes):
    ill = edited(edited(base, "wide.weight", without(16)), "stem.norm.scale", lambda s: 0 * s)
    assert ly.findings(ill, engine.run_operation(ill, "quantize_half", {}).model, X) == ()


GENTLE = (("quantize_half", {}), ("quantize_weights", {"bits": "8"}), ("quantize_static", {}),
          ("prune", {"amount": 0.1}))  # fmt: skip


@pytest.mark.parametrize(("operation", "values"), GENTLE, ids=[o for o, _ in GENTLE])
def test_what_harms_nothing_raises_no_alarm(base: bytes, operation: str, values: dict):
    digits = gzip.decompress(MODELS[0].path.read_bytes())
    for model, inputs in ((base, X), (digits, {INPUT: fit_arrays()[INPUT][:48]})):
        made = engine.run_operation(model, operation, values, Samples(inputs)).model
        assert ly.findings(model, made, inputs) == ()
        assert ly.findings(model, engine.pack_model(made).model) == ()


def test_small_layers_that_are_much_of_a_model_save_much(base: bytes, monkeypatch):
    model, words = edited(base, "stem.weight", small_only), []
    for little in (0.1, 0.001):  # the layer holds 1 % of the weights
        monkeypatch.setattr(import_module("engine.layers.findings"), "LITTLE", little)
        monkeypatch.setattr(import_module("engine.layers.remedies"), "LITTLE", little)
        (found,) = ly.findings(base, model)
        words.append(found.sentence + ly.remedies(found, (("prune", {"skip": ()}),))[1].why)
    assert ["so little is saved" in w for w in words] == [True, False]
    assert ["costs almost no size" in w for w in words] == [True, False]
    assert "They hold 1% of the weights" in words[1]
