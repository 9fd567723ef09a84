"""Stage F, line 5: kill -9 amid a batch of operations, 20 rounds; bad units; a Dask cluster."""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from engine.store import MAX_ATTEMPTS, JobRow, Store
from tests.acceptance.line import Line, judged
from tests.soak.batches import operations
from tests.soak.dask_cluster import carried_out
from tests.soak.killed_jobs import (
    UNITS,
    VICTIMS,
    Round,
    Worker,
    ask,
    finished,
    rounds,
    wait,
)

ROUNDS = 20
CANCEL_S = 3.0
HUNGRY = 3_000_000_000  # bytes that a unit takes, of the 0.4 GB that its process may have


@dataclass(frozen=True, slots=True)
class Bad:
    """How units fared that kill their process, eat memory, or do not listen; and their neighbours.

    Args:
        poison, eater, good: the jobs at their end.
        cancel_s: from cancelling until the rows say so: of a unit that listens, of one that is
            deaf.
    """

    poison: JobRow
    eater: JobRow
    good: JobRow
    cancel_s: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was measured."""

    rounds: tuple[Round, ...]
    bad: Bad
    cluster: Round


def measure(count: int = ROUNDS) -> Seen:
    """Kill, and look."""
    with tempfile.TemporaryDirectory() as name:
        cluster = carried_out(Path(name))
    return Seen(tuple(rounds(count, asked=operations)), _bad(), cluster)


def _bad() -> Bad:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store, worker = Store(folder), Worker(folder, memory=400_000_000)
        try:
            poison = ask(store, folder, 1, die=True)
            eater = ask(store, folder, 1, eat=HUNGRY)
            good = ask(store, folder, 4)
            ended = [wait(store, j.id, finished, worker.watch) for j in (poison, eater, good)]
            spent = []
            for deaf in (False, True):
                job = ask(store, folder, 1, sleep=60.0, deaf=deaf)
                wait(store, job.id, lambda row: row.units[0].state == "running", worker.watch)
                time.sleep(1.0)
                began = time.monotonic()
                store.jobs.cancel(job.id)
                wait(store, job.id, finished, worker.watch)
                spent.append(time.monotonic() - began)
            return Bad(*ended, (spent[0], spent[1]))
        finally:
            worker.close()
            store.close()


def judge(seen: Seen) -> tuple[Line, ...]:
    """Line 5."""
    lost = sum(UNITS - r.done for r in seen.rounds)
    twice = sum(max(0, r.effects - UNITS) for r in seen.rounds)
    again = sum(r.starts - UNITS for r in seen.rounds)
    words = "; ".join(f"{v} {_spread(seen, v)}" for v in VICTIMS)
    bad, two = seen.bad, seen.cluster
    alone = all(u.state == "done" and u.attempts == 1 for u in bad.good.units)
    dead = [(j.state, j.units[0].attempts) for j in (bad.poison, bad.eater)]
    return (
        judged("5a", f"kill -9 amid a batch of {UNITS} operations, {len(seen.rounds)} rounds",
               f"lost {lost}, done twice {twice}", "0, 0",
               len(seen.rounds) >= ROUNDS and lost == 0 and twice == 0
               and all(r.state == "done" for r in seen.rounds),
               [f"next one done after, half and worst: {words}; {again} starts beyond the first"]),
        judged("5b", "a unit that kills its process, one that eats memory: attempts, neighbours",
               f"{dead[0][1]} and {dead[1][1]} attempts; neighbours "
               f"{sum(u.state == 'done' for u in bad.good.units)} of {len(bad.good.units)} done",
               f"{MAX_ATTEMPTS} attempts, all", alone and dead == [("failed", MAX_ATTEMPTS)] * 2,
               [j.units[0].words for j in (bad.poison, bad.eater)]),
        judged("5c", "cancelling takes effect: a unit that listens, one that is deaf",
               ", ".join(f"{s:.1f} s" for s in bad.cancel_s), f"≤ {CANCEL_S:.0f} s",
               max(bad.cancel_s) <= CANCEL_S),
        judged("5d", "two workers by hand on a Dask cluster over TLS, one of them killed amid",
               f"lost {UNITS - two.done}, done twice {max(0, two.effects - UNITS)}", "0, 0",
               (two.state, two.done, two.effects) == ("done", UNITS, UNITS),
               [f"the next unit was done after {two.resumed_s:.1f} s; "
                f"{two.starts - UNITS} starts beyond the first"]),
    )  # fmt: skip


def _spread(seen: Seen, victim: str) -> str:
    """Half of the rounds resumed within the first figure, all within the second."""
    found = sorted(r.resumed_s for r in seen.rounds if r.victim == victim) or [0.0]
    return f"{statistics.median(found):.1f} and {found[-1]:.1f} s"
