"""What the queries ask for themselves, behind the gate: another person may have come meanwhile."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.access.tokens import Tokens
from dashboard.pages.model import making
from dashboard.queries import offspring, operate
from dashboard.urls import View
from engine.errors import EngineError
from engine.store import Principal, Refused, Role
from tests.acting import by
from tests.dashboard.test_jobs import data_url
from tests.dashboard.test_operate import filed, key, npz  # noqa: F401

OWNER, BOB = Principal("local"), Principal("bob")
INT4 = '{"version": 1, "rules": [{"where": {}, "set": {"weights": "int4"}}]}'


@pytest.fixture
def store(services):
    by(BOB, services.store.sharing.seen)
    return services.store


def joined(store, kind, id, role):
    """Bob opened a link to an object of another's, which keeps the files back."""
    by(BOB, store.sharing.join, store.sharing.link(kind, id, role).id)


def test_who_may_not_edit_an_experiment_has_nothing_run_in_it(services, store, filed):  # noqa: F811
    joined(store, "experiment", filed, Role.FORKER)
    row, found = by(BOB, services.experiments.get, filed)
    with pytest.raises(Refused):
        by(BOB, operate.run, store, row, found, "root", "prune", {"amount": "50"}, False)
    with pytest.raises(Refused):
        by(BOB, operate.judge, store, row, found, "root", True, False)
    with pytest.raises(Refused):
        by(BOB, services.predictions.import_file, filed, "root", npz(scores=[[1.0]]), "p.npz")
    assert by(BOB, store.jobs.list) == ()


def test_files_that_a_link_keeps_back_do_not_come_another_way(services, store, filed):  # noqa: F811
    joined(store, "experiment", filed, Role.FORKER)
    row, found = by(BOB, services.experiments.get, filed)
    assert by(BOB, offspring.file_address, store, row, "root") == ""
    with pytest.raises(Refused, match="files"):
        by(BOB, offspring.opened, store, row, found, "root")
    assert by(BOB, store.models) == ()
    store.sharing.grant("experiment", filed, "user:bob", Role.FORKER)
    assert by(BOB, offspring.file_address, store, row, "root")
    assert by(BOB, offspring.opened, store, row, found, "root").owner == "bob"


def test_who_has_no_files_of_a_model_makes_none_of_it(services, store, add):
    id = add()
    joined(store, "model", id, Role.FORKER)
    view = View(id, target="phone-npu", recipe=INT4)
    with pytest.raises(Refused, match="files"):
        by(BOB, services.jobs.make, view, "int4", "", False)
    with pytest.raises(EngineError, match="no such model"):
        by(Principal("eve"), services.jobs.make, view, "int4", "", False)
    assert by(BOB, store.jobs.list) == ()


def test_the_data_of_the_demo_is_there_for_whoever_asks_first(services, store):
    services.experiments._add_demo()
    row = by(BOB, store.experiments.list)[0]
    fork = by(BOB, store.experiments.fork, row.id)
    assert by(BOB, services.predictions.available, row.id)[0].runs
    assert by(BOB, services.predictions.available, fork.id)[0].runs


def test_the_digest_of_a_file_opens_it_for_who_sent_it_alone(app, add):
    id = add()
    contents = data_url(x=np.zeros((3, 3, 16, 16), np.float32))
    with app.server.app_context():
        held, words = making.keep_samples(id, contents, "some.npz")
    assert words == "3 samples of some.npz"
    signing = app.server.extensions["paredown.tokens"]
    digest = signing.file_of(held, "local")
    assert len(digest) == 64
    forged = (
        digest,
        f"{digest}.",
        f"{digest}.x",
        f"{digest}.\u00e9",
        signing.of_link(digest),
        None,
    )
    assert [signing.file_of(f, "local") for f in forged] == [""] * len(forged)
    assert signing.file_of(held, "bob") == "" == Tokens("o" * 40).file_of(held, "local")
