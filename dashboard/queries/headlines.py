"""Headline figures of many models, worked out one after another behind the page.

A page asks for what is known and says which rows it shows; a thread works out the rest and keeps
it in the cache, so that the second visit has everything at once.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass

import engine
from engine.errors import EngineError
from engine.recipe.model import Totals
from engine.store import ModelRow, Store

log = logging.getLogger(__name__)

BARS = 24  # of the profile
SCHEMA = 2  # of what is kept; part of its key
KEPT = 4096  # headlines in memory


@dataclass(frozen=True, slots=True)
class Headline:
    """What a model costs on a target, as the file is.  None is unknown.

    Args:
        profile: latency along the network in execution order, in up to `BARS` parts of equally
            many tasks, as shares of the largest part; () when unknown.
        fault: why there are no figures; "".
    """

    tasks: int = 0
    unknown_tasks: int = 0
    latency_s: float | None = None
    energy_j: float | None = None
    size_bytes: float | None = None
    peak_bytes: float | None = None
    macs: float | None = None
    parameters: int | None = None
    profile: tuple[float, ...] = ()
    fault: str = ""
    memory_energy_j: float | None = None
    memory_idle_w: float = 0.0
    energy_low_j: float | None = None
    energy_high_j: float | None = None

    @property
    def totals(self) -> Totals:
        """The same as the figures of a recipe, which budgets are held against."""
        low, high = self.energy_low_j, self.energy_high_j
        return Totals(
            latency_s=self.latency_s,
            energy_j=self.energy_j,
            memory_energy_j=self.memory_energy_j,
            memory_idle_w=self.memory_idle_w,
            size_bytes=_whole(self.size_bytes),
            peak_bytes=_whole(self.peak_bytes),
            macs=_whole(self.macs),
            parameters=self.parameters or 0,
            tasks=self.tasks,
            unknown_tasks=self.unknown_tasks,
            energy_band=None if low is None or high is None else (low, high),
        )


class Headlines:
    """The headlines of one app: a cache, a queue, and at most one thread that works on it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: OrderedDict[str, Headline] = OrderedDict()
        self._waiting: OrderedDict[str, Callable[[], None]] = OrderedDict()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def ask(self, rows: Iterable[ModelRow], target_id: str) -> Mapping[str, Headline]:
        """Model id -> headline of those known; the others are put in the queue, in this order."""
        found: dict[str, Headline] = {}
        for row in rows:
            key = _key(row, target_id)
            known = self._look(key)
            if known is not None:
                found[row.id] = known
            else:
                self.later(key, _work(self, key, row, target_id))
        return found

    def later(self, key: str, work: Callable[[], None]) -> None:
        """Do something in the thread, once."""
        with self._lock:
            if self._closed or key in self._waiting:
                return
            self._waiting[key] = work
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="headlines", daemon=True)
                self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether the thread has anything to do."""
        with self._lock:
            return bool(self._waiting)

    def close(self) -> None:
        """Forget the queue and wait for the work in hand."""
        with self._lock:
            self._closed = True
            thread = self._thread
        if thread is not None:
            thread.join(timeout=30)

    def compute(self, row: ModelRow, target_id: str) -> Headline:
        """Work out the headline of a model now, and keep it."""
        key = _key(row, target_id)
        known = self._look(key)
        if known is None:
            known = headline(self._store, row, target_id)
            self._keep(key, known)
        return known

    def _look(self, key: str) -> Headline | None:
        with self._lock:
            if key in self._known:
                return self._known[key]
        kept = self._store.cache.get(key)
        if kept is None:
            return None
        try:
            body = json.loads(kept)
            found = Headline(**{**body, "profile": tuple(body["profile"])})
        except (ValueError, TypeError, KeyError):
            return None
        self._remember(key, found)
        return found

    def _keep(self, key: str, found: Headline) -> None:
        self._store.cache.set(key, json.dumps(asdict(found)).encode())
        self._remember(key, found)

    def _remember(self, key: str, found: Headline) -> None:
        with self._lock:
            self._known[key] = found
            while len(self._known) > KEPT:
                self._known.popitem(last=False)

    def _run(self) -> None:
        while True:
            with self._lock:
                if self._closed or not self._waiting:
                    self._waiting.clear()
                    self._thread = None
                    return
                key, work = next(iter(self._waiting.items()))
            try:
                work()
            except Exception:  # one bad model must not stop the figures of the others
                log.exception("the headline %s failed", key)
                self._remember(key, Headline(fault="fault in Paredown; the log says more"))
            with self._lock:
                self._waiting.pop(key, None)


def headline(store: Store, row: ModelRow, target_id: str) -> Headline:
    """Read, compile and price a model; a fault becomes a headline that says it."""
    try:
        compilation = engine.compile_model(store.graph(row), engine.target(target_id))
        resolution = engine.resolve(compilation)
    except EngineError as error:
        return Headline(fault=error.sentence)
    totals = resolution.totals
    low, high = totals.energy_band or (None, None)
    latencies = resolution.tasks["latency_s"].to_list()
    return Headline(
        tasks=totals.tasks,
        unknown_tasks=totals.unknown_tasks,
        latency_s=totals.latency_s,
        energy_j=totals.energy_j,
        size_bytes=totals.size_bytes,
        peak_bytes=totals.peak_bytes,
        macs=totals.macs,
        parameters=totals.parameters,
        profile=profile(latencies),
        memory_energy_j=totals.memory_energy_j,
        memory_idle_w=totals.memory_idle_w,
        energy_low_j=low,
        energy_high_j=high,
    )


def profile(latencies: list[float | None]) -> tuple[float, ...]:
    """Sums over up to `BARS` runs of equally many tasks, the largest being 1."""
    if not latencies:
        return ()
    bars = min(BARS, len(latencies))
    sums = [0.0] * bars
    for i, latency in enumerate(latencies):
        sums[i * bars // len(latencies)] += latency or 0.0
    top = max(sums)
    return tuple(round(s / top, 3) for s in sums) if top > 0 else ()


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _work(of: Headlines, key: str, row: ModelRow, target_id: str) -> Callable[[], None]:
    return lambda: of._keep(key, headline(of._store, row, target_id))


def _key(row: ModelRow, target_id: str) -> str:
    return f"headline/{SCHEMA}/{engine.VERSION}/{row.sha256}/{target_id}"
