"""The sums over what people did: right, without names, and in nobody's way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.store import Feature, Principal, Store, Verb
from engine.store.tables import EVENTS
from tests.acting import by
from tests.engine.store.conftest import NET


def put(store, folder, origin="upload"):
    file = folder / "brought.onnx"
    file.write_bytes(origin.encode())
    return store.add(file, NET, origin=origin)[0]


def tree(store, folder, origin="upload"):
    file = folder / "tree.json"
    file.write_bytes(b"{}")
    return store.experiments.add(file, name="t", model_count=1, summary={}, origin=origin)


def job(store):
    return store.jobs.add("sleep", "A job", ({"n": 1},), version="1")


def done(store):
    return {f.verb: f.total for f in store.usage.report().features}


def made(store, folder):
    return store.analyses.create(put(store, folder, "compressed").id, "plan", "r1").id


# verb -> what does it, the second time included where that does nothing new
DOING = {
    Verb.MODEL: lambda store, folder: (put(store, folder), put(store, folder)),
    Verb.EXPERIMENT: lambda store, folder: (tree(store, folder), tree(store, folder)),
    Verb.SAVED: lambda store, folder: store.analyses.checkpoint(made(store, folder), "first", "r2"),
    Verb.FORKED: lambda store, folder: store.analyses.fork(made(store, folder), "mine"),
    Verb.JOB: lambda store, folder: (job(store), job(store)),
}


@pytest.mark.parametrize("verb", DOING)
def test_what_is_done_is_noted_once(store, tmp_path, verb):
    DOING[verb](store, tmp_path)
    assert done(store) == {str(verb): 1}


def test_the_demo_is_nobodys_doing(store, tmp_path):
    put(store, tmp_path, "demo")
    tree(store, tmp_path, "demo")
    found = store.usage.report()
    assert (done(store), found.days, found.people, found.since) == ({}, (), 0, None)


def test_nothing_is_noted_where_that_is_not_wanted(tmp_path):
    store = Store(tmp_path / "quiet", notes=False)
    put(store, tmp_path)
    store.usage.note(Verb.SHARED)
    assert done(store) == {}
    store.close()


def test_what_cannot_be_noted_is_done_all_the_same(store, tmp_path):
    with store._database.writing() as connection:
        connection.execute(sa.text("DROP TABLE events"))
    DOING[Verb.FORKED](store, tmp_path)
    assert {a.name for a in store.analyses.list(store.models()[0].id)} == {"mine", "plan"}


def test_people_who_submit_are_a_share_of_all(store, tmp_path):
    for name in ("ana", "bob", "tester"):
        by(name, store.sharing.seen)
    by("ana", put, store, tmp_path)
    by("tester", store.usage.note, Verb.SHARED)
    by(Principal("", link="l"), store.usage.note, Verb.EMBED_OPENED)
    found = store.usage.report(("tester",))
    assert (found.people, found.submitters, found.share) == (2, 1, 0.5)
    assert found.features == (
        Feature("embed opened", 1, 1, 0, 0), Feature("model uploaded", 1, 1, 0, 1)
    )  # fmt: skip
    assert [m[1:] for m in found.months] == [(2, 1)]
    assert "ana" not in str(found)
    assert [f.verb for f in store.usage.report().features][2:] == ["shared"]


def test_one_person_on_their_own_machine_counts_as_one(store, tmp_path):
    put(store, tmp_path)
    found = store.usage.report()
    assert (found.people, found.submitters, [d[1:] for d in found.days]) == (1, 1, [(1, 1)])
    assert store.usage.report(("local",)).days == ()


def test_counts_are_of_the_last_30_days_and_those_before(store):
    for days in (1, 31, 61):
        store.usage.note(Verb.SAVED)
        time = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="microseconds")
        with store._database.writing() as connection:
            newest = sa.select(sa.func.max(EVENTS.c.id)).scalar_subquery()
            connection.execute(sa.update(EVENTS).where(EVENTS.c.id == newest).values(time=time))
    (found,) = store.usage.report().features
    assert found == Feature("analysis saved", 3, 1, 1, 1)
    assert (store.usage.forget(60), done(store)) == (1, {"analysis saved": 2})


def test_old_notes_are_forgotten(store):
    store.usage.note("upload")
    assert (store.usage.forget(1), store.usage.forget(-1)) == (0, 1)


def test_a_note_that_cannot_be_kept_is_none(store):
    store.close()
    store.usage._database.path.unlink()
    store.usage._database.path.mkdir()
    store.usage.note("upload")
