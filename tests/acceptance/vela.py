"""Our Ethos-U targets beside Arm's own compiler: a report for developers, not part of CI.

`python -m tests.acceptance.vela PYTHON`, where PYTHON is that of an environment with ethos-u-vela
(`python -m venv DIR; DIR/bin/pip install ethos-u-vela`).  Two convolutional networks are written
as int8 TFLite files, which Vela compiles; its estimate of each layer's cycles is laid beside what
our target predicts of the same layer.  Both are estimates: none was measured on silicon.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import engine
from engine.execute.validating import ranks
from engine.graph import Graph, Op
from tests.acceptance import corpus

NETS = ("resnet18", "mobilenetv2")
# our target -> (accelerator, system, memory mode, Hz) of Vela's own configuration file
TARGETS = {
    "ethos-u55-256": ("ethos-u55-256", "Ethos_U55_High_End_Embedded", "Shared_Sram", 5e8),
    "ethos-u65-512": ("ethos-u65-512", "Ethos_U65_High_End", "Dedicated_Sram_512KB", 1e9),
    "ethos-u85-512": ("ethos-u85-512", "Ethos_U85_SYS_DRAM_Mid", "Dedicated_Sram_512KB", 1e9),
}
TOP = 10
ACTIVATIONS = {"Relu": "relu", "Clip": "relu6"}


def layers(graph: Graph) -> dict[str, Any]:
    """The layers of a convolutional network for `vela_twin`, sizes as NHWC.

    Raises:
        ValueError: it has an op that has no layer here.
    """
    made: list[dict[str, Any]] = []
    alias: dict[str, str] = {}
    for op in graph.ops:
        if op.type in ("ConstantOfShape", "Identity"):
            continue
        reads = [alias.get(name, name) for name in op.inputs]
        if op.type in ACTIVATIONS:
            made[-1]["activation"] = ACTIVATIONS[op.type]
            alias[op.outputs[0]] = reads[0]
            if made[-1]["output"] != reads[0]:
                raise ValueError(f"{op.name} is not right after what it follows")
            continue
        count = 2 if op.type == "Add" else 1
        made.append({
            **_layer(graph, op), "inputs": reads[:count], "output": op.outputs[0],
            "shapes": [_size(graph, n) for n in op.inputs[:count]],
            "made": _size(graph, op.outputs[0]),
        })  # fmt: skip
    names = [alias.get(n, n) for n in graph.outputs]
    return {"layers": made, "inputs": list(graph.inputs), "outputs": names}


def _layer(graph: Graph, op: Op) -> dict[str, Any]:
    a = op.attributes
    if op.type == "Conv":
        weight = list(graph.tensors[op.inputs[1]].shape or ())
        stride = {"stride": a.get("strides", (1,))[0]}
        if a.get("group", 1) == 1:
            return {"kind": "conv", "weight": [weight[0], *weight[2:], weight[1]], **stride}
        return {"kind": "depthwise", "weight": [1, *weight[2:], weight[0]], **stride}
    if op.type == "MaxPool":
        return {
            "kind": "max_pool",
            "window": a["kernel_shape"][0],
            "stride": a.get("strides", (1,))[0],
        }
    if op.type == "Gemm":
        return {"kind": "full", "weight": list(graph.tensors[op.inputs[1]].shape or ())}
    kinds = {"Add": "add", "ReduceMean": "mean", "Reshape": "reshape"}
    if op.type not in kinds:
        raise ValueError(f"{op.type} has no layer in the twin")
    return {"kind": kinds[op.type]}


def _size(graph: Graph, name: str) -> list[int]:
    shape = [int(n) for n in graph.tensors[name].shape or ()]
    return [shape[0], *shape[2:], shape[1]] if len(shape) == 4 else shape


def ours(graph: Graph, target: str, hertz: float) -> tuple[dict[str, int], dict[int, float]]:
    """(task of each op by the op's output, cycles of each task in int8)."""
    made = engine.compile_model(graph, engine.target(target))
    found = engine.resolve(made, engine.preset("int8").recipe).tasks
    cycles = {t: s * hertz for t, s in found.select("task_id", "latency_s").iter_rows()}
    outputs = {op.name: op.outputs[0] for op in graph.ops}
    rows = made.lineage.select("op", "task_id").iter_rows()
    return {outputs[n]: t for n, t in rows if t is not None and n in outputs}, cycles


def theirs(python: str, net: Path, target: str, folder: Path) -> dict[str, float]:
    """Cycles of each layer by the name of its output, as Vela estimates them."""
    accelerator, system, mode, _ = TARGETS[target]
    words = [str(Path(python).with_name("vela")), str(net), "--output-dir", str(folder), "--config",
             "Arm/vela.ini", "--accelerator-config", accelerator, "--system-config", system,
             "--memory-mode", mode, "--verbose-performance"]  # fmt: skip
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError((done.stderr or done.stdout)[-800:])
    (table,) = folder.glob("*per-layer.csv")
    found: dict[str, float] = {}
    with table.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):  # one layer may be several rows
            name = row["Name"].removesuffix("_intermediate")
            found[name] = found.get(name, 0.0) + float(row["Op Cycles"])
    return found


def main(python: str) -> None:
    """Print rank correlation and ratio of sums, a line a network and target."""
    twin = Path(__file__).with_name("vela_twin.py")
    for path in corpus.exports():
        if corpus.name(path) not in NETS:
            continue
        graph = engine.read_trusted(path)
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            net = layers(graph)
            (place / "net.json").write_text(json.dumps(net), "utf-8")
            file = place / "net.tflite"
            subprocess.run([python, str(twin), str(place / "net.json"), str(file)], check=True)
            for target, (*_, hertz) in TARGETS.items():
                out = place / target
                out.mkdir()
                found, mine = theirs(python, file, target, out), ours(graph, target, hertz)
                sys.stdout.write(report(corpus.name(path), target, mine, found))
                sys.stdout.flush()


def report(
    net: str, target: str, mine: tuple[dict[str, int], dict[int, float]], found: dict[str, float]
) -> str:
    """One line: how many tasks both have, in what order, and how the sums compare."""
    tasks, cycles = mine
    sums: dict[int, float] = {}
    for name, value in found.items():
        if name in tasks:
            sums[tasks[name]] = sums.get(tasks[name], 0.0) + value
    a, b = np.array([cycles[t] for t in sums]), np.array(list(sums.values()))
    rank = float(np.corrcoef(ranks(a), ranks(b))[0, 1])
    apart = np.exp(np.abs(np.log(np.maximum(a, 1) / np.maximum(b, 1))))
    top = len(set(np.argsort(-a)[:TOP]) & set(np.argsort(-b)[:TOP]))
    return (
        f"{net:<12} {target:<14} {len(sums)} tasks, {b.sum() / sum(found.values()):.0%} of Vela's "
        f"cycles: rank correlation {rank:.2f}, {top} of the {TOP} longest alike, sum ours / Vela's "
        f"{a.sum() / b.sum():.2f}, a task is {np.median(apart):.2f} times off (median)\n"
    )


if __name__ == "__main__":
    main(sys.argv[1])
