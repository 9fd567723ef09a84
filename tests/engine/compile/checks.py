"""What every test of a pass checks: ops before and after, names, shapes and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from engine.compile import Compilation, compile_model
from engine.execute import run_tasks
from engine.formats import read_trusted
from engine.graph import Graph, verify
from tests.builders import Net


@dataclass(frozen=True)
class AnyTarget:
    """All that the compiler asks of a target."""

    id: str = "any"
    without_passes: frozenset[str] = frozenset()


def read(model: Any) -> Graph:
    return read_trusted(model.SerializeToString() if hasattr(model, "SerializeToString") else model)


def compiled(net: Net | Any, *without: str) -> Compilation:
    model = net.model() if isinstance(net, Net) else net
    return compile_model(read(model), AnyTarget(without_passes=frozenset(without)))


def check(net: Net, before: str, after: str, *without: str) -> Compilation:
    """Compile; compare op types and all that must hold; return the compilation.

    Args:
        net: the network.
        before: op types of the file in order, weights' fills left out.
        after: member types of the tasks in order, tasks separated by spaces.
        without: passes to leave out.
    """
    model = net.model()
    found = compiled(model, *without)
    kinds = [op.type for op in found.source.ops if op.type != "ConstantOfShape"]
    assert " ".join(kinds) == before
    assert " ".join(found.tasks["ops"].to_list()) == after
    verify(found.graph)
    assert found.graph.outputs == found.source.outputs == tuple(o.name for o in model.graph.output)
    for name, tensor in found.graph.tensors.items():
        assert tensor.shape == found.source.tensors[name].shape
    assert found.lineage["op"].to_list() == [op.name for op in found.source.ops]
    placed = dict(zip(found.lineage["op"], found.lineage["task_id"], strict=True))
    members = {p.name: i for i, op in enumerate(found.graph.ops) for p in op.parts}
    assert {op: i for op, i in placed.items() if i is not None} == members
    assert "" not in found.lineage["reason"].to_list()
    check_numbers(model.SerializeToString(), found)
    return found


def check_numbers(data: bytes, compilation: Compilation, seed: int = 1) -> None:
    """The tasks, run one by one, return what the whole model returns."""
    graph = compilation.source
    feeds = random_feeds(graph, seed)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    wanted = session.run(list(graph.outputs), feeds)
    found = run_tasks(data, compilation, feeds)
    for name, array in zip(graph.outputs, wanted, strict=True):
        np.testing.assert_allclose(found[name], array, rtol=1e-5, atol=1e-6, err_msg=name)


def random_feeds(graph: Graph, seed: int) -> dict[str, NDArray[Any]]:
    random = np.random.default_rng(seed)
    feeds = {}
    for name in graph.inputs:
        tensor = graph.tensors[name]
        assert tensor.shape is not None
        if tensor.dtype.startswith("float"):
            feeds[name] = random.standard_normal(tensor.shape).astype(tensor.dtype)
        else:
            feeds[name] = random.integers(0, 3, tensor.shape).astype(tensor.dtype)
    return feeds
