"""The command `paredown worker`: carry out jobs, until stopped or idle."""

from __future__ import annotations

import argparse
import signal
from pathlib import Path
from typing import Any

from dashboard.cli_model import say


def add(commands: Any) -> None:
    """Add the command to a parser's."""
    worker = commands.add_parser("worker", help="carry out jobs; `serve` starts one by itself")
    worker.add_argument("--data", type=Path, help="folder that the dashboard uses")
    worker.add_argument(
        "--scheduler", default=None, metavar="ADDRESS",
        help="tls://host:port of a Dask scheduler; without it, processes on this machine",
    )  # fmt: skip
    worker.add_argument("--processes", type=int, help="on this machine (default: processors, ≤ 4)")
    worker.add_argument(
        "--memory", type=int, metavar="BYTES", help="of each process (default 4,000,000,000)"
    )
    worker.add_argument(
        "--idle", type=float, default=None, metavar="S", help="end after so long without work"
    )
    worker.set_defaults(run=_work)


def _work(options: argparse.Namespace) -> int:
    from dashboard.settings import Settings
    from engine.jobs import Cluster, run_worker

    names = ("data", "scheduler", "processes", "memory")
    settings = Settings(**{n: v for n in names if (v := getattr(options, n)) is not None})
    stopped: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda found, _frame: stopped.append(found))
    if options.idle is None:
        say("The worker waits for jobs (stop with Ctrl-C).")
    status = run_worker(
        settings.data,
        lambda told: Cluster(settings.scheduler, settings.processes, settings.memory, told),
        options.idle,
        settings.lease_s,
        lambda: bool(stopped),
    )
    if status:
        say("The worker ended: another holds the jobs, or a process of the cluster is missing.")
    return status
