"""Line 6: twenty broken or hostile files, from the command line and by upload."""

from __future__ import annotations

import contextlib
import gzip
import http.client as http_client
import io
import json
import pickle
import random
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import onnx
from onnx import TensorProto, helper

from tests.acceptance.browser import listed, served

ROOT = Path(__file__).parents[2]
F = TensorProto.FLOAT


@dataclass(frozen=True, slots=True)
class Answer:
    """What one file got.

    Args:
        status, said: exit status and stderr of `paredown compile`; said is also its stdout.
        http, error: status of the upload and its sentence.
        stored: models and files that the data folder holds afterwards.
    """

    file: str
    status: int
    said: str
    http: int
    error: str
    stored: int

    @property
    def fine(self) -> bool:
        """Exit 2 with one sentence, a 4xx with one sentence, nothing stored."""
        return (
            self.status == 2
            and is_sentence(self.said)
            and 400 <= self.http < 500
            and is_sentence(self.error)
            and self.stored == 0
        )


def is_sentence(text: str) -> bool:
    """One line that ends in a full stop and is no traceback."""
    return bool(text) and "\n" not in text and text[-1] in ".)" and "Traceback" not in text


def model(nodes: list, inputs: tuple = ("x",), outputs: tuple = ("y",), **more) -> onnx.ModelProto:
    """A model of float [1, 4] inputs and outputs."""
    graph = helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info(i, F, [1, 4]) for i in inputs],
        [helper.make_tensor_value_info(o, F, [1, 4]) for o in outputs],
        more.pop("initializer", []),
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], **more)


def good() -> bytes:
    """A model that is fine: the planted fault of the twin test, and what others are cut from."""
    nodes = [helper.make_node("Relu", ["x"], ["h"]), helper.make_node("Exp", ["h"], ["y"])]
    return model(nodes).SerializeToString()


def weight(**fields) -> bytes:
    """A model whose one weight has these fields."""
    tensor = TensorProto(name="w", data_type=F, **fields)
    node = helper.make_node("Add", ["x", "w"], ["y"])
    return model([node], initializer=[tensor]).SerializeToString()


def archive() -> bytes:
    """A zip that holds no model."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("notes.txt", "no model here")
    return out.getvalue()


def tar() -> bytes:
    """A tar with a model in it: not a format that is read."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        entry = tarfile.TarInfo("model.onnx")
        entry.size = len(good())
        file.addfile(entry, io.BytesIO(good()))
    return out.getvalue()


def zip_bomb() -> bytes:
    """600 MB of zeros in 0.6 MB."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file,
        file.open("model.onnx", "w", force_zip64=True) as entry,
    ):
        for _ in range(600):
            entry.write(bytes(1 << 20))
    return out.getvalue()


def functions(names: list[str], bodies: list[list[str]]) -> bytes:
    """A model whose function i calls functions bodies[i], one after the other."""
    made = []
    for name, calls in zip(names, bodies, strict=True):
        chain = ["a", *(f"v{i}" for i in range(len(calls) - 1)), "b"]
        nodes = [
            helper.make_node(c, [chain[i]], [chain[i + 1]], domain="" if c == "Relu" else "f")
            for i, c in enumerate(calls)
        ]
        opsets = [helper.make_opsetid("", 20), helper.make_opsetid("f", 1)]
        made.append(helper.make_function("f", name, ["a"], ["b"], nodes, opsets))
    top = model([helper.make_node(names[0], ["x"], ["y"], domain="f")])
    top.opset_import.append(helper.make_opsetid("f", 1))
    top.functions.extend(made)
    return top.SerializeToString()


def nested(depth: int) -> bytes:
    """A body in a body, deeper than protobuf would write it: fields 1 node, 5 attribute, 6 g."""

    def field(number: int, payload: bytes) -> bytes:
        size, length = len(payload), bytearray()
        while size > 127:
            length.append(size & 127 | 128)
            size >>= 7
        return bytes([number << 3 | 2, *length, size]) + payload

    body = b""
    for _ in range(depth):
        body = field(1, field(4, b"If") + field(5, field(6, body)))
    return field(7, body)


def node(*edges: tuple[str, str]) -> bytes:
    """Relu nodes from name to name."""
    return model([helper.make_node("Relu", [a], [b]) for a, b in edges]).SerializeToString()


FILES: tuple[tuple[str, Callable[[], bytes]], ...] = (
    ("empty.onnx", lambda: b""),
    ("page.onnx", lambda: b"<!doctype html><html><body>404 Not Found</body></html>"),
    ("pointer.onnx", lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"),
    ("archive.onnx", archive),
    ("tar.onnx", tar),
    ("random.onnx", lambda: random.Random(0).randbytes(4096)),
    ("truncated.onnx", lambda: good()[: len(good()) // 2]),
    ("truncated.onnx.gz", lambda: gzip.compress(good())[:-20]),
    ("zip-bomb.onnx", zip_bomb),
    ("checkpoint.pt.onnx", lambda: pickle.dumps({"state_dict": [1.0] * 99})),
    ("text.onnx", lambda: b'ir_version: 8\ngraph { name: "g" }\n'),
    ("no-graph.onnx", lambda: onnx.ModelProto(ir_version=9).SerializeToString()),
    ("cycle.onnx", lambda: node(("x", "a"), ("b", "c"), ("c", "b"), ("c", "y"))),
    ("twice-made.onnx", lambda: node(("x", "y"), ("x", "y"))),
    ("nowhere-made.onnx", lambda: node(("ghost", "y"))),
    ("huge-weight.onnx", lambda: weight(dims=[2**40, 2**40], raw_data=b"\0" * 16)),
    ("negative-weight.onnx", lambda: weight(dims=[-4], raw_data=b"\0" * 16)),
    ("short-weight.onnx", lambda: weight(dims=[1000], raw_data=b"\0" * 16)),
    ("recursive.onnx", lambda: functions(["a", "b"], [["b"], ["a"]])),
    ("function-bomb.onnx", lambda: functions(
        [f"f{i}" for i in range(9)], [[f"f{i + 1}"] * 10 for i in range(8)] + [["Relu"] * 10]
    )),
    ("nested.onnx", lambda: nested(200)),
)  # fmt: skip


def measure(
    files: tuple[tuple[str, Callable[[], bytes]], ...] = FILES, command: bool = True
) -> tuple[Answer, ...]:
    """Give each file to `paredown compile` and to the upload of one server."""
    with tempfile.TemporaryDirectory() as folder:
        return tuple(_answers(Path(folder), files, command))


def _answers(folder: Path, files: tuple, command: bool) -> Iterator[Answer]:
    data = folder / "data"
    with served(data=data) as url:
        for name, make in files:
            path = folder / name
            path.write_bytes(make())
            status, said = _compile(path) if command else (2, "Not asked.")
            http, error = _upload(url, path)
            kept = [p for room in ("blobs", "incoming") for p in (data / room).rglob("*")
                    if p.is_file()]  # fmt: skip
            yield Answer(name, status, said, http, error, len(listed(url)) + len(kept))


def _upload(url: str, path: Path) -> tuple[int, str]:
    """Send a file as the page does; status and the sentence of a refusal."""
    door = http_client.HTTPConnection(url.removeprefix("http://"), timeout=180)
    with contextlib.closing(door), path.open("rb") as file:
        headers = {"X-File-Name": path.name, "Origin": url, "Content-Length": path.stat().st_size}
        door.request("POST", "/upload", file, {k: str(v) for k, v in headers.items()})
        reply = door.getresponse()
        return reply.status, json.loads(reply.read()).get("error", "")


def _compile(path: Path) -> tuple[int, str]:
    words = [sys.executable, "-m", "dashboard", "compile", str(path), "--target", "phone-npu"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=180)
    return done.returncode, (done.stdout + done.stderr).strip()
