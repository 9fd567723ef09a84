"""The frames of a `Compilation`: tasks, edges and lineage.  Columns are built as lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import fields
from operator import attrgetter
from typing import Any

import polars as pl

from engine.compile.compilation import EDGE_SCHEMA, LINEAGE_SCHEMA, TASK_SCHEMA
from engine.compile.features import (
    Features,
    features_of,
    is_argument,
    shape_text,
    total_of,
    unpacked,
)
from engine.compile.kernels import classify
from engine.compile.live import live_bytes
from engine.compile.storage import Storage
from engine.graph import Graph, Op
from engine.units import FORMAT_OF

_PRODUCT = ("rows", "depth", "columns", "products", "window")
_PLAIN = tuple(f.name for f in fields(Features) if f.name != "product")


def tasks_frame(graph: Graph, storage: Storage) -> pl.DataFrame:
    """One row a task, in execution order, with the columns of `TASK_SCHEMA`."""
    ops = graph.ops
    kernels = [classify(op, graph.tensors) for op in ops]
    keys: dict[object, int] = {}
    cache: dict[int, Features] = {}
    signatures, found = [], []
    for op, kernel in zip(ops, kernels, strict=True):
        signature = keys.setdefault(_signature(op, kernel, storage), len(keys))
        features = cache.get(signature) or features_of(op, kernel, storage)
        if not features.unknown:  # a reason names its own tensor
            cache[signature] = features
        signatures.append(signature)
        found.append(features)
    parameters, weight_bytes = _first_use(ops, storage)
    columns: dict[str, Any] = {
        "task_id": range(len(ops)),
        "name": _names(ops),
        "kernel": kernels,
        "ops": ["+".join([part.type for part in op.parts]) for op in ops],
        "op_count": [len(op.parts) for op in ops],
        "group": ["/".join(op.scope) for op in ops],
        "region": [op.region for op in ops],
        "runs": [op.runs for op in ops],
        "signature": signatures,
        "parameters": parameters,
        "weight_bytes": weight_bytes,
        "live_bytes": live_bytes(graph, storage),
    }
    for name in _PLAIN:
        columns[name] = list(map(attrgetter(name), found))
    # What never runs costs nothing, whatever its shapes; only a missing kernel is worth saying.
    columns["unknown"] = [
        f.unknown if op.runs or kernel == "unknown" else ""
        for f, op, kernel in zip(found, ops, kernels, strict=True)
    ]
    for name in _PRODUCT:
        columns[name] = [f.product and getattr(f.product, name) for f in found]
    return pl.DataFrame({name: columns[name] for name in TASK_SCHEMA}, schema=TASK_SCHEMA)


def edges_frame(graph: Graph, storage: Storage) -> pl.DataFrame:
    """One row for each tensor that a task reads from another, views looked through."""
    maker = {t: i for i, op in enumerate(graph.ops) for p in op.parts for t in p.outputs if t}
    # a kernel of a runtime may make what no op of the file did: the same numbers in blocks
    maker |= {t: i for i, op in enumerate(graph.ops) for t in op.outputs if t}
    rows: list[tuple[object, ...]] = []
    for i, op in enumerate(graph.ops):
        seen = set()
        for t in op.inputs:
            root = storage.root(t)
            if not t or root in seen or graph.tensors[t].kind == "weight":
                continue
            seen.add(root)
            rows.append((maker.get(root, -1), i, *_edge(t, storage)))
    rows += [(maker.get(storage.root(t), -1), -1, *_edge(t, storage)) for t in graph.outputs]
    return pl.DataFrame(rows, schema=EDGE_SCHEMA, orient="row")


def _edge(name: str, storage: Storage) -> tuple[object, ...]:
    stored = storage.stored(name)
    shape = shape_text(storage.tensors[name])
    sizes = total_of((stored.elements,)), total_of((stored.bytes,))
    return name, shape, FORMAT_OF.get(stored.dtype, ""), *sizes


def lineage_frame(graph: Graph, source: Graph, reasons: Mapping[str, str]) -> pl.DataFrame:
    """One row for each op of the file: the task it is in, or why it is in none."""
    task = {part.name: i for i, op in enumerate(graph.ops) for part in op.parts}
    columns = {
        "op": [op.name for op in source.ops],
        "op_type": [op.type for op in source.ops],
        "task_id": [task.get(op.name) for op in source.ops],
        "reason": [reasons.get(op.name, "a task of its own") for op in source.ops],
    }
    return pl.DataFrame(columns, schema=LINEAGE_SCHEMA)


def _names(ops: tuple[Op, ...]) -> list[str]:
    """The module path where there is one, and the op's own word where tasks share a path."""
    shared = Counter(op.scope for op in ops)
    names = []
    for op in ops:
        path = "/".join(op.scope)
        if not path:
            names.append(op.name)
        elif shared[op.scope] == 1:
            names.append(path)
        else:
            names.append(f"{path}/{op.name.rsplit('/', 1)[-1].removeprefix('node_')}")
    return names


def _signature(op: Op, kernel: str, storage: Storage) -> object:
    """What decides a kernel's figures: types, attributes, shapes, formats, and what is shared."""
    order: dict[str, int] = {}
    operands = []
    for name in (*op.inputs, "|", *op.outputs):
        if name in storage.tensors:
            tensor, stored = storage.tensors[name], storage.stored(name)
            place = order.setdefault(stored.name, len(order))
            weight = tensor.kind == "weight"
            operands.append((tensor.shape, stored.shape, stored.dtype, weight, place))
    parts = tuple((p.domain, p.type, tuple(sorted(p.attributes.items()))) for p in op.parts)
    return kernel, parts, tuple(operands), len(op.inputs)


def _first_use(ops: tuple[Op, ...], storage: Storage) -> tuple[list[int | None], list[int | None]]:
    """Weight elements and their bytes in the file, counted at the first task that reads them."""
    seen: set[str] = set()
    parameters: list[int | None] = []
    sizes: list[int | None] = []
    tensors = storage.tensors
    for op in ops:
        count: int | None = 0
        size: int | None = 0
        packed = {storage.root(p.inputs[1]): n for p in op.parts if (n := unpacked(p))}
        for t in op.inputs:
            if not t or tensors[t].kind != "weight":
                continue
            stored = storage.stored(t)
            if stored.name in seen or is_argument(stored):
                continue
            seen.add(stored.name)
            elements, stored_bytes = packed.get(stored.name, stored.elements), stored.bytes
            count = total_of((count, elements))
            size = total_of((size, stored_bytes))
        parameters.append(count)
        sizes.append(size)
    return parameters, sizes
