"""Compilations written by hand: tasks with known figures, without any compiler."""

from __future__ import annotations

from typing import Any

import polars as pl

from engine.compile import EDGE_SCHEMA, LINEAGE_SCHEMA, TASK_SCHEMA, Compilation
from engine.graph import Graph
from engine.targets import Target
from engine.targets.load import CATALOGUE, load_file
from engine.units import FORMAT_BITS

EMPTY = Graph("hand", (), {}, (), ())
ZERO = {name: 0 for name, dtype in TASK_SCHEMA.items() if dtype.is_integer()}
TEXT = {name: "" for name, dtype in TASK_SCHEMA.items() if dtype == pl.String}


def conv(rows: int, cin: int, cout: int, window: int = 9, **more: Any) -> dict[str, Any]:
    """A convolution of `rows` output positions on fp32 activations of as many input positions."""
    weights = cin * cout * window
    return {
        **product(rows, cin * window, cout, window=window, kernel="conv", ops="Conv"),
        **tensors(rows * cin, rows * cout),
        **kernel(weights),
        **more,
    }


def depthwise(rows: int, channels: int, window: int = 9, **more: Any) -> dict[str, Any]:
    return {
        **product(rows, window, 1, channels, window, kernel="depthwise_conv", ops="Conv"),
        **tensors(rows * channels, rows * channels),
        **kernel(channels * window),
        **more,
    }


def gemm(rows: int, cin: int, cout: int, **more: Any) -> dict[str, Any]:
    return {
        **product(rows, cin, cout, kernel="gemm", ops="MatMul"),
        **tensors(rows * cin, rows * cout),
        **kernel(cin * cout),
        **more,
    }


def simple(kernel_class: str, elements: int, ops: str = "Add", **more: Any) -> dict[str, Any]:
    """A task of one operation an element that keeps its size."""
    return {"kernel": kernel_class, "ops": ops, "operations": elements,
            **tensors(elements, elements), **more}  # fmt: skip


def product(rows: int, depth: int, columns: int, products: int = 1, window: int = 0,
            **more: Any) -> dict[str, Any]:  # fmt: skip
    macs = rows * depth * columns * products
    return {"rows": rows, "depth": depth, "columns": columns, "products": products,
            "window": window, "macs": macs, **more}  # fmt: skip


def tensors(read: int, made: int, fmt: str = "fp32") -> dict[str, Any]:
    size = FORMAT_BITS[fmt] // 8
    return {"input_elements": read, "output_elements": made, "input_bytes": read * size,
            "output_bytes": made * size, "input_format": fmt, "output_format": fmt}  # fmt: skip


def kernel(weights: int, fmt: str = "fp32") -> dict[str, Any]:
    size = weights * FORMAT_BITS[fmt] // 8
    return {"parameters": weights, "weight_elements": weights, "kernel_elements": weights,
            "weight_bytes": size, "kernel_format": fmt}  # fmt: skip


def compilation(
    *tasks: dict[str, Any],
    edges: list[tuple[int, int]] | None = None,
    target: str = "phone-npu",
) -> Compilation:
    """Tasks in order; edges (source, target), a chain from input to output unless given."""
    n = len(tasks)
    rows = []
    for i, task in enumerate(tasks):
        made = {**ZERO, **TEXT, "task_id": i, "name": f"t{i}", "op_count": 1, "runs": 1,
                "signature": i, "rank": 4, "input_shape": "1", "output_shape": "1",
                **task}  # fmt: skip
        live = (made["input_bytes"] or 0) + (made["output_bytes"] or 0)
        rows.append(
            {"live_bytes": live, **made} | ({} if made["live_bytes"] else {"live_bytes": live})
        )
    pairs = edges if edges is not None else [(i - 1, i) for i in range(n)] + [(n - 1, -1)]
    lines = []
    for source, reader in pairs:
        task, side = (rows[source], "output") if source >= 0 else (rows[reader], "input")
        name = f"y{source}" if source >= 0 else "x"
        lines.append((source, reader, name, "1", task[f"{side}_format"],
                      task[f"{side}_elements"], task[f"{side}_bytes"]))  # fmt: skip
    return Compilation(
        graph=EMPTY, source=EMPTY, target=target, engine="0",
        tasks=pl.DataFrame(rows, schema=TASK_SCHEMA, orient="row"),
        edges=pl.DataFrame(lines, schema=EDGE_SCHEMA, orient="row"),
        lineage=pl.DataFrame(schema=LINEAGE_SCHEMA),
    )  # fmt: skip


TOY = """
label = "Toy"
summary = "round numbers"
kind = "npu"
fps = { value = 10, unit = "1/s", assumption = "toy" }
static = { value = 1, unit = "W", assumption = "toy" }
hop = { value = 0.5, unit = "s", assumption = "toy" }
[units.npu]
label = "Toy NPU"
kernels = ["conv", "depthwise_conv", "gemm", "elementwise", "layout"]
sparse = "run"
launch = { value = 0.25, unit = "s", assumption = "toy" }
efficiency = { value = 0.5, assumption = "toy" }
element_rate = { value = 100, unit = "op/s", assumption = "toy" }
special_rate = { value = 10, unit = "op/s", assumption = "toy" }
output_rate = { value = 1000, unit = "op/s", assumption = "toy" }
weight_rate = { value = 50, unit = "weight/s", assumption = "toy" }
op_energy = { value = 0.01, unit = "J/op", assumption = "toy" }
weights = { int4 = "run" }
palettes = { 4 = "run" }
[units.npu.rates]
int8 = { value = 1000, unit = "MAC/s", assumption = "toy" }
[units.npu.depthwise]
all = { value = 0.125, assumption = "toy" }
[units.npu.mac_energy]
int8 = { value = 0.001, unit = "J/MAC", assumption = "toy" }
[units.npu.tile]
rows = { value = 4, assumption = "toy" }
depth = { value = 8, assumption = "toy" }
columns = { value = 8, assumption = "toy" }
[units.npu.limits]
rank = { low = 1, high = 4 }
static_shape = {}
[units.cpu]
label = "Toy CPU"
integers = ["int64"]
float_only = ["normalization"]
launch = { value = 0, unit = "s", assumption = "toy" }
efficiency = { value = 1, assumption = "toy" }
element_rate = { value = 10, unit = "op/s", assumption = "toy" }
special_rate = { value = 1, unit = "op/s", assumption = "toy" }
op_energy = { value = 0.1, unit = "J/op", assumption = "toy" }
computes_as = { fp16 = "fp32" }
weights = { int8 = "load", int4 = "load" }
palettes = { 4 = "load", 8 = "load" }
[units.cpu.rates]
int8 = { value = 200, unit = "MAC/s", assumption = "toy" }
fp32 = { value = 100, unit = "MAC/s", assumption = "toy" }
[units.cpu.depthwise]
all = { value = 0.5, assumption = "toy" }
[units.cpu.mac_energy]
int8 = { value = 0.01, unit = "J/MAC", assumption = "toy" }
fp32 = { value = 0.04, unit = "J/MAC", assumption = "toy" }
[memories.near]
label = "Near"
units = ["npu"]
capacity = { value = 1000, unit = "B", assumption = "toy" }
bandwidth = { value = 100, unit = "B/s", assumption = "toy" }
energy = { value = 0.001, unit = "J/B", assumption = "toy" }
idle = { value = 0.1, unit = "W", assumption = "toy" }
[memories.far]
label = "Far"
weights = "home"
bandwidth = { value = 10, unit = "B/s", assumption = "toy" }
energy = { value = 0.02, unit = "J/B", assumption = "toy" }
idle = { value = 0.2, unit = "W", assumption = "toy" }
"""


def toy(folder: Any, text: str = TOY) -> Target:
    """A target of round numbers, so that a test can do the sum by hand."""
    path = folder / "toy.toml"
    path.write_text(text, "utf-8")
    return load_file(path)


def real(name: str) -> Target:
    return load_file(CATALOGUE / f"{name}.toml")
