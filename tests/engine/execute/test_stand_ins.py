"""Stand-ins: a model without its weights, or with random ones, has the figures of the trained one.

What is not a weight must stay: the runtime knows Gelu, softmax and norms by their constants (0.5,
√2, epsilon), drops a product with 1 and a sum with 0, and folds what only shapes decide.  Those are
numbers of a few elements, which no exporter strips.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from onnx import numpy_helper

import engine
from tests.builders import Net, conv_net, linear, vit

FEW = 16  # elements; a tensor of at most so many is a constant, not a weight


def quantized():
    """A product and a sum whose weights are stored in int8, as quantizers leave them."""
    net = Net("quantized")
    scale, zero = net.constant(0.02, "float32"), net.constant(np.int8(0), "int8")
    held = net.op("DequantizeLinear", net.constant(np.ones((64, 48)), "int8"), scale, zero)
    x = net.op("QuantizeLinear", net.input("x", (8, 64)), scale, zero)
    net.output(net.op("MatMul", net.op("DequantizeLinear", x, scale, zero), held))
    return net.model()


MODELS = {"conv": conv_net, "vit": lambda: vit(1, size=32, width=32, heads=2), "int8": quantized}


def trained(name):
    """The model with weights of its own: what nodes of ConstantOfShape make is stored instead."""
    model = MODELS[name]()
    random, nodes = np.random.default_rng(3), []
    shapes = {w.name: numpy_helper.to_array(w) for w in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type != "ConstantOfShape":
            nodes.append(node)
            continue
        made = random.normal(0, 0.2, shapes[node.input[0]]).astype(np.float32)
        model.graph.initializer.append(numpy_helper.from_array(made, node.output[0]))
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def weights(model):
    return [w for w in model.graph.initializer if np.prod(w.dims) > FEW]


def stand_in(name, how):
    """The same model without its weights, or with others."""
    if how == "made by nodes":
        return MODELS[name]().SerializeToString()
    out, random = trained(name), np.random.default_rng(7)
    for weight in weights(out):
        if how == "stripped":
            for field in ("raw_data", "float_data", "int32_data"):
                weight.ClearField(field)
        else:
            old = numpy_helper.to_array(weight)
            new = np.zeros(old.shape) if how == "zeros" else random.normal(0, 3, old.shape)
            weight.CopyFrom(numpy_helper.from_array(new.astype(old.dtype), weight.name))
    return out.SerializeToString()


@cache
def compiled(data, target):
    made = engine.compile_model(engine.read_trusted(data), engine.target(target), data)
    assert made.note == ""
    return made


def figures(data, target, preset=""):
    """Latency, energy with its band, size, peak memory, counts; and each task's latency."""
    recipe = engine.preset(preset).recipe if preset else None
    found = engine.resolve(compiled(data, target), recipe)
    return found.totals, found.tasks["latency_s"].to_list()


@pytest.mark.parametrize("how", ["stripped", "random", "zeros", "made by nodes"])
@pytest.mark.parametrize("name", MODELS)
def test_figures_do_not_depend_on_the_weights(name, how):
    model = trained(name)
    assert weights(model)
    other = stand_in(name, how)
    assert other != model.SerializeToString() or how == "made by nodes"
    for target in engine.targets():
        truth = figures(model.SerializeToString(), target.id)
        assert truth[0].latency_s
        assert figures(other, target.id) == truth, target.id


@pytest.mark.parametrize("target", ["phone-npu", "onnxruntime-cpu"])
@pytest.mark.parametrize("preset", ["int8", "sparse50"])
def test_nor_do_those_of_a_recipe(target, preset):
    truth = figures(trained("conv").SerializeToString(), target, preset)
    assert figures(stand_in("conv", "stripped"), target, preset) == truth


def test_a_constant_that_is_no_weight_decides_what_the_runtime_fuses():
    def kernels(half):
        net = Net("gelu")
        x = linear(net, net.input("x", (4, 32)), 32, 32)
        inner = net.op("Add", net.op("Erf", net.op("Div", x, net.constant(2**0.5, "float32"))),
                       net.constant(1.0, "float32"))  # fmt: skip
        net.output(net.op("Mul", net.op("Mul", x, inner), net.constant(half, "float32")))
        data = net.bytes()
        target = engine.target("onnxruntime-cpu")
        return engine.compile_model(engine.read_trusted(data), target, data).tasks.height

    assert kernels(0.5) < kernels(0.7)
