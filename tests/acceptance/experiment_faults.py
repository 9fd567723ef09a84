"""Line 4 of stage E: malformed files; each is told in a sentence, and nothing is half kept."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import experiments
from engine.errors import EngineError
from tests.acceptance.line import Line, judged

LEAST = 40
A: dict[str, Any] = {"id": "a", "base": None, "metrics": {"Size": 1}}


def _file(*models: Any, **more: Any) -> bytes:
    made = {"operations": [], "metrics": [{"name": "Size"}], "models": [A, *models], **more}
    return json.dumps(made).encode()


def _model(**fields: Any) -> bytes:
    return _file({"id": "b", "base": "a", "operation": {"name": "p", "parameters": {}},
                  "metrics": {"Size": 2}, **fields})  # fmt: skip


# name -> the bytes; the first ones cannot be read at all
REFUSED: dict[str, bytes] = {
    "empty": b"", "blank": b"  \n", "not JSON": b"hello", "cut short": _file()[:-9],
    "a list": b"[]", "a number": b"3", "null": b"null", "binary": bytes(range(256)),
    "UTF-16": _file().decode().encode("utf-16"), "no models": b"{}",
    "models is a number": b'{"models": 1}', "models is an object": b'{"models": {"a": 1}}',
    "deep lists": b"[" * 200_000, "deep object": b'{"models": [' + b'{"a":' * 5000,
    "deep loader": _model(loader=json.loads("[" * 60 + "]" * 60)),
    "too large": b" " * 32_000_001, "too many models": b'{"models": [' + b"1," * 50_001 + b"1]}",
    "two documents": _file() + _file(), "trailing comma": b'{"models": [],}',
    "single quotes": b"{'models': []}", "a comment": b'{"models": [] /* none */}',
}  # fmt: skip
REPORTED: dict[str, bytes] = {
    "NaN": _model(metrics={"Size": float("nan")}),
    "infinity": _model(metrics={"Size": float("inf")}),
    "1e400": _model(metrics={"Size": 77}).replace(b"77", b"1e400"),
    "a thousand digits": _model(metrics={"Size": 77}).replace(b"77", b"7" * 1000),
    "text for a number": _model(metrics={"Size": "big"}),
    "true for a number": _model(metrics={"Size": True}),
    "a list for a number": _model(metrics={"Size": [1]}),
    "metrics is a list": _model(metrics=[1, 2]),
    "metrics is a text": _model(metrics="fast"),
    "missing base": _model(base="ghost"), "own base": _model(base="b"),
    "base is an object": _model(base={"id": "a"}), "base is a list": _model(base=["a", "ghost"]),
    "a circle": _file({"id": "x", "base": "y"}, {"id": "y", "base": "z"}, {"id": "z", "base": "x"}),
    "duplicate id": _file({**A, "metrics": {"Size": 9}}), "equal duplicate": _file(A),
    "no id": _file({"base": "a"}), "empty id": _file({"id": ""}), "id is null": _file({"id": None}),
    "id is a list": _file({"id": []}), "id is a number": _file({"id": 5, "base": "a"}),
    "id of 600 letters": _file({"id": "x" * 600}), "id with a line break": _file({"id": "a\nb"}),
    "id with half a character": b'{"models": [{"id": "a"}, {"id": "\\ud800"}]}',
    "a model is a text": _file("b"), "a model is null": _file(None),
    "operation is a number": _model(operation=3), "operation without name": _model(operation={}),
    "parameters is a text": _model(operation={"name": "p", "parameters": "x"}),
    "undeclared metric": _model(metrics={"Other": 1}),
    "undeclared operation": _model(),
    "metrics twice": _file(metrics=[{"name": "Size"}, {"name": "Size"}]),
    "a metric without name": _file(metrics=[{"unit": "s"}, 4]),
    "metrics declared as text": _file(metrics="Size"),
    "bounds swapped": _file(metrics=[{"name": "Size", "min": 9, "max": 1}]),
    "odd direction": _file(metrics=[{"name": "Size", "direction": "sideways"}]),
    "bad formula": _file(metrics=[{"name": "F", "formula": "__import__('os')"}]),
    "formula of itself": _file(metrics=[{"name": "F", "formula": "F + 1"}]),
    "a field twice": b'{"models": [{"id": "a", "id": "b"}]}',
    "operations declared as a text": _file(operations="p"),
    "parameter specs are numbers": _file(operations=[{"name": "p", "parameters": {"x": 4}}]),
    "notes is a list": _model(notes=[1]), "flags is an object": _model(flags={"x": 1}),
    "errors are texts": _model(errors={"Size": "x"}), "no model at all": b'{"models": []}',
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Met:
    """A file and what came of it.

    Args:
        name: of the case.
        refused: it should not load at all.
        sentence: of the refusal; "" loaded.
        issues: sentences of the report.
        whole: what loaded is drawn and written, and what was refused left nothing behind.
    """

    name: str
    refused: bool
    sentence: str
    issues: tuple[str, ...]
    whole: bool


def measure() -> tuple[Met, ...]:
    with tempfile.TemporaryDirectory() as folder:
        return tuple(
            _met(Path(folder), name, data, refused)
            for cases, refused in ((REFUSED, True), (REPORTED, False))
            for name, data in cases.items()
        )


def _met(folder: Path, name: str, data: bytes, refused: bool) -> Met:
    path = folder / "kept.json"
    path.unlink(missing_ok=True)
    try:
        made = experiments.loads(data, "file.json")
        experiments.save(made, path)
        again = experiments.read(path)
        layout = experiments.layout(made)
        whole = again.models == made.models and layout.positions.height == len(made.models)
        return Met(name, refused, "", tuple(i.sentence for i in made.issues), whole)
    except EngineError as fault:
        return Met(name, refused, fault.sentence, (), not any(folder.iterdir()))
    except Exception as bug:
        return Met(name, refused, f"{type(bug).__name__}\n{bug}", (), False)


def judge(seen: tuple[Met, ...]) -> tuple[Line, ...]:
    wrong = [m.name for m in seen if not _good(m)]
    half = [m.name for m in seen if not m.whole]
    count = len(seen)
    return (
        judged("4a", "malformed files are refused or reported in sentences",
               f"{count - len(wrong)} of {count}", f"all, at least {LEAST}",
               count >= LEAST and not wrong, wrong[:10]),
        judged("4b", "nothing half stored", f"{count - len(half)} of {count}", "all",
               count >= LEAST and not half, half[:10]),
    )  # fmt: skip


def _good(met: Met) -> bool:
    told = (met.sentence,) if met.refused else met.issues
    return bool(told) and all(
        t.endswith(".") and "\n" not in t and "Error" not in t and len(t) < 700 for t in told
    )  # fmt: skip
