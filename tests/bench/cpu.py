"""CPU time of load, compile and price, beside onnx-tool on the same files, in one run.

CPU time, not wall: `time.process_time` of this process, and of its children where there is one.
Rounds are interleaved (every file and tool once a round), medians are reported.
"""

from __future__ import annotations

import contextlib
import gc
import gzip
import io
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import onnx_tool

import engine
from tests.builders import blocks_for, vit

TARGET = "phone-npu"
SMALL, LARGE = 5_000, 20_000  # nodes
PRICED_TASKS = 5_000


@dataclass(frozen=True, slots=True)
class Timed:
    """Medians for one file, CPU seconds.

    Args:
        read, compile, price: our three steps, in this process.
        total: the three together, median of the rounds' sums.
        guarded, child: `engine.read` with its child, in this process and in the child.
        theirs: onnx-tool's parse, shape inference and profile; None when it failed.
        error: what onnx-tool said then.
    """

    file: str
    nodes: int
    tasks: int
    read: float
    compile: float
    price: float
    total: float
    guarded: float
    child: float
    theirs: float | None
    error: str


@dataclass(frozen=True, slots=True)
class Bench:
    """All files, and pricing alone.

    Args:
        priced_tasks: tasks of the model that was priced.
        baseline, slowest: CPU s of its `resolve`, median without a recipe, and with the preset
            that takes longest.
    """

    files: tuple[Timed, ...]
    priced_tasks: int
    baseline: float
    slowest: float
    rounds: int

    def of(self, name: str) -> Timed:
        """The row of a file."""
        return next(row for row in self.files if row.file == name)


def cpu(call: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of a call, and what it returned; what was left over is collected before."""
    gc.collect()
    start = time.process_time()
    result = call()
    return time.process_time() - start, result


def with_child(call: Callable[[], Any]) -> tuple[float, float]:
    """CPU seconds in this process and in children that ended meanwhile."""
    gc.collect()
    before = os.times()
    call()
    after = os.times()
    own = after.user + after.system - before.user - before.system
    child = after.children_user + after.children_system
    return own, child - before.children_user - before.children_system


def profile(path: Path) -> None:
    """What onnx-tool does to the same end: parse, infer shapes, profile."""
    with contextlib.redirect_stdout(io.StringIO()):
        model = onnx_tool.Model(str(path))
        model.graph.shape_infer()
        model.graph.profile()


def prepare(folder: Path, exports: tuple[Path, ...]) -> tuple[Path, ...]:
    """The files: our vision transformers, and exports unpacked (onnx-tool reads no gzip)."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for nodes in (SMALL, LARGE):
        path = folder / f"vit_{nodes}.onnx"
        path.write_bytes(vit(blocks_for(nodes)).SerializeToString())
        paths.append(path)
    for packed in exports:
        path = folder / packed.name.removesuffix(".gz")
        path.write_bytes(gzip.decompress(packed.read_bytes()))
        paths.append(path)
    return tuple(paths)


def one_round(path: Path, target: Any, beside: bool = True) -> dict[str, Any]:
    """Each tool once on one file; onnx-tool only when `beside`."""
    read, graph = cpu(lambda: engine.read_trusted(path))
    compiling, compilation = cpu(lambda: engine.compile_model(graph, target))
    price, _ = cpu(lambda: engine.resolve(compilation))
    guarded, child = with_child(lambda: engine.read(path))
    theirs, error = None, ""
    try:
        theirs = cpu(lambda: profile(path))[0] if beside else None
    except Exception as fault:  # whatever it raises is what we report
        error = f"{type(fault).__name__}: {str(fault).splitlines()[0][:160]}"
    return {
        "nodes": len(graph.ops),
        "tasks": compilation.tasks.height,
        "read": read,
        "compile": compiling,
        "price": price,
        "total": read + compiling + price,
        "guarded": guarded,
        "child": child,
        "theirs": theirs,
        "error": error,
    }


def pricing(target: Any, rounds: int) -> tuple[int, float, float]:
    """Tasks; medians of `resolve` without a recipe and with the slowest preset."""
    blocks = 1
    while (tasks := _compiled(blocks, target).tasks.height) < 40:  # two sizes give tasks a block
        blocks += 1
    a_block = _compiled(blocks + 1, target).tasks.height - tasks
    compilation = _compiled(blocks + -(-(PRICED_TASKS - tasks) // a_block), target)
    recipes = [None, *(preset.recipe for preset in engine.presets())]
    times = [
        [cpu(lambda r=recipe: engine.resolve(compilation, r))[0] for recipe in recipes]
        for _ in range(rounds)
    ]
    baseline, *presets = map(median, zip(*times, strict=True))
    return compilation.tasks.height, baseline, max(presets)


def _compiled(blocks: int, target: Any) -> Any:
    return engine.compile_model(
        engine.read_trusted(vit(blocks).SerializeToString(), name="vit"), target
    )


def measure(folder: Path, exports: tuple[Path, ...] = (), rounds: int = 5) -> Bench:
    """Warm up once on the smallest file, then run the rounds."""
    target = engine.target(TARGET)
    paths = prepare(folder, exports)
    one_round(paths[0], target)
    found: dict[Path, list[dict[str, Any]]] = {path: [] for path in paths}
    for i in range(rounds):
        for path in paths:  # onnx-tool takes half a minute for the largest: once is enough
            beside = i == 0 or str(LARGE) not in path.stem
            found[path].append(one_round(path, target, beside))
    return Bench(
        tuple(_medians(path, rows) for path, rows in found.items()),
        *pricing(target, rounds),
        rounds,
    )


def _medians(path: Path, rows: list[dict[str, Any]]) -> Timed:
    keys = ("read", "compile", "price", "total", "guarded", "child")
    theirs = [row["theirs"] for row in rows if row["theirs"] is not None]
    return Timed(
        file=path.stem,
        nodes=rows[0]["nodes"],
        tasks=rows[0]["tasks"],
        theirs=median(theirs) if theirs else None,
        error=rows[0]["error"],
        **{key: median(row[key] for row in rows) for key in keys},
    )


def table(bench: Bench) -> str:
    """The bench as text."""
    head = ("file", "nodes", "tasks", "read", "compile", "price", "total", "onnx-tool")
    rows = [f"{head[0]:<22}" + "".join(f"{h:>10}" for h in head[1:]) + "   guarded read + child"]
    for t in bench.files:
        theirs = "failed" if t.theirs is None else f"{t.theirs:.3f}"
        figures = (f"{t.nodes}", f"{t.tasks}", f"{t.read:.3f}", f"{t.compile:.3f}")
        figures += (f"{t.price:.3f}", f"{t.total:.3f}", theirs)
        row = f"{t.file:<22}" + "".join(f"{f:>10}" for f in figures)
        rows.append(f"{row}   {t.guarded:.3f} + {t.child:.3f}")
        if t.error:
            rows.append(f"{'':22}  onnx-tool: {t.error}")
    rows.append(
        f"pricing {bench.priced_tasks} tasks: baseline {1e3 * bench.baseline:.0f} ms, slowest "
        f"preset {1e3 * bench.slowest:.0f} ms.  CPU seconds, medians of {bench.rounds} "
        "interleaved rounds."
    )
    return "\n".join(rows)
