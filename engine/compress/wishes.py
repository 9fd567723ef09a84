"""What a recipe asks of each task, and where in the file that is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.compile import Compilation
from engine.compress.layers import Layer, layers
from engine.formats import Network
from engine.recipe import Recipe, resolve

# What onnxruntime's quantizer has a rule for; other tasks between stay in floats.
QUANTIZABLE = frozenset(
    {"Add", "AveragePool", "Clip", "Concat", "Conv", "ConvTranspose", "Flatten", "Gather", "Gemm",
     "GlobalAveragePool", "LayerNormalization", "MatMul", "MaxPool", "Mul", "Pad", "Relu",
     "Reshape", "Resize", "Sigmoid", "Slice", "Softmax", "Split", "Squeeze", "Transpose",
     "Unsqueeze", "Where"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wish:
    """What the table says of a task, where it differs from the baseline."""

    name: str
    kernel: str
    reads: str
    makes: str
    sparsity: float
    pattern: str
    palette: int


def wishes_of(compilation: Compilation, recipe: Recipe) -> tuple[dict[int, Wish], list[str]]:
    """Task -> what differs from the baseline; and why other things do not.

    Raises:
        EngineError: the recipe means nothing here.
    """
    tasks, baseline = (resolve(compilation, r).tasks for r in (recipe, Recipe()))
    wishes: dict[int, Wish] = {}
    refused: dict[str, list[str]] = defaultdict(list)
    names = compilation.tasks["name"].to_list()
    before = {row["task_id"]: row for row in baseline.iter_rows(named=True)}
    for row in tasks.iter_rows(named=True):
        if row["origin"] != "task":
            continue
        i, was = row["task_id"], before[row["task_id"]]
        name = names[i]
        if row["refusal"] and not row["refusal"].startswith("no kernel weights"):
            refused[row["refusal"]].append(name)

        def new(key: str, row: Any = row, was: Any = was) -> str:
            return str(row[key]) if row[key] != was[key] else ""

        wish = Wish(
            name, new("kernel_format"), new("input_format"), new("output_format"),
            row["sparsity"] or 0.0, row["pattern"] or "", row["palette_bits"] or 0,
        )  # fmt: skip
        if wish != Wish(name, "", "", "", 0.0, "", 0):
            wishes[i] = wish
    said = [f"{names_of(found)}: {reason}." for reason, found in refused.items()]
    return wishes, said


class Places:
    """Where tasks are in a file.

    Args:
        model: bytes of the ONNX file.
        compilation: of it.
        wishes: tasks whose weights are looked for.
    """

    def __init__(self, model: bytes, compilation: Compilation, wishes: Mapping[int, Wish]) -> None:
        network = Network(model)
        network.name_nodes()
        raw = network.seen_as()
        nodes = {t: n for n in network.nodes for t in n.output if t}
        outputs = {op.name: op.outputs for op in compilation.source.ops}
        lineage = compilation.lineage
        self.task_of: dict[str, int] = {}  # node -> task
        self.types: dict[str, str] = {}
        for op, task in zip(lineage["op"], lineage["task_id"], strict=True):
            for seen in outputs.get(op, ()):
                node = nodes.get(raw.get(seen, ""))
                if node is not None and task is not None:
                    self.task_of[node.name] = task
                    self.types[node.name] = node.op_type
        makers = {t: n.name for n in network.nodes for t in n.output}
        self.layers: dict[int, list[Layer]] = defaultdict(list)
        for layer in layers(network):
            task = self.task_of.get(makers[layer.output], -1)
            if layer.role in ("weight", "embed") and task in wishes:
                self.layers[task].append(layer)


def names_of(found: Sequence[str]) -> str:
    """The first few of some names, and how many more there are."""
    more = len(found) - 3
    return ", ".join(found[:3]) + (f" and {more} more" if more > 0 else "")
