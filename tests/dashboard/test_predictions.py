"""Predictions of the models of an experiment: asked for, carried out once, looked at."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dashboard import job_list
from dashboard.pages.behaviors import parts
from dashboard.queries import offspring, open_services
from dashboard.settings import Settings
from dashboard.urls_behaviors import BehaviorsView
from engine import behaviors
from engine.errors import EngineError
from engine.jobs import Cancelled, Place, run_worker
from engine.jobs.kinds.predict import run
from engine.jobs.place import flag
from tests.dashboard.test_operate import TREE, npz, work
from tests.engine.compress.nets import small
from tests.engine.jobs.test_worker import Hands

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.normal(size=(40, 3, 8, 8)).astype(np.float32)
LABELS = RANDOM.integers(0, 4, 40)


@pytest.fixture
def settings(settings):
    """Without a worker of its own: the tests carry jobs out themselves."""
    return settings.model_copy(update={"jobs": False})


@pytest.fixture
def bare(services, tmp_path):
    """An experiment without files."""
    file = tmp_path / "tree.json"
    file.write_text(json.dumps(TREE))
    return services.experiments.add(file, "tree.json")[0].id


@pytest.fixture
def key(services, bare):
    """The experiment with the file of its root and some labelled samples."""
    row, found = services.experiments.get(bare)
    digest = offspring.kept(services.store, small())
    offspring.attach_model(services.store, row, "root", digest, "small")
    offspring.attach_data(
        services.store, row, found, "root", "some.npz", npz(x=IMAGES, labels=LABELS)
    )
    return bare


def test_models_are_run_and_compared(services, key):
    ask = services.predictions
    (before,) = ask.available(key)
    assert (before.name, before.runs, dict(before.models)) == (
        "40 labelled samples of some.npz", True, {})  # fmt: skip
    asked = ask.start(key, ["root", "p5", "odd"])
    assert (asked.models, asked.there, list(asked.missing)) == (("root", "p5"), (), ["odd"])
    assert asked.job.title == "Predict: 2 models on 40 labelled samples of some.npz"
    assert ask.start(key, ["root", "p5"]).job.id == asked.job.id  # under way already
    work(services)
    (data,) = ask.available(key)
    assert (data.id, data.count, data.kind, list(data.models)) == (
        before.id, 40, "image", ["root", "p5"])  # fmt: skip
    made = ask.of(key, ["p5", "odd", "root"], data.id)
    assert list(made) == ["p5", "root"]
    both = behaviors.matched(("root", made["root"]), [("p5", made["p5"])])
    found = behaviors.ask(both, behaviors.Question("correctness"))
    assert found.summary.count == 40
    said = np.array([int(s) for s in made["root"].said])
    assert found.summary.values[0] == pytest.approx((said == LABELS).mean())
    one = ask.instance(key, data.id, 3)
    assert (one.id, one.label, one.kind) == ("3", str(LABELS[3]), "image")
    assert np.shape(one.value) == (8, 8, 3)
    assert ask.of(key, ["root"], data.id)["root"] is made["root"]  # still in memory


def test_the_demo_predicts_at_the_first_visit(tmp_path):
    found = open_services(Settings(data=tmp_path / "demo", jobs=False))
    try:
        (row,) = found.experiments.listing("", "", 10).rows
        data, fit = found.predictions.available(row.id)
        assert (data.name, data.runs, fit.runs) == ("600 labelled digits", True, True)
        found.predictions.start(row.id, ["base"])
        work(found)
        made = found.predictions.of(row.id, ["base"], data.id)["base"]
        experiment = found.experiments.get(row.id)[1]
        stated = experiment.models[experiment.rows["base"]].metrics["Accuracy"]
        assert (made.said == made.labels).mean() == pytest.approx(stated, abs=1e-3)
        one = found.predictions.instance(row.id, data.id, 599)
        assert (one.kind, np.shape(one.value), one.label) == ("image", (8, 8), made.labels[599])
    finally:
        found.close()


def test_a_data_file_may_name_samples_and_classes(services, key):
    row, found = services.experiments.get(key)
    named = npz(x=IMAGES, labels=LABELS, ids=np.array([f"film{k}" for k in range(40)]),
                classes=np.array(["cat", "dog", "ant", "bee"]),
                shown=np.array([f"Film {k}" for k in range(40)]))  # fmt: skip
    offspring.attach_data(services.store, row, found, "root", "named.npz", named)
    services.predictions.start(key, ["root"])
    work(services)
    (data,) = services.predictions.available(key)
    made = services.predictions.of(key, ["root"], data.id)["root"]
    assert set(made.labels.tolist()) == {"cat", "dog", "ant", "bee"}
    assert set(made.said.tolist()) <= {"cat", "dog", "ant", "bee"}
    one = services.predictions.instance(key, data.id, 7)
    assert (one.id, one.kind, one.value) == ("film7", "text", "Film 7")
    assert one.label == ["cat", "dog", "ant", "bee"][LABELS[7]]


def test_the_list_of_jobs_leads_to_the_behaviors(services, key):
    services.predictions.start(key, ["root"])
    work(services)
    told = str(job_list.job_list(services.store.jobs.list()))
    assert "root: 40 instances predicted" in told
    assert f"href='/experiments/{key}/behaviors'" in told


def test_the_same_model_and_data_are_run_once(services, key):
    ask = services.predictions
    ask.start(key, ["root"])
    work(services)
    again = ask.start(key, ["root", "p5"])
    assert (again.models, again.there) == (("p5",), ("root",))
    work(services)
    assert ask.start(key, ["root", "p5"]).job is None
    row, found = services.experiments.get(key)
    offspring.attach_data(services.store, row, found, "root", "fit.npz", npz(x=IMAGES))
    assert ask.start(key, ["root", "p5"]).job is None  # no step reads these
    view = BehaviorsView(key, (found.rows["root"], found.rows["p5"]), found.rows["root"])
    assert services.behaviors.desk(view).asking is not None
    other = offspring.kept(services.store, small(seed=1))
    offspring.attach_model(services.store, row, "root", other, "another file")
    desk = services.behaviors.desk(view)  # what both say of the samples now is not known
    assert (desk.asking, desk.late, desk.ready) == (None, {"root", "p5"}, ())
    assert "earlier predictions" in str(parts.side(desk))
    assert "as they are now: root" in str(parts.notice(desk, None))
    assert ask.start(key, ["root"]).models == ("root",)


def test_what_cannot_be_run_says_why(services, bare):
    ask = services.predictions
    assert ask.available(bare) == ()
    with pytest.raises(EngineError, match="no such samples to run on"):
        ask.start(bare, ["root"])


@pytest.mark.parametrize(
    ("nodes", "data", "sentence"),
    [
        (["odd"], "", "the ONNX file of odd is not here"),
        (["none"], "", "no such model in this experiment"),
        (["root"], "0" * 64, "no such samples"),
        ([f"m{k}" for k in range(300)], "", "too many models at once"),
    ],
)
def test_a_bad_question_gets_a_sentence(services, key, nodes, data, sentence):
    with pytest.raises(EngineError, match=sentence):
        services.predictions.start(key, nodes, data)
    assert services.store.jobs.list() == ()


def test_an_instance_that_is_not_there_is_said(services, key):
    services.predictions.start(key, ["root"])
    work(services)
    (data,) = services.predictions.available(key)
    for index in (-1, 40):
        with pytest.raises(EngineError, match="no such instance"):
            services.predictions.instance(key, data.id, index)
    with pytest.raises(EngineError, match="no such set"):
        services.predictions.instance(key, "1" * 64, 0)


def test_a_unit_that_dies_leaves_nothing_and_is_asked_for_again(services, key):
    services.predictions.start(key, ["root"])
    run_worker(services.settings.data, Hands({None: "died"}).open, 0.3, lease_s=2.0)
    (job,) = services.store.jobs.list()
    assert (job.state, job.units[0].words) == ("failed", "its process died")
    assert services.store.predictions.stored(key) == ((), ())
    assert services.predictions.start(key, ["root"]).models == ("root",)
    work(services)
    assert list(services.predictions.available(key)[0].models) == ["root"]


def test_it_tells_how_far_it_is_and_stops_between_batches(services, key):
    args = services.predictions.start(key, ["p5"]).job.units[0].args
    folder, told = services.settings.data, []

    def tell(share: float, words: str) -> None:
        told.append((round(share, 2), words))
        if words == "32 of 40 samples":
            stop = flag(folder, "stopped")
            stop.parent.mkdir(exist_ok=True)
            stop.touch()

    with pytest.raises(Cancelled):
        run(args, Place(folder, "stopped", tell))
    assert told[-1] == (0.86, "32 of 40 samples")
    assert [words for _, words in told[:3]] == [
        "reading the model", "Prune weights", "reading the samples"]  # fmt: skip


def test_what_a_swept_result_named_is_made_again(services, key):
    services.predictions.start(key, ["root"])
    work(services)
    (data,) = services.predictions.available(key)
    services.predictions.forget(key, "root", data.id)
    services.store.sweep(older_than_s=-1)
    services.predictions.start(key, ["root"])
    work(services)
    assert services.predictions.of(key, ["root"], data.id)["root"].count == 40
