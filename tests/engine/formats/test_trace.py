"""Lines of source from stack traces, zips, folders and JSON maps; private paths; hostile ones."""

from __future__ import annotations

import io
import json
import sys
import zipfile

import onnx
import pytest
from onnx import helper

from engine.errors import EngineError
from engine.formats import loads_trace, matched, read_map, texts_of_folder, trace
from engine.formats.source_texts import MAX_TEXT_BYTES
from engine.formats.trace import parse, relative
from engine.formats.tracing import trace_map, trace_model
from tests import builders

STACK = """File "/home/~ann/net/export.py", line 7, in main
    y = model(x)
  File "/home/~ann/net/models/unet.py", line 20, in forward
    x = self.act(self.norm(self.conv(x)))
        ~~~~~~~~^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/home/~ann/lib/python3.11/site-packages/torch/nn/modules/conv.py", line 565, in forward
    return self._conv_forward(input, self.weight, self.bias)"""
OLD = """/opt/lib/python3.8/site-packages/torch/nn/modules/conv.py(459): _conv_forward
/Users/~ann/net/unet.py(20): forward
/Users/~ann/net/export.py(7): main
"""
LIBRARY = """File "/home/~ann/export.py", line 3, in forward
    return self.m(x)
  File "/usr/lib/python3/dist-packages/transformers/models/vit.py", line 250, in forward
    x = self.fc1(x)"""


def traced(*stacks: str, key: str = "pkg.torch.onnx.stack_trace") -> bytes:
    """A chain of Relus, one for each stack."""
    made = builders.conv_net()
    del made.graph.node[:]
    del made.graph.initializer[:]
    last = made.graph.input[0].name
    for i, stack in enumerate(stacks):
        end = made.graph.output[0].name if i == len(stacks) - 1 else f"t{i}"
        node = helper.make_node("Relu", [last], [end], f"relu{i}")
        if key:
            node.metadata_props.add(key=key, value=stack)
        else:
            node.doc_string = stack
        made.graph.node.append(node)
        last = end
    return made.SerializeToString()


def line_of(found, op):
    stack = found.ops[op]
    return found.lines[found.stacks[stack][found.at[stack]]]


def zipped(**files: str | bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, body in files.items():
            archive.writestr(name.replace("__", "/").replace("_py", ".py"), body)
    return out.getvalue()


def test_the_line_is_the_deepest_of_the_models_own():
    found = trace_model(traced(STACK))
    assert line_of(found, "relu0").place == "models/unet.py:20"
    assert line_of(found, "relu0").text == "x = self.act(self.norm(self.conv(x)))"
    assert [found.lines[i].place for i in found.stacks[0]] == ["export.py:7", "models/unet.py:20"]


def test_the_older_exporters_call_stack_is_read_too():
    found = trace_model(traced(OLD, key=""))
    assert line_of(found, "relu0").place == "unet.py:20"
    assert len(found.stacks[0]) == 2


def test_a_library_that_is_only_called_counts_as_the_models_code():
    found = trace_model(traced(LIBRARY, LIBRARY, STACK))
    assert line_of(found, "relu0").place == "transformers/models/vit.py:250"
    assert line_of(found, "relu0").library == "transformers"


def test_own_code_that_uses_a_library_now_and_then_stays_the_line():
    found = trace_model(traced(LIBRARY, STACK, STACK.replace("20", "21")))
    assert line_of(found, "relu0").file == "export.py"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/home/~ann/net.py", "net.py"),
        ("C:\\Users\\ann\\net.py", "net.py"),
        ("/Users/~ann/net.py", "net.py"),
        ("net/../../etc/passwd", "net/etc/passwd"),
        ("/tmp/ipykernel_4711/12.py", "cell_12.py"),
        ("<ipython-input-5-abc>", "cell_5.py"),
        ("src/net.py", "src/net.py"),
        ("/x/lib/python3.11/site-packages/timm/layers/a.py", "timm/layers/a.py"),
        ("/usr/lib/python3.11/contextlib.py", "contextlib.py"),
    ],
)
def test_paths_are_relative_and_private(path, shown):
    assert relative([path])[path][0] == shown


def test_files_of_several_homes_lose_them():
    found = relative(["/home/~ann/a/net.py", "/Users/~bob/b/head.py"])
    assert [shown for shown, _ in found.values()] == ["a/net.py", "b/head.py"]


def test_no_user_is_left_in_what_crosses_the_border():
    said = STACK.replace("self.conv(x)", "load('/home/~ann/secret.pt')")
    found = trace(traced(said, OLD))
    words = [str(line) for line in found.lines]
    assert not any("~ann" in word for word in words)


def test_what_python_draws_under_a_line_is_no_text():
    frames = parse('File "a.py", line 1, in f\n    ~~~^^^\n')
    assert frames == [("a.py", 1, "f", "")]


@pytest.mark.parametrize(
    "text",
    [
        " " * 100_000,
        "a" * 100_000,
        "(" * 100_000,
        "",
        "no stack",
        'File "a.py", line x',
        "(3): f",
        "\0" * 100,
    ],
)
def test_what_is_no_stack_gives_no_line(text):
    assert trace_model(traced(text)).ops == {}


def test_a_zip_brings_its_sources():
    found = trace(zipped(**{"m.onnx": traced(STACK), "src__unet_py": "a\r\nb\n", "x.txt": "no"}))
    assert dict(found.texts) == {"src/unet.py": "a\nb\n"}


def test_a_long_file_of_a_zip_is_left_out_and_said():
    found = trace(zipped(**{"m.onnx": traced(STACK), "big_py": "#" * (MAX_TEXT_BYTES + 1)}))
    assert found.texts == {}
    assert "too large" in found.notes[0]


def test_members_that_cannot_be_read_are_said():
    body = bytearray(zipped(**{"m.onnx": traced(STACK), "net_py": "x = 1\n" * 50}))
    body[body.index(b"x = 1")] ^= 1  # the checksum does not fit any more
    found = trace(bytes(body))
    assert "damaged" in found.notes[0]
    assert found.ops


def test_stacks_without_end_are_cut_and_said(monkeypatch):
    monkeypatch.setattr(sys.modules["engine.formats.trace"], "MOST_KEPT", 4)
    found = trace_model(traced(*(STACK.replace("20", f"{n}") for n in range(30, 40))))
    assert 0 < len(found.ops) < 10
    assert "too many" in found.notes[0]


def test_a_map_in_a_zip_wins():
    told = {"paredown_source": 1, "ops": {"relu0": ["/home/~ann/own.py:3"]}, "files": {"q.py": "x"}}
    found = trace(zipped(**{"m.onnx": traced(STACK), "source_map.json": json.dumps(told)}))
    assert line_of(found, "relu0").place == "own.py:3"
    assert dict(found.texts) == {"q.py": "x"}


@pytest.mark.parametrize(
    "body",
    [
        "", "[]", "{}", '{"paredown_source": 2}', '{"paredown_source": 1, "ops": []}',
        '{"paredown_source": 1, "ops": {"a": []}}', '{"paredown_source": 1, "ops": {"a": ["x"]}}',
        '{"paredown_source": 1, "ops": {"a": [{"file": "x.py", "line": 0}]}}',
        '{"paredown_source": 1, "ops": {"a": [{"file": "x.py", "line": true}]}}',
        '{"paredown_source": 1, "ops": {"a": [{"file": 3, "line": 4}]}}',
        '{"paredown_source": 1, "files": {"a.py": 3}}', "[" * 100_000,
    ],
)  # fmt: skip
def test_a_map_that_is_none_is_refused_in_a_sentence(body):
    with pytest.raises(EngineError, match="map"):
        trace_map(body.encode())


def test_a_map_is_read_in_the_limited_child():
    found = read_map(b'{"paredown_source": 1, "modules": {"down.0": ["a.py:3"]}}')
    assert found.modules == {"down/0": 0}


@pytest.mark.parametrize("answer", [b"", b"[]", b'{"lines": [["a", 1, "", "", ""]]}'])
def test_the_childs_answer_is_not_believed(answer):
    with pytest.raises(EngineError):
        loads_trace(answer)


def test_an_index_that_names_nothing_is_refused():
    body = {"lines": [], "stacks": [[3]], "at": [0], "ops": {"a": 0}, "modules": {}, "texts": {},
            "merged": [], "notes": []}  # fmt: skip
    with pytest.raises(EngineError):
        loads_trace(json.dumps(body).encode())


def test_files_are_found_by_the_longest_common_end():
    listed = ["a/models/unet.py", "b/unet.py", "c/head.py", "d/head.py"]
    found = matched(["models/unet.py", "head.py", "../../etc/passwd"], listed)
    assert found == {"models/unet.py": "a/models/unet.py"}


def test_a_folder_is_read_without_following_links(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/secret.py").write_text("secret")
    root = tmp_path / "root"
    root.mkdir()
    (root / "net.py").write_text("x = 1\n")
    (root / "link.py").symlink_to(tmp_path / "out/secret.py")
    (root / "folder").symlink_to(tmp_path / "out")
    found = texts_of_folder(root, ["net.py", "link.py", "secret.py", "../out/secret.py", "/etc/x"])
    assert found == {"net.py": ("x = 1\n", root / "net.py")}


def test_no_such_folder_is_said(tmp_path):
    with pytest.raises(EngineError, match="no such folder"):
        texts_of_folder(tmp_path / "nowhere", [])


def test_names_are_those_of_the_graph():
    """Ops of a trace are named as the reader of graphs names them, functions inlined."""
    made = onnx.load_from_string(traced(STACK, STACK))
    for node in made.graph.node:
        node.name = ""
    assert sorted(trace_model(made.SerializeToString()).ops) == ["Relu_0", "Relu_1"]
