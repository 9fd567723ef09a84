"""Real processes killed in the middle of a batch: nothing lost, nothing done twice.

One kill here; `make soak` adds a worker, a server and bad units, acceptance F has twenty rounds.
"""

from __future__ import annotations

import time

import pytest

from engine.store import MAX_ATTEMPTS, Store
from tests.soak import killed_jobs
from tests.soak.batches import operations, predictions
from tests.soak.dask_cluster import carried_out
from tests.soak.killed_jobs import UNITS, Worker, ask, finished, wait

pytestmark = pytest.mark.long
LATER = [pytest.param(victim, marks=pytest.mark.soak) for victim in ("worker", "server")]


@pytest.mark.parametrize("victim", ["process", *LATER])
def test_a_batch_survives_a_kill(tmp_path, victim):
    play = killed_jobs._server if victim == "server" else killed_jobs._worker
    found = play(tmp_path, victim, 0.2)
    assert (found.state, found.done, found.effects) == ("done", UNITS, UNITS)
    assert found.starts <= UNITS + 2  # what was running on two processes ran again


@pytest.mark.soak
@pytest.mark.parametrize("asked", [operations, predictions])
@pytest.mark.parametrize("victim", ["process", "worker"])
def test_a_batch_of_operations_survives_a_kill(tmp_path, victim, asked):
    found = killed_jobs._worker(tmp_path, victim, 0.2, asked)
    assert (found.state, found.done, found.effects) == ("done", UNITS, UNITS)


@pytest.mark.soak
@pytest.mark.parametrize("turn", [1, 2])
def test_two_workers_on_a_cluster_over_tls_do_each_operation_once(tmp_path, turn):
    found = carried_out(tmp_path)
    assert (found.state, found.done, found.effects) == ("done", UNITS, UNITS), turn


@pytest.mark.soak
def test_bad_units_die_alone_and_what_is_deaf_is_stopped(tmp_path):
    store = Store(tmp_path)
    worker = Worker(tmp_path, memory=400_000_000)
    try:
        poison = ask(store, tmp_path, 1, die=True)
        eater = ask(store, tmp_path, 1, eat=3_000_000_000)
        good = ask(store, tmp_path, 4)
        deaf = ask(store, tmp_path, 1, sleep=60.0, deaf=True)
        row = wait(store, good.id, finished, worker.watch)
        assert (row.state, [u.attempts for u in row.units]) == ("done", [1, 1, 1, 1])
        for bad in (poison, eater):
            row = wait(store, bad.id, finished, worker.watch)
            assert (row.state, row.units[0].attempts) == ("failed", MAX_ATTEMPTS)
            assert row.units[0].words == "its process died"
        wait(store, deaf.id, lambda row: row.units[0].state == "running", worker.watch)
        began = time.monotonic()
        store.jobs.cancel(deaf.id)
        assert wait(store, deaf.id, finished, worker.watch).state == "cancelled"
        assert time.monotonic() - began < 10  # 3 s by itself; the machine of the tests is shared
    finally:
        worker.close()
        store.close()
