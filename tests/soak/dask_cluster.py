"""A Dask cluster started by hand: a scheduler and two workers that speak TLS, by commands.

Two `paredown worker` then carry out one batch on it; the first of them is killed in the middle.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.store import Store
from tests.soak.batches import operations
from tests.soak.killed_jobs import (
    PATIENCE_S,
    ROOT,
    UNITS,
    Round,
    descendants,
    done_units,
    environment,
    finished,
    outcome,
    wait,
)

_ROLES = ("SCHEDULER", "WORKER", "CLIENT")


def carried_out(folder: Path) -> Round:
    """A batch of operations on the cluster, one of two `paredown worker` killed in the middle."""
    store = Store(folder)
    try:
        with _cluster(folder) as (address, told):
            job = operations(store, folder, UNITS)
            workers = [_worker(folder, address, told)]
            try:
                wait(store, job.id, lambda row: row.state == "running")  # it holds the lease
                workers.append(_worker(folder, address, told))
                row = wait(store, job.id, lambda row: done_units(row) >= 1)
                at, before = time.monotonic(), done_units(row)
                workers[0].kill()
                wait(store, job.id, lambda row: done_units(row) > before or finished(row))
                resumed = time.monotonic() - at
                row = wait(store, job.id, finished)
                return outcome(store, folder, row, "cluster", resumed)
            finally:
                for child in workers:
                    _end(child)
    finally:
        store.close()


def _worker(folder: Path, address: str, told: dict[str, str]) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "dashboard", "worker", "--scheduler", address]
    return _start(words, folder, told)


@contextmanager
def _cluster(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Scheduler and workers; gives its address and the environment that knows its keys."""
    told = environment(folder) | _keys(folder) | {"PAREDOWN_LEASE_S": "5"}  # it connects in it
    place = folder / "scheduler.json"
    common = ["--host", "127.0.0.1", "--protocol", "tls"]
    parts = [
        ["distributed.cli.dask_scheduler", *common, "--port", "0", "--scheduler-file", str(place),
         "--dashboard-address", "127.0.0.1:0"],
        *[["distributed.cli.dask_worker", "--scheduler-file", str(place), *common, "--nthreads",
           "1", "--nworkers", "1", "--no-dashboard", "--local-directory", str(folder)]] * 2,
    ]  # fmt: skip
    started: list[subprocess.Popen[bytes]] = []
    try:
        for words in parts:
            started.append(_start([sys.executable, "-m", *words], folder, told))
            end = time.monotonic() + PATIENCE_S
            while not (place.exists() and place.stat().st_size):
                if time.monotonic() > end:
                    raise TimeoutError((folder / "cluster.out").read_text()[-2000:])
                time.sleep(0.1)
        yield json.loads(place.read_text())["address"], told
    finally:
        for child in reversed(started):
            _end(child)


def _keys(folder: Path) -> dict[str, str]:
    """One certificate for all roles, as Dask's settings in the environment."""
    from distributed.security import Security

    made = Security.temporary()
    files = {"cert": str(made.tls_scheduler_cert), "key": str(made.tls_scheduler_key)}
    for name, text in files.items():
        (folder / f"tls-{name}.pem").write_text(text)
    lead = "DASK_DISTRIBUTED__COMM__"
    told = {f"{lead}REQUIRE_ENCRYPTION": "True",
            f"{lead}TLS__CA_FILE": str(folder / "tls-cert.pem")}  # fmt: skip
    for role in _ROLES:
        for name in files:
            told[f"{lead}TLS__{role}__{name.upper()}"] = str(folder / f"tls-{name}.pem")
    return told


def _start(words: list[str], folder: Path, told: dict[str, str]) -> subprocess.Popen[bytes]:
    with (folder / "cluster.out").open("ab") as log:
        return subprocess.Popen(
            words, cwd=ROOT, env=told, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip


def _end(child: subprocess.Popen[bytes]) -> None:
    below = descendants(child.pid)
    for pid in (child.pid, *below):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    child.wait()
