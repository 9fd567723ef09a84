"""Invented compilations and resolutions, so that the page is tested apart from the engine."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from engine.compile.compilation import EDGE_SCHEMA, LINEAGE_SCHEMA, TASK_SCHEMA, Compilation
from engine.graph import Graph
from engine.recipe.model import PRICED_SCHEMA, Action, Preset, Recipe, Resolution, Rule, Totals

PRESETS = tuple(
    Preset(id, label, family, effort, "help", Recipe((Rule(action),)))
    for id, label, family, effort, action in (
        ("fp16", "fp16", "quantization", "$", Action("fp16", "fp16")),
        ("int8", "int8 weights and activations", "quantization", "$", Action("int8", "int8")),
        ("sparse50", "50 % sparse", "pruning", "$$", Action(sparsity=0.5)),
        ("palette4", "4-bit palette", "palettization", "$$", Action(palette_bits=4)),
    )
)
EMPTY = Graph("fake", (), {}, (), ())


def compilation(
    names: list[str], links: list[tuple[int, int]], groups: list[str] | None = None
) -> Compilation:
    """Tasks by name, edges by task id; numbers follow from the position."""
    n = len(names)
    rows: dict[str, list] = {c: [None] * n for c in TASK_SCHEMA}
    for i, name in enumerate(names):
        kernel = "pool" if "pool" in name else "concat" if "cat" in name else "conv"
        macs = 0 if kernel != "conv" else 1_000_000 * (1 + (i * 37) % 90)
        known = {
            "task_id": i, "name": name, "kernel": kernel, "ops": kernel.title(), "op_count": 1,
            "group": (groups or [""] * n)[i], "region": "", "runs": 1, "signature": i,
            "macs": macs, "operations": 1000, "parameters": macs // 500,
            "weight_bytes": macs // 125, "weight_elements": macs // 500,
            "kernel_elements": macs // 500, "input_elements": 10_000, "output_elements": 10_000,
            "input_bytes": 40_000, "output_bytes": 40_000, "input_format": "fp32",
            "output_format": "fp32", "kernel_format": "fp32" if macs else "",
            "input_shape": "1×16×64×64", "output_shape": "1×16×64×64", "kernel_shape": "",
            "live_bytes": 80_000, "unknown": "",
        }  # fmt: skip
        for c, v in known.items():
            rows[c][i] = v
    edges = {c: [None] * (len(links) + 2) for c in EDGE_SCHEMA}
    edges["source"] = [-1, *(a for a, _ in links), n - 1]
    edges["target"] = [0, *(b for _, b in links), -1]
    return Compilation(
        EMPTY, EMPTY, "phone-npu", "0", pl.DataFrame(rows, TASK_SCHEMA),
        pl.DataFrame(edges, EDGE_SCHEMA), pl.DataFrame(schema=LINEAGE_SCHEMA),
    )  # fmt: skip


def resolve(c: Compilation, recipe: Recipe = Recipe()) -> Resolution:  # noqa: B008
    """A toy cost model: int8 halves a conv, everything else refuses."""
    action = recipe.rules[0].action if recipe.rules else Action()
    n = len(c.tasks)
    conv = (c.tasks["kernel"] == "conv").to_list()
    factor = 0.5 if action.activations == "int8" else 0.8 if recipe.rules else 1.0
    latency = [
        (m / 2e12 + 2e-5) * (factor if k else 1.0)
        for m, k in zip(c.tasks["macs"].to_list(), conv, strict=True)
    ]
    fmt = action.kernel or "fp16"
    rows: dict[str, list] = {
        "task_id": list(range(n)), "origin": ["task"] * n, "anchor": list(range(n)),
        "name": c.tasks["name"].to_list(), "unit": ["npu" if k else "cpu" for k in conv],
        "unit_reason": ["" if k else "the NPU runs convolutions only" for k in conv],
        "input_format": [fmt if k else "fp16" for k in conv],
        "output_format": ["fp16"] * n, "kernel_format": [fmt if k else "" for k in conv],
        "sparsity": [action.sparsity if k else None for k in conv], "palette_bits": [0] * n,
        "pattern": [""] * n, "rule": [-1] * n, "cause": [""] * n,
        "refusal": ["" if k or not recipe.rules else "has no weights" for k in conv],
        "latency_s": list(latency), "compute_s": [v * 0.6 for v in latency],
        "memory_s": [v * 0.7 for v in latency], "launch_s": [1e-6] * n,
        "bound_by": ["compute" if i % 3 else "memory" for i in range(n)],
        "utilisation": [0.4] * n, "energy_j": [v * 2 for v in latency],
        "memory_energy_j": list(latency), "compute_energy_j": list(latency),
        "read_bytes": [v * 1e8 for v in latency], "write_bytes": [4e4] * n,
        "size_bytes": [m / 500 * factor for m in c.tasks["macs"].to_list()],
        "live_bytes": [8e4] * n,
    }  # fmt: skip
    if recipe.rules and n > 3:
        first = {k: v[0] for k, v in rows.items()}
        first.update(task_id=n, origin="conversion", anchor=3, name="int8 → fp16", refusal="")
        first.update(kernel_format="", size_bytes=0.0, latency_s=1e-5)
        for k, v in rows.items():
            v.append(first[k])
    tasks = pl.DataFrame(rows, PRICED_SCHEMA)
    totals = Totals(
        tasks["latency_s"].sum(), tasks["energy_j"].sum(), tasks["memory_energy_j"].sum(), 0.01,
        int(tasks["size_bytes"].sum()), 80_000, c.tasks["macs"].sum(), c.tasks["parameters"].sum(),
        n, 0,
    )  # fmt: skip
    return Resolution(tasks, totals, "fp16", sum(conv) if recipe.rules else 0)


def unet(depth: int = 4) -> Compilation:
    """A U-Net: encoder, decoder, a skip connection on each level."""
    names, groups, links, skips = [], [], [], []

    def add(name: str, group: str, *sources: int) -> int:
        names.append(f"{group.replace('/', '.')}.{name}" if group else name)
        groups.append(group)
        links.extend((s, len(names) - 1) for s in sources if s >= 0)
        return len(names) - 1

    at = add("conv2", "stem", add("conv1", "stem", -1))
    for d in range(depth):
        skips.append(at)
        g = f"down/{d}"
        at = add("conv2", g, add("conv1", g, add("pool", g, at)))
    for d in range(depth):
        g = f"up/{d}"
        cat = add("cat", g, add("up", g, at), skips.pop())
        at = add("conv2", g, add("conv1", g, cat))
    add("head", "", at)
    return compilation(names, links, groups)


def chain(n: int, scopes: int = 0) -> Compilation:
    """A residual chain of n tasks; every fourth task also reads the one four before."""
    links = [(i, i + 1) for i in range(n - 1)] + [(i, i + 4) for i in range(0, n - 4, 4)]
    groups = [f"layers/{i * scopes // n}" if scopes else "" for i in range(n)]
    return compilation([f"conv_{i}" for i in range(n)], links, groups)


def unknown(c: Compilation, ids: tuple[int, ...], resolution: Resolution) -> Resolution:
    """The same with tasks that cannot be priced."""
    mask = pl.col("task_id").is_in(ids)
    none = [
        pl.when(mask).then(None).otherwise(pl.col(x)).alias(x) for x in ("latency_s", "energy_j")
    ]
    t = replace(
        resolution.totals,
        latency_s=None,
        energy_j=None,
        memory_energy_j=None,
        unknown_tasks=len(ids),
    )
    return replace(resolution, tasks=resolution.tasks.with_columns(none), totals=t)
