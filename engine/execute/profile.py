"""A profile as onnxruntime writes it: how long each kernel took in each run.

A profile is a list of events in Chrome's trace format.  A kernel's event is of the category
"Node", its name ends in "_kernel_time" and `dur` is in whole microseconds.  It may come from a
user, so everything in it is checked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError

MAX_BYTES = 512 * 2**20
_ENDING = "_kernel_time"


@dataclass(frozen=True, slots=True)
class KernelTimes:
    """A kernel's runs.

    Args:
        name: of the node that onnxruntime ran.
        type: its op type.
        seconds: one entry a run, s.
    """

    name: str
    type: str
    seconds: NDArray[np.float64]

    @property
    def typical(self) -> float:
        """Mean of the fastest third: whole microseconds average out, interruptions stay out, s."""
        return float(np.sort(self.seconds)[: max(1, -(-len(self.seconds) // 3))].mean())

    @property
    def spread(self) -> float:
        """Half the distance between the quartiles / the median: how much the runs differ."""
        low, middle, high = np.quantile(self.seconds, [0.25, 0.5, 0.75])
        return float((high - low) / 2 / middle) if middle else 0.0


def read_profile(text: str | bytes, skip: int = 0) -> tuple[KernelTimes, ...]:
    """The kernels of a profile, in the order in which they first ran.

    Args:
        text: the JSON.
        skip: first runs of each kernel to leave out.

    Raises:
        EngineError: not a profile of onnxruntime; the sentence says what it is instead.
    """
    if len(text) > MAX_BYTES:
        raise EngineError("the profile is too large", found=f"{len(text) / 1e6:.0f} MB",
                          expected=f"at most {MAX_BYTES / 1e6:.0f} MB")  # fmt: skip
    try:
        events = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EngineError("the profile is not JSON", try_this="the file that onnxruntime wrote "
                          "after end_profiling()") from error  # fmt: skip
    if not isinstance(events, list):
        raise EngineError("this is not a profile of onnxruntime", expected="a list of events",
                          found=type(events).__name__)  # fmt: skip
    runs: dict[tuple[str, str], list[float]] = {}
    for event in events:
        found = _kernel(event)
        if found is not None:
            name, kind, seconds = found
            runs.setdefault((name, kind), []).append(seconds)
    if not runs:
        raise EngineError("the profile holds no kernels", expected="events of the category Node",
                          try_this="profiling a session that was run")  # fmt: skip
    return tuple(
        KernelTimes(name, kind, np.array(seconds[min(skip, len(seconds) - 1) :]))
        for (name, kind), seconds in runs.items()
    )


def _kernel(event: Any) -> tuple[str, str, float] | None:
    """(name, type, s) of a kernel's event, None for others."""
    if not isinstance(event, Mapping) or event.get("cat") != "Node":
        return None
    name, duration, more = event.get("name"), event.get("dur"), event.get("args")
    if not isinstance(name, str) or not name.endswith(_ENDING) or not isinstance(more, Mapping):
        return None
    if isinstance(duration, bool) or not isinstance(duration, (int, float)):
        raise EngineError("a kernel of the profile has no duration", name[:80])
    if not 0 <= duration < 1e12:
        raise EngineError("a duration of the profile cannot be", name[:80], found=str(duration))
    return name.removesuffix(_ENDING), str(more.get("op_name", "")), duration * 1e-6
