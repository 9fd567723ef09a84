"""The worker against hands of our own: order, results, deaths, cancelling, a broken cluster."""

from __future__ import annotations

import json
import threading
import time

import pytest

from engine.jobs import run_worker
from engine.jobs.place import flag, write_result
from engine.jobs.unit import run_unit
from engine.jobs.worker import BROKEN, FENCED, FINISHED
from engine.store import MAX_ATTEMPTS, Store


class Hands:
    """Runs units in threads of this process; `script` says what becomes of those that it names."""

    def __init__(self, script=None, size=2, whole=True):
        self.script, self.count, self.sound = script or {}, size, whole
        self.started, self.killed = [], []

    def open(self, told):
        self.told = told
        return self

    def size(self):
        return self.count

    def whole(self):
        return self.sound

    def submit(self, key, args, ended):
        n = json.loads(args[4]).get("n")
        self.started.append(n)

        def work():
            what = self.script.get(n)
            if what == "hang":
                return
            if callable(what):
                what(args)
                what = None
            ended(what if isinstance(what, str) else run_unit(*args))

        threading.Thread(target=work, daemon=True).start()
        return key, ended

    def kill(self, future):
        self.killed.append(future[0])
        future[1]("died")

    def close(self):
        pass


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("PAREDOWN_KINDS", "drill=tests.engine.jobs.kinds")
    found = Store(tmp_path)
    yield found
    found.close()


def ask(store, *units, kind="drill"):
    return store.jobs.add(kind, "A job", units, version="1")[0]


def work(folder, hands, idle_s=0.5, **more):
    return run_worker(folder, hands.open, idle_s, lease_s=2.0, **more)


def test_units_are_carried_out_and_the_worker_ends_when_idle(store, tmp_path):
    job = ask(store, {"n": 1}, {"n": 2}, {"n": 3})
    hands = Hands()
    assert work(tmp_path, hands) == FINISHED
    row = store.jobs.get(job.id)
    assert row.state == "done"
    assert [u.result for u in row.units] == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert store.work("next").take()  # the lease was given back


def test_what_was_done_before_is_not_done_again(store, tmp_path):
    count = tmp_path / "starts"
    unit = {"n": 1, "count": str(count)}
    for _ in range(2):
        job = ask(store, unit)
        work(tmp_path, Hands())
        assert store.jobs.get(job.id).state == "done"
    assert count.read_text() == "1\n"


def test_deaths_and_faults_do_not_touch_their_neighbours(store, tmp_path):
    job = ask(store, {"n": 1}, {"n": 2, "fail": True}, {"n": 3})
    hands = Hands({1: "died"})
    work(tmp_path, hands)
    poison, fault, good = store.jobs.get(job.id).units
    assert (poison.state, poison.attempts) == ("failed", MAX_ATTEMPTS)
    assert (fault.state, fault.attempts, fault.words) == ("failed", 1, "this unit cannot be done.")
    assert (good.state, good.attempts) == ("done", 1)


def test_a_process_that_died_after_its_result_was_written_is_done(store, tmp_path):
    job = ask(store, {"n": 1})

    def late(args):
        write_result(tmp_path, args[5], {"n": 9})

    hands = Hands({1: late})
    work(tmp_path, hands)
    assert store.jobs.get(job.id).units[0].result == {"n": 9}


def test_a_kind_without_code_fails_with_a_sentence(store, tmp_path):
    job = ask(store, {"n": 1}, kind="nonsense")
    work(tmp_path, Hands())
    assert "no code for this kind of job" in store.jobs.get(job.id).units[0].words


def test_progress_reaches_the_row(store, tmp_path):
    job = ask(store, {"n": 1})
    seen = []
    hands = Hands()

    def half(_args):
        hands.told(job.id, 0, 0.5, "half way")
        end = time.monotonic() + 5
        while not seen and time.monotonic() < end:
            unit = store.jobs.get(job.id).units[0]
            if unit.share:
                seen.append((unit.share, unit.words))
            time.sleep(0.02)

    hands.script[1] = half
    work(tmp_path, hands)
    assert seen == [(0.5, "half way")]


def test_a_unit_that_listens_stops_by_its_flag(store, tmp_path):
    job = ask(store, {"n": 1, "sleep": 30})
    hands = Hands()
    threading.Timer(0.5, lambda: store.jobs.cancel(job.id)).start()
    began = time.monotonic()
    work(tmp_path, hands)
    assert time.monotonic() - began < 3
    assert store.jobs.get(job.id).state == "cancelled"
    assert hands.killed == []
    assert not flag(tmp_path, job.id).exists()


def test_a_unit_that_is_deaf_is_killed_after_a_grace(store, tmp_path):
    job = ask(store, {"n": 1})
    hands = Hands({1: "hang"})
    threading.Timer(0.3, lambda: store.jobs.cancel(job.id)).start()
    began = time.monotonic()
    work(tmp_path, hands)
    assert time.monotonic() - began < 4.5
    assert store.jobs.get(job.id).state == "cancelled"
    assert len(hands.killed) == 1


def test_a_second_worker_waits_and_goes(store, tmp_path):
    held = store.work("first", 60.0)
    assert held.take()
    ask(store, {"n": 1})
    hands = Hands()
    done = time.monotonic() + 1
    assert work(tmp_path, hands, stopped=lambda: time.monotonic() > done) == FINISHED
    assert hands.started == []


def test_a_worker_that_slept_through_its_lease_ends(store, tmp_path):
    job = ask(store, {"n": 1})

    def overtaken(_args):
        with store._database.writing() as connection:
            connection.exec_driver_sql("UPDATE leases SET epoch = epoch + 1")

    assert work(tmp_path, Hands({1: overtaken})) == FENCED
    assert store.jobs.get(job.id).units[0].state == "running"  # the next one's now


def test_a_cluster_that_lacks_a_process_ends_the_worker(store, tmp_path, monkeypatch):
    monkeypatch.setattr("engine.jobs.worker.MISSING_S", 0.3)
    ask(store, {"n": 1})
    assert work(tmp_path, Hands({1: "hang"}, whole=False)) == BROKEN
