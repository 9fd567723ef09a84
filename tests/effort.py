"""How much a test tries, and how long it may take on the machine at hand.

`make soak` sets PAREDOWN_SOAK=1: random tests then draw more examples, samples hold all.
"""

from __future__ import annotations

import os
import time

SOAK = os.environ.get("PAREDOWN_SOAK") == "1"
LOOP_S = 0.03  # of `_loop`, on the machine that the limits of the tests were set on


def tries(usual: int, soak: int) -> int:
    """The number for every day, or that of the soak."""
    return soak if SOAK else usual


def allowed(seconds: float) -> float:
    """Processor seconds that may pass here: more where a plain loop takes longer as well."""
    return seconds * max(1.0, min(_loop() for _ in range(3)) / LOOP_S)


def _loop() -> float:
    start, found = time.process_time(), dict.fromkeys(range(977), 0)
    for i in range(200_000):
        found[i % 977] += i * i
    return time.process_time() - start
