"""Jobs as rows: asked for, claimed, fenced, tried again, cancelled; by one worker at a time."""

from __future__ import annotations

import pytest

from engine.errors import EngineError
from engine.store import MAX_ATTEMPTS, Fenced, Store
from engine.store.jobs import MAX_ACTIVE
from tests.acting import by


@pytest.fixture
def store(tmp_path):
    with_jobs = Store(tmp_path)
    yield with_jobs
    with_jobs.close()


def ask(store, *units, kind="sleep", owner="local", title="A job"):
    return by(owner, store.jobs.add, kind, title, units or ({"n": 1},), version="1")


@pytest.fixture
def work(store):
    found = store.work("first", 60.0)
    assert found.take()
    return found


def test_a_job_is_its_units_and_done_with_the_last(store, work):
    job, new = ask(store, {"n": 1}, {"n": 2})
    assert new
    assert (job.state, job.share) == ("queued", 0.0)
    first, second = work.claim(5)
    assert store.jobs.get(job.id).state == "running"
    work.told({(job.id, 0): (0.5, "half way")})
    row = store.jobs.get(job.id)
    assert (row.share, row.units[0].words) == (0.25, "half way")
    work.done(job.id, first.unit.seq, {"n": 1})
    assert store.jobs.get(job.id).state == "running"
    work.done(job.id, second.unit.seq, {"n": 2})
    row = store.jobs.get(job.id)
    assert (row.state, row.share, [u.result for u in row.units]) == (
        "done",
        1.0,
        [{"n": 1}, {"n": 2}],
    )
    assert row.finished is not None
    assert store.jobs.active() == 0


def test_the_same_asked_twice_is_one_job_while_it_is_under_way(store, work):
    job, _ = ask(store)
    assert ask(store) == (job, False)
    (claimed,) = work.claim(1)
    assert ask(store)[0].id == job.id
    work.done(job.id, claimed.unit.seq, {})
    assert ask(store)[1]
    other, new = ask(store, owner="another")
    assert new
    assert other.units[0].digest == job.units[0].digest  # one result serves both


def test_a_unit_whose_process_dies_is_tried_three_times(store, work):
    job, _ = ask(store, {"n": 1}, {"n": 2})
    poison = None
    for attempt in range(MAX_ATTEMPTS):
        claimed = next(c for c in work.claim(5) if c.unit.seq == 0)
        poison = work.died(job.id, claimed.unit.seq, "its process died")
        assert poison == (attempt == MAX_ATTEMPTS - 1)
    work.done(job.id, 1, {})
    row = store.jobs.get(job.id)
    assert (row.state, row.units[0].attempts, row.units[1].attempts) == ("failed", 3, 1)
    assert row.units[0].words == "its process died"


def test_a_fault_is_not_tried_again(store, work):
    job, _ = ask(store)
    work.claim(1)
    work.failed(job.id, 0, "The data has no labels.")
    row = store.jobs.get(job.id)
    assert (row.state, row.units[0].words) == ("failed", "The data has no labels.")
    assert work.claim(1) == []


def test_who_lost_the_lease_can_change_nothing(store):
    old = store.work("old", 0.0)
    assert old.take()
    job, _ = ask(store)
    old.claim(1)
    new = store.work("new", 60.0)
    assert new.take()
    for late in (
        lambda: old.done(job.id, 0, {}), lambda: old.claim(1), old.renew,
        lambda: old.told({(job.id, 0): (1.0, "")}), lambda: old.failed(job.id, 0, "late"),
    ):  # fmt: skip
        with pytest.raises(Fenced):
            late()
    old.release()  # of another's lease: nothing
    assert not store.work("third").take()
    row = store.jobs.get(job.id)
    assert (row.state, row.units[0].state, row.units[0].words) == (
        "queued", "queued", "the worker was stopped; tried again")  # fmt: skip
    (claimed,) = new.claim(1)
    assert claimed.unit.attempts == 2


def test_cancelling_stops_what_waits_at_once_and_names_what_runs(store, work):
    job, _ = ask(store, {"n": 1}, {"n": 2})
    work.claim(1)
    row = store.jobs.cancel(job.id)
    assert [u.state for u in row.units] == ["running", "cancelled"]
    assert work.to_cancel() == [(job.id, 0)]
    assert work.claim(5) == []
    work.cancelled(job.id, 0)
    assert store.jobs.get(job.id).state == "cancelled"
    assert store.jobs.cancel(job.id).state == "cancelled"  # once more: nothing


def test_a_job_that_never_started_is_cancelled_at_once(store):
    job, _ = ask(store)
    assert store.jobs.cancel(job.id).state == "cancelled"


def test_a_cancelled_unit_whose_process_dies_is_not_tried_again(store, work):
    job, _ = ask(store)
    work.claim(1)
    store.jobs.cancel(job.id)
    work.died(job.id, 0, "its process died")
    assert store.jobs.get(job.id).state == "cancelled"


def test_who_has_many_running_waits_for_who_has_few(store, work):
    ask(store, *({"n": n} for n in range(6)), owner="many")
    ask(store, {"n": 1}, {"n": 2}, owner="few")
    assert [c.owner for c in work.claim(4)] == ["many", "few", "many", "few"]


def test_others_do_not_see_it(store):
    job, _ = ask(store, owner="one")
    with pytest.raises(EngineError, match="there is no such job"):
        by("two", store.jobs.get, job.id)
    with pytest.raises(EngineError, match="there is no such job"):
        by("two", store.jobs.cancel, job.id)
    assert by("two", store.jobs.list) == ()
    assert [j.id for j in by("one", store.jobs.list)] == [job.id]


@pytest.mark.parametrize("units", [(), [{"n": n} for n in range(1001)]])
def test_a_job_has_some_units(store, units):
    with pytest.raises(EngineError, match="a job has some units"):
        store.jobs.add("sleep", "none", units, version="1")


def test_one_owner_cannot_flood_the_rows(store):
    for n in range(MAX_ACTIVE):
        ask(store, {"n": n})
    with pytest.raises(EngineError, match="too many jobs are under way"):
        ask(store, {"n": "more"})
    assert ask(store, {"n": 0})[1] is False  # what is under way is found
    assert ask(store, owner="another")[1]
