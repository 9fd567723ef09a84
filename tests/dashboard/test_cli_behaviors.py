"""`paredown behaviors` and `paredown layers`: as text, as one object, and on bad input."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest

import engine
from dashboard.cli import main
from dashboard.demo.digits_data import FILE, INPUT, enlarged


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """The digits net, the same with 80 % of its weights gone, and 120 labelled digits."""
    folder = tmp_path_factory.mktemp("digits")
    base = gzip.decompress((FILE.parent / "digits_cnn.onnx.gz").read_bytes())
    (folder / "base.onnx").write_bytes(base)
    pruned = engine.run_operation(base, "prune", {"amount": 0.8}).model
    (folder / "pruned.onnx").write_bytes(engine.pack_model(pruned).model)
    with np.load(FILE, allow_pickle=False) as file:
        np.savez(folder / "data.npz", labels=file["labels"][:120],
                 **{INPUT: enlarged(file["images"][:120])})  # fmt: skip
    return [str(folder / n) for n in ("base.onnx", "pruned.onnx", "data.npz")]


def test_classes_of_two_models(digits, capsys):
    base, pruned, data = digits
    assert main(["behaviors", base, pruned, "--data", data, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["models"] == ["base", "pruned"]
    assert (answer["kept"], answer["metric"]) == (120, "correctness")
    assert {r["name"] for r in answer["rows"]} == set("0123456789")
    assert sum(r["count"] for r in answer["rows"]) == 120
    assert answer["summary"]["values"][0] > 0.95
    words = ["behaviors", base, pruned, "--data", data, "--metric", "kl", "--instances",
             "--by", "pruned"]  # fmt: skip
    assert main(words) == 0
    text = capsys.readouterr().out
    assert "120 of 120 instances" in text
    assert "page 1 of 3" in text


def test_layers_of_two_models(digits, capsys):
    base, pruned, data = digits
    assert main(["layers", base, pruned, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["layers"]
    changed = [r["relative"] for r in rows]
    assert changed == sorted(changed, reverse=True)
    assert changed[0] > 0.1
    assert main(["layers", base, pruned, "--data", data, "--by", "sqnr_db"]) == 0
    assert "scores" in capsys.readouterr().out


def test_only_what_stands_out(digits, capsys, tmp_path):
    base, pruned, data = digits
    assert main(["layers", base, pruned, "--data", data, "--findings"]) == 0
    text = capsys.readouterr().out
    assert "they were measured on, and flatten them" in text
    assert "Measure the norms anew: repair_norms" in text
    assert main(["layers", base, base, "--findings"]) == 0
    assert capsys.readouterr().out == "base: nothing stands out\n"
    assert main(["behaviors", base, pruned, "--data", data, "--findings", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["findings"]["pruned"]
    assert (found["kind"], found["remedy"]["operation"]) == ("collapsed", "repair_layers")
    assert found["figures"][0]["low"] is None  # no interval
    ten = str(tmp_path / "ten.npz")
    with np.load(data) as file:
        np.savez(ten, **{INPUT: file[INPUT][:10]})
    assert main(["behaviors", base, pruned, "--data", ten, "--findings"]) == 0
    assert capsys.readouterr().out == "pruned: nothing can be told of 10 instances, it takes 20\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["behaviors", "BASE", "PRUNED"], "needs data to run on"),
        (["behaviors", "gone.npz", "gone.npz"], "cannot be read"),
        (["behaviors", "BASE", "PRUNED", "--data", "DATA", "--metric", "x"], "is no comparison"),
        (["layers", "BASE", "PRUNED", "--filter", "("], "cannot be read as a pattern"),
        (["layers", "BASE", "PRUNED", "--by", "x"], "is no figure of a layer"),
    ],
)
def test_bad_input_gets_a_sentence(digits, capsys, words: list[str], sentence: str):
    named = dict(zip(("BASE", "PRUNED", "DATA"), digits, strict=True))
    assert main([named.get(w, w) for w in words]) == 2
    assert sentence in capsys.readouterr().err
