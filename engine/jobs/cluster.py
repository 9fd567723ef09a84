"""Processes that run units: Dask `distributed`, on this machine or by an address.

On this machine all ports are on 127.0.0.1 and speak TLS with keys that live in memory: whoever
reaches a port of Dask can run code.  Dask's own HTTP pages are switched off.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable
from typing import Any

from engine.errors import EngineError
from engine.jobs.unit import TOPIC, run_unit

SETTINGS = {
    "distributed.scheduler.allowed-failures": 0,  # attempts are counted in the rows
    "distributed.scheduler.worker-ttl": "30s",
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.worker.multiprocessing-method": "spawn",  # polars hangs after a fork
    "distributed.worker.profile.enabled": False,
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": 0.95,
    "distributed.scheduler.events-cleanup-delay": "1m",
    "distributed.admin.low-level-log-length": 1000,
    "distributed.nanny.pre-spawn-environ": {
        "OMP_NUM_THREADS": 1,
        "MKL_NUM_THREADS": 1,
        "OPENBLAS_NUM_THREADS": 1,
        "POLARS_MAX_THREADS": 1,
        "MALLOC_TRIM_THRESHOLD_": 65536,
    },
}
QUIET = 50  # logging level: nothing; what matters is in the rows

Told = Callable[[str, int, float, str], None]
Ended = Callable[[str], None]


class Cluster:
    """Processes, one unit each at a time.

    Args:
        address: "" for processes on this machine, else of a scheduler, "tls://host:port".
        processes: how many, on this machine.
        memory: bytes that each may use, on this machine.
        told: called, from another thread, with (job id, seq, share, words).

    Raises:
        EngineError: Dask is not installed, or there is no such scheduler.
    """

    def __init__(self, address: str, processes: int, memory: int, told: Told) -> None:
        try:
            import dask.config
            from distributed import Client, LocalCluster
            from distributed.security import Security
        except ImportError as error:
            raise EngineError(
                "Dask is not installed, which carries out jobs",
                try_this="pip install 'paredown[jobs]'",
            ) from error
        dask.config.set(SETTINGS)
        self._local: Any = None
        if not address:
            self._local = LocalCluster(
                n_workers=processes, threads_per_worker=1, processes=True, host="127.0.0.1",
                dashboard_address="127.0.0.1:0", worker_dashboard_address=None,
                memory_limit=memory, silence_logs=QUIET, protocol="tls",
                security=Security.temporary(),
            )  # fmt: skip
        try:
            self._client: Any = (
                Client(self._local, set_as_default=False)
                if self._local
                else Client(address, set_as_default=False, timeout="10s")
            )
        except (OSError, TimeoutError) as error:
            raise EngineError(
                "the scheduler does not answer",
                where=address,
                try_this="its address and certificates (Dask's settings distributed.comm.tls)",
            ) from error
        self._client.subscribe_topic(TOPIC, lambda event: told(*event[1]))
        self._wanted = processes if self._local else 0

    def size(self) -> int:
        """How many units it runs at once."""
        return sum(self._client.nthreads().values())

    def whole(self) -> bool:
        """Whether the scheduler answers and no process is missing."""
        alive = self._client.status == "running" and self._client.scheduler is not None
        return alive and (not self._wanted or self.size() >= self._wanted)

    def submit(self, key: str, args: tuple[Any, ...], ended: Ended) -> Any:
        """Start `run_unit(*args)`.

        Args:
            key: no other submission may have it.
            args: of `run_unit`.
            ended: called, from another thread, with what it returned; "died" when its process
                is gone.
        """
        future = self._client.submit(run_unit, *args, key=key, retries=0, pure=False)

        def over(done: Any) -> None:
            answer = "died"
            if done.status == "finished":
                with contextlib.suppress(Exception):  # a result that got lost: as if it had died
                    answer = str(done.result(timeout=10))
            ended(answer)

        future.add_done_callback(over)
        return future

    def kill(self, future: Any) -> None:
        """Kill the process that runs a unit; its nanny starts another."""
        processing = self._client.processing()
        for address, keys in processing.items():
            if future.key in keys:
                with contextlib.suppress(Exception):  # it may end by itself meanwhile
                    self._client.run(_kill, nanny=True, workers=[address])
        future.cancel()

    def close(self) -> None:
        """Stop the processes that are ours."""
        with contextlib.suppress(Exception):
            self._client.close(timeout=2)
        if self._local is not None:
            with contextlib.suppress(Exception):
                self._local.close(timeout=5)


def _kill(dask_worker: Any) -> None:
    """Runs in the nanny: end the process that it watches."""
    process = dask_worker.process
    if process is not None and process.pid:
        os.kill(process.pid, signal.SIGKILL)
