"""Predictions that were made elsewhere: the set that they join, what is refused, how they come."""

from __future__ import annotations

import io
import json

import numpy as np
import polars as pl
import pytest

from dashboard.cli import main
from dashboard.figures.thumbnails import png
from dashboard.queries import offspring
from engine.errors import EngineError
from tests.dashboard.test_operate import npz, work
from tests.dashboard.test_predictions import IMAGES, LABELS, RANDOM, bare, key, settings  # noqa: F401

SCORES = RANDOM.random((40, 4)).astype(np.float32)


@pytest.fixture
def run(services, key):  # noqa: F811
    """An experiment whose root was run on its data; the digest of that."""
    services.predictions.start(key, ["root"])
    work(services)
    return services.predictions.available(key)[0].id


def parquet(**columns: object) -> bytes:
    file = io.BytesIO()
    pl.DataFrame(columns).write_parquet(file)
    return file.getvalue()


def bring(services, key, body=b"", name="p.npz", node="odd", **more):  # noqa: F811
    return services.predictions.import_file(key, node, body, name, **more)


def test_a_file_joins_the_data_of_the_experiment(services, key, run):  # noqa: F811
    order = RANDOM.permutation(40)
    body = parquet(ids=order.astype(str), scores=SCORES[order].tolist())
    done = bring(services, key, body, "p.parquet")
    assert (done.data, done.count, done.new) == (run, 40, False)
    made = services.predictions.of(key, ["root", "odd"], run)
    np.testing.assert_array_equal(made["odd"].vectors["scores"], SCORES)  # in the set's order
    assert (
        made["odd"].labels.tolist() == made["root"].labels.tolist() == LABELS.astype(str).tolist()
    )
    (kept,) = (
        p for p in services.predictions.available(key)[0].models.values() if p.model == "odd"
    )
    assert (kept.source, kept.words) == ("file", "p.parquet")


def test_a_file_of_pictures_shows_the_instances_of_a_set(services, key, run):  # noqa: F811
    lines = RANDOM.integers(0, 256, (6, 4, 3), np.uint8)
    made = {str(k): {"image": png(lines).partition(",")[2], "image_format": "jpeg"}
            for k in (3, 1)}  # fmt: skip
    body = json.dumps({"status": "complete", "result": {"type": "image", "instances": made}})
    done = bring(services, key, body.encode(), "instances.json")
    assert (done.data, done.count, done.what) == (run, 2, "images")
    shown = services.predictions.instances(key, run)
    assert (shown.kind, shown.ids[1]) == ("image", "1")
    at = shown.values[1, 2:62:10, 12:52:10]  # each pixel ten wide, in the middle
    np.testing.assert_array_equal(at, lines)
    assert not shown.values[0].any()
    for text, words in (('{"type": "image", "instances": {"no": {"image": "/9j/"}}}', "no PNG"),
                        ('{"type": "text", "instances": {"no": {"text": "x"}}}', "shows no inst"),
                        ('{"type": "text", "instances": {"0": 3}}', "has no text"),
                        ('{"type": "?", "instances": {"0": {}}}', "no known type")):  # fmt: skip
        with pytest.raises(EngineError, match=words):
            bring(services, key, text.encode(), "instances.json")


def test_what_a_person_brought_is_not_run_over(services, key, run):  # noqa: F811
    bring(services, key, npz(scores=SCORES, labels=LABELS), node="p5")
    assert services.predictions.start(key, ["p5"]).there == ("p5",)
    services.predictions.forget(key, "p5", run)
    assert services.predictions.start(key, ["p5"]).models == ("p5",)
    with pytest.raises(EngineError, match="no predictions of this model"):
        services.predictions.forget(key, "p5", run)


def test_a_file_of_data_that_no_model_was_run_on_yet(services, key):  # noqa: F811
    done = bring(services, key, npz(scores=SCORES, labels=LABELS))
    (own,) = services.predictions.available(key)
    assert (done.data, done.new, own.kind, own.count) == (own.id, True, "image", 40)
    services.predictions.start(key, ["root"])
    work(services)
    assert set(services.predictions.available(key)[0].models) == {"root", "odd"}


def test_a_file_of_named_samples_that_no_model_was_run_on_yet(services, key):  # noqa: F811
    names = np.array([f"film{k}" for k in range(40)])
    row, found = services.experiments.get(key)
    named = npz(x=IMAGES, labels=LABELS, ids=names, classes=np.array(["a", "b", "c", "d"]))
    offspring.attach_data(services.store, row, found, "root", "named.npz", named)
    said = np.array(["a", "b"] * 20)
    done = bring(services, key, npz(ids=names[::-1], predictions=said))
    assert (done.name, done.new) == ("40 labelled samples of named.npz", True)
    made = services.predictions.of(key, ["odd"], done.data)["odd"]
    assert made.said.tolist() == said[::-1].tolist()
    assert made.labels[0] == "abcd"[LABELS[0]]


def test_other_instances_are_a_set_of_their_own(services, bare):  # noqa: F811
    rows = [
        {"id": f"film{k}", "label": "good", "pred": "bad", "text": f"Film {k}"} for k in range(3)
    ]
    first = bring(services, bare, json.dumps({"predictions": rows}).encode(), "a.json", "root")
    again = bring(services, bare, json.dumps({"predictions": rows[::-1]}).encode(), "b.json", "p5")
    assert (first.new, again.new, again.data) == (True, False, first.data)
    (data,) = services.predictions.available(bare)
    assert (data.name, data.runs, data.kind) == ("instances of a.json", False, "text")
    shown = services.predictions.instance(bare, data.id, 2)
    assert (shown.id, shown.label, shown.value) == ("film2", "good", "Film 2")


@pytest.mark.parametrize(
    ("arrays", "node", "sentence"),
    [
        ({"scores": SCORES[:39]}, "odd", "other instances.*the 40 of the data set.*39"),
        ({"scores": SCORES, "ids": np.array([f"x{k}" for k in range(40)])}, "odd",
         "without 40 such as '0', with 40 others"),
        ({"scores": SCORES, "labels": (LABELS + 1) % 4}, "odd", "labels 40 of 40 .* otherwise"),
        ({"scores": SCORES[:, :3]}, "odd", "another number of classes.*4.*3"),
        ({"predictions": np.array(["cat"] * 40)}, "odd", "predicts other classes.*0, 1, 2 ….*cat"),
        ({"scores": SCORES}, "none", "no such model in this experiment.*'none'"),
        ({"scores": np.array([{}] * 40, object)}, "odd", "cannot be read as .npz"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_whole(services, key, run, arrays, node, sentence):  # noqa: F811
    before = services.store.predictions.stored(key)
    with pytest.raises(EngineError, match=f"^p.npz.*{sentence}"):
        bring(services, key, npz(**arrays), node=node, data=run)
    assert services.store.predictions.stored(key) == before


def test_a_set_that_is_not_there_is_said(services, key, run):  # noqa: F811
    with pytest.raises(EngineError, match="no such set of instances"):
        services.predictions.import_file(key, "odd", npz(scores=SCORES), "p.npz", "0" * 64)


def test_the_api_lists_asks_takes_and_removes(client, key):  # noqa: F811
    address = f"/api/experiments/{key}/predictions"
    (own,) = client.get(address).json["sets"]
    assert (own["name"], own["models"]) == ("40 labelled samples of some.npz", {})
    asked = client.post(address, json={"models": ["root", "odd"], "data": own["id"]}).json
    assert (len(asked["job"]), asked["models"], list(asked["missing"])) == (22, ["root"], ["odd"])
    sent = client.post(f"/upload/predictions/{key}/odd?data={own['id']}",
                       data=npz(scores=SCORES), headers={"X-File-Name": "p.npz"})  # fmt: skip
    assert (sent.status_code, sent.json["count"]) == (200, 40)
    assert list(client.get(address).json["sets"][0]["models"]) == ["odd"]
    cut = client.post(
        f"/upload/predictions/{key}/odd", data=b"PK\3\4", headers={"X-File-Name": "p.npz"}
    )
    assert (cut.status_code, cut.json["error"][:20]) == (400, "p.npz: is no .npz fi")
    assert client.delete(f"{address}/{own['id']}/odd").status_code == 200
    assert client.delete(f"{address}/{own['id']}/odd").status_code == 404
    assert client.get(address.replace(key, "x" * 22)).status_code == 404
    for bad in ({"models": "root"}, {"models": [1]}, [], {"models": ["none"]}):
        assert client.post(address, json=bad).status_code == 400


def test_the_command_line_lists_and_brings(services, key, tmp_path, capsys):  # noqa: F811
    folder = ["--data", str(services.settings.data)]
    (tmp_path / "p.npz").write_bytes(npz(scores=SCORES, labels=LABELS))
    assert main(["predictions", "tree", "odd", str(tmp_path / "p.npz"), "--json", *folder]) == 0
    assert json.loads(capsys.readouterr().out)["count"] == 40
    assert main(["predictions", key, *folder]) == 0
    assert capsys.readouterr().out.endswith("  40 labelled samples of some.npz: odd\n")
    for words, sentence in (
        (["predictions", "none"], "none: there is no such experiment; expected tree"),
        (["predictions", "tree", "odd"], "a model and a file are needed"),
        (["predictions", "tree", "odd", "gone.npz"], "gone.npz: cannot be read"),
    ):
        assert main([*words, *folder]) == 2
        assert sentence in capsys.readouterr().err
