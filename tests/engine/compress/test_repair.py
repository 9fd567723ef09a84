"""Channels, repairs and restoring: the prototype's findings, on nets that are small enough."""

from __future__ import annotations

import numpy as np
import pytest

from engine import compress
from engine.compress.runner import Runner
from engine.errors import EngineError
from engine.formats import Network, attribute
from engine.formats.channels import trace
from tests.builders import Net, conv_bn_relu
from tests.effort import tries
from tests.engine.compress.nets import digits, noise, small, strokes


def run(model: bytes, samples: compress.Samples) -> np.ndarray:
    runner = Runner(model)
    return runner(dict(samples.inputs))[runner.outputs[0]]


def error(model: bytes, base: bytes, samples: compress.Samples) -> float:
    """Root of the mean square difference of outputs, as a share of the outputs'."""
    one, other = run(model, samples), run(base, samples)
    return float(np.sqrt(((one - other) ** 2).mean() / (other**2).mean()))


def gated(classes: int = 4) -> bytes:
    """A depthwise block with squeeze and excite, a sum, a concatenation, a flattened map."""
    net = Net("gated")
    x = conv_bn_relu(net, net.input("x", ("n", 3, 8, 8)), 3, 8)
    y = conv_bn_relu(net, x, 8, 16, kernel=1)
    y = net.op("Conv", y, net.weight(16, 1, 3, 3), net.weight(16), group=16, pads=[1] * 4,
               name="depthwise")  # fmt: skip
    s = net.op("Relu", net.op("Conv", net.op("GlobalAveragePool", y), net.weight(4, 16, 1, 1),
                              net.weight(4), name="squeeze"))  # fmt: skip
    s = net.op("HardSigmoid", net.op("Conv", s, net.weight(16, 4, 1, 1), net.weight(16),
                                     name="excite"))  # fmt: skip
    y = net.op("Conv", net.op("Mul", y, s), net.weight(8, 16, 1, 1), name="narrow")
    x = net.op("Add", x, y)
    z = net.op("Conv", x, net.weight(4, 8, 1, 1), name="side")
    x = net.op("Flatten", net.op("MaxPool", net.op("Concat", x, z, axis=1), kernel_shape=[4, 4],
                                 strides=[4, 4]))  # fmt: skip
    net.output(net.op("Gemm", x, net.weight(classes, 12 * 4), net.weight(classes), transB=1))
    return net.bytes()


def test_channels_go_through_sums_gates_and_concatenations():
    made = compress.run(gated(), "prune_channels", {"amount": 0.5})
    network = Network(made.model)
    network.check()
    assert run(made.model, noise(gated())).shape == (16, 4)
    shapes = {c.layer: c.what for c in made.changes}
    assert shapes["depthwise"] == "now 8×1×3×3"
    assert shapes["squeeze"] == "now 2×8×1×1"
    assert shapes["excite"] == "now 8×2×1×1"
    assert shapes["narrow"] == "now 4×8×1×1"
    assert shapes["side"] == "now 2×4×1×1"
    group = next(attribute(n, "group") for n in network.nodes if n.name == "depthwise")
    assert group == 8
    assert any("output of the model" in note for note in made.notes)


def test_a_channel_that_does_nothing_goes_first_and_changes_nothing():
    """Zero one filter of each layer, and its norm's shift: removing one channel in 8 is exact."""
    network = Network(small())
    convs = [n for n in network.nodes if n.op_type == "Conv"]
    for node in convs:
        weight = network.array(node.input[1])
        weight[3] = 0
        network.put(node.input[1], weight)
    for node in [n for n in network.nodes if n.op_type == "BatchNormalization"]:
        for place in (1, 2):
            value = network.array(node.input[place])
            value[3] = 0
            network.put(node.input[place], value)
    model = network.bytes()
    made = compress.run(model, "prune_channels", {"amount": 1 / 8})
    kept = [list(range(3)) + list(range(4, 8))] * 2
    assert [Network(made.model).shape(c.tensor)[0] for c in made.changes] == [7, 7]
    from engine.compress.structured import kept_channels

    assert list(kept_channels(Network(made.model)).values()) == kept
    assert error(made.model, model, noise(model)) < 1e-6


def test_layers_that_share_channels_with_one_that_keeps_all_stay():
    first = compress.layers(Network(small()))[0]
    with pytest.raises(EngineError, match="keeps all"):
        compress.run(small(), "prune_channels", {"only": [first.tensor]})


def test_channels_stay_where_they_are_mixed():
    net = Net("mixed")
    x = net.op("Conv", net.input("x", ("n", 3, 8, 8)), net.weight(8, 3, 1, 1))
    x = net.op("Softmax", x, axis=1)
    net.output(net.op("Conv", x, net.weight(8, 8, 1, 1)))
    with pytest.raises(EngineError, match="pass a Softmax"):
        compress.run(net.bytes(), "prune_channels")
    assert trace(Network(net.bytes())).makers()


def test_channels_stay_a_multiple():
    made = compress.run(gated(), "prune_channels", {"amount": 0.4, "multiple": 4})
    out = [Network(made.model).shape(c.tensor)[0] for c in made.changes]
    assert all(n % 4 == 0 for n in out)


def test_least_squares_repair_brings_most_back():
    """Pruned at 70 %, and half of the channels: the refit undoes most of the damage."""
    model, fit, other = digits(), strokes(16), strokes(16, seed=5)
    steps = (("prune_channels", {"amount": 0.5}), ("prune", {"amount": 0.7}))
    for id, values in steps[: tries(1, 2)]:
        broken = compress.run(model, id, values).model
        fixed = compress.run(broken, "repair_layers", {}, fit, model)
        assert error(broken, model, other) > 0.6
        assert error(fixed.model, model, other) < 0.3
        after = Network(fixed.model)
        assert after.weights == Network(broken).weights
        if id == "prune":
            changed = {c.tensor: c.zeros for c in fixed.changes}
            was = Network(broken)
            assert all(z >= (was.array(n) == 0).mean() for n, z in changed.items())


def test_a_refit_by_hand():
    """Made is 2 a + 3 c of x = (a, b, c); the weight of b was pruned, the others are off."""
    net = Net("plain")
    w = net.constant([[1.0], [0.0], [1.0]], "float32", name="w")
    net.output(net.op("MatMul", net.input("x", ("n", 3)), w, name="layer"))
    base = Network(net.bytes())
    base.put("w", np.array([[2], [0], [3]], np.float32))
    fixed = compress.run(net.bytes(), "repair_layers", {"ridge": 0.0}, noise(net.bytes()),
                         base.bytes())  # fmt: skip
    assert Network(fixed.model).array("w").ravel() == pytest.approx([2, 0, 3], abs=1e-5)


def test_strides_pads_groups_and_dilations_are_followed():
    """A refit from nothing pruned is the layer itself, whatever its window."""
    for kind in ({"strides": [2, 1], "pads": [1, 0, 2, 1]}, {"dilations": [2, 2]}, {"group": 2}):
        net = Net("window")
        w = net.weight(6, 4 // kind.get("group", 1), 3, 3, name="w")
        net.output(net.op("Conv", net.input("x", ("n", 4, 9, 9)), w, net.weight(6), **kind))
        base = net.bytes()
        off = Network(base)
        off.put("w", off.array("w") * np.float32(0.7))
        fixed = compress.run(off.bytes(), "repair_layers", {"ridge": 1e-6}, noise(base), base)
        assert Network(fixed.model).array("w") == pytest.approx(Network(base).array("w"), abs=1e-3)


def test_palettes_are_not_refitted():
    model = compress.run(digits(), "palettize", {"bits": 4}).model
    made = compress.run(model, "repair_layers", {"only": "down*"}, strokes(8), digits())
    assert made.model == Network(model).bytes()
    assert all("palette" in note for note in made.notes)


def test_norms_measured_anew_are_those_of_the_samples():
    model = small()
    samples = noise(model, 64)
    made = compress.run(model, "repair_norms", {}, samples)
    network = Network(made.model)
    norm = next(n for n in network.nodes if n.op_type == "BatchNormalization")
    read = Runner(network.cut([norm.input[0]]))(dict(samples.inputs))[norm.input[0]]
    assert network.array(norm.input[3]) == pytest.approx(read.mean(axis=(0, 2, 3)), abs=1e-4)
    assert network.array(norm.input[4]) == pytest.approx(read.var(axis=(0, 2, 3)), rel=1e-3)
    half = Network(compress.run(model, "repair_norms", {"strength": 0.0}, samples).model)
    assert half.array(norm.input[3]) == pytest.approx(Network(model).array(norm.input[3]))
    folded = compress.run(model, "quantize_static", {}, samples).model
    with pytest.raises(EngineError, match="no batch norms"):
        compress.run(folded, "repair_norms", {}, samples)


def test_pitfall_norms_in_the_pool_can_be_given_back():
    """Pitfall 8: norms that went into the pool can be restored alone."""
    model = small()
    harmed = compress.run(model, "prune", {"amount": 0.6, "include_norms": True}).model
    healed = compress.run(harmed, "restore", {"role": "norm"}, None, model)
    before, after, was = Network(model), Network(healed.model), Network(harmed)
    for layer in compress.layers(before):
        source = before if layer.role == "norm" else was
        assert (after.array(layer.tensor) == source.array(layer.tensor)).all()
    assert healed.changes
    whole = compress.run(harmed, "restore", {}, None, model).model
    assert error(whole, model, noise(model)) == 0
    with pytest.raises(EngineError, match="before compression"):
        compress.run(harmed, "restore", {})
