"""Layers of a model beside those of its base: weights at once, activations in lock step."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError
from engine.formats import Network
from engine.layers.lockstep import MOST_BATCH, LockStep
from engine.layers.sums import Floats, Sums, edges_of, sums_over
from engine.layers.tensors import (
    matching,
    module_of,
    same_outputs,
    tensors,
    weight_outputs,
)

# Numbers of a tensor that are looked at in as many samples as a batch holds at most; SQNR moves by
# < 0.1 dB.
SAMPLED = 4096
TOGETHER = 64  # samples whose numbers are added up at once: numpy takes a while to begin
_Taken = tuple[NDArray[Any], NDArray[Any], int, int]  # of model, of base; size, of one sample
Report = Callable[[int, int], None]  # (done, of): may raise to stop


@dataclass(frozen=True, slots=True)
class Layer:
    """A tensor of a model beside the base's.

    Args:
        name: of the tensor; module: dotted; role: "weight", "norm", … or "activation".
        size: numbers in it (of one sample, for an activation).
        sums: with bars over its own range; overall: with bars over that of all weights, or of all
            activations.
        sampled: share of the numbers that were looked at.
    """

    name: str
    module: str
    role: str
    size: int
    sums: Sums
    overall: Sums
    sampled: float = 1.0


@dataclass(frozen=True, slots=True)
class Compared:
    """Layers of one model beside its base.

    Args:
        layers: in the order of the base; only_base, only_model: names without a counterpart.
        notes: what could not be read.
    """

    layers: tuple[Layer, ...]
    only_base: tuple[str, ...]
    only_model: tuple[str, ...]
    notes: tuple[str, ...] = ()


def compare_weights(base: bytes, model: bytes) -> Compared:
    """Weights of a model beside those of its base; tensor by tensor, never all at once.

    Args:
        base: bytes of an ONNX file; the same bytes as `model` give the base beside itself.
        model: bytes of an ONNX file.

    Raises:
        EngineError: a file cannot be read, or no tensor of one is in the other.
    """
    (ours, unread_ours), (theirs, unread) = tensors(base), tensors(model)
    both, only_base, only_model = matching(ours, theirs)
    if not both:
        raise EngineError("no stored tensor has the same name and shape in both models", "layers",
                          try_this="compare models that were made from one another")  # fmt: skip
    # running statistics are far larger than weights, and would leave those in one bar
    wide = [n for n in ours if ours[n].role in ("weight", "embed")] or both
    whole = _range(ours[n].values() for n in wide)
    found = []
    for name in both:
        b, x = ours[name].values(), theirs[name].values()
        own, overall = sums_over(x, b, edges_of(b), whole)
        found.append(Layer(name, module_of(ours[name]), ours[name].role, ours[name].count, own,
                           overall))  # fmt: skip
    notes = tuple(
        f"{n} is stored in a form that is not read." for n in (*unread_ours, *unread)
    )  # fmt: skip
    return Compared(tuple(found), tuple(only_base), tuple(only_model), notes)


def compare_activations(
    base: bytes, model: bytes, inputs: Mapping[str, NDArray[Any]],
    wanted: Sequence[str] = (), report: Report | None = None,
) -> Compared:  # fmt: skip
    """What layers of a model make of samples, beside its base, batch by batch.

    Both run in lock step, so that two batches of each are held and nothing else.

    Args:
        base: bytes of an ONNX file.
        model: bytes of an ONNX file.
        inputs: name -> [samples, …].
        wanted: tensors of the base; () takes what nodes with weights make.
        report: hears of each batch, and may raise to stop.

    Raises:
        EngineError: a model does not run, or no tensor of one is in the other.
    """
    ours, theirs = Network(base), Network(model)
    pairs = same_outputs(ours, theirs)
    asked = tuple(wanted) or weight_outputs(ours, pairs)
    both = [n for n in asked if n in pairs]
    if not both:
        raise EngineError("no tensor between nodes has the same name in both models", "layers",
                          try_this="compare models that were made from one another")  # fmt: skip
    # the base gives all of it, so that the bars do not hang on what the model has
    steps = LockStep(ours, theirs, base == model, {n: pairs[n] for n in both}, inputs, asked)
    run: dict[str, Layer] = {}
    modules = ours.modules()
    whole = _range(steps.first.values())
    edges = {n: edges_of(steps.first[n]) for n in both}
    taken: dict[str, list[_Taken]] = {n: [] for n in both}
    added = 0
    for done, made in steps:
        for name, (b, x) in made.items():
            taken[name] += _taken(b, x, steps.batch)
        if done - added >= TOGETHER or done >= steps.count - steps.spare:
            added = done
            for name in both:
                _add(run, name, modules.get(name, ""), taken[name], edges[name], whole)
                taken[name].clear()
        if report:
            report(done, steps.count - steps.spare)
    left = [n for n in asked if n not in run]
    notes = (
        (f"{steps.spare} samples that fill no batch of {steps.batch} were left out.",)
        if steps.spare
        else ()
    )
    once = (replace(y, overall=replace(y.overall, bits=y.sums.bits)) for y in run.values())
    return Compared(tuple(once), tuple(left), (), notes)


def _taken(b: NDArray[Any], x: NDArray[Any], batch: int) -> list[_Taken]:
    """The numbers that are looked at; none of what is no float, or of another size.

    The step shares no divisor with the tensor's size, so that it does not stay in one column or
    channel.  Copies, because a view would keep the whole tensor.
    """
    if b.shape != x.shape or b.dtype.kind != "f" or not b.size:
        return []
    step = max(1, b.size * MOST_BATCH // (SAMPLED * batch))
    while math.gcd(step, b.size) > 1:
        step += 1
    each = b.size // max(1, b.shape[0] if b.ndim else 1)
    return [(x.ravel()[::step].copy(), b.ravel()[::step].copy(), b.size, each)]


def _add(
    run: dict[str, Layer], name: str, module: str, taken: list[_Taken], edges: Floats,
    whole: Floats,
) -> None:  # fmt: skip
    """Add what was taken of some batches to what is known of a tensor."""
    if not taken:
        return
    near, far = (np.concatenate([t[k] for t in taken]) for k in (0, 1))
    own, overall = sums_over(near, far, edges, whole)
    if name in run:
        own, overall = run[name].sums + own, run[name].overall + overall
    module = module or ".".join(p for p in name.replace("/", ".").split(".")[:-1] if p) or name
    run[name] = Layer(name, module, "activation", taken[0][3], own, overall,
                      sampled=min(1.0, near.size / sum(t[2] for t in taken)))  # fmt: skip


def _range(arrays: Any) -> Floats:
    """Bars over the range of many arrays."""
    low, high = np.inf, -np.inf
    for array in arrays:
        sound = array[np.isfinite(array)] if array.dtype.kind == "f" else array
        if sound.size:
            low, high = min(low, float(sound.min())), max(high, float(sound.max()))
    return edges_of(np.array([low, high]))
