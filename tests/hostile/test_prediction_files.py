"""Broken and hostile files of predictions: one sentence each, and this process lives."""

from __future__ import annotations

import contextlib
import io
import json
import pickle
import struct
import zipfile

import numpy as np
import polars as pl
import pytest

from engine import behaviors as bh
from engine.behaviors.arriving_child import answer
from engine.errors import EngineError
from engine.formats import read_arrays

SCORES = np.random.default_rng(0).random((200, 4)).astype(np.float32)


def npz(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(f"{name}.npy", body)
    return file.getvalue()


def header(shape: str, kind: str = "<f4") -> bytes:
    """An .npy that says more than it holds."""
    words = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(words)) + words.encode() + bytes(64)


def parquet(frame: pl.DataFrame) -> bytes:
    file = io.BytesIO()
    frame.write_parquet(file)
    return file.getvalue()


def flipped(data: bytes, seed: int) -> bytes:
    """The same with some bits turned."""
    random, body = np.random.default_rng(seed), bytearray(data)
    for at in random.integers(4, len(body) - 8, 12):
        body[at] ^= 1 << int(random.integers(8))
    return bytes(body)


class Evil:
    """Leaves a mark when it is unpickled."""

    def __reduce__(self):
        return exec, ("raise SystemExit(99)",)


TABLE = parquet(pl.DataFrame({"ids": range(200), "scores": SCORES.tolist()}))
CASES = {
    "cut npz": ("p.npz", npz(scores=SCORES)[:-200], "no .npz file"),
    "npz with a cut member": ("p.npz", zipped(scores=header("(200, 4)")), "cannot be read"),
    "pickle": ("p.npz", pickle.dumps(Evil()), "cannot be read"),
    "pickle inside": ("p.npz", zipped(scores=pickle.dumps(Evil())), "holds no predictions"),
    "objects": ("p.npz", npz(scores=np.array([Evil()], object)), "cannot be read"),
    "a billion rows": ("p.npz", zipped(scores=header("(1000000000, 4)")), "cannot be read|memory"),
    "no rows": ("p.npz", npz(scores=np.zeros((0, 4))), "at least one instance"),
    "a number": ("p.npz", npz(scores=np.float32(1)), "holds no predictions"),
    "a bomb": ("p.npz", zipped(**{f"a{k}": bytes(250_000_000) for k in range(5)}), "unpacks to"),
    "cut parquet": ("p.parquet", TABLE[: len(TABLE) // 2], "cannot be read as Parquet"),
    "parquet of many rows": (
        "p.parquet", parquet(pl.select(x=pl.repeat(1.0, 30_000_000, dtype=pl.Float32))),
        "holds too many rows",
    ),
    "halves of characters": (
        "p.json", b'{"predictions": [{"id": "\\ud800", "pred": "a"}]}', "half a character"),
    "a number of many digits": (
        "p.json", b'{"predictions": [{"id": ' + b"9" * 10_000 + b"}]}", "is no JSON"),
    "ragged": ("p.json", json.dumps({"predictions": [{"id": 1}], "comparisons": {
        "a": {"comparison": "mse", "vectors": [[1], [1, 2]]}}}).encode(), "not numbers of one"),
    "nothing": ("p.npz", b"", "is empty"),
    "no kind": ("p.pkl", b"x", "no file of predictions"),
}  # fmt: skip


# What cannot harm a process is read in this one, which is quicker.
HARMLESS = {"no rows", "a number", "halves of characters", "a number of many digits", "ragged"}


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_file_gets_a_sentence(name: str):
    file, data, words = CASES[name]
    read = answer if name in HARMLESS else bh.read_predictions
    with pytest.raises(EngineError, match=words) as refused:
        read(data, file)
    assert len(str(refused.value)) < 800


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("kind", ["npz", "parquet"])
def test_turned_bits_are_said_or_harmless(kind: str, seed: int):
    data = flipped(TABLE if kind == "parquet" else npz(scores=SCORES), seed)
    with contextlib.suppress(EngineError):
        assert bh.read_predictions(data, f"p.{kind}")[0].count == 200


def test_halves_of_characters_in_a_data_file_are_refused():
    with pytest.raises(EngineError, match="cannot be read"):
        read_arrays(npz(x=SCORES[:2], shown=np.array(["a", "\ud800"])))
    assert read_arrays(npz(shown=np.array(["a", "日本"])))["shown"].tolist() == ["a", "日本"]


def test_what_a_file_shows_comes_along(tmp_path):
    rows = [{"id": k, "pred": "a", "text": f"film {k}"} for k in range(3)]
    (tmp_path / "p.json").write_text(json.dumps({"predictions": rows}))
    frame = pl.DataFrame({"scores": SCORES[:3].tolist(), "shown": ["u", None, "日本"]})
    frame.write_parquet(tmp_path / "p.parquet")
    np.savez(tmp_path / "p.npz", scores=SCORES[:3], shown=np.zeros((3, 8, 8), np.uint8))
    found = [bh.read_predictions(tmp_path / f"p.{e}")[1] for e in ("json", "parquet", "npz")]
    assert [f.kind for f in found] == ["text", "text", "image"]
    assert found[0].values.tolist() == ["film 0", "film 1", "film 2"]
    assert found[1].values.tolist() == ["u", "", "日本"]
