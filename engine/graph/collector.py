"""Python's cycle collector, held off while a network is built."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Hold the cycle collector off, also as a decorator.

    The records of a network hold no cycles, but the collector walks all of them again and again
    while they are made: a seventh of the time to read and compile 20,000 ops, and more than a
    linear share.  Two threads may overlap; the first to leave turns it on again.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
