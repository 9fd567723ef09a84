"""Peak memory against a simulation that holds every buffer and drops it when nobody asks again."""

from __future__ import annotations

import pytest

from engine.compile import compile_model
from engine.execute.networks import build
from engine.formats import read_trusted
from tests.builders import conv_net, residual_net, transformer_block, vit
from tests.engine.compile.checks import AnyTarget

VIEWS = {"Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Dropout"}
MODELS = {
    "conv": lambda: conv_net().SerializeToString(),
    "residual": lambda: residual_net().SerializeToString(),
    "transformer": lambda: transformer_block().SerializeToString(),
    "vit": lambda: vit(2).SerializeToString(),
    **{f"image {n}": lambda n=n: build("image", n) for n in range(4)},
    **{f"sequence {n}": lambda n=n: build("sequence", n) for n in range(3)},
    **{f"pieces {n}": lambda n=n: build("pieces", n) for n in range(4)},
}


def held(made):
    """Bytes of the buffers that are held while each task runs, by running through them."""
    source, graph = made.source, made.graph
    owner = {}
    for op in source.ops:  # a view holds the buffer of what it views
        if op.type in VIEWS and source.tensors[op.inputs[0]].kind != "weight":
            owner[op.outputs[0]] = owner.get(op.inputs[0], op.inputs[0])
    asked = [{owner.get(t, t) for t in op.inputs if t} for op in graph.ops]
    asked.append({owner.get(t, t) for t in graph.outputs})
    buffers = {owner.get(t, t) for t in graph.inputs}
    peaks = []
    for i, op in enumerate(graph.ops):
        buffers |= {owner.get(t, t) for t in op.outputs if t}
        peaks.append(sum(graph.tensors[t].bytes for t in buffers))
        later = set().union(*asked[i + 1 :])
        buffers &= later
    return peaks


@pytest.mark.parametrize("name", MODELS)
def test_memory_alive_is_that_of_the_simulation(name):
    made = compile_model(read_trusted(MODELS[name]()), AnyTarget())
    found = made.tasks["live_bytes"].to_list()
    assert found == held(made)
    assert max(found) > 0
