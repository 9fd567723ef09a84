"""Compile as a runtime does: its kernels are the tasks, unless it does not take the model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.compile import Compilation, compile_model
from engine.errors import EngineError
from engine.execute.optimising import optimised
from engine.graph import Graph
from engine.targets import Target


def follow(
    graph: Graph, target: Target, model: str | Path | bytes | None, runtime: Graph | None = None
) -> Compilation:
    """Compile to the kernels of a target's runtime, else by our own passes with a note.

    Args:
        graph: as read.
        target: one with a runtime.
        model: the file of the graph, or its bytes; None: `runtime` is given.
        runtime: what `optimised` gave before.
    """
    try:
        found = runtime
        if found is None and model is not None:
            found = optimised(model, graph)
        if found is None or any(op.region or op.domain == "paredown" for op in found.ops):
            raise EngineError("the runtime decides while it runs which kernels run")
        made = compile_model(graph, target, found)
    except EngineError as error:
        note = f"Compiled by our own passes, not as {target.runtime} does: {error.sentence}"
        return replace(compile_model(graph, target), note=note)
    if (made.tasks["unknown"] != "").any():
        own = compile_model(graph, target)
        if (own.tasks["unknown"] != "").sum() < (made.tasks["unknown"] != "").sum():
            return replace(own, note=f"Compiled by our own passes: the kernels of "
                           f"{target.runtime} have shapes that are not known.")  # fmt: skip
    return made
