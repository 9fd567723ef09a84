"""Quantize, prune, palettize: hand-computed cases, and what went wrong in the prototype."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from engine import compress
from engine.compress.palettize import best_values, palettized
from engine.compress.prune import pattern_mask, smallest
from engine.compress.quantize import rounded
from engine.compress.runner import Runner, batches
from engine.errors import EngineError
from engine.formats import Network
from tests.builders import Net, vit
from tests.engine.compress.nets import digits, noise, small, strokes


def first_output(model: bytes, samples: compress.Samples, optimized: bool = True):
    runner = Runner(model, optimized)
    return runner(dict(samples.inputs))[runner.outputs[0]]


def gap(model: bytes, base: bytes, samples: compress.Samples) -> float:
    """Largest difference of outputs as a share of the largest output."""
    one, other = first_output(model, samples), first_output(base, samples)
    return float(np.abs(one - other).max() / np.abs(other).max())


def test_the_smallest_are_counted_exactly_and_of_equals_the_first_go():
    assert smallest(np.array([3.0, 1, 2, 1]), 0.5).tolist() == [False, True, False, True]
    assert smallest(np.array([1.0, 1, 1, 1]), 0.75).tolist() == [True, True, True, False]
    assert not smallest(np.array([1.0, 2]), 0).any()


def test_two_in_four_keeps_the_largest_of_each_group():
    array = np.array([[1, -4, 3, 2, 5, 6, -7, 8]], np.float32)
    assert pattern_mask(array, 1, 2, 4).astype(int).tolist() == [[1, 0, 0, 1, 1, 1, 0, 0]]
    assert pattern_mask(array.T, 0, 2, 4).astype(int).ravel().tolist() == [1, 0, 0, 1, 1, 1, 0, 0]
    assert pattern_mask(array[:, :6], 1, 2, 4) is None


@pytest.mark.parametrize("seed", range(4))
def test_palette_values_are_the_best_there_are(seed):
    """Against every way of cutting 9 numbers into 3 intervals."""
    points = np.sort(np.random.default_rng(seed).normal(size=9))
    costs = [
        sum(((part - part.mean()) ** 2).sum() for part in np.split(points, cuts))
        for cuts in combinations(range(1, 9), 2)
    ]
    found = best_values(points, 3)
    cost = (np.abs(points[:, None] - found[None]).min(axis=1) ** 2).sum()
    assert cost == pytest.approx(min(costs))


def test_a_palette_of_many_weights_is_as_good_as_a_fine_one():
    """512 bins against 20,000 different numbers, by Lloyd's steps from the found values."""
    numbers = np.random.default_rng(1).standard_t(5, 20_000)
    found = best_values(numbers, 16)
    first = values = found
    for _ in range(30):
        at = np.abs(numbers[:, None] - values[None]).argmin(axis=1)
        values = np.array([numbers[at == k].mean() for k in range(len(values))])
    error = [((numbers[:, None] - v[None]) ** 2).min(axis=1).sum() for v in (first, values)]
    assert error[0] <= 1.02 * error[1]


def test_pruned_weights_stay_pruned_in_a_palette():
    array = np.random.default_rng(0).normal(size=1000).astype(np.float32)
    array[::3] = 0
    after, palette = palettized(array, 4)
    assert len(palette) <= 16
    assert (after[array == 0] == 0).all()
    assert palettized(np.array([1, 2, 3, 4], np.float32), 2)[0].tolist() == [1, 2, 3, 4]


def test_rounding_by_hand():
    array = np.array([[127, 63.6, -1.4], [0, 0, 0]], np.float32)
    assert rounded(array, 8, 0).tolist() == [[127, 64, -1], [0, 0, 0]]
    assert rounded(np.array([70000, 1], np.float32), 16, None).tolist() == [65504, 1]
    fours = rounded(np.array([[7, 3.4, -6.6, 0, 0, 0, 0, 1]], np.float32), 4, 0)
    assert fours.tolist() == [[7, 3, -7, 0, 0, 0, 0, 1]]


def test_the_same_step_gives_the_same_bytes():
    samples = noise(small())
    for known in compress.operations():
        made = [compress.run(small(), known.id, {}, samples, small()).model for _ in range(2)]
        assert made[0] == made[1], known.id


def test_every_operation_runs_on_the_demo_and_keeps_its_names():
    model, samples = digits(), strokes(32)
    before = {n.name for n in Network(model).nodes}
    bounds = {"quantize_static": 0.15, "quantize_weights": 0.05, "quantize_half": 0.02,
              "quantize_dynamic": 0.05}  # fmt: skip
    for known in compress.operations():
        if known.base or known.family in ("repair", "restore"):
            continue
        made = compress.run(model, known.id, {}, samples)
        network = Network(made.model)
        network.check()
        assert made.changes, known.id
        convs = {n for n in before if "conv" in n}
        assert convs <= {n.name for n in network.nodes}, known.id
        assert gap(made.model, model, samples) < bounds.get(known.id, 5), known.id


def test_pitfall_weights_in_constant_nodes_are_found():
    """Pitfall 1: Paddle keeps weights in Constant nodes, others list them as inputs too."""
    network = onnx.load_from_string(small())
    graph = network.graph
    for tensor in list(graph.initializer):
        if tensor.name == "w":
            graph.input.append(
                helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
            )
            continue
        node = helper.make_node("Constant", [], [tensor.name], value=tensor)
        graph.node.insert(0, node)
        graph.initializer.remove(tensor)
    data = network.SerializeToString()
    made = compress.run(data, "prune", {"amount": 0.5})
    assert len(made.changes) == len(compress.run(small(), "prune").changes) == 3
    assert list(Network(made.model).inputs) == ["x"]
    assert gap(data, small(), noise(small())) == 0


def test_pitfall_old_files_are_converted_before_they_get_scales_a_channel():
    """Pitfall 2: below opset 13 the file would be invalid, which shows only when it is loaded."""
    model = small(opset=11)
    made = compress.run(model, "quantize_static", {"per_channel": True}, noise(model))
    assert Network(made.model).opset == 13
    assert "opset 11" in made.notes[0]
    assert gap(made.model, model, noise(model)) < 0.15


@pytest.mark.parametrize("method", ["minmax", "entropy", "percentile"])
def test_pitfall_samples_that_fill_no_batch_are_left_out(method):
    """Pitfall 3: a shorter last batch breaks all three calibrators."""
    model = small()
    samples = noise(model, 37)
    assert [len(b["x"]) for b in batches(samples.inputs, Network(model).inputs, 16)] == [16, 16]
    compress.run(model, "quantize_static", {"method": method}, samples)
    fixed = small(batch=4)
    sizes = [len(b["x"]) for b in batches(noise(fixed, 10).inputs, Network(fixed).inputs)]
    assert sizes == [4, 4]


def test_pitfall_norms_written_out_stay_in_floats():
    """Pitfall 4: int8 in a decomposed LayerNorm or softmax ruins the model."""
    net = Net("decomposed")
    x = net.op("MatMul", net.input("x", ("n", 16)), net.weight(16, 16))
    mean = net.op("ReduceMean", x, net.constant([1]), keepdims=1)
    centred = net.op("Sub", x, mean)
    power = net.op("Pow", centred, net.constant(2, "float32"))
    variance = net.op("ReduceMean", power, net.constant([1]), keepdims=1)
    root = net.op("Sqrt", net.op("Add", variance, net.constant(1e-5, "float32")))
    x = net.op("Add", net.op("Div", centred, root), net.weight(16))
    net.output(net.op("MatMul", x, net.weight(16, 4)))
    made = compress.run(net.bytes(), "quantize_static", {}, noise(net.bytes()))
    quantized = {t for n in Network(made.model).nodes if n.op_type == "DequantizeLinear"
                 for t in n.output}  # fmt: skip
    readers = {n.op_type for n in Network(made.model).nodes if quantized & set(n.input)}
    assert "MatMul" in readers
    assert not readers & {"Pow", "Sqrt", "Div", "Add"}
    assert gap(made.model, net.bytes(), noise(net.bytes())) < 0.1


def test_pitfall_dynamic_leaves_convolutions_alone():
    """Pitfall 5: as ConvInteger they run ten times slower."""
    made = compress.run(small(), "quantize_dynamic")
    types = {n.op_type for n in Network(made.model).nodes}
    assert "ConvInteger" not in types
    assert "MatMulInteger" in types
    assert "Conv stay" in made.notes[0]


def test_pitfall_activations_are_unsigned_unless_asked_for():
    """Pitfall 6: signed activations are four times slower on x86."""
    kinds = {}
    for activations in ("uint8", "int8"):
        made = compress.run(small(), "quantize_static", {"activations": activations},
                            noise(small()))  # fmt: skip
        network = Network(made.model)
        kinds[activations] = {
            network.dtype(n.input[2]) for n in network.nodes if n.op_type == "QuantizeLinear"
        }
    assert kinds == {"uint8": {"uint8"}, "int8": {"int8"}}


def test_eight_bits_do_not_overflow_by_default():
    """Without VNNI, products of 8 bits overflow: other numbers with and without optimization."""
    made = compress.run(digits(), "quantize_static", {}, strokes())
    fast, plain = (first_output(made.model, strokes(), flag) for flag in (True, False))
    assert np.abs(fast - plain).max() < 0.02 * np.abs(plain).max()


def test_pitfall_norms_are_folded_before_quantizing_and_only_then():
    """Pitfall 7: folded norms are gone, what they made keeps its name."""
    model = small()
    made = compress.run(model, "quantize_static", {"between": "no"}, noise(model))
    types = [n.op_type for n in Network(made.model).nodes]
    assert "BatchNormalization" not in types
    kept = {t for n in Network(model).nodes if n.op_type == "BatchNormalization" for t in n.output}
    assert kept <= {t for n in Network(made.model).nodes for t in n.output}
    pruned = Network(compress.run(model, "prune").model)
    assert "BatchNormalization" in {n.op_type for n in pruned.nodes}


def test_folding_changes_no_number():
    from engine.compress.fold import fold_norms

    for model in (small(), digits()):
        network = Network(model)
        samples = strokes() if model == digits() else noise(model)
        assert fold_norms(network) > 1
        network.check()
        assert gap(network.bytes(), model, samples) < 1e-5


def test_pitfall_norms_and_statistics_are_no_weights():
    """Pitfall 8: norms, biases and statistics are no weights; statistics are never pruned."""
    found = compress.layers(Network(small()))
    roles = [layer.role for layer in found]
    assert {r: roles.count(r) for r in set(roles)} == {
        "weight": 3, "norm": 4, "stat": 4, "bias": 1,
    }  # fmt: skip
    weights = [layer for layer in found if layer.role == "weight"]
    assert [(w.first, w.last) for w in weights] == [(True, False), (False, False), (False, True)]
    everything = compress.run(small(), "prune", {"include_norms": True, "amount": 0.3})
    stats = {layer.tensor for layer in found if layer.role == "stat"}
    assert len(everything.changes) == 8
    assert not stats & {c.tensor for c in everything.changes}
    ends = compress.run(small(), "prune", {"keep_first": True, "keep_last": True})
    assert len(ends.changes) == 1
    depthwise = [layer for layer in compress.layers(Network(digits())) if layer.depthwise]
    without = compress.run(digits(), "prune", {"keep_depthwise": True})
    assert len(depthwise) == 2
    assert not {d.tensor for d in depthwise} & {c.tensor for c in without.changes}
    only = compress.run(digits(), "prune", {"only": "strokes.*", "skip": ["*narrow*"]})
    assert [c.tensor for c in only.changes] == ["strokes.widen.conv.weight",
                                                "strokes.depthwise.conv.weight"]  # fmt: skip


def test_axes_are_seen_through_a_transpose():
    net = Net("transposed")
    w = net.op("Transpose", net.weight(5, 16, name="w"), perm=[1, 0])
    net.output(net.op("MatMul", net.input("x", ("n", 16)), w))
    (layer,) = compress.layers(Network(net.bytes()))
    assert (layer.tensor, layer.out_axis, layer.in_axis) == ("w", 0, 1)


def test_weights_that_a_fill_makes_are_none_to_compress():
    with pytest.raises(EngineError, match="no weights are selected"):
        compress.run(vit(1, 32, 16, 32, 2).SerializeToString(), "prune")


@pytest.mark.parametrize(
    ("id", "values", "says"),
    [
        ("shrink", {}, "no such operation"),
        ("prune", {"amount": 2}, "prune, amount: out of range"),
        ("prune", {"amount": float("nan")}, "out of range"),
        ("prune", {"amount": True}, "out of range"),
        ("prune", {"amuont": 0.5}, "no such parameter"),
        ("prune", {"scope": "all"}, "no such choice"),
        ("prune", {"only": "nothing*"}, "no weights are selected"),
        ("prune", {"only": [1]}, "no name"),
        ("prune", {"include_norms": "yes"}, "not yes or no"),
        ("palettize", {"bits": 2.5}, "not a whole number"),
        ("prune_pattern", {"kept": 4, "of": 4}, "no pattern"),
        ("quantize_static", {}, "needs samples"),
    ],
)
def test_a_wrong_parameter_is_one_sentence(id, values, says):
    with pytest.raises(EngineError, match=says):
        compress.run(small(), id, values)


def test_a_form_can_be_drawn_of_every_operation():
    for known in compress.operations():
        for parameter in known.parameters:
            assert parameter.checked(parameter.default, known.id) == parameter.default
            assert parameter.label
            assert parameter.help.endswith(".")


def test_pitfall_packed_numbers_take_no_more_than_their_bits():
    """Pitfall 10: `make_tensor` writes four bits as eight."""
    network = Network(small())
    before = len(network.bytes())
    network.put_packed("fours", "UINT4", (1000,), bytes(500))
    assert len(network.bytes()) - before < 530
    assert numpy_helper.to_array(network.model.graph.initializer[-1]).shape == (1000,)
