"""How much a test tries, and how long it may take on the machine at hand.

`make soak` sets PAREDOWN_SOAK=1: random tests then draw more examples, samples hold all.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable

SOAK = os.environ.get("PAREDOWN_SOAK") == "1"
LOOP_S = 0.03  # of `_loop`, on the machine that the limits of the tests were set on


def tries(usual: int, soak: int) -> int:
    """The number for every day, or that of the soak."""
    return soak if SOAK else usual


def allowed(seconds: float) -> float:
    """Processor seconds that may pass here, of what takes `seconds` at most on a quiet machine.

    More where a plain loop takes longer as well, and three times that: here a test finds what grows
    out of proportion.  The figures themselves are those of `make bench`.
    """
    return 3 * seconds * slowness()


def slowness() -> float:
    """How much longer a plain loop takes here than where the limits were set, at least 1."""
    return max(1.0, min(_loop() for _ in range(3)) / LOOP_S)


def took(run: Callable[[], object], times: int = 3) -> float:
    """The least processor seconds of a few calls.

    What earlier tests left behind is not collected in between, and one call that a neighbour
    disturbs does not count.
    """
    spent = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(times):
            start = time.process_time()
            run()
            spent.append(time.process_time() - start)
    finally:
        gc.enable()
    return min(spent)


def _loop() -> float:
    start, found = time.process_time(), dict.fromkeys(range(977), 0)
    for i in range(200_000):
        found[i % 977] += i * i
    return time.process_time() - start
