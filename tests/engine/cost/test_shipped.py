"""The calibration that ships: it can be read, says where it is from, and is in the package."""

from __future__ import annotations

import json
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

from engine.cost import calibrated, read_calibration

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / "engine" / "cost" / "calibrations").glob("*.npz"))


def test_one_ships_for_the_runtime_of_this_machine():
    assert "onnxruntime-cpu.npz" in [f.name for f in FILES]


@pytest.mark.parametrize("path", FILES, ids=lambda f: f.name)
def test_a_shipped_file_is_small_and_states_its_errors(path):
    assert path.stat().st_size <= 1_500_000
    made = read_calibration(path.read_bytes(), path.name)
    for word in ("machine", "kind", "runtime", "date"):
        assert made.facts[word], word
    assert made.facts["counted"] >= 500
    assert 0 < made.facts["median_error"] < 0.15
    assert made.facts["within_20"] > 0.7
    assert made.anchor_s > 0
    assert "" in made.classes


def test_the_package_holds_it():
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    patterns = asked["package-data"]["*"]
    assert all(any(fnmatch(f.name, p) for p in patterns) for f in FILES)


def test_the_users_own_file_goes_first(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    shipped = calibrated.calibration_file("onnxruntime-cpu")
    assert shipped is not None
    assert shipped.parent.name == "calibrations"
    assert shipped.is_relative_to(ROOT)
    own = tmp_path / "paredown" / "calibrations" / "onnxruntime-cpu.npz"
    own.parent.mkdir(parents=True)
    own.write_bytes(shipped.read_bytes())
    assert calibrated.calibration_file("onnxruntime-cpu") == own


def test_a_validation_on_real_models_ships_beside_it():
    for path in FILES:
        told = json.loads(path.with_suffix(".validation.json").read_text())
        made = read_calibration(path.read_bytes(), path.name)
        assert (told["machine"], told["runtime"]) == (made.facts["machine"], made.facts["runtime"])
        known = [row for row in told["models"] if row["error"] is not None]
        assert len(known) >= 20
