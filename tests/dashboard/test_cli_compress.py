"""`paredown compress`: one object, a text, one sentence per fault, and never half a file."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from dashboard.cli import main
from tests.engine.compress.nets import small


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("cli")
    (path / "net.onnx").write_bytes(small())
    return path


def run(capsys, *arguments):
    words = list(map(str, arguments))
    if words[0] in ("compress", "recipe"):  # a target without a runtime: a process less each time
        words += ["--target", "x86-avx2"]
    try:
        status = main(words)
    except SystemExit as error:
        status = error.code
    written = capsys.readouterr()
    return status, written.out, written.err


def test_a_file_is_made_and_checked(capsys, folder):
    out = folder / "small.onnx"
    status, text, _ = run(capsys, "compress", folder / "net.onnx", "--preset", "palette4",
                          "-o", out, "--json")  # fmt: skip
    body = json.loads(text)
    assert status == 0
    assert out.stat().st_size == body["files"]["after"]["file_bytes"]
    assert body["size_bytes"]["found"] < body["size_bytes"]["baseline"]
    assert {c["name"] for c in body["checks"]} >= {"standard", "packed", "finite"}
    status, text, err = run(capsys, "compress", folder / "net.onnx", "--preset", "int8w", "-o", out)
    assert status == 0
    assert "done: int8 in" in text
    assert "predicted" in text
    assert "Written: " in err


def test_samples_are_read_from_a_file(capsys, folder):
    data = folder / "data.npz"
    np.savez(data, x=np.random.default_rng(0).normal(size=(8, 3, 8, 8)).astype(np.float32))
    status, text, _ = run(capsys, "compress", folder / "net.onnx", "--preset", "int8",
                          "--data", data, "-o", folder / "int8.onnx", "--json")  # fmt: skip
    assert status == 0
    assert "quantize_static" in {s["operation"] for s in json.loads(text)["steps"]}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--preset", "int8"], "needs samples"),
        (["--preset", "nothing"], "no such preset"),
        (["--recipe", "none.json"], "no such file"),
        (["--preset", "palette4", "--data", "none.npz"], "no such file"),
        (["--preset", "fp16", "-o", "no/such/folder/out.onnx"], "cannot be written"),
    ],
)
def test_a_fault_is_one_sentence_and_writes_nothing(capsys, folder, arguments, words):
    out = folder / "never.onnx"
    given = arguments if "-o" in arguments else [*arguments, "-o", out]
    status, text, err = run(capsys, "compress", folder / "net.onnx", *given)
    assert (status, text) == (2, "")
    assert words in err.splitlines()[-1]
    assert not out.exists()


def test_the_model_itself_is_never_overwritten(capsys, folder):
    path = folder / "net.onnx"
    status, _, err = run(capsys, "compress", path, "--preset", "fp16", "-o", path)
    assert status == 2
    assert "overwrite" in err
    assert path.read_bytes() == small()


def test_both_files_are_timed_when_asked(capsys, folder, monkeypatch):
    seconds = iter([2e-3, 1e-3])

    def measure(path, sizes, name):
        return SimpleNamespace(measured_s=next(seconds), floor=0.02, machine="m", runtime="r",
                               load=1.0)  # fmt: skip

    monkeypatch.setattr("engine.measure", measure, raising=False)
    status, text, _ = run(capsys, "compress", folder / "net.onnx", "--preset", "int8w",
                          "--measure", "-o", folder / "timed.onnx", "--json")  # fmt: skip
    body = json.loads(text)
    assert status == 0
    assert body["measured"]["ratio"] == 0.5
    assert body["latency_s"]["found"] == 1e-3


def test_a_model_is_judged_beside_its_base(capsys, folder):
    data = folder / "judged.npz"
    images = np.random.default_rng(0).normal(size=(12, 3, 8, 8)).astype(np.float32)
    np.savez(data, x=images, labels=np.arange(12) % 4)
    arguments = ("evaluate", folder / "net.onnx", "--data", data, "--base", folder / "net.onnx")
    status, text, _ = run(capsys, *arguments, "--json")
    body = json.loads(text)
    assert status == 0
    assert body["figures"]["agreement"]["value"] == 1
    assert body["moved"] == 0
    status, text, _ = run(capsys, *arguments)
    assert "Agreement with the base: 100 %" in text
    status, _, err = run(capsys, "evaluate", folder / "net.onnx", "--data", folder)
    assert status == 2
    assert "is a folder" in err


def test_a_recipe_is_written_for_another_tool(capsys, folder):
    arguments = ("recipe", "export", folder / "net.onnx", "--preset", "int8", "--tool")
    status, text, err = run(capsys, *arguments, "onnxruntime")
    assert status == 0
    compile(text, "script.py", "exec")
    out = folder / "script.py"
    status, text, _ = run(capsys, *arguments, "torchao", "-o", out, "--json")
    body = json.loads(text)
    assert out.read_text("utf-8") == body["script"]
    assert body["missing"]
    status, text, err = run(capsys, *arguments, "magic")
    assert (status, text) == (2, "")
    assert "no such tool" in err
