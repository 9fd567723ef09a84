"""Operations from a model of the map: files and data, batches, children, what they become."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest

import engine
from dashboard.pages.experiment import operate as form
from dashboard.pages.experiment import progress
from dashboard.queries import offspring, operate
from dashboard.queries.experiment import payload, version_of
from engine.errors import EngineError
from engine.jobs import run_worker
from tests.engine.compress.nets import small
from tests.engine.experiments.forests import body, model
from tests.engine.jobs.test_worker import Hands

TREE = body(
    model("root", metrics={"Accuracy": 0.9, "Size": 40}),
    model("p5", "root", "prune", amount=0.5, metrics={"Accuracy": 0.6, "Size": 20}),
    model("odd", "root", "distill", metrics={"Accuracy": 0.7, "Size": 10}),
)


@pytest.fixture
def key(services, tmp_path):
    file = tmp_path / "tree.json"
    file.write_text(json.dumps(TREE))
    return services.experiments.add(file, "tree.json")[0].id


@pytest.fixture
def filed(services, key):
    """The experiment with the file of its root and some labelled samples."""
    row, found = services.experiments.get(key)
    digest = offspring.kept(services.store, small())
    offspring.attach_model(services.store, row, "root", digest, "small")
    random = np.random.default_rng(0)
    samples = npz(x=random.normal(size=(40, 3, 8, 8)).astype(np.float32),
                  labels=random.integers(0, 4, 40))  # fmt: skip
    offspring.attach_data(services.store, row, found, "root", "some.npz", samples)
    return key


def npz(**arrays) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def ask(services, key, base, operation, **given):
    row, found = services.experiments.get(key)
    return operate.run(services.store, row, found, base, operation, given, time=False)


def work(services):
    run_worker(services.settings.data, Hands().open, 0.3, lease_s=2.0)


def test_a_field_with_several_values_is_several_children():
    prune, rows = engine.operation("prune"), engine.operation("palettize")
    made = operate.batches(prune, {"amount": "30, 50;70 %", "scope": "local", "only": ""})
    assert [m["amount"] for m in made] == [0.3, 0.5, 0.7]
    assert {m["scope"] for m in made} == {"local"}
    assert [m["bits"] for m in operate.batches(rows, {"bits": "4 4 2"})] == [4, 2]
    assert operate.batches(prune, {"amount": ""})[0]["amount"] == 0.5
    for bad in ("x", "150", "30, -1", ",".join(map(str, range(60)))):
        with pytest.raises(EngineError):
            operate.batches(prune, {"amount": bad})


def test_a_model_without_a_file_says_what_is_missing(services, key):
    row, found = services.experiments.get(key)
    start = offspring.origin(services.store, row, found, "p5")
    assert start.missing.startswith("The ONNX file of root is not here: attach it")
    told = offspring.origin(services.store, row, found, "odd").missing
    assert told.startswith("“distill” is no step of ours, and the ONNX file of odd is not here")
    with pytest.raises(EngineError, match="is not here: attach it"):
        ask(services, key, "p5", "prune", amount="30")
    with pytest.raises(EngineError, match="there is none yet"):
        offspring.attach_data(services.store, row, found, "p5", "x.npz", npz(x=np.zeros(1)))


def test_steps_of_ours_are_repeated_from_the_nearest_file(services, filed):
    row, found = services.experiments.get(filed)
    start = offspring.origin(services.store, row, found, "p5")
    assert (start.missing, [id for id, _ in start.path]) == ("", ["prune"])
    assert start.path[0][1]["amount"] == 0.5
    assert (start.root, start.data.words) == (start.sha256, "40 labelled samples of some.npz")


def test_children_are_there_at_once_and_become_models_with_figures(services, client, filed):
    asked = ask(services, filed, "p5", "palettize", bits="4, 2")
    row, found, children = services.experiments.progress(filed)
    assert asked.made == ("p5-palette-4", "p5-palette-2")
    assert [c.state for c in children] == ["queued", "queued"]
    sent = payload(row, found, children)
    assert sent["unfinished"] == {"3": ["queued", 0.0, ""], "4": ["queued", 0.0, ""]}
    assert sent["parent"] == [-1, 0, 0, 1, 1]
    assert "palette" not in services.experiments.exported(filed)[1]
    before = version_of(row, children)
    work(services)
    row, found, children = services.experiments.progress(filed)
    assert [c.state for c in children] == ["done", "done"]
    assert version_of(row, children) != before
    four, two = found.models[3:]
    assert four.operation.parameters == {"bits": 4}
    assert two.metrics["Size"] < four.metrics["Size"]
    assert 0 <= four.metrics["Accuracy"] <= 1
    assert "palette" in services.experiments.exported(filed)[1]
    assert row.model_count == 5
    address = offspring.file_address(services.store, row, "p5-palette-4")
    assert client.get(address, buffered=True).data[:1] == b"\x08", client.get(address).text
    assert client.get(address.replace("palette-4", "none")).status_code == 404
    assert offspring.file_address(services.store, row, "p5") == ""
    again = [offspring.opened(services.store, row, found, "p5-palette-4").id for _ in range(2)]
    assert again[0] == again[1]
    assert services.models.row(again[0]).name == "tree · p5 · palette · 4"
    assert ask(services, filed, "p5", "palettize", bits="4").there == ("p5-palette-4",)
    grand = ask(services, filed, "p5-palette-4", "prune", amount="90")
    assert grand.job.units[0].args["path"] == []  # it starts from the child's own file
    work(services)
    assert services.experiments.get(filed)[1].models[-1].metrics["Size"] > 0


def test_a_child_that_fails_says_why_and_is_tried_again_or_dismissed(services, filed):
    name = ask(services, filed, "root", "prune_pattern", kept="4", of="2").made[0]
    work(services)
    row, found, (child,) = services.experiments.progress(filed)
    assert child.state == "failed"
    told = str(progress.told(found, found.rows[name], payload(row, found, (child,))["unfinished"]))
    assert "could not be made" in told
    assert child.words in told
    assert ask(services, filed, "root", "prune_pattern", kept="4", of="2").made == (name,)
    work(services)
    services.store.offspring.dismiss(row.id, name)
    assert services.store.offspring.list(row.id) == ()
    with pytest.raises(EngineError, match="no failed model"):
        services.store.offspring.dismiss(row.id, name)


def test_cancelled_children_are_gone(services, filed):
    job = ask(services, filed, "root", "prune", amount="10, 20").job
    services.jobs.cancel(job.id)
    assert len(services.experiments.get(filed)[1].models) == 3


def test_an_experiment_that_is_removed_meanwhile_takes_its_children_along(services, filed):
    job = ask(services, filed, "root", "prune", amount="10").job
    services.experiments.remove(filed)
    work(services)
    assert services.store.jobs.get(job.id).state == "done"
    assert (services.store.offspring.list(filed), services.store.offspring.files(filed)) == ((), ())


def test_a_field_that_is_far_too_long_is_refused_before_there_is_a_job(services, filed):
    with pytest.raises(EngineError, match="too long"):
        ask(services, filed, "root", "prune", only=",".join(["layer"] * 9_999))
    assert services.jobs.list() == ()


def test_what_would_fail_later_is_refused_at_once(services, key):
    row, found = services.experiments.get(key)
    digest = offspring.kept(services.store, small())
    offspring.attach_model(services.store, row, "odd", digest, "small")
    with pytest.raises(EngineError, match="measures on samples, and this experiment has none"):
        ask(services, key, "odd", "quantize_static")
    with pytest.raises(EngineError, match="needs the file of the root"):
        ask(services, key, "odd", "restore")
    with pytest.raises(EngineError, match="no samples to judge by"):
        operate.judge(services.store, row, found, "odd", True, False)
    with pytest.raises(EngineError, match="beside the root"):
        operate.judge(services.store, row, found, "odd", False, True)


def test_a_model_of_the_file_is_judged_and_timed(services, filed):
    row, found = services.experiments.get(filed)
    operate.judge(services.store, row, found, "p5", True, True)
    work(services)
    found = services.experiments.get(filed)[1]
    p5 = found.models[found.rows["p5"]]
    assert 0 <= p5.metrics["Agreement"] <= 1
    assert p5.metrics["Latency"] > 0
    assert p5.metrics["Size"] == 20  # what the file says of size stays
    assert len(found.models) == 3


def test_our_figures_take_the_names_and_units_of_the_experiment(services, filed):
    known = operate.names(services.experiments.get(filed)[1])
    assert known["Accuracy"] == ["Accuracy", 1.0]
    assert known["Size"] == ["Size", 1e-6]


def test_the_demo_brings_its_file_and_digits(services, tmp_path):
    file = tmp_path / "digits.json"
    file.write_text(json.dumps(TREE))
    row, _ = services.experiments.add(file, "digits.json", origin="demo")
    start = offspring.origin(services.store, row, services.experiments.get(row.id)[1], "p5")
    assert (start.missing, start.fit.words, start.data.words) == (
        "", "192 digits that the network was trained on", "600 labelled digits",
    )  # fmt: skip


@pytest.mark.parametrize("id", [o.id for o in engine.operations()])
def test_every_operation_draws_its_form_and_its_form_makes_one_child(id):
    text = str(form.fields(engine.operation(id)))
    usual = {p.name: p.default for p in engine.operation(id).parameters}
    assert all(p.label in text for p in engine.operation(id).parameters)
    given = {n: f"{100 * v:g}" if isinstance(v, float) else "" if v == () else v
             for n, v in usual.items()}  # fmt: skip
    (values,) = operate.batches(engine.operation(id), given)
    assert engine.operation(id).filled(values) == usual


def test_the_form_of_a_model_counts_its_children(app, filed):
    with app.server.app_context():
        text = str(form.opened({"row": 1}, filed))
        with pytest.raises(EngineError):
            form.opened({"row": 99}, filed)
    assert "the nearest file and 1 step that are repeated" in text
    ids = [{"index": "amount"}, {"index": "keep_first"}]
    assert form.counted(["30, 50", ["on"]], ids, "prune") == "2 children"
    assert "is no number" in form.counted(["x", []], ids, "prune")


def test_what_arrives_is_checked(services):
    for odd in ("\ud800", "x" * 50, "'; --"):
        assert services.jobs.about(odd) == ()
    good = "data:x;base64," + base64.b64encode(b"abc").decode()
    assert offspring.sent(good, "x") == b"abc"
    for bad in (None, "", "data:x;base64,!!", 7):
        with pytest.raises(EngineError, match="did not arrive whole"):
            offspring.sent(bad, "x")
