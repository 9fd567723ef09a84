"""Layers of a model beside those of its base: weights at once, activations in lock step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.compress import Runner
from engine.errors import EngineError
from engine.formats import Network
from engine.layers.sums import Floats, Sums, edges_of, sums
from engine.layers.tensors import (
    matching,
    module_of,
    same_outputs,
    tensors,
    weight_outputs,
)

SAMPLED = 4096  # numbers of a tensor and a batch that are looked at; SQNR moves by < 0.1 dB
AT_ONCE = 64 << 20  # bytes of outputs of a batch
MOST_BATCH = 16
Report = Callable[[int, int], None]  # (done, of): may raise to stop


@dataclass(frozen=True, slots=True)
class Layer:
    """A tensor of a model beside the base's.

    Args:
        name: of the tensor; module: dotted; role: "weight", "norm", … or "activation".
        size: numbers in it (of one sample, for an activation).
        sums: with bars over its own range; overall: with bars over that of all of its kind.
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
    whole = _range(ours[n].values() for n in both)
    found = []
    for name in both:
        b, x = ours[name].values(), theirs[name].values()
        found.append(Layer(name, module_of(ours[name]), ours[name].role, ours[name].count,
                           sums(x, b, edges_of(b)), sums(x, b, whole)))  # fmt: skip
    notes = tuple(
        f"{n} is stored in a form that is not read." for n in (*unread_ours, *unread)
    )  # fmt: skip
    return Compared(tuple(found), tuple(only_base), tuple(only_model), notes)


def compare_activations(
    base: bytes, model: bytes, inputs: Mapping[str, NDArray[Any]],
    wanted: Sequence[str] = (), report: Report | None = None,
) -> Compared:  # fmt: skip
    """What layers of a model make of samples, beside its base, batch by batch.

    Both run in lock step, so that two batches are held and nothing else.

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
    one, two = (
        Runner(n.cut(names), optimized=False)
        for n, names in ((ours, both), (theirs, [pairs[n] for n in both]))
    )
    read = set(ours.inputs) | set(theirs.inputs)
    feeds = {n: a for n, a in inputs.items() if n in read}
    count = min((len(a) for a in feeds.values()), default=0)
    if not count:
        raise EngineError("there are no samples to run", "layers, data")
    fixed = _fixed(ours)
    probe = one({n: a[: fixed or 1] for n, a in feeds.items()})
    each = sum(a.nbytes for a in probe.values())
    batch = fixed or max(1, min(MOST_BATCH, AT_ONCE // max(1, each)))
    last = count - batch + 1 if fixed else count  # a fixed batch cannot be filled by the rest
    run: dict[str, Layer] = {}
    whole = _range(probe.values())
    edges = {n: edges_of(probe[n]) for n in both}
    for start in range(0, last, batch):
        part = {n: a[start : start + batch] for n, a in feeds.items()}
        b, x = one(part), two(part)
        for name in both:
            _add(run, name, b[name], x[pairs[name]], edges[name], whole)
        if report:
            report(min(count, start + batch), count)
    left = [n for n in asked if n not in run]
    spare = (count % batch) if fixed else 0
    notes = (f"{spare} samples that fill no batch of {batch} were left out.",) if spare else ()
    return Compared(tuple(run.values()), tuple(left), (), notes)


def _add(
    run: dict[str, Layer], name: str, b: NDArray[Any], x: NDArray[Any], edges: Floats,
    whole: Floats,
) -> None:  # fmt: skip
    """Add a batch to what is known of a tensor; what is no float, or of another size, is left."""
    if b.shape != x.shape or b.dtype.kind != "f":
        return
    step = max(1, b.size // SAMPLED)
    near, far = x.ravel()[::step], b.ravel()[::step]
    made = sums(near, far, edges), sums(near, far, whole)
    if name in run:
        old = run[name]
        made = old.sums + made[0], old.overall + made[1]
    module = ".".join(p for p in name.replace("/", ".").split(".")[:-1] if p) or name
    each = b.size // max(1, b.shape[0] if b.ndim else 1)
    run[name] = Layer(name, module, "activation", each, *made,
                      sampled=min(1.0, near.size / b.size))  # fmt: skip


def _fixed(network: Network) -> int:
    """Samples that the model takes at once; 0 where it leaves that open."""
    return next((d[0] for _, d in network.inputs.values() if d and isinstance(d[0], int)), 0)


def _range(arrays: Any) -> Floats:
    """Bars over the range of many arrays."""
    low, high = np.inf, -np.inf
    for array in arrays:
        sound = array[np.isfinite(array)] if array.dtype.kind == "f" else array
        if sound.size:
            low, high = min(low, float(sound.min())), max(high, float(sound.max()))
    return edges_of(np.array([low, high]))
