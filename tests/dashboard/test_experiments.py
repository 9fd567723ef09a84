"""The list of experiments: upload, what is kept, what is refused, notes and flags with versions."""

from __future__ import annotations

import json

import pytest
from dash import no_update

from dashboard.cli import main
from dashboard.ids_sharing import Fork
from dashboard.pages.experiment import forking
from dashboard.pages.experiment.layout import layout as layout_of_one
from dashboard.pages.experiments import layout
from dashboard.pages.experiments.callbacks import refresh
from dashboard.queries import experiment_edits
from dashboard.urls import Condition
from dashboard.urls_experiment import ExperimentView, build, from_query
from engine.errors import EngineError
from engine.store import Role
from tests.acting import by
from tests.engine.experiments.forests import body, generated, model

TREE = body(
    model("root", metrics={"Accuracy": 0.9, "Size": 4}),
    model("a", "root", "prune", amount=0.5, metrics={"Accuracy": 0.7, "Size": 2}),
    model("b", "a", "train", epochs=3, metrics={"Accuracy": 0.92, "Size": 2}),
)


def upload(client, document, name="tree.json"):
    sent = document if isinstance(document, bytes) else json.dumps(document).encode()
    headers = {"X-File-Name": name, "Content-Length": str(len(sent))}
    return client.post("/upload/experiment", data=sent, headers=headers)


def test_upload_list_file_remove(client, services):
    answer = upload(client, TREE).json
    assert (answer["name"], answer["new"]) == ("tree", True)
    assert answer["url"] == f"/experiments/{answer['id']}"
    (listed,) = client.get("/api/experiments").json["experiments"]
    assert (listed["id"], listed["models"]) == (answer["id"], 3)
    told = client.get(f"/api/experiments/{answer['id']}").json["summary"]
    assert (told["best"], told["value"]) == (
        "prune 50 % → train epochs 3",
        "92.00 %",
    )
    assert (told["roots"], told["leaves"], told["depth"]) == (1, 1, 2)
    assert client.get(f"/api/experiments/{answer['id']}/file").json == TREE
    assert client.delete(f"/api/experiments/{answer['id']}").status_code == 200
    assert client.get("/api/experiments").json == {"experiments": []}
    assert list((services.settings.data / "blobs").glob("??/*")) == []


def test_a_fork_is_made_by_the_api_and_by_the_page(client, services, app, settings, capsys):
    first = upload(client, TREE).json
    answer = client.post(f"/api/experiments/{first['id']}/fork", json={"name": "mine"})
    assert answer.status_code == 201
    told = client.get(answer.json["url"].replace("/experiments", "/api/experiments")).json
    assert (told["name"], told["models"], told["forked_from"]) == ("mine", 3, first["id"])
    assert client.post(f"/api/experiments/{first['id']}/fork", json={"name": 3}).status_code == 400
    assert client.post(f"/api/experiments/{'A' * 22}/fork").status_code == 404
    with app.server.test_request_context():  # where notices go
        from dash._callback_context import context_value
        from dash._utils import AttributeDict

        context_value.set(AttributeDict(updated_props={}))
        assert forking.forked(0, first["id"]) is no_update
        there = forking.forked(1, first["id"])
        page = by("local", layout_of_one, there.rpartition("/")[2])
        assert "This is the experiment “Fork of tree” now" in str(context_value.get())
        assert "forked from “tree”" in str(page)
        assert first["url"] in str(page)
        client.delete(f"/api/experiments/{first['id']}")
        gone = str(by("local", layout_of_one, there.rpartition("/")[2]))
    assert "forked from “tree”" in gone
    assert first["url"] not in gone
    words = ["experiment", "fork", told["id"], "--data", str(settings.data)]
    assert main(words) == 0
    assert "Fork of mine, forked from “mine”" in capsys.readouterr().out
    assert main([*words, "--user", "eve"]) == 2
    assert "no such experiment" in capsys.readouterr().err


def test_only_who_may_fork_has_the_button_and_sees_whose_it_was(services, client, app):
    key = upload(client, TREE).json["id"]
    sharing = services.store.sharing
    sharing.grant("experiment", key, "user:bob", Role.VIEWER)
    with app.server.test_request_context():
        assert Fork.BUTTON not in str(by("bob", layout_of_one, key))
        sharing.grant("experiment", key, "user:bob", Role.FORKER)
        assert Fork.BUTTON in str(by("bob", layout_of_one, key))
        made = by("bob", services.store.experiments.fork, key)
        assert "forked from “tree” by Paredown" in str(by("bob", layout_of_one, made.id))


def test_what_two_people_write_on_the_same_file_is_not_mixed(services, client):
    key = upload(client, TREE).json["id"]
    row, found = services.experiments.get(key)
    services.store.experiments.edit(key, experiment_edits.with_note(row, found, "a", "mine"), 1)
    services.store.sharing.grant("experiment", key, "user:bob", Role.FORKER)
    fork = by("bob", services.store.experiments.fork, key, "tree")
    held = experiment_edits.with_note(fork, found, "a", "theirs")
    by("bob", services.store.experiments.edit, fork.id, held, 1)
    notes = [by(who, services.experiments.get, id)[1].models[1].notes
             for who, id in (("local", key), ("bob", fork.id))]  # fmt: skip
    assert notes == ["mine", "theirs"]


def test_the_same_file_again_opens_the_first(client):
    first, again = upload(client, TREE).json, upload(client, TREE, "other.json").json
    assert (again["id"], again["name"], again["new"]) == (first["id"], "tree", False)


@pytest.mark.parametrize(
    "sent", [b"{", b"[]", b'{"models": []}', b"\xff\xfe", b"[" * 100_000, b'{"models": 3}']
)
def test_a_file_that_is_none_gets_a_sentence_and_nothing_is_kept(client, services, sent):
    answer = upload(client, sent, "odd\u202e.json".encode().decode("latin-1"))
    assert answer.status_code == 400
    assert answer.json["error"].endswith(".")
    assert services.store.experiments.list() == ()
    assert list((services.settings.data / "blobs").glob("??/*")) == []


def test_the_list_searches_and_sorts(app, client):
    upload(client, TREE, "alpha.json")
    upload(client, generated(40), "beta.json")
    with app.server.app_context():
        drawn = refresh("", "", 50)
        assert "alpha" in str(drawn["rows"])
        assert "2 experiments" in str(drawn["summary"])
        only = refresh("palettize", "", 50)  # an operation, in beta only
        assert "beta" in str(only["rows"])
        assert "alpha" not in str(only["rows"])
        assert only["address"] == "/experiments?q=palettize"
        first = str(refresh("", "models", 50)["rows"])
        assert first.index("alpha") < first.index("beta")
        assert "No experiment matches" in str(refresh("nothing", "", 50)["rows"])


def test_an_empty_list_is_a_first_page(app):
    with app.server.app_context():
        assert "Your experiments will be listed here" in str(layout())


def test_notes_and_flags_are_kept_and_written_back(client, services):
    id = upload(client, TREE).json["id"]
    row, found = services.experiments.get(id)
    text = experiment_edits.with_note(row, found, "a", "  odd run\u202e ")
    row = services.store.experiments.edit(id, text, row.version)
    text = experiment_edits.with_flags(row, found, "a", "chosen, suspect,chosen, ")
    services.store.experiments.edit(id, text, row.version)
    _, found = services.experiments.get(id)
    assert (found.models[1].notes, found.models[1].flags) == ("odd run", ("chosen", "suspect"))
    assert found.frame["notes"].to_list() == ["", "odd run", ""]
    written = client.get(f"/api/experiments/{id}/file").json
    assert written["models"][1]["notes"] == "odd run"
    assert {k: v for k, v in written["models"][1].items() if k not in ("notes", "flags")} == TREE[
        "models"
    ][1]


@pytest.mark.parametrize("model_id", [None, "nobody", 3, ["a"]])
def test_a_note_on_no_model_is_refused(client, services, model_id):
    row, found = services.experiments.get(upload(client, TREE).json["id"])
    with pytest.raises(EngineError, match="no such model"):
        experiment_edits.with_note(row, found, model_id, "x")
    with pytest.raises(EngineError, match="too many flags"):
        experiment_edits.with_flags(row, found, "a", ",".join(map(str, range(20))))
    with pytest.raises(EngineError, match="too long"):
        experiment_edits.with_note(row, found, "a", "x" * 3000)


def test_an_address_comes_back():
    view = ExperimentView(
        experiment_id="x" * 22,
        selection=(1, 2, 3, 9),
        search="prune 50 %",
        conditions=(Condition("m0", "ge", 0.93), Condition("m2", "le", 1.5e5)),
        unknown=("m2",),
        colour="m1",
        size="none",
        by="step",
        collapsed=(4,),
        charts=(("m2", "m0"), ("m3", "m0")),
        log="x",
        dock="table",
        sort="-m0",
    )
    address = build(view)
    path, _, query = address.partition("?")
    from urllib.parse import parse_qs

    assert from_query(path.rsplit("/", 1)[1], parse_qs(query)) == view
    odd = {
        "chart": ["m0", "a.b.c", "x.<"],
        "log": "z",
        "by": "?",
        "where": ["m0.has.tx"],
        "fold": "a",
    }
    assert from_query("x", odd) == ExperimentView(experiment_id="x")


def test_a_report_of_what_the_page_shows(client):
    id = upload(client, TREE).json["id"]
    answer = client.get(
        f"/api/experiments/{id}/report?format=md&sel=1-2.77&where=m1.le.n3&chart=m1.m0"
    )
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == "attachment; filename=tree.md"
    assert "prune" in answer.text
    page = client.get(f"/api/experiments/{id}/report")
    assert page.mimetype == "text/html"
    assert "<script" not in page.text
    crossed = client.get(f"/api/experiments/{id}/report?where=m1.le.n3&where=m1.ge.n5")
    assert crossed.status_code == 400
    assert "lower limit lies above" in crossed.json["error"]
    assert client.get(f"/api/experiments/{'x' * 22}/report").status_code == 404
