"""Figures to lay over a graph in other viewers: Model Explorer's node data, Netron's attachment.

Both name nodes as the ONNX file does.  A task made of several nodes has its figures on one of them,
its anchor, so that sums over a group are right; the others say where they went.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from engine.compile import Compilation
from engine.errors import EngineError
from engine.export.subject import Subject
from engine.metrics import BY_ID

# the least and the most of a colour ramp, which Model Explorer blends between; light and dark ink
RAMP = (("#e9f0fb", "#131722"), ("#4f88db", "#ffffff"), ("#0b3a85", "#ffffff"))
FIGURES = ("latency_s", "energy_j", "size_bytes", "read_bytes", "write_bytes")
WORDS = ("unit", "bound_by", "input_format", "output_format", "kernel_format", "cause", "refusal")


def model_explorer(subject: Subject, metric: str = "latency_s") -> bytes:
    """Node data of one metric, for the graph that Model Explorer's ONNX adapter makes.

    Its key of a node is the node's name, `<node_7>` where the file has none; such nodes get both.

    Raises:
        EngineError: the metric is not one that tasks have.
    """
    rows = subject.after.tasks
    if metric not in rows.columns or metric not in BY_ID:
        known = ", ".join(m for m in BY_ID if m in rows.columns)
        raise EngineError("no such figure of a task", "metric", f"one of {known}", metric[:80])
    spec = BY_ID[metric]
    values = rows[metric].to_list()
    results = {
        key: {"value": values[task] * spec.scale}
        for task, op, anchor in _nodes(subject.compilation)
        if anchor and values[task] is not None
        for key in _keys(op)
    }
    steps = [{"stop": k / (len(RAMP) - 1), "bgColor": ground, "textColor": ink}
             for k, (ground, ink) in enumerate(RAMP)]  # fmt: skip
    name = f"{spec.header} on {subject.compilation.target}"
    return _json({"results": results, "name": name, "gradient": steps})


def netron(subject: Subject) -> bytes:
    """An attachment: drop it onto the model that is open in Netron.

    Figures are metrics of a node, words are metadata.  Nodes without a name cannot be addressed.
    """
    rows = subject.after.tasks.to_dicts()
    names = subject.compilation.tasks["name"].to_list()
    metadata: list[dict[str, Any]] = []
    metrics: list[dict[str, Any]] = []
    for task, (op, _), anchor in _nodes(subject.compilation):
        row = rows[task]
        if not anchor:
            metadata.append(_entry(op, "fused into", names[task]))
            continue
        metrics += [_entry(op, f"{c}", row[c], "float64") for c in FIGURES if row[c] is not None]
        metadata += [_entry(op, c.replace("_", " "), row[c]) for c in WORDS if row[c]]
    return _json({"signature": "netron:attachment", "metadata": metadata, "metrics": metrics})


def _nodes(made: Compilation) -> Iterator[tuple[int, tuple[str, str], bool]]:
    """(task, (name, type) of a node of the file, whether the task is named for it)."""
    anchors: dict[int, str] = {}
    known = made.lineage.filter(made.lineage["task_id"].is_not_null())
    pairs: dict[int, list[tuple[str, str]]] = {}
    for op, kind, task in known.select("op", "op_type", "task_id").iter_rows():
        pairs.setdefault(task, []).append((op, kind))
    for task, name in made.tasks.select("task_id", "name").iter_rows():
        nodes = [node for node, _ in pairs.get(task, ())]
        if nodes:
            own = made.graph.ops[task].name
            anchors[task] = own if own in nodes else name if name in nodes else nodes[0]
    for task, ops in pairs.items():
        for op in ops:
            yield task, op, op[0] == anchors[task]


def _keys(op: tuple[str, str]) -> tuple[str, ...]:
    """What a node may be called there: our reader names a nameless one by type and place."""
    name, kind = op
    place = name.removeprefix(f"{kind}_")
    return (name, f"<node_{place}>") if place != name and place.isdigit() else (name,)


def _entry(target: str, name: str, value: Any, kind: str = "string") -> dict[str, Any]:
    return {"kind": "node", "target": target, "name": name, "value": value, "type": kind}


def _json(made: dict[str, Any]) -> bytes:
    return json.dumps(made, ensure_ascii=False, allow_nan=False, indent=1).encode()
