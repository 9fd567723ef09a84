"""What to write where a task comes from: a recipe as a few lines of code a task.

A script (`scripts.py`) changes a whole model; here each edited task has its own lines, for PyTorch
(torchao, torch.nn.utils.prune) or for Core ML Tools, to be put beside the layer that they are of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from engine.compile import Compilation
from engine.compress.scripts import module_of
from engine.compress.wishes import Wish, wishes_of
from engine.errors import EngineError
from engine.recipe import Recipe

_TORCH_HEAD = """\
from torch.nn.utils import prune
from torchao.quantization import (
    Int4WeightOnlyConfig,
    Int8DynamicActivationInt8WeightConfig,
    Int8WeightOnlyConfig,
    quantize_,
)
"""
_CORE_HEAD = """\
import coremltools as ct
import coremltools.optimize.coreml as cto

config = cto.OptimizationConfig()
# op_of: cto.get_weights_metadata(model)[name].child_ops[0].name
"""
_LAYERS = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})
_STORES = frozenset({"ConstantOfShape", "DequantizeLinear", "Transpose", "Identity"})  # of weights
_PALETTES = frozenset({1, 2, 3, 4, 6, 8})


@dataclass(frozen=True, slots=True)
class Snippet:
    """One edited task.

    Args:
        task: its id; name: its name.
        code: lines for the tool, "" where it has none.
        missing: sentences on what the recipe asks for and the tool cannot say.
    """

    task: int
    name: str
    code: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Snippets:
    """Every edited task of a recipe.

    Args:
        tool: key of `PER_TASK`; head: what all need once; tasks: in the model's order.
    """

    tool: str
    head: str
    tasks: tuple[Snippet, ...]

    def text(self, lines: Mapping[int, str], most: int | None = None) -> str:
        """All of it, each task under the line of source that it comes from.

        Args:
            lines: task -> "unet.py:18: x = self.conv1(x)", where it is known.
            most: tasks that are written; the rest is counted.
        """
        rows = [self.head]
        for part in self.tasks[:most]:
            rows.append(f"# task {part.task}: {_one_line(part.name)}")
            rows += [f"# {_one_line(lines[part.task])}"] if part.task in lines else []
            rows += [part.code] if part.code else []
            rows += [f"# not here: {_one_line(text)}" for text in part.missing]
        if most is not None and len(self.tasks) > most:
            rows.append(f"# and {len(self.tasks) - most:,} more tasks: paredown recipe export "
                        "--per-task writes all")  # fmt: skip
        return "\n".join(rows) + "\n"


def _one_line(text: str) -> str:
    """So that nothing of a name stands outside the comment."""
    return " ".join(text.split())


class _Layer(NamedTuple):
    """A layer of a task: the name of its weight as the exporter has it, and its operator."""

    tensor: str
    op: str


def snippets(compilation: Compilation, recipe: Recipe, tool: str = "torchao") -> Snippets:
    """Write a recipe task by task.

    Args:
        compilation: of the model for the hardware whose tasks and refusals count.
        recipe: rules.
        tool: key of `PER_TASK`.

    Raises:
        EngineError: no such tool, or the recipe means nothing here.
    """
    if tool not in PER_TASK:
        raise EngineError("has no code for single tasks", tool[:60],
                          f"one of {', '.join(PER_TASK)}")  # fmt: skip
    wishes, _ = wishes_of(compilation, recipe)
    layers = _layers(compilation)
    head, write = PER_TASK[tool]
    made = []
    for task, wish in sorted(wishes.items()):
        rows: list[str] = []
        left: dict[str, None] = {}
        for layer in layers[task]:
            write(layer, wish, rows, left)
        if not layers[task]:
            left["it has no weights of its own, so its format follows its neighbours"] = None
        made.append(Snippet(task, wish.name, "\n".join(dict.fromkeys(rows)), tuple(left)))
    return Snippets(tool, head, tuple(made))


def _layers(compilation: Compilation) -> dict[int, list[_Layer]]:
    """The layers of each task, by the names of the weights that their operators read."""
    found: dict[int, list[_Layer]] = defaultdict(list)
    source = compilation.source
    made = {t for op in source.ops if op.type not in _STORES for t in op.outputs}
    ops = {op.name: op for op in source.ops}
    lineage = compilation.lineage
    for name, task in zip(lineage["op"], lineage["task_id"], strict=True):
        op = ops.get(name)
        if op is not None and task is not None and op.type in _LAYERS and len(op.inputs) > 1:
            weight = op.inputs[1]
            if weight not in made and weight not in source.inputs:
                found[task].append(_Layer(weight, op.type))
    return found


def _torch(layer: _Layer, wish: Wish, rows: list[str], left: dict[str, None]) -> None:
    name = module_of(layer.tensor)
    if not name:
        left["its weight does not have the name of a PyTorch module"] = None
        return
    layer_ = f"model.get_submodule({name!a})"
    only = f"filter_fn=lambda module, name: name == {name!a}"
    if wish.pattern == "channels":
        rows.append(f'prune.ln_structured({layer_}, "weight", {wish.sparsity:g}, n=2, dim=0)')
        left["channels become zeros there; a library such as torch-pruning removes them"] = None
    elif wish.pattern:
        left[f"{wish.pattern} zeros: torch.ao.pruning has them for linear layers"] = None
    elif wish.sparsity:
        rows.append(f'prune.l1_unstructured({layer_}, "weight", {wish.sparsity:g})')
    if wish.palette:
        left["torchao has no palettes"] = None
    linear = layer.op in ("Gemm", "MatMul")
    if wish.kernel == "fp16" or (wish.reads == "fp16" and not wish.kernel):
        rows.append(f"{layer_}.half()  # what it reads must be in halves too")
    elif wish.kernel and not linear:
        left["torchao quantizes linear layers alone"] = None
    elif wish.kernel in ("int8", "int4"):
        config = {
            ("int8", True): "Int8DynamicActivationInt8WeightConfig()",
            ("int8", False): "Int8WeightOnlyConfig()",
        }.get((wish.kernel, wish.reads == "int8"), "Int4WeightOnlyConfig(group_size=32)")
        rows.append(f"quantize_(model, {config}, {only})")
    elif wish.kernel:
        left[f"weights in {wish.kernel}"] = None


def _core(layer: _Layer, wish: Wish, rows: list[str], left: dict[str, None]) -> None:
    def say(setting: str) -> None:
        rows.append(f"config.set_op_name(op_of[{layer.tensor!a}], cto.{setting})")

    if wish.pattern == "channels":
        left["Core ML Tools remove no channels: prune before the conversion"] = None
    elif wish.pattern:
        kept, of = map(int, wish.pattern.split(":"))
        say(f"OpMagnitudePrunerConfig(n_m_ratio=({of - kept}, {of}))")
    elif wish.sparsity:
        say(f"OpMagnitudePrunerConfig(target_sparsity={wish.sparsity:g})")
    if wish.palette in _PALETTES:
        say(f'OpPalettizerConfig(mode="kmeans", nbits={wish.palette})')
    elif wish.palette:
        left["palettes there have 1, 2, 3, 4, 6 or 8 bits"] = None
    elif wish.kernel in ("int8", "int4"):
        grain = "per_channel" if wish.kernel == "int8" else "per_block"
        say(f'OpLinearQuantizerConfig(mode="linear_symmetric", dtype={wish.kernel!a}, '
            f"granularity={grain!a})")  # fmt: skip
    elif wish.kernel and wish.kernel != "fp16":
        left[f"weights in {wish.kernel}"] = None
    if wish.reads == "int8":
        say('experimental.OpActivationLinearQuantizerConfig(mode="linear_symmetric")')
    elif wish.reads not in ("", "fp16"):
        left[f"activations in {wish.reads}"] = None


Writer = Callable[[_Layer, Wish, list[str], dict[str, None]], None]
# tool -> (what all tasks need once, who writes a task)
PER_TASK: Mapping[str, tuple[str, Writer]] = MappingProxyType(
    {"torchao": (_TORCH_HEAD, _torch), "coremltools": (_CORE_HEAD, _core)}
)
