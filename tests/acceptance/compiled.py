"""Line 2: every model of the corpus on every target."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import engine
from engine.errors import EngineError
from engine.targets import Target
from tests.acceptance import corpus
from tests.acceptance.line import NotRun


@dataclass(frozen=True, slots=True)
class Compiled:
    """One model on all targets.

    Args:
        tasks: fewest and most tasks among the targets.
        unknown_ops: types that no kernel exists for.
        seconds: CPU s: guarded read with its child, and the mean of compile + price a target.
        targets: targets it compiled for.
        wrong: what went wrong, one sentence each: a crash, a refusal, a total that is not there
            although no op is unknown, an op of the file that is nowhere in the lineage.
    """

    model: str
    ops: int
    tasks: tuple[int, int]
    unknown_ops: tuple[str, ...]
    seconds: tuple[float, float]
    targets: int
    wrong: tuple[str, ...]


def measure() -> tuple[tuple[Compiled, ...], tuple[str, ...]]:
    """All three groups; the second part says which could not be had."""
    paths, absent = list(corpus.light()), []
    for group in (corpus.wheels, corpus.exports):
        try:
            paths += group()
        except NotRun as reason:
            absent.append(str(reason))
    return tuple(compile_everywhere(p, engine.targets()) for p in paths), tuple(absent)


def compile_everywhere(path: Path, targets: Iterable[Target]) -> Compiled:
    """Read once as an upload is read, then compile and price for each target."""
    name = corpus.name(path)
    start = os.times()
    try:
        graph = engine.read(path)
    except EngineError as error:
        return Compiled(name, 0, (0, 0), (), (0.0, 0.0), 0, (error.sentence,))
    read_s = sum(os.times()[:4]) - sum(start[:4])  # this process and its child
    counts, unknown, wrong, seconds = [], set(), [], []
    for target in targets:
        start = time.process_time()
        try:
            compilation = engine.compile_model(graph, target)
            resolution = engine.resolve(compilation)
        except Exception as error:  # a crash is what this line looks for
            wrong.append(f"{target.id}: {type(error).__name__}: {error}")
            continue
        seconds.append(time.process_time() - start)
        counts.append(compilation.tasks.height)
        unknown.update(compilation.unknown_ops)
        totals = resolution.totals
        if totals.latency_s is None and not totals.unknown_tasks:
            wrong.append(f"{target.id}: no latency, and no task that would say why")
        if sorted(compilation.lineage["op"].to_list()) != sorted(op.name for op in graph.ops):
            wrong.append(f"{target.id}: the lineage is not the file's list of ops")
    mean = sum(seconds) / len(seconds) if seconds else 0.0
    span = (min(counts, default=0), max(counts, default=0))
    return Compiled(
        name, len(graph.ops), span, tuple(sorted(unknown)), (read_s, mean), len(counts),
        tuple(wrong),
    )  # fmt: skip
