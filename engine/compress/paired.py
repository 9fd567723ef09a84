"""Latency beside the model before: runs by turns, the ratio of neighbours, on one thread.

Medians of one model after another wander by several per cent on a machine that others use; the
ratio of two runs that stand side by side does not.  Time is processor time of the thread, so
waiting for a processor does not count.  A model against itself says how sure the ratio is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.compress.runner import Runner

ROUNDS = 40
LEAST_S = 1e-3  # of a timed run: shorter ones are run several times


@dataclass(frozen=True, slots=True)
class Ratio:
    """Latency as a share of the base's.

    Args:
        value: median of the rounds' ratios; low, high: its 95 % interval by the order of them.
        seconds: of the model, s: the tenth percentile, which disturbances hardly reach.
        base_seconds: of the base, s, the same.
    """

    value: float
    low: float
    high: float
    seconds: float
    base_seconds: float


def paired(
    base: bytes, model: bytes, inputs: Mapping[str, NDArray[Any]], rounds: int = ROUNDS
) -> Ratio:
    """Time two models by turns.

    Args:
        base: bytes of an ONNX file.
        model: bytes of another with the same inputs.
        inputs: one batch.
        rounds: pairs of runs.

    Raises:
        EngineError: one of them does not run.
    """
    one, other = Runner(base), Runner(model)
    feeds = dict(inputs)
    runs = [_repeated(r, feeds) for r in (one, other)]
    times = np.empty((rounds, 2))
    for i in range(rounds):
        order = (0, 1) if i % 2 else (1, 0)  # who comes first finds other data in the caches
        for k in order:
            times[i, k] = runs[k]()
    ratios = np.sort(times[:, 1] / times[:, 0])
    reach = 1.96 * rounds**0.5 / 2  # of the place of the median among its neighbours
    low = ratios[max(0, int(np.floor(rounds / 2 - reach)))]
    high = ratios[min(rounds - 1, int(np.ceil(rounds / 2 + reach)))]
    before, after = np.percentile(times, 10, axis=0)
    return Ratio(float(np.median(ratios)), float(low), float(high), float(after), float(before))


def _repeated(runner: Runner, feeds: Mapping[str, NDArray[Any]]) -> Callable[[], float]:
    for _ in range(2):
        start = time.thread_time()
        runner(feeds)
        one = time.thread_time() - start
    count = max(1, int(np.ceil(LEAST_S / max(one, 1e-6))))

    def run() -> float:
        begun = time.thread_time()
        for _ in range(count):
            runner(feeds)
        return (time.thread_time() - begun) / count

    return run
