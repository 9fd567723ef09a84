"""A recipe as code for each task."""

from __future__ import annotations

import ast

import pytest

import engine
from engine.compress import PER_TASK, snippets
from engine.errors import EngineError
from engine.recipe import Action, ByName, Recipe, Rule, preset
from tests.builders import Net

INT8 = Action("int8", "int8")


def model() -> bytes:
    """A convolution and a linear layer, named as PyTorch's exporter names them."""
    net = Net()
    x = net.input("x", (1, 3, 8, 8))
    x = net.op("Conv", x, net.weight(8, 3, 3, 3, name="stem.conv.weight"), name="conv")
    x = net.op("Flatten", net.op("GlobalAveragePool", x))
    x = net.op("Gemm", x, net.weight(16, 8, name="head.0.weight"), transB=1, name="head")
    net.output(net.op("Gemm", x, net.weight(4, 16, name="odd name"), transB=1, name="last"))
    return net.bytes()


def code(recipe: Recipe, tool: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    c = engine.compile_model(engine.read_trusted(model()), engine.target("phone-npu"))
    found = snippets(c, recipe, tool)
    for part in found.tasks:
        ast.parse(found.head + part.code)  # it is Python, whatever the names hold
    return {part.name: (part.code, part.missing) for part in found.tasks}


def test_a_linear_layer_is_quantized_where_its_module_is():
    found = code(Recipe((Rule(INT8),)), "torchao")
    text, missing = found["head"]
    assert text == (
        "quantize_(model, Int8DynamicActivationInt8WeightConfig(), "
        "filter_fn=lambda module, name: name == 'head.0')"
    )
    assert missing == ()


def test_what_a_tool_cannot_say_is_listed_for_its_task():
    found = code(Recipe((Rule(INT8),)), "torchao")
    assert found["conv"] == ("", ("torchao quantizes linear layers alone",))
    assert found["last"] == ("", ("its weight does not have the name of a PyTorch module",))


def test_pruning_and_palettes():
    recipe = Recipe((Rule(Action(sparsity=0.5), ByName("conv")),
                     Rule(Action(palette_bits=4), ByName("head"))))  # fmt: skip
    torch, core = code(recipe, "torchao"), code(recipe, "coremltools")
    assert torch["conv"][0] == (
        "prune.l1_unstructured(model.get_submodule('stem.conv'), \"weight\", 0.5)"
    )
    assert torch["head"] == ("", ("torchao has no palettes",))
    assert core["conv"][0] == (
        "config.set_op_name(op_of['stem.conv.weight'], "
        "cto.OpMagnitudePrunerConfig(target_sparsity=0.5))"
    )
    assert 'OpPalettizerConfig(mode="kmeans", nbits=4)' in core["head"][0]


@pytest.mark.parametrize("tool", list(PER_TASK))
@pytest.mark.parametrize("id", [p.id for p in engine.presets()])
def test_every_edited_task_has_code_or_a_reason(tool: str, id: str):
    for text, missing in code(preset(id).recipe, tool).values():
        assert text or missing or id == "fp16"


def test_a_tool_without_code_for_tasks_is_refused():
    with pytest.raises(EngineError, match="torchao"):
        code(Recipe(), "onnxruntime")


def test_names_cannot_leave_their_comments():
    c = engine.compile_model(engine.read_trusted(model()), engine.target("phone-npu"))
    made = snippets(c, preset("int8").recipe)
    text = made.text({part.task: "a.py:1: x\nimport os" for part in made.tasks}, 1)
    assert "\nimport os" not in text
    assert "# a.py:1: x import os" in text
    assert "more tasks" in text
