"""Measured networks: what a calibration is fitted to, kept as lines of a file to resume."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from engine.compile import COUNTS, kernels_frame
from engine.execute.anchors import Anchors
from engine.execute.networks import build
from engine.execute.protocol import Pace, time_model
from engine.formats import read_trusted

PACE = Pace(rounds=6, seconds=0.03, least=3, most=20)


@dataclass(frozen=True)
class Sample:
    """A network that was measured.

    Args:
        family, number: what `networks.build` makes it from.
        seconds: one inference, s; spread: largest / smallest round - 1.
        anchor_s: the anchors' time meanwhile, s.
        kernels: columns of `compile.KERNEL_SCHEMA`, and `seconds`, the profile's own.
    """

    family: str
    number: int
    seconds: float
    spread: float
    anchor_s: float
    kernels: pl.DataFrame


def sample(family: str, number: int, anchors: Anchors) -> Sample:
    """Build and measure a network, in this process.

    Raises:
        EngineError: onnxruntime does not take it.
    """
    before = len(anchors.seconds())
    timed = time_model(build(family, number), PACE, between=anchors.run)
    frame = kernels_frame(read_trusted(timed.optimised, name=family))
    times = {k.name: k.typical for k in timed.kernels}
    seconds = [times.get(node) for node in frame["node"]]
    return Sample(
        family, number, timed.seconds, max(timed.rounds) / min(timed.rounds) - 1,
        float(np.mean(anchors.seconds()[before:])),
        frame.with_columns(pl.Series("seconds", seconds, dtype=pl.Float64)),
    )  # fmt: skip


def to_line(made: Sample) -> str:
    """One line of JSON."""
    rows = [
        [row["type"], row["class"], row["seconds"], *(round(row[c], 6) for c in COUNTS)]
        for row in made.kernels.iter_rows(named=True)
    ]
    return json.dumps({
        "family": made.family, "number": made.number, "seconds": made.seconds,
        "spread": made.spread, "anchor_s": made.anchor_s, "counts": len(COUNTS), "rows": rows,
    })  # fmt: skip


def read_samples(folder: Path) -> Iterator[Sample]:
    """What stands in the files of a folder; a line that was cut off is left out."""
    for path in sorted(folder.glob("part-*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            try:
                found = json.loads(line)
                if found["counts"] == len(COUNTS):
                    yield _sample(found)
            except (ValueError, KeyError, TypeError):
                continue


def _sample(found: dict[str, Any]) -> Sample:
    words = {"type": pl.String, "class": pl.String, "seconds": pl.Float64}
    schema = {**words, **dict.fromkeys(COUNTS, pl.Float64)}
    frame = pl.DataFrame(found["rows"], schema=schema, orient="row")
    return Sample(found["family"], int(found["number"]), float(found["seconds"]),
                  float(found["spread"]), float(found["anchor_s"]), frame)  # fmt: skip
