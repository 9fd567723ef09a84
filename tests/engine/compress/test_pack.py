"""Packed files: exact, as small as the formula says, and plain onnxruntime runs them."""

from __future__ import annotations

from functools import cache

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engine import compress
from engine.compress.codec import FAR, best, bridged
from engine.compress.palettize import palettized
from engine.compress.prune import smallest
from engine.compress.quantize import rounded
from engine.compress.runner import Runner
from engine.errors import EngineError
from engine.formats import Network
from tests.builders import Net
from tests.effort import tries
from tests.engine.compress.nets import digits, noise, small, strokes


def matmul(weight: np.ndarray) -> bytes:
    """Input @ weight."""
    net = Net("matmul")
    net.output(net.op("MatMul", net.input("x", ("n", weight.shape[0])),
                      net.constant(weight, str(weight.dtype), name="w")))  # fmt: skip
    return net.bytes()


def bits(array: np.ndarray) -> bytes:
    """An array with its type and shape, zeros with a sign told apart."""
    return repr((array.dtype, array.shape)).encode() + array.tobytes()


def packed_back(weight: np.ndarray) -> tuple[compress.Packed, np.ndarray]:
    packed = compress.pack(matmul(weight))
    Network(packed.model).check()
    return packed, Network(compress.unpack(packed.model)).array("w")


@cache
def kinds(size: int, seed: int) -> dict[str, np.ndarray]:
    """A weight of every way of being stored."""
    random = np.random.default_rng(seed)
    plain = (random.standard_normal((size, size)) * 0.1).astype(np.float32)
    made = {"plain": plain, "half": plain.astype(np.float16).astype(np.float32)}
    for share in (0.3, 0.5, 0.9, 0.997):
        gone = smallest(np.abs(plain).ravel(), share).reshape(plain.shape)
        made[f"{share}"] = np.where(gone, np.float32(0), plain)
        made[f"{share} palette"] = palettized(made[f"{share}"], 4)[0]
        made[f"{share} int8"] = rounded(made[f"{share}"], 8, 1)
    for width in range(1, 9):
        made[f"palette {width}"] = palettized(plain, width)[0]
    for axis in (0, 1, None):
        made[f"int8 {axis}"] = rounded(plain, 8, axis)
        made[f"int4 {axis}"] = rounded(plain, 4, axis)
    return made


def test_every_way_gives_the_same_bits_back():
    found = set()
    for name, weight in kinds(40, 0).items():
        packed, back = packed_back(weight)
        assert bits(back) == bits(weight), name
        found.update(packed.tensors.values())
    assert len(found) >= 14, found


@settings(max_examples=tries(25, 400), deadline=None)
@given(
    st.integers(17, 40),
    arrays.arrays(np.float32, 7, elements=st.floats(width=32, allow_nan=False)),
    st.sampled_from([0.0, 0.2, 0.8, 0.99]),
    st.integers(0, 1000),
)
def test_whatever_is_packed_comes_back(size, table, share, seed):
    """Any numbers: infinities, the smallest there are, zeros with a sign."""
    random = np.random.default_rng(seed)
    weight = table[random.integers(0, len(table), (size, size + 1))]
    weight[random.random(weight.shape) < share] = 0
    if seed % 2:
        weight = (weight * random.random(weight.shape)).astype(np.float32)
    _, back = packed_back(weight)
    assert bits(back) == bits(weight)


@settings(max_examples=tries(50, 500), deadline=None)
@given(st.lists(st.integers(0, 5000), unique=True, max_size=40))
def test_gaps_lead_to_the_places(places):
    held = np.zeros(5001, bool)
    held[places] = True
    gaps, at = bridged(held)
    assert np.cumsum(gaps.astype(int))[at].tolist() == sorted(places)
    rest = np.delete(np.cumsum(gaps.astype(int)), at)
    assert not held[rest].any()
    assert (gaps[np.setdiff1d(np.arange(len(gaps)), at)] == FAR).all()


def test_sizes_by_hand():
    """10,000 weights, one in 20 not zero, 15 values: 4 bits and a gap of 8 for each, a table."""
    weight = np.zeros((100, 100), np.float32)
    weight.ravel()[::20] = np.resize(np.arange(1, 16), 500) * np.float32(np.pi)
    way = best(weight, None)
    assert (way.layout, way.values, way.bits) == ("gaps", "table", 4)
    assert way.formula == 500 * (4 + 8) / 8 + 15 * 4
    weight.ravel()[1::2] = weight[0, 0]  # one in two: a bit for each weight is less
    way = best(weight, None)
    assert (way.layout, way.formula) == ("bits", 10_000 / 8 + 5_500 / 2 + 15 * 4)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("0.5", 262_144 * (1 + 16) / 8),
        ("0.9", 26_215 * (8 + 32) / 8),
        ("palette 4", 262_144 / 2 + 64),
        ("palette 2", 262_144 / 4 + 16),
        ("int8 1", 262_144 + 4 * 512),
        ("int4 1", 262_144 * (4 + 16 / 32) / 8),
        ("half", 262_144 * 2),
    ],
)
def test_a_file_is_as_large_as_the_formula_says(name, expected):
    """512 × 512 weights; the file within 2 %, names and nodes included."""
    weight = kinds(512, 1)[name]
    packed = compress.pack(matmul(weight))
    assert packed.formula == pytest.approx(expected, rel=0.005)
    assert len(packed.model) == pytest.approx(expected, rel=0.02)


def test_a_model_of_many_steps_runs_bit_by_bit_the_same():
    samples = strokes(8)
    feeds = dict(samples.inputs)
    steps = [("prune", {"amount": 0.8}), ("palettize", {"bits": 4}),
             ("quantize_weights", {"bits": "8", "only": "classify*"})]  # fmt: skip
    model = digits()
    for id, values in steps:
        model = compress.run(model, id, values).model
    packed = compress.pack(model)
    assert len(packed.model) < 0.2 * len(model)
    for optimized in (True, False):
        runs = [Runner(m, optimized)(feeds) for m in (model, packed.model)]
        assert all(bits(runs[0][k]) == bits(runs[1][k]) for k in runs[0])
    dense, back = Network(model), Network(compress.unpack(packed.model))
    assert set(dense.weights) == set(back.weights)
    assert all(bits(dense.array(n)) == bits(back.array(n)) for n in dense.weights)


def test_integers_of_a_quantized_model_are_laid_out_too():
    model = compress.run(digits(), "prune", {"amount": 0.9}).model
    model = compress.run(model, "quantize_static", {}, strokes(32)).model
    packed = compress.pack(model)
    assert len(packed.model) < 0.6 * len(model)
    feeds = dict(strokes(8).inputs)
    runs = [Runner(m)(feeds) for m in (model, packed.model)]
    assert all(bits(runs[0][k]) == bits(runs[1][k]) for k in runs[0])


def test_pitfall_zeros_in_a_dense_file_save_nothing_but_when_compressed():
    """Pitfall 12, the size's side: what is shown must be the packed file."""
    pruned = compress.run(digits(), "prune", {"amount": 0.9}).model
    assert len(pruned) == pytest.approx(len(digits()), rel=0.001)
    before, after = compress.sizes(digits()), compress.sizes(compress.pack(pruned).model)
    assert after["file_bytes"] < 0.3 * before["file_bytes"]
    assert after["memory_bytes"] == before["memory_bytes"]
    assert compress.sizes(pruned)["gzip_bytes"] < 0.35 * before["gzip_bytes"]


def test_packing_twice_and_unpacking_what_is_not_packed():
    packed = compress.pack(matmul(kinds(40, 2)["palette 2"])).model
    with pytest.raises(EngineError, match="packed already"):
        compress.pack(packed)
    assert compress.unpack(small()) == small()
    for broken in ('["nothing"]', "{", "[]", "7"):
        network = Network(packed)
        network.note("paredown.packed", broken)
        with pytest.raises(EngineError, match="packing"):
            compress.unpack(network.bytes())


def test_nothing_to_pack_is_no_fault():
    model = small()
    packed = compress.pack(model)
    assert packed.tensors == {}
    feeds = dict(noise(model).inputs)
    runs = [Runner(m)(feeds) for m in (model, packed.model)]
    assert all(bits(runs[0][k]) == bits(runs[1][k]) for k in runs[0])


def test_sizes_of_tensors_stay_in_the_packed_file():
    """Without them onnxruntime fuses other nodes, which rounds anew."""
    network = Network(small())
    network.model.graph.value_info.append(
        onnx.helper.make_tensor_value_info("last_out", onnx.TensorProto.FLOAT, ("n", 4))
    )
    packed = onnx.load_from_string(compress.pack(network.bytes()).model)
    assert [v.name for v in packed.graph.value_info] == ["last_out"]
