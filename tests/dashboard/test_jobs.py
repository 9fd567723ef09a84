"""The drawer of jobs and the form that asks for one, as data; the worker that a server keeps."""

from __future__ import annotations

import base64
import io
import time
from dataclasses import replace

import numpy as np
import pytest
from dash import html, no_update

import engine
from dashboard import job_drawer, job_list
from dashboard.pages.model import judging
from dashboard.pages.model.making import form
from dashboard.queries import open_services
from dashboard.settings import Settings
from dashboard.urls import View
from engine.errors import EngineError
from engine.jobs import run_worker
from tests import builders
from tests.acting import by
from tests.engine.compress.nets import small
from tests.engine.jobs.test_worker import Hands

RESULT = {
    "sha256": "0" * 64, "name": "net · fp16", "size_bytes": 1_100_000,
    "predicted_size_bytes": 1_090_000, "before_bytes": 4_300_000, "model_id": "abc",
    "checks": [{"name": "a", "met": True, "words": "Fine."},
               {"name": "b", "met": None, "words": "Outputs moved by 1 %."},
               {"name": "c", "met": False, "words": "Optimized runs differ."}],
    "missing": ["conv1 stays fp32."],
    "measured": {"before_s": 0.147, "after_s": 0.056, "floor": 0.01, "runtime": "onnxruntime 1"},
}  # fmt: skip


def text(part) -> str:
    children = getattr(part, "children", part)
    if isinstance(children, list | tuple):
        return " ".join(text(c) for c in children)
    return text(children) if hasattr(children, "children") else str(children or "")


@pytest.fixture
def settings(tmp_path):
    return Settings(data=tmp_path / "data", demo=False, jobs=False, token=False)


@pytest.fixture
def model(add):
    return add()


def view(model, preset="fp16"):
    recipe = engine.write_recipe(engine.preset(preset).recipe) if preset else ""
    return View(model_id=model, target="onnxruntime-cpu", recipe=recipe)


def test_without_jobs_it_says_what_they_are_for(services):
    assert "No jobs yet" in text(html.Div(job_list.job_list(services.jobs.list())))
    assert job_drawer.label(()) == "Jobs"


def test_a_recipe_is_asked_for_once(services, model):
    row, new = services.jobs.make(view(model), "fp16", "", True)
    assert (new, row.title, row.subject, row.state) == (True, "Make net · fp16", model, "queued")
    assert services.jobs.make(view(model), "fp16", "", True) == (row, False)
    assert services.jobs.make(view(model), "fp16", "", False)[1]
    assert services.jobs.active() == 2


def test_the_baseline_is_nothing_to_make(services, model):
    with pytest.raises(EngineError, match="nothing to make"):
        services.jobs.make(view(model, ""), "", "", False)
    assert services.jobs.list() == ()


def test_the_drawer_says_how_far_a_job_is(services, model):
    row, _ = services.jobs.make(view(model), "fp16", "", False)
    work = services.store.work("test")
    work.take()
    work.claim(1)
    work.told({(row.id, 0): (0.42, "changing the weights")})
    shown = text(html.Div(job_list.job_list(services.jobs.list())))
    assert "Make net · fp16" in shown
    assert "42 %" in shown
    assert "changing the weights" in shown
    assert job_drawer.label(services.jobs.list()) == "Jobs · 42 %"
    services.jobs.cancel(row.id)
    assert "stops" in text(html.Div(job_list.job_list(services.jobs.list())))
    work.failed(row.id, 0, "The recipe needs samples.")
    assert "The recipe needs samples." in text(html.Div(job_list.job_list(services.jobs.list())))


def test_the_drawer_says_what_came_out_predicted_beside_found(services, model):
    row, _ = services.jobs.make(view(model), "fp16", "", False)
    work = services.store.work("test")
    work.take()
    work.claim(1)
    work.done(row.id, 0, RESULT)
    shown = text(html.Div(job_list.job_list(services.jobs.list())))
    assert "4.30 MB → 1.10 MB (predicted 1.09 MB)" in shown
    assert "147 ms → 56.0 ms measured with onnxruntime 1" in shown
    assert "Optimized runs differ." in shown
    assert "1 part of the recipe not in the file conv1 stays fp32." in shown
    assert "Fine." not in shown


OPERATION = {"sha256": "0" * 64, "size_bytes": 229_000,
             "metrics": {"Accuracy": 0.981, "Latency": 0.84}}  # fmt: skip


def forty(services, finish=True):
    """Forty jobs of three users in every state."""
    jobs, made = services.store.jobs, {}
    for k in range(40):
        owner = ("local", "ann", "bob")[k % 3] if k > 20 else "local"
        units = [{"k": k, "model": f"prune{n}", "n": n} for n in range(1 + 5 * (k % 4 == 0))]
        row, _ = by(owner, jobs.add, "operation", f"Prune weights: base {k}", units, version="1",
                    subject="x" * 22)  # fmt: skip
        made[k] = row
    work = services.store.work("test")
    work.take()
    while finish and (found := work.claim(1)):
        (one,) = found
        k, key = one.unit.args["k"], (one.unit.job_id, one.unit.seq)
        if k % 7 == 3:
            work.failed(*key, "pruning needs a model with weights")
        elif k % 7 in (5, 6) and k > 25:
            work.told({key: (0.3, "judging on 600 samples")})
        elif k > 33:
            continue
        else:
            work.done(*key, OPERATION)
    for k in (2, 30):
        by(made[k].owner, jobs.cancel, made[k].id)
    return made


def test_the_drawer_groups_what_runs_and_what_is_over_and_shows_ones_own(services):
    forty(services)
    mine = services.jobs.list(2)
    shown = text(html.Div(job_list.job_list(mine, 2)))
    assert {j.owner for j in mine} == {"local"}
    assert shown.index("Under way") < shown.index("Finished")
    assert "of others are under way too" in shown
    assert "6 × pruning needs a model with weights" in shown  # of one job, once a reason
    assert "prune0: 229 kB, 98.1 % accurate, 0.84 × the latency of the root" in shown
    assert "Open the experiment" in shown


def test_older_jobs_come_by_pages_and_all_are_cancelled_at_once(services, app):
    forty(services, finish=False)
    with app.server.app_context():
        first = job_drawer.polled(0, "yes", None)
        assert (first["older"], first["all"]) == (len(services.jobs.list()) < 30, False)
        assert job_drawer.polled(0, "yes", 1)["older"]
    mine = services.jobs.active()
    assert services.jobs.cancel_all() == mine
    assert (services.jobs.active(), services.jobs.of_everyone() > 0) == (0, True)


def data_url(**arrays) -> str:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return "data:x;base64," + base64.b64encode(file.getvalue()).decode()


def test_samples_are_checked_before_they_are_kept(services, model):
    (name, shape), *_ = ((i.name, [d.dim_value or 1 for d in i.type.tensor_type.shape.dim])
                         for i in builders.conv_net().graph.input)  # fmt: skip
    good = data_url(**{name: np.zeros([3, *shape[1:]], np.float32)})
    found = services.jobs.samples(model, "some.npz", good)
    assert found.words == "3 samples of some.npz"
    assert services.store.blobs.path(found.digest).exists()
    for bad in (data_url(other=np.zeros(3)), "data:x;base64,AAAA", "data:x;base64,!!", ""):
        with pytest.raises(EngineError):
            services.jobs.samples(model, "bad.npz", bad)


def test_int8_activations_without_samples_are_refused_at_once(services, model):
    base, now = (services.model.resolution(view(model, p)) for p in ("", "int8"))
    with pytest.raises(EngineError, match="scale follows from samples"):
        services.jobs.check_samples(base, now, "")
    services.jobs.check_samples(base, now, "a digest")
    weights = services.model.resolution(view(model, "fp16"))
    services.jobs.check_samples(base, weights, "")


def test_samples_that_are_too_large_are_refused_by_their_size(services, model, monkeypatch):
    monkeypatch.setattr("dashboard.queries.offspring.UPLOAD_BYTES", 10)
    with pytest.raises(EngineError, match="too large"):
        services.jobs.samples(model, "some.npz", data_url(x=np.zeros(9)))


def test_the_form_names_its_parts():
    assert "Make the file" in text(form())


def test_a_model_is_measured_and_judged_and_the_sheet_says_what_was_found(services, app, add):
    body = small()
    one, other = add("one", body), add("other", small(seed=1))
    view = View(model_id=one, target="onnxruntime-cpu")
    arrays = {"x": np.zeros([8, 3, 8, 8], np.float32), "labels": np.arange(8) % 4}
    with pytest.raises(EngineError, match="nothing to judge by"):
        services.jobs.judge(view, "", "")
    bare = services.jobs.samples(one, "some.npz", data_url(x=arrays["x"])).digest
    with pytest.raises(EngineError, match="say nothing of what is right"):
        services.jobs.judge(view, bare, "")
    held = services.jobs.samples(one, "some.npz", data_url(**arrays)).digest
    services.jobs.judge(view, held, other)
    row = services.jobs.measure(view, other)
    assert services.jobs.measure(view, other).id == row.id
    with app.server.app_context():
        assert "is under way" in text(html.Div(judging.shown(0, False, one, "")[0]))
    run_worker(services.settings.data, Hands().open, 0.3, lease_s=2.0)
    with app.server.app_context():
        parts, key = judging.shown(0, False, one, "")
        assert judging.shown(0, False, one, key)[0] is no_update
    shown = text(html.Div(parts))
    assert services.jobs.accuracy(one)[1] == 8
    assert services.jobs.accuracy(other) is None
    assert [(j.state, j.units[0].words) for j in services.jobs.about(one)] == [("done", "")] * 2
    assert "measured, " in shown
    assert "× the other model" in shown
    assert "Slowest kernels Measured Predicted" in shown
    assert "8 samples" in shown
    assert "Agreement with the base" in shown


def test_a_file_can_be_downloaded(client, model, conv_net):
    answer = client.get(f"/api/models/{model}/file", buffered=True)
    assert answer.data == conv_net
    assert answer.headers["Content-Disposition"] == "attachment; filename=net.onnx"
    assert client.get("/api/models/nowhere/file").status_code == 404


def test_a_server_carries_out_what_is_asked(tmp_path, conv_net):
    """The whole way: a worker process, Dask, a made file that is a model of the list."""
    settings = Settings(data=tmp_path, processes=1, memory=2 * 10**9)
    services = open_services(settings)
    try:
        file = tmp_path / "net.onnx"
        file.write_bytes(conv_net)
        model = services.models.add(file, "net.onnx")[0].id
        row, _ = services.jobs.make(view(model), "fp16", "", False)
        end = time.monotonic() + 60
        while services.jobs.active():
            assert time.monotonic() < end, (tmp_path / "worker.log").read_text()
            time.sleep(0.2)
        (job,) = services.jobs.list()
        assert job.state == "done", job.units[0].words
        result = job.units[0].result
        made = services.models.row(result["model_id"])
        assert (made.name, made.origin) == ("net · fp16", "compressed")
        assert result["size_bytes"] < result["before_bytes"]
        assert replace(job, id=row.id).title == row.title
    finally:
        services.close()
