"""Experiment files: what is read, what is reported, what comes back when written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import experiments
from engine.errors import EngineError
from engine.experiments import Experiment
from tests.engine.experiments.forests import body, model, shared, tree

FILES = (
    "celeba_models.json",
    "imagenet_models_userstudy_tutorial.json",
    "imagenet_models_userstudy_part1.json",
    "cifar10_image_classification_models.json",
)


def kinds(found: Experiment) -> dict[str, int]:
    return {issue.kind: issue.count for issue in found.issues}


def said(found: Experiment, kind: str) -> str:
    return next(i.sentence for i in found.issues if i.kind == kind)


@pytest.mark.parametrize("name", FILES)
def test_the_originals_files_load_and_come_back(name: str):
    raw = shared(name)
    found = experiments.loads(raw)
    assert json.loads(experiments.dumps(found)) == json.loads(raw)
    assert experiments.loads(experiments.dumps(found)).digest == found.digest
    assert [i for i in found.issues if i.level == "error"] == []
    assert len(found.models) == len(json.loads(raw)["models"])


@pytest.mark.parametrize(("name", "odd"), [
    ("celeba_models.json", {"parameters-as-list", "constant-metric", "root-operation",
                            "parameter-unlike-metric"}),
    ("imagenet_models_userstudy_part1.json", {"parameters-as-list", "tag-differs"}),
    ("cifar10_image_classification_models.json",
     {"unknown-field", "other-parameters", "odd-unit", "wide-spread", "base-unlike-id", "twin"}),
])  # fmt: skip
def test_the_oddities_of_the_originals_files_are_reported(name: str, odd: set[str]):
    assert odd <= set(kinds(experiments.loads(shared(name))))


def test_missing_bases_duplicates_and_cycles_are_reported_and_the_rest_loads():
    found = tree(
        model("a"), model("b", "nobody", "prune"), model("c", "d", "x"), model("d", "c", "y"),
        model("e", "e", "z"), model("a", metrics={"Size": 3}), model("f", "a", "prune"),
    )  # fmt: skip
    assert [m.id for m in found.models] == ["a", "b", "c", "d", "e", "f"]
    assert [m.base for m in found.models] == ["", "", "", "c", "", "a"]
    assert found.models[0].metrics == {"Size": 3.0}  # the last of two counts
    assert kinds(found)["missing-base"] == 1
    assert kinds(found)["cycle"] == 2
    assert "stands twice with different content" in said(found, "duplicate-id").lower()
    assert len(json.loads(experiments.dumps(found))["models"]) == 7  # nothing is lost


def test_unknown_values_are_unknown_and_never_zero():
    text = json.dumps(body(model("a", metrics={"Accuracy": "NAN", "Size": "BIG", "Seed": None,
                                               "Latency": "fast"})))  # fmt: skip
    found = experiments.loads(text.replace('"NAN"', "NaN").replace('"BIG"', "1e400"))
    assert set(found.models[0].metrics.values()) == {None}
    assert found.frame.select("m0", "m1", "m2", "m3").row(0) == (None,) * 4
    assert kinds(found)["not-finite"] == 1
    assert said(found, "not-a-number") == "Latency is no number, so it is unknown: a."
    written = json.loads(experiments.dumps(found))["models"][0]["metrics"]
    assert written["Accuracy"] is None


def test_the_report_groups_what_is_the_same():
    found = tree(*(model(f"m{k}", metrics={"Accuracy": None}) for k in range(9)))
    assert said(found, "unknown-value") == "Accuracy is unknown: m0, m1, m2, m3, m4 and 4 more."
    assert kinds(found)["unknown-value"] == 9


def test_operations_as_models_use_them():
    found = tree(
        model("a"), model("b", "a", "Prune", amount=0.6000000000000001), model("c", "a", "Retrain"),
        model("d", "a", "Restore", layers="late"),
        operations=[
            {"name": "Prune", "parameters": {"sparsity": {"type": "continuous", "min": 0}}},
            {"name": "Restore", "parameters": {"layers": {"options": ["early"]}}},
        ],
    )  # fmt: skip
    assert {"other-parameters", "undeclared-operation", "not-an-option", "float-noise"} <= set(
        kinds(found)
    )
    assert [(o.name, o.declared) for o in found.operations] == [
        ("Prune", True), ("Restore", True), ("Retrain", False),
    ]  # fmt: skip
    assert found.models[1].operation.words == "Prune (amount 0.6)"


def test_directions_are_read_or_guessed():
    names = ["Top-1 Accuracy", "F1", "Latency", "Model Size", "Sparsity", "Accuracy loss", "Foo"]
    declared = [{"name": n} for n in names] + [{"name": "Bar", "direction": "higher"}]
    found = experiments.loads(json.dumps({"metrics": declared, "models": []}))
    assert [m.direction for m in found.metrics] == [
        "higher", "higher", "lower", "lower", "higher", "lower", "", "higher",
    ]  # fmt: skip
    assert [m.stated for m in found.metrics] == [False] * 7 + [True]
    assert all(m.primary for m in found.metrics)  # none is marked


def test_our_own_fields():
    found = tree(
        model("a"), model("t"),
        {**model("b", "a", "distil"), "bases": ["t", "ghost"], "time": "2026-01-02T03:04:05Z",
         "author": "Ada", "notes": "good", "flags": ["chosen"], "errors": {"Size": -0.1},
         "artefacts": {"model": "b.onnx"}},
        name="Sweep",
    )  # fmt: skip
    made = found.models[2]
    assert (found.name, made.others, made.author, made.notes) == ("Sweep", ("t",), "Ada", "good")
    assert (made.flags, made.errors, made.artefacts) == (
        ("chosen",), {"Size": 0.1}, {"model": "b.onnx"},
    )  # fmt: skip
    assert found.frame["flags"].to_list() == [[], [], ["chosen"]]
    assert kinds(found)["missing-base"] == 1


@pytest.mark.parametrize("data", [
    b"", b"[]", b"null", b"{", b"\xff\xfe", b'{"models": 3}', b'{"models": {}}', b"{}", b"1e999",
    b"[" * 100_000,
    json.dumps({"metrics": [f"m{k}" for k in range(300)],
                "models": [{"id": str(k)} for k in range(9_000)]}).encode(),
    b'{"models": ' + b"[" * 60 + b"]" * 60 + b"}", b"NaN", b'"text"',
    b'{"models": [' + b"{}," * 60_000 + b"{}]}", b" " * 32_000_001,
])  # fmt: skip
def test_what_is_no_experiment_is_one_sentence(data: bytes):
    with pytest.raises(EngineError) as fault:
        experiments.loads(data, "x.json")
    assert fault.value.sentence.startswith("x.json: ")
    assert "\n" not in fault.value.sentence


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = [
    *("id", "base", "bases", "operation", "metrics", "tag", "errors", "flags", "notes", "time"),
    *("artefacts", "name", "parameters", "min", "max", "options", "direction", "unit"),
]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(ANY | st.dictionaries(st.sampled_from(FIELDS), ANY), max_size=5),
    st.lists(ANY | st.dictionaries(st.sampled_from(FIELDS), ANY), max_size=3),
    st.lists(ANY | st.dictionaries(st.sampled_from(FIELDS), ANY), max_size=3),
)
def test_anything_loads_or_is_one_sentence(models: list, metrics: list, operations: list):
    text = json.dumps({"models": models, "metrics": metrics, "operations": operations})
    found = experiments.loads(text)
    assert len({m.id for m in found.models}) == len(found.models) == found.frame.height
    for by in ("operation", "step"):
        assert experiments.layout(found, by=by).positions.height == len(found.models)
    assert experiments.loads(experiments.dumps(found)).models == found.models


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "e.json"
    experiments.save(tree(model("a")), path)
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(EngineError, match="No space left"):
        experiments.save(tree(model("b")), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["e.json"]
