"""A recipe as a script for another tool, and what that tool cannot say of it.

onnxruntime's quantizer works on the same file, so its script gives the same nodes in int8.  Core ML
Tools and torchao work on the model before it became ONNX: their scripts name modules by the names
of the weights, as exporters of PyTorch keep them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from engine.compile import Compilation, compile_model
from engine.compress import script_texts as texts
from engine.compress.quantize import LEAST_OPSET
from engine.compress.wishes import QUANTIZABLE, Places, Wish, names_of, wishes_of
from engine.errors import EngineError
from engine.formats import load, read_trusted
from engine.recipe import Recipe
from engine.targets import target as find_target

_PRODUCTS = ("Conv", "ConvTranspose", "Gemm", "MatMul")


@dataclass(frozen=True, slots=True)
class Script:
    """A recipe for another tool.

    Args:
        tool: key of `TOOLS`; text: the script, Python.
        missing: sentences on what it does not say though the recipe asks for it.
    """

    tool: str
    text: str
    missing: tuple[str, ...]


def script(
    source: str | Path | bytes, recipe: Recipe, tool: str, target: str = "onnxruntime-cpu",
    compilation: Compilation | None = None, bindings: Mapping[str, int] | None = None,
) -> Script:  # fmt: skip
    """Write a recipe for another tool.

    Args:
        source: path of an ONNX file that was read before, or its bytes.
        recipe: rules.
        tool: key of `TOOLS`.
        target: id of the hardware whose tasks and refusals count.
        compilation: of this file for this target, if there is one.
        bindings: symbolic size -> value, without a compilation.

    Raises:
        EngineError: no such tool, or the recipe means nothing here.
    """
    if tool not in TOOLS:
        raise EngineError("no such tool", expected=f"one of {', '.join(TOOLS)}",
                          found=repr(tool)[:60])  # fmt: skip
    model = load(source, "").data
    if compilation is None:
        compilation = compile_model(read_trusted(model, bindings), find_target(target))
    wishes, refused = wishes_of(compilation, recipe)
    places = Places(model, compilation, wishes)
    made = TOOLS[tool][1](wishes, places)
    return Script(tool, made.text, tuple(dict.fromkeys([*refused, *made.missing])))


class _Lines:
    """Text of a script, and what could not be said, by reason."""

    def __init__(self) -> None:
        self.rows: list[str] = []
        self._left: dict[str, dict[str, None]] = defaultdict(dict)

    def add(self, *rows: str) -> None:
        self.rows += rows

    def leave(self, why: str, name: str) -> None:
        self._left[why][name] = None

    @property
    def text(self) -> str:
        return "\n".join(self.rows) + "\n"

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(f"{names_of(list(names))}: {why}." for why, names in self._left.items())


def _onnxruntime(wishes: Mapping[int, Wish], places: Places) -> _Lines:
    out, nodes, half = _Lines(), [], []
    for node, task in places.task_of.items():
        wish = wishes.get(task)
        wanted = (wish.reads or wish.makes) if wish else ""
        if wish is None or not wanted:
            continue
        kind = places.types[node]
        if wanted == "fp16":
            half.append(node)
        elif wanted != "int8":
            out.leave(f"activations in {wanted}", wish.name)
        elif kind in _PRODUCTS and places.layers.get(task) and wish.kernel != "int8":
            out.leave("int8 activations need int8 weights", wish.name)
        elif kind in QUANTIZABLE:
            nodes.append((node, kind))
        elif kind != "BatchNormalization":  # it is folded
            out.leave(f"{kind} has no int8 form", wish.name)
    for wish in wishes.values():
        if wish.sparsity:
            out.leave("onnxruntime's tools do not prune", wish.name)
        if wish.palette:
            out.leave("onnxruntime's tools write no palettes", wish.name)
        if wish.kernel and wish.reads not in ("int8", "fp16"):
            out.leave("weights alone: its tools would round activations too", wish.name)
    if nodes and half:
        out.leave("fp16 beside int8", names_of(half))
        half = []
    out.add('"""Made by paredown: python SCRIPT model.onnx out.onnx [samples.npz]."""', "",
            "import sys", "", "import numpy as np", "import onnx", "")  # fmt: skip
    if nodes:
        out.add(*texts.STATIC.format(opset=LEAST_OPSET).splitlines())
        kinds = sorted({k for _, k in nodes})
        out.add(f"NODES = {_listed([n for n, _ in nodes])}", f"TYPES = {kinds!r}", "")
        out.add(*texts.STATIC_RUN.splitlines())
    elif half:
        out.add("from onnxruntime.transformers.float16 import convert_float_to_float16", "")
        kept = [n for n in places.task_of if n not in set(half)]
        out.add(
            *texts.NAMED.splitlines(), f"KEPT = {_listed(kept)}", "", *texts.HALF_RUN.splitlines()
        )
    else:
        out.add("# Nothing of the recipe can be said to onnxruntime's tools.")
    return out


def _coreml(wishes: Mapping[int, Wish], places: Places) -> _Lines:
    out = _Lines()
    prune: dict[str, tuple[str, Any]] = {}
    palette: dict[str, int] = {}
    quantize: dict[str, str] = {}
    reads: list[str] = []
    for task, wish in wishes.items():
        found = [y for y in places.layers.get(task, ()) if y.role == "weight"]
        for layer in found:
            name = layer.tensor
            if wish.pattern == "channels":
                out.leave("Core ML Tools remove no channels: prune before the conversion",
                          wish.name)  # fmt: skip
            elif ":" in wish.pattern:
                kept, of = map(int, wish.pattern.split(":"))
                prune[name] = ("n_m_ratio", (of - kept, of))
            elif wish.sparsity:
                prune[name] = ("target_sparsity", wish.sparsity)
            if wish.palette:
                palette[name] = wish.palette
            elif wish.kernel in ("int8", "int4"):
                quantize[name] = wish.kernel
        if wish.reads == "int8":
            reads += [layer.tensor for layer in found]
            if not found:
                out.leave("int8 follows its neighbours there, and cannot be asked for", wish.name)
        elif wish.reads not in ("", "fp16"):
            out.leave(f"activations in {wish.reads}", wish.name)
    bad = sorted({b for b in palette.values() if b not in (1, 2, 3, 4, 6, 8)})
    for name in [n for n, b in palette.items() if b in bad]:
        out.leave("palettes there have 1, 2, 3, 4, 6 or 8 bits", name)
        del palette[name]
    out.add(*texts.COREML.splitlines())
    out.add(f"PRUNE = {_mapped(prune)}", f"PALETTE = {_mapped(palette)}",
            f"QUANTIZE = {_mapped(quantize)}", f"ACTIVATIONS = {_listed(reads)}", "",
            *texts.COREML_RUN.splitlines())  # fmt: skip
    return out


def _torchao(wishes: Mapping[int, Wish], places: Places) -> _Lines:
    out = _Lines()
    groups: dict[str, list[str]] = {"int8_weights": [], "int4_weights": [], "int8": [], "half": []}
    prune: dict[str, float] = {}
    for task, wish in wishes.items():
        found = [y for y in places.layers.get(task, ()) if y.role == "weight"]
        if not found and (wish.reads or wish.makes):
            out.leave("only layers with weights are changed there", wish.name)
        for layer in found:
            module, linear = module_of(layer.tensor), layer.op in ("Gemm", "MatMul")
            if not module:
                out.leave("its weight does not have the name of a PyTorch module", wish.name)
                continue
            if wish.pattern:
                what = "channels" if wish.pattern == "channels" else wish.pattern
                out.leave(f"{what}: a library for it is needed", wish.name)
            elif wish.sparsity:
                prune[module] = wish.sparsity
            if wish.palette:
                out.leave("torchao has no palettes", wish.name)
            if "fp16" in (wish.kernel, wish.reads) and wish.kernel in ("fp16", ""):
                groups["half"].append(module)
            elif wish.kernel and not linear:
                out.leave("torchao quantizes linear layers alone", wish.name)
            elif wish.kernel == "int8":
                groups["int8" if wish.reads == "int8" else "int8_weights"].append(module)
            elif wish.kernel == "int4":
                groups["int4_weights"].append(module)
            elif wish.kernel:
                out.leave(f"weights in {wish.kernel}", wish.name)
    if groups["half"]:
        out.leave("fp16 holds for the whole model there", names_of(groups["half"]))
    if groups["int8"]:
        out.leave("ranges of activations are measured at each run there, not on samples",
                  names_of(groups["int8"]))  # fmt: skip
    out.add(*texts.TORCHAO.splitlines(), f"PRUNE = {_mapped(prune)}")
    out.add(*(f"{key.upper()} = {_listed(names)}" for key, names in groups.items()))
    out.add("", *texts.TORCHAO_RUN.splitlines())
    return out


def module_of(tensor: str) -> str:
    """The PyTorch module whose weight a tensor is, "" where its name is not of one."""
    name = tensor.removesuffix(".weight")
    parts = name.split(".")
    return name if name != tensor and all(p.isidentifier() or p.isdigit() for p in parts) else ""


def _listed(names: Sequence[str]) -> str:
    """Python text of a list; names are strings of it, whatever they hold."""
    if not names:
        return "[]"
    return "[\n" + "".join(f"    {n!a},\n" for n in dict.fromkeys(names)) + "]"


def _mapped(found: Mapping[str, Any]) -> str:
    return (
        "{\n" + "".join(f"    {k!a}: {v!a},\n" for k, v in found.items()) + "}" if found else "{}"
    )


Writer = Callable[[Mapping[int, Wish], Places], _Lines]
# id -> what a person calls it, and who writes it
TOOLS: Mapping[str, tuple[str, Writer]] = MappingProxyType(
    {
        "onnxruntime": ("onnxruntime.quantization", _onnxruntime),
        "coremltools": ("Core ML Tools", _coreml),
        "torchao": ("torchao", _torchao),
    }
)
