"""The last validation of a target: what is kept, what is merged, what a broken file becomes."""

from __future__ import annotations

import json

import polars as pl
import pytest

import engine
from engine.execute import VALIDATED_SCHEMA, Validation
from engine.execute.validating import summarize

TARGET = "onnxruntime-cpu"


def validation(rows, machine="a machine", runtime="onnxruntime 1"):
    full = [dict.fromkeys(VALIDATED_SCHEMA) | {"fault": "", "sha256": "", "worst": ""} | r
            for r in rows]  # fmt: skip
    frame = pl.DataFrame(full, schema=VALIDATED_SCHEMA)
    return Validation(frame, summarize(frame), machine, runtime)


def row(model, predicted, measured, sha=""):
    error = predicted / measured - 1
    return {"model": model, "sha256": sha or model, "predicted_s": predicted,
            "measured_s": measured, "error": error}  # fmt: skip


@pytest.fixture(autouse=True)
def own(monkeypatch, tmp_path):
    monkeypatch.setattr("engine.execute.kept.own_folder", lambda: tmp_path)
    monkeypatch.setattr("engine.execute.kept._SHIPPED", tmp_path / "none")
    return tmp_path


def test_what_is_kept_comes_back_with_its_summary():
    engine.keep_validation(validation([row("a", 0.011, 0.01), row("b", 0.02, 0.04)]), TARGET)
    held, date = engine.kept_validation(TARGET)
    assert held.models["model"].to_list() == ["a", "b"]
    assert held.summary["median_error"] == pytest.approx((0.1 + 0.5) / 2)
    assert held.summary["within_10"] == pytest.approx(0.5)
    assert len(date) == 10


def test_a_model_that_is_validated_again_has_its_last_figures_and_the_others_stay():
    engine.keep_validation(validation([row("a", 2.0, 1.0), row("b", 1.0, 1.0)]), TARGET)
    engine.keep_validation(validation([row("renamed", 1.5, 1.0, "a")]), TARGET)
    held, _ = engine.kept_validation(TARGET)
    assert held.models.select("model", "error").rows() == [("b", 0.0), ("renamed", 0.5)]


def test_figures_of_another_machine_are_not_mixed_in():
    engine.keep_validation(validation([row("a", 2.0, 1.0)]), TARGET)
    engine.keep_validation(validation([row("b", 1.0, 1.0)], machine="another"), TARGET)
    held, _ = engine.kept_validation(TARGET)
    assert (held.machine, held.models["model"].to_list()) == ("another", ["b"])


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", "null", '{"models": 3}', '{"models": [3]}', '{"models": [], "machine": 1}',
        "[" * 100_000,
        json.dumps({"models": [[]], "machine": "", "runtime": "", "date": ""}),
    ],
)  # fmt: skip
def test_a_file_that_is_something_else_is_no_validation(own, text):
    (own / f"{TARGET}.validation.json").write_text(text)
    assert engine.kept_validation(TARGET) is None
    engine.keep_validation(validation([row("a", 1.0, 1.0)]), TARGET)  # and is written over
    assert engine.kept_validation(TARGET)[0].models.height == 1


def test_cells_of_the_wrong_kind_are_unknown(own):
    bad = row("a", 1.0, 1.0) | {"predicted_s": "x", "error": True, "tasks": "many", "fault": 3}
    body = {"models": [bad], "machine": "m" * 999, "runtime": "r", "date": "2026-01-01"}
    (own / f"{TARGET}.validation.json").write_text(json.dumps(body).replace('"x"', "NaN"))
    held, _ = engine.kept_validation(TARGET)
    (cells,) = held.models.to_dicts()
    assert (cells["predicted_s"], cells["error"], cells["tasks"]) == (None, None, None)
    assert (cells["fault"], len(held.machine)) == ("3", 300)
