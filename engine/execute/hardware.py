"""What machine this is, as far as times depend on it."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engine.execute.session import runtime_version

# Instruction sets that onnxruntime chooses its kernels by.
_SETS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "asimd", "asimddp", "sve")


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine and its runtime.

    Args:
        processor: as the system calls it, with family and model where it says them.
        sets: instruction sets that matter.
        cores: that this process may use.
        runtime: "onnxruntime 1.31.1".
    """

    processor: str
    sets: tuple[str, ...]
    cores: int
    runtime: str

    @property
    def words(self) -> str:
        """For people: "AMD EPYC (family 25, model 1), avx2"."""
        return f"{self.processor}, {' '.join(self.sets) or 'no vector sets known'}"

    @property
    def kind(self) -> str:
        """Equal for machines on which one calibration holds."""
        return f"{self.words}; {self.runtime}"


@cache
def machine() -> Machine:
    """This machine."""
    facts = _cpuinfo()
    name = facts.get("model name") or platform.processor() or platform.machine() or "unknown"
    more = [f"{word.rpartition(' ')[2]} {facts[word]}" for word in ("cpu family", "model")
            if facts.get(word)]  # fmt: skip
    flags = f" {facts.get('flags') or facts.get('Features') or ''} "
    sets = tuple(word for word in _SETS if f" {word} " in flags)
    processor = f"{name} ({', '.join(more)})" if more else name
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Machine(processor, sets, cores or 1, f"onnxruntime {runtime_version() or '(none)'}")


def machine_id() -> str:
    """This machine and its runtime in a few words."""
    return machine().kind


def _cpuinfo() -> dict[str, str]:
    """The first processor of Linux's list; {} elsewhere."""
    found: dict[str, str] = {}
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return found
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if not colon and found:
            break
        found.setdefault(key.strip(), value.strip())
    return found
