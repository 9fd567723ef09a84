"""How a model is timed on a machine that others use too.

Time is processor time of the thread that runs the model (`time.thread_time`): onnxruntime runs
on it alone, so waiting for a processor does not count.  It still moves by tens of percent with
what others do to caches and memory.  So rounds are short, anchors are timed between them, and the
mean of the rounds stands beside the mean of the anchors: pairs of measurements of one network
then differ less than when the least of the rounds is taken.  Rounds of two sessions alternate, one
bare for the whole, one that writes a profile for its kernels, each round long enough that its
first run, which finds other data in the caches, can be left out.  A profile is in time of the
clock: only the runs count during which the thread hardly waited for a processor.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.execute.profile import KernelTimes, read_profile
from engine.execute.session import Feeds, feeds_for, open_session

# assumption: the timer and its record around a kernel, s; fitted on a set of small networks
# (COST_MODEL of the project: 1.2 us brings their bias from +34 % to -0.3 %).
PROFILE_S = 1.2e-6
_QUIET = 0.02


@dataclass(frozen=True, slots=True)
class Pace:
    """How much to measure.

    Args:
        rounds: of each session, alternating.
        seconds: that a round takes, about.
        least, most: runs of a round.
    """

    rounds: int = 3
    seconds: float = 0.25
    least: int = 4
    most: int = 60

    def runs(self, one: float) -> int:
        """Runs of a round of a model that takes `one` s."""
        return int(np.clip(round(self.seconds / max(one, 1e-7)), self.least, self.most))


@dataclass(frozen=True, slots=True)
class Timed:
    """What was measured.

    Args:
        seconds: the whole model: the mean of the rounds' medians, s.
        rounds: each round's median, s.
        kernels: by node; () where no profile was asked for.
        optimised: bytes of the graph that onnxruntime ran; b"" where not asked for.
    """

    seconds: float
    rounds: tuple[float, ...]
    kernels: tuple[KernelTimes, ...]
    optimised: bytes


def time_model(
    data: bytes, pace: Pace, kernels: bool = True, seed: int = 0,
    between: Callable[[], None] = lambda: None,
) -> Timed:  # fmt: skip
    """Time a model by the protocol, in this process.

    Args:
        data: bytes of a model that needs no other file.
        pace: how much to measure.
        kernels: measure each kernel too.
        seed: of the inputs.
        between: called before each round: anchors, progress.

    Raises:
        EngineError: onnxruntime does not take the model, or its inputs cannot be made up.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        bare = open_session(data)
        feeds = feeds_for(bare, seed)
        traced, dump = None, place / "optimised.onnx"
        if kernels:
            traced = open_session(data, dump, place / "profile")
        rounds, waits = [], []
        found: tuple[KernelTimes, ...] = ()
        one = _warm(bare, feeds)
        runs = pace.runs(one)
        if traced is not None:
            traced.run(None, feeds)
        for _ in range(pace.rounds):
            between()
            rounds.append(float(np.median(_round(bare, feeds, runs))))
            if traced is not None:
                waits.append(_waits(traced, feeds, runs))
        optimised = b""
        if traced is not None:
            text = Path(traced.end_profiling()).read_bytes()
            found = _undisturbed(read_profile(text, skip=1), np.concatenate(waits))
            optimised = dump.read_bytes()
    return Timed(float(np.mean(rounds)), tuple(rounds), found, optimised)


def _warm(session: Any, feeds: Feeds) -> float:
    """Run a few times; seconds of the last."""
    took = 0.0
    for _ in range(3):
        start = time.thread_time()
        session.run(None, feeds)
        took = time.thread_time() - start
        if took > 1:
            break
    return took


def _round(session: Any, feeds: Feeds, runs: int) -> NDArray[np.float64]:
    """Times of a round's runs but the first, s."""
    session.run(None, feeds)
    times = np.empty(runs)
    for i in range(runs):
        start = time.thread_time()
        session.run(None, feeds)
        times[i] = time.thread_time() - start
    return times


def _waits(session: Any, feeds: Feeds, runs: int) -> NDArray[np.float64]:
    """Share of each run of a round that the thread did not have a processor; inf for the first."""
    shares = np.full(runs + 1, np.inf)
    for i in range(runs + 1):
        clock, start = time.perf_counter(), time.thread_time()
        session.run(None, feeds)
        own, all_ = time.thread_time() - start, time.perf_counter() - clock
        shares[i] = np.inf if i == 0 else max(0.0, all_ / max(own, 1e-9) - 1)
    return shares


def _undisturbed(
    kernels: tuple[KernelTimes, ...], waits: NDArray[np.float64]
) -> tuple[KernelTimes, ...]:
    """Keep the runs that waited least: all below 2 %, at least a third."""
    counted = int(np.isfinite(waits).sum())
    limit = max(_QUIET, float(np.sort(waits)[max(0, counted // 3 - 1)]))
    quiet = np.flatnonzero(waits <= limit)
    return tuple(
        KernelTimes(k.name, k.type, k.seconds[quiet]) if len(k.seconds) == len(waits) else k
        for k in kernels
    )
