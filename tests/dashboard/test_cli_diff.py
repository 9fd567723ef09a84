"""`paredown diff`: what changed, as text and as one object."""

from __future__ import annotations

import json

import pytest

import engine
from dashboard.cli import main
from tests import builders


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("diff")
    found = []
    for name, blocks in (("before", 2), ("after", 3)):
        path = folder / f"{name}.onnx"
        path.write_bytes(builders.residual_net(blocks, 16, 16).SerializeToString())
        found.append(str(path))
    return found


def test_what_was_added_is_named(files, capsys):
    assert main(["diff", *files]) == 0
    text = capsys.readouterr().out
    assert "0 removed" in text
    assert "\n+ " in text
    assert "latency " in text


def test_the_object_holds_tasks_modules_formats_and_figures(files, capsys):
    assert main(["diff", files[0], files[0], "--preset-b", "int8", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert set(answer) == {"before", "after", "counts", "tasks", "modules", "formats"}
    assert answer["counts"]["changed"] > 0
    assert {"before", "after", "tasks", "before_bytes", "after_bytes"} == set(answer["formats"][0])
    assert answer["before"]["size_bytes"] > answer["after"]["size_bytes"]


def test_two_targets_are_compared_too(files, capsys):
    assert main(["diff", files[0], files[0], "--target-b", "h200", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["before"]["target"], answer["after"]["target"]) == ("phone-npu", "h200")


@pytest.mark.parametrize("wrong", [["nowhere.onnx"], ["--target", "toaster"]])
def test_a_fault_is_one_sentence(files, wrong, capsys):
    arguments = [files[0], *wrong] if len(wrong) == 1 else [*files, *wrong]
    assert main(["diff", *arguments]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_recipe_of_a_side_stands_behind_its_file(files, tmp_path, capsys):
    recipe = tmp_path / "mine.json"
    recipe.write_text(engine.write_recipe(engine.preset("int8").recipe), "utf-8")
    assert main(["diff", files[0], f"{files[0]}@{recipe}", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["counts"]["changed"] > 0
    assert answer["after"]["file"] == "before.onnx"
    assert main(["diff", files[0], f"{files[0]}@{recipe}", "--preset-b", "int8"]) == 2
    assert "two recipes" in capsys.readouterr().err
    assert main(["diff", files[0], f"{files[0]}@absent.json"]) == 2
