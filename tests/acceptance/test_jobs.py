"""Each verdict on jobs can fail: planted losses, doubles, victims and slow cancelling."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.store import MAX_ATTEMPTS, Store
from tests.acceptance import jobs
from tests.acceptance.line import MET, NOT_MET
from tests.soak.killed_jobs import UNITS, VICTIMS, Round


@pytest.fixture
def seen(tmp_path):
    store = Store(tmp_path)

    def job(n, ended, attempts, state):
        row, _ = store.jobs.add("drill", "x", [{"n": n}], version="1")
        unit = replace(row.units[0], attempts=attempts, state=ended, words="its process died")
        return replace(row, units=(unit,), state=state)

    failed = [job(n, "failed", MAX_ATTEMPTS, "failed") for n in (1, 2)]
    bad = jobs.Bad(*failed, job(3, "done", 1, "done"), (0.3, 2.4))
    rounds = tuple(
        Round(VICTIMS[k % 3], UNITS, UNITS + 1, UNITS, 2.0, "done") for k in range(jobs.ROUNDS)
    )
    yield jobs.Seen(rounds, bad, Round("cluster", UNITS, UNITS + 2, UNITS, 6.0, "done"))
    store.close()


def verdicts(seen):
    return {line.id: line.verdict for line in jobs.judge(seen)}


def test_what_is_well_is_met(seen):
    assert verdicts(seen) == {"5a": MET, "5b": MET, "5c": MET, "5d": MET}


@pytest.mark.parametrize(
    "fault", [{"done": UNITS - 1}, {"effects": UNITS + 1}, {"state": "failed"}]
)
def test_a_loss_a_double_and_a_failed_job_are_not(seen, fault):
    first, *rest = seen.rounds
    assert verdicts(replace(seen, rounds=(replace(first, **fault), *rest)))["5a"] == NOT_MET


def test_too_few_rounds_are_not(seen):
    assert verdicts(replace(seen, rounds=seen.rounds[:-1]))["5a"] == NOT_MET


def test_neighbours_that_suffer_and_endless_attempts_are_not(seen):
    hurt = replace(seen.bad.good, units=(replace(seen.bad.good.units[0], attempts=2),))
    assert verdicts(replace(seen, bad=replace(seen.bad, good=hurt)))["5b"] == NOT_MET
    more = replace(seen.bad.poison, units=(replace(seen.bad.poison.units[0], attempts=4),))
    assert verdicts(replace(seen, bad=replace(seen.bad, poison=more)))["5b"] == NOT_MET


def test_slow_cancelling_is_not(seen):
    assert verdicts(replace(seen, bad=replace(seen.bad, cancel_s=(0.1, 3.1))))["5c"] == NOT_MET


@pytest.mark.parametrize(
    "fault", [{"done": UNITS - 1}, {"effects": UNITS + 1}, {"state": "running"}]
)
def test_a_cluster_that_loses_or_doubles_is_not(seen, fault):
    assert verdicts(replace(seen, cluster=replace(seen.cluster, **fault)))["5d"] == NOT_MET


def test_the_time_to_resume_is_told_by_half_and_worst(seen):
    slow = replace(seen.rounds[0], resumed_s=9.0)
    line = jobs.judge(replace(seen, rounds=(slow, *seen.rounds[1:])))[0]
    assert "process 2.0 and 9.0 s" in str(line)
