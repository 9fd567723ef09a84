"""Adding models from a script, notes and flags from people: checked first, then written whole."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest

import engine
from engine import experiments
from engine.errors import EngineError
from tests.engine.experiments.forests import model, tree


def test_a_script_adds_models(tmp_path: Path):
    path = tmp_path / "sweep.json"
    run = engine.open_experiment(path)
    run.add("trained", metrics={"Accuracy": np.float32(0.5)}, author="Ada")
    made = run.add("p50", base="trained", operation=("prune", {"amount": 0.5}),
                   metrics={"Accuracy": float("nan")}, errors={"Accuracy": 0.01})  # fmt: skip
    assert (made.row, made.base, made.metrics) == (1, "trained", {"Accuracy": None})
    assert made.time.endswith("Z")
    again = engine.read_experiment(path)
    assert [m.id for m in again.models] == ["trained", "p50"]
    assert again.models[1].operation.words == "prune (amount 0.5)"
    run.annotate("p50", notes="good", flags=["chosen"])
    kept = engine.read_experiment(path).models[1]
    assert (kept.notes, kept.flags) == ("good", ("chosen",))


@pytest.mark.parametrize("wrong", [
    {"model": "a"}, {"model": ""}, {"model": 3}, {"model": "b", "base": "ghost"},
    {"model": "b", "metrics": {"Size": "x"}}, {"model": "b", "metrics": {"Size": float("inf")}},
    {"model": "b", "errors": {"Size": True}}, {"model": "b", "colour": "red"},
    {"model": "b", "operation": ("p", {"x": object()})}, {"model": "b", "bases": ["ghost"]},
])  # fmt: skip
def test_what_is_wrong_is_not_written(tmp_path: Path, wrong: dict):
    path = tmp_path / "sweep.json"
    run = engine.open_experiment(path)
    run.add("a")
    before = path.read_bytes()
    with pytest.raises(EngineError):
        run.add(wrong.pop("model"), **wrong)
    assert path.read_bytes() == before


def test_two_scripts_at_once_lose_nothing(tmp_path: Path):
    path = tmp_path / "sweep.json"

    def work(name: str) -> None:
        run = engine.open_experiment(path)
        for k in range(8):
            run.add(f"{name}{k}")

    workers = [threading.Thread(target=work, args=(n,)) for n in "xy"]
    [w.start() for w in workers]
    [w.join() for w in workers]
    assert len(engine.read_experiment(path).models) == 16


def test_a_broken_file_is_not_added_to(tmp_path: Path):
    path = tmp_path / "e.json"
    path.write_text("{")
    with pytest.raises(EngineError, match="is not JSON"):
        engine.open_experiment(path)
    with pytest.raises(EngineError):
        engine.read_experiment(tmp_path / "absent.json")


def test_notes_and_flags_change_nothing_else():
    found = tree(model("a", metrics={"Size": 3}), {**model("b", "a", "p"), "loader": {"any": [1]}})
    made = experiments.annotated(found, "b", notes="look", flags=["chosen", "chosen"])
    assert made.frame.row(1, named=True)["flags"] == ["chosen"]
    body = json.loads(experiments.dumps(made))
    assert body["models"][1] == {
        **found.document["models"][1],
        "notes": "look",
        "flags": ["chosen"],
    }
    back = experiments.annotated(made, "b", notes="", flags=[])
    assert back.digest == found.digest != made.digest
    for id, notes in (("zz", "x"), ("a", "x" * 30_000)):
        with pytest.raises(EngineError):
            experiments.annotated(found, id, notes)
