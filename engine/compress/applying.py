"""From a recipe to a file: what the optimization table says of each task, done for real.

In this order, each step on the result of the one before: whole channels, N in M, single weights,
palettes, weights in few bits, then activations (int8 by samples, or fp16), which only onnxruntime
can do and which must come last.  What a file cannot say is listed, never passed over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.compile import Compilation, compile_model
from engine.compress.catalogue import operation, run
from engine.compress.data import Samples
from engine.compress.packing import pack
from engine.compress.quantize import prepared, quantize_half, quantized_nodes
from engine.compress.spec import Change
from engine.compress.structured import remove
from engine.compress.verifying import Check, verify
from engine.compress.wishes import QUANTIZABLE, Places, Wish, names_of, wishes_of
from engine.errors import EngineError
from engine.formats import Network, load, read_trusted
from engine.recipe import Recipe, resolve
from engine.targets import target as find_target

TARGET = "onnxruntime-cpu"
_WEIGHTS = {"fp16": "16", "int8": "8", "int4": "4"}
_SAID = 40  # sentences of a kind before the rest is counted


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done.

    Args:
        operation: id of it; words: as a person reads it.
        changes: weight by weight.
    """

    operation: str
    words: str
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Applied:
    """A file that a recipe made.

    Args:
        model: the packed file; working: the dense model with every name kept.
        steps: what was done, in order.
        missing: sentences on what the file does not say though the recipe asks for it.
        notes: sentences on what else happened.
        checks: of `verify`.
        predicted_size_bytes: of the weights, by the cost model; None where it is not known.
        size_bytes: of the weights in the packed file, tables and scales included.
    """

    model: bytes
    working: bytes
    steps: tuple[Step, ...]
    missing: tuple[str, ...]
    notes: tuple[str, ...]
    checks: tuple[Check, ...]
    predicted_size_bytes: int | None
    size_bytes: int


def apply(
    source: str | Path | bytes, recipe: Recipe, samples: Samples | None = None,
    target: str = TARGET, compilation: Compilation | None = None,
    bindings: Mapping[str, int] | None = None,
) -> Applied:  # fmt: skip
    """Make the file that a recipe describes, and check it.

    Args:
        source: path of an ONNX file that was read before, or its bytes.
        recipe: rules.
        samples: what activations are measured on; needed when the recipe quantizes them.
        target: id of the hardware whose tasks and refusals count.
        compilation: of this file for this target, if there is one.
        bindings: symbolic size -> value, without a compilation.

    Raises:
        EngineError: the recipe means nothing here, samples are missing, or a step fails.
    """
    hardware, model = find_target(target), load(source, "").data
    if compilation is None:
        compilation = compile_model(read_trusted(model, bindings), hardware)
    resolution = resolve(compilation, recipe)
    wishes, refused = wishes_of(compilation, recipe)
    work = _Work(model, compilation, wishes, samples, "x86" in target or target == TARGET)
    work.missing += refused
    if recipe.rules and not wishes:
        work.notes.append("The recipe changes nothing of this model on this target.")
    work.run()
    packed = pack(work.model)
    checks = verify(model, work.model, packed.model, samples)
    steps = list(work.steps)
    if packed.tensors:
        steps.append(Step("pack", f"{len(packed.tensors)} weights are stored in few bytes"))
    return Applied(
        packed.model, work.model, tuple(steps), _few(work.missing),
        _few([*work.notes, *packed.notes]), checks, resolution.totals.size_bytes,
        weight_bytes(packed.model),
    )  # fmt: skip


def weight_bytes(model: bytes) -> int:
    """What the stored tensors of a file take, B."""
    return Network(model).stored_bytes()


class _Work:
    """The model on its way through the steps."""

    def __init__(
        self, model: bytes, compilation: Compilation, wishes: Mapping[int, Wish],
        samples: Samples | None, narrow: bool,
    ) -> None:  # fmt: skip
        self.model, self.wishes, self.samples, self.narrow = model, wishes, samples, narrow
        self.steps: list[Step] = []
        self.missing: list[str] = []
        self.notes: list[str] = []
        places = Places(model, compilation, wishes)
        self.task_of, self.types, self.layers = places.task_of, places.types, places.layers

    def run(self) -> None:
        """All steps in their order."""
        unheld = [w.name for i, w in self.wishes.items()
                  if (w.kernel or w.sparsity or w.palette) and not self.layers.get(i)]  # fmt: skip
        if unheld:
            self.missing.append(f"{names_of(unheld)}: no weights of it are stored as numbers.")
        self._channels()
        self._patterns()
        self._each("prune", "amount", lambda w: 0.0 if w.pattern else w.sparsity,
                   {"scope": "local"})  # fmt: skip
        self._each("palettize", "bits", lambda w: w.palette, {})
        self._weights()
        self._activations()

    def _step(self, id: str, values: Mapping[str, Any], words: str) -> None:
        made = run(self.model, id, values, self.samples)
        self.model = made.model
        self.notes += made.notes
        self.steps.append(Step(id, words, made.changes))

    def _channels(self) -> None:
        asked = {layer.output: w.sparsity for i, w in self.wishes.items()
                 if w.pattern == "channels" for layer in self.layers.get(i, ())}  # fmt: skip
        if not asked:
            return
        try:
            made = remove(self.model, asked)
        except EngineError as error:
            self.missing.append(error.sentence)
            return
        self.model = made.model
        self.missing += made.notes
        self.steps.append(Step("prune_channels", f"channels of {len(made.changes)} layers are gone",
                               made.changes))  # fmt: skip

    def _patterns(self) -> None:
        by: dict[str, list[str]] = defaultdict(list)
        for i, wish in self.wishes.items():
            if ":" in wish.pattern:
                by[wish.pattern] += [layer.tensor for layer in self.layers.get(i, ())]
        for pattern, names in sorted(by.items()):
            if names:
                kept, of = map(int, pattern.split(":"))
                self._step("prune_pattern", {"kept": kept, "of": of, "only": _exactly(names)},
                           f"{pattern} zeros in {len(names)} weights")  # fmt: skip

    def _each(self, id: str, key: str, figure: Any, further: Mapping[str, Any]) -> None:
        """An operation whose parameter differs from task to task."""
        by: dict[float, list[str]] = defaultdict(list)
        for i, wish in self.wishes.items():
            if value := figure(wish):
                by[value] += [y.tensor for y in self.layers.get(i, ()) if y.role == "weight"]
        for value, names in sorted(by.items()):
            if names:
                what = f"{100 * value:g} % zeros" if id == "prune" else f"{value:g}-bit palettes"
                self._step(id, {key: value, "only": _exactly(names), **further},
                           f"{what} in {len(names)} weights")  # fmt: skip

    def _weights(self) -> None:
        """Weights in fewer bits where what the task reads stays as it is."""
        by: dict[str, list[str]] = defaultdict(list)
        for i, wish in self.wishes.items():
            if not wish.kernel or wish.reads in ("int8", "fp16"):
                continue
            if wish.kernel not in _WEIGHTS:
                self.missing.append(f"{wish.name}: weights in {wish.kernel} cannot be written.")
            elif wish.palette:
                self.notes.append(f"{wish.name}: the values of its palette stay in floats.")
            else:
                by[wish.kernel] += [layer.tensor for layer in self.layers.get(i, ())]
        for kernel, names in sorted(by.items()):
            if names:
                self._step("quantize_weights", {"bits": _WEIGHTS[kernel], "only": _exactly(names)},
                           f"{kernel} in {len(names)} weights")  # fmt: skip

    def _activations(self) -> None:
        named: dict[str, list[str]] = defaultdict(list)
        left: dict[str, list[str]] = defaultdict(list)
        for node, task in self.task_of.items():
            wish = self.wishes.get(task)
            wanted = (wish.reads or wish.makes) if wish else ""
            if wish is None or not wanted:
                continue
            product = self.types[node] in ("Conv", "ConvTranspose", "Gemm", "MatMul")
            if wanted not in ("int8", "fp16"):
                left[f"activations in {wanted} cannot be written"].append(wish.name)
            elif wanted == "int8" and self.types[node] not in QUANTIZABLE:
                if self.types[node] != "BatchNormalization":  # it is folded
                    left[f"{self.types[node]} has no int8 form in the file"].append(wish.name)
            elif wanted == "int8" and product and self.layers.get(task) and wish.kernel != "int8":
                left["int8 activations need int8 weights here"].append(wish.name)
            else:
                named[wanted].append(node)
        self.missing += [f"{names_of(found)}: {why}." for why, found in left.items()]
        if named["int8"]:
            self._static(named["int8"])
        if named["fp16"] and named["int8"]:
            self.missing.append("fp16 activations are not written beside int8 ones.")
        elif named["fp16"]:
            kept = [n for n in self.task_of if n not in set(named["fp16"])]
            made = quantize_half(self.model, {"skip": (), "nodes": tuple(kept)})
            self.model = made.model
            self.steps.append(Step("quantize_half", f"fp16 in {len(named['fp16'])} nodes",
                                   made.changes))  # fmt: skip

    def _static(self, nodes: Sequence[str]) -> None:
        if self.samples is None:
            raise EngineError("the recipe quantizes activations, so it needs samples", "data",
                              "an .npz with an array for each input of the model",
                              try_this="--data FILE, or a recipe for weights alone")  # fmt: skip
        values = operation("quantize_static").filled({"reduce_range": self.narrow})
        network, notes = prepared(self.model, True)
        there = {n.name for n in network.nodes}
        self.model = quantized_nodes(network, [n for n in nodes if n in there], values,
                                     self.samples)  # fmt: skip
        self.notes += notes
        self.steps.append(Step("quantize_static", f"int8 in {len(nodes)} nodes"))


def _exactly(names: Sequence[str]) -> tuple[str, ...]:
    """Globs that match these names and no others."""
    return tuple(dict.fromkeys("".join(f"[{c}]" if c in "*?[" else c for c in n) for n in names))


def _few(sentences: Sequence[str]) -> tuple[str, ...]:
    once = list(dict.fromkeys(sentences))
    rest = len(once) - _SAID
    return (*once[:_SAID], *([f"And {rest} more of the kind."] if rest > 0 else []))
