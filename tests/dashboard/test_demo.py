"""What ships: the digits experiment, its images, and making it anew."""

from __future__ import annotations

import json

import numpy as np
import pytest

import engine
from dashboard.cli import main
from dashboard.cli_demo import compared
from dashboard.demo.digits_data import RARE, enlarged, fit_arrays, judged_arrays
from dashboard.demo.digits_tree import FACTS, FILE, steps
from dashboard.queries import open_services
from dashboard.settings import Settings
from engine import compress
from tests.engine.compress.nets import digits


@pytest.fixture(scope="module")
def shipped():
    return json.loads(FILE.read_text("utf-8"))


def test_the_shipped_experiment_is_sound(shipped):
    found = engine.read_experiment(FILE)
    assert not [i.sentence for i in found.issues if i.level != "note"]
    assert len(found.models) > 40
    assert [m.id for m in found.models] == ["base", *(s[0] for s in steps())]
    assert [m.base for m in found.models[1:]] == [s[1] for s in steps()]
    for entry in shipped["models"]:
        metrics = entry["metrics"]
        assert metrics["Weights"] == pytest.approx(metrics["Predicted weights"], rel=0.01)
    assert FILE.stat().st_size + FACTS.stat().st_size < 100_000


def test_it_shows_what_it_was_made_to_show(shipped):
    """Rare classes pay first; a refit brings back; dead models are called so."""
    metrics = {m["id"]: m["metrics"] for m in shipped["models"]}
    flags = {m["id"]: m.get("flags", []) for m in shipped["models"]}
    base = metrics["base"]
    assert base["Accuracy"] == pytest.approx(591 / 600, abs=0.001)  # as PROVENANCE says
    assert metrics["prune70-refit"]["Accuracy"] > base["Accuracy"] - 0.03
    assert metrics["prune50"]["Rare classes"] < metrics["prune50"]["Accuracy"] - 0.05
    assert metrics["channels50"]["Latency"] < 0.8
    assert "dead" in flags["prune95"]
    assert not flags["base"]


def test_images_are_enlarged_between_their_pixels():
    """A constant stays, a step is half way in the middle, corners are the nearest pixel."""
    assert np.allclose(enlarged(np.full((1, 8, 8), 16)), 1)
    half = np.zeros((1, 8, 8))
    half[:, :, 4:] = 16
    row = enlarged(half)[0, 0, 0]
    assert row[:14].max() == 0
    assert row[18:].min() == 1
    assert row[14:18] == pytest.approx([0.125, 0.375, 0.625, 0.875])
    test = judged_arrays()
    assert test["image"].shape == (600, 1, 32, 32)
    assert np.bincount(test["labels"]).tolist() == [60] * 10
    assert len(fit_arrays()["image"]) == 192
    assert set(RARE) < set(range(10))


def test_the_shipped_model_is_as_good_as_it_says():
    found = compress.evaluate(digits(), compress.samples(digits(), judged_arrays()))
    assert found.figures["accuracy"].value == pytest.approx(591 / 600, abs=0.004)


def test_some_of_it_made_anew_is_the_same(capsys, tmp_path, shipped):
    out = tmp_path / "digits_experiment.json"
    arguments = ["demo", "--rebuild", "--only", "2", "--rounds", "0", "-o", str(out), "--json"]
    assert main(arguments) == 0
    written = capsys.readouterr()
    body = json.loads(written.out)["rebuilt"]
    assert (body["models"], body["compared"]) == (3, 3)
    assert body["same_size"] == body["same_accuracy"] == 3
    assert "1 of 3: base" in written.err
    assert (tmp_path / "digits_facts.json.gz").is_file()
    other = {"models": [{"id": "base", "metrics": {"Size": 1, "Accuracy": 0}}]}
    found = compared(other, shipped)
    assert found == {"models": 1, "compared": 1, "same_size": 0, "same_accuracy": 0}


def test_what_ships_is_told(capsys):
    assert main(["demo"]) == 0
    assert "Digits CNN, compressed: 62 models" in capsys.readouterr().out
    assert main(["demo", "--rebuild", "-o", "no/such/folder/x.json"]) == 2


def test_the_experiment_is_in_the_list_at_the_first_visit_and_once(tmp_path):
    services = open_services(Settings(data=tmp_path / "data", demo=True))
    try:
        (row,) = services.experiments.listing("", "name", 10).rows
        assert (row.name, row.model_count, row.origin) == ("Digits CNN, compressed", 62, "demo")
        services.experiments.remove(row.id)
        assert services.experiments.listing("", "name", 10).rows == ()
    finally:
        services.close()
