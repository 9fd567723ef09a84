"""Run a compilation task by task, as the proof that it is the model.

Each task becomes a model of its own, made of the file's own nodes, and is fed what earlier tasks
returned.  So a task that is not convex, an order that is wrong, an operand that was forgotten or
a constant that was folded wrongly shows as an error or as other numbers.  It is slow; it is meant
for tests and small models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.compile import Compilation
from engine.errors import EngineError
from engine.formats import Extractor
from engine.graph import Graph, Op

Arrays = dict[str, NDArray[Any]]


def run_tasks(
    model: bytes, compilation: Compilation, feeds: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    """Run all tasks in order and return the model's outputs by name.

    Args:
        model: the bytes that were compiled.
        compilation: of these bytes, with symbolic sizes as in `feeds`.
        feeds: the model's inputs.

    Raises:
        EngineError: the model has control flow or functions, or a task cannot run by itself.
    """
    graph = compilation.graph
    held = next((op for op in graph.ops if op.region or op.domain == "paredown"), None)
    if held is not None:
        raise EngineError("models with control flow do not run task by task", held.name)
    extractor = Extractor(model)
    values: Arrays = {**feeds}
    values.update(_constants(graph))
    _run_folded(extractor, compilation, values)
    for op in graph.ops:
        needed = [t for t in op.inputs if t and not extractor.has_weight(t)]
        made = [t for t in op.outputs if t]
        _run(extractor, op.parts, needed, made, values)
    stored = [t for t in graph.outputs if t not in values]
    if stored:
        raise EngineError("the model returns a stored weight", stored[0])
    return {t: values[t] for t in graph.outputs}


def _constants(graph: Graph) -> Arrays:
    """What folding computed by itself."""
    return {
        t.name: np.array(t.value, t.dtype).reshape(t.shape)
        for t in graph.tensors.values()
        if t.kind == "weight" and t.value is not None and t.shape is not None
    }


def _run_folded(extractor: Extractor, compilation: Compilation, values: Arrays) -> None:
    """Compute what folded ops and views of inputs hand to the tasks, in one go."""
    source, graph = compilation.source, compilation.graph
    placed = zip(compilation.lineage["op"], compilation.lineage["task_id"], strict=True)
    in_tasks = {name for name, task in placed if task is not None}
    made = {t for op in graph.ops for t in op.outputs}
    wanted = [t for op in graph.ops for t in op.inputs if t and t not in made]
    wanted = [t for t in dict.fromkeys(wanted) if t in source.producer and t not in values]
    ops: dict[int, Op] = {}
    waiting = list(wanted)
    while waiting:
        index = source.producer.get(waiting.pop(), -1)
        if index < 0 or index in ops:
            continue
        op = source.ops[index]
        if op.name in in_tasks:
            raise EngineError("a folded op reads what a task makes", op.name)
        ops[index] = op
        waiting += [t for t in op.inputs if t and t not in values]
    parts = [ops[i] for i in sorted(ops)]
    inside = {t for op in parts for t in op.outputs}
    needed = [t for op in parts for t in op.inputs if t and t not in inside]
    _run(extractor, parts, [t for t in needed if not extractor.has_weight(t)], wanted, values)


def _run(
    extractor: Extractor,
    parts: Sequence[Op],
    needed: Sequence[str],
    made: Sequence[str],
    values: Arrays,
) -> None:
    """Run some ops of the file and add what they make to the values."""
    if not made:
        return
    import onnxruntime  # only who runs a model pays for loading it

    missing = [t for t in needed if t not in values]
    if missing:
        raise EngineError(f"{missing[0]!r} is read before any task makes it", parts[0].name)
    inputs = {t: values[t] for t in needed}
    makers = [next(t for t in part.outputs if t) for part in parts]
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(
            extractor.cut(makers, inputs, made), options, providers=["CPUExecutionProvider"]
        )
        results = session.run(list(made), inputs)
    except Exception as error:  # onnxruntime raises its own, unrelated types
        raise EngineError("task does not run by itself", parts[0].name, found=str(error)) from error
    values.update(zip(made, results, strict=True))
