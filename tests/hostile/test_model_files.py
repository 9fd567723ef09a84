"""Cases M1 to M28 of the catalogue of hostile and broken model files, one id each."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engine.errors import EngineError
from engine.formats import limits, read, read_trusted
from engine.graph import Graph

F = TensorProto.FLOAT


def info(name: str, *shape: int | str | None) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, F, shape)


def model(nodes: list, weights: list = (), functions: list = (), **more: object) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes, "g", more.pop("inputs", [info("x", 1, 4)]), more.pop("outputs", [info("y", 1, 4)]),
        list(weights),
    )  # fmt: skip
    opsets = more.pop("opsets", [helper.make_opsetid("", 20)])
    made = helper.make_model(graph, opset_imports=opsets, functions=list(functions))
    made.ir_version = 10
    return made


def relu(x: str = "x", y: str = "y", name: str = "") -> onnx.NodeProto:
    return helper.make_node("Relu", [x], [y], name=name)


def good() -> bytes:
    weight = numpy_helper.from_array(np.ones((4, 4), np.float32), "w")
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"], "mm"), relu("h", "y", "act")]
    return model(nodes, [weight]).SerializeToString()


def external(**fields: str) -> bytes:
    weight = TensorProto(name="w", data_type=F, dims=[4, 4], data_location=TensorProto.EXTERNAL)
    for key, value in fields.items():
        weight.external_data.add(key=key, value=value)
    return model([helper.make_node("MatMul", ["x", "w"], ["y"])], [weight]).SerializeToString()


def with_weight(dims: list[int], dtype: int = F, raw: bytes | None = None) -> bytes:
    weight = TensorProto(name="w", data_type=dtype, dims=dims)
    if raw is not None:
        weight.raw_data = raw
    return model([helper.make_node("Mul", ["x", "w"], ["y"])], [weight]).SerializeToString()


def zipped(*members: tuple[str, bytes], mode: int = 0) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            entry = zipfile.ZipInfo(name)
            if mode and not name.endswith(".onnx"):
                entry.external_attr = mode << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def tarred() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        entry = tarfile.TarInfo("model.onnx")
        entry.size = 3
        archive.addfile(entry, io.BytesIO(b"abc"))
    return out.getvalue()


def field(number: int, body: bytes) -> bytes:
    size, out = len(body), bytearray()
    while size > 127:
        out.append(size & 127 | 128)
        size >>= 7
    return bytes([number << 3 | 2, *out, size]) + body


def nested(depth: int) -> bytes:
    body = b""
    for _ in range(depth):
        body = field(1, field(5, field(6, body)))  # graph { node { attribute { g
    return b"\x08\x0a" + field(7, body)


def function(name: str, calls: list[str]) -> onnx.FunctionProto:
    nodes = [helper.make_node(c, ["a"], [f"t{i}"], domain="f") for i, c in enumerate(calls)]
    nodes.append(helper.make_node("Relu", ["a"], ["b"]))
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("f", 1)]
    return helper.make_function("f", name, ["a"], ["b"], nodes, opsets)


def calling(functions: list) -> bytes:
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("f", 1)]
    call = helper.make_node(functions[0].name, ["x"], ["y"], domain="f")
    return model([call], functions=functions, opsets=opsets).SerializeToString()


def laughs() -> bytes:
    calls = [function(f"L{i}", [f"L{i + 1}"] * 2) for i in range(25)]
    return calling([*calls, function("L25", [])])


def opset(version: int | None) -> bytes:
    made = model([relu()])
    del made.opset_import[:]
    if version is not None:
        made.opset_import.add(domain="", version=version)
    return made.SerializeToString()


def many_nodes() -> bytes:
    one = model([relu("x", "y")]).graph.node[0].SerializeToString()
    return b"\x08\x0a" + field(7, field(1, one) * 1_000_000)


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "M1-empty": (lambda: b"", "no graph"),
    "M1-no-graph": (lambda: b"\x08\x0a", "no graph"),
    "M2-html": (lambda: b"\n<!DOCTYPE html><html>404</html>", "a web page"),
    "M3-zip-of-no-model": (lambda: zipped(("a.txt", b"hi")), "no .onnx"),
    "M3-zip-of-two": (lambda: zipped(("a.onnx", b"1"), ("b.onnx", b"2")), "several models"),
    "M3-zip-cut": (lambda: zipped(("a.onnx", good()))[:-30], "zip file is damaged"),
    "M3-zip-bomb": (lambda: zipped(("a.onnx", bytes(20_000_000))), "unpacks to too much"),
    "M3-gzip-bomb": (lambda: gzip.compress(bytes(20_000_000)), "unpacks to too much"),
    "M3-gzip-cut": (lambda: gzip.compress(good())[:-20], "cut off"),
    "M3-tar": (tarred, "tar archive"),
    "M5-random": (lambda: np.random.default_rng(7).bytes(5000), "cannot be read as ONNX"),
    "M6-tensorflow": (lambda: field(1, b"\n\x04node\x12\x02op"), "TensorFlow"),
    "M6-pickle": (lambda: pickle.dumps({"state": [1, 2]}, protocol=4), "pickle"),
    "M6-torch-zip": (lambda: zipped(("archive/data.pkl", b"x")), "PyTorch"),
    "M6-safetensors": (lambda: (40).to_bytes(8, "little") + b'{"w":{}}' + bytes(40), "safetensors"),
    "M6-tflite": (lambda: b"\x1c\0\0\0TFL3" + bytes(40), "TensorFlow Lite"),
    "M7-prototxt": (lambda: b'ir_version: 8\ngraph {\n  name: "g"\n}\n', "text"),
    "M8-parent": (lambda: external(location="../../secret"), "outside the model's folder"),
    "M8-absolute": (lambda: external(location="/etc/passwd"), "outside the model's folder"),
    "M8-nested": (lambda: external(location="sub/../../x"), "outside the model's folder"),
    "M8-backslash": (lambda: external(location="..\\x"), "outside the model's folder"),
    "M8-scheme": (lambda: external(location="file:/x"), "outside the model's folder"),
    "M8-nul": (lambda: external(location="a\0b"), "outside the model's folder"),
    "M9-symlink": (lambda: zipped(("m.onnx", good()), ("d", b"/etc"), mode=0o120777), "a link"),
    "M9-fifo": (lambda: zipped(("m.onnx", good()), ("d", b""), mode=0o010644), "a link"),
    "M9-device": (lambda: zipped(("m.onnx", good()), ("d", b""), mode=0o020644), "a link"),
    "M9-zip-slip": (lambda: zipped(("m.onnx", good()), ("../d", b"")), "leaves its folder"),
    "M10-overflow": (lambda: external(location="d", offset="9" * 19, length="64"), "impossible"),
    "M10-negative": (lambda: external(location="d", offset="-1"), "impossible"),
    "M10-short": (lambda: external(location="d", length="8"), "impossible"),
    "M11-huge": (lambda: with_weight([2**40, 2**40]), "too large"),
    "M12-negative": (lambda: with_weight([-1, 4]), "negative size"),
    "M13-unknown-dtype": (lambda: with_weight([4], 9999), "unknown element type"),
    "M13-cast": (lambda: model([helper.make_node("Cast", ["x"], ["y"], to=99)]).SerializeToString(),
                 "unknown element type"),
    "M14-cycle": (lambda: model([relu("b", "a", "first"), relu("a", "b", "second"),
                                 relu("b", "y")]).SerializeToString(), "'first', 'second'"),
    "M14-self": (lambda: model([relu("y", "y", "alone")]).SerializeToString(), "'alone'"),
    "M15-outputs": (lambda: model([relu(), relu()]).SerializeToString(), "share the name 'y'"),
    "M15-weights": (lambda: model([relu()], [numpy_helper.from_array(np.ones(1), "w")] * 2
                                  ).SerializeToString(), "share the name 'w'"),
    "M16-dangling": (lambda: model([relu("ghost", "y", "act")]).SerializeToString(),
                     "'act' reads 'ghost', which nothing makes"),
    "M16-output": (lambda: model([relu("x", "z")]).SerializeToString(), "which nothing makes"),
    "M17-million-nodes": (many_nodes, "at most 200,000"),
    "M18-wire-nesting": (lambda: nested(3000), "cannot be read as ONNX"),
    "M19-recursion": (lambda: calling([function("A", ["B"]), function("B", ["A"])]),
                      "calls itself"),
    "M19-deep": (lambda: calling([*(function(f"D{i}", [f"D{i + 1}"]) for i in range(200)),
                                  function("D200", [])]), "too deeply"),
    "M20-laughs": (laughs, "too many nodes"),
    "M22-short-data": (lambda: with_weight([1000], raw=b"\0" * 8), "less data"),
    "M23-zero": (lambda: opset(0), "operator set 0"),
    "M23-9999": (lambda: opset(9999), "operator set 9999"),
    "M23-missing": (lambda: opset(None), "which operator set"),
}  # fmt: skip


def one_sentence(error: EngineError) -> str:
    """Check that a message is fit for a user, and hand it back."""
    text = str(error)
    assert text.endswith(".")
    assert "\n" not in text
    assert "Traceback" not in text
    assert 'File "' not in text
    assert len(text) < 700
    assert text.isprintable()
    return text


def sound(graph: Graph) -> Graph:
    """Check that every name a user may see is printable and of a length to show."""
    for name in (*graph.tensors, *(op.name for op in graph.ops), *(d.name for d in graph.dims)):
        assert name.isprintable()
        assert len(name) <= limits.MAX_NAME
    return graph


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    build, expected = REFUSED[case]
    with pytest.raises(EngineError) as caught:
        read_trusted(build(), name="bad.onnx")
    assert expected in one_sentence(caught.value)


@pytest.mark.parametrize("part", range(1, 16), ids=lambda p: f"M4-{p}-of-16")
def test_truncated(part: int) -> None:
    whole = good()
    with pytest.raises(EngineError) as caught:
        read_trusted(whole[: len(whole) * part // 16])
    one_sentence(caught.value)


def test_m12_zero_and_open_sizes() -> None:
    word = "s" * 10_000
    graph = sound(read_trusted(model([relu()], inputs=[info("x", word, None, -1, 0, 4)],
                                     outputs=[info("y")]).SerializeToString()))  # fmt: skip
    assert [d.name for d in graph.dims][1:] == ["x[1]", "x[2]", "x[3]"]
    assert len(graph.dims[0].name) <= limits.MAX_NAME
    assert graph.tensors["y"].shape == graph.tensors["x"].shape
    empty = sound(read_trusted(with_weight([0, 4], raw=b"")))
    assert empty.tensors["w"].shape == (0, 4)


@pytest.mark.parametrize("kind", ["ConstantOfShape", "Expand", "Tile", "Range"])
def test_m21_bombs_cost_nothing(kind: str) -> None:
    size = numpy_helper.from_array(np.array([2**41], np.int64), "n")
    zero = numpy_helper.from_array(np.array(0, np.int64), "z")
    one = numpy_helper.from_array(np.array(1, np.int64), "o")
    top = numpy_helper.from_array(np.array(2**41, np.int64), "t")
    inputs = {"ConstantOfShape": ["n"], "Range": ["z", "t", "o"]}.get(kind, ["x", "n"])
    nodes = [helper.make_node(kind, inputs, ["h"]), helper.make_node("ReduceSum", ["h"], ["y"])]
    made = model(nodes, [size, zero, one, top], inputs=[info("x", 1)], outputs=[info("y")])
    graph = sound(read_trusted(made.SerializeToString()))
    assert graph.tensors["h"].shape is None
    assert any("larger than any memory" in note for note in graph.notes)


def test_m24_unknown_domain_is_an_op_like_any() -> None:
    nodes = [helper.make_node("Foo", ["x"], ["h"], "foo", domain="com.acme", dtype=77), relu("h")]
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("com.acme", 3)]
    graph = sound(read_trusted(model(nodes, opsets=opsets).SerializeToString()))
    assert (graph.ops[0].domain, graph.ops[0].type) == ("com.acme", "Foo")
    assert graph.tensors["h"].shape is None
    assert graph.properties["opset"] == "ai.onnx 20, com.acme 3"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("{{7*7}}", "{{7*7}}"),
        ('=HYPERLINK("x")', '=HYPERLINK("x")'),
        ("a\u202eb", "a\\u202eb"),
        ("a\0b\nc", "a\\u0000b\\u000ac"),
        ("n" * 1_000_000, None),
        ("größe", "größe"),
    ],
    ids=["img", "js", "braces", "formula", "rtl", "nul", "megabyte", "umlaut"],
)
def test_m25_hostile_names(raw: str, shown: str | None) -> None:
    nodes = [helper.make_node("Relu", ["x"], [raw], raw), relu(raw, "y", "last")]
    made = model(nodes)
    made.graph.node[0].metadata_props.add(key="namespace", value=f"{raw}: c/x: y")
    graph = sound(read_trusted(made.SerializeToString()))
    name = graph.ops[0].name
    assert name == shown or (shown is None and len(name) == limits.MAX_NAME)
    assert graph.ops[1].inputs == graph.ops[0].outputs


def test_m25_lone_surrogate() -> None:
    data = model([relu("x", "AAA", "BBB"), relu("AAA")]).SerializeToString()
    graph = sound(read_trusted(data.replace(b"AAA", b"\xed\xa0\x80").replace(b"BBB", b"\xff\xfe!")))
    assert graph.ops[0].name == "\\xff\\xfe!"


def test_m25_names_that_look_alike_stay_apart() -> None:
    graph = sound(read_trusted(model([relu("x", "a\0"), relu("a\0", "a\\u0000"),
                                      relu("a\\u0000")]).SerializeToString()))  # fmt: skip
    assert len(graph.tensors) == 4


def test_m26_metadata_flood() -> None:
    made = model([relu()])
    for holder in (made, made.graph.node[0]):
        for i in range(100_000):
            holder.metadata_props.add(key=f"k{i}", value="v")
    assert len(read_trusted(made.SerializeToString()).properties) < 20


def test_m27_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.onnx"
    with path.open("wb") as file:
        file.truncate(limits.MAX_FILE_BYTES + 1)  # sparse: takes no room on the disk
    for reader in (read, read_trusted):
        with pytest.raises(EngineError) as caught:
            reader(path)
        assert "too large" in one_sentence(caught.value)


def test_m28_saved_again_is_the_same_network() -> None:
    first = good()
    again = onnx.load_from_string(first)
    again.producer_name = "another"
    one, two = read_trusted(first), read_trusted(again.SerializeToString())
    assert one.properties["sha256"] != two.properties["sha256"]
    assert one.properties["structure_sha256"] == two.properties["structure_sha256"]


# Through the real child.


def test_child_gives_the_same_graph_and_errors(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(good())
    assert read(path) == read_trusted(path)
    with pytest.raises(EngineError) as caught:
        read(laughs(), name="laughs.onnx")
    assert "too many nodes" in one_sentence(caught.value)


def test_child_out_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CHILD_CPU_SECONDS", 1)
    chain = [relu(f"t{i}", f"t{i + 1}") for i in range(60_000)]
    made = model(chain, inputs=[info("t0", 1)], outputs=[info("t60000", 1)]).SerializeToString()
    with pytest.raises(EngineError) as caught:
        read(made)
    assert "took too long" in one_sentence(caught.value)


def test_child_out_of_wall_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CHILD_WALL_SECONDS", 0.05)
    with pytest.raises(EngineError) as caught:
        read(good())
    assert "took too long" in one_sentence(caught.value)


def test_child_out_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CHILD_BASE_BYTES", 10**8)
    monkeypatch.setattr(limits, "CHILD_BYTES_PER_FILE_BYTE", 0)
    with pytest.raises(EngineError) as caught:
        read(good() + field(13, bytes(50_000_000)))
    assert "too much memory" in one_sentence(caught.value)


def test_pipes_and_devices_are_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.onnx"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero"), tmp_path, tmp_path / "absent.onnx"):
        with pytest.raises(EngineError) as caught:
            read(path)
        one_sentence(caught.value)
