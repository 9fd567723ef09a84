"""Stage F, line 5: kill -9 in the middle of a batch, 20 rounds; bad units; cancelling."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from engine.store import MAX_ATTEMPTS, JobRow, Store
from tests.acceptance.line import Line, judged
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


def measure(count: int = ROUNDS) -> Seen:
    """Kill, and look."""
    return Seen(tuple(rounds(count)), _bad())


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
    slowest = {v: max((r.resumed_s for r in seen.rounds if r.victim == v), default=0.0)
               for v in VICTIMS}  # fmt: skip
    again = sum(r.starts - UNITS for r in seen.rounds)
    words = "; ".join(f"{v} {s:.1f} s" for v, s in slowest.items())
    bad = seen.bad
    alone = all(u.state == "done" and u.attempts == 1 for u in bad.good.units)
    dead = [(j.state, j.units[0].attempts) for j in (bad.poison, bad.eater)]
    return (
        judged("5a", f"kill -9 amid a batch of {UNITS} units, {len(seen.rounds)} rounds",
               f"lost {lost}, done twice {twice}", "0, 0",
               len(seen.rounds) >= ROUNDS and lost == 0 and twice == 0
               and all(r.state == "done" for r in seen.rounds),
               [f"until the next unit was done, at worst: {words}; {again} units started again"]),
        judged("5b", "a unit that kills its process, one that eats memory: attempts, neighbours",
               f"{dead[0][1]} and {dead[1][1]} attempts; neighbours "
               f"{sum(u.state == 'done' for u in bad.good.units)} of {len(bad.good.units)} done",
               f"{MAX_ATTEMPTS} attempts, all", alone and dead == [("failed", MAX_ATTEMPTS)] * 2,
               [j.units[0].words for j in (bad.poison, bad.eater)]),
        judged("5c", "cancelling takes effect: a unit that listens, one that is deaf",
               ", ".join(f"{s:.1f} s" for s in bad.cancel_s), f"≤ {CANCEL_S:.0f} s",
               max(bad.cancel_s) <= CANCEL_S),
    )  # fmt: skip
