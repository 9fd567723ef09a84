"""Calibrations: what they predict, and files that are broken or made to harm."""

from __future__ import annotations

import io
import time
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from engine.compile import COUNTS, KERNEL_SCHEMA
from engine.cost import Trees, read_calibration, write_calibration
from engine.errors import EngineError
from engine.execute import Sample, calibrating, fit
from engine.execute.boosting import Growth, grow
from engine.execute.fitting import nonnegative
from engine.execute.samples import to_line


def kernels(count, seed=0):
    """Invented products whose time is 10 us + MACs at 20 G/s, doubled where the width is odd."""
    random = np.random.default_rng(seed)
    columns = {c: np.ones(count) for c in COUNTS}
    columns["rows"] = random.integers(1, 300, count).astype(float)
    columns["depth"] = random.integers(8, 300, count).astype(float)
    columns["columns"] = random.integers(8, 300, count).astype(float)
    columns["macs"] = columns["rows"] * columns["depth"] * columns["columns"]
    seconds = (1e-5 + columns["macs"] / 2e10) * (1 + columns["columns"] % 2)
    words = {"node": ["n"] * count, "type": ["MatMul"] * count, "class": ["gemm"] * count}
    return pl.DataFrame({**words, **columns}, schema=KERNEL_SCHEMA), seconds


def samples(count=60):
    out = []
    for i in range(count):
        frame, seconds = kernels(10, i)
        frame = frame.with_columns(pl.Series("seconds", seconds))
        out.append(Sample("image", i, float(seconds.sum()), 0.0, 1e-3, frame))
    return out


@pytest.fixture(scope="module")
def made():
    return fit(samples())


def test_a_fit_predicts_networks_that_it_has_not_seen(made):
    frame, seconds = kernels(200, 999)
    error = np.abs(made.seconds(frame) / seconds - 1)
    assert np.median(error) < 0.1
    assert made.error < 0.1
    assert made.facts["within_20"] > 0.95


def test_a_file_gives_back_what_was_written(made):
    frame, _ = kernels(50, 7)
    again = read_calibration(write_calibration(made))
    assert again.facts == made.facts
    assert again.seconds(frame) == pytest.approx(made.seconds(frame), rel=2e-2)


def test_a_class_that_was_never_measured_is_priced_as_all_and_its_error_is_not_known(made):
    frame = kernels(3)[0].with_columns(pl.lit("Foo").alias("class"))
    assert (made.seconds(frame) > 0).all()
    assert np.isnan(made.errors(frame)).all()


def test_larger_than_measured_grows_in_proportion(made):
    frame, _ = kernels(1, 5)
    times = [
        made.seconds(frame.with_columns(pl.col("macs") * 10**n, pl.col("rows") * 10**n))[0]
        for n in (3, 4)
    ]
    assert times[1] / times[0] == pytest.approx(10, rel=0.3)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: b"\x80\x04K\x01.",
        lambda data: _changed(data, feature=np.full(5, 250, np.uint8)),
        lambda data: _changed(data, about=np.frombuffer(b'{"version": 1}', np.uint8)),
        lambda data: _changed(data, leaf=np.array([object()])),
    ],
)
def test_a_bad_file_is_refused(made, spoil):
    with pytest.raises(EngineError, match="not a calibration"):
        read_calibration(spoil(write_calibration(made)), "x.npz")


def _changed(data, **arrays):
    with np.load(io.BytesIO(data)) as file:
        kept = {name: file[name] for name in file.files}
    out = io.BytesIO()
    np.savez_compressed(out, **{**kept, **arrays})
    return out.getvalue()


def test_trees_learn_a_step():
    random = np.random.default_rng(0)
    x = random.random((400, 3))
    y = np.where(x[:, 1] > 0.5, 1.0, -1.0)
    trees = grow(x, y, np.ones(400), Growth(trees=80, depth=2))
    assert np.abs(trees.predict(x) - y).mean() < 0.1


def test_no_trees_predict_nothing():
    none = Trees(np.zeros((0, 1)), np.zeros((0, 1)), np.zeros((0, 2)))
    assert none.predict(np.ones((4, 3))).tolist() == [0, 0, 0, 0]


def test_least_squares_without_negative_parts():
    a = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    assert nonnegative(a, a @ np.array([2.0, 3.0])) == pytest.approx([2, 3], rel=1e-4)
    assert nonnegative(a, a @ np.array([2.0, -3.0]))[1] == 0


@pytest.mark.parametrize(
    ("load", "workers", "slower"), [(0.2, 0, 1.0), (2.0, 2, 1.0), (3.0, 0, 2.0), (7.0, 2, 3.0)]
)
def test_a_fit_takes_longer_beside_others(monkeypatch, load, workers, slower):
    machine = replace(calibrating.machine(), cores=2)
    monkeypatch.setattr(calibrating, "machine", lambda: machine)
    monkeypatch.setattr("os.getloadavg", lambda: (load, load, load))
    alone = 12.0 + 1.6e-3 * 10_000
    assert calibrating.fit_seconds(10_000, workers) == pytest.approx(slower * alone)


def test_measuring_stops_when_the_rest_is_needed_for_the_fit(monkeypatch, tmp_path):
    (tmp_path / "part-0.jsonl").write_text("".join(to_line(s) + "\n" for s in samples()))
    kernels = sum(s.kernels.height for s in samples())
    assert calibrating._counts(tmp_path) == (len(samples()), kernels)
    monkeypatch.setattr(calibrating, "_LOOK_S", 0.05)
    monkeypatch.setattr(calibrating.subprocess, "Popen", Endless)
    for fit_s, spent in ((2.3, 0.7), (100.0, 0.75)):  # of 3 s; a quarter is measured in any case
        monkeypatch.setattr(calibrating, "fit_seconds", lambda *_, s=fit_s: s)
        start = time.monotonic()
        calibrating._measure(tmp_path, 10, 1, None, None, 3 / 60)
        assert spent <= time.monotonic() - start < spent + 1.5


class Endless:
    """A process that never ends by itself."""

    def __init__(self, *_, **__):
        self.ended = None

    def poll(self):
        return self.ended

    def terminate(self):
        self.ended = -15

    def wait(self):
        return self.ended
