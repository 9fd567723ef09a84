"""`paredown source`: lines by cost, as text and as one object."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import dashboard.demo
from dashboard.cli import main
from engine import formats

UNET = str(Path(dashboard.demo.__file__).with_name("unet.zip"))


def test_the_most_expensive_line_comes_first(capsys):
    assert main(["source", UNET]) == 0
    told = capsys.readouterr()
    head, first, *_ = told.out.splitlines()
    assert head.split() == ["cost", "with", "calls", "tasks", "line"]
    assert "unet.py:18  x = self.act(self.norm1(self.conv1(x)))" in first
    assert not told.err


def test_norms_that_the_exporter_put_into_convolutions_are_said(tmp_path, capsys):
    alone = tmp_path / "unet.onnx"
    alone.write_bytes(formats.load(UNET).data)
    assert main(["source", str(alone)]) == 0
    assert "14 of the tasks are convolutions" in capsys.readouterr().err


def test_the_object_holds_lines_and_tasks(capsys):
    assert main(["source", UNET, "--by", "energy", "--preset", "int8", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    values = [line["energy_j"] for line in answer["lines"]]
    assert values == sorted(values, reverse=True)
    assert answer["tasks"][0]["lines"][0] == {
        "at": "unet.py:18",
        "role": "line",
        "ops": "Conv+Relu",
    }
    assert answer["no_line"]["tasks"] > 0  # the conversions of int8


@pytest.mark.parametrize("more", [["--source-root", "/nowhere"], ["--map", UNET]])
def test_faults_are_sentences(more, capsys):
    assert main(["source", UNET, *more]) == 2
    assert capsys.readouterr().err.strip()


def test_a_recipe_is_told_task_by_task_under_its_lines(capsys):
    words = ["recipe", "export", UNET, "--preset", "sparse50", "--tool", "torchao", "--per-task"]
    assert main([*words, "--target", "phone-npu", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    first = next(t for t in answer["tasks"] if t["at"] == "unet.py:18")
    assert "prune.l1_unstructured" in first["code"]
    assert "quantize_" in answer["head"]
    assert main([*words, "--target", "phone-npu"]) == 0
    assert "# unet.py:18: " in capsys.readouterr().out
