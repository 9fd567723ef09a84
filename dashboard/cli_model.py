"""What the commands on a model share: compile it, and print its figures."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import engine
from engine.errors import EngineError

if TYPE_CHECKING:
    from engine.compile import Compilation
    from engine.targets import Target


def say(message: str) -> None:
    """A message to the person at the terminal."""
    sys.stderr.write(message + "\n")


def compiled(options: argparse.Namespace, target: Target) -> tuple[Path, Compilation]:
    """The model of the command line, compiled; what the reader has to say goes to stderr."""
    bindings = dict(binding(text) for text in options.bind)
    path = Path(options.model)
    graph = engine.read(path, bindings or None, path.name or str(path))  # so faults name the file
    for note in graph.notes:
        say(note)
    compilation = engine.compile_model(graph, target, path)
    if compilation.note:
        say(compilation.note)
    return path, compilation


def stem(path: Path) -> str:
    """What to call a model."""
    return path.name.removesuffix(".gz").removesuffix(".zip").removesuffix(".onnx")


def binding(text: str) -> tuple[str, int]:
    """NAME=SIZE of the command line.

    Raises:
        EngineError: not that.
    """
    name, equals, size = text.partition("=")
    if not (name and equals and size.isascii() and size.isdigit() and 0 < int(size) < 2**31):
        raise EngineError(
            "a size is bound as NAME=SIZE",
            where="--bind",
            expected="a name and a whole number of at least 1, such as batch=1",
            found=repr(text[:80]),
        )
    return name, int(size)


def totals_of(totals: Any, fps: float) -> dict[str, float | int | None]:
    """The totals under the keys of the JSON; memory power at the target's own frame rate."""
    low, high = totals.energy_band or (None, None)
    return {
        "latency_s": totals.latency_s,
        "energy_j": totals.energy_j,
        "energy_low_j": low,
        "energy_high_j": high,
        "memory_power_w": totals.memory_power(fps),
        "size_bytes": totals.size_bytes,
        "peak_bytes": totals.peak_bytes,
        "macs": totals.macs,
        "parameters": totals.parameters,
    }


# key of the totals -> (label, unit, scale)
_FIGURES = (
    ("latency_s", "Latency", "ms", 1e3),
    ("energy_j", "Energy", "mJ", 1e3),
    ("memory_power_w", "Memory power", "mW", 1e3),
    ("size_bytes", "Size", "MB", 1e-6),
    ("peak_bytes", "Peak memory", "MB", 1e-6),
    ("macs", "MACs", "M", 1e-6),
    ("parameters", "Parameters", "M", 1e-6),
)


def figures(totals: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line a figure: of one model, or before and after with the change."""
    from dashboard.components import change

    lines = []
    for key, label, unit, scale in _FIGURES:
        shown = "".join(f"{_figure(d, key, unit, scale):>16}" for d in totals)
        moved = change(totals[-1][key], totals[0][key])[0] if len(totals) > 1 else ""
        lines.append(f"{label:<14}{shown} {unit:<3} {moved}".rstrip())
    return lines


def _figure(totals: Mapping[str, Any], key: str, unit: str, scale: float) -> str:
    from dashboard.components import significant, span

    if totals[key] is None:
        return "unknown"
    if key == "energy_j":
        return span(totals["energy_low_j"], totals["energy_high_j"], "J", 1 / scale)[0]
    return significant(totals[key] * scale, 2 if unit == "mW" else 3)


def print_json(answer: Mapping[str, Any]) -> None:
    """One object on stdout."""
    sys.stdout.write(json.dumps(answer, allow_nan=False) + "\n")
