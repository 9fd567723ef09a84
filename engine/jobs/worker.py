"""The worker: holds the lease, hands units to a cluster, writes what became of them.

It repairs nothing: without its lease, its scheduler or one of its processes it ends, and whoever
started it starts the next, which finds everything in the rows.
"""

from __future__ import annotations

import json
import queue
import secrets
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from engine.jobs.landing import land
from engine.jobs.place import flag, read_result
from engine.store import Claimed, Fenced, Principal, Store, Work, act_as

BEAT_S = 0.2
GRACE_S = 2.0  # for a unit to stop by itself
MISSING_S = 10.0  # that a process of the cluster may be missing
FINISHED, FENCED, BROKEN = 0, 3, 5  # exit statuses

Key = tuple[str, int]


class Hands(Protocol):
    """What the worker asks of a cluster; see `cluster.Cluster`."""

    def size(self) -> int:
        """Units at once."""

    def whole(self) -> bool:
        """Whether nothing is missing."""

    def submit(self, key: str, args: tuple[Any, ...], ended: Callable[[str], None]) -> Any:
        """Start a unit."""

    def kill(self, future: Any) -> None:
        """Stop a unit's process."""

    def close(self) -> None:
        """Stop all."""


Open = Callable[[Callable[[str, int, float, str], None]], Hands]


def run_worker(
    folder: Path, open_hands: Open, idle_s: float | None = None, lease_s: float = 15.0,
    stopped: Callable[[], bool] = lambda: False,
) -> int:  # fmt: skip
    """Carry out jobs until stopped, or until there was nothing to do for a while.

    Args:
        folder: the data folder.
        open_hands: makes the cluster, once there is a lease and something to do.
        idle_s: end after so long without work; None never.
        lease_s: of the lease; a worker that dies is replaced after it.
        stopped: asked at every beat.

    Returns:
        An exit status: `FINISHED`, `FENCED` (another has taken over), `BROKEN` (the cluster lacks
        a process, or its scheduler).
    """
    store = Store(folder)
    work = store.work(secrets.token_hex(8), lease_s)
    try:
        began = time.monotonic()
        while not work.take():
            if stopped() or (idle_s is not None and time.monotonic() - began > idle_s + lease_s):
                return FINISHED
            time.sleep(min(BEAT_S, lease_s / 8))
        return _Worker(store, folder, work, open_hands, idle_s, stopped).run()
    except Fenced:
        return FENCED
    finally:
        store.close()


class _Worker:
    def __init__(
        self, store: Store, folder: Path, work: Work, open_hands: Open, idle_s: float | None,
        stopped: Callable[[], bool],
    ) -> None:  # fmt: skip
        self._store, self._folder, self._work = store, folder, work
        self._open, self._idle_s, self._stopped = open_hands, idle_s, stopped
        self._hands: Hands | None = None
        self._running: dict[Key, tuple[Claimed, Any]] = {}
        self._ended: queue.SimpleQueue[tuple[Key, str]] = queue.SimpleQueue()
        self._heard: dict[Key, tuple[float, str]] = {}
        self._stopping: dict[Key, float] = {}  # since when
        self._renewed = self._busy = self._sound = time.monotonic()

    def run(self) -> int:
        try:
            while not self._stopped():
                self._renew()
                self._take_ended()
                self._tell()
                self._cancel()
                if self._broken():
                    return BROKEN
                self._start()
                if self._running:
                    self._busy = time.monotonic()
                elif self._idle_s is not None and time.monotonic() - self._busy > self._idle_s:
                    break
                self._rest()
            self._work.release()
            return FINISHED
        finally:
            if self._hands is not None:
                self._hands.close()

    def _renew(self) -> None:
        if time.monotonic() - self._renewed > self._work.lease_s / 4:
            self._work.renew()
            self._renewed = time.monotonic()

    def _rest(self) -> None:
        """Until the next beat, or until a unit ends."""
        try:
            found = self._ended.get(timeout=BEAT_S)
        except queue.Empty:
            return
        self._end(*found)

    def _take_ended(self) -> None:
        while not self._ended.empty():
            self._end(*self._ended.get())

    def _start(self) -> None:
        room = self._hands.size() - len(self._running) if self._hands is not None else 1
        for claimed in self._work.claim(room) if room > 0 else ():
            if self._hands is None:
                self._hands = self._open(self._hear)
                self._sound = time.monotonic()
            unit = claimed.unit
            key = (unit.job_id, unit.seq)
            name = f"u-{self._work.epoch}-{unit.job_id}-{unit.seq}-{unit.attempts}"
            args = (str(self._folder), *key, claimed.kind, json.dumps(unit.args), unit.digest)
            self._running[key] = claimed, None
            future = self._hands.submit(name, args, partial(self._over, key))
            self._running[key] = claimed, future

    def _over(self, key: Key, said: str) -> None:
        """Called from a thread of the cluster."""
        self._ended.put((key, said))

    def _hear(self, job_id: str, seq: int, share: float, words: str) -> None:
        """Called from a thread of the cluster."""
        self._heard[job_id, seq] = share, words

    def _tell(self) -> None:
        heard, self._heard = self._heard, {}
        if heard:
            self._work.told(heard)

    def _end(self, key: Key, said: str) -> None:
        claimed, _ = self._running.pop(key, (None, None))
        stopping = self._stopping.pop(key, None)
        if claimed is None:
            return
        result = read_result(self._folder, claimed.unit.digest)
        if (stopping is not None and result is None) or said == "cancelled":
            self._work.cancelled(*key)
        elif said.startswith("failed: "):
            self._work.failed(*key, said.removeprefix("failed: "))
        elif result is None:
            self._work.died(*key, "its process died")
        else:
            self._land(claimed, result)
        if not any(job == key[0] for job, _ in self._running):
            flag(self._folder, key[0]).unlink(missing_ok=True)

    def _land(self, claimed: Claimed, result: Mapping[str, Any]) -> None:
        key = claimed.unit.job_id, claimed.unit.seq
        try:
            with act_as(Principal(claimed.owner)):
                shown = land(self._store, claimed, result)
        except Exception as error:  # what cannot land now will not land later
            self._work.failed(*key, getattr(error, "sentence", "") or str(error))
        else:
            self._work.done(*key, shown)

    def _cancel(self) -> None:
        """First a flag that the unit sees by itself; then the end of its process."""
        for key in self._work.to_cancel():
            if key not in self._running:
                continue
            if key not in self._stopping:
                self._stopping[key] = time.monotonic()
                path = flag(self._folder, key[0])
                path.parent.mkdir(exist_ok=True, mode=0o700)
                path.touch()
            elif time.monotonic() - self._stopping[key] > GRACE_S:
                self._stopping[key] = time.monotonic()
                future = self._running[key][1]
                if self._hands is not None and future is not None:
                    self._hands.kill(future)

    def _broken(self) -> bool:
        if self._hands is None or self._hands.whole():
            self._sound = time.monotonic()
        return time.monotonic() - self._sound > MISSING_S
