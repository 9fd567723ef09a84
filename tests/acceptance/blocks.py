"""Stage B, line 4: which blocks are found, with names kept and without, and in what time.

The truth is the architecture's own.  Where a file keeps module paths, a layer is the tasks of its
path; where it never had any, a layer ends in a known op and has a known number of tasks.
"""

from __future__ import annotations

import gzip
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

import engine
from engine.compile.compilation import Compilation
from engine.insight import Group
from tests.acceptance import corpus
from tests.acceptance.line import NOT_RUN, Line, NotRun, judged

TARGET = "phone-npu"
SECONDS = 0.3  # CPU, at 5,000 tasks; the models here have fewer

# Models with module paths: name of the file -> pattern of the path of a layer, layers.
SCOPED = {
    "llama_24l": (r".*/layers/\d+", 24),
    "llama_36l": (r".*/layers/\d+", 36),
    "vit_s16": (r".*/layers/\d+", 12),
    "unet_v1.": (r"(down|up)/\d+", 6),
    "unet_v2_deeper": (r"(down|up)/\d+", 8),
}
# Models without: name -> op that ends a layer, tasks of each layer in order.
_STAGES = (3, 4, 6, 3)
PLAIN = {
    "densenet121": ("Concat", (4,) * (6 + 12 + 24 + 16)),
    "resnet50": ("Sum", tuple(size for n in _STAGES for size in (4, *(3,) * (n - 1)))),
    "inception_v1": ("Concat", (8,) * 9),
    "squeezenet": ("Concat", (4,) * 8),
}


@dataclass(frozen=True, slots=True)
class Blocks:
    """The groups of one model.

    Args:
        model: its name.
        kept: whether names and module paths were left in.
        tasks: number of tasks.
        levels: what is found at each level, from the outside in: "stage × 4", "12 block B".
        expected: layers that the architecture has, in copies of each other.
        found: of them, those that are a group, task by task.
        missing: the first layers that are none.
        seconds: CPU time of `engine.groups`.
    """

    model: str
    kept: bool
    tasks: int
    levels: tuple[str, ...]
    expected: int
    found: int
    missing: tuple[str, ...]
    seconds: float


def measure(chosen: Sequence[str] = ()) -> tuple[Blocks, ...]:
    """Groups of every known model that is here; `chosen` names some of them."""
    try:
        exports = corpus.exports()
    except NotRun:
        exports = ()
    seen: list[Blocks] = []
    for name, (pattern, _) in SCOPED.items():
        for path in (p for p in exports if p.name.startswith(name) and _wanted(name, chosen)):
            made = _compiled(path)
            layers = _by_path(made, pattern)
            seen.append(look(corpus.name(path), made, layers, kept=True))
            seen.append(look(corpus.name(path), stripped(made), layers, kept=False))
    for name, (op, sizes) in PLAIN.items():
        for path in (p for p in corpus.light() if name in p.name and _wanted(name, chosen)):
            made = _compiled(path)
            layers = _by_end(made, op, sizes)
            seen.append(look(corpus.name(path), stripped(made), layers, kept=False))
    return tuple(seen)


def look(model: str, made: Compilation, layers: Sequence[frozenset[int]], kept: bool) -> Blocks:
    """One record: the groups of a compilation beside the layers that it has."""
    start = time.process_time()
    groups = engine.groups(made)
    seconds = time.process_time() - start
    copies = {frozenset(g.tasks) for g in groups if g.pattern}
    missing = [f"tasks {min(t)}–{max(t)}" for t in layers if t not in copies]
    return Blocks(
        model, kept, len(made.tasks), levels(groups), len(layers), len(layers) - len(missing),
        tuple(missing[:3]), seconds,
    )  # fmt: skip


def levels(groups: Sequence[Group]) -> tuple[str, ...]:
    """What stands at each level; copies in a stack are said by the stack."""
    depth, stacks = {"": -1}, {g.id for g in groups if g.kind == "stack"}
    found: list[Counter[str]] = []
    for g in groups:
        depth[g.id] = depth[g.parent] + 1
        found += [Counter()] if depth[g.id] == len(found) else []
        if g.parent not in stacks:
            found[depth[g.id]][
                g.label if g.kind == "stack" else re.sub(r"[. ]?\d+$", "", g.label)
            ] += 1
    return tuple(
        ", ".join(label if n == 1 else f"{n} {label}" for label, n in level.items())
        for level in found
        if level
    )


def judge(seen: tuple[Blocks, ...]) -> tuple[Line, ...]:
    """Line 4: every layer is a group, with names and without, in a moment."""
    lines = []
    for id, what, kept in (("4a", "with names kept", True), ("4b", "without any name", False)):
        rows = [b for b in seen if b.kept is kept]
        if not rows:
            lines.append(
                Line(id, f"layers found {what}", "", "", NOT_RUN, ("no such model is here.",))
            )
            continue
        layers, found = sum(b.expected for b in rows), sum(b.found for b in rows)
        lines.append(
            judged(id, f"layers of known architectures found {what}",
                   f"{found} of {layers} layers, {len(rows)} models", "all",
                   found == layers and all(b.expected and not b.missing for b in rows),
                   [note for b in rows for note in _notes(b)])
        )  # fmt: skip
    absent = [n for n in (*SCOPED, *PLAIN) if not any(n.rstrip(".") in b.model for b in seen)]
    if absent:
        lines.append(Line("4b", "models that are not here", "", "", NOT_RUN, tuple(absent)))
    slowest = max(seen, key=lambda b: b.seconds, default=None)
    if slowest:
        lines.append(
            judged("4c", f"CPU time of the slowest, {slowest.model}",
                   f"{1e3 * slowest.seconds:.0f} ms", f"< {1e3 * SECONDS:.0f} ms",
                   slowest.seconds < SECONDS)
        )  # fmt: skip
    return tuple(lines)


def stripped(made: Compilation) -> Compilation:
    """A compilation without names and module paths."""
    plain = made.tasks.with_columns(
        pl.lit("").alias("group"), pl.col("task_id").cast(pl.String).alias("name")
    )
    return replace(made, tasks=plain)


def _notes(b: Blocks) -> list[str]:
    wrong = f"; missing: {', '.join(b.missing)}" if b.missing else ""
    what = " > ".join(b.levels)
    return [
        f"{b.model}, {b.tasks} tasks: {b.found} of {b.expected} layers, "
        f"{1e3 * b.seconds:.0f} ms: {what}{wrong}"
    ]


def _wanted(name: str, chosen: Sequence[str]) -> bool:
    return not chosen or name in chosen


def _compiled(path: Path) -> Compilation:
    data = path.read_bytes()
    data = gzip.decompress(data) if path.suffix == ".gz" else data
    return engine.compile_model(engine.read_trusted(data), engine.target(TARGET))


def _by_path(made: Compilation, pattern: str) -> list[frozenset[int]]:
    layers: dict[str, set[int]] = {}
    for i, group in enumerate(made.tasks["group"].to_list()):
        found = re.match(rf"{pattern}(?=/|$)", group)
        if found:
            layers.setdefault(found[0], set()).add(i)
    return [frozenset(tasks) for tasks in layers.values()]


def _by_end(made: Compilation, op: str, sizes: Sequence[int]) -> list[frozenset[int]]:
    ends = [i for i, ops in enumerate(made.tasks["ops"].to_list()) if op in ops.split("+")]
    return [
        frozenset(range(end - size + 1, end + 1)) for end, size in zip(ends, sizes, strict=True)
    ]
