"""Recipes for other tools: onnxruntime's is run, the others are run against stand-ins."""

from __future__ import annotations

import ast
import subprocess
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import onnx
import pytest

import engine
from engine import compress
from engine.compress.runner import Runner
from engine.compress.verifying import distance
from engine.errors import EngineError
from engine.formats import Network
from engine.recipe import Action, ByName, Recipe, Rule
from tests.engine.compress.nets import digits, small, strokes


def exported(preset: str, tool: str) -> compress.Script:
    return engine.recipe_script(digits(), engine.preset(preset).recipe, tool, bindings={"batch": 1})


def values(text: str) -> dict[str, object]:
    """The lists and mappings that a script names."""
    return {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id.isupper()
    }


def run(text: str, folder, *arguments) -> Network:
    (folder / "script.py").write_text(text, "utf-8")
    (folder / "model.onnx").write_bytes(digits())
    words = [sys.executable, "script.py", "model.onnx", "out.onnx", *arguments]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-800:]
    return Network((folder / "out.onnx").read_bytes())


def in_integers(network: Network) -> dict[str, int]:
    """Op type -> how many nodes read what DequantizeLinear makes."""
    wide = {t for n in network.nodes if n.op_type == "DequantizeLinear" for t in n.output}
    found: dict[str, int] = {}
    for node in network.nodes:
        if node.input and node.input[0] in wide and node.op_type != "QuantizeLinear":
            found[node.op_type] = found.get(node.op_type, 0) + 1
    return found


def test_the_script_for_onnxruntime_makes_the_file_that_we_make(tmp_path):
    samples = strokes(32)
    np.savez(tmp_path / "data.npz", image=samples.inputs["image"])
    theirs = run(exported("int8", "onnxruntime").text, tmp_path, "data.npz")
    ours = engine.apply_recipe(digits(), engine.preset("int8").recipe, samples,
                               bindings={"batch": 1}).working  # fmt: skip
    mine = in_integers(Network(ours))
    assert {k: n for k, n in in_integers(theirs).items() if k in ("Conv", "Gemm", "MatMul")} == {
        k: n for k, n in mine.items() if k in ("Conv", "Gemm", "MatMul")
    }
    feeds = dict(samples.inputs)
    one, other = (Runner(m)(feeds) for m in (ours, theirs.bytes()))
    assert distance(one, other) < 0.03


def test_half_floats_of_a_part(tmp_path):
    recipe = Recipe((Rule(Action("fp16", "fp16"), ByName("edges/*")),))
    target = "raspberry-pi-5"  # it computes in fp16, and its baseline is fp32
    made = engine.recipe_script(digits(), recipe, "onnxruntime", target, bindings={"batch": 1})
    network = run(made.text, tmp_path)
    half = {n for n in network.weights if network.dtype(n) == "float16"}
    assert {"edges.first.conv.weight", "edges.second.conv.weight"} <= half
    assert "down1.conv.weight" not in half


@pytest.mark.parametrize("tool", list(compress.TOOLS))
def test_what_a_recipe_asks_is_said_or_listed(tool):
    """For each preset: the script is Python, and names weights, or says why not."""
    for preset in engine.presets():
        made = exported(preset.id, tool)
        compile(made.text, "script.py", "exec")
        told = values(made.text)
        assert any(told.values()) or made.missing, preset.id
        assert all(text.endswith(".") and len(text) < 400 for text in made.missing)
    zeros = exported("sparse75", tool)
    assert bool(zeros.missing) == (tool == "onnxruntime")


def test_names_are_text_and_never_code():
    model = onnx.load_from_string(small())
    bad = "x\"]\nimport os  # ' \\"
    model.graph.node[0].name = bad
    data = model.SerializeToString()
    recipe = engine.preset("int8").recipe
    made = engine.recipe_script(data, recipe, "onnxruntime", bindings={"n": 1})
    assert "\nimport os" not in made.text
    assert bad in values(made.text)["NODES"]


def test_core_ml_settings_are_found_by_the_names_of_weights(monkeypatch, tmp_path):
    """Against a stand-in: weights are called with underscores there, and lie behind casts."""
    made = exported("palette4", "coremltools")
    found = {}

    def weights(model, weight_threshold):
        names = [n.replace(".", "_") for n in values(made.text)["PALETTE"]]
        return {f"{n}_to_fp16": SimpleNamespace(child_ops=[SimpleNamespace(name=f"op_{n}")])
                for n in names}  # fmt: skip

    def palettize(model, config, joint_compression):
        found.update(config.op_name_configs)
        return model

    room = ModuleType("coremltools.optimize.coreml")
    room.get_weights_metadata, room.palettize_weights = weights, palettize
    room.OpPalettizerConfig = room.OptimizationConfig = SimpleNamespace
    top, middle = ModuleType("coremltools"), ModuleType("coremltools.optimize")
    loaded = SimpleNamespace(save=lambda path: None)
    top.models = SimpleNamespace(MLModel=lambda path: loaded)
    top.optimize, middle.coreml = middle, room
    for module in (top, middle, room):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(sys, "argv", ["script", "a.mlpackage", "b.mlpackage"])
    exec(compile(made.text, "script.py", "exec"), {"__name__": "script"})
    assert len(found) == 12
    assert {c.nbits for c in found.values()} == {4}


def test_torchao_names_modules(monkeypatch):
    made = exported("int8w", "torchao")
    asked = []
    torch, ao = ModuleType("torch.nn.utils"), ModuleType("torchao.quantization")
    torch.prune = None
    for name in ("Int4WeightOnlyConfig", "Int8DynamicActivationInt8WeightConfig",
                 "Int8WeightOnlyConfig"):  # fmt: skip
        setattr(ao, name, lambda name=name, **more: name)
    ao.quantize_ = lambda model, config, filter_fn: asked.append(
        (config, [n for n in ("classify", "stem.conv") if filter_fn(None, n)])
    )
    for name, module in (("torch", ModuleType("torch")), ("torch.nn", ModuleType("torch.nn")),
                         ("torch.nn.utils", torch), ("torchao", ModuleType("torchao")),
                         ("torchao.quantization", ao)):  # fmt: skip
        monkeypatch.setitem(sys.modules, name, module)
    room: dict[str, object] = {}
    exec(compile(made.text, "script.py", "exec"), room)
    room["compress"](None)
    assert asked == [("Int8WeightOnlyConfig", ["classify"])]
    assert any("linear layers alone" in text for text in made.missing)


def test_an_unknown_tool_is_one_sentence():
    with pytest.raises(EngineError, match="one of onnxruntime, coremltools, torchao"):
        exported("int8", "tensorrt")
