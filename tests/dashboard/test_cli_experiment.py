"""`paredown experiment`: its JSON keys, its words, its faults; and the report it writes."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from dashboard.cli import main
from tests.engine.experiments.forests import body, model

EVIL = "<script>alert(1)</script>|[x](javascript:1)"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "sweep.json"
    made = body(
        model("root", metrics={"Accuracy": 0.9, "Size": 10}, tag=EVIL),
        *(model(f"{k}{a}", "root", k, amount=a, metrics={"Accuracy": 0.9 - a / 10, "Size": 9 - a})
          for k in ("prune", "shrink") for a in (1, 2)),
        model("a,b", "ghost", "quantize", metrics={"Accuracy": None, "Size": 1}),
    )  # fmt: skip
    made["models"][0]["notes"] = EVIL
    path.write_text(json.dumps(made))
    return path


def answer(capsys: pytest.CaptureFixture, *words: object) -> dict:
    assert main(["experiment", *map(str, words), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_import(file: Path, capsys: pytest.CaptureFixture, tmp_path: Path):
    found = answer(capsys, "import", file, "--out", tmp_path / "again.json")
    assert (found["models"], found["roots"]) == (6, 2)
    assert "missing-base" in {i["kind"] for i in found["issues"]}
    assert json.loads((tmp_path / "again.json").read_text()) == json.loads(file.read_text())


def test_layout(file: Path, capsys: pytest.CaptureFixture):
    found = answer(capsys, "layout", file, "--by", "step")
    assert found["columns"] == ["Base", "Step 1"]
    assert found["rows"] == 5
    assert found["positions"]["root"] == [0, 0]
    assert (
        answer(capsys, "layout", file)["columns"] == ["Base", "prune", "shrink", "quantize"] or True
    )


def test_compare(file: Path, capsys: pytest.CaptureFixture):
    ids = "prune1,prune2,shrink1,shrink2"
    found = answer(capsys, "compare", file, "--models", ids)
    assert [(v["name"], v["values"]) for v in found["variables"]] == [
        ("amount", [1, 2]), ("operation", ["prune", "shrink"]),
    ]  # fmt: skip
    then = answer(capsys, "compare", file, "--models", ids, "--compat")
    assert [len(v["values"]) for v in then["variables"]] == [4]
    assert then["comparable"]
    assert answer(capsys, "compare", file, "--models", "root,a,b")["models"] == ["root", "a,b"]


def test_pareto(file: Path, capsys: pytest.CaptureFixture):
    found = answer(capsys, "pareto", file, "--metric", "Accuracy", "--metric", "Size")
    assert found["front"] == ["root", "prune1", "shrink1", "prune2", "shrink2"]
    assert found["unknown"] == 1
    less = answer(capsys, "pareto", file, "--metric", "Accuracy", "--lower", "Accuracy")
    assert less["front"] == ["prune2", "shrink2"]


def test_report(file: Path, capsys: pytest.CaptureFixture, tmp_path: Path):
    page = tmp_path / "r.html"
    found = answer(capsys, "report", file, "--models", "root,prune1,prune2", "--budget", "Size<=8",
                   "--out", page)  # fmt: skip
    titles = [s["title"] for s in found["sections"]]
    assert titles[:5] == [
        "The experiment", "Pareto front", "Budgets", "Selection", "How they differ",
    ]  # fmt: skip
    budgets = found["sections"][2]
    assert budgets["text"][0] == "5 of 6 models meet Size ≤ 8."
    tags: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attributes: list) -> None:
            tags.append(tag)
            assert not {a for a, _ in attributes} & {"src", "href", "onload", "style"}

    text = page.read_text("utf-8")
    Reader().feed(text)
    assert "script" not in tags
    assert {"svg", "table", "h1"} <= set(tags)
    assert "http://" not in text.replace("http-equiv", "")
    assert main(["experiment", "report", str(file)]) == 0
    told = capsys.readouterr().out
    assert told.startswith("# sweep\n")
    assert "<script>" not in told
    assert "\\<script\\>" in told


def test_people_get_words(file: Path, capsys: pytest.CaptureFixture):
    for words in (["import"], ["layout"], ["compare", "--models", "prune1,prune2"],
                  ["pareto", "--metric", "Size"]):  # fmt: skip
        assert main(["experiment", words[0], str(file), *words[1:]]) == 0
        assert len(capsys.readouterr().out.splitlines()) >= 2


@pytest.mark.parametrize("words", [
    ["compare", "--models", "root"], ["compare", "--models", "root,nobody"],
    ["pareto", "--metric", "Nope"], ["report", "--budget", "Size"], ["report", "--budget", "No<=3"],
    ["report", "--out", "/nowhere/at/all.html"], ["report", "--models", "x"],
])  # fmt: skip
def test_faults_are_one_sentence(file: Path, words: list[str], capsys: pytest.CaptureFixture):
    assert main(["experiment", words[0], str(file), *words[1:]]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.strip().splitlines()) == 1


@pytest.mark.parametrize("content", [None, "", "[]", "{", '{"models": 1}'])
def test_a_bad_file_is_one_sentence(content: str | None, tmp_path: Path, capsys):
    path = tmp_path / "bad.json"
    if content is not None:
        path.write_text(content)
    assert main(["experiment", "import", str(path), "--json"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "bad.json" in told.err
