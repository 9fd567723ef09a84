"""Layers beside a base: sums by hand, parts that add up, every stored form, activations."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from dashboard.demo.digits_data import INPUT, fit_arrays
from engine import layers as ly
from engine.compress import Runner, Samples
from engine.errors import EngineError
from engine.formats import Network
from tests.effort import allowed, took

DEMO = Path(__file__).parents[3] / "dashboard/demo"

X = np.array([0.0, 0.5, -0.5, 2.0, 0.0, 1.0])
B = np.array([0.0, 1.0, 0.5, 2.0, 1.0, 0.0])


@pytest.fixture(scope="module")
def base() -> bytes:
    return gzip.decompress((DEMO / "digits_cnn.onnx.gz").read_bytes())


@pytest.fixture(scope="module")
def images() -> dict[str, np.ndarray]:
    return {INPUT: fit_arrays()[INPUT][:48]}


def test_sums_by_hand():
    found = ly.sums(X, B, ly.edges_of(B, 4))
    assert (found.count, found.zeros, found.base_zeros, found.both_zeros, found.flips) == (
        6, 2, 2, 1, 1,
    )  # fmt: skip
    assert found.change == pytest.approx((0 + 0.5 + 1 + 0 + 1 + 1) / 6)
    assert found.relative == pytest.approx(np.sqrt(3.25 / 6.25))
    assert found.sqnr_db == pytest.approx(10 * np.log10(6.25 / 3.25))
    assert found.cosine == pytest.approx(X @ B / np.linalg.norm(X) / np.linalg.norm(B))
    # −0.5 lies below the base's range: it is counted there, not dropped
    assert found.table.sum() == 6
    assert found.table[0].sum() == 1
    # changes: none for 0→0 and 2→2; half of 1; 2 × 0.5 and the new one are whole, as is 1→0
    assert found.table.sum(axis=0).tolist() == [2, 0, 1, 0, 0, 3]


@given(st.integers(1, 200), st.integers(0, 2**32 - 1))
def test_parts_add_up_to_the_whole(n: int, seed: int):
    random = np.random.default_rng(seed)
    x, b = random.normal(size=(2, n)) * 10.0 ** random.integers(-20, 20)
    x[random.random(n) < 0.1] = np.nan
    edges, cut = ly.edges_of(b), n // 2
    whole = ly.sums(x, b, edges)
    parts = ly.sums(x[:cut], b[:cut], edges) + ly.sums(x[cut:], b[cut:], edges)
    assert (parts.every_bit() == whole.every_bit()).all()
    lean = parts.lean() + parts.lean()  # in few bytes, and yet nothing overflows
    assert (lean.every_bit() == 2 * whole.every_bit()).all()
    assert (lean.table == 2 * whole.table).all()
    assert (parts.table == whole.table).all()
    assert whole.table.sum() == whole.sound == whole.count - np.isnan(x).sum()
    assert parts.gap == pytest.approx(whole.gap, rel=1e-9)
    assert (parts.low, parts.high, parts.bad) == (whole.low, whole.high, whole.bad)


def test_a_quantile_is_right_to_an_eighth():
    x = np.random.default_rng(0).normal(size=20_000)
    found = ly.sums(x, x, ly.edges_of(x))
    for share in (0.01, 0.25, 0.9, 0.999):
        assert found.quantile(share) == pytest.approx(np.quantile(x, share), rel=0.13)


@pytest.mark.parametrize(
    ("operation", "values", "least"),
    [
        ("quantize_half", {}, 60),
        ("prune", {"amount": 0.5}, 7),
        ("palettize", {"bits": 4}, 20),
        ("quantize_weights", {}, 25),
        ("quantize_dynamic", {}, 35),
    ],
)  # fmt: skip
def test_every_stored_form_is_read_under_the_names_of_the_base(
    base: bytes, operation: str, values: dict, least: int
):
    child = engine.run_operation(base, operation, values).model
    found = ly.compare_weights(base, engine.pack_model(child).model)
    rows = [layer for layer in found.layers if layer.role == "weight"]
    assert {"first.conv", "down2.conv"} <= {r.module.removeprefix("edges.") for r in rows}
    for row in rows:
        assert row.sums.sqnr_db > least or (operation == "prune" and row.sums.sparsity > 0.2)


def test_static_int8_is_read_and_its_activations_are_matched(base: bytes, images: dict):
    child = engine.run_operation(base, "quantize_static", {}, Samples(images)).model
    weights = ly.compare_weights(base, child)
    assert {r.role for r in weights.layers} >= {"weight"}
    found = ly.compare_activations(base, child, images)
    assert len(found.layers) >= 8
    assert all(5 < r.sums.sqnr_db < 60 for r in found.layers)


def test_activations_in_batches_are_those_of_all_at_once(base: bytes, images: dict):
    child = engine.run_operation(base, "prune", {"amount": 0.7}).model
    some = ly.compare_activations(base, child, images)
    last = some.layers[-1]
    b, x = (Runner(Network(m).cut([last.name]))(images)[last.name] for m in (base, child))
    truth = ly.sums(x, b, last.sums.edges)
    assert last.sums.count == truth.count
    assert last.sums.gap == pytest.approx(truth.gap, rel=1e-4)
    # the pruned model drifts further from its base the deeper one looks
    assert last.sums.relative > some.layers[0].sums.relative


def test_sorting_finds_the_layer_that_changed_most(base: bytes):
    child = engine.run_operation(base, "prune", {"amount": 0.9, "only": ["down2.conv*"]}).model
    modules = ly.tree([ly.compare_weights(base, base), ly.compare_weights(base, child)])
    rows = ly.shown(modules, by=1, key="relative").rows
    assert rows[0].name.startswith("down2")
    assert ly.figure(rows[0], 0, "relative") == 0
    top = ly.shown(modules).rows
    assert not any(m.parent for m in top)  # unsorted, only the topmost


def test_a_pattern_keeps_topmost_matches_and_cannot_hang(base: bytes):
    modules = ly.tree([ly.compare_weights(base, base)])
    found = ly.shown(modules, "CONV")
    assert all("conv" in m.name.lower() for m in found.rows)
    assert not any(m.name == "edges.first.conv.weight" for m in found.rows)
    assert took(lambda: ly.shown(modules, "(a+)+$" * 20), 2) < allowed(0.3)
    with pytest.raises(EngineError, match="cannot be read as a pattern"):
        ly.shown(modules, "(")


def test_models_that_have_nothing_in_common_are_refused(base: bytes):
    with zipfile.ZipFile(DEMO / "unet.zip") as archive:
        other = next(archive.read(n) for n in archive.namelist() if n.endswith(".onnx"))
    with pytest.raises(EngineError, match="no stored tensor"):
        ly.compare_weights(base, other)
