"""Jobs while processes are killed: what is lost, what is done twice, how long until it goes on.

A batch of units runs on real processes (worker, Dask, server); one of them is killed with -9 in
the middle.  Each unit writes a line when it starts; its effect is one result, by its digest.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.store import JobRow, Store

ROOT = Path(__file__).parents[2]
LEASE_S = 2.0
UNITS, UNIT_S = 6, 0.5
PATIENCE_S = 90.0
VICTIMS = ("process", "worker", "server")
Ask = Callable[[Store, Path, int], JobRow]


@dataclass(frozen=True, slots=True)
class Round:
    """What one kill did.

    Args:
        victim: of `VICTIMS`.
        done: units that are done at the end; starts: how often any was started.
        effects: results that exist.
        resumed_s: from the kill to the next unit that was done.
        state: of the job at the end.
    """

    victim: str
    done: int
    starts: int
    effects: int
    resumed_s: float
    state: str


class Worker:
    """A `paredown worker` on a folder, restarted by us as a supervisor would."""

    def __init__(self, folder: Path, processes: int = 2, memory: int = 1_500_000_000) -> None:
        self.folder, self.processes, self.memory = folder, processes, memory
        self.child = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with (self.folder / "worker.out").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dashboard", "worker"], cwd=ROOT, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
                env=environment(self.folder, self.processes, self.memory),
            )  # fmt: skip

    def watch(self) -> None:
        """Start another where it has ended."""
        if self.child.poll() is not None:
            self.child = self._start()

    def close(self) -> None:
        """End it and its processes."""
        self.child.terminate()
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
        for pid in descendants(self.child.pid):
            os.kill(pid, signal.SIGKILL)


def environment(folder: Path, processes: int = 2, memory: int = 1_500_000_000) -> dict[str, str]:
    """What a worker or a server is told."""
    return {
        **os.environ, "PYTHONPATH": str(ROOT), "PAREDOWN_DATA": str(folder),
        "PAREDOWN_LEASE_S": str(LEASE_S), "PAREDOWN_PROCESSES": str(processes),
        "PAREDOWN_MEMORY": str(memory), "PAREDOWN_DEMO": "0",
        "PAREDOWN_KINDS": "drill=tests.engine.jobs.kinds",
    }  # fmt: skip


def descendants(pid: int) -> list[int]:
    """Processes below a process, the nearest first."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):  # any thread may have started it
        try:
            near = task.read_text().split()
        except OSError:
            continue
        for child in map(int, near):
            found += [child, *descendants(child)]
    return found


def running_units(worker: int) -> list[int]:
    """The processes of Dask in which units run."""
    return [p for p in descendants(worker) if b"--multiprocessing-fork" in _words(p)]


def _words(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def ask(store: Store, folder: Path, units: int = UNITS, **more: Any) -> JobRow:
    """A batch of units that sleep and count their starts."""
    args = [
        {"n": n, "sleep": UNIT_S, "count": str(folder / "starts"), "salt": random.random()} | more
        for n in range(units)
    ]
    return store.jobs.add("drill", "A batch", args, version="1")[0]


def wait(
    store: Store,
    job: str,
    ready: Callable[[JobRow], bool],
    watch: Callable[[], None] = lambda: None,
) -> JobRow:
    """Wait until a job is as wanted.

    Raises:
        TimeoutError: it never was.
    """
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        row = store.jobs.get(job)
        if ready(row):
            return row
        watch()
        time.sleep(0.05)
    raise TimeoutError(f"the job stands at {store.jobs.get(job)}")


def finished(row: JobRow) -> bool:
    """Whether a job is over."""
    return row.finished is not None


def done_units(row: JobRow) -> int:
    """How many of a job's units are done."""
    return sum(unit.state == "done" for unit in row.units)


def rounds(count: int, seed: int = 5, asked: Ask = ask) -> list[Round]:
    """Kill in turn one of the processes that run units, the worker, the server.

    Args:
        count: of rounds.
        seed: of the moments.
        asked: asks for the batch of a round.
    """
    chance = random.Random(seed)
    found = []
    with tempfile.TemporaryDirectory() as name:
        store, worker = Store(Path(name)), Worker(Path(name))
        try:
            for k in range(count):
                victim, after_s = VICTIMS[k % len(VICTIMS)], chance.uniform(0.05, 0.6)
                if victim == "server":
                    with tempfile.TemporaryDirectory() as other:
                        found.append(_server(Path(other), victim, after_s, asked))
                else:
                    found.append(_kill(store, worker, victim, after_s, asked))
        finally:
            worker.close()
            store.close()
    return found


def _worker(folder: Path, victim: str, after_s: float, asked: Ask = ask) -> Round:
    store = Store(folder)
    worker = Worker(folder)
    try:
        return _kill(store, worker, victim, after_s, asked)
    finally:
        worker.close()
        store.close()


def _kill(store: Store, worker: Worker, victim: str, after_s: float, asked: Ask) -> Round:
    folder, held = worker.folder, results(worker.folder)
    job = asked(store, folder, UNITS)
    wait(store, job.id, lambda row: done_units(row) >= 1, worker.watch)
    time.sleep(after_s)
    at, before = time.monotonic(), done_units(store.jobs.get(job.id))
    if victim == "worker":
        os.kill(worker.child.pid, signal.SIGKILL)
    else:
        os.kill(running_units(worker.child.pid)[0], signal.SIGKILL)
    return _outcome(store, folder, job.id, victim, at, before, worker.watch, held)


def _server(folder: Path, victim: str, after_s: float, asked: Ask = ask) -> Round:
    """The web process dies; its worker goes on, or that of the next server takes over."""
    store = Store(folder)
    try:
        job = asked(store, folder, UNITS)
        with serving(folder) as child:
            wait(store, job.id, lambda row: done_units(row) >= 1)
            time.sleep(after_s)
            at, before = time.monotonic(), done_units(store.jobs.get(job.id))
            os.kill(child.pid, signal.SIGKILL)
            return _outcome(store, folder, job.id, victim, at, before, lambda: None)
    finally:
        store.close()


@contextmanager
def serving(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server, which starts a worker for the jobs that it finds."""
    child = subprocess.Popen(
        [sys.executable, "-m", "dashboard", "serve", "--port", "0", "--no-token"], cwd=ROOT,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True, env=environment(folder),
    )  # fmt: skip
    try:
        yield child
    finally:
        for pid in [*descendants(child.pid), child.pid, *_orphans(folder)]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        child.wait()


def _orphans(folder: Path) -> list[int]:
    """Processes that were told this data folder."""
    mark = f"PAREDOWN_DATA={folder}".encode()
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdigit() and int(place.name) != os.getpid():
            try:
                if mark in (place / "environ").read_bytes().split(b"\0"):
                    found.append(int(place.name))
            except OSError:
                continue
    return found


def _outcome(
    store: Store, folder: Path, job: str, victim: str, at: float, before: int,
    watch: Callable[[], None], held: int = 0,
) -> Round:  # fmt: skip
    wait(store, job, lambda row: done_units(row) > before or finished(row), watch)
    resumed = time.monotonic() - at
    row = wait(store, job, finished, watch)
    return outcome(store, folder, row, victim, resumed, held)


def results(folder: Path) -> int:
    """Results that exist."""
    return sum(1 for _ in (folder / "results").glob("??/*.json"))


def outcome(
    store: Store, folder: Path, row: JobRow, victim: str, resumed_s: float, held: int = 0
) -> Round:
    """What stands at the end; of operations and predictions also what their experiment got counts.

    Args:
        store: of the folder.
        folder: the data folder.
        row: the job, finished.
        victim: what was killed.
        resumed_s: until the next unit was done.
        held: results that were there before it.
    """
    starts = sum(u.attempts for u in row.units)
    done, effects = done_units(row), results(folder) - held
    if row.kind == "predict":
        made = len(store.predictions.stored(row.subject)[1])
        done, effects = min(done, made), max(effects, made)
    elif row.subject:
        own = [c for c in store.offspring.list(row.subject) if c.job_id == row.id]
        sized = sum(c.state == "done" and bool(c.entry["metrics"].get("Size")) for c in own)
        done, effects = min(done, sized), max(effects, len(own))
    return Round(victim, done, starts, effects, resumed_s, row.state)
