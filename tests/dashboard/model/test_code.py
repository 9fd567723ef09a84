"""The Code dock: what the server says of lines, files and modules; hostile files; colouring."""

from __future__ import annotations

import json
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import onnx
import pytest

import dashboard.demo
import engine
from dashboard.figures import highlight
from dashboard.queries import open_services
from dashboard.settings import Settings
from dashboard.urls import View

UNET = Path(dashboard.demo.__file__).with_name("unet.zip")
MARKUP = "<img src=x onerror=alert(1)>"


def member(name: str) -> bytes:
    with zipfile.ZipFile(UNET) as archive:
        return archive.read(name)


@pytest.fixture
def unet(add):
    return add("unet", UNET.read_bytes())


def asked(client, model, what="", **query):
    return client.get(f"/api/models/{model}/source{what}", query_string=query)


def test_lines_name_their_tasks_by_role(client, unet):
    body = asked(client, unet).json
    assert [file["path"] for file in body["files"]] == ["unet.py"]
    lines = {line[1]: line for line in body["lines"]}
    assert lines[18][2:] == [
        "x = self.act(self.norm1(self.conv1(x)))", "forward", "0.3.6.9.13.17.21", "", "",
    ]  # fmt: skip
    assert lines[60][4:] == ["", "", "11-22"]
    assert body["modules"] == []
    assert body["merged"] == "", "the source shows the calls of the convolutions"


def test_a_file_comes_as_lines_with_marks(client, unet):
    rows = asked(client, unet, "/text", file="unet.py").json
    assert [text for text, _ in rows] == member("unet.py").decode().split("\n")
    words, marks = rows[17]
    assert sum(marks[::2]) == len(words)


@pytest.mark.parametrize("file", ["", "/etc/passwd", "../unet.py", "unet.onnx", "x" * 5000])
def test_other_files_are_refused(client, unet, file):
    answer = asked(client, unet, "/text", file=file)
    assert answer.status_code == 400
    assert "came without this file" in answer.json["error"]


def test_an_unknown_model_is_not_found(client):
    assert asked(client, "x" * 22).status_code == 404
    assert asked(client, "x" * 22, "/text", file="unet.py").status_code == 404


def test_a_model_without_lines_has_its_modules(client, add):
    made = onnx.load_from_string(member("unet.onnx"))
    for node in made.graph.node:
        kept = [e for e in node.metadata_props if e.key != "pkg.torch.onnx.stack_trace"]
        del node.metadata_props[:]
        node.metadata_props.extend(kept)
    body = asked(client, add("stripped", made.SerializeToString())).json
    assert body["lines"] == body["files"] == []
    names = [name for name, _, _ in body["modules"]]
    assert names[:3] == ["stem", "norm1", "norm2"]
    assert [depth for _, depth, _ in body["modules"]][:3] == [0, 1, 1]


def test_a_folder_of_sources_gives_text_and_a_link(tmp_path):
    root = tmp_path / "a folder"
    root.mkdir()
    (root / "unet.py").write_bytes(member("unet.py"))
    services = open_services(Settings(data=tmp_path / "data", demo=False, source_root=root))
    file = tmp_path / "unet.onnx"
    file.write_bytes(member("unet.onnx"))
    row, _ = services.store.add(file, engine.read_trusted(file), name="unet")
    found = services.code.lines(View(row.id, "phone-npu"))
    [one] = json.loads(found.plain())["files"]
    assert one["text"]
    assert one["link"] == f"vscode://file/{str(root).lstrip('/').replace(' ', '%20')}/unet.py"
    services.close()


def test_markup_in_a_map_stays_text(add, app, client, tmp_path):
    told = {"paredown_source": 1, "ops": {"conv": [{"file": f"{MARKUP}.py", "line": 1,
                                                   "text": MARKUP}]}}  # fmt: skip
    path = tmp_path / "odd.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("unet.onnx", member("unet.onnx"))
        archive.writestr("source_map.json", json.dumps(told))
    answer = asked(client, add("odd", path.read_bytes()))
    assert answer.mimetype == "application/json"
    assert answer.status_code == 200


def test_the_trace_is_kept(services, unet, monkeypatch):
    row = services.store.model(unet)
    first = services.store.trace(row)
    monkeypatch.setattr(engine.formats, "trace", None)
    assert services.store.trace(row) == first


def test_marks_say_what_a_word_is():
    [(_, marks), (_, again), _] = highlight.rows('def f(x):  # note\n    return "s" + 1\n')
    kinds = marks[1::2]
    assert highlight.KEYWORD in kinds
    assert highlight.NAME in kinds
    assert highlight.COMMENT in kinds
    assert {highlight.STRING, highlight.NUMBER} <= set(again[1::2])


@pytest.mark.parametrize("text", ["", "\n\n", "x" * 50_000, "\0\1", '"""' * 5_000, "(" * 20_000])
def test_any_text_is_answered_in_time(text):
    begun = time.monotonic()
    rows = highlight.rows(text)
    assert len(rows) == text.count("\n") + 1
    assert max(len(row) for row, _ in rows) <= highlight.MOST_COLUMNS + 1
    assert time.monotonic() - begun < 10


def test_a_model_that_was_made_here_has_the_lines_of_the_one_before_it(services, unet, tmp_path):
    file = tmp_path / "made.onnx"
    made = onnx.load_from_string(member("unet.onnx"))
    for node in made.graph.node:
        del node.metadata_props[:]
    file.write_bytes(made.SerializeToString())
    graph = engine.read_trusted(file)
    graph = replace(graph, properties={**graph.properties, "made_from": unet})
    row, _ = services.store.add(file, graph, name="made")
    found = services.code.source(View(row.id, "phone-npu"))
    assert found.of_task(0)[0][0].place == "unet.py:18"
    services.store.remove(unet)
    alone = services.store.trace(row)
    assert alone.ops == {}
